r"""A mailbox: where a source's thread lies, known by a key that comes from the codename.

::

    id        = SHA-256(mailbox public key[32])[:16], as 32 hex digits
    challenge = "pledge/mailbox-auth/v1\n<origin>\n<id>\n<nonce, 64 hex digits>", signed by the mailbox key
    follow-up = "pledge/follow-up/v1\n<origin>\n<id>\n<number>\n<leaf, hex>\n<SHA-256 of the envelope, hex>", signed
    nonce n   = HMAC-SHA256(seed of purpose digest, "pledge/tip-nonce/v1\n<number>")

The last is what blinds the leaf of a source's message in the day's digest (``digest``). It follows from the codename,
so that a source who comes back with nothing else can find the leaf again.
"""

import hashlib
import hmac
import re
from typing import Final, NewType

from pledge.core.keys import verify_ed25519
from pledge.core.words import Seed
from pledge.errors import MalformedError, VerificationError

MailboxId = NewType("MailboxId", str)
"""32 hex digits."""

NONCE_BYTES: Final = 32
_ID: Final = re.compile("[0-9a-f]{32}")


def mailbox_id(public: bytes) -> MailboxId:
    """Name the mailbox of a key, 32 bytes."""
    return MailboxId(hashlib.sha256(public).digest()[:16].hex())


def parse_mailbox_id(text: str) -> MailboxId:
    """Read a mailbox's name.

    Raises:
        MalformedError: It is not 32 hex digits.
    """
    if not _ID.fullmatch(text):
        raise MalformedError("A mailbox is named by 32 hex digits.")
    return MailboxId(text)


def challenge(mailbox: MailboxId, nonce: bytes, *, origin: str) -> bytes:
    """Give what the mailbox's key signs to be let in; ``nonce`` is 32 bytes that nobody could know long before."""
    return f"pledge/mailbox-auth/v1\n{origin}\n{mailbox}\n{nonce.hex()}".encode()


def verify_answer(mailbox: MailboxId, nonce: bytes, *, origin: str, public: bytes, signature: bytes) -> None:
    """Check that somebody holds the key of a mailbox.

    Raises:
        VerificationError: The key is of another mailbox, or the signature is not over this challenge.
    """
    if not hmac.compare_digest(mailbox_id(public), mailbox):
        raise VerificationError("This key is of another mailbox.", code="other-mailbox")
    verify_ed25519(public, challenge(mailbox, nonce, origin=origin), signature)


def follow_up(mailbox: MailboxId, *, origin: str, number: int, leaf: bytes, envelope_sha256: bytes) -> bytes:
    """Give what the mailbox's key signs to add a message to its thread.

    It names all there is to name, so that a replay is the same message once more.
    """
    return (
        f"pledge/follow-up/v1\n{origin}\n{mailbox}\n{number}\n{leaf.hex()}\n{envelope_sha256.hex()}".encode()
    )


def derive_nonce(digest_seed: Seed, number: int) -> bytes:
    """Derive the nonce of a source's message, 32 bytes; a secret until a steward opens the message.

    Args:
        digest_seed: The codename's seed of purpose ``digest``.
        number: The message's, from 1.
    """
    return hmac.digest(digest_seed, f"pledge/tip-nonce/v1\n{number}".encode(), hashlib.sha256)
