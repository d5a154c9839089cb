"""``pledge tips open``: read tips on a machine that no site can reach."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from pledge.audit.console import WRONG, Stop, fact, plain_errors, printable, read_bounded
from pledge.audit.trust import read_trust
from pledge.core.archive import file_entry_name
from pledge.core.steward_bundle import Bundle
from pledge.core.tip.contents import Contents, open_contents, read_files
from pledge.core.tip.message import Message, verify_proof
from pledge.core.tip.recipients import MAX_RECIPIENTS_BYTES, StewardKeys, parse_recipients
from pledge.core.tip.thread import check_author
from pledge.errors import MalformedError, PledgeError, VerificationError
from pledge.offline.desk import Desk
from pledge.offline.private import FILE, KEYS, POLICY, new_directory, new_file, read_keys, show
from pledge.offline.reading import Envelope, Opened, open_thread

_WAYS: Final = {
    "sealed-in-browser": "sealed in the browser",
    "sealed-by-server": "sealed by the server, which saw the text while it came in",
    "sealed-offline": "sealed offline",
}


@click.command("open")
@click.argument("place", metavar="ENVELOPE|DIR", type=click.Path(exists=True, path_type=Path))
@KEYS
@POLICY
@click.option("--recipients", "recipients_file", type=FILE, help="Stewards' keys, for a single answer.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="A new directory for what is inside.",
)
def open_(
    place: Path, keys_file: Path, policy_file: Path | None, recipients_file: Path | None, output: Path
) -> None:
    """Open an ENVELOPE, or all threads that were fetched into DIR, with your keys.

    Everything is checked before any of it is written. Exit code 1 if something was not as it should be.
    """
    with plain_errors():
        if place.is_dir():
            stewards = Desk(place).stewards(read_trust(policy_file).policy)
            is_well = open_desk(Desk(place), read_keys(keys_file), stewards, output)
            sys.exit(0 if is_well else WRONG)
        known = None
        if recipients_file is not None:
            data = read_bounded(recipients_file, MAX_RECIPIENTS_BYTES)
            known = parse_recipients(data, read_trust(policy_file).policy)
        open_envelope(place, read_keys(keys_file), known, output)


def open_envelope(path: Path, bundle: Bundle, stewards: StewardKeys | None, output: Path) -> None:
    """Open one envelope, apart from its thread: that nothing is missing before it, nobody can tell from it alone.

    Raises:
        VerificationError: It does not open, or is not by whom it says; an answer needs ``stewards``.
        MalformedError: It does not follow its format.
    """
    envelope = Envelope(path)
    contents = open_contents(bundle.identities, envelope)
    manifest = contents.manifest
    if manifest.message.type_ == "answer/v1" and stewards is None:
        raise Stop("This is an answer: name the stewards' keys with --recipients.", WRONG)
    check_author(manifest, stewards=stewards.signers([manifest]) if stewards else ())
    if manifest.message.origin != bundle.origin:
        raise VerificationError("It is for another site than your keys.", code="message-elsewhere")
    check_credential(manifest.message)
    write_message(contents, envelope, new_directory(output))
    tell(manifest.message)


def open_desk(desk: Desk, bundle: Bundle, stewards: StewardKeys, output: Path) -> bool:
    """Open all threads that were fetched; each that is not as it should be is named and left out.

    Returns:
        Whether all were as they should be.
    """
    new_directory(output)
    is_well = True
    for thread in desk.inbox().threads:
        name = thread.id[:12]
        click.echo(fact("Thread", f"{name}, {len(thread.messages)} messages, last moved {thread.moved}"))
        try:
            opened = open_thread(desk, thread, bundle.identities, stewards)
            for one in opened:
                if one.contents is not None:
                    check_credential(one.contents.manifest.message)
        except FileNotFoundError:
            click.echo("  Not all of it has been fetched: pledge tips fetch")
            is_well = False
        except (MalformedError, VerificationError) as error:
            click.echo(f"  Wrong: {printable(str(error))} [{error.code}] Nothing of this thread was written.")
            is_well = False
        else:
            _write_thread(opened, output / name)
    return is_well


def write_message(contents: Contents, envelope: Envelope, directory: Path) -> None:
    """Write a message that was checked: its words as ``message.txt``, and its files, numbered.

    What was written is gone again if the envelope changes meanwhile.
    """
    written: list[Path] = []
    try:
        if contents.manifest.message.text:
            _write(
                directory / "message.txt", iter([contents.manifest.message.text.encode() + b"\n"]), written
            )
        for number, (file, chunks) in enumerate(read_files(contents, envelope), start=1):
            name = file_entry_name(number, file.name).removeprefix("files/")
            _write(directory / name, chunks, written)
    except (PledgeError, OSError):
        for path in written:
            path.unlink(missing_ok=True)
        raise


def _write(path: Path, chunks: Iterator[bytes], written: list[Path]) -> None:
    with new_file(path) as file:
        for chunk in chunks:
            file.write(chunk)
    written.append(path)


def _write_thread(opened: list[Opened], directory: Path) -> None:
    new_directory(directory)
    for one in opened:
        if one.contents is None:
            click.echo(f"  {one.listed.number}. None of your keys opens it: it was sealed to others.")
            continue
        write_message(one.contents, one.envelope, new_directory(directory / str(one.listed.number)))
        tell(one.contents.manifest.message)


def check_credential(message: Message) -> None:
    """Check that a credential, if a message shows one, goes with it.

    Raises:
        VerificationError: It is somebody else's.
    """
    if message.credential is not None:
        verify_proof(message)


def tell(message: Message) -> None:
    """Print a message, with nothing in it that could steer a terminal."""
    who = "A steward" if message.type_ == "answer/v1" else "The source"
    click.echo(f"{message.number}. {who}, {message.day}, {_WAYS[message.way]}")
    if message.lab is not None:
        click.echo(fact("  Lab", message.lab))
    if message.clauses:
        click.echo(fact("  Clauses", ", ".join(message.clauses)))
    if message.credential is not None:
        click.echo("  It shows a credential, whose issuer this version cannot verify.")
    for file in message.files:
        click.echo(fact("  File", f"{file.name}, {file.size_bytes:,} bytes"))
    show(message.text)
