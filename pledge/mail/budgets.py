"""How many mails may go out: per address and day, and for the whole site per hour.

Addresses are counted as an HMAC under the seat key, so the table names nobody; windows are dropped when they end.
"""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from pledge.db import table_of, upserts
from pledge.errors import LimitError
from pledge.mail.models import MailBudget

_COUNTED = select(MailBudget.count).where(
    MailBudget.key == bindparam("key"), MailBudget.window == bindparam("window")
)
_STORE = upserts(table_of(MailBudget), "key", "window")

Purpose = Literal["sign", "change", "follow", "letter", "subscribe", "renew"]
"""Each has budgets of its own: whoever uses up one cannot keep people from withdrawing or erasing."""


def spend(
    session: Session,
    *,
    key: bytes,
    purpose: Purpose,
    address: str,
    now: datetime,
    per_address_day: int,
    per_site_hour: int,
) -> bool:
    """Count one mail, and tell whether it may go to this address.

    Where it may not, pages say what they always say: how often an address was written to is nobody's business.

    Args:
        session: A writing session, of which there is one at a time; the caller commits.
        key: The instance's seat key.
        purpose: What the mail is for.
        address: The canonical address.
        now: The time, in any zone.
        per_address_day: Mails that one address may get a day.
        per_site_hour: Mails that the site may send an hour.

    Raises:
        LimitError: The site's budget is used up; nothing is sent to anybody.
    """
    now = now.astimezone(UTC)
    day, hour = f"{now:%Y-%m-%d}", f"{now:%Y-%m-%dT%H}"
    site = hashlib.sha256(f"site\n{purpose}".encode()).digest()
    hashed = hmac.digest(key, f"pledge/mail-budget/v1\n{purpose}\n{address}".encode(), hashlib.sha256)
    of_site, of_address = _read(session, site, hour), _read(session, hashed, day)
    if of_site >= per_site_hour:
        raise LimitError(
            "The site has sent as many mails as it may in an hour. Try again in an hour.", code="mail-site"
        )
    if of_address >= per_address_day:
        return False
    session.execute(
        _STORE[session.get_bind().dialect.name],
        [
            {"key": site, "window": hour, "count": of_site + 1},
            {"key": hashed, "window": day, "count": of_address + 1},
        ],
    )
    return True


def drop_old_windows(session: Session, now: datetime) -> None:
    """Forget all windows before today."""
    session.execute(delete(MailBudget).where(MailBudget.window < f"{now.astimezone(UTC):%Y-%m-%d}"))


def _read(session: Session, key: bytes, window: str) -> int:
    return session.scalar(_COUNTED, {"key": key, "window": window}) or 0
