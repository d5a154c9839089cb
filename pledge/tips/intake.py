"""Taking envelopes in: tips, follow-ups and answers, each into its place in a thread, and acknowledged.

Tips that come at the same time share their statements and one write to the disk. What came before, byte for byte, gets
the same answer again: an answer that was lost on the way is no reason to send anything else.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from pledge.accounts.keys import stewards_are_enough
from pledge.core.pow import Work, is_stamp
from pledge.core.tip.acknowledgement import sign_acknowledgement
from pledge.core.tip.mailbox import mailbox_id
from pledge.core.tip.message import MAX_NUMBER
from pledge.db import table_of, upserts
from pledge.errors import ConflictError, LimitError, NotFoundError, UnavailableError, noop
from pledge.log.notary import Notary
from pledge.tips.models import Budget, Message, Thread
from pledge.tips.store import Received

LEAST_DAYS, MOST_DAYS = 30, 44
FOLLOW_UPS_A_DAY = 20
CLOSED = noop("Messages cannot be taken yet: there are too few people to read them. Come back later.")

Way = Literal["sealed", "by-server"]

_THREAD, _MESSAGE = table_of(Thread), table_of(Message)
_COUNT = upserts(table_of(Budget), "hour")


class Arrival(NamedTuple):
    """An envelope that has come from a source, and where it belongs.

    Attributes:
        mailbox_key: Public, 32 bytes.
        leaf: What stands for it in the digest, 32 bytes.
        received: The envelope.
        way: Where it was sealed.
        is_stamped: Whether it bears proof of work.
        now: When it came; only the day is kept, and for the day's budget the hour.
        per_hour: How many without proof of work the whole site takes an hour.
        expires: When the thread goes, if nothing else comes.
        thread_id: 16 random bytes.
    """

    mailbox_key: bytes
    leaf: bytes
    received: Received
    way: Way
    is_stamped: bool
    now: datetime
    per_hour: int
    expires: date
    thread_id: bytes


def check_open(session: Session, day: date) -> None:
    """Check that there are stewards enough to read what comes.

    Raises:
        UnavailableError: There are not.
    """
    if not stewards_are_enough(session, day):
        raise UnavailableError(CLOSED, code="tips-closed")


def is_stamped(stamp: bytes, *, origin: str, mailbox_key: bytes, leaf: bytes, today: date) -> bool:
    """Tell whether a stamp is proof of work for an envelope of today or yesterday."""
    days = (today, today - timedelta(days=1))
    return any(is_stamp(Work(origin, day, mailbox_key, leaf), stamp) for day in days)


def draw_expiry(day: date, random_bytes: Callable[[int], bytes]) -> date:
    """Draw when a thread goes that moves on a day: 37 days later, a week more or less, each as likely."""
    drawn = int.from_bytes(random_bytes(8), "big") % (MOST_DAYS - LEAST_DAYS + 1)
    return day + timedelta(days=LEAST_DAYS + drawn)


def take_tips(session: Session, arrivals: Sequence[Arrival]) -> list[date]:
    """Open a thread for each tip; gives the day on which each came, for the first time.

    Raises:
        UnavailableError: Tips are closed.
        ConflictError: A mailbox has a thread already, with another tip.
        LimitError: The hour's budget of tips without proof of work is used up.
    """
    check_open(session, arrivals[0].now.date())
    known = _known_tips(session, [mailbox_id(arrival.mailbox_key) for arrival in arrivals])
    new = [arrival for arrival in arrivals if mailbox_id(arrival.mailbox_key) not in known]
    for arrival in arrivals:
        sha256, _ = known.get(mailbox_id(arrival.mailbox_key), (arrival.received.sha256, None))
        if sha256 != arrival.received.sha256:
            raise ConflictError(
                "These words have a message here already. Draw new ones.", code="mailbox-taken"
            )
    _spend(session, [arrival for arrival in new if not arrival.is_stamped])
    if new:
        session.execute(insert(_THREAD), [_thread_row(arrival) for arrival in new])
        session.execute(
            insert(_MESSAGE),
            [_source_row(arrival, arrival.thread_id, 1) | {"sender": "source"} for arrival in new],
        )
    return [known.get(mailbox_id(arrival.mailbox_key), (b"", arrival.now.date()))[1] for arrival in arrivals]


def find_thread(session: Session, mailbox_key: bytes) -> Thread:
    """Give the thread of a mailbox.

    Raises:
        NotFoundError: There is none.
    """
    thread = session.scalar(select(Thread).where(Thread.mailbox == mailbox_id(mailbox_key)))
    if thread is None:
        raise NotFoundError("There is no thread here to add to.")
    return thread


def take_follow_up(session: Session, arrival: Arrival, number: int) -> date:
    """Add a source's further message to its thread; gives the day on which it came, for the first time.

    Raises:
        NotFoundError: There is no such thread.
        ConflictError: Something else has this number, or it is not the next.
        LimitError: Too many came today.
    """
    thread = find_thread(session, arrival.mailbox_key)
    before = _at(session, thread.id, number)
    if before is not None and before.sha256 == arrival.received.sha256:
        return before.day
    today = arrival.now.date()
    came = session.scalar(
        select(func.count()).where(
            Message.thread == thread.id,
            Message.sender == "source",
            Message.number > 1,
            Message.day == today,
        )
    )
    if (came or 0) >= FOLLOW_UPS_A_DAY:
        raise LimitError("This is enough for one day. Come back tomorrow.", code="follow-ups")
    _add(session, thread.id, number, _source_row(arrival, thread.id, number) | {"sender": "source"})
    _move(session, thread.id, today, arrival.expires)
    return today


def take_answer(
    session: Session, thread_id: bytes, number: int, received: Received, *, day: date, expires: date
) -> bytes:
    """Add a steward's answer to a thread; gives its id, that of its first copy where it came before.

    Raises:
        NotFoundError: The thread is gone.
        ConflictError: Something else has this number, or it is not the next.
    """
    if session.get(Thread, thread_id) is None:
        raise NotFoundError("This thread is gone.")
    before = _at(session, thread_id, number)
    if before is not None and before.sha256 == received.sha256:
        return before.id
    row = _row(received, thread_id, number, way="sealed", day=day)
    _add(session, thread_id, number, row | {"sender": "steward", "leaf": None})
    _move(session, thread_id, day, expires)
    return received.id


def acknowledge(notary: Notary, *, day: date, sha256: bytes) -> bytes:
    """Write the notary's word that an envelope came on a day."""
    return sign_acknowledgement(notary.key, origin=notary.origin, day=day, envelope_sha256=sha256.hex())


