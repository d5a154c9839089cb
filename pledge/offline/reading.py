"""Threads as a steward reads them: each envelope opened and checked, and the whole held together."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

from pledge.core.age.stanza import Identity
from pledge.core.tip.contents import Contents, open_contents
from pledge.core.tip.frame import ANSWER_BYTES, TIP_BYTES, parse_answer_frame, parse_tip_frame
from pledge.core.tip.mailbox import parse_mailbox_id
from pledge.core.tip.recipients import StewardKeys
from pledge.core.tip.thread import Place, check_thread
from pledge.errors import MalformedError, VerificationError
from pledge.offline.desk import Desk, Listed, Thread

_CHUNK_BYTES: Final = 65_536
_FRAMES: Final = ((TIP_BYTES, parse_tip_frame), (ANSWER_BYTES, parse_answer_frame))


class Envelope:
    """An envelope in a file, alone or behind the frame in which it is sent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = _frame_bytes(path)

    def __call__(self) -> Iterator[bytes]:
        """Read it from its start."""
        with self.path.open("rb") as file:
            file.seek(self._start)
            yield from _chunks(file)

    def sha256(self) -> bytes:
        """Hash it; 32 bytes."""
        digest = hashlib.sha256()
        for chunk in self():
            digest.update(chunk)
        return digest.digest()


class Opened(NamedTuple):
    """A message of a thread: as it is listed, its envelope, and its contents, None where none of the keys fits."""

    listed: Listed
    envelope: Envelope
    contents: Contents | None


def open_thread(
    desk: Desk, thread: Thread, identities: Sequence[Identity], stewards: StewardKeys
) -> list[Opened]:
    """Open all of a thread that these keys open, and check all that can be checked.

    Args:
        desk: What was fetched.
        thread: As the site lists it, which is believed in nothing.
        identities: A steward's, the newest first.
        stewards: As the log has them.

    Raises:
        VerificationError: An envelope is not the one that is listed, a message is not in its place, or not by whom it
            says.
        MalformedError: Something in it does not follow its format.
        FileNotFoundError: An envelope has not been fetched.
    """
    opened = [_open(desk, listed, identities) for listed in thread.messages]
    manifests = [one.contents.manifest for one in opened if one.contents is not None]
    check_thread(
        [Place(one.listed.sha256, one.contents and one.contents.manifest) for one in opened],
        origin=stewards.origin,
        mailbox=parse_mailbox_id(thread.mailbox),
        stewards=stewards.signers(manifests),
    )
    return opened


def _open(desk: Desk, listed: Listed, identities: Sequence[Identity]) -> Opened:
    envelope = Envelope(desk.envelope(listed))
    if envelope.sha256().hex() != listed.sha256:
        raise VerificationError(f"Message {listed.number}: this is not the envelope that is listed.")
    try:
        contents = open_contents(identities, envelope)
    except VerificationError as error:
        if error.code != "age-no-match":
            raise VerificationError(f"Message {listed.number}: {error}", code=error.code) from error
        return Opened(listed, envelope, None)
    except MalformedError as error:
        raise MalformedError(f"Message {listed.number}: {error}", code=error.code) from error
    is_by_steward = contents.manifest.message.type_ == "answer/v1"
    if is_by_steward != (listed.from_ == "steward"):
        raise VerificationError(
            f"Message {listed.number}: it is not from whom the site says.", code="message-forged"
        )
    return Opened(listed, envelope, contents)


def _frame_bytes(path: Path) -> int:
    with path.open("rb") as file:
        for size, parse in _FRAMES:
            file.seek(0)
            try:
                parse(file.read(size))
            except MalformedError:
                continue
            return size
    return 0


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
