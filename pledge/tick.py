"""What needs a clock: lapses, reminders, expired links. Idempotent; a missed day is caught up."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledge.core import atrest
from pledge.db.upkeep import tidy
from pledge.errors import PledgeError
from pledge.instance import Instance
from pledge.mail import budgets
from pledge.mail.service import Mail
from pledge.pledges import links, projection
from pledge.pledges.contacts import drop_reminder
from pledge.pledges.models import Contact, ReceiptLink, Signing
from pledge.tallies import service as tallies
from pledge.tallies.models import TalliedDay

_MAX_IN_A_ROW = 20  # a mail server that takes none of so many takes none today
_REMINDER = """\
You asked to be reminded: what you signed at {url} stands until {until}.

To renew it, or to let it end, begin here:
{page}

If you do nothing, it lapses on that day. This address is erased with this mail.
"""


def tick_if_due(instance: Instance) -> Sequence[str]:
    """Run the day's work unless another process has begun it; cheap to ask. What it left undone, the next day does."""
    today = instance.clock().date()
    with instance.database.reading() as session:
        has_expired = links.has_expired(session, instance.clock())
        done = session.scalar(select(TalliedDay.day))
    if has_expired:
        instance.log.run(lambda session: links.drop_expired(session, instance.clock()))
    if done == today or (done is not None and today > done + tallies.MAX_AHEAD):
        return []  # a clock that is far ahead lapses nobody; `pledge tick` is how the operator says that it is right
    begun = instance.log.run(lambda session: _begin_day(session, today))
    return _finish_day(instance, begun.lapsed) if begun.is_first else []


def tick(instance: Instance) -> Sequence[str]:
    """Do what the day asks for, whether or not it was done before, and say what was done."""
    today = instance.clock().date()
    return _finish_day(instance, instance.log.run(lambda session: _begin_day(session, today)).lapsed)


class _Begun(NamedTuple):
    is_first: bool
    lapsed: int


def _begin_day(session: Session, today: date) -> _Begun:
    """Count lapses and say so in one transaction: the counts never show a day's lapses under another day."""
    is_first = session.scalar(select(TalliedDay.day)) != today
    lapsed = 0
    while changes := projection.lapse(session, today):
        tallies.apply_changes(session, changes)
        lapsed += sum(change for cell, change in changes if cell.status == "lapsed")
        session.flush()
    tallies.set_day(session, today)
    return _Begun(is_first, lapsed)


def _finish_day(instance: Instance, lapsed: int) -> Sequence[str]:
    now = instance.clock()
    instance.log.run(lambda session: _forget(session, now))
    instance.outbox.forget(now - links.LIFE)
    reminded, failed = _remind_all(instance)
    tidy(instance.database)
    instance.log.ask_witnesses()
    not_reached = f", {failed} not reached" if failed else ""
    return [f"{now.date()}: {lapsed} lapsed, {reminded} reminded{not_reached}"]


def _forget(session: Session, now: datetime) -> None:
    links.drop_expired(session, now)
    budgets.drop_old_windows(session, now)
    session.execute(delete(ReceiptLink).where(ReceiptLink.expires < now.date()))


def _remind_all(instance: Instance) -> tuple[int, int]:
    """Send the reminders that are due; each address is erased once its mail is on the way.

    One that cannot be sent keeps nobody else waiting. It is tried again each day, until the signing lapses.

    Returns:
        How many were sent, and how many could not be.
    """
    today = instance.clock().date()
    reminded = failed = in_a_row = 0
    last = b""
    while in_a_row < _MAX_IN_A_ROW and (due := _next_due(instance, today, after=last)):
        signing, address = due
        last = signing.sha256
        if signing.status == "current":
            try:
                _remind(instance, signing, address)
            except PledgeError:
                failed += 1
                in_a_row += 1
                continue
            reminded += 1
            in_a_row = 0
        instance.log.run(partial(drop_reminder, sha256=last))
    return reminded, failed


def _next_due(instance: Instance, today: date, *, after: bytes) -> tuple[Signing, bytes] | None:
    with instance.database.reading() as session:
        row = session.execute(
            select(Signing, Contact.address)
            .join(Contact, Signing.sha256 == Contact.sha256)
            .where(Contact.purpose == "reminder", Contact.due <= today, Contact.sha256 > after)
            .order_by(Contact.sha256)
            .limit(1)
        ).one_or_none()
    return None if row is None else (row[0], row[1])


def _remind(instance: Instance, signing: Signing, address: bytes) -> None:
    text = _REMINDER.format(
        url=instance.config.url,
        until=signing.until.isoformat(),
        page=f"{instance.config.url}/signatories/{signing.public_id}/change",
    )
    to = atrest.decrypt(instance.keys.contacts, address, context="contact/reminder").decode()
    instance.outbox.send(Mail(to, "A reminder you asked for", text), now=instance.clock())
