r"""Cosignatures on checkpoints, by witnesses and by the log itself (C2SP tlog-cosignature).

A cosigner says that it saw the log only ever grow, and, unless the time is 0, that at that time this was the
largest tree it had seen. After the key ID, a note signature of either kind holds

    ┌────────────────┬───────────────────────────────────────────────────────────┐
    │ seconds u64 BE │ signature[64] of Ed25519, or signature[2420] of ML-DSA-44 │
    └────────────────┴───────────────────────────────────────────────────────────┘

with seconds since the Unix epoch, 0 to 2^63 - 1. The two kinds sign different messages. Ed25519 (0x04) signs
text, and does not commit to the cosigner's name, so no key may serve two names:

    cosignature/v1
    time <seconds>
    <the whole text of the checkpoint>

ML-DSA-44 (0x06) signs a cosigned_message, here always the whole tree, from entry 0:

    ┌──────────────────┬─────┬──────────┬────────────────┬─────┬────────┬──────────┬─────────────┬──────────┐
    │ "subtree/v1\n\0" │ len │ cosigner │ seconds u64 BE │ len │ origin │ 0 u64 BE │ size u64 BE │ root[32] │
    └──────────────────┴─────┴──────────┴────────────────┴─────┴────────┴──────────┴─────────────┴──────────┘
"""

import struct
from typing import Final

from pledge.core.keys import MlDsa44Key, SigningKey, verify_ed25519, verify_ml_dsa44
from pledge.core.tlog.checkpoint_text import Checkpoint, format_checkpoint, parse_checkpoint
from pledge.core.tlog.encoding import MAX_NUMBER
from pledge.core.tlog.vkey import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA44, VerifierKey, check_name
from pledge.errors import MalformedError, VerificationError

_SECONDS: Final = struct.Struct(">Q")
_SUBTREE_LABEL: Final = b"subtree/v1\n\0"


def ed25519_message(checkpoint: Checkpoint, seconds: int) -> bytes:
    """Build what a cosignature of kind 0x04 signs (tlog-cosignature, "Ed25519 signed message").

    Raises:
        MalformedError: Seconds outside 0 to 2^63 - 1.
    """
    _check_seconds(seconds)
    return f"cosignature/v1\ntime {seconds}\n{format_checkpoint(checkpoint)}".encode()


def ml_dsa44_message(cosigner: str, checkpoint: Checkpoint, seconds: int) -> bytes:
    """Build what a cosignature of kind 0x06 signs (tlog-cosignature, "ML-DSA-44 signed message").

    Args:
        cosigner: The name of the signing key; for the log's own signature its origin.
        checkpoint: What is signed, the subtree [0, size).
        seconds: The time, or 0 to say nothing about it.

    Raises:
        MalformedError: Seconds outside 0 to 2^63 - 1, or a name that may not be.
    """
    _check_seconds(seconds)
    check_name(cosigner)
    name, origin = cosigner.encode(), checkpoint.origin.encode()
    return b"".join(
        [
            _SUBTREE_LABEL,
            struct.pack(">B", len(name)) + name,
            _SECONDS.pack(seconds),
            struct.pack(">B", len(origin)) + origin,
            struct.pack(">QQ", 0, checkpoint.size),
            checkpoint.root,
        ]
    )


def sign_ed25519_cosignature(key: SigningKey, checkpoint: Checkpoint, seconds: int) -> bytes:
    """Cosign as kind 0x04 and return the 72 bytes that follow the key ID.

    Raises:
        MalformedError: Seconds outside 0 to 2^63 - 1.
    """
    return _SECONDS.pack(seconds) + key.sign(ed25519_message(checkpoint, seconds))


def sign_ml_dsa44_cosignature(key: MlDsa44Key, cosigner: str, checkpoint: Checkpoint, seconds: int) -> bytes:
    """Cosign as kind 0x06 and return the 2,428 bytes that follow the key ID.

    Raises:
        MalformedError: As ``ml_dsa44_message``.
    """
    message = ml_dsa44_message(cosigner, checkpoint, seconds)
    return _SECONDS.pack(seconds) + key.sign(message)


def cosignature_seconds(signature: bytes) -> int:
    """Read the time from what follows the key ID. Believe it only after ``verify_cosignature``.

    Returns:
        Seconds since the Unix epoch, 0 to 2^63 - 1; 0 says nothing about time.

    Raises:
        MalformedError: Fewer than 8 bytes, or a time past 2^63 - 1.
    """
    if len(signature) < _SECONDS.size:
        raise MalformedError("A cosignature begins with eight bytes of time.")
    seconds: int = _SECONDS.unpack_from(signature)[0]
    _check_seconds(seconds)
    return seconds


def verify_cosignature(vkey: VerifierKey, text: str, signature: bytes) -> int:
    """Verify a cosignature of kind 0x04 or 0x06.

    Args:
        vkey: Whose it is said to be.
        text: The text of the note it stands under.
        signature: What follows the key ID, 72 or 2,428 bytes.

    Returns:
        Its time, as ``cosignature_seconds``.

    Raises:
        VerificationError: The text is no checkpoint, the time is out of range, the key is of another kind, or
            the signature does not fit.
    """
    try:
        checkpoint = parse_checkpoint(text)
        seconds = cosignature_seconds(signature)
    except MalformedError as error:
        raise VerificationError(f"A cosignature does not verify: {error}") from error
    signed = signature[_SECONDS.size :]
    if vkey.kind == COSIGNATURE_ED25519:
        verify_ed25519(vkey.public, ed25519_message(checkpoint, seconds), signed)
    elif vkey.kind == COSIGNATURE_ML_DSA44:
        verify_ml_dsa44(vkey.public, ml_dsa44_message(vkey.name, checkpoint, seconds), signed)
    else:
        raise VerificationError("A key of this kind makes no cosignatures.")
    return seconds


def _check_seconds(seconds: int) -> None:
    """Raise MalformedError unless the time is in range."""
    if not 0 <= seconds <= MAX_NUMBER:
        raise MalformedError("The time of a cosignature is 0 to 2^63 - 1 seconds.")
