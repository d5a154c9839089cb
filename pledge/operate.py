"""The commands that run the site: init, migrate, serve, tick."""

import os
from collections.abc import Callable

import click

from pledge.app import on_sequenced, open_site
from pledge.config import Config
from pledge.db import Database
from pledge.db.migrate import upgrade
from pledge.errors import UnavailableError
from pledge.following.deliveries import tend
from pledge.founding import found, is_founded
from pledge.instance import Instance, utc_now
from pledge.keystore import LOCAL_ORIGIN, TRIAL_ORIGINS, add_missing_key, load_keys
from pledge.log.service import tree_size
from pledge.release import log_release
from pledge.serve import serve as serve_site
from pledge.tick import tick as tick_site


def open_instance(ctx: click.Context) -> Instance:
    """Open the instance that the environment names, until the command ends."""
    instance = open_site(Config.from_environment(os.environ))
    ctx.call_on_close(instance.database.close)
    return instance


@click.command()
@click.option("--origin", help="What the log is called for ever, such as pledge.example.org.")
@click.option("--operator", help="Who runs it, as readers should know them.")
@click.option("--contact", help="A mail address that a person reads, or a page that says how to reach one.")
@click.option("--local", is_flag=True, help="A trial on this machine; its name says so for ever.")
def init(origin: str | None, operator: str | None, contact: str | None, *, local: bool) -> None:
    """Found an instance: keys, schema, the log's first entries."""
    os.umask(0o077)
    config = Config.from_environment(os.environ)
    if local:
        origin, operator, contact = LOCAL_ORIGIN, "whoever started this trial", "nobody@local-trial.invalid"
    if not origin or not operator or not contact:
        raise click.UsageError("A real instance needs --origin, --operator and --contact.")
    if not local and origin in TRIAL_ORIGINS:
        raise click.UsageError("--origin must be a name of your own.")
    found(
        config,
        origin=origin,
        operator=operator,
        contact=contact,
        on_sequenced=on_sequenced,
        clock=utc_now,
        random_bytes=os.urandom,
    )
    click.echo(
        f"Founded {origin} in {config.home}. Keep {config.home / 'keys'} safe, and a copy apart from it."
    )


@click.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    os.umask(0o077)
    database = Database(Config.from_environment(os.environ).database_url)
    upgrade(database.engine)
    database.close()


@click.command()
@click.option("--local", is_flag=True, help="Found a trial first, where there is none yet.")
@click.pass_context
def serve(ctx: click.Context, *, local: bool) -> None:
    """Serve the site."""
    config = Config.from_environment(os.environ)
    if local and not is_founded(config):
        ctx.invoke(init, local=True, origin=None, operator=None, contact=None)
    add_missing_key(config.home / "keys", random_bytes=os.urandom)
    load_keys(config.home / "keys")  # before a database is made where nothing was founded
    ctx.invoke(migrate)
    instance = open_site(config)
    try:
        log_release(instance)
    except UnavailableError as error:  # what is there can be read all the same
        click.echo(f"{error}\nOnce it can sign, start it again, so that its pages enter the log.", err=True)
    with instance.database.reading() as session:
        size = tree_size(session)
    click.echo(f"{instance.keys.origin}: {size} entries in the log.", err=True)
    click.echo(f"Open      {config.url if config.socket is None else config.socket}", err=True)
    if instance.outbox.is_local:
        where = f"{config.url}/mail and " if instance.is_local else ""
        click.echo(f"Mail in   {where}{instance.outbox.directory}", err=True)
    if instance.is_local and not instance.is_demo:
        click.echo(f"Stewards  {config.url}/stewards says how to found some, so that tips open", err=True)
    instance.database.close()
    serve_site(config)


@click.command()
@click.pass_obj
def tick(open_: Callable[[], Instance]) -> None:
    """Do what the day asks for: lapses, reminders, letters, what has expired. Running it again changes nothing."""
    instance = open_()
    for line in tick_site(instance):
        click.echo(line)
    done = tend(instance)
    if any(done):
        click.echo(f"hub: {done.asked} asked back, {done.taken} feeds taken, {done.refused} not taken")
