"""``pledge steward``: how the first stewards get in, and who there is."""

from collections.abc import Callable

import click
from sqlalchemy import select

from pledge.accounts import joining, keys
from pledge.accounts.joining import INVITATION_LIFE
from pledge.accounts.models import Account
from pledge.instance import Instance


@click.group()
def steward() -> None:
    """Stewards: those who read tips."""


@steward.command()
@click.argument("name")
@click.option("--founder", is_flag=True, help="One of the first, whose keys the notary admits.")
@click.pass_obj
def invite(open_: Callable[[], Instance], name: str, *, founder: bool) -> None:
    """Invite NAME: print a link that makes an account, once. Give it to them yourself, by a way nobody else reads."""
    instance = open_()
    token = instance.log.run(
        lambda session: joining.invite(
            session,
            name,
            is_founder=founder,
            now=instance.clock(),
            random_bytes=instance.random_bytes,
        )
    )
    click.echo(f"{instance.config.url}/stewards/join/{token}")
    click.echo(f"Good once, for {INVITATION_LIFE.days} days.", err=True)


@steward.command("list")
@click.pass_obj
def list_(open_: Callable[[], Instance]) -> None:
    """List accounts, and the keys that they hold today."""
    instance = open_()
    day = instance.clock().date()
    with instance.database.reading() as session:
        for account in session.scalars(select(Account).order_by(Account.name)):
            key = keys.key_of(session, account.id, day)
            held = f"{key.signing}, until {key.until}" if key else "no current key"
            click.echo(f"{account.name}: {held}")
        current, quorum = len(keys.current_keys(session, day)), keys.quorum(session)
    click.echo(
        f"{current} current; tips are {'open' if current >= quorum else f'closed, until {quorum} are'}."
    )
