"""How many mails may go out: per address and day, and for the whole site per hour.

Addresses are counted as an HMAC under the seat key, so the table names nobody; windows are dropped when they end.
"""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledge.errors import LimitError
from pledge.mail.models import MailBudget

Purpose = Literal["sign", "change"]
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
) -> None:
    """Count one mail.

    Args:
        session: A writing session; the caller commits.
        key: The instance's seat key.
        purpose: What the mail is for.
        address: The canonical address.
        now: The time, in any zone.
        per_address_day: Mails that one address may get a day.
        per_site_hour: Mails that the site may send an hour.

    Raises:
        LimitError: A budget is used up; nothing is sent.
    """
    now = now.astimezone(UTC)
    hashed = hmac.digest(key, f"pledge/mail-budget/v1\n{purpose}\n{address}".encode(), hashlib.sha256)
    if _count(session, hashed, f"{now:%Y-%m-%d}") > per_address_day:
        raise LimitError(
            "This address has been sent as many mails as we send to one address in a day. Try again tomorrow.",
            code="mail-address",
        )
    if (
        _count(session, hashlib.sha256(f"site\n{purpose}".encode()).digest(), f"{now:%Y-%m-%dT%H}")
        > per_site_hour
    ):
        raise LimitError(
            "The site has sent as many mails as it may in an hour. Try again in an hour.", code="mail-site"
        )


def drop_old_windows(session: Session, now: datetime) -> None:
    """Forget all windows before today."""
    session.execute(delete(MailBudget).where(MailBudget.window < f"{now.astimezone(UTC):%Y-%m-%d}"))


def _count(session: Session, key: bytes, window: str) -> int:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(MailBudget).values(key=key, window=window, count=1)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["key", "window"], set_={"count": MailBudget.count + 1}
        )
    )
    return session.scalars(
        select(MailBudget.count).where(MailBudget.key == key, MailBudget.window == window)
    ).one()
