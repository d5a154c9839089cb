"""The payload of an age file: STREAM over ChaCha20-Poly1305 (C2SP age, "Payload").

    payload = nonce[16] ‖ chunk 0 ‖ chunk 1 ‖ … ‖ last chunk
    chunk   = ChaCha20-Poly1305 of 64 KiB of plaintext, 16 bytes longer; the last of 1 byte to 64 KiB,
              or of none if there is no plaintext at all
    key     = HKDF-SHA256(file key, salt = nonce, info = "payload"), derived in ``file``
    nonce of a chunk = number of the chunk, from zero[11] ‖ 0x01 for the last, 0x00 for all others

Numbers and the mark of the last make it evident when chunks are missing, moved or added. A chunk is released
once it has been authenticated, so a reader of the start of a file may meet an error after it.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from pledge.core.age.blocks import Piece, split_blocks
from pledge.errors import MalformedError, VerificationError

CHUNK_BYTES: Final = 65_536
TAG_BYTES: Final = 16
NONCE_BYTES: Final = 16

_FULL_CHUNK_BYTES: Final = CHUNK_BYTES + TAG_BYTES


def encrypt_stream(key: bytes, plaintext: Iterable[Piece]) -> Iterator[bytes]:
    """Encrypt a stream, chunk by chunk.

    Args:
        key: 32 bytes that never encrypt anything else; a secret.
        plaintext: Pieces of any size. One chunk is held at a time.

    Yields:
        The chunks, without the nonce of the payload.
    """
    cipher = ChaCha20Poly1305(key)
    for number, (block, is_last) in enumerate(split_blocks(plaintext, CHUNK_BYTES)):
        yield cipher.encrypt(_chunk_nonce(number, is_last=is_last), block, None)


def decrypt_stream(key: bytes, ciphertext: Iterable[Piece]) -> Iterator[bytes]:
    """Decrypt what ``encrypt_stream`` made, chunk by chunk.

    Args:
        key: The 32 bytes it was encrypted with.
        ciphertext: Pieces of any size. One chunk is held at a time.

    Yields:
        The plaintext, authenticated, in pieces of up to 64 KiB.

    Raises:
        VerificationError: A chunk is changed or out of place, the last is missing or empty without being the
            only one, or something follows it (code ``age-payload``).
    """
    cipher = ChaCha20Poly1305(key)
    for number, (block, is_last) in enumerate(split_blocks(ciphertext, _FULL_CHUNK_BYTES)):
        plaintext = _decrypt_chunk(cipher, block, number, is_last=is_last)
        fits = plaintext is not None and (plaintext != b"" or number == 0)
        if plaintext is None and len(block) == _FULL_CHUNK_BYTES:
            # Perhaps it is as it was, and only what follows was taken away or added: then it is released all the same.
            plaintext = _decrypt_chunk(cipher, block, number, is_last=not is_last)
        if plaintext:
            yield plaintext
        if not fits:
            raise VerificationError("An age file is damaged or cut off.", code="age-payload")


def payload_size(plaintext_bytes: int) -> int:
    """How many bytes the payload has, nonce included, for plaintext of so many bytes, 0 or more."""
    chunks = max(1, -(-plaintext_bytes // CHUNK_BYTES))
    return NONCE_BYTES + plaintext_bytes + chunks * TAG_BYTES


def plaintext_size(payload_bytes: int) -> int:
    """How many bytes of plaintext a payload of so many bytes holds: the inverse of ``payload_size``.

    Raises:
        MalformedError: No payload has that size (code ``age-payload``).
    """
    stream_bytes = payload_bytes - NONCE_BYTES
    chunks = max(1, -(-stream_bytes // _FULL_CHUNK_BYTES))
    plaintext_bytes = stream_bytes - chunks * TAG_BYTES
    if plaintext_bytes < 0 or payload_size(plaintext_bytes) != payload_bytes:
        raise MalformedError("No age file has this size.", code="age-payload")
    return plaintext_bytes


def _decrypt_chunk(cipher: ChaCha20Poly1305, block: Piece, number: int, *, is_last: bool) -> bytes | None:
    """Decrypt one chunk; None if it is not the one with that number and mark."""
    try:
        return cipher.decrypt(_chunk_nonce(number, is_last=is_last), block, None)
    except InvalidTag:
        return None


def _chunk_nonce(number: int, *, is_last: bool) -> bytes:
    return (number << 8 | is_last).to_bytes(12, "big")
