"""What stewards decide together: who becomes one, which key follows another, and whose ends.

The first, as many as a decision takes, are founders: the notary admits them. From then on the log takes no steward's
key without the signatures of that many stewards. Since the log's days never go back and nobody can wait for a
colleague all day, whoever approves signs the statement as it reads on each of the next days; it enters on a day for
which enough have signed.
"""

import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import Session

from pledge.accounts import sessions
from pledge.accounts.keys import key_of, log_entries, read_state
from pledge.accounts.models import Account, Approval, Proposal, StewardKey
from pledge.accounts.secrets import RandomBytes
from pledge.core import statement as st
from pledge.core.calendar import months_later
from pledge.core.keyring import Keyring
from pledge.core.keys import parse_key, verify_ed25519
from pledge.core.logstate import LogState
from pledge.errors import ConflictError, ForbiddenError, MalformedError, NotFoundError, VerificationError
from pledge.log.notary import Notary
from pledge.web.strings import lazy_gettext as _

APPROVED_DAYS = 7
TERM_MONTHS = 12
OPEN_DAYS = 30
ROTATED = "rotated"
REASONS = (
    ("left", _("They are no longer a steward")),
    ("compromised", _("Somebody else may have the key")),
    ("lost", _("They can no longer use the key")),
)
MAX_BUNDLE_BYTES = 65_536

_KEY_TYPE = st.format_payload_type("key")
_REVOCATION_TYPE = st.format_payload_type("key-revocation")
_WRAPPED = b"age-encryption.org/v1\n-> scrypt "


class Offer(NamedTuple):
    """A new key as a steward's browser made it.

    Attributes:
        payload: Of the ``key`` statement.
        possession: The new key's own signature over it.
        wrapped: The bundle with it, for this site to keep, or None.
    """

    payload: bytes
    possession: bytes
    wrapped: bytes | None


class Approved(NamedTuple):
    """A steward's signatures on a proposal as it reads on one day; None where it has no such statement."""

    day: date
    key: bytes | None
    revocation: bytes | None


def draft_key(session: Session, account: Account, *, origin: str, day: date) -> dict[str, Any]:
    """Give the members of the ``key`` statement that an account may offer today, but for the keys themselves."""
    until = months_later(day, TERM_MONTHS)
    members: dict[str, Any] = {
        "day": day.isoformat(),
        "from": day.isoformat(),
        "keys": {"age": "", "signing": ""},
        "origin": origin,
        "role": "steward",
        "type": "key/v1",
        "until": until.isoformat(),
    }
    return members | ({"founder": True} if _may_found(read_state(session), session, account) else {})


def _may_found(state: LogState, session: Session, account: Account) -> bool:
    has_had_a_key = session.scalar(select(exists().where(StewardKey.account == account.id)))
    return account.is_founder and not has_had_a_key and state.founders < state.quorum


def offer_key(
    session: Session,
    account_id: bytes,
    offer: Offer,
    *,
    notary: Notary,
    day: date,
    random_bytes: RandomBytes,
) -> bool:
    """Take a new key: log a founder's at once, and ask the stewards about any other.

    Where the account holds a key already, the new one is to follow it, and the old one ends as ``rotated``.

    Returns:
        Whether it is in the log now.

    Raises:
        MalformedError: The statement is none, or the bundle is not wrapped.
        VerificationError: It says something else than today's draft, or whoever offers it does not hold the key.
    """
    account = session.get_one(Account, account_id)
    state = read_state(session)
    is_founder = _may_found(state, session, account)
    statement = st.parse_payload(_KEY_TYPE, offer.payload)
    if not isinstance(statement, st.Key) or not _is_drafted(
        statement, origin=notary.origin, day=day, is_founder=is_founder
    ):
        raise VerificationError("This is not the statement that this page was for. Load it again.")
    _verify(statement.keys.signing, _KEY_TYPE, offer.payload, offer.possession)
    state.keyrings["steward"].check_new(statement.keys.signing)
    _keep(account, offer.wrapped)
    if is_founder:
        envelope = notary.sign(st.seal(statement))
        log_entries(session, state, [envelope], account=account_id, ids=[random_bytes(16)])
        return True
    old = key_of(session, account_id, day)
    revocation = None if old is None else _revocation(notary.origin, day, old.signing, ROTATED)
    _drop_unlogged(session, Proposal.account == account_id, Proposal.key_payload.is_not(None))
    session.add(
        Proposal(
            id=random_bytes(16),
            account=account_id,
            day=day,
            key_payload=offer.payload,
            possession=offer.possession,
            revocation_payload=revocation,
            logged=None,
        )
    )
    return False


