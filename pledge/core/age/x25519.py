"""The X25519 recipient: classical, for identities that no one keeps for long (C2SP age, "The X25519 recipient type").

    -> X25519 base64(ephemeral share[32])
    body = ChaCha20-Poly1305(wrap key, file key), 32 bytes

    wrap key = HKDF-SHA256(X25519(ephemeral secret, recipient), salt = ephemeral share ‖ recipient,
                           info = "age-encryption.org/v1/X25519")

A quantum computer could open such files later, so no tip is sealed this way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from pledge.core.age.hkdf import derive_key
from pledge.core.age.stanza import (
    Kind,
    RandomBytes,
    Stanza,
    encode_base64,
    read_stanza,
    unwrap_file_key,
    wrap_file_key,
)
from pledge.errors import MalformedError

STANZA_TYPE: Final = "X25519"
PUBLIC_BYTES: Final = 32
SEED_BYTES: Final = 32

_INFO: Final = b"age-encryption.org/v1/X25519"
# RFC 7748, section 4.1: the prime of the field.
_P: Final = 2**255 - 19
_U_MASK: Final = 2**255 - 1
# The u coordinates of all points whose order divides 8, on the curve and on its twist: two of order 8, and 0, 1, -1.
_U_ORDER_8: Final = (
    int.from_bytes(
        bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"), "little"
    ),
    int.from_bytes(
        bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"), "little"
    ),
)
_LOW_ORDER_U: Final = frozenset({0, 1, _P - 1, *_U_ORDER_8})


@dataclass(frozen=True, slots=True)
class X25519Recipient:
    """A public key to encrypt to.

    Attributes:
        public: The 32 bytes of a point, checked as by ``check_public``.
    """

    public: bytes

    def __post_init__(self) -> None:
        check_public(self.public)

    @property
    def kind(self) -> Kind:
        return "classical"

    def wrap(self, file_key: bytes, *, random_bytes: RandomBytes) -> Stanza:
        ephemeral = X25519PrivateKey.from_private_bytes(random_bytes(SEED_BYTES))
        share = ephemeral.public_key().public_bytes_raw()
        shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(self.public))
        body = wrap_file_key(_derive_wrap_key(shared, share, self.public), file_key)
        return Stanza(STANZA_TYPE, (encode_base64(share),), body)


class X25519Identity:
    """A private key. Make one with ``from_seed``; it shows its public half only."""

    __slots__ = ("_private", "recipient")

    recipient: X25519Recipient

    def __init__(self, private: X25519PrivateKey) -> None:
        self._private = private
        self.recipient = X25519Recipient(private.public_key().public_bytes_raw())

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Take 32 uniformly random bytes, a secret, as the scalar (RFC 7748, section 5).

        Raises:
            MalformedError: Another length (code ``age-key``).
        """
        if len(seed) != SEED_BYTES:
            raise MalformedError("An X25519 identity has 32 bytes.", code="age-key")
        return cls(X25519PrivateKey.from_private_bytes(seed))

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        wrapped = [(_read_share(stanza), stanza.body) for stanza in stanzas if stanza.type == STANZA_TYPE]
        for share, body in wrapped:
            shared = self._private.exchange(X25519PublicKey.from_public_bytes(share))
            file_key = unwrap_file_key(_derive_wrap_key(shared, share, self.recipient.public), body)
            if file_key is not None:
                return file_key
        return None

    def __repr__(self) -> str:
        return f"X25519Identity(public={self.recipient.public.hex()})"


def check_public(public: bytes) -> None:
    """Check that bytes may stand for an X25519 public key.

    Raises:
        MalformedError: Another length than 32, a second encoding of another key, under which nothing would ever
            decrypt, or a point of low order, which has no secrets (code ``age-key``).
    """
    if len(public) != PUBLIC_BYTES or int.from_bytes(public, "little") >= _P or has_low_order(public):
        raise MalformedError("This is not an X25519 public key.", code="age-key")


def has_low_order(public: bytes) -> bool:
    """Tell whether a point of 32 bytes gives zero with every secret (RFC 7748, sections 5, 6.1 and 7).

    Looked up rather than computed: who takes envelopes in asks it of every stanza.
    """
    return (int.from_bytes(public, "little") & _U_MASK) % _P in _LOW_ORDER_U


def _read_share(stanza: Stanza) -> bytes:
    """Read the ephemeral share, or raise MalformedError with code ``age-header``."""
    share = read_stanza(stanza, arguments=1, size_bytes=PUBLIC_BYTES)
    if has_low_order(share):
        raise MalformedError("An X25519 stanza holds a point of low order.", code="age-header")
    return share


def _derive_wrap_key(shared: bytes, share: bytes, public: bytes) -> bytes:
    return derive_key(shared, salt=share + public, info=_INFO)
