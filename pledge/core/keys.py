"""Signing keys: Ed25519 and ML-DSA-44, held, written as text, and verified strictly.

Ed25519 leaves corners open in which implementations differ (Chalkias, Garillot, Nikolaenko, "Taming the many
EdDSAs", 2020). A permanent log needs one answer for all readers, so this module takes the narrowest one: the
encodings of A and R must be canonical and neither may have low order, S must be below the group's order, and
the equation is checked without the cofactor. A signature that passes here passes in every other
implementation of RFC 8032 or FIPS 186-5.

Public keys and signatures are plain bytes: what a key means depends on where it was found, so the caller
knows. Private keys are objects that show their public half only.
"""

import base64
import binascii
import hashlib
from functools import lru_cache
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from pledge.errors import MalformedError, VerificationError

SEED_BYTES: Final = 32
ED25519_PUBLIC_BYTES: Final = 32
ED25519_SIGNATURE_BYTES: Final = 64
ML_DSA44_PUBLIC_BYTES: Final = 1312
ML_DSA44_SIGNATURE_BYTES: Final = 2420

# RFC 8032, section 5.1: the field's prime, and the order L of the base point.
_P: Final = 2**255 - 19
_L: Final = 2**252 + 27742317777372353535851937790883648493
_Y_MASK: Final = 2**255 - 1

# The y coordinates of the eight points of the torsion subgroup: orders 1, 2, 4 (two points), and 8 (four
# points on two coordinates, each the other's negative). The sign of x does not matter: all eight are refused.
_Y_ORDER_8: Final = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_LOW_ORDER_Y: Final = frozenset({1, _P - 1, 0, _Y_ORDER_8, _P - _Y_ORDER_8})

# RFC 8410, section 7: PrivateKeyInfo of version 0 with algorithm 1.3.101.112, up to the seed.
_PKCS8_PREFIX: Final = bytes.fromhex("302e020100300506032b657004220420")

_KEY_PREFIX: Final = "ed25519:"
_ROLE_KEY_KIND: Final = b"\x01"

# Public keys that are kept at hand, never private ones: of two signatures in a log, one is by the same notary.
_REMEMBERED: Final = 256


class SigningKey:
    """An Ed25519 private key (RFC 8032). Make one with ``from_seed``; it shows its public half only."""

    __slots__ = ("_private", "public")

    public: bytes

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Derive the key pair from its seed (RFC 8032, section 5.1.5).

        Args:
            seed: 32 uniformly random bytes; a secret.

        Raises:
            MalformedError: The seed has another length.
        """
        _check_length(seed, SEED_BYTES, "An Ed25519 seed")
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def sign(self, message: bytes) -> bytes:
        """Sign ``message`` and return the 64 bytes R ‖ S (RFC 8032, section 5.1.6). Deterministic."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public.hex()})"


