"""The witnesses of a policy, asked together to cosign, and what it weighs when one contradicts the database.

A cosigned checkpoint is kept when the policy's quorum has signed it, and from then on receipts of what it includes
carry it.

A witness that has seen more entries than the database holds, or another tree, contradicts the database, and so notices
what nothing on this machine can: that everything here was set back. But what it answers is a number or a status, signed
by nobody. So it stops signing until it cosigns again; and where it had cosigned before, so that something must have
changed while this process ran, only as long as no quorum cosigns the checkpoint that it contradicts.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.core.policy import Policy, verify_checkpoint
from pledge.core.tlog.note import Note, VerifierKey, format_note, format_vkey, parse_note
from pledge.core.tlog.tile import TileCache
from pledge.db import Database
from pledge.errors import noop
from pledge.log.models import Cosigned, Head, WitnessState
from pledge.log.witness_client import Answer, Post, Shown

logger = logging.getLogger(__name__)

CONTRADICTED = noop(
    "A witness has seen a longer log of this name than the database holds, or another one: it was probably restored "
    "from a backup. Nothing can be signed until it has caught up; see docs/operating.md."
)
_ROUND_SECONDS = 30


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
        self._last: dict[VerifierKey, Future[Answer]] = {}

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
        shown = Shown(self._database, self._policy, self._tiles, post, head.size, parse_note(head.checkpoint))
        answers = self._ask_all(shown, known)
        with self._database.reading() as session:  # others may have signed, and shown it, while we waited
            size = session.scalar(select(Head.size)) or 0
        lines = {key: answer.line for key, answer in answers.items() if answer.line is not None}
        checkpoint = format_note(Note(shown.note.text, (*shown.note.signatures, *lines.values())))
        found = Cosignatures(
            head.size,
            checkpoint,
            frozenset(lines),
            verify_checkpoint(self._policy, checkpoint).quorum_met,
            {key: why for key, answer in answers.items() if (why := answer.contradiction(size))},
        )
        self._weigh(found)
        return found

    def _ask_all(self, shown: Shown, known: Mapping[str, int]) -> dict[VerifierKey, Answer]:
        """Ask all at once. Who has not answered in time is left out, and not asked again while it may still answer."""
        asked = {}
        for key in self._policy.witnesses.values():
            if key in self._policy.urls and (key not in self._last or self._last[key].done()):
                asked[key] = _in_thread(partial(shown.ask, key, known.get(format_vkey(key), 0)))
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


def _in_thread(ask: Callable[[], Answer]) -> Future[Answer]:
    """Begin something that may take long; a process that ends does not wait for it."""
    future: Future[Answer] = Future()

    def run() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:  # noqa: BLE001  # raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="witness").start()
    return future
