"""Renewing, withdrawing, moving to another lab, and erasing: with the key, or with a fresh mail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, cast, get_args

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.errors import ConflictError, MalformedError, NotFoundError
from pledge.log.notary import Notary
from pledge.log.sequencer import add_pending
from pledge.pledges.contacts import drop_contacts
from pledge.pledges.links import RandomBytes, open_link, signings_on, use_link
from pledge.pledges.models import NameToken, ReceiptLink, Report, Seat, Shown, Signing
from pledge.pledges.signing import Signed, notarise, verify_signed

Action = Literal["renew", "withdraw", "erase", "quiet"]
OWN_REASONS = ("own", "left-lab", "changed-mind")
ERASURE_TYPE = "application/vnd.pledge.erasure+json"


@dataclass(frozen=True, slots=True)
class Change:
    """What a signatory wants done with a signing; ``reason`` is for a withdrawal.

    ``quiet``, which only a mailed link can do, erases the addresses that are kept, and changes nothing else.
    """

    action: Action
    reason: str = "own"

    @classmethod
    def parse(cls, action: str, reason: str) -> "Change":
        """Read a choice; the reason counts for a withdrawal only.

        Raises:
            MalformedError: It is not one of those that pages offer.
        """
        if action not in get_args(Action):
            raise MalformedError("Choose one of the changes that the page offers.")
        if action != "withdraw":
            return cls(cast("Action", action))
        if reason not in OWN_REASONS:
            raise MalformedError("Choose one of the reasons that the page offers.")
        return cls("withdraw", reason)


def build_change(sha256: bytes, change: Change, *, origin: str, day: date) -> st.Renewal | st.Withdrawal:
    """Build the statement that renews or withdraws a signing."""
    if change.action == "renew":
        return st.Renewal(origin=origin, day=day, signing=sha256.hex(), reason="own")
    return st.Withdrawal(origin=origin, day=day, signing=sha256.hex(), reason=change.reason)


def build_erasure(sha256: bytes, *, origin: str, day: date) -> bytes:
    """Build the request to erase what is shown beside a signing: signed like a statement, never logged."""
    return st.format_json(
        {"type": "erasure/v1", "origin": origin, "day": day.isoformat(), "signing": sha256.hex()}
    )


def get_signing(session: Session, public_id: str) -> Signing:
    """Give a signing by its public id, 32 hex digits, or by the whole SHA-256 that it begins.

    Raises:
        NotFoundError: There is none.
    """
    row = session.scalar(select(Signing).where(Signing.public_id == public_id[:32]))
    if row is None or public_id not in {row.public_id, row.sha256.hex()}:
        raise NotFoundError("There is no signing of this name here.")
    return row


def change_by_key(
    session: Session,
    public_id: str,
    change: Change,
    signed: Signed,
    *,
    notary: Notary,
    now: datetime,
    random_bytes: RandomBytes,
) -> Callable[[Session], None]:
    """Check a change that the signatory's key has signed; give the work that records it.

    Raises:
        MalformedError: The signature is by another key.
        ConflictError: What was signed is not today's statement, or the signing stands no longer.
        VerificationError: The signature is not good.
    """
    row = get_signing(session, public_id)
    if signed.key != row.key:
        raise MalformedError("These words, or this key, did not sign here.", code="other-key")
    if change.action == "quiet":
        raise MalformedError("Choose one of the changes that the page offers.")
    if change.action == "erase":
        _verify_erasure(row, signed, notary=notary, now=now)
        return lambda writing: erase(writing, row.sha256)
    _check_stands(row)
    statement = build_change(row.sha256, change, origin=notary.origin, day=now.date())
    leaf = _by_signatory(statement, signed)
    return lambda writing: _record(writing, row.sha256, statement, leaf, random_bytes)


def change_by_mail(
    token: str, change: Change, *, notary: Notary, now: datetime, random_bytes: RandomBytes
) -> Callable[[Session], str]:
    """Give the work that uses a mailed link up and records the change, signed by the notary.

    Erasing is of everything that is shown beside any signing of this address. The work returns the public id of the
    signing that was changed, the newest.
    """

    def work(session: Session) -> str:
        link = use_link(session, token, "change", now=now)
        row, *earlier = _held(session, link.seat)
        if change.action in {"erase", "quiet"}:
            for each in (row, *earlier):
                (erase if change.action == "erase" else drop_contacts)(session, each.sha256)
        else:
            statement = build_change(row.sha256, change, origin=notary.origin, day=now.date())
            _record(session, row.sha256, statement, notarise(statement, None, notary), random_bytes)
        return row.public_id

    return work


def held_by_link(session: Session, token: str, *, now: datetime) -> Sequence[Signing]:
    """Give the signings that a mailed link may change, newest first, without using the link up.

    Only the first can stand; of the others there is something to erase.

    Raises:
        ConflictError: The link is over.
    """
    return _held(session, open_link(session, token, "change", now=now).seat)


def erase(session: Session, sha256: bytes) -> None:
    """Delete everything that is shown beside a signing, and addresses kept for it. The log entry stays."""
    row = session.scalars(select(Signing).where(Signing.sha256 == sha256)).one()
    session.execute(delete(NameToken).where(NameToken.index == row.index))
    session.execute(delete(Shown).where(Shown.sha256 == sha256))
    session.execute(delete(Report).where(Report.public_id == sha256.hex()[:32]))
    drop_contacts(session, sha256)
    session.execute(delete(ReceiptLink).where(ReceiptLink.sha256 == sha256))
    if not stands(row):
        session.execute(delete(Seat).where(Seat.sha256 == sha256))


def remove(
    session: Session,
    public_id: str,
    reason_class: str,
    *,
    notary: Notary,
    now: datetime,
    random_bytes: RandomBytes,
) -> Signing:
    """Withdraw a signing for the operator, in public: ``removed:<class>``. The caller adds the ledger's line."""
    row = get_signing(session, public_id)
    _check_stands(row)
    statement = st.Withdrawal(
        origin=notary.origin, day=now.date(), signing=row.sha256.hex(), reason=f"removed:{reason_class}"
    )
    _record(session, row.sha256, statement, notarise(statement, None, notary), random_bytes)
    return row


