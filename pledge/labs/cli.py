"""``pledge lab``: what the notary says of labs."""

from collections.abc import Callable
from pathlib import Path

import click
from sqlalchemy.orm import Session

from pledge.instance import Instance
from pledge.labs.service import list_labs, read_labs, set_lab
from pledge.log.notary import log_statement


@click.group()
def lab() -> None:
    """Labs, their domains and headcounts."""


@lab.command("set")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def set_(open_: Callable[[], Instance], file: Path) -> None:
    """Create or replace labs from a JSON FILE, and log what changed."""
    instance = open_()
    labs = read_labs(file)

    def work(session: Session) -> list[str]:
        day = instance.clock().date()
        found = [set_lab(session, facts, origin=instance.notary.origin, day=day) for facts in labs]
        changed = [statement for statement in found if statement is not None]
        for statement in changed:
            log_statement(session, statement, notary=instance.notary, random_bytes=instance.random_bytes)
        return [statement.slug for statement in changed]

    click.echo(f"logged: {', '.join(instance.log.run(work)) or 'nothing, the log says so already'}")


@lab.command("list")
@click.pass_obj
def list_(open_: Callable[[], Instance]) -> None:
    """List labs with their domains."""
    with open_().database.reading() as session:
        for row in list_labs(session):
            domains = ", ".join(f"{domain.domain} ({domain.scope})" for domain in row.domains)
            click.echo(f"{row.slug}: {row.name}; {domains or 'no confirmed domain'}")
