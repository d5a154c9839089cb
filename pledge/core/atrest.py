"""Small values encrypted at rest, so that a copy of the database alone does not tell them.

    0x01 ‖ nonce[12] ‖ AES-256-GCM ciphertext ‖ tag[16]        NIST SP 800-38D

The associated data is the context: what the value is and whose, such as ``signing/address/<row id>``. A value
moved to another row or column therefore does not decrypt. Which key was used is kept beside the value.
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pledge.errors import MalformedError, VerificationError

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
MAX_PLAINTEXT_BYTES: Final = 65_536
OVERHEAD_BYTES: Final = 1 + NONCE_BYTES + TAG_BYTES

_VERSION: Final = b"\x01"


def encrypt(key: bytes, plaintext: bytes, *, nonce: bytes, context: str) -> bytes:
    """Encrypt a value under a key and bind it to its context.

    Args:
        key: 32 random bytes; a secret.
        plaintext: At most 65,536 bytes. Its length shows in the result, 29 bytes longer.
        nonce: 12 random bytes, never used before with this key: a second use tells both plaintexts. Drawn at
            random, they stay safe for some 2^32 values under one key.
        context: What the value is and whose; not empty, not secret.

    Raises:
        MalformedError: A length is wrong, or the context is empty.
    """
    _check(key, context)
    if len(nonce) != NONCE_BYTES or len(plaintext) > MAX_PLAINTEXT_BYTES:
        raise MalformedError("A nonce has 12 bytes and a value at rest at most 65,536.")
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, plaintext, context.encode())


def decrypt(key: bytes, data: bytes, *, context: str) -> bytes:
    """Decrypt what ``encrypt`` made with the same key and context.

    Raises:
        MalformedError: The key has another length, or the context is empty.
        VerificationError: The data is not what was encrypted, or the key or context is another.
    """
    _check(key, context)
    nonce, sealed = data[1 : 1 + NONCE_BYTES], data[1 + NONCE_BYTES :]
    too_long = len(data) > MAX_PLAINTEXT_BYTES + OVERHEAD_BYTES
    if data[:1] != _VERSION or len(sealed) < TAG_BYTES or too_long:
        raise VerificationError("A value at rest is damaged.")
    try:
        return AESGCM(key).decrypt(nonce, sealed, context.encode())
    except InvalidTag:
        raise VerificationError("A value at rest does not fit its key and context.") from None


def _check(key: bytes, context: str) -> None:
    if len(key) != KEY_BYTES or not context:
        raise MalformedError("A key for values at rest has 32 bytes, and a value a context.")