def _held(session: Session, place: bytes) -> Sequence[Signing]:
    rows = signings_on(session, place)
    if not rows:
        raise ConflictError("This address holds no signing any more.", code="not-signed")
    return rows


def stands(row: Signing) -> bool:
    """Whether a signing can be renewed or withdrawn: it is current, or has only lapsed."""
    return row.status in {"current", "lapsed"}


def _check_stands(row: Signing) -> None:
    if not stands(row):
        raise ConflictError("This signing was withdrawn already.", code="withdrawn")


def _by_signatory(statement: st.Statement, signed: Signed) -> bytes:
    envelope = st.seal(statement)
    verify_signed(envelope, signed)
    return st.format_envelope(st.Envelope(envelope.payload, envelope.payload_type, (signed.signature,)))


def _verify_erasure(row: Signing, signed: Signed, *, notary: Notary, now: datetime) -> None:
    payload = build_erasure(row.sha256, origin=notary.origin, day=now.date())
    verify_signed(st.Envelope(payload, ERASURE_TYPE), signed)


def _record(
    session: Session, sha256: bytes, statement: st.Statement, leaf: bytes, random_bytes: RandomBytes
) -> None:
    """Hand the entry to the log, unless another change of this signing is in the same transaction."""
    moving: set[bytes] = session.info.setdefault("moving", set())
    if sha256 in moving:
        raise ConflictError("This signing was changed a moment ago.", code="already-done")
    row = session.scalars(select(Signing).where(Signing.sha256 == sha256)).one()
    _check_stands(row)
    add_pending(session, leaf=leaf, day=statement.day, pending_id=random_bytes(16))
    moving.add(sha256)
