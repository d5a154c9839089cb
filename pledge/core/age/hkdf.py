"""HKDF-SHA256 as the age format uses it (RFC 5869)."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive_key(secret: bytes, *, salt: bytes, info: bytes) -> bytes:
    """Derive a key of 32 bytes.

    Args:
        secret: What it is derived from: a file key or a shared secret.
        salt: Any bytes, or none; not secret.
        info: What the key is for; not secret.
    """
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(secret)
