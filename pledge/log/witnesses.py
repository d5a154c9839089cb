r"""Asking witnesses to cosign (C2SP tlog-witness).

A request is a POST to ``<witness url>/add-checkpoint``::

    old 20852014\n
    <base64 hash>\n          consistency proof from the old size, at most 63 hashes
    \n
    <the checkpoint, with the log's own signature lines>

and the answers are: 200 with signature lines; 409 with the size that the witness has, from which we try once more, or
where it has another root at this size; 422 where the proof does not lead from its tree to ours; anything else means
not now. A cosigned checkpoint is kept when the policy's quorum has signed it, and from then on receipts of what it
includes carry it.

A witness that has seen more entries than the database holds, or another tree, contradicts the database, and so notices
what nothing on this machine can: that everything here was set back. But what it answers is a number or a status, signed
by nobody. So it stops signing until it cosigns again; and where it had cosigned before, so that something must have
changed while this process ran, only as long as no quorum cosigns the checkpoint that it contradicts.
"""

import base64
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
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

CONTRADICTED = (
    "A witness has seen a longer log of this name than the database holds, or another one: it was probably restored "
    "from a backup. Nothing can be signed until it has caught up; see docs/operating.md."
)
_TIMEOUT_SECONDS = 10
_ROUND_SECONDS = 30
_TRIES = 3  # from the size we remember, from none, from the size that the witness names
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
        cosigners: Who gave one.
        has_quorum: Whether the policy's quorum has cosigned.
        contradictions: What those say who contradict the database.
    """

    size: int
    checkpoint: bytes
    cosigners: frozenset[VerifierKey]
    has_quorum: bool
    contradictions: Mapping[VerifierKey, str]


class Witnesses:
    """The witnesses of a policy, and what those say who contradict the database.

    Args:
        database: Where the log lives.
        policy: Whom to ask, and who is a quorum.
        tiles: What is remembered of the log's tiles.
    """

    def __init__(self, database: Database, policy: Policy, tiles: TileCache) -> None:
        self._database = database
        self._policy = policy
        self._tiles = tiles
        self._cosigners: frozenset[VerifierKey] = frozenset()  # since this process began
        self._contradicting: frozenset[VerifierKey] = frozenset()
        self._last: dict[VerifierKey, Future[_Answer]] = {}

    @property
    def refusal(self) -> str | None:
        """Why nothing may be signed; None where no witness contradicts the database, or what does is outweighed."""
        return CONTRADICTED if self._contradicting else None

    def ask(self, *, again: bool, post: Post) -> Cosignatures | None:
        """Ask every witness to cosign the newest checkpoint; None where there is nothing to ask.

        Writes nothing; ``store`` does. A witness that fails is left out and asked again next time. No transaction is
        open while witnesses are waited for, at most ``_ROUND_SECONDS`` for all together.

        Args:
            again: Ask even where the checkpoint is cosigned already, as is done while a witness contradicts it.
            post: Sends a request.
        """
        with self._database.reading() as session:
            head = session.execute(select(Head.size, Head.checkpoint)).one_or_none()
            cosigned = session.scalar(select(Cosigned.size)) or 0
            known = dict(session.execute(select(WitnessState.vkey, WitnessState.size)).all())
        if head is None or not (again or self._contradicting or head.size > cosigned):
            return None
        round_ = _Round(
            self._database, self._policy, self._tiles, post, head.size, parse_note(head.checkpoint)
        )
        answers = self._ask_all(round_, known)
        with self._database.reading() as session:  # others may have signed, and shown it, while we waited
            size = session.scalar(select(Head.size)) or 0
        lines = {key: answer.line for key, answer in answers.items() if answer.line is not None}
        checkpoint = format_note(Note(round_.note.text, (*round_.note.signatures, *lines.values())))
        found = Cosignatures(
            head.size,
            checkpoint,
            frozenset(lines),
            verify_checkpoint(self._policy, checkpoint).quorum_met,
            {key: why for key, answer in answers.items() if (why := answer.contradiction(size))},
        )
        self._weigh(found)
        return found

    def _ask_all(self, round_: "_Round", known: Mapping[str, int]) -> "dict[VerifierKey, _Answer]":
        """Ask all at once. Who has not answered in time is left out, and not asked again while it may still answer."""
        asked = {}
        for key in self._policy.witnesses.values():
            if key in self._policy.urls and (key not in self._last or self._last[key].done()):
                asked[key] = _in_thread(partial(round_.ask, key, known.get(format_vkey(key), 0)))
        self._last |= asked
        late = wait(asked.values(), timeout=_ROUND_SECONDS).not_done
        for key in (key for key, future in asked.items() if future in late):
            logger.warning("witness %s has not answered in %d seconds", key.name, _ROUND_SECONDS)
        return {key: future.result() for key, future in asked.items() if future not in late}

    def _weigh(self, found: Cosignatures) -> None:
        """Take in who contradicts the database and who does so no more. Who cannot be reached takes nothing back."""
        for key, why in found.contradictions.items():
            if key not in self._contradicting:
                logger.critical("witness %s %s; a quorum cosigns ours: %s", key.name, why, found.has_quorum)
        self._cosigners |= found.cosigners
        outweighed = self._cosigners if found.has_quorum else found.cosigners
        self._contradicting = (self._contradicting | found.contradictions.keys()) - outweighed


def store(session: Session, found: Cosignatures) -> None:
    """Keep what was collected: the sizes, and the checkpoint where a quorum has signed it."""
    for key in found.cosigners:
        session.merge(WitnessState(vkey=format_vkey(key), size=found.size))
    if found.has_quorum and found.size > (session.scalar(select(Cosigned.size)) or 0):
        session.merge(Cosigned(id=1, size=found.size, checkpoint=found.checkpoint))


class _Answer(NamedTuple):
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
class _Round:
    """One checkpoint, shown to one witness or another."""

    database: Database
    policy: Policy
    tiles: TileCache
    post: Post
    size: int
    note: Note

    def ask(self, key: VerifierKey, old: int) -> _Answer:
        """Ask one witness, a few times at most.

        Args:
            key: The witness.
            old: The size that it had when it last answered, as far as we remember.
        """
        is_its_own = False  # whether the old size is the one that it has just named
        for _ in range(_TRIES):
            reply = self.post(self.policy.urls[key].rstrip("/") + "/add-checkpoint", self._request(old))
            if reply.status == HTTPStatus.OK:
                return _Answer(line=_good_line(self.policy, key, self.note, reply.body))
            told = _size(reply.body) if reply.status == HTTPStatus.CONFLICT else None
            if told is not None and told > self.size:
                return _Answer(size=told)
            if told is not None and told != old:
                old, is_its_own = told, True
            elif is_its_own or told == self.size:
                is_conflict = reply.status == HTTPStatus.CONFLICT and old == self.size
                if is_conflict or reply.status == HTTPStatus.UNPROCESSABLE_ENTITY:
                    return _Answer(differs=True)
                break
            elif old and reply.status in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}:
                old = 0  # it may be we who are wrong; so that it names its own
            else:
                break
        logger.warning(
            "witness %s %s", key.name, f"answered {reply.status}" if reply.status else "is out of reach"
        )
        return _Answer()

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


def _in_thread(ask: Callable[[], _Answer]) -> Future[_Answer]:
    """Begin something that may take long; a process that ends does not wait for it."""
    future: Future[_Answer] = Future()

    def run() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:  # noqa: BLE001  # raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="witness").start()
    return future


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
