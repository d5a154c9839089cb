"""A mailbox opened by the server, for who runs no scripts: in memory, for one request, and checked as a browser would.

Nothing that does not check out is shown. What was opened is never written anywhere.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.accounts.models import StewardKey
from pledge.core.tip.codename import Codename, derive_codename
from pledge.core.tip.contents import Contents, open_contents, read_files
from pledge.core.tip.message import Manifest
from pledge.core.tip.thread import Place, check_thread
from pledge.core.words import entropy_from_words
from pledge.errors import MalformedError, NotFoundError, VerificationError
from pledge.tips.mailbox import find_answer, messages_of
from pledge.tips.models import Message
from pledge.tips.store import Store
from pledge.web.strings import gettext, said


class Shown(NamedTuple):
    """A message as a page shows it.

    Attributes:
        number: In the thread.
        sender: ``source`` or ``steward``.
        day: On which it came.
        settled: The day whose digest has it; for what the source sent.
        sha256: Of its envelope, hex.
        manifest: What a steward wrote; None for the source's own, which nobody but stewards can open.
        wrong: Why it is not shown, where it does not check out.
    """

    number: int
    sender: str
    day: date
    settled: date | None
    sha256: str
    manifest: Manifest | None
    wrong: str | None


def codename_of(words: str, *, origin: str) -> Codename:
    """Derive all from twelve words, as a person types them.

    Raises:
        MalformedError: They are no such words; the message repeats none.
    """
    return derive_codename(entropy_from_words(words), origin=origin)


def open_thread(session: Session, store: Store, codename: Codename, *, origin: str) -> list[Shown]:
    """Open a mailbox: its messages in order, each shown, or why it is not."""
    messages = messages_of(session, codename.mailbox)
    opened = [_open(store, message, codename) for message in messages]
    wrong = _check(session, messages, opened, codename, origin=origin)
    return [
        Shown(
            number=message.number,
            sender=message.sender,
            day=message.day,
            settled=message.settled if message.sender == "source" else None,
            sha256=message.sha256.hex(),
            manifest=None if wrong or not isinstance(found, Contents) else found.manifest,
            wrong=(found if isinstance(found, str) else wrong) if message.sender == "steward" else None,
        )
        for message, found in zip(messages, opened, strict=True)
    ]


def open_file(
    session: Session, store: Store, codename: Codename, *, origin: str, number: int, place: int
) -> tuple[str, int, Iterator[bytes]]:
    """Open one file of an answer; gives its name, its size in bytes and its data in pieces.

    Raises:
        NotFoundError: There is none.
        VerificationError: The thread does not check out.
    """
    message = find_answer(session, codename.mailbox, number)
    shown = {shown.number: shown for shown in open_thread(session, store, codename, origin=origin)}[number]
    if shown.manifest is None:
        raise VerificationError("This message does not check out, so nothing of it is given out.")
    files = shown.manifest.message.files
    if not 1 <= place <= len(files):
        raise NotFoundError("There is no such file here.")
    reopen = partial(store.read, message.id, message.content)
    contents = open_contents([codename.identity], reopen)
    return files[place - 1].name, files[place - 1].size_bytes, _data(contents, reopen, place)


def _data(contents: Contents, reopen: "partial[Iterator[bytes]]", place: int) -> Iterator[bytes]:
    for number, (_, chunks) in enumerate(read_files(contents, reopen), start=1):
        if number == place:
            yield from chunks
            return


def _open(store: Store, message: Message, codename: Codename) -> Contents | str | None:
    """Open an answer; or say why it cannot be. The source's own are not for the source's eyes."""
    if message.sender != "steward":
        return None
    try:
        return open_contents([codename.identity], partial(store.read, message.id, message.content))
    except (MalformedError, VerificationError, FileNotFoundError):
        return gettext("It cannot be opened with these words, or was damaged.")


def _check(
    session: Session,
    messages: Sequence[Message],
    opened: Sequence[Contents | str | None],
    codename: Codename,
    *,
    origin: str,
) -> str | None:
    """Check the thread as a whole; say what is wrong with it, or None."""
    places = [
        Place(message.sha256.hex(), found.manifest if isinstance(found, Contents) else None)
        for message, found in zip(messages, opened, strict=True)
    ]
    manifests = [place.manifest for place in places if place.manifest is not None]
    try:
        check_thread(places, origin=origin, mailbox=codename.mailbox, stewards=_signers(session, manifests))
    except VerificationError as error:
        return said(error)
    return None


def _signers(session: Session, manifests: Sequence[Manifest]) -> frozenset[str]:
    """Give the stewards' keys all of whose signatures among these count (``core.tip.recipients``)."""
    rows = {row.signing: row for row in session.scalars(select(StewardKey))}
    refused = {
        manifest.key
        for manifest in manifests
        if (row := rows.get(manifest.key)) is not None
        and row.revoked_day is not None
        and not (row.revoked_reason == "rotated" and manifest.message.day <= row.revoked_day)
    }
    return frozenset(rows.keys() - refused)
