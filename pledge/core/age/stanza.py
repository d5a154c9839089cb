"""Recipient stanzas: the file key, wrapped for one recipient (C2SP age, "Recipient stanza").

    -> X25519 O6DLx/wDIawpUC978NSPjYvrfDtJVnZApXKp4FMPHCY      arguments; the first is the type
    3aKjozt9agh7jGmvOKvR4iax41Wl4zj95MKK4X9JuWc                 body, base64 in lines of 64 characters,
                                                                the last line shorter, perhaps empty

Base64 is RFC 4648, section 4, without padding. All types that occur here wrap the 16 bytes of the file key into
a body of 32; a body of another length is refused before it is decrypted, so that none fits several keys.
"""

import base64
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from pledge.errors import MalformedError

FILE_KEY_BYTES: Final = 16
BODY_BYTES: Final = 32

_ZERO_NONCE: Final = bytes(12)

RandomBytes = Callable[[int], bytes]
"""So many bytes, uniformly random and secret, as ``os.urandom`` gives them."""

Kind = Literal["post-quantum", "classical", "passphrase"]
"""What protects a file. Kinds do not mix: the weakest stanza would set the strength of all."""


class Stanza(NamedTuple):
    """One stanza, not authenticated.

    Attributes:
        type: The first argument: ``mlkem768x25519``, ``X25519``, ``scrypt``, or one not known here.
        arguments: The others, each of printable ASCII characters without a space.
        body: Any number of bytes.
    """

    type: str
    arguments: tuple[str, ...]
    body: bytes


class Recipient(Protocol):
    """Whom a file can be encrypted to."""

    @property
    def kind(self) -> Kind:
        """What it may be mixed with: its own kind; a passphrase with nothing."""
        ...

    def wrap(self, file_key: bytes, *, random_bytes: RandomBytes) -> Stanza:
        """Wrap a file key so that this recipient's identity can unwrap it."""
        ...


class Identity(Protocol):
    """What can decrypt files for its recipient."""

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """Find the file key in a stanza meant for this identity; None if there is none.

        Stanzas of other types are ignored.

        Raises:
            MalformedError: A stanza of this identity's type breaks its rules (code ``age-header``), even if
                another one fits.
        """
        ...


def encode_base64(data: bytes) -> str:
    """Write bytes as base64 without padding."""
    return base64.b64encode(data).rstrip(b"=").decode()


def decode_base64(text: str) -> bytes:
    """Read what ``encode_base64`` writes.

    Raises:
        MalformedError: Another alphabet, padding, an impossible length or unused bits that are set (code
            ``age-header``).
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        data = b""
    if encode_base64(data) != text:
        raise MalformedError("Bytes in an age header are not in canonical base64.", code="age-header")
    return data


def read_stanza(stanza: Stanza, *, arguments: int, size_bytes: int) -> bytes:
    """Check the form that all types known here share, and read the first argument after the type.

    Args:
        stanza: Of a known type.
        arguments: How many there are after the type.
        size_bytes: How many bytes the first of them stands for.

    Raises:
        MalformedError: Another number of arguments, other bytes, or a body that is not 32 bytes long (code
            ``age-header``).
    """
    if len(stanza.arguments) != arguments or len(stanza.body) != BODY_BYTES:
        raise MalformedError(f"A stanza of type {stanza.type} has another form.", code="age-header")
    data = decode_base64(stanza.arguments[0])
    if len(data) != size_bytes:
        raise MalformedError(
            f"A stanza of type {stanza.type} holds a value of another size.", code="age-header"
        )
    return data


def wrap_file_key(wrap_key: bytes, file_key: bytes) -> bytes:
    """Encrypt a file key under a key of 32 bytes that is used once: ChaCha20-Poly1305 with a nonce of zeroes."""
    return ChaCha20Poly1305(wrap_key).encrypt(_ZERO_NONCE, file_key, None)


def unwrap_file_key(wrap_key: bytes, body: bytes) -> bytes | None:
    """Decrypt what ``wrap_file_key`` made with the same key; None if it was another."""
    try:
        return ChaCha20Poly1305(wrap_key).decrypt(_ZERO_NONCE, body, None)
    except InvalidTag:
        return None
