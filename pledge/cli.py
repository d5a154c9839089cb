"""The command ``pledge``: its root, which loads a command only when it is called.

So ``pledge verify`` runs on ``core`` alone: no web framework and no database is imported to check a receipt.
"""

import sys
from importlib import import_module
from typing import Any

import click

from pledge.errors import PledgeError

_COMMANDS = {
    "audit": "pledge.audit.cli:audit",
    "demo": "pledge.demo.cli:demo",
    "export": "pledge.audit.export:export",
    "init": "pledge.operate:init",
    "lab": "pledge.labs.cli:lab",
    "migrate": "pledge.operate:migrate",
    "news": "pledge.pledges.cli:news",
    "nginx": "pledge.nginx:nginx",
    "onion": "pledge.onion:onion",
    "review": "pledge.pledges.cli:review",
    "serve": "pledge.operate:serve",
    "steward": "pledge.accounts.cli:steward",
    "sign": "pledge.audit.sign:sign",
    "text": "pledge.pledges.cli:text",
    "tick": "pledge.operate:tick",
    "tips": "pledge.offline.cli:tips",
    "verify": "pledge.audit.cli:verify",
}


class Root(click.Group):
    """Loads commands by name, and turns every error of ours into one line and an exit code, never a trace."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's own signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # as above
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # click's own signature
        try:
            return super().invoke(ctx)
        except PledgeError as error:
            raise click.ClickException(str(error)) from None
        except Exception as error:
            if not _is_of_database(error):
                raise
            raise click.ClickException(
                "The database of PLEDGE_DATABASE_URL cannot be reached, or lacks this version's tables: pledge migrate"
            ) from None


def _is_of_database(error: Exception) -> bool:
    """Tell a database that is not there or not migrated, without importing what speaks to it."""
    exc = sys.modules.get("sqlalchemy.exc")
    return exc is not None and isinstance(error, (exc.OperationalError, exc.ProgrammingError))


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pledge")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Run a pledge site, and check one."""
    ctx.obj = lambda: import_module("pledge.operate").open_instance(ctx)


if __name__ == "__main__":
    main()
