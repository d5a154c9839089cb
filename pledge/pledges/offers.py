"""What can still be done with a signing, which of it somebody has signed, and what the log says of it afterwards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.core.calendar import months_later
from pledge.errors import MalformedError, NotFoundError, VerificationError
from pledge.log.models import Entry
from pledge.pledges.changes import ERASURE_TYPE, Change, build_change, build_erasure, stands
from pledge.pledges.models import Signing
from pledge.pledges.signing import Signed, verify_signed


@dataclass(frozen=True, slots=True)
class Logged:
    """A renewal or withdrawal as its entry in the log says it.

    Attributes:
        index: Of the entry.
        action: ``renew`` or ``withdraw``.
        reason: As the statement gives it.
        day: Of the statement.
        until: For a renewal, the last day of the term that it began.
        is_by_key: Whether the signatory's key signed it; else the notary did.
    """

    index: int
    action: str
    reason: str
    day: date
    until: date | None
    is_by_key: bool


def offers(signing: Signing) -> Sequence[Change]:
    """Give the changes that still make sense, in the order in which pages offer them."""
    return tuple(_offers(signing))


def _offers(signing: Signing) -> Iterator[Change]:
    if stands(signing):
        yield Change("renew")
        if signing.lab is not None:
            yield Change("withdraw", "left-lab")
        yield Change("withdraw", "changed-mind")
        yield Change("withdraw", "own")
    if signing.openings:
        yield Change("erase")


def to_sign(signing: Signing, change: Change, *, origin: str, day: date) -> st.Envelope:
    """Build exactly what is signed for a change on a day, without a signature."""
    if change.action == "erase":
        return st.Envelope(build_erasure(signing.sha256, origin=origin, day=day), ERASURE_TYPE)
    return st.seal(build_change(signing.sha256, change, origin=origin, day=day))


def find_signed(signing: Signing, signed: Signed, *, origin: str, day: date) -> Change:
    """Find out which change somebody has signed today: a signature fits one statement and no other.

    Raises:
        MalformedError: None of those that are offered.
    """
    for change in offers(signing):
        try:
            verify_signed(to_sign(signing, change, origin=origin, day=day), signed)
        except VerificationError:
            continue
        return change
    raise MalformedError(
        "This signature is for another statement than those of today. Download the statement again, and sign that.",
        code="other-statement",
    )


def find_entry(session: Session, envelope: st.Envelope) -> int | None:
    """Give the index of the entry with a statement, None where the log has none yet."""
    sha256 = bytes.fromhex(envelope.payload_sha256)
    return session.scalar(select(Entry.index).where(Entry.payload_sha256 == sha256))


def read_entry(session: Session, signing: Signing, index: int) -> Logged:
    """Read what an entry changed about a signing.

    Raises:
        NotFoundError: The entry changed nothing about it, or is not there.
    """
    leaf = session.scalar(select(Entry.leaf).where(Entry.index == index))
    if leaf is not None:
        envelope = st.parse_envelope(leaf)
        statement = st.parse_statement(envelope)
        if isinstance(statement, st.Renewal | st.Withdrawal) and statement.signing == signing.sha256.hex():
            return _logged(index, statement, envelope, key=signing.key)
    raise NotFoundError("This entry of the log changed nothing here.")


def _logged(index: int, statement: st.Renewal | st.Withdrawal, envelope: st.Envelope, *, key: str) -> Logged:
    is_renewal = isinstance(statement, st.Renewal)
    return Logged(
        index=index,
        action="renew" if is_renewal else "withdraw",
        reason=statement.reason,
        day=statement.day,
        until=months_later(statement.day, st.TERM_MONTHS) if is_renewal else None,
        is_by_key=any(signature.keyid == st.keyid_of(key) for signature in envelope.signatures),
    )