def _is_drafted(statement: st.Key, *, origin: str, day: date, is_founder: bool) -> bool:
    """Whether a statement is today's draft but for its keys."""
    return statement.role == "steward" and statement == st.Key(
        origin=origin,
        day=day,
        role="steward",
        keys=statement.keys,
        from_=day,
        until=months_later(day, TERM_MONTHS),
        founder=is_founder,
    )


def _revocation(origin: str, day: date, key: str, reason: str) -> bytes:
    return st.format_statement(
        st.KeyRevocation(origin=origin, day=day, role="steward", key=key, reason=reason)
    )


def _keep(account: Account, wrapped: bytes | None) -> None:
    if wrapped is not None and not (wrapped.startswith(_WRAPPED) and len(wrapped) <= MAX_BUNDLE_BYTES):
        raise MalformedError("This is not a bundle of keys under a passphrase.")
    account.wrapped_bundle = wrapped


def propose_revocation(
    session: Session, signing: str, reason: str, *, origin: str, day: date, random_bytes: RandomBytes
) -> None:
    """Ask the stewards to end a steward's key.

    Raises:
        NotFoundError: No such key stands.
        MalformedError: The reason is none of ``REASONS``.
    """
    if reason not in dict(REASONS):
        raise MalformedError("Choose a reason.")
    key = session.scalar(
        select(StewardKey).where(StewardKey.signing == signing, StewardKey.revoked_day.is_(None))
    )
    if key is None:
        raise NotFoundError("No such key stands.")
    _drop_unlogged(session, Proposal.account == key.account, Proposal.key_payload.is_(None))
    session.add(
        Proposal(
            id=random_bytes(16),
            account=key.account,
            day=day,
            key_payload=None,
            possession=None,
            revocation_payload=_revocation(origin, day, signing, reason),
            logged=None,
        )
    )


def withdraw(session: Session, proposal: Proposal) -> None:
    """Ask for nothing any more."""
    _drop_unlogged(session, Proposal.id == proposal.id)


def list_open(session: Session, day: date) -> Sequence[Proposal]:
    """Give what waits for signatures, the oldest first."""
    return session.scalars(
        select(Proposal)
        .where(Proposal.logged.is_(None), Proposal.day > day - timedelta(days=OPEN_DAYS))
        .order_by(Proposal.day, Proposal.id)
    ).all()


def approvers(session: Session, proposal: bytes) -> frozenset[bytes]:
    """Give the accounts that have signed a proposal."""
    return frozenset(session.scalars(select(Approval.account).where(Approval.proposal == proposal)))


def statements_on(proposal: Proposal, day: date) -> list[st.Envelope]:
    """Give a proposal's statements as they read on a day, unsigned: the key first, then the revocation."""
    found = []
    for kind, payload in ((_KEY_TYPE, proposal.key_payload), (_REVOCATION_TYPE, proposal.revocation_payload)):
        if payload is not None:
            found.append(st.seal(dataclasses.replace(st.parse_payload(kind, payload), day=day)))
    return found


def approval_days(day: date) -> list[date]:
    """Give the days for which whoever approves today signs."""
    return [day + timedelta(days=n) for n in range(APPROVED_DAYS)]


