"""The command ``pledge demo``: fill a throw-away site with invented people, say what to look at, and serve it."""

import os
import shutil
import sys
import time
from datetime import timedelta
from pathlib import Path

import click

from pledge.config import Config, ConfigError
from pledge.demo.fill import Filled, Progress, fill
from pledge.demo.growth import DAYS
from pledge.demo.stewards import PASSPHRASE, PASSWORD
from pledge.demo.world import FULL, LABS
from pledge.instance import utc_now
from pledge.keystore import DEMO_ORIGIN, load_keys
from pledge.operate import serve

HOME = "var/demo"
_OF_A_REAL_SITE = ("PLEDGE_DATABASE_URL", "PLEDGE_PUBLISHED", "PLEDGE_WITNESSES", "PLEDGE_MAIL_URL")
_EVERY_SECONDS = 1.0


@click.command()
@click.option(
    "--people", default=FULL, show_default=True, type=click.IntRange(100, 200_000), help="How many sign."
)
@click.option("--seed", default="demo", show_default=True, help="Who signs when follows from it.")
@click.option("--serve/--no-serve", "serves", default=True, help="Whether to serve it once it is filled.")
@click.pass_context
def demo(ctx: click.Context, people: int, seed: str, *, serves: bool) -> None:
    """Fill a throw-away site with invented people and labs, and serve it.

    It lives in PLEDGE_HOME, or in var/demo, in a SQLite database of its own. What an earlier demo left there is
    wiped first; anything else is left alone, and the demo refuses to start. No mail is sent.
    """
    os.umask(0o077)
    os.environ.setdefault("PLEDGE_HOME", HOME)
    for name in _OF_A_REAL_SITE:
        os.environ.pop(name, None)
    config = Config.from_environment(os.environ)
    if not config.is_loopback:
        raise ConfigError("A demo is for this machine only: leave PLEDGE_URL at http://127.0.0.1")
    wipe(config.home)
    now = utc_now()
    meter = _Meter(people)
    filled = fill(config, count=people, seed=seed, now=now, report=meter.report)
    click.echo(meter.sum_up(filled.done, config.home / "pledge.sqlite3"), err=True)
    click.echo(_guide(config.url, filled))
    if serves:
        ctx.invoke(serve, local=False)


def wipe(home: Path) -> None:
    """Remove what an earlier demo left, and nothing else.

    Raises:
        ConfigError: There is something that is not a demo's.
    """
    if not home.exists() or not any(home.iterdir()):
        return
    try:
        is_demo = load_keys(home / "keys").origin == DEMO_ORIGIN
    except ConfigError:
        is_demo = False
    if not is_demo:
        raise ConfigError(
            f"{home} holds something that is not a demo. Remove it yourself, or set PLEDGE_HOME."
        )
    shutil.rmtree(home)


class _Meter:
    """Says on the terminal how far it is and how fast."""

    def __init__(self, people: int) -> None:
        self._people = people
        self._start = self._shown = time.monotonic()

    def report(self, done: Progress) -> None:
        """Show progress, at most once a second."""
        now = time.monotonic()
        if now - self._shown < _EVERY_SECONDS:
            return
        self._shown = now
        rate = done.signed / (now - self._start)
        line = f"{done.day}  {done.signed:>7,} of {self._people:,} have signed, {rate:,.0f}/s"
        click.echo(f"\r{line}" if sys.stderr.isatty() else line, nl=not sys.stderr.isatty(), err=True)

    def sum_up(self, done: Progress, database: Path) -> str:
        """Say how much was done in which time."""
        seconds = time.monotonic() - self._start
        megabytes = database.stat().st_size / 1e6
        newline = "\n" if sys.stderr.isatty() else ""
        return (
            f"{newline}{done.signed:,} signings, {done.changed:,} changes, {done.entries:,} entries in "
            f"{seconds:.0f} s: {done.signed / seconds:,.0f} signings/s, {done.entries / seconds:,.0f} entries/s, "
            f"{megabytes:,.0f} MB"
        )


def _guide(url: str, filled: Filled) -> str:
    first = filled.done.day - timedelta(days=DAYS - 1)
    sharp, wide, disputed, open_, *_, none = LABS
    codes = "".join(f"\n    {steward.name}: {', '.join(steward.codes[:4])}, …" for steward in filled.stewards)
    return f"""\
A demo of {DEMO_ORIGIN}: everybody and every lab in it is invented, {first} to {filled.done.day}.

  {url}/                         the front page
  {url}/labs                     shares under 10 %, across 10 %, between, above 20 %
  {url}/labs/{sharp.slug}          one sharp headcount; {wide.slug}: a wide one
  {url}/labs/{disputed.slug}          a disputed headcount; {open_.slug}: no upper end
  {url}/labs/{none.slug}            no headcount at all
  {url}/signatories              names in many scripts; /removals what was hidden, and why
  {url}/mailbox                  a source's mailbox: {filled.words}
  {url}/stewards                 the inbox. Password and passphrase: {PASSWORD if PASSWORD == PASSPHRASE else ""}
    In place of a code from an app, one of these works once:{codes}

  pledge review list                       with PLEDGE_HOME={os.environ["PLEDGE_HOME"]}: what waits for review
  pledge audit {url}      recounts everything
"""
