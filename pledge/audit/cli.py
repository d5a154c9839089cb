"""``pledge verify`` and ``pledge audit``: checking, without trusting whoever runs the site."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import click

from pledge.audit.console import UNREADABLE, WRONG, Stop, plain_errors, read_bounded, write_atomically
from pledge.audit.receipts import explain_badge, explain_receipt, is_svg
from pledge.audit.report import Report
from pledge.audit.service import Progress
from pledge.audit.service import audit as audit_log
from pledge.audit.source import open_source, read_at
from pledge.audit.trust import Trust, install, installed_path, read_trust
from pledge.core.policy import VerifiedCheckpoint, verify_checkpoint
from pledge.core.receipt import MAX_RECEIPT_BYTES
from pledge.core.tlog.note import MAX_NOTE_BYTES
from pledge.errors import MalformedError, PledgeError, VerificationError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_POLICY = click.option(
    "--policy", "policy_file", type=_FILE, help="Whom to believe; by default the installed policy."
)


@click.command()
@click.argument("location", metavar="RECEIPT|BADGE|URL", required=False)
@_POLICY
@click.option("--install-policy", "new_policy", type=_FILE, help="Believe this policy from now on.")
def verify(location: str | None, policy_file: Path | None, new_policy: Path | None) -> None:
    """Check a RECEIPT or a BADGE with its proof inside, offline; or one at an address.

    Only the policy says whom to believe; keys inside a receipt never do. Exit codes: 0 accepted, 1 rejected,
    2 wrong usage or unreadable, 3 not understood by this version.
    """
    if location is None and new_policy is None:
        raise click.UsageError("Name a receipt or a badge, or a policy to install.")
    with plain_errors():
        if new_policy is not None:
            _install(new_policy)
        if location is not None:
            _verify(location, read_trust(policy_file))


def _install(file: Path) -> None:
    trust, target = read_trust(file), installed_path(os.environ)
    _say(trust.lines())
    if target.exists() and target.read_bytes() != file.read_bytes():
        click.confirm("Another policy is installed. Believe this one in its place?", abort=True)
    click.echo(
        f"Installed as {install(trust)}. Compare the SHA-256 with one from another place than this file."
    )


def _verify(location: str, trust: Trust) -> None:
    try:
        data = read_at(location, MAX_RECEIPT_BYTES)
    except MalformedError as error:
        raise Stop(str(error), UNREADABLE) from error
    _say(trust.lines())
    try:
        lines = explain_badge(data, trust.policy) if is_svg(data) else explain_receipt(data, trust.policy)
    except (MalformedError, VerificationError) as error:
        raise Stop(f"Rejected. {error} [{error.code}]", WRONG) from error
    click.echo("")
    _say(lines)


@click.command()
@click.argument("location", metavar="URL|DIR")
@_POLICY
@click.option("--since", type=_FILE, help="A checkpoint from before, which the log has to continue.")
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help="Keep the checkpoint here.")
@click.option("--jobs", type=click.IntRange(1, 1024), help="Processes; one for each core by default.")
@click.option("--json", "is_json", is_flag=True, help="Say it as JSON.")
def audit(
    location: str,
    policy_file: Path | None,
    since: Path | None,
    save: Path | None,
    jobs: int | None,
    *,
    is_json: bool,
) -> None:
    """Check a whole log and the counts of its site, at URL or in a mirror in DIR.

    Exit codes: 0 all well, 1 something is wrong, 2 wrong usage or unreadable, 3 something was not understood.
    An onion service is reached under torsocks.
    """
    with plain_errors():
        trust = read_trust(policy_file)
        if not is_json:
            _say(trust.lines())
        report = _audit(location, trust, since=since, jobs=jobs or len(os.sched_getaffinity(0)))
        if save is not None and report.checkpoint is not None and not report.problems:
            write_atomically(save, report.note)
    if is_json:
        click.echo(json.dumps(report.to_json(), indent=1, ensure_ascii=False))
    else:
        click.echo("")
        _say(report.lines())
    sys.exit(report.exit_code)


def _audit(location: str, trust: Trust, *, since: Path | None, jobs: int) -> Report:
    old = None if since is None else _read_old(since, trust)
    source = open_source(location)
    try:
        with _progress() as progress:
            return audit_log(source, trust.policy, today=_today(), jobs=jobs, old=old, progress=progress)
    finally:
        source.close()


def _today() -> date:
    return datetime.now(UTC).date()


def _read_old(file: Path, trust: Trust) -> VerifiedCheckpoint:
    try:
        return verify_checkpoint(trust.policy, read_bounded(file, MAX_NOTE_BYTES))
    except PledgeError as error:
        raise Stop(f"{file} is no checkpoint under this policy: {error}", UNREADABLE) from error


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show how far an audit is, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _done, _size: None
        return
    with click.progressbar(length=1, label="Entries", file=sys.stderr, show_pos=True) as bar:

        def show(done: int, size: int) -> None:
            bar.length = size
            bar.update(done - bar.pos)

        yield show


def _say(lines: list[str]) -> None:
    click.echo("\n".join(lines))
