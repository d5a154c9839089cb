"""Recording signings: all that wait for one commit at once, in a dozen statements however many they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from pledge.core.statement import normal_key
from pledge.db import table_of
from pledge.errors import ConflictError
from pledge.labs.service import can_show
from pledge.log.sequencer import New, add_all_pending
from pledge.pledges.contacts import keep_contacts
from pledge.pledges.links import RandomBytes, Token, hash_token
from pledge.pledges.models import MailLink, ReceiptLink, Seat, Shown, Signing
from pledge.pledges.signing import Verified

RECEIPT_DAYS = 30

_SIGNING, _SEAT, _MAIL_LINK = (table_of(model) for model in (Signing, Seat, MailLink))
_OPEN_LINKS = select(_MAIL_LINK.c.token_hash).where(
    _MAIL_LINK.c.token_hash.in_(bindparam("hashes", expanding=True)), _MAIL_LINK.c.purpose == "sign"
)
_TAKEN = (
    select(_SEAT.c.seat)
    .join(_SIGNING, _SIGNING.c.sha256 == _SEAT.c.sha256)
    .where(_SEAT.c.seat.in_(bindparam("seats", expanding=True)), _SIGNING.c.status.in_(("current", "lapsed")))
)
_SIGNED = select(_SIGNING.c.normal_key, _SIGNING.c.pledge).where(
    _SIGNING.c.normal_key.in_(bindparam("keys", expanding=True)), _SIGNING.c.status.in_(("current", "lapsed"))
)
_USED = delete(_MAIL_LINK).where(
    _MAIL_LINK.c.seat.in_(bindparam("seats", expanding=True)), _MAIL_LINK.c.purpose == "sign"
)


@dataclass(frozen=True, slots=True)
class SeatKey:
    """The id of the key that seats are made with, and who is on the watch list."""

    id: str
    is_watched: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Recording:
    """A signing to record, and what that takes."""

    signing: Verified
    policy: SeatKey
    now: datetime
    random_bytes: RandomBytes


def record_signings(session: Session, works: Sequence[Recording]) -> list[Token]:
    """Use the links up, take the seats, hand the entries to the log, and give the tokens of the receipt pages.

    For ``Log.run_together``: where this raises, each work is tried alone.

    Raises:
        ConflictError: A link or a seat was taken in the meantime, or a key signs already; nothing was written.
    """
    signings = [work.signing for work in works]
    _check_links(session, signings)
    _check_labs(session, signings)
    _check_seats(session, signings)
    keys = _check_keys(session, signings)
    hashes = add_all_pending(
        session, [New(work.signing.leaf, work.signing.statement.day, work.random_bytes(16)) for work in works]
    )
    _take_seats(session, works, hashes)
    _keep_openings(session, works, hashes)
    for signing, sha256 in zip(signings, hashes, strict=True):
        keep_contacts(session, sha256, signing.draft.contacts, until=signing.statement.until)
    tokens = _add_receipt_links(session, works, hashes)
    _in_this_transaction(session).update(keys)
    return tokens


def _check_links(session: Session, signings: Sequence[Verified]) -> None:
    hashes = {signing.link.token_hash for signing in signings}
    if len(session.execute(_OPEN_LINKS, {"hashes": list(hashes)}).all()) != len(signings):
        raise ConflictError("This link was used a moment ago.", code="link-over")


def _check_labs(session: Session, signings: Sequence[Verified]) -> None:
    for lab, scope in {(signing.draft.lab, signing.draft.scope) for signing in signings}:
        if lab is not None and not can_show(session, lab=lab, scope=scope):
            raise ConflictError(
                "What is known of this lab has changed since you asked. Begin again with the form.",
                code="lab-changed",
            )


def _check_seats(session: Session, signings: Sequence[Verified]) -> None:
    seats = {signing.link.seat for signing in signings}
    if len(seats) != len(signings) or session.execute(_TAKEN, {"seats": list(seats)}).first() is not None:
        raise ConflictError(
            "This address has signed already. Ask for a link to change what you signed.", code="seat-taken"
        )


def _check_keys(session: Session, signings: Sequence[Verified]) -> set[tuple[str, str]]:
    """Look among the logged signings, and among those in this transaction, which are not logged yet."""
    keys = {
        (normal_key(signing.statement.signatory.key), signing.statement.pledge.slug) for signing in signings
    }
    signed = {(key, pledge) for key, pledge in session.execute(_SIGNED, {"keys": [key for key, _ in keys]})}
    if len(keys) != len(signings) or keys & (signed | _in_this_transaction(session)):
        raise ConflictError(
            "This key has signed this pledge already. Use new words, or a new key.", code="key-used"
        )
    return keys


def _in_this_transaction(session: Session) -> set[tuple[str, str]]:
    keys: set[tuple[str, str]] = session.info.setdefault("signing", set())
    return keys


def _take_seats(session: Session, works: Sequence[Recording], hashes: Sequence[bytes]) -> None:
    session.execute(
        insert(_SEAT),
        [
            {
                "seat": work.signing.link.seat,
                "seat_key": work.policy.id,
                "canonicalization": work.signing.link.canonicalization,
                "sha256": sha256,
            }
            for work, sha256 in zip(works, hashes, strict=True)
        ],
    )
    # Other links that were mailed for these seats have nothing to sign any more.
    session.execute(_USED, {"seats": [work.signing.link.seat for work in works]})


def _keep_openings(session: Session, works: Sequence[Recording], hashes: Sequence[bytes]) -> None:
    rows = [
        {
            "sha256": sha256,
            "field": field,
            "salt": opening.salt,
            "value": opening.value,
            "state": "waiting" if field == "reason" or is_watched else "shown",
        }
        for work, sha256 in zip(works, hashes, strict=True)
        for is_watched in [work.policy.is_watched(work.signing.draft.name)]
        for field, opening in work.signing.draft.openings().items()
    ]
    session.execute(insert(table_of(Shown)), rows)


def _add_receipt_links(session: Session, works: Sequence[Recording], hashes: Sequence[bytes]) -> list[Token]:
    """Open a private receipt page for each, for thirty days."""
    tokens = [work.signing.receipt for work in works]
    session.execute(
        insert(table_of(ReceiptLink)),
        [
            {
                "token_hash": hash_token(token),
                "sha256": sha256,
                "expires": work.now.date() + timedelta(days=RECEIPT_DAYS),
            }
            for token, work, sha256 in zip(tokens, works, hashes, strict=True)
        ],
    )
    return tokens
