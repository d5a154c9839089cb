"""From ``pending`` to the head: one transaction that gives entries their indexes and signs the new checkpoint.

Whoever holds the database's write lock is the sequencer (``db.engine``), so any number of processes may run.
Cost: the entries, the right-edge tiles and two
signatures; nothing that grows with the log but log n.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from pledge.core.keys import MlDsa44Key, SigningKey
from pledge.core.rules import is_dated
from pledge.core.statement import Envelope, parse_envelope, parse_statement
from pledge.core.tlog.checkpoint import Checkpoint, sign_checkpoint
from pledge.core.tlog.tile import append
from pledge.core.tlog.tree import leaf_hash
from pledge.db import table_of, upserts
from pledge.errors import ConflictError, MalformedError
from pledge.log.models import Entry, Head, Pending, Tile

MAX_ENTRY_BYTES = 65_535
_MAX_DRAIN = 4096

# Statements of every signing are built once: building one costs more than the database takes to answer it.
_PENDING, _ENTRY, _TILE, _HEAD = (table_of(model) for model in (Pending, Entry, Tile, Head))
_LOGGED = select(_ENTRY.c.index).where(_ENTRY.c.payload_sha256.in_(bindparam("hashes", expanding=True)))
_LAST_DAY = select(_HEAD.c.day)
_SIZE_AND_DAY = select(_HEAD.c.size, _HEAD.c.day)
_WAITING = (
    select(_PENDING.c.id, _PENDING.c.leaf, _PENDING.c.payload_sha256, _PENDING.c.day)
    .where(_PENDING.c.hold.is_(None))
    .order_by(_PENDING.c.day, _PENDING.c.id)
    .limit(_MAX_DRAIN)
)
_DRAINED = delete(_PENDING).where(_PENDING.c.id.in_(bindparam("ids", expanding=True)))
_UPSERT_TILE = upserts(_TILE, "level", "index")
_MOVED = update(_HEAD).where(_HEAD.c.id == 1, _HEAD.c.size == bindparam("old_size"))
_HASHES = select(_TILE.c.hashes).where(
    _TILE.c.level == bindparam("level"), _TILE.c.index == bindparam("index")
)


@dataclass(frozen=True, slots=True)
class Sequenced:
    """An entry with its place in the log."""

    index: int
    leaf: bytes
    envelope: Envelope


class New(NamedTuple):
    """An entry for the log: its envelope, its payload's day, and 16 random bytes to queue it under."""

    leaf: bytes
    day: date
    pending_id: bytes


@dataclass(frozen=True, slots=True)
class LogKeys:
    """What signs checkpoints: an Ed25519 and an ML-DSA-44 key under one name, the origin."""

    origin: str
    ed25519: SigningKey
    ml_dsa: MlDsa44Key


OnSequenced = Callable[[Session, Sequence[Sequenced]], None]
"""Applied inside the sequencing transaction, so that what it keeps can never disagree with the log."""


def add_pending(
    session: Session, *, leaf: bytes, day: date, pending_id: bytes, hold: str | None = None
) -> bytes:
    """Accept an entry for the log; it enters when the transaction's sequencing reaches it.

    Args:
        session: A writing session; the caller commits.
        leaf: The DSSE envelope, at most 65,535 bytes.
        day: The payload's day, by which the log stays in order.
        pending_id: 16 random bytes.
        hold: Name of a batch to wait with, or None to enter at once.

    Returns:
        The SHA-256 of the payload, by which the entry is known.

    Raises:
        MalformedError: The leaf is not an envelope or too long.
        ConflictError: The log or the queue has this payload already, or the day lies before the log's last.
    """
    return add_all_pending(session, [New(leaf, day, pending_id)], hold=hold)[0]


def add_all_pending(session: Session, entries: Sequence[New], *, hold: str | None = None) -> list[bytes]:
    """Accept entries as ``add_pending`` does, in three statements; all of them or, where it raises, none."""
    if any(len(entry.leaf) > MAX_ENTRY_BYTES for entry in entries):
        raise MalformedError("an entry has at most 65,535 bytes")
    hashes = [bytes.fromhex(parse_envelope(entry.leaf).payload_sha256) for entry in entries]
    if session.execute(_LOGGED, {"hashes": hashes}).first() is not None:
        raise ConflictError("The log has this statement already.", code="duplicate")
    last_day = session.scalar(_LAST_DAY)
    if last_day is not None and hold is None and any(entry.day < last_day for entry in entries):
        raise ConflictError(
            "The day has changed. Load the page again and sign today's statement.", code="day"
        )
    session.execute(
        insert(_PENDING),
        [
            {
                "id": entry.pending_id,
                "payload_sha256": payload_sha256,
                "leaf": entry.leaf,
                "day": entry.day,
                "hold": hold,
            }
            for entry, payload_sha256 in zip(entries, hashes, strict=True)
        ],
    )
    return hashes


