"""What the tip line forgets, and what it commits to, once a day. Idempotent; days that were missed are caught up.

The nightly pass takes all that came before today and is not settled: it commits to it in the log, and puts its rows
and files in random order, with no time but the day. Then it deletes what has had its time.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import ColumnElement, Table, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from pledge.accounts.keys import stewards_are_enough
from pledge.core.tip.digest import Leaf
from pledge.db import Database, table_of
from pledge.instance import Instance
from pledge.log.notary import RandomBytes
from pledge.tips.digests import DUMMY_DAYS, add_digest
from pledge.tips.models import Budget, Digest, Dummy, Message, Thread
from pledge.tips.store import Store

T = TypeVar("T")

"""For so long stewards can account for a digest: more than twice as long as a tip is kept."""

_THREAD, _MESSAGE = table_of(Thread), table_of(Message)


def tend(instance: Instance, store: Store) -> tuple[int, int]:
    """Do what the day asks for; gives how many messages were settled, and how many threads were deleted."""
    today = instance.clock().date()
    gone = delete_at_once(instance.database, store, partial(_delete_expired, today=today))
    with instance.database.reading() as session:
        known = session.scalars(select(Message.id).where(Message.content.is_(None))).all()
    store.sweep(known)
    unsettled = _shuffled(_unsettled(instance, today), instance.random_bytes)
    for message_id, day in unsettled:
        store.rewrite(message_id, day)
    with instance.database.reading() as session:
        there = set(session.scalars(select(Message.id)))
    store.remove(message_id for message_id, _ in unsettled if message_id not in there)  # burned meanwhile
    settled = instance.log.run(partial(_settle, instance=instance, today=today))
    return settled, gone


def delete_at_once(database: Database, store: Store, work: Callable[[Session], Sequence[bytes]]) -> int:
    """Delete rows and then their files, whether or not the log can be extended; gives how many messages they were."""
    with database.writing() as session:
        gone = work(session)
        session.commit()
    store.remove(gone)
    return len(gone)


def is_due(session: Session, today: date) -> bool:
    """Tell whether the day's work is to do: something has had its time, or there is no digest yet, and should be."""
    if session.scalar(select(exists().where(Thread.expires <= today))):
        return True
    if session.scalar(select(exists().where(Digest.day == today))):
        return False  # what came late for it, around midnight, waits for tomorrow's
    waits = session.scalar(select(exists().where(Message.settled.is_(None), Message.day < today)))
    return waits or stewards_are_enough(session, today)


def burn(session: Session, mailbox: str) -> Sequence[bytes]:
    """Delete a thread, if there is one; gives its messages, whose files are to be removed."""
    return _delete(session, Thread.mailbox == mailbox)


def _unsettled(instance: Instance, today: date) -> list[tuple[bytes, date]]:
    with instance.database.reading() as session:
        rows = session.execute(
            select(Message.id, Message.day).where(Message.settled.is_(None), Message.day < today)
        )
        return [(message_id, day) for message_id, day in rows]


def _settle(session: Session, *, instance: Instance, today: date) -> int:
    """Commit to what came before today, and write its rows anew in random order."""
    waiting = Message.settled.is_(None), Message.day < today
    rows = session.execute(
        select(Message.id, Message.thread, Message.number, Message.leaf).where(*waiting)
    ).all()
    has_digest = session.scalar(select(exists().where(Digest.day == today)))
    if has_digest or not (rows or stewards_are_enough(session, today)):
        return 0
    leaves = [Leaf(row.leaf) for row in rows if row.leaf is not None]
    add_digest(session, leaves, day=today, notary=instance.notary, random_bytes=instance.random_bytes)
    session.execute(update(_MESSAGE).where(*waiting).values(settled=today))
    _rewrite(session, _THREAD, [row.thread for row in rows if row.number == 1], instance.random_bytes)
    _rewrite(session, _MESSAGE, [row.id for row in rows], instance.random_bytes)
    return len(rows)


def _rewrite(session: Session, table: Table, ids: Sequence[bytes], random_bytes: RandomBytes) -> None:
    """Take rows out and put them in again in random order, so that the table does not tell in which they came."""
    for row_id in _shuffled(ids, random_bytes):
        row = session.execute(select(table).where(table.c.id == row_id)).mappings().one()
        session.execute(delete(table).where(table.c.id == row_id))
        session.execute(insert(table), dict(row))


def _shuffled(items: Sequence[T], random_bytes: RandomBytes) -> list[T]:
    return sorted(items, key=lambda _: random_bytes(16))


def _delete_expired(session: Session, *, today: date) -> Sequence[bytes]:
    session.execute(delete(Budget).where(Budget.hour < today.isoformat()))
    session.execute(delete(Dummy).where(Dummy.day < today - timedelta(days=DUMMY_DAYS)))
    return _delete(session, Thread.expires <= today)


def _delete(session: Session, which: ColumnElement[bool]) -> Sequence[bytes]:
    threads = select(Thread.id).where(which)
    gone = session.scalars(select(Message.id).where(Message.thread.in_(threads))).all()
    session.execute(delete(Message).where(Message.thread.in_(threads)))
    session.execute(delete(Thread).where(which))
    return gone
