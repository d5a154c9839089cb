"""Addresses that people asked us to keep, encrypted, for one reminder or for news; erased when not needed."""

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

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


def drop_reminder(session: Session, sha256: bytes) -> None:
    """Erase the address of a reminder that was sent, or is not needed any more."""
    session.execute(delete(Contact).where(Contact.sha256 == sha256, Contact.purpose == "reminder"))


def drop_contacts(session: Session, sha256: bytes) -> None:
    """Erase the addresses kept for a signing, because it was withdrawn or its owner asked."""
    session.execute(delete(Contact).where(Contact.sha256 == sha256))
