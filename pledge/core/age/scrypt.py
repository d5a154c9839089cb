"""The scrypt recipient: a passphrase, to wrap identities at rest (C2SP age, "The scrypt recipient type").

    -> scrypt base64(salt[16]) 18
    body = ChaCha20-Poly1305(wrap key, file key), 32 bytes

    wrap key = scrypt(N = 2^18, r = 8, p = 1, S = "age-encryption.org/v1/scrypt" ‖ salt, P = passphrase)

Such a stanza is the only one in its header: whoever opens a file with a passphrase takes it to be from someone
who knows that passphrase.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

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

STANZA_TYPE: Final = "scrypt"
SALT_BYTES: Final = 16
# 2^18 takes about a second and 256 MiB, and is what the age command writes. rage writes what takes a second where it
# runs, which can be 19 or 20; the npm package reads up to 20, too.
WORK_FACTOR: Final = 18
MAX_WORK_FACTOR: Final = 20

_LABEL: Final = b"age-encryption.org/v1/scrypt"
_WORK_FACTOR_FORM: Final = re.compile(r"[1-9][0-9]?")


@dataclass(frozen=True, slots=True)
class ScryptRecipient:
    """A passphrase to encrypt under.

    Attributes:
        passphrase: Not empty; a secret, used as UTF-8 just as it is.
        work_factor: Base-two logarithm of N, 1 to 20; the memory it takes is 2^(10 + this) bytes.
    """

    passphrase: str = field(repr=False)
    work_factor: int = WORK_FACTOR

    def __post_init__(self) -> None:
        _encode(self.passphrase)
        if not 1 <= self.work_factor <= MAX_WORK_FACTOR:
            raise MalformedError(f"A work factor is 1 to {MAX_WORK_FACTOR}.", code="age-key")

    @property
    def kind(self) -> Kind:
        return "passphrase"

    def wrap(self, file_key: bytes, *, random_bytes: RandomBytes) -> Stanza:
        salt = random_bytes(SALT_BYTES)
        body = wrap_file_key(_derive_wrap_key(self.passphrase, salt, self.work_factor), file_key)
        return Stanza(STANZA_TYPE, (encode_base64(salt), str(self.work_factor)), body)


@dataclass(frozen=True, slots=True)
class ScryptIdentity:
    """A passphrase to decrypt with.

    Attributes:
        passphrase: Not empty; a secret, used as UTF-8 just as it is.
        max_work_factor: A stanza that asks for more is refused before any work is done.
    """

    passphrase: str = field(repr=False)
    max_work_factor: int = MAX_WORK_FACTOR

    def __post_init__(self) -> None:
        _encode(self.passphrase)

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        check_alone(stanzas)
        if not stanzas or stanzas[0].type != STANZA_TYPE:
            return None
        salt = read_stanza(stanzas[0], arguments=2, size_bytes=SALT_BYTES)
        work_factor = stanzas[0].arguments[1]
        if not _WORK_FACTOR_FORM.fullmatch(work_factor) or int(work_factor) > self.max_work_factor:
            raise MalformedError(
                "The work factor of a passphrase is too high, or no number.", code="age-header"
            )
        return unwrap_file_key(_derive_wrap_key(self.passphrase, salt, int(work_factor)), stanzas[0].body)


def check_alone(stanzas: Sequence[Stanza]) -> None:
    """Check that a scrypt stanza, if there is one, is the only stanza.

    Raises:
        MalformedError: There is another (code ``age-header``).
    """
    if len(stanzas) > 1 and any(stanza.type == STANZA_TYPE for stanza in stanzas):
        raise MalformedError("A passphrase is not the only way into this age file.", code="age-header")


def _encode(passphrase: str) -> bytes:
    encoded = passphrase.encode(errors="ignore")
    if not encoded or encoded.decode() != passphrase:
        raise MalformedError("A passphrase is not empty, and Unicode.", code="age-key")
    return encoded


def _derive_wrap_key(passphrase: str, salt: bytes, work_factor: int) -> bytes:
    kdf = Scrypt(salt=_LABEL + salt, length=32, n=1 << work_factor, r=8, p=1)
    return kdf.derive(_encode(passphrase))
