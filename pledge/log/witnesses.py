r"""Asking witnesses to cosign (C2SP tlog-witness).

A request is a POST to ``<witness url>/add-checkpoint``::

    old 20852014\n
    <base64 hash>\n          consistency proof from the old size, at most 63 hashes
    \n
    <the checkpoint, with the log's own signature lines>

and the answers are: 200 with signature lines; 409 with the size that the witness has, from which we try once more;
anything else means not now. A cosigned checkpoint is kept when the policy's quorum has signed it, and from then on
receipts of what it includes carry it.
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

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.core.policy import Policy, verify_checkpoint
from pledge.core.tlog.note import Note, NoteSignature, VerifierKey, format_note, format_vkey, parse_note
from pledge.core.tlog.tile import TileCache, consistency_proof
from pledge.db import Database
from pledge.errors import PledgeError
from pledge.log.models import Cosigned, Head, WitnessState
from pledge.log.sequencer import read_tile

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 10
_MAX_ANSWER_BYTES = 16_384
_MAX_SIZE_DIGITS = 19


class Reply(NamedTuple):
    """What a witness answered."""

    status: int
    body: bytes


Post = Callable[[str, bytes], Reply]


@dataclass(frozen=True, slots=True)
class Cosignatures:
    """What one round of asking brought.

    Attributes:
        size: Of the checkpoint that was shown.
        checkpoint: With every good line.
        sizes: Each witness's new size, by its vkey.
        has_quorum: Whether the policy's quorum has cosigned.
        largest: The largest size that a witness says it has seen of this log.
    """

    size: int
    checkpoint: bytes
    sizes: dict[str, int]
    has_quorum: bool
    largest: int


def collect(database: Database, policy: Policy, tiles: TileCache, *, post: Post) -> Cosignatures | None:
    """Ask every witness of the policy to cosign the newest checkpoint; None where that is done already.

    Writes nothing; ``store`` does. A witness that fails is left out and asked again next time. No transaction is open
    while a witness is waited for.
    """
    with database.reading() as session:
        head = session.execute(select(Head.size, Head.checkpoint)).one_or_none()
        if head is None or head.size <= (session.scalar(select(Cosigned.size)) or 0):
            return None
        known = dict(session.execute(select(WitnessState.vkey, WitnessState.size)).all())
    round_ = _Round(database, policy, tiles, post, head.size, parse_note(head.checkpoint))
    lines: list[NoteSignature] = []
    sizes: dict[str, int] = {}
    for key in policy.witnesses.values():
        line = round_.ask(key, known.get(format_vkey(key), 0))
        if line is not None:
            lines.append(line)
            sizes[format_vkey(key)] = head.size
    checkpoint = format_note(Note(round_.note.text, (*round_.note.signatures, *lines)))
    has_quorum = verify_checkpoint(policy, checkpoint).quorum_met
    return Cosignatures(head.size, checkpoint, sizes, has_quorum, round_.largest)


def store(session: Session, found: Cosignatures) -> None:
    """Keep what was collected: the sizes, and the checkpoint where a quorum has signed it."""
    for vkey, size in found.sizes.items():
        session.merge(WitnessState(vkey=vkey, size=size))
    if found.has_quorum and found.size > (session.scalar(select(Cosigned.size)) or 0):
        session.merge(Cosigned(id=1, size=found.size, checkpoint=found.checkpoint))


@dataclass(slots=True)
class _Round:
    """One checkpoint, shown to one witness after another."""

    database: Database
    policy: Policy
    tiles: TileCache
    post: Post
    size: int
    note: Note
    largest: int = 0

    def ask(self, key: VerifierKey, old: int) -> NoteSignature | None:
        """Ask one witness, twice at most; None where it does not give a good line."""
        url = self.policy.urls.get(key)
        for _ in range(2 if url else 0):
            reply = self.post(f"{url}".rstrip("/") + "/add-checkpoint", self._request(old))
            if reply.status == HTTPStatus.OK:
                return _good_line(self.policy, key, self.note, reply.body)
            told = _size(reply.body) if reply.status == HTTPStatus.CONFLICT else None
            self.largest = max(self.largest, told or 0)
            if told is None or told > self.size or told == old:
                logger.warning("witness %s answered %s", key.name, reply.status)
                return None
            old = told
        return None

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
