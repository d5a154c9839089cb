"""Signing: what was posted is compared with what was shown, verified, notarised and logged."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.core import sshsig
from pledge.core import statement as st
from pledge.errors import ConflictError, MalformedError
from pledge.log.models import Entry
from pledge.log.notary import Notary
from pledge.pledges.drafts import Draft, build_signing
from pledge.pledges.links import Token, Waiting, hash_token, open_link, receipt_token
from pledge.pledges.models import ReceiptLink
from pledge.pledges.texts import get_text

_MAX_ARMOR = 16_384


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signatory posted: a signature, the key it is by, and the payload it is over, where it was sent along.

    Attributes:
        key: ``ed25519:…`` or an OpenSSH blob in base64.
        signature: As it stands in the envelope.
        payload: What the browser signed, or None where only an SSH signature was sent.
    """

    key: str
    signature: st.Signature
    payload: bytes | None


@dataclass(frozen=True, slots=True)
class Verified:
    """A signing that is good and not recorded yet.

    Attributes:
        link: The link behind which it was signed.
        draft: What the person typed.
        statement: What was signed.
        leaf: The entry for the log, with the notary's signature.
        receipt: The token of the receipt's private page.
    """

    link: Waiting
    draft: Draft
    statement: st.Signing
    leaf: bytes
    receipt: Token


def from_browser(*, key: str, payload: str, signature: str) -> Signed:
    """Read the fields that the page's script posts.

    Raises:
        MalformedError: A field is not base64, or too long.
    """
    try:
        raw = base64.b64decode(signature, validate=True)
        text = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedError("The signature did not arrive whole. Nothing was recorded.") from None
    if not key.startswith("ed25519:"):
        raise MalformedError("This is not a key that a browser makes here.", code="wrong-key-type")
    return Signed(key, st.Signature(st.keyid_of(key), raw), text)


def from_ssh(armor: str) -> Signed:
    """Read what ``ssh-keygen -Y sign`` wrote.

    Raises:
        MalformedError: It is not such a file.
    """
    if len(armor) > _MAX_ARMOR:
        raise MalformedError("This is not a signature file: it is too long.")
    blob = sshsig.parse_armor(armor)
    key = base64.b64encode(sshsig.parse_sshsig(blob).public_key).decode()
    return Signed(key, st.Signature(st.keyid_of(key), blob), None)


def statement_to_sign(session: Session, token: str, *, key: str, notary: Notary, now: datetime) -> st.Signing:
    """Build the statement behind a link for a key, without using the link up.

    Raises:
        ConflictError: The link is over.
        MalformedError: The key may not sign.
    """
    draft = Draft.from_json(open_link(session, token, "sign", now=now).draft)
    return _build(session, draft, key=key, notary=notary, now=now)


def notarise(statement: st.Statement, signed: Signed | None, notary: Notary) -> bytes:
    """Verify a signatory's signature, add the notary's, and give the leaf.

    Args:
        statement: Exactly what must have been signed.
        signed: What the signatory posted, or None where the notary alone signs.
        notary: Co-signs.

    Raises:
        ConflictError: What was signed is not this statement; another day began, or it was altered.
        VerificationError: The signature is not good.
    """
    envelope = st.seal(statement)
    if signed is not None:
        verify_signed(envelope, signed)
        envelope = st.Envelope(envelope.payload, envelope.payload_type, (signed.signature,))
    return st.format_envelope(notary.sign(envelope))


def verify_signed(envelope: st.Envelope, signed: Signed) -> None:
    """Check that a signatory signed exactly this.

    Raises:
        ConflictError: The browser signed something else; another day began, or it was altered.
        VerificationError: The signature is not good.
    """
    if signed.payload is not None and signed.payload != envelope.payload:
        raise ConflictError(
            "What was signed is not what this page shows now. Nothing was recorded. Load the page again.",
            code="statement-changed",
        )
    st.verify_signatory(signed.key, signed.signature, st.pae(envelope.payload_type, envelope.payload))


def prepare_signing(
    session: Session, token: str, signed: Signed, *, notary: Notary, now: datetime
) -> Verified:
    """Check a posted signature against the link's statement, and give all that is to be recorded. Writes nothing."""
    link = open_link(session, token, "sign", now=now)
    draft = Draft.from_json(link.draft)
    statement = _build(session, draft, key=signed.key, notary=notary, now=now)
    leaf = notarise(statement, signed, notary)
    return Verified(link, draft, statement, leaf, receipt_token(token))


def find_signed(session: Session, token: str, signed: Signed) -> Token | None:
    """Give the receipt's token again, to whoever sends the very signature that used the link up.

    So an answer that got lost, or a form that was sent twice, ends where it should.
    """
    receipt = receipt_token(token)
    leaf = session.scalar(
        select(Entry.leaf)
        .join(ReceiptLink, ReceiptLink.sha256 == Entry.payload_sha256)
        .where(ReceiptLink.token_hash == hash_token(receipt))
    )
    return receipt if leaf is not None and signed.signature in st.parse_envelope(leaf).signatures else None


def _build(session: Session, draft: Draft, *, key: str, notary: Notary, now: datetime) -> st.Signing:
    text = get_text(session, draft.pledge, draft.version)
    return build_signing(draft, text, origin=notary.origin, key=key, day=now.date())
