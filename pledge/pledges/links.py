"""Asking to sign or to change a signing: a mail with a one-time link, and what waits behind it.

The answer on the page is the same whether or not an address has signed; only the mail differs. An address is used to
send and to make the seat, and is not stored, unless the person asked for a reminder or for news.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal, NewType

from sqlalchemy import Select, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from pledge.core import atrest
from pledge.core.address import CANONICALIZATION, CanonicalAddress, seat
from pledge.db import table_of
from pledge.errors import ConflictError
from pledge.labs.service import affiliation
from pledge.mail import budgets
from pledge.pledges.drafts import Draft
from pledge.pledges.models import MailLink, Seat, Shown, Signing

LIFE = timedelta(hours=24)
Token = NewType("Token", str)
RandomBytes = Callable[[int], bytes]

_MAIL_LINK = table_of(MailLink)
_LINK = select(_MAIL_LINK).where(
    _MAIL_LINK.c.token_hash == bindparam("token_hash"), _MAIL_LINK.c.purpose == bindparam("purpose")
)
_STANDS = Signing.status.in_(("current", "lapsed"))
_IS_SHOWN = select(Shown.sha256).where(Shown.sha256 == Seat.sha256).exists()
_OF_SEAT = (
    select(Seat.sha256)
    .join(Signing, Seat.sha256 == Signing.sha256)
    .where(Seat.seat == bindparam("seat"))
    .limit(1)
)
_STANDING, _CHANGEABLE = _OF_SEAT.where(_STANDS), _OF_SEAT.where(_STANDS | _IS_SHOWN)


@dataclass(frozen=True, slots=True)
class MailPolicy:
    """What sending is measured by.

    Attributes:
        seat_key: HMAC key of seats and budgets.
        contacts_key: Encrypts addresses that are kept on request.
        per_address_day, per_site_hour: Budgets.
    """

    seat_key: bytes
    contacts_key: bytes
    per_address_day: int
    per_site_hour: int


@dataclass(frozen=True, slots=True)
class Link:
    """What to mail: a link to sign, or to change what was signed, or the word that nothing was found.

    Or no mail at all, where the address has had its mails for the day (``spent``).
    """

    kind: Literal["sign", "change", "nothing", "spent"]
    token: Token | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody filled in to sign, checked for syntax."""

    pledge: str
    version: int
    clauses: tuple[str, ...]
    name: str
    role: str | None
    reason: str | None
    lab: str | None
    address: CanonicalAddress
    reminder: bool
    news: bool


def ask_to_sign(
    session: Session, wish: Wish, *, policy: MailPolicy, now: datetime, random_bytes: RandomBytes
) -> Link:
    """Keep what was filled in for a day, and give the link to mail.

    Where the address holds a current signing of this pledge, the link is one to change it.

    Args:
        session: A writing session; the caller commits and mails.
        wish: What was filled in.
        policy: Keys and budgets.
        now: The time.
        random_bytes: Source of salts and tokens.

    Raises:
        LimitError: The site's mail budget is used up.
    """
    if not _may_mail(session, "sign", wish.address, policy, now):
        return Link("spent")
    place = seat(policy.seat_key, pledge=wish.pledge, address=wish.address)
    shown = affiliation(session, lab=wish.lab, domain=wish.address.domain, day=now.date())
    draft = Draft(
        pledge=wish.pledge,
        version=wish.version,
        clauses=wish.clauses,
        name=wish.name,
        role=wish.role,
        reason=wish.reason,
        lab=wish.lab,
        assurance="email" if shown is None else shown.assurance,
        scope=None if shown is None else shown.scope,
        salts={field: random_bytes(32) for field in ("name", "role", "reason")},
        contacts=_contacts(wish, policy, random_bytes),
    )
    kind: Literal["sign", "change"] = "change" if _has(session, place, _STANDING) else "sign"
    kept = draft if kind == "sign" else None
    return Link(kind, _add(session, kind, place, kept, now=now, random_bytes=random_bytes))


