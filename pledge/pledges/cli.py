"""``pledge text`` and ``pledge review``: publishing texts, and what waits for the operator's eye."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import cast

import click
from sqlalchemy.orm import Session

from pledge.errors import MalformedError
from pledge.instance import Instance
from pledge.log.notary import log_statement
from pledge.pledges import changes, texts
from pledge.pledges import review as reviewing
from pledge.pledges.news import parse_news, send_news

Open = Callable[[], Instance]
_FIELDS = click.Choice(["name", "role", "reason"])
_CLASSES = click.Choice(reviewing.REASON_CLASSES)


@click.group()
def text() -> None:
    """Pledge texts."""


@text.command()
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.confirmation_option(prompt="A published version never changes. Publish?")
@click.pass_obj
def publish(open_: Open, slug: str, file: Path) -> None:
    """Publish FILE as the next version of the pledge SLUG."""
    instance = open_()
    body = _read(file)
    day = instance.clock().date()

    def work(session: Session) -> int:
        statement = texts.publish(session, slug=slug, body=body, notary=instance.notary, day=day)
        log_statement(session, statement, notary=instance.notary, random_bytes=instance.random_bytes)
        return statement.version

    click.echo(f"{slug} version {instance.log.run(work)}: published and logged")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--after", default="", help="Go on after this signing, the last that was named.")
@click.confirmation_option(prompt="This goes to everybody who asked for news. Send?")
@click.pass_obj
def news(open_: Open, file: Path, after: str) -> None:
    """Mail FILE to everybody who asked for news. Its first line is the subject, the second is empty."""
    instance = open_()
    subject, text = parse_news(_read(file))
    if not re.fullmatch("([0-9a-f]{64})?", after):
        raise MalformedError("--after takes 64 hex digits, as this command prints them")

    def sent(sha256: bytes, went: bool) -> None:  # noqa: FBT001  # said in the line below
        click.echo(f"{sha256.hex()} {'sent' if went else 'not taken by the mail server'}")

    send_news(instance, subject, text, after=bytes.fromhex(after), sent=sent)


@click.group()
def review() -> None:
    """Names on the watch list, reasons, and reports, waiting for your eye."""


@review.command("list")
@click.pass_obj
def list_(open_: Open) -> None:
    """List what waits."""
    with open_().database.reading() as session:
        for signing, opening in reviewing.waiting(session):
            click.echo(f"{signing.public_id} {opening.field}: {opening.value!r}")
        for public_id, count, first in reviewing.reports(session):
            for report in first:
                click.echo(f"{public_id} reported as {report.reason_class}: {report.text!r}")
            if count > len(first):
                click.echo(f"{public_id} and {count - len(first)} more reports")


@review.command()
@click.argument("public_id")
@click.argument("field", type=_FIELDS)
@click.pass_obj
def show(open_: Open, public_id: str, field: str) -> None:
    """Show what waited, or restore what was hidden."""
    instance = open_()
    day = instance.clock().date()
    instance.log.run(
        lambda session: reviewing.show(session, public_id, cast("reviewing.Field", field), day=day)
    )
    click.echo("shown")


@review.command()
@click.argument("public_id")
@click.argument("field", type=_FIELDS)
@click.option("--reason", "reason_class", type=_CLASSES, required=True)
@click.pass_obj
def hide(open_: Open, public_id: str, field: str, reason_class: str) -> None:
    """Hide a field; the public removals ledger says so."""
    instance = open_()
    day = instance.clock().date()

    def work(session: Session) -> None:
        reviewing.hide(session, public_id, cast("reviewing.Field", field), reason_class=reason_class, day=day)

    instance.log.run(work)
    click.echo("hidden, and entered in the removals")


@review.command()
@click.argument("public_id")
@click.option("--reason", "reason_class", type=_CLASSES, required=True)
@click.confirmation_option(prompt="This withdraws a person's signing, in public and for ever. Go on?")
@click.pass_obj
def remove(open_: Open, public_id: str, reason_class: str) -> None:
    """Withdraw a signing; the log and the public removals ledger say so."""
    instance = open_()
    now = instance.clock()

    def work(session: Session) -> None:
        row = changes.remove(
            session,
            public_id,
            reason_class,
            notary=instance.notary,
            now=now,
            random_bytes=instance.random_bytes,
        )
        reviewing.add_removal(session, row.public_id, reason_class=reason_class, day=now.date())

    instance.log.run(work)
    click.echo("withdrawn, and entered in the removals")


@review.command()
@click.argument("public_id")
@click.pass_obj
def close(open_: Open, public_id: str) -> None:
    """Drop the reports about a signatory, once they have been looked at."""
    open_().log.run(lambda session: reviewing.close_reports(session, public_id))
    click.echo("closed")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise MalformedError("this is not text in UTF-8") from None