def _known_tips(session: Session, mailboxes: Sequence[str]) -> dict[str, tuple[bytes, date]]:
    """Give the hash and day of the tips of mailboxes that have one."""
    rows = session.execute(
        select(Thread.mailbox, Message.sha256, Message.day)
        .join(Message, Message.thread == Thread.id)
        .where(Thread.mailbox.in_(mailboxes), Message.number == 1)
    )
    return {mailbox: (sha256, day) for mailbox, sha256, day in rows}


def _spend(session: Session, arrivals: Sequence[Arrival]) -> None:
    if not arrivals:
        return
    hour = f"{arrivals[0].now.astimezone(UTC):%Y-%m-%dT%H}"
    count = (session.scalar(select(Budget.count).where(Budget.hour == hour)) or 0) + len(arrivals)
    if count > arrivals[0].per_hour:
        raise LimitError(
            "Too many messages came in this hour. Nothing was kept. Wait an hour; or switch scripts on, or seal it "
            "offline: what brings proof of work is always taken.",
            code="tips-per-hour",
        )
    session.execute(_COUNT[session.get_bind().dialect.name], {"hour": hour, "count": count})


def _add(session: Session, thread_id: bytes, number: int, row: dict[str, object]) -> None:
    last = session.scalar(select(func.max(Message.number)).where(Message.thread == thread_id)) or 0
    if number != last + 1 or number > MAX_NUMBER:
        raise ConflictError(
            "Something else has come into this thread meanwhile. Load it again.", code="number-taken"
        )
    session.execute(insert(_MESSAGE), row)


def _at(session: Session, thread_id: bytes, number: int) -> Message | None:
    if number > MAX_NUMBER:
        return None  # nor would it fit a column
    return session.scalar(select(Message).where(Message.thread == thread_id, Message.number == number))


def _move(session: Session, thread_id: bytes, day: date, expires: date) -> None:
    session.execute(
        update(_THREAD).where(_THREAD.c.id == thread_id).values(moved=day, expires=expires, state="open")
    )


def _thread_row(arrival: Arrival) -> dict[str, object]:
    day = arrival.now.date()
    return {
        "id": arrival.thread_id,
        "mailbox": mailbox_id(arrival.mailbox_key),
        "mailbox_key": arrival.mailbox_key,
        "opened": day,
        "moved": day,
        "expires": arrival.expires,
        "state": "open",
        "label": "new",
        "assigned": None,
    }


def _source_row(arrival: Arrival, thread_id: bytes, number: int) -> dict[str, object]:
    row = _row(arrival.received, thread_id, number, way=arrival.way, day=arrival.now.date())
    return row | {"leaf": arrival.leaf}


def _row(received: Received, thread_id: bytes, number: int, *, way: Way, day: date) -> dict[str, object]:
    return {
        "id": received.id,
        "thread": thread_id,
        "number": number,
        "way": way,
        "sha256": received.sha256,
        "size_bytes": received.size_bytes,
        "day": day,
        "settled": None,
        "content": received.content,
    }