def ask_to_change(
    session: Session,
    address: CanonicalAddress,
    *,
    pledge: str,
    policy: MailPolicy,
    now: datetime,
    random_bytes: RandomBytes,
) -> Link:
    """Give the link by which an address may renew, withdraw, move or erase its signing.

    Raises:
        LimitError: The site's mail budget is used up.
    """
    if not _may_mail(session, "change", address, policy, now):
        return Link("spent")
    place = seat(policy.seat_key, pledge=pledge, address=address)
    # The row is written for an unknown address too, so that both take the same time; nobody gets its token.
    token = _add(session, "change", place, None, now=now, random_bytes=random_bytes)
    found = _has(session, place, _CHANGEABLE)
    return Link("change", token) if found else Link("nothing")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits behind a link.

    Attributes:
        token_hash: By which the link is known.
        seat: Whose it is; ``canonicalization`` is the rule by which the address became it.
        draft: What the person has typed, as JSON; empty behind a link to change.
    """

    token_hash: bytes
    seat: bytes
    canonicalization: int
    draft: Mapping[str, Any]


def open_link(session: Session, token: str, purpose: str, *, now: datetime) -> Waiting:
    """Give what waits behind a link, without using it up: mail scanners follow links too.

    Raises:
        ConflictError: The link was used, has expired, or never was; the three look alike.
    """
    found = session.execute(_LINK, {"token_hash": hash_token(token), "purpose": purpose}).one_or_none()
    if found is None or found.expires_seconds < now.timestamp():
        raise ConflictError(
            "This link has been used or has expired. Ask for a new one; it takes a minute.", code="link-over"
        )
    return Waiting(found.token_hash, found.seat, found.canonicalization, found.draft)


def use_link(session: Session, token: str, purpose: str, *, now: datetime) -> Waiting:
    """Use a link up. Of two that try at once, one gets it.

    Raises:
        ConflictError: As ``open_link``.
    """
    link = open_link(session, token, purpose, now=now)
    removed = session.execute(delete(MailLink).where(MailLink.token_hash == link.token_hash))
    if removed.rowcount != 1:  # type: ignore[attr-defined]  # a DELETE's result has a row count
        raise ConflictError("This link was used a moment ago.", code="link-over")
    return link


def signings_on(session: Session, place: bytes) -> Sequence[Signing]:
    """Give the signings on a seat that its owner can still change or erase, newest first.

    At most the first stands or has lapsed. Of the others something is still shown.
    """
    return session.scalars(
        select(Signing)
        .join(Seat, Seat.sha256 == Signing.sha256)
        .where(Seat.seat == place, _STANDS | _IS_SHOWN)
        .order_by(Signing.index.desc())
    ).all()


def new_token(random_bytes: RandomBytes) -> Token:
    """Draw 32 random bytes, as 64 hex digits."""
    return Token(random_bytes(32).hex())


def hash_token(token: str) -> bytes:
    """Give the hash by which a token is stored."""
    return sha256(b"pledge/link/v1\n" + token.encode()).digest()


def receipt_token(token: str) -> Token:
    """Give the token of the receipt's private page: it follows from the link's, so a lost answer can be had again."""
    return Token(sha256(b"pledge/receipt-page/v1\n" + token.encode()).hexdigest())


def has_expired(session: Session, now: datetime) -> bool:
    """Whether any link's day is over."""
    found = select(MailLink.token_hash).where(MailLink.expires_seconds < now.timestamp())
    return session.scalar(found.limit(1)) is not None


def drop_expired(session: Session, now: datetime) -> None:
    """Forget links whose day is over, and what waited behind them."""
    session.execute(delete(MailLink).where(MailLink.expires_seconds < now.timestamp()))


def _has(session: Session, place: bytes, signings: Select[bytes]) -> bool:
    """Whether a seat has such a signing. Takes the same for every address."""
    return session.scalar(signings, {"seat": place}) is not None


def _may_mail(
    session: Session, purpose: budgets.Purpose, address: CanonicalAddress, policy: MailPolicy, now: datetime
) -> bool:
    return budgets.spend(
        session,
        key=policy.seat_key,
        purpose=purpose,
        address=address.text,
        now=now,
        per_address_day=policy.per_address_day,
        per_site_hour=policy.per_site_hour,
    )


def _contacts(wish: Wish, policy: MailPolicy, random_bytes: RandomBytes) -> Mapping[str, bytes]:
    wanted = [purpose for purpose in ("reminder", "news") if getattr(wish, purpose)]
    return {
        purpose: atrest.encrypt(
            policy.contacts_key,
            wish.address.text.encode(),
            nonce=random_bytes(12),
            context=f"contact/{purpose}",
        )
        for purpose in wanted
    }


def _add(
    session: Session,
    purpose: str,
    place: bytes,
    draft: Draft | None,
    *,
    now: datetime,
    random_bytes: RandomBytes,
) -> Token:
    token = new_token(random_bytes)
    session.execute(
        insert(_MAIL_LINK),
        {
            "token_hash": hash_token(token),
            "purpose": purpose,
            "seat": place,
            "canonicalization": CANONICALIZATION,
            "draft": {} if draft is None else draft.to_json(),
            "expires_seconds": int((now + LIFE).timestamp()),
        },
    )
    return token
