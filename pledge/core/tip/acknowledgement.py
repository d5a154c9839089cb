"""Acknowledgements: the notary's word that an envelope has come, given at once and never logged.

A DSSE envelope as entries are, of payload type ``application/vnd.pledge.tip-acknowledgement+json``, signed by the
notary alone, over::

    {"day", "envelope": SHA-256 of the envelope, hex, "origin", "type": "tip-acknowledgement/v1"}

Whoever keeps one can show that an envelope was taken, should it stand in no digest afterwards.
"""

from datetime import date
from typing import Final, Literal

from pledge.core.keys import SigningKey, role_key_id, verify_ed25519
from pledge.core.statement.canonical import format_json, parse_json
from pledge.core.statement.envelope import (
    Envelope,
    Signature,
    format_envelope,
    format_payload_type,
    pae,
    parse_envelope,
)
from pledge.core.statement.members import DAY, ORIGIN, SHA256, Codec, choice, member, nested, record
from pledge.errors import MalformedError, VerificationError

PAYLOAD_TYPE: Final = format_payload_type("tip-acknowledgement")
_VERSION: Codec[Literal["tip-acknowledgement/v1"]] = choice("tip-acknowledgement/v1")


@record
class Acknowledgement:
    """What the notary says: an envelope, by its SHA-256 in hex, has come to this log's site on this day."""

    type_: Literal["tip-acknowledgement/v1"] = member(_VERSION)
    origin: str = member(ORIGIN)
    day: date = member(DAY)
    envelope: str = member(SHA256)


_CODEC: Final = nested(Acknowledgement)


def sign_acknowledgement(notary: SigningKey, *, origin: str, day: date, envelope_sha256: str) -> bytes:
    """Write an acknowledgement; the same arguments give the same bytes."""
    acknowledgement = Acknowledgement(
        type_="tip-acknowledgement/v1", origin=origin, day=day, envelope=envelope_sha256
    )
    payload = format_json(_CODEC.format(acknowledgement))
    keyid = f"notary:{role_key_id('notary', notary.public)}"
    signature = Signature(keyid, notary.sign(pae(PAYLOAD_TYPE, payload)))
    return format_envelope(Envelope(payload, PAYLOAD_TYPE, (signature,)))


def verify_acknowledgement(
    data: bytes, *, notary: bytes, origin: str, envelope_sha256: str
) -> Acknowledgement:
    """Read an acknowledgement, and verify that it is the notary's, for this log and this envelope.

    Args:
        data: What ``sign_acknowledgement`` gave.
        notary: The notary's public key, 32 bytes.
        origin: The log's.
        envelope_sha256: Hex.

    Raises:
        MalformedError: It is no acknowledgement.
        VerificationError: The notary has not signed it, or not it alone, or it is for something else.
    """
    envelope = parse_envelope(data)
    members = parse_json(envelope.payload)
    if envelope.payload_type != PAYLOAD_TYPE:
        raise MalformedError("This is not an acknowledgement.")
    acknowledgement = _CODEC.parse(members)
    if [signature.keyid for signature in envelope.signatures] != [f"notary:{role_key_id('notary', notary)}"]:
        raise VerificationError("This acknowledgement is not signed by the site's notary, and by it alone.")
    verify_ed25519(notary, envelope.pae, envelope.signatures[0].sig)
    if (acknowledgement.origin, acknowledgement.envelope) != (origin, envelope_sha256):
        raise VerificationError("This acknowledgement is for something else.")
    return acknowledgement
