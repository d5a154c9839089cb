"""Keys as people see them: recipients and identities in Bech32 (C2SP age, "Native recipient types").

    age1pq1…                 hybrid recipient, 1,959 characters
    AGE-SECRET-KEY-PQ-1…     hybrid identity, a seed of 32 bytes
    age1…                    X25519 recipient
    AGE-SECRET-KEY-1…        X25519 identity

Recipients are in lower case and identities in upper case, never the other way round.
"""

from typing import Final

from pledge.core.age.bech32 import decode_bech32, encode_bech32
from pledge.core.age.hybrid import HybridIdentity, HybridRecipient
from pledge.core.age.x25519 import X25519Identity, X25519Recipient
from pledge.errors import MalformedError

_HYBRID_RECIPIENT: Final = "age1pq"
_HYBRID_IDENTITY: Final = "age-secret-key-pq-"
_X25519_RECIPIENT: Final = "age"
_X25519_IDENTITY: Final = "age-secret-key-"


def format_recipient(recipient: HybridRecipient | X25519Recipient) -> str:
    """Write a recipient as ``age1pq1…`` or ``age1…``."""
    name = _HYBRID_RECIPIENT if isinstance(recipient, HybridRecipient) else _X25519_RECIPIENT
    return encode_bech32(name, recipient.public)


def parse_recipient(text: str) -> HybridRecipient | X25519Recipient:
    """Read what ``format_recipient`` writes.

    Raises:
        MalformedError: Not in Bech32, upper case, another kind, or a key that is refused.
    """
    name, public = decode_bech32(text)
    if text.islower():
        if name == _HYBRID_RECIPIENT:
            return HybridRecipient(public)
        if name == _X25519_RECIPIENT:
            return X25519Recipient(public)
    raise MalformedError("This is not an age recipient: age1pq1… or age1….", code="age-key")


def format_hybrid_identity(seed: bytes) -> str:
    """Write the seed of a hybrid identity, 32 bytes, as ``AGE-SECRET-KEY-PQ-1…``; a secret."""
    return encode_bech32(_HYBRID_IDENTITY, seed).upper()


def format_x25519_identity(seed: bytes) -> str:
    """Write the seed of an X25519 identity, 32 bytes, as ``AGE-SECRET-KEY-1…``; a secret."""
    return encode_bech32(_X25519_IDENTITY, seed).upper()


def parse_identity(text: str) -> HybridIdentity | X25519Identity:
    """Read what ``format_hybrid_identity`` or ``format_x25519_identity`` writes.

    No error repeats any of the text.

    Raises:
        MalformedError: Not in Bech32, lower case, another kind, or another length.
    """
    name, seed = decode_bech32(text)
    if text.isupper():
        if name == _HYBRID_IDENTITY:
            return HybridIdentity.from_seed(seed)
        if name == _X25519_IDENTITY:
            return X25519Identity.from_seed(seed)
    raise MalformedError(
        "This is not an age identity: AGE-SECRET-KEY-PQ-1… or AGE-SECRET-KEY-1….", code="age-key"
    )
