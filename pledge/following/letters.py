"""The letter of each month: what happened in it, to who asked for that and confirmed; none where nothing happened.

A letter is marked as told before it is sent, so that none goes out twice, whoever sends beside us and wherever a
process dies. Where the mail server does not take it, the mark is taken back, and it is tried again the next day.
"""

from datetime import date, timedelta
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledge.errors import LimitError, PledgeError, noop
from pledge.following import events
from pledge.following.followers import next_month, read_address, stop_path
from pledge.following.models import Follower
from pledge.instance import Instance
from pledge.mail import budgets
from pledge.mail.service import Mail
from pledge.web.strings import day_in_words, gettext, ngettext

_MAX_IN_A_ROW = 20  # a mail server that takes none of so many takes none today
_MAX_EVENTS: Final = 100
_END: Final = noop("""
--
You asked for this letter at %(url)s/follow
To end it, and have your address erased: %(stop)s
""")


class Due(NamedTuple):
    """A letter that is to be sent: to whom, and the days it tells of, both included."""

    follower: Follower
    first: date
    last: date


def is_due(session: Session, today: date) -> bool:
    """Whether anybody waits for a letter."""
    return session.scalar(select(Follower.id).where(Follower.due <= today).limit(1)) is not None


def send_due(instance: Instance) -> tuple[int, int]:
    """Send the letters that are due, as many as the hour's budget allows; the rest waits for the next call.

    Returns:
        How many were sent, and how many the mail server did not take.
    """
    today, sent, failed, in_a_row = instance.clock().date(), 0, 0, 0
    write = _Writer(instance)
    while in_a_row < _MAX_IN_A_ROW and (due := _take_next(instance, today)):
        told = write(due)
        if told is None:
            continue
        try:
            if _spend(instance, due):
                instance.outbox.send(_letter(instance, due, told), now=instance.clock())
                sent, in_a_row = sent + 1, 0
            else:
                _give_back(instance, due, on=today + timedelta(days=1))
        except LimitError:
            _give_back(instance, due, on=today)
            break
        except PledgeError:
            _give_back(instance, due, on=today + timedelta(days=1))
            failed, in_a_row = failed + 1, in_a_row + 1
    if in_a_row == _MAX_IN_A_ROW:
        _put_off(instance, today)
    return sent, failed


class _Writer:
    """Writes what happened, once for all who follow the same."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._written: dict[tuple[str, date, date], str | None] = {}

    def __call__(self, due: Due) -> str | None:
        key = (due.follower.topic, due.first, due.last)
        if key not in self._written:
            with self._instance.database.reading() as session:
                self._written[key] = tell(session, *key, url=self._instance.config.url)
        return self._written[key]


def tell(session: Session, topic: str, first: date, last: date, *, url: str) -> str | None:
    """Write what happened to a topic from one day to another, both included; None where nothing did."""
    found = events.between(session, topic, first, last)
    if not found:
        return None
    shown, more = found[:_MAX_EVENTS], len(found) - _MAX_EVENTS
    parts = [
        "\n".join([event.title, *(f"  {line}" for line in event.lines), f"  {url}{event.path}"])
        for event in shown
    ]
    if more > 0:
        parts.append(
            ngettext("And one more: %(url)s", "And %(num)s more: %(url)s", more, url=f"{url}/follow")
        )
    return "\n\n".join(parts) + "\n"


def _take_next(instance: Instance, today: date) -> Due | None:
    return instance.log.run(partial(_take, today=today))


def _take(session: Session, *, today: date) -> Due | None:
    """Give a letter that is due, and mark it as told, so that nobody else sends it."""
    follower = session.scalar(select(Follower).where(Follower.due <= today).order_by(Follower.id).limit(1))
    if follower is None or follower.told is None:
        return None
    month = today.replace(day=1)
    due = Due(follower, follower.told + timedelta(days=1), month - timedelta(days=1))
    follower.told, follower.due = due.last, next_month(month)
    session.flush()
    session.expunge(follower)
    return due


def _give_back(instance: Instance, due: Due, *, on: date) -> None:
    back = update(Follower).where(Follower.id == due.follower.id)
    instance.log.run(lambda session: session.execute(back.values(told=due.first - timedelta(days=1), due=on)))


def _put_off(instance: Instance, today: date) -> None:
    later = update(Follower).where(Follower.due <= today).values(due=today + timedelta(days=1))
    instance.log.run(lambda session: session.execute(later))


def _spend(instance: Instance, due: Due) -> bool:
    """Count a letter against the budgets of the hour and of its address; tell whether it may go today.

    Raises:
        LimitError: The hour's is used up.
    """
    return instance.log.run(
        partial(
            budgets.spend,
            key=instance.keys.seat,
            purpose="letter",
            address=read_address(due.follower, instance.keys.contacts),
            now=instance.clock(),
            per_address_day=instance.config.mails_per_address,
            per_site_hour=instance.config.mails_per_hour,
        ),
    )


def _letter(instance: Instance, due: Due, told: str) -> Mail:
    url = instance.config.url
    stop = url + stop_path(instance.keys.contacts, due.follower.id)
    subject = _subject(due.first, due.last)
    to = read_address(due.follower, instance.keys.contacts)
    return Mail(to, subject, told + gettext(_END, url=url, stop=stop), stop)


def _subject(first: date, last: date) -> str:
    begin, end = (day_in_words(day, "MMMM y") for day in (first, last))
    if begin == end:
        return gettext("What happened in %(month)s", month=end)
    return gettext("What happened from %(first)s to %(last)s", first=begin, last=end)
