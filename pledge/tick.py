"""What needs a clock: lapses, reminders, expired links. Idempotent; a day missed or cut off is caught up."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from pledge.accounts import sessions
from pledge.core import atrest
from pledge.db.upkeep import tidy
from pledge.errors import PledgeError, noop
from pledge.following import followers, letters
from pledge.instance import Instance
from pledge.mail import budgets
from pledge.mail.service import Mail
from pledge.pledges import links, projection
from pledge.pledges.contacts import drop_reminder
from pledge.pledges.models import Contact, ReceiptLink, Signing
from pledge.tallies import service as tallies
from pledge.tallies.models import TalliedDay
from pledge.tips import upkeep
from pledge.tips.taking import open_store
from pledge.web.strings import gettext

_MAX_IN_A_ROW = 20  # a mail server that takes none of so many takes none today
_REMINDER = noop("""\
You asked to be reminded: what you signed at %(url)s stands until %(until)s.

To renew it, or to let it end, begin here:
%(page)s

If you do nothing, it lapses on that day. This address is erased with this mail.
""")


def tick_if_due(instance: Instance) -> Sequence[str]:
    """Run the day's work unless it is done; cheap to ask. What somebody began and left undone stays due."""
    now = instance.clock()
    today = now.date()
    with instance.database.reading() as session:
        has_expired = links.has_expired(session, now)
        counted = session.scalar(select(TalliedDay.day))
        has_reminders = session.scalar(select(exists().where(*_due(today))))
        has_tips = upkeep.is_due(session, today)
        has_letters = counted == today and letters.is_due(session, today)
        has_followers_to_drop = followers.has_expired(session, now)
    if has_expired:
        instance.log.run(lambda session: links.drop_expired(session, now))
    if has_followers_to_drop:
        instance.log.run(lambda session: followers.drop_expired(session, now))
    if has_letters:  # what the hour's budget left
        letters.send_due(instance)
    if counted is not None and today > counted + tallies.MAX_AHEAD:
        return []  # a clock that is far ahead lapses nobody; `pledge tick` is how the operator says that it is right
    return tick(instance) if counted != today or has_reminders or has_tips else []


def tick(instance: Instance) -> Sequence[str]:
    """Do what the day asks for, whether or not it was done before, and say what was done."""
    now = instance.clock()
    instance.outbox.forget(now - links.LIFE)  # before the day is begun, or a process that dies would leave it
    lapsed = instance.log.run(lambda session: _begin_day(session, now))
    settled, deleted = upkeep.tend(instance, open_store(instance))
    reminded, failed = _remind_all(instance, now.date())
    told, untold = letters.send_due(instance)
    failed += untold
    tidy(instance.database)
    instance.log.ask_witnesses()
    not_reached = f", {failed} not reached" if failed else ""
    tips = f", {settled} messages settled, {deleted} deleted" if settled or deleted else ""
    sent = f", {told} letters" if told else ""
    return [f"{now.date()}: {lapsed} lapsed, {reminded} reminded{sent}{not_reached}{tips}"]


def _begin_day(session: Session, now: datetime) -> int:
    """Forget, and count lapses, and say that the day is counted, in one transaction; gives how many lapsed.

    So the counts never show a day's lapses under another day, and no day is begun on which nothing was forgotten.
    """
    links.drop_expired(session, now)
    followers.drop_expired(session, now)
    sessions.drop_expired(session, now)
    budgets.drop_old_windows(session, now)
    session.execute(delete(ReceiptLink).where(ReceiptLink.expires < now.date()))
    lapsed = 0
    while steps := projection.lapse(session, now.date()):
        tallies.apply_steps(session, steps)
        lapsed += sum(step.change for step in steps if step.cell.status == "lapsed")
        session.flush()
    tallies.set_day(session, now.date())
    return lapsed


def _remind_all(instance: Instance, today: date) -> tuple[int, int]:
    """Send the reminders that are due; each address is erased once its mail is on the way.

    One that cannot be sent keeps nobody else waiting. It is tried again each day, until the signing lapses.

    Returns:
        How many were sent, and how many could not be.
    """
    reminded = failed = in_a_row = 0
    while in_a_row < _MAX_IN_A_ROW and (due := instance.log.run(partial(_take_next, today=today))):
        signing, address = due
        if signing.status == "current":
            try:
                _remind(instance, signing, address)
            except PledgeError:
                failed += 1
                in_a_row += 1
                continue
            reminded += 1
            in_a_row = 0
        instance.log.run(partial(drop_reminder, sha256=signing.sha256))
    if in_a_row == _MAX_IN_A_ROW:
        instance.log.run(lambda session: _put_off(session, today, *_due(today)))
    return reminded, failed


def _due(today: date) -> tuple[ColumnElement[bool], ...]:
    return Contact.purpose == "reminder", Contact.due <= today


def _take_next(session: Session, *, today: date) -> tuple[Signing, bytes] | None:
    """Give a reminder that is due, and put it off by a day, so that nobody else sends it on this one."""
    row = session.execute(
        select(Signing, Contact.address)
        .join(Contact, Signing.sha256 == Contact.sha256)
        .where(*_due(today))
        .order_by(Contact.sha256)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    _put_off(session, today, *_due(today), Contact.sha256 == row[0].sha256)
    return row[0], row[1]


def _put_off(session: Session, today: date, *which: ColumnElement[bool]) -> None:
    session.execute(update(Contact).where(*which).values(due=today + timedelta(days=1)))


def _remind(instance: Instance, signing: Signing, address: bytes) -> None:
    text = gettext(
        _REMINDER,
        url=instance.config.url,
        until=signing.until.isoformat(),
        page=f"{instance.config.url}/signatories/{signing.public_id}/change",
    )
    to = atrest.decrypt(instance.keys.contacts, address, context="contact/reminder").decode()
    instance.outbox.send(Mail(to, gettext("A reminder you asked for"), text), now=instance.clock())
