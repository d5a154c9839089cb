"""Who has to have signed an envelope, and the signature checks that follow from it.

Deciding whose signatures an entry needs takes the log before it; verifying them takes only time. So the first
yields a list of ``SignatureCheck``, plain values that can go to other processes, and the second is ``verify``.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from pledge.core.keyring import Keyring
from pledge.core.statement.envelope import Envelope, Signature, pae
from pledge.core.statement.signer import keyid_of, verify_by_key
from pledge.errors import VerificationError


class SignatureCheck(NamedTuple):
    """One signature to verify: by which full public key, over the PAE of which type and payload."""

    key: str
    signature: bytes
    payload_type: str
    payload: bytes

    def verify(self) -> None:
        """Verify the signature.

        Raises:
            VerificationError: it is not by this key over this message.
        """
        verify_by_key(self.key, self.signature, pae(self.payload_type, self.payload))


def by_signatory(envelope: Envelope, key: str, *, is_alone: bool = False) -> tuple[SignatureCheck, ...]:
    """Require the first signature to be by a signatory's key, and perhaps to be the only one.

    Raises:
        VerificationError: there is none, it names another key, or it is not alone.
    """
    if not envelope.signatures or envelope.signatures[0].keyid != keyid_of(key):
        raise VerificationError("The signatory's signature is missing.", code="signature-missing")
    if is_alone and len(envelope.signatures) > 1:
        raise VerificationError("Nobody but the signatory signs this.", code="signature-unexpected")
    return (SignatureCheck(key, envelope.signatures[0].sig, envelope.payload_type, envelope.payload),)


def by_role(
    envelope: Envelope,
    keyring: Keyring,
    day: date,
    *,
    signatures: Sequence[Signature] | None = None,
    low: int = 1,
    high: int | None = None,
) -> tuple[SignatureCheck, ...]:
    """Require signatures to be by different keys that hold a role on a day, and nothing else.

    Args:
        envelope: What was signed.
        keyring: The keys of the role.
        day: When they have to hold it.
        signatures: Which of the envelope's signatures; all of them by default.
        low: At least so many.
        high: At most so many; None for any number.

    Raises:
        VerificationError: too few, too many, one key twice, or a key that does not hold the role.
    """
    signatures = envelope.signatures if signatures is None else signatures
    if not low <= len(signatures) <= (len(signatures) if high is None else high):
        raise VerificationError(
            f"{len(signatures)} signatures by the role {keyring.role} are not what this takes.",
            code="signature-missing" if len(signatures) < low else "signature-unexpected",
        )
    checks = [
        SignatureCheck(
            keyring.find(signature.keyid, day), signature.sig, envelope.payload_type, envelope.payload
        )
        for signature in signatures
    ]
    if len({check.key for check in checks}) != len(checks):
        raise VerificationError("One key has signed twice.", code="signature-repeated")
    return tuple(checks)
