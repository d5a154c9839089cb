"""Checkpoints: what a log is, signed by the log (C2SP tlog-checkpoint).

    example.com/log
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — example.com/log Az3grlgtzPICa5OS8npVmf1M…      kind 0x01: Ed25519 over the text above
    — example.com/log td9FxQAAAABkGFDLCxC6244Q…      kind 0x06: ML-DSA-44 over the same facts, with a time

The log signs twice under one name, its origin. Clients that know Ed25519 only skip the second line, as
signed-note tells them; clients that hold the log's ML-DSA key need not trust the first.
"""

from pledge.core.keys import MlDsa44Key, SigningKey
from pledge.core.tlog.checkpoint_text import Checkpoint, format_checkpoint, parse_checkpoint
from pledge.core.tlog.cosignature import sign_ml_dsa44_cosignature
from pledge.core.tlog.note import (
    COSIGNATURE_ML_DSA44,
    ED25519,
    Note,
    NoteSignature,
    VerifierKey,
    format_note,
)

__all__ = ["Checkpoint", "format_checkpoint", "parse_checkpoint", "sign_checkpoint"]


def sign_checkpoint(
    checkpoint: Checkpoint, *, ed25519: SigningKey, ml_dsa: MlDsa44Key, seconds: int
) -> bytes:
    """Sign as the log. Whoever calls this has made sure that no other tree of this log was ever signed.

    Args:
        checkpoint: What the log is now; its origin is the name of both keys.
        ed25519: The log's key of kind 0x01.
        ml_dsa: The log's key of kind 0x06.
        seconds: Time of the 0x06 signature since the Unix epoch, the log's own claim; 0 makes none
            (tlog-cosignature, "ML-DSA-44 signed message").

    Returns:
        A note of about 3.6 KB with two signature lines, 0x01 before 0x06. Cost: about a millisecond.

    Raises:
        MalformedError: The origin may not be the name of a key, or seconds outside 0 to 2^63 - 1.
    """
    origin, text = checkpoint.origin, format_checkpoint(checkpoint)
    classical = VerifierKey(origin, ED25519, ed25519.public)
    post_quantum = VerifierKey(origin, COSIGNATURE_ML_DSA44, ml_dsa.public)
    signatures = (
        NoteSignature(origin, classical.key_id, ed25519.sign(text.encode())),
        NoteSignature(
            origin, post_quantum.key_id, sign_ml_dsa44_cosignature(ml_dsa, origin, checkpoint, seconds)
        ),
    )
    return format_note(Note(text, signatures))