def release_held(session: Session, hold: str) -> int:
    """Let a held batch enter with the next sequencing; gives how many entries it has."""
    rows = session.scalars(select(Pending.id).where(Pending.hold == hold)).all()
    session.execute(update(Pending).where(Pending.hold == hold).values(hold=None))
    return len(rows)


def sequence(
    session: Session,
    *,
    keys: LogKeys,
    on_sequenced: OnSequenced,
    now: datetime,
    check: Callable[[Session], None],
) -> Sequence[Sequenced]:
    """Drain ``pending`` into the log, in the order of days and at random within a day.

    Args:
        session: A writing session; the caller commits, and releases nothing before that.
        keys: What signs the new checkpoint.
        on_sequenced: Applied to the new entries in this transaction.
        now: The time that the ML-DSA line of the checkpoint states.
        check: Raises where another checkpoint would fork the log; called before one is signed.

    Returns:
        The new entries; empty where there was nothing to do.

    Raises:
        ConflictError: The head moved underneath; the caller rolls back and nothing has happened.
        UnavailableError: Signing another checkpoint would fork the log.
    """
    rows = session.execute(_WAITING).all()
    if not rows:
        return []
    check(session)
    head = session.execute(_SIZE_AND_DAY).one_or_none()
    old_size = 0 if head is None else head.size
    entries = [Sequenced(old_size + n, row.leaf, parse_envelope(row.leaf)) for n, row in enumerate(rows)]
    _write_entries(session, entries, rows)
    days = [row.day for row, entry in zip(rows, entries, strict=True) if _is_dated(entry.envelope)]
    last_day = max(days if head is None else [head.day, *days], default=now.date())
    _write_head(session, old_size, entries, keys=keys, now=now, day=last_day)
    on_sequenced(session, entries)
    return entries


def _is_dated(envelope: Envelope) -> bool:
    """Tell whether an entry's day is when it was made; an anonymous signing's is the first of its epoch."""
    return envelope.kind != "signing" or is_dated(parse_statement(envelope))


def _write_entries(
    session: Session, entries: Sequence[Sequenced], rows: Sequence[Row[bytes, bytes, bytes, date]]
) -> None:
    session.execute(
        insert(_ENTRY),
        [
            {
                "index": entry.index,
                "payload_sha256": row.payload_sha256,
                "kind": entry.envelope.kind,
                "leaf": entry.leaf,
            }
            for entry, row in zip(entries, rows, strict=True)
        ],
    )
    session.execute(_DRAINED, {"ids": [row.id for row in rows]})


def _write_head(
    session: Session, old_size: int, entries: Sequence[Sequenced], *, keys: LogKeys, now: datetime, day: date
) -> None:
    appended = append(
        old_size,
        [leaf_hash(entry.leaf) for entry in entries],
        lambda level, index, width: read_tile(session, level, index, width),
    )
    _upsert_tiles(session, appended.tiles)
    values = {
        "size": appended.size,
        "root": appended.root,
        "day": day,
        "checkpoint": sign_checkpoint(
            Checkpoint(keys.origin, appended.size, appended.root),
            ed25519=keys.ed25519,
            ml_dsa=keys.ml_dsa,
            seconds=int(now.timestamp()),
        ),
    }
    if old_size == 0:
        session.execute(insert(_HEAD), {"id": 1, **values})
        return
    moved = session.execute(_MOVED, {"old_size": old_size, **values})
    if moved.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has a row count
        raise ConflictError("The head moved while it was being extended.", code="head-moved")


def _upsert_tiles(session: Session, tiles: dict[tuple[int, int], bytes]) -> None:
    session.execute(
        _UPSERT_TILE[session.get_bind().dialect.name],
        [
            {"level": level, "index": index, "hashes": hashes}
            for (level, index), hashes in sorted(tiles.items())
        ],
    )


def read_tile(session: Session, level: int, index: int, width: int) -> bytes:
    """Read the first ``width`` hashes of a tile: ``width * 32`` bytes, ``core.tlog.tile.ReadTile``'s shape.

    Raises:
        MalformedError: The database holds fewer; it has been damaged.
    """
    hashes: bytes | None = session.scalar(_HASHES, {"level": level, "index": index})
    if hashes is None or len(hashes) < width * 32:
        raise MalformedError(f"tile {level}/{index} of the log is missing or cut off", code="damaged-log")
    return hashes[: width * 32]