class MlDsa44Key:
    """An ML-DSA-44 private key (FIPS 204). Make one with ``from_seed``; it shows its public half only."""

    __slots__ = ("_private", "public")

    public: bytes

    def __init__(self, private: MLDSA44PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Derive the key pair from its seed ξ (FIPS 204, algorithm 6).

        Args:
            seed: 32 uniformly random bytes; a secret.

        Raises:
            MalformedError: The seed has another length.
        """
        _check_length(seed, SEED_BYTES, "An ML-DSA-44 seed")
        return cls(MLDSA44PrivateKey.from_seed_bytes(seed))

    def sign(self, message: bytes) -> bytes:
        """Sign ``message`` under the empty context and return 2,420 bytes (FIPS 204, algorithm 2). Hedged."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"MlDsa44Key(public={self.public[:8].hex()}…)"


def check_ed25519_public(public: bytes) -> None:
    """Check that bytes may stand for an Ed25519 public key.

    Refused are a wrong length, a y coordinate not below 2^255 - 19 (a second encoding of another key), and
    the eight points of low order, under which one signature fits many messages. That the point is on the
    curve is not computed here: no signature verifies under one that is not.

    Raises:
        MalformedError: One of these.
    """
    _check_length(public, ED25519_PUBLIC_BYTES, "An Ed25519 public key")
    _check_point(public, "An Ed25519 public key")


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> None:
    """Verify an Ed25519 signature, strictly (RFC 8032, section 5.1.7; the module's text says how strictly).

    Args:
        public: The 32-byte public key A.
        message: What was signed.
        signature: The 64 bytes R ‖ S.

    Raises:
        VerificationError: The key, R or S is not acceptable, or the signature does not fit.
    """
    try:
        key = _load_ed25519(public)
        _check_length(signature, ED25519_SIGNATURE_BYTES, "An Ed25519 signature")
        _check_point(signature[:32], "R of an Ed25519 signature")
    except MalformedError as error:
        raise VerificationError(error.message, code=VerificationError.code, **error.values) from error
    if int.from_bytes(signature[32:], "little") >= _L:
        raise VerificationError("S of an Ed25519 signature is not below the order of the group.")
    try:
        key.verify(signature, message)
    except InvalidSignature as error:
        raise VerificationError("An Ed25519 signature does not fit its key and message.") from error


@lru_cache(_REMEMBERED)
def _load_ed25519(public: bytes) -> Ed25519PublicKey:
    check_ed25519_public(public)
    return Ed25519PublicKey.from_public_bytes(public)


def verify_ml_dsa44(public: bytes, message: bytes, signature: bytes) -> None:
    """Verify an ML-DSA-44 signature under the empty context (FIPS 204, algorithm 3).

    Args:
        public: The 1,312-byte public key.
        message: What was signed.
        signature: 2,420 bytes.

    Raises:
        VerificationError: A length is wrong, or the signature does not fit.
    """
    try:
        _check_length(public, ML_DSA44_PUBLIC_BYTES, "An ML-DSA-44 public key")
        _check_length(signature, ML_DSA44_SIGNATURE_BYTES, "An ML-DSA-44 signature")
    except MalformedError as error:
        raise VerificationError(error.message, code=VerificationError.code, **error.values) from error
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature as error:
        raise VerificationError("An ML-DSA-44 signature does not fit its key and message.") from error


def role_key_id(role: str, public: bytes) -> str:
    """Name an Ed25519 key by its role: eight hex digits, as in a keyid ``notary:<8 hex>``.

    It is the key ID that C2SP signed-note ("Signatures") gives a key of type 0x01 whose name is the role:
    SHA-256(role ‖ 0x0A ‖ 0x01 ‖ public)[:4]. A hint for finding keys, never for telling them apart.

    Args:
        role: ``notary``, ``steward`` or another short name without spaces or a plus sign.
        public: The 32-byte public key.
    """
    return hashlib.sha256(role.encode() + b"\n" + _ROLE_KEY_KIND + public).digest()[:4].hex()


def format_key(public: bytes) -> str:
    """Write an Ed25519 public key as ``ed25519:<base64url, no padding>``, 51 characters.

    Raises:
        MalformedError: As ``check_ed25519_public``: what could not be read again is not written.
    """
    check_ed25519_public(public)
    return _KEY_PREFIX + base64.urlsafe_b64encode(public).rstrip(b"=").decode()


def format_private_key(seed: bytes) -> bytes:
    """Write an Ed25519 seed as a private key in PEM (RFC 8410, section 7), for libraries that take nothing less.

    Raises:
        MalformedError: The seed has another length than 32 bytes.
    """
    _check_length(seed, SEED_BYTES, "An Ed25519 seed")
    encoded = base64.b64encode(_PKCS8_PREFIX + seed)
    return b"-----BEGIN PRIVATE KEY-----\n" + encoded + b"\n-----END PRIVATE KEY-----\n"


@lru_cache(_REMEMBERED)
def parse_key(text: str) -> bytes:
    """Read what ``format_key`` writes: 32 bytes, checked as by ``check_ed25519_public``.

    Raises:
        MalformedError: Another prefix or alphabet, padding, a second encoding, or a key that is refused.
    """
    encoded = text.removeprefix(_KEY_PREFIX)
    try:
        public = base64.b64decode(encoded + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError("An Ed25519 key is not in base64url without padding.") from error
    if format_key(public) != text:
        raise MalformedError("An Ed25519 key is not written as ed25519:<base64url>.")
    return public


def _check_length(data: bytes, length: int, what: str) -> None:
    """Raise MalformedError unless ``data`` has ``length`` bytes; ``what`` begins the message."""
    if len(data) != length:
        raise MalformedError(
            "%(what)s has %(length)s bytes, not %(given)s.", what=what, length=length, given=len(data)
        )


def _check_point(encoded: bytes, what: str) -> None:
    """Check 32 bytes as the encoding of a point (RFC 8032, section 5.1.2).

    They are y, little-endian, with the sign of x in the top bit. The only other second encodings, x = 0 with
    its sign set, belong to two of the points of low order.
    """
    y = int.from_bytes(encoded, "little") & _Y_MASK
    if y >= _P:
        raise MalformedError("%(what)s is not in its canonical encoding.", what=what)
    if y in _LOW_ORDER_Y:
        raise MalformedError("%(what)s has low order.", what=what)
