r"""Showing one checkpoint to one witness (C2SP tlog-witness).

A request is a POST to ``<witness url>/add-checkpoint``::

    old 20852014\n
    <base64 hash>\n          consistency proof from the old size, at most 63 hashes
    \n
    <the checkpoint, with the log's own signature lines>

and the answers are: 200 with signature lines; 409 with the size that the witness has, from which we try once more, or
where it has another root at this size; 422 where the proof does not lead from its tree to ours; anything else means
not now.
"""

import base64
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import IO, NamedTuple

from pledge.core.policy import Policy, verify_checkpoint
from pledge.core.tlog.note import Note, NoteSignature, VerifierKey, format_note, parse_note
from pledge.core.tlog.tile import TileCache, consistency_proof
from pledge.db import Database
from pledge.errors import PledgeError
from pledge.log.sequencer import read_tile

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 10
_TRIES = 3  # from the size we remember, from none, from the size that the witness names
_MAX_ANSWER_BYTES = 16_384
_MAX_SIZE_DIGITS = 19


class Reply(NamedTuple):
    """What a witness answered."""

    status: int
    body: bytes


Post = Callable[[str, bytes], Reply]


class Answer(NamedTuple):
    """What came of asking one witness.

    Attributes:
        line: Its cosignature.
        size: The size that it says it has, where that is more than it was shown.
        differs: Whether it says that its tree does not lead to ours.
    """

    line: NoteSignature | None = None
    size: int = 0
    differs: bool = False

    def contradiction(self, size: int) -> str | None:
        """Say how it contradicts a database of a size, if it does."""
        if self.differs:
            return "has seen another log of this name"
        return f"says that it has seen {self.size} entries, not {size}" if self.size > size else None


@dataclass(frozen=True, slots=True)
class Shown:
    """A checkpoint to show."""

    database: Database
    policy: Policy
    tiles: TileCache
    post: Post
    size: int
    note: Note

    def ask(self, key: VerifierKey, old: int) -> Answer:
        """Ask one witness, a few times at most.

        Args:
            key: The witness.
            old: The size that it had when it last answered, as far as we remember.
        """
        is_its_own = False  # whether the old size is the one that it has just named
        for _ in range(_TRIES):
            reply = self.post(self.policy.urls[key].rstrip("/") + "/add-checkpoint", self._request(old))
            if reply.status == HTTPStatus.OK:
                return Answer(line=_good_line(self.policy, key, self.note, reply.body))
            told = _size(reply.body) if reply.status == HTTPStatus.CONFLICT else None
            if told is not None and told > self.size:
                return Answer(size=told)
            if told is not None and told != old:
                old, is_its_own = told, True
            elif is_its_own or told == self.size:
                is_conflict = reply.status == HTTPStatus.CONFLICT and old == self.size
                if is_conflict or reply.status == HTTPStatus.UNPROCESSABLE_ENTITY:
                    return Answer(differs=True)
                break
            elif old and reply.status in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}:
                old = 0  # it may be we who are wrong; so that it names its own
            else:
                break
        logger.warning(
            "witness %s %s", key.name, f"answered {reply.status}" if reply.status else "is out of reach"
        )
        return Answer()

    def _request(self, old: int) -> bytes:
        proof = []
        if 0 < old < self.size:
            with self.database.reading() as session:
                proof = consistency_proof(
                    old, self.size, lambda level, n, width: read_tile(session, level, n, width), self.tiles
                )
        hashes = "".join(f"{base64.b64encode(value).decode()}\n" for value in proof)
        return f"old {old}\n{hashes}\n".encode() + format_note(self.note)


def _size(body: bytes) -> int | None:
    """Read the size in a 409's body; None where it is none."""
    told = body.strip()
    return int(told) if told.isdigit() and len(told) <= _MAX_SIZE_DIGITS else None


def _good_line(policy: Policy, key: VerifierKey, note: Note, body: bytes) -> NoteSignature | None:
    """Find the witness's own line in its answer; whatever else it sent is left out."""
    try:
        answered = parse_note(note.text.encode() + b"\n" + body)
        for line in answered.signatures:
            if (line.name, line.key_id) == (key.name, key.key_id):
                verify_checkpoint(policy, format_note(Note(note.text, (*note.signatures, line))))
                return line
    except PledgeError as error:
        logger.warning("witness %s sent what does not verify: %s", key.name, error)
    return None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def post_over_http(url: str, body: bytes) -> Reply:
    """Send a request to a witness; status 0 where it cannot be reached."""
    request = urllib.request.Request(url, data=body, method="POST")  # noqa: S310  # instance checks the schemes at start
    opener = urllib.request.build_opener(_NoRedirects)
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return Reply(answer.status, _read(answer, deadline))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, _read(error, deadline))
    except (OSError, ValueError, HTTPException):
        return Reply(0, b"")


def _read(answer: IO[bytes], deadline: float) -> bytes:
    """Read an answer of bounded size, piece by piece until a deadline: slow pieces must not add up."""
    read_some = getattr(answer, "read1", answer.read)
    body = b""
    while len(body) < _MAX_ANSWER_BYTES and time.monotonic() < deadline:
        piece = read_some(_MAX_ANSWER_BYTES - len(body))
        if not piece:
            return body
        body += piece
    raise OSError("the answer is too long or too slow")
