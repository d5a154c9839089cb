"""``pledge tips reply``: an answer sealed offline, to be uploaded from the inbox page."""

import os
from datetime import date
from pathlib import Path
from typing import IO

import click

from pledge.audit.console import plain_errors
from pledge.audit.trust import read_trust
from pledge.core.keys import format_key
from pledge.core.steward_bundle import Bundle, OwnKeys
from pledge.core.tip.frame import AnswerFrame, format_answer_frame
from pledge.core.tip.mailbox import NONCE_BYTES
from pledge.core.tip.message import File, Message
from pledge.core.tip.recipients import StewardKeys
from pledge.core.tip.sealing import seal_message
from pledge.errors import VerificationError
from pledge.offline.composing import given, read_text, today, write_envelope
from pledge.offline.desk import Desk, Thread
from pledge.offline.private import FILE, KEYS, POLICY, new_file, read_keys
from pledge.offline.reading import open_thread


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("thread_id", metavar="THREAD")
@click.argument("files", nargs=-1, type=FILE)
@KEYS
@POLICY
@click.option("--text", "text_file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
def reply(
    directory: Path,
    thread_id: str,
    files: tuple[Path, ...],
    keys_file: Path,
    policy_file: Path | None,
    text_file: str | None,
    output: Path,
) -> None:
    """Seal an answer to THREAD, named by the first digits of its id, with FILES; upload it from the inbox page.

    It is sealed to the recipient inside the tip, and to the stewards that the log has now, and to nobody else.
    """
    with plain_errors():
        desk = Desk(directory)
        stewards = desk.stewards(read_trust(policy_file).policy)
        text, thread = read_text(text_file), desk.inbox().find(thread_id)
        bundle, day = read_keys(keys_file), today()
        with new_file(output) as target:
            write_answer(target, desk, thread, bundle, stewards, text=text, files=files, day=day)
        click.echo(f"Message {len(thread.messages) + 1} of thread {thread.id[:12]}, sealed: {output}.")
        click.echo("Open the thread on the inbox page and upload it there.")


def write_answer(
    target: IO[bytes],
    desk: Desk,
    thread: Thread,
    bundle: Bundle,
    stewards: StewardKeys,
    *,
    text: str,
    files: tuple[Path, ...],
    day: date,
) -> None:
    """Write the next message of a thread, in the frame in which it is sent.

    Raises:
        VerificationError: The thread is not as it should be, its tip is not sealed to these keys, or none of them is
            a current steward's.
        UnavailableError: There are too few stewards.
    """
    opened = open_thread(desk, thread, bundle.identities, stewards)
    tip = opened[0].contents.manifest.message if opened and opened[0].contents else None
    if tip is None or tip.recipient is None:
        raise VerificationError(
            "The tip of this thread is not sealed to your keys, and only the tip says where answers go. "
            "A colleague whose key it is sealed to can answer."
        )
    number, previous, mailbox = len(opened) + 1, opened[-1].listed.sha256, tip.mailbox

    def make(listed: tuple[File, ...]) -> Message:
        return answer_message(
            stewards.origin, mailbox, number=number, previous=previous, day=day, text=text, files=listed
        )

    recipients = tuple(dict.fromkeys([tip.recipient, *stewards.recipients(day)]))
    key = current_keys(bundle, stewards, day).signing_key
    envelope = seal_message(given(files), make, key=key, recipients=recipients, random_bytes=os.urandom)
    target.write(format_answer_frame(AnswerFrame(number)))
    write_envelope(target, envelope, files)


def answer_message(
    origin: str,
    mailbox: str,
    *,
    number: int,
    previous: str,
    day: date,
    text: str,
    files: tuple[File, ...],
) -> Message:
    """Put an answer together.

    Raises:
        MalformedError: It has neither text nor files.
    """
    return Message(
        type_="answer/v1",
        origin=origin,
        mailbox=mailbox,
        number=number,
        previous=previous,
        day=day,
        lab=None,
        clauses=(),
        text=text,
        files=files,
        recipient=None,
        nonce=os.urandom(NONCE_BYTES),
        way="sealed-offline",
        credential=None,
    )


def current_keys(bundle: Bundle, stewards: StewardKeys, day: date) -> OwnKeys:
    """Give the newest of a steward's keys with which an answer of a day counts.

    Raises:
        VerificationError: None does: the log does not have them yet, or not any more.
    """
    current = {key.signing for key in stewards.current(day)}
    for keys in reversed(bundle.keys):
        if format_key(keys.signing_key.public) in current:
            return keys
    raise VerificationError(
        f"None of your keys is a current steward's on {day}, so nobody would believe the answer.",
        code="key-unknown",
    )
