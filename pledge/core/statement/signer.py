"""Signatories' keys: Ed25519 from recovery words or kept by the browser, and what ``ssh-keygen`` signs with.

In a signing a key stands in full: ``ed25519:<base64url>``, or an OpenSSH public key blob in base64. Signatures
name it by a keyid: the same text, or ``sshsig:SHA256:<fingerprint>``. One key may be written in more than one way;
``normal_key`` tells keys apart.
"""

from pledge.core.keys import ED25519_PUBLIC_BYTES, format_key, parse_key, verify_ed25519
from pledge.core.sshkey import parse_public_key
from pledge.core.sshsig import NAMESPACE, fingerprint, verify_sshsig
from pledge.core.sshwire import format_string
from pledge.core.statement.canonical import format_base64, parse_base64
from pledge.core.statement.envelope import Signature
from pledge.errors import MalformedError, VerificationError

_ED25519 = "ed25519:"
# What stands before the 32 bytes of a key (RFC 8709, section 4).
_SSH_ED25519 = format_string(b"ssh-ed25519") + ED25519_PUBLIC_BYTES.to_bytes(4, "big")


def keyid_of(key: str) -> str:
    """Return the keyid under which a signatory's key signs. Whether the key is sound shows when it verifies.

    Raises:
        MalformedError: neither ``ed25519:`` nor base64.
    """
    if key.startswith(_ED25519):
        return key
    return f"sshsig:{fingerprint(parse_base64(key))}"


def normal_key(key: str) -> str:
    """Return the one form of a signatory's key by which keys are told apart, however they are written.

    An Ed25519 key is ``ed25519:…`` here, also where it stands in an OpenSSH blob; what a security key holds is the key
    alone, whatever application it names. Other keys are their OpenSSH blob in base64.

    Raises:
        MalformedError: not a key that may sign.
    """
    if key.startswith(_ED25519):
        return key
    plain = parse_public_key(parse_base64(key)).plain
    if plain.startswith(_SSH_ED25519):
        return format_key(plain.removeprefix(_SSH_ED25519))
    return format_base64(plain)


def verify_signatory(key: str, signature: Signature, message: bytes) -> None:
    """Verify a signature by a signatory's key; an SSHSIG has to be in the namespace ``pledge``.

    Raises:
        VerificationError: the signature is not by this key over this message, or names another.
    """
    if signature.keyid != keyid_of(key):
        raise VerificationError("A signature does not name the key that should have made it.")
    verify_by_key(key, signature.sig, message)


def verify_by_key(key: str, signature: bytes, message: bytes) -> None:
    """Verify a bare signature by a key of either form.

    Raises:
        VerificationError: the signature is not by this key over this message, or does not follow its format.
    """
    try:
        if key.startswith(_ED25519):
            verify_ed25519(parse_key(key), message, signature)
        elif verify_sshsig(signature, message, namespace=NAMESPACE) != parse_base64(key):
            raise VerificationError("A signature was made by another SSH key.")
    except MalformedError as error:
        raise VerificationError(error.message, code=error.code, **error.values) from error
