"""``pledge tips seal``: a tip sealed where no server can see it, to keys that the log vouches for."""

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import IO, TextIO

import click

from pledge.audit.console import plain_errors, read_bounded
from pledge.audit.trust import read_trust
from pledge.core.age.keytext import format_recipient
from pledge.core.pow import Work, find_stamp
from pledge.core.tip.codename import Codename, derive_codename
from pledge.core.tip.digest import tip_leaf
from pledge.core.tip.frame import TIP_BYTES, TipFrame, format_tip_frame
from pledge.core.tip.mailbox import derive_nonce
from pledge.core.tip.message import File, Message
from pledge.core.tip.recipients import MAX_RECIPIENTS_BYTES, StewardKeys, parse_recipients
from pledge.core.tip.sealing import MakeMessage, seal_message
from pledge.core.words import ENTROPY_BYTES, words_from_entropy
from pledge.offline.composing import given, read_text, today, write_envelope
from pledge.offline.private import FILE, POLICY, new_file, only_terminal

_WORDS = """
Your twelve words. Write them down now; they are shown this once and kept nowhere.

    {first}
    {second}

They open your mailbox on the site, where answers come. Whoever has them is you.
"""


@click.command()
@POLICY
@click.option("--recipients", "keys_file", type=FILE, required=True, help="The site's /stewards/keys.json.")
@click.option("--lab", help="Which lab it is about, as in the site's list.")
@click.option(
    "--clause", "clauses", multiple=True, help="Which clause of the pledge; more than once for more."
)
@click.option("--text", "text_file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.argument("files", nargs=-1, type=FILE)
def seal(
    policy_file: Path | None,
    keys_file: Path,
    lab: str | None,
    clauses: tuple[str, ...],
    text_file: str | None,
    output: Path,
    files: tuple[Path, ...],
) -> None:
    """Seal a tip with FILES to all current stewards, as X.pledge-tip.

    Upload it on the site's page for tips, best in Tor Browser. Your twelve words are shown on the terminal, once.
    """
    with plain_errors(), only_terminal() as terminal:
        policy = read_trust(policy_file).policy
        keys = parse_recipients(read_bounded(keys_file, MAX_RECIPIENTS_BYTES), policy)
        text = read_text(text_file)
        entropy = os.urandom(ENTROPY_BYTES)
        codename = derive_codename(entropy, origin=keys.origin)
        day = today()

        def make(listed: tuple[File, ...]) -> Message:
            return first_message(codename, keys, day=day, lab=lab, clauses=clauses, text=text, files=listed)

        with new_file(output) as target:
            seal_tip(target, files, make, codename=codename, keys=keys, day=day)
        show_words(terminal, entropy)
        click.echo(f"Sealed to {len(keys.recipients(day))} stewards of {keys.origin}: {output}")
        click.echo("Upload it on the site's page for tips.")


def first_message(
    codename: Codename,
    keys: StewardKeys,
    *,
    day: date,
    lab: str | None,
    clauses: tuple[str, ...],
    text: str,
    files: tuple[File, ...],
) -> Message:
    """Put a tip together.

    Raises:
        MalformedError: It has neither text nor files, or a lab or clause is not written as one.
    """
    return Message(
        type_="tip/v1",
        origin=keys.origin,
        mailbox=codename.mailbox,
        number=1,
        previous=None,
        day=day,
        lab=lab,
        clauses=clauses,
        text=text,
        files=files,
        recipient=format_recipient(codename.identity.recipient),
        nonce=derive_nonce(codename.digest_seed, 1),
        way="sealed-offline",
        credential=None,
    )


def seal_tip(
    target: IO[bytes],
    files: Sequence[Path],
    make: MakeMessage,
    *,
    codename: Codename,
    keys: StewardKeys,
    day: date,
) -> None:
    """Write the submission of a tip: its frame, which is known last, and the envelope."""
    envelope = seal_message(
        given(files), make, key=codename.key, recipients=keys.recipients(day), random_bytes=os.urandom
    )
    target.write(bytes(TIP_BYTES))
    sha256 = write_envelope(target, envelope, files)
    leaf = tip_leaf(derive_nonce(codename.digest_seed, 1), sha256)
    stamp = find_stamp(Work(keys.origin, day, codename.key.public, leaf))
    target.seek(0)
    target.write(format_tip_frame(TipFrame(codename.key.public, leaf, stamp)))


def show_words(terminal: TextIO, entropy: bytes) -> None:
    """Show the codename, the one time."""
    words = words_from_entropy(entropy).split()
    terminal.write(_WORDS.format(first=" ".join(words[:6]), second=" ".join(words[6:])))
    terminal.flush()
