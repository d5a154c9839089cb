"""``pledge tips``: tips from a terminal. None of it needs the site's database, and only ``fetch`` a network."""

import click

from pledge.offline.account import account
from pledge.offline.fetch import fetch
from pledge.offline.open import open_
from pledge.offline.reply import reply
from pledge.offline.seal import seal


@click.group()
def tips() -> None:
    """Seal a tip, or fetch, open, answer and account for tips as a steward."""


for command in (seal, fetch, open_, reply, account):
    tips.add_command(command)
