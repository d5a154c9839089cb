r"""Signatures made with ``ssh-keygen -Y sign`` (OpenSSH PROTOCOL.sshsig).

The blob, and what is signed:

    byte[6] "SSHSIG"                     byte[6] "SSHSIG"
    uint32  1                            string  namespace
    string  public key                   string  reserved
    string  namespace                    string  hash algorithm
    string  reserved                     string  H(message)
    string  hash algorithm
    string  signature

Armor is base64 of the blob between two lines, and the only thing here that may be written in several ways: a
person pastes it. ``reserved`` is empty in all that ssh-keygen makes, and so it must be here; the namespace is
one word of ASCII.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from pledge.core.sshkey import fingerprint, parse_base64, parse_public_key, parse_public_line, public_line
from pledge.core.sshwire import Reader, format_string
from pledge.errors import MalformedError, VerificationError

__all__ = [
    "NAMESPACE",
    "SshSignature",
    "fingerprint",
    "format_armor",
    "format_sshsig",
    "parse_armor",
    "parse_public_line",
    "parse_sshsig",
    "public_line",
    "signed_data",
    "verify_sshsig",
]

NAMESPACE: Final = "pledge"
MAX_BLOB_BYTES: Final = 4096

_MAGIC: Final = b"SSHSIG"
_VERSION: Final = 1
_HASHES: Final = frozenset({"sha256", "sha512"})
_LOGGED_HASH: Final = "sha512"
_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"
_ARMOR_WIDTH: Final = 70


@dataclass(frozen=True)
class SshSignature:
    """The parts of a signature blob.

    Attributes:
        public_key: The signer's public key blob, sound and canonical.
        namespace: What the signature is for.
        hash_algorithm: ``sha256`` or ``sha512``: how the message was hashed.
        signature: The signature blob, ``string type, string signature`` …; checked by verifying only.
    """

    public_key: bytes
    namespace: str
    hash_algorithm: str
    signature: bytes


def parse_armor(text: str) -> bytes:
    """Take the blob out of its armor; white space around the lines and Windows line ends do not matter.

    Raises:
        MalformedError: The first or last line is missing (code ``ssh-armor``), or what stands between them is
            not base64 (``ssh-base64``) or too long.
    """
    lines = [line.strip() for line in text[: 4 * MAX_BLOB_BYTES].strip().splitlines()]
    if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:  # noqa: PLR2004 first, base64, last
        raise MalformedError("This is not an SSH signature with its first and last line.", code="ssh-armor")
    return parse_base64("".join(lines[1:-1]))


def format_armor(blob: bytes) -> str:
    """Write a blob as ssh-keygen does: base64 in lines of 70 characters, and a line break at the end."""
    encoded = base64.b64encode(blob).decode()
    lines = [encoded[start : start + _ARMOR_WIDTH] for start in range(0, len(encoded), _ARMOR_WIDTH)]
    return "\n".join([_BEGIN, *lines, _END, ""])


def parse_sshsig(blob: bytes) -> SshSignature:
    """Parse a signature blob of at most 4,096 bytes. Says nothing about whether it verifies.

    Raises:
        MalformedError: The blob, or the public key in it, does not follow its format.
    """
    if len(blob) > MAX_BLOB_BYTES:
        raise MalformedError("The SSH signature is too long.", code="ssh-signature")
    reader = Reader(blob)
    if reader.take(len(_MAGIC)) != _MAGIC or reader.uint32() != _VERSION:
        raise MalformedError("This is not an SSH signature of version 1.", code="ssh-signature")
    public_key, namespace, reserved = reader.string(), reader.name(), reader.string()
    hash_algorithm, signature = reader.name(), reader.string()
    reader.end()
    if reserved:
        raise MalformedError("The SSH signature uses its reserved field.", code="ssh-signature")
    if hash_algorithm not in _HASHES:
        raise MalformedError("The SSH signature's hash is not known.", code="ssh-hash")
    parse_public_key(public_key)
    return SshSignature(public_key, namespace, hash_algorithm, signature)


def format_sshsig(signature: SshSignature) -> bytes:
    """Write a signature blob; the inverse of ``parse_sshsig``."""
    return (
        _MAGIC
        + _VERSION.to_bytes(4, "big")
        + format_string(signature.public_key)
        + format_string(signature.namespace.encode())
        + format_string(b"")
        + format_string(signature.hash_algorithm.encode())
        + format_string(signature.signature)
    )


def signed_data(message: bytes, *, namespace: str, hash_algorithm: str = _LOGGED_HASH) -> bytes:
    """Build the bytes that the key signs (PROTOCOL.sshsig, section 3).

    Args:
        message: What is signed, whole.
        namespace: What for.
        hash_algorithm: ``sha256`` or ``sha512``.
    """
    return (
        _MAGIC
        + format_string(namespace.encode())
        + format_string(b"")
        + format_string(hash_algorithm.encode())
        + format_string(hashlib.new(hash_algorithm, message).digest())
    )


def verify_sshsig(blob: bytes, message: bytes, *, namespace: str = NAMESPACE) -> bytes:
    """Verify a signature blob over ``message`` and return the public key blob that made it.

    Only the hash sha512 is taken, which is what ssh-keygen uses unless told otherwise and what the log holds.
    Whose key it is, the caller decides.

    Raises:
        MalformedError: As ``parse_sshsig``, another hash (code ``ssh-hash``), or a signature of another type
            than the key.
        VerificationError: Made for another namespace (code ``ssh-namespace``), by a security key without a
            touch (``ssh-user-presence``), or it does not fit.
    """
    parsed = parse_sshsig(blob)
    if parsed.hash_algorithm != _LOGGED_HASH:
        raise MalformedError(
            "The SSH signature uses the hash sha256. Sign again with sha512, the default of ssh-keygen.",
            code="ssh-hash",
        )
    if parsed.namespace != namespace:
        raise VerificationError("The SSH signature was made for another namespace.", code="ssh-namespace")
    data = signed_data(message, namespace=namespace)
    parse_public_key(parsed.public_key).verify(parsed.signature, data)
    return parsed.public_key
