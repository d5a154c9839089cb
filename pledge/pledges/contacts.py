"""Addresses that people asked us to keep, encrypted, for one reminder or for news; erased when not needed.

Each mail of news carries a link that stops them. Its token is an HMAC of the signing under the key of the addresses, so
that nothing more has to be kept.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from pledge.errors import NotFoundError
from pledge.pledges.models import Contact

REMINDER_BEFORE = timedelta(days=14)


def keep_contacts(session: Session, sha256: bytes, contacts: Mapping[str, bytes], *, until: date) -> None:
    """Keep encrypted addresses for a new signing.

    Args:
        session: Writes.
        sha256: The signing.
        contacts: By purpose, ``reminder`` or ``news``.
        until: The last day on which the signing is current.
    """
    for purpose, address in contacts.items():
        due = until - REMINDER_BEFORE if purpose == "reminder" else None
        session.execute(
            insert(Contact), {"sha256": sha256, "purpose": purpose, "address": address, "due": due}
        )


def move_reminder(session: Session, sha256: bytes, *, until: date) -> None:
    """Put the reminder off, because the signing was renewed."""
    session.execute(
        update(Contact)
        .where(Contact.sha256 == sha256, Contact.purpose == "reminder")
        .values(due=until - REMINDER_BEFORE)
    )


def stop_token(key: bytes, sha256: bytes) -> str:
    """Give the token of the link that stops the news for a signing, 64 hex digits.

    Args:
        key: The key under which addresses are encrypted.
        sha256: The signing.
    """
    return hmac.digest(key, b"pledge/stop-news/v1\n" + sha256, hashlib.sha256).hex()


def stop_news(session: Session, sha256: bytes, token: str, *, key: bytes) -> None:
    """Erase the address that is kept for news.

    Raises:
        NotFoundError: The token is not of this signing.
    """
    check_stop(sha256, token, key=key)
    session.execute(delete(Contact).where(Contact.sha256 == sha256, Contact.purpose == "news"))


def check_stop(sha256: bytes, token: str, *, key: bytes) -> None:
    """Check the token of a link that stops news.

    Raises:
        NotFoundError: It is not of this signing.
    """
    if not hmac.compare_digest(stop_token(key, sha256).encode(), token.encode()):
        raise NotFoundError("There is nothing here to stop.")


def has_contacts(session: Session, hashes: Sequence[bytes]) -> bool:
    """Whether an address is kept for any of these signings."""
    return session.scalar(select(Contact.sha256).where(Contact.sha256.in_(hashes)).limit(1)) is not None


def next_for_news(session: Session, *, after: bytes) -> tuple[bytes, bytes] | None:
    """Give the next signing by hash that has an address for news, with that address, encrypted; None after the last."""
    row = session.execute(
        select(Contact.sha256, Contact.address)
        .where(Contact.purpose == "news", Contact.sha256 > after)
        .order_by(Contact.sha256)
        .limit(1)
    ).one_or_none()
    return None if row is None else (row.sha256, row.address)


def drop_reminder(session: Session, sha256: bytes) -> None:
    """Erase the address of a reminder that was sent, or is not needed any more."""
    session.execute(delete(Contact).where(Contact.sha256 == sha256, Contact.purpose == "reminder"))


def drop_contacts(session: Session, sha256: bytes) -> None:
    """Erase the addresses kept for a signing, because it was withdrawn or its owner asked."""
    session.execute(delete(Contact).where(Contact.sha256 == sha256))
