"""Verifier keys: who may sign a note, and by which algorithm (C2SP signed-note, "Verifier keys").

key ID    SHA-256(name ‖ 0x0A ‖ kind ‖ public key)[:4]
vkey      <name>+<key ID, 8 hex digits>+<base64(kind ‖ public key)>

kind    what                                  public key    after the key ID in a signature
0x01    Ed25519 (signed-note)                 32 bytes      64 bytes
0x04    Ed25519 cosignature (tlog-cosignature)    32 bytes      u64 BE seconds ‖ 64 bytes
0x06    ML-DSA-44 (tlog-cosignature)          1,312 bytes   u64 BE seconds ‖ 2,420 bytes
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from pledge.core.keys import ML_DSA44_PUBLIC_BYTES, check_ed25519_public
from pledge.core.tlog.encoding import decode_base64, encode_base64
from pledge.errors import MalformedError, NotUnderstoodError

ED25519: Final = 0x01
COSIGNATURE_ED25519: Final = 0x04
COSIGNATURE_ML_DSA44: Final = 0x06

KEY_ID_BYTES: Final = 4
MAX_NAME_BYTES: Final = 255

# Unicode's White_Space property and the plus sign, spelled out so that every language refuses the same.
_NOT_IN_NAMES: Final = frozenset(
    "+\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_MAX_VKEY_CHARS: Final = 4096
_VKEY: Final = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


def check_name(name: str) -> None:
    """Check the name of a key (C2SP signed-note, "Format").

    Raises:
        MalformedError: It is empty, holds a Unicode space, a plus sign or a control character below U+0020, or
            is longer than 255 bytes in UTF-8, which tlog-cosignature could not sign.
    """
    if any(char in _NOT_IN_NAMES or char < " " for char in name):
        raise MalformedError("The name of a key holds a space, a plus sign or a control character.")
    if not 1 <= len(_encode(name)) <= MAX_NAME_BYTES:
        raise MalformedError("The name of a key has 1 to 255 bytes.")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A key that may sign notes.

    Attributes:
        name: Usually a URL without its scheme; a log's key has the log's origin here.
        kind: 0x01, 0x04 or 0x06: the algorithm and what it signs.
        public: 32 or 1,312 bytes.

    Raises:
        MalformedError: A name or key that may not be.
        NotUnderstoodError: A kind this reader does not know.
    """

    name: str
    kind: int
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.kind in {ED25519, COSIGNATURE_ED25519}:
            check_ed25519_public(self.public)
        elif self.kind != COSIGNATURE_ML_DSA44:
            raise NotUnderstoodError(f"Keys of kind 0x{self.kind:02x} are not understood.")
        elif len(self.public) != ML_DSA44_PUBLIC_BYTES:
            raise MalformedError(f"An ML-DSA-44 public key has {ML_DSA44_PUBLIC_BYTES} bytes.")

    @property
    def key_id(self) -> bytes:
        """The four bytes by which signature lines refer to this key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:KEY_ID_BYTES]


def format_vkey(vkey: VerifierKey) -> str:
    """Write a key on one line, about 60 characters for Ed25519 and 1,800 for ML-DSA-44."""
    return f"{vkey.name}+{vkey.key_id.hex()}+{encode_base64(bytes([vkey.kind]) + vkey.public)}"


def parse_vkey(text: str) -> VerifierKey:
    """Read what ``format_vkey`` writes.

    Raises:
        MalformedError: Another form, a key ID that does not belong to the key, or as ``VerifierKey``.
        NotUnderstoodError: A kind this reader does not know.
    """
    match = _VKEY.fullmatch(text) if len(text) <= _MAX_VKEY_CHARS else None
    if match is None:
        raise MalformedError("A key is not written as <name>+<key ID>+<base64>.")
    name, _, encoded = match.groups()
    material = decode_base64(encoded)
    vkey = VerifierKey(name, material[0], material[1:])
    if format_vkey(vkey) != text:
        raise MalformedError("The key ID of a key does not belong to it.")
    return vkey


def _encode(text: str) -> bytes:
    """Encode text as UTF-8, which lone surrogates have no place in."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise MalformedError("Text is not Unicode.") from error