def approve(
    session: Session,
    proposal_id: bytes,
    account: bytes,
    approved: Sequence[Approved],
    *,
    day: date,
    random_bytes: RandomBytes,
) -> bool:
    """Take a steward's signatures on a proposal, in place of those they gave before; log it once there are enough.

    Returns:
        Whether it is in the log now.

    Raises:
        NotFoundError: No such proposal is open.
        ForbiddenError: The account has no current key.
        VerificationError: A signature is not by that key over the statement of its day.
    """
    proposal = session.get(Proposal, proposal_id)
    if proposal is None or proposal not in list_open(session, day):
        raise NotFoundError("This is decided already, or was withdrawn.")
    key = key_of(session, account, day)
    if key is None:
        raise ForbiddenError("Only a steward whose key is current decides.", code="no-steward")
    if [each.day for each in approved] != approval_days(day):
        raise ConflictError("The day has changed. Load the page again.", code="day")
    session.execute(delete(Approval).where(Approval.proposal == proposal_id, Approval.account == account))
    for each in approved:
        _check_approved(proposal, each, key.signing)
        session.add(
            Approval(
                proposal=proposal_id,
                account=account,
                day=each.day,
                signing=key.signing,
                key_signature=each.key,
                revocation_signature=each.revocation,
            )
        )
    session.flush()
    return _log_if_enough(session, proposal, day=day, random_bytes=random_bytes)


def _check_approved(proposal: Proposal, approved: Approved, signing: str) -> None:
    statements = statements_on(proposal, approved.day)
    signatures = [
        signature
        for payload, signature in (
            (proposal.key_payload, approved.key),
            (proposal.revocation_payload, approved.revocation),
        )
        if payload is not None
    ]
    for envelope, signature in zip(statements, signatures, strict=True):
        _verify(signing, envelope.payload_type, envelope.payload, signature or b"")


def _log_if_enough(session: Session, proposal: Proposal, *, day: date, random_bytes: RandomBytes) -> bool:
    rows = session.scalars(
        select(Approval).where(Approval.proposal == proposal.id, Approval.day == day)
    ).all()
    state = read_state(session)
    standing = [row for row in rows if _signs_still(session, row, day)][: state.quorum]
    if len(standing) < state.quorum:
        return False
    keyring = Keyring("steward")
    signatures = {
        _KEY_TYPE: [(row.signing, row.key_signature) for row in standing],
        _REVOCATION_TYPE: [(row.signing, row.revocation_signature) for row in standing],
    }
    envelopes = [
        st.Envelope(
            bare.payload,
            bare.payload_type,
            tuple(
                st.Signature(keyring.keyid(signing), signature or b"")
                for signing, signature in sorted(signatures[bare.payload_type])
            ),
        )
        for bare in statements_on(proposal, day)
    ]
    ids = [random_bytes(16) for _ in envelopes]
    log_entries(session, state, envelopes, account=proposal.account, ids=ids)
    proposal.logged = day
    _settle(session, proposal)
    return True


def _signs_still(session: Session, row: Approval, day: date) -> bool:
    """Whether the key that signed is still its account's: one account has one voice, and a revoked key none."""
    key = key_of(session, row.account, day)
    return key is not None and key.signing == row.signing


def _settle(session: Session, proposal: Proposal) -> None:
    """Forget approvals that are in the log now, and let whoever is a steward no more out at once."""
    session.execute(delete(Approval).where(Approval.proposal == proposal.id))
    if proposal.key_payload is None:
        sessions.end_all(session, proposal.account)
        _drop_unlogged(session, Proposal.account == proposal.account)


def _drop_unlogged(session: Session, *conditions: ColumnElement[bool]) -> None:
    ids = session.scalars(select(Proposal.id).where(Proposal.logged.is_(None), *conditions)).all()
    session.execute(delete(Approval).where(Approval.proposal.in_(ids)))
    session.execute(delete(Proposal).where(Proposal.id.in_(ids)))


def _verify(key: str, payload_type: str, payload: bytes, signature: bytes) -> None:
    verify_ed25519(parse_key(key), st.pae(payload_type, payload), signature)
