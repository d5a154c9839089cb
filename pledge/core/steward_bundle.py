"""A steward's secret keys: kept wrapped under a passphrase, unwrapped only on the steward's own machine.

    {"keys": [{"age": "AGE-SECRET-KEY-PQ-1…", "from": "2026-11-26", "signing": 64 hex digits, an Ed25519 seed}, …],
     "origin": of the log, "type": "steward-keys/v1"}

Canonical JSON; the newest keys stand last. Older ones stay, since they open older tips. It is wrapped as an age file
with a passphrase, ``pledge-steward.age``, so that the age command opens it too.
"""

from datetime import date
from itertools import pairwise
from typing import Final, Literal, cast

from pledge.core.age.file import decrypt, encrypt
from pledge.core.age.header import parse_header, split_header
from pledge.core.age.hybrid import HybridIdentity
from pledge.core.age.keytext import parse_identity
from pledge.core.age.scrypt import STANZA_TYPE, ScryptIdentity, ScryptRecipient
from pledge.core.age.stanza import RandomBytes
from pledge.core.keys import SigningKey
from pledge.core.statement.canonical import format_json, parse_json
from pledge.core.statement.members import (
    DAY,
    ORIGIN,
    Codec,
    choice,
    matching,
    member,
    nested,
    record,
    sequence,
)
from pledge.errors import MalformedError, VerificationError

MAX_BUNDLE_BYTES: Final = 65_536
# An age file with one scrypt stanza adds a header of some 200 bytes and 32 more: this leaves room for both.
_MAX_PLAIN_BYTES: Final = MAX_BUNDLE_BYTES - 1024
_MAX_KEYS: Final = 256


def _parse_identity(value: object) -> str:
    if isinstance(value, str) and isinstance(parse_identity(value), HybridIdentity):
        return value
    raise MalformedError("must be a post-quantum age identity")


@record
class OwnKeys:
    """One pair of keys: what opens, what signs, and the day from which they hold. Both are secrets."""

    age: str = member(Codec(_parse_identity, str))
    from_: date = member(DAY)
    signing: str = member(matching(r"[0-9a-f]{64}", "an Ed25519 seed in lower-case hex"))

    @property
    def identity(self) -> HybridIdentity:
        """What opens what was sealed to these."""
        return cast("HybridIdentity", parse_identity(self.age))

    @property
    def signing_key(self) -> SigningKey:
        """What signs answers."""
        return SigningKey.from_seed(bytes.fromhex(self.signing))

    def __repr__(self) -> str:
        return f"OwnKeys(from_={self.from_})"


@record
class Bundle:
    """All keys that a steward holds for one log, the newest last."""

    keys: tuple[OwnKeys, ...] = member(sequence(nested(OwnKeys), 1, _MAX_KEYS))
    origin: str = member(ORIGIN)
    type_: Literal["steward-keys/v1"] = member(choice("steward-keys/v1"))

    def __post_init__(self) -> None:
        for values in ({key.age for key in self.keys}, {key.signing for key in self.keys}):
            if len(values) != len(self.keys):
                raise MalformedError("no key stands in a bundle twice")
        if any(one.from_ > other.from_ for one, other in pairwise(self.keys)):
            raise MalformedError("the newest keys of a bundle stand last")

    @property
    def identities(self) -> list[HybridIdentity]:
        """What opens tips, the newest first."""
        return [key.identity for key in reversed(self.keys)]


_BUNDLE: Final = nested(Bundle)


def format_bundle(bundle: Bundle) -> bytes:
    """Write a bundle, not wrapped; a secret.

    Raises:
        MalformedError: More keys than a file holds.
    """
    return format_json(_BUNDLE.format(bundle), max_bytes=_MAX_PLAIN_BYTES)


def parse_bundle(data: bytes) -> Bundle:
    """Read what ``format_bundle`` writes.

    Raises:
        MalformedError: It does not follow the format. No message repeats any of it.
    """
    return _BUNDLE.parse(parse_json(data, max_bytes=_MAX_PLAIN_BYTES))


def wrap_bundle(
    bundle: Bundle, passphrase: str, *, random_bytes: RandomBytes, work_factor: int = 18
) -> bytes:
    """Wrap a bundle under a passphrase. Takes about a second and 256 MiB, and is meant to.

    Raises:
        MalformedError: An empty passphrase.
    """
    recipient = ScryptRecipient(passphrase, work_factor)
    return b"".join(encrypt([recipient], [format_bundle(bundle)], random_bytes=random_bytes))


def unwrap_bundle(data: bytes, passphrase: str) -> Bundle:
    """Unwrap a bundle.

    Args:
        data: At most 64 KiB, from anywhere. A work factor over 20 is refused before any work.
        passphrase: Used just as it is.

    Raises:
        MalformedError: Not an age file with a passphrase, or not a bundle in it.
        VerificationError: Another passphrase, or the file is damaged (code ``age-no-match``).
    """
    if len(data) > MAX_BUNDLE_BYTES:
        raise MalformedError("This file is too large to be a key file.", code="too-large")
    header, _ = split_header([data])
    if [stanza.type for stanza in parse_header(header).stanzas] != [STANZA_TYPE]:
        raise MalformedError(
            "This is not a key file with a passphrase: pledge-steward.age.", code="age-header"
        )
    try:
        plain = b"".join(decrypt([ScryptIdentity(passphrase)], [data]))
    except VerificationError:
        raise VerificationError(
            "This passphrase does not open this key file, or the file is damaged.", code="age-no-match"
        ) from None
    return parse_bundle(plain)
