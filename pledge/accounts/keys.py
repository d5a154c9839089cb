"""Stewards' keys as the log has them: who reads tips today, and the file that proves it.

Rows of ``StewardKey`` are written in the transaction that hands their entries to the log. What may enter is decided by
core's own rules, on a state replayed from the genesis and all entries about stewards: what an auditor would refuse is
refused here.
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from pledge.accounts.models import StewardEntry, StewardKey
from pledge.core import statement as st
from pledge.core.ledger import Entry as LedgerEntry
from pledge.core.ledger import check_entry
from pledge.core.logstate import LogState
from pledge.core.tip.recipients import ProvenEntry, format_recipients
from pledge.core.tlog.tile import TileCache, inclusion_proof
from pledge.db import Database
from pledge.errors import ConflictError
from pledge.log.models import Cosigned, Entry, Head, Pending
from pledge.log.sequencer import add_pending, read_tile
from pledge.log.service import read_checkpoint
from pledge.web.prepared import Answer

RECIPIENTS_PATH = "/stewards/keys.json"
_GENESIS = select(Entry.leaf).where(Entry.index == 0)


def current_keys(session: Session, day: date) -> Sequence[StewardKey]:
    """Give the keys that hold on a day, in the order of their names."""
    return session.scalars(select(StewardKey).where(*_holds(day)).order_by(StewardKey.signing)).all()


def _holds(day: date) -> tuple[ColumnElement[bool], ...]:
    return StewardKey.from_ <= day, StewardKey.until >= day, StewardKey.revoked_day.is_(None)


def stewards_are_enough(session: Session, day: date) -> bool:
    """Whether there are as many current stewards as a decision takes; with fewer, tips are closed."""
    count = select(func.count()).select_from(StewardKey).where(*_holds(day)).scalar_subquery()
    leaf, current = session.execute(_GENESIS.add_columns(count)).one()
    return bool(current >= _quorum_of(leaf))


def quorum(session: Session) -> int:
    """Give how many stewards a decision takes, as the genesis says."""
    return _quorum_of(session.scalars(_GENESIS).one())


@lru_cache(maxsize=1)  # of one log, which has one genesis
def _quorum_of(leaf: bytes) -> int:
    genesis = st.parse_statement(st.parse_envelope(leaf))
    if not isinstance(genesis, st.Genesis):
        raise TypeError("the log does not begin with a genesis")
    return genesis.quorum


def key_of(session: Session, account: bytes, day: date) -> StewardKey | None:
    """Give the key that an account holds on a day."""
    return next((key for key in current_keys(session, day) if key.account == account), None)


def fingerprint(signing: str, recipient: str) -> str:
    """Give what two people read to each other to know that they mean the same keys; the browser makes the same."""
    digest = hashlib.sha256(f"{signing}\n{recipient}".encode()).hexdigest()[:32]
    return " ".join(digest[n : n + 4] for n in range(0, 32, 4))


def is_steward(session: Session, account: bytes) -> bool:
    """Whether the log ever admitted a key of this account and did not revoke it, other than for its next one.

    One whose key has run out still reads what is sealed to it.
    """
    return bool(
        session.scalar(
            select(exists().where(StewardKey.account == account, StewardKey.revoked_day.is_(None)))
        )
    )


def read_state(session: Session) -> LogState:
    """Replay what the log says of stewards.

    Raises:
        ConflictError: An entry about a steward is just about to enter.
    """
    waiting = select(Pending.id).join(StewardEntry, StewardEntry.payload_sha256 == Pending.payload_sha256)
    if session.scalar(waiting.limit(1)) is not None:
        raise ConflictError("Another decision is being logged. Try again.", code="decision-waits")
    state = LogState()
    for _, leaf in _entries(session):
        envelope = st.parse_envelope(leaf)
        state.record(envelope.payload_sha256, st.parse_statement(envelope))
    return state


def check_new(state: LogState, envelope: st.Envelope) -> st.Key | st.KeyRevocation:
    """Check an entry about a steward by all the log's rules, signatures included, and take it into the state.

    Raises:
        VerificationError: It breaks a rule, or lacks a signature that it needs.
    """
    statement = st.parse_statement(envelope)
    if not isinstance(statement, st.Key | st.KeyRevocation) or statement.role != "steward":
        raise TypeError("not about a steward's key")
    for check in check_entry(state, LedgerEntry(envelope, envelope.payload_sha256, statement)):
        check.verify()
    state.record(envelope.payload_sha256, statement)
    return statement


def log_entries(
    session: Session,
    state: LogState,
    envelopes: Sequence[st.Envelope],
    *,
    account: bytes,
    ids: Sequence[bytes],
) -> None:
    """Hand entries about stewards to the log, which keeps their order, and remember them.

    Args:
        session: A writing session.
        state: From ``read_state``.
        envelopes: Signed.
        account: Whose key it is that is admitted.
        ids: 16 random bytes for each: entries of one day enter in the order of these.
    """
    for envelope, pending_id in zip(envelopes, sorted(ids), strict=True):
        statement = check_new(state, envelope)
        payload_sha256 = add_pending(
            session, leaf=st.format_envelope(envelope), day=statement.day, pending_id=pending_id
        )
        session.add(StewardEntry(payload_sha256=payload_sha256))
        if isinstance(statement, st.Key):
            session.add(_row(statement, payload_sha256, account))
        else:
            _revoke(session, statement)
    session.flush()


def _row(statement: st.Key, payload_sha256: bytes, account: bytes) -> StewardKey:
    return StewardKey(
        payload_sha256=payload_sha256,
        account=account,
        signing=statement.keys.signing,
        recipient=statement.keys.age or "",
        from_=statement.from_,
        until=statement.until,
        is_founder=statement.founder,
        revoked_day=None,
        revoked_reason=None,
    )


def _revoke(session: Session, statement: st.KeyRevocation) -> None:
    key = session.scalars(select(StewardKey).where(StewardKey.signing == statement.key)).one()
    key.revoked_day, key.revoked_reason = statement.day, statement.reason


def _entries(session: Session) -> list[tuple[int, bytes]]:
    """Give index and leaf of the genesis and every entry about a steward, in the order of the log."""
    rows = session.execute(
        select(Entry.index, Entry.leaf)
        .where(or_(Entry.index == 0, Entry.payload_sha256.in_(select(StewardEntry.payload_sha256))))
        .order_by(Entry.index)
    )
    return [(index, leaf) for index, leaf in rows]


def recipients_file(session: Session, tiles: TileCache) -> bytes:
    """Write the recipients file: the newest cosigned checkpoint if it has all of them, else the newest."""
    entries = _entries(session)
    size = session.scalar(select(Head.size)) or 0
    checkpoint = read_checkpoint(session)
    cosigned = session.get(Cosigned, 1)
    if cosigned is not None and cosigned.size > entries[-1][0]:
        size, checkpoint = cosigned.size, cosigned.checkpoint

    def prove(index: int, leaf: bytes) -> ProvenEntry:
        path = inclusion_proof(
            index, size, lambda level, n, width: read_tile(session, level, n, width), tiles
        )
        return ProvenEntry(index=index, leaf=leaf, path=tuple(path))

    return format_recipients(checkpoint, [prove(index, leaf) for index, leaf in entries])


class RecipientsAnswer:
    """Answers ``/stewards/keys.json``, made once for each state of the log.

    Args:
        database: Where the log is.
        tiles: What is remembered of its tiles.
    """

    def __init__(self, database: Database, tiles: TileCache) -> None:
        self._database = database
        self._tiles = tiles
        self._made: tuple[tuple[int | None, int | None], Answer] | None = None

    def __call__(self, path: str) -> Answer | None:
        """Answer a path under ``/stewards``; None leaves it to Flask."""
        if path != RECIPIENTS_PATH:
            return None
        with self._database.reading() as session:
            version = (session.scalar(select(Head.size)), session.scalar(select(Cosigned.size)))
            made = self._made
            if made is None or made[0] != version:
                body = recipients_file(session, self._tiles)
                made = self._made = version, Answer(body, "application/json", "public, max-age=2")
        return made[1]
