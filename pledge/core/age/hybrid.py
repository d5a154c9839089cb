r"""The hybrid recipient, safe against quantum computers too (C2SP age, "The MLKEM768-X25519 … recipient type").

    -> mlkem768x25519 base64(enc[1120])
    body = ciphertext of HPKE, 32 bytes

    enc, body = SealBase(recipient, info = "age-encryption.org/mlkem768x25519", aad = none, file key)
                HPKE (RFC 9180, section 6.1), KEM MLKEM768-X25519 (0x647a), HKDF-SHA256, ChaCha20-Poly1305

    seed[32] -> SHAKE256 -> ML-KEM-768 seed d ‖ z[64] ‖ X25519 scalar[32]      draft-ietf-hpke-pq-03
    recipient = ML-KEM-768 encapsulation key[1184] ‖ X25519 public key[32]
    enc       = ML-KEM-768 ciphertext[1088] ‖ X25519 ephemeral share[32]

The KEM is X-Wing. All of HPKE but the expansion of the seed is done by pyca/cryptography, which also draws the
randomness of an encapsulation.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from pledge.core.age import x25519
from pledge.core.age.stanza import Kind, RandomBytes, Stanza, encode_base64, read_stanza
from pledge.errors import MalformedError

STANZA_TYPE: Final = "mlkem768x25519"
SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 1216
ENC_BYTES: Final = 1120

_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_INFO: Final = b"age-encryption.org/mlkem768x25519"
_ML_KEM_SEED_BYTES: Final = 64
_ML_KEM_PUBLIC_BYTES: Final = 1184
_ML_KEM_CIPHERTEXT_BYTES: Final = 1088


@dataclass(frozen=True, slots=True)
class HybridRecipient:
    """A public key to encrypt to.

    Attributes:
        public: 1,216 bytes; both parts are checked when it is made.

    Raises:
        MalformedError: Another length, an ML-KEM key that is not reduced (FIPS 203, section 7.2), or an X25519 key
            that ``x25519.check_public`` refuses (code ``age-key``).
    """

    public: bytes
    _key: MLKEM768X25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ml_kem, point = self.public[:_ML_KEM_PUBLIC_BYTES], self.public[_ML_KEM_PUBLIC_BYTES:]
        x25519.check_public(point)
        try:
            ml_kem_key = MLKEM768PublicKey.from_public_bytes(ml_kem)
        except ValueError:
            raise MalformedError("This is not an ML-KEM-768 public key.", code="age-key") from None
        key = MLKEM768X25519PublicKey(ml_kem_key, X25519PublicKey.from_public_bytes(point))
        object.__setattr__(self, "_key", key)

    @property
    def kind(self) -> Kind:
        return "post-quantum"

    def wrap(self, file_key: bytes, *, random_bytes: RandomBytes) -> Stanza:  # noqa: ARG002  # pyca draws its own
        sealed = _SUITE.encrypt(file_key, self._key, _INFO)
        return Stanza(STANZA_TYPE, (encode_base64(sealed[:ENC_BYTES]),), sealed[ENC_BYTES:])


class HybridIdentity:
    """A private key. Make one with ``from_seed``; it shows its public half only."""

    __slots__ = ("_private", "recipient")

    recipient: HybridRecipient

    def __init__(self, ml_kem: MLKEM768PrivateKey, point: X25519PrivateKey) -> None:
        self._private = MLKEM768X25519PrivateKey(ml_kem, point)
        self.recipient = HybridRecipient(
            ml_kem.public_key().public_bytes_raw() + point.public_key().public_bytes_raw()
        )

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Derive both private keys from one seed (draft-ietf-hpke-pq-03; X-Wing, "Key derivation").

        Args:
            seed: 32 uniformly random bytes; a secret.

        Raises:
            MalformedError: Another length (code ``age-key``).
        """
        if len(seed) != SEED_BYTES:
            raise MalformedError("A hybrid identity has 32 bytes.", code="age-key")
        expanded = hashlib.shake_256(seed).digest(_ML_KEM_SEED_BYTES + x25519.SEED_BYTES)
        return cls(
            MLKEM768PrivateKey.from_seed_bytes(expanded[:_ML_KEM_SEED_BYTES]),
            X25519PrivateKey.from_private_bytes(expanded[_ML_KEM_SEED_BYTES:]),
        )

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        for sealed in [read_sealed(stanza) for stanza in stanzas if stanza.type == STANZA_TYPE]:
            try:
                return _SUITE.decrypt(sealed, self._private, _INFO)
            except InvalidTag:
                continue  # meant for someone else
        return None

    def __repr__(self) -> str:
        return f"HybridIdentity(public={self.recipient.public[:8].hex()}…)"


def read_sealed(stanza: Stanza) -> bytes:
    """Check the form of a stanza of this type, which takes no key, and read enc ‖ ciphertext, 1,152 bytes.

    Raises:
        MalformedError: Other sizes, or an ephemeral share of low order (code ``age-header``).
    """
    enc = read_stanza(stanza, arguments=1, size_bytes=ENC_BYTES)
    if x25519.has_low_order(enc[_ML_KEM_CIPHERTEXT_BYTES:]):
        raise MalformedError("A hybrid stanza holds a point of low order.", code="age-header")
    return enc + stanza.body
