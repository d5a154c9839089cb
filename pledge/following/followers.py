"""Who follows by mail: asked for on a page, confirmed by a link that was mailed, ended by a link in each letter.

The page says the same whatever an address has asked for before; only the mail differs. Who asks in a stranger's name
causes one or two mails a day, and nothing else: the address is forgotten with the link.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledge.core import atrest
from pledge.core.address import CanonicalAddress
from pledge.errors import ConflictError, NotFoundError
from pledge.following.models import Follower
from pledge.mail import budgets
from pledge.pledges.links import LIFE, MailPolicy, RandomBytes, Token, hash_token, new_token

MAX_ASKED_A_DAY: Final = 2
"""Mails that one address gets a day because somebody asked for letters to it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What to mail to who asked: a link to confirm, or one to stop what runs already, or nothing (``spent``)."""

    kind: Literal["confirm", "already", "spent"]
    path: str = ""


def ask(
    session: Session,
    address: CanonicalAddress,
    topic: str,
    *,
    policy: MailPolicy,
    now: datetime,
    random_bytes: RandomBytes,
) -> Reply:
    """Keep, for a day, that an address may want a letter; give what to mail to it.

    Args:
        session: Writes.
        address: To whom the letters would go.
        topic: Of events; there is one.
        policy: Keys and budgets.
        now: The time.
        random_bytes: Source of the token.

    Raises:
        LimitError: The site's mail budget is used up.
    """
    may_mail = budgets.spend(
        session,
        key=policy.seat_key,
        purpose="follow",
        address=address.text,
        now=now,
        per_address_day=min(MAX_ASKED_A_DAY, policy.per_address_day),
        per_site_hour=policy.per_site_hour,
    )
    if not may_mail:
        return Reply("spent")
    who = _who(policy.contacts_key, address, topic)
    found = session.scalar(select(Follower).where(Follower.who == who))
    if found is not None and found.token_hash is None:
        return Reply("already", stop_path(policy.contacts_key, found.id))
    follower = found or _new(who, topic, address, policy.contacts_key, random_bytes)
    token = new_token(random_bytes)
    follower.token_hash = hash_token(token)
    follower.expires_seconds = int((now + LIFE).timestamp())
    session.add(follower)
    session.flush()
    return Reply("confirm", f"/follow/confirm/{token}")


def find_asked(session: Session, token: Token | str, *, now: datetime) -> Follower:
    """Give what waits behind a link that was mailed, without using it up.

    Raises:
        ConflictError: The link was used, has expired, or never was; the three look alike.
    """
    found = session.scalar(select(Follower).where(Follower.token_hash == hash_token(token)))
    if found is None or found.expires_seconds is None or found.expires_seconds < now.timestamp():
        raise ConflictError(
            "This link has been used or has expired. Ask for a new one on the page about following.",
            code="link-over",
        )
    return found


def confirm(session: Session, token: str, *, now: datetime) -> str:
    """Use a link up: from now on there are letters, the first about this month. Gives the topic.

    Raises:
        ConflictError: As ``find_asked``.
    """
    follower = find_asked(session, token, now=now)
    month = now.date().replace(day=1)
    follower.token_hash = follower.expires_seconds = None
    follower.told, follower.due = month - timedelta(days=1), next_month(month)
    session.flush()
    return follower.topic


def stop_path(key: bytes, follower_id: bytes) -> str:
    """Give the path of the page that ends the letters to a follower. Its token is all that it takes (RFC 8058).

    Args:
        key: The key under which addresses are encrypted.
        follower_id: 16 bytes.
    """
    return f"/follow/stop/{follower_id.hex()}/{_stop_token(key, follower_id)}"


def check_stop(follower_id: str, token: str, *, key: bytes) -> bytes:
    """Check a link that ends letters; gives the follower's id. Whether there still are letters, it does not tell.

    Raises:
        NotFoundError: It is none of ours.
    """
    known = bytes.fromhex(follower_id) if len(follower_id) == 32 and _is_hex(follower_id) else b""  # noqa: PLR2004
    if not hmac.compare_digest(_stop_token(key, known).encode(), token.encode()):
        raise NotFoundError("There is nothing here to stop.")
    return known


def stop(session: Session, follower_id: bytes) -> None:
    """Erase a follower, or somebody who would have become one."""
    session.execute(delete(Follower).where(Follower.id == follower_id))


def has_expired(session: Session, now: datetime) -> bool:
    """Whether any link's day is over."""
    found = select(Follower.id).where(Follower.expires_seconds < now.timestamp())
    return session.scalar(found.limit(1)) is not None


def drop_expired(session: Session, now: datetime) -> None:
    """Forget who asked and did not confirm within a day."""
    session.execute(delete(Follower).where(Follower.expires_seconds < now.timestamp()))


def read_address(follower: Follower, key: bytes) -> str:
    """Decrypt an address, to send to it."""
    return atrest.decrypt(key, follower.address, context=_context(follower.id)).decode()


def next_month(day: date) -> date:
    """Give the first day of the month after a day's."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _new(
    who: bytes, topic: str, address: CanonicalAddress, key: bytes, random_bytes: RandomBytes
) -> Follower:
    follower_id = random_bytes(16)
    sealed = atrest.encrypt(
        key, address.text.encode(), nonce=random_bytes(atrest.NONCE_BYTES), context=_context(follower_id)
    )
    return Follower(id=follower_id, who=who, topic=topic, address=sealed)


def _who(key: bytes, address: CanonicalAddress, topic: str) -> bytes:
    return hmac.digest(key, f"pledge/follower/v1\n{topic}\n{address.text}".encode(), hashlib.sha256)


def _stop_token(key: bytes, follower_id: bytes) -> str:
    return hmac.digest(key, b"pledge/stop-letters/v1\n" + follower_id, hashlib.sha256).hex()


def _context(follower_id: bytes) -> str:
    return f"follower/address/{follower_id.hex()}"


def _is_hex(text: str) -> bool:
    return all(character in "0123456789abcdef" for character in text)
