"""``pledge onion``: a configuration of Tor that makes the site an onion service as well.

The service has its own proof of work against floods. It speaks to the site over a Unix socket, so that nothing but who
may open that file gets past it, and no address of this machine is told to anybody.
"""

import re
from pathlib import Path
from typing import Final

import click

from pledge.config import MAX_SOCKET_BYTES
from pledge.errors import ConflictError, MalformedError

SOCKET: Final = "web.sock"
_TORRC: Final = """\
# An onion service, version 3, for a pledge site. Start it as the user that owns this directory:
#
#     tor -f {directory}/torrc
#
# The address is in {directory}/service/hostname once it has run. Keep {directory}/service safe and apart from
# other backups: whoever has it is this onion.

DataDirectory {directory}/data
HiddenServiceDir {directory}/service
HiddenServiceVersion 3
HiddenServicePort 80 unix:{directory}/{socket}

# Under load, clients show proof of work to get in first. Rate and burst are introductions a second, and at once.
HiddenServicePoWDefensesEnabled 1
HiddenServicePoWQueueRate 50
HiddenServicePoWQueueBurst 500

# One circuit asks for so much at once and no more.
HiddenServiceMaxStreams 16
HiddenServiceMaxStreamsCloseCircuit 1

# This Tor is an onion service and nothing else: no client, no relay, no exit.
SocksPort 0
ORPort 0
ControlPort 0
ExitRelay 0
ExitPolicy reject *:*

# What is logged names nobody, and goes nowhere but errors to the terminal. To look for a fault, put the last line in.
SafeLogging 1
AvoidDiskWrites 1
Log err stderr
#Log notice file {directory}/notice.log
"""
_PLAIN: Final = re.compile(r"[0-9A-Za-z/._-]+")


@click.command()
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Where Tor keeps its keys.",
)
def onion(directory: Path) -> None:
    """Write a configuration of Tor into DIRECTORY, for an onion service that leads to this site.

    Needs Tor 0.4.8 or newer, for its proof of work.
    """
    torrc = write_torrc(directory)
    folder = torrc.parent
    click.echo(f"Wrote {torrc}. Check it: tor --verify-config -f {torrc}")
    click.echo(f"Serve the site on its socket: PLEDGE_SOCKET={folder / SOCKET} pledge serve")
    click.echo(f"Once Tor has run: PLEDGE_ONION=http://$(cat {folder}/service/hostname)")


def write_torrc(directory: Path) -> Path:
    """Write ``torrc`` and the directories that it names, for their owner alone.

    Raises:
        MalformedError: The path has characters that Tor would take for something else, or is too long for a socket.
        ConflictError: There is a torrc already.
    """
    folder = directory.absolute()
    if not _PLAIN.fullmatch(str(folder)) or len(bytes(folder / SOCKET)) > MAX_SOCKET_BYTES:
        raise MalformedError(
            "Name a directory whose path is short, and of letters, digits, dots, hyphens and slashes only."
        )
    torrc = folder / "torrc"
    for part in (folder, folder / "data", folder / "service"):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with torrc.open("x", encoding="ascii") as file:
            file.write(_TORRC.format(directory=folder, socket=SOCKET))
    except FileExistsError:
        raise ConflictError(f"{torrc} is there already, and may have been changed by hand.") from None
    return torrc
