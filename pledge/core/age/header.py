"""The header of an age file (C2SP age, "Header").

    age-encryption.org/v1
    -> X25519 XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE       stanzas, one or more
    qRS0AMjdjPvZ/WT08U2KL4G+PIooA3hy38SvLpvaC1E
    --- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s             base64(MAC[32])

    MAC = HMAC-SHA256(HKDF-SHA256(file key, salt = none, info = "header"), all up to and including ---)

Lines end in a newline. There is one spelling for every header, and nothing in it means anything until
``verify_mac`` has shown that whoever wrote it knew the file key.
"""

import hmac
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple

from pledge.core.age.blocks import Piece
from pledge.core.age.hkdf import derive_key
from pledge.core.age.stanza import Stanza, decode_base64, encode_base64
from pledge.errors import MalformedError, VerificationError

MAX_HEADER_BYTES: Final = 262_144
MAX_STANZAS: Final = 128
MAC_BYTES: Final = 32

_VERSION_LINE: Final = b"age-encryption.org/v1\n"
_STANZA: Final = re.compile(
    rb"-> ([!-~]+(?: [!-~]+)*)\n"  # arguments
    rb"((?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)"  # body
)
_MAC_LINE: Final = re.compile(rb"--- ([A-Za-z0-9+/]{43})\n")
_AFTER_MARK: Final = len(" ") + 43 + len("\n")
_END: Final = re.compile(rb"\n" + _MAC_LINE.pattern)
_END_BYTES: Final = len("\n---") + _AFTER_MARK
_COLUMNS: Final = 64


class Header(NamedTuple):
    """A header, not authenticated.

    Attributes:
        stanzas: 1 to 128 of them.
        mac: 32 bytes.
    """

    stanzas: tuple[Stanza, ...]
    mac: bytes


def split_header(source: Iterable[Piece]) -> tuple[bytes, Iterator[Piece]]:
    """Read a file up to the end of its header.

    Args:
        source: The file, in pieces of any size. Up to 256 KiB of it are held.

    Returns:
        The bytes of the header, of which only the last line is known to be right, and the rest of the file.

    Raises:
        MalformedError: No header ends within 256 KiB (code ``age-header``).
    """
    pieces = iter(source)
    held = bytearray()
    for piece in pieces:
        seen = len(held)
        view = memoryview(piece)
        held += view[: MAX_HEADER_BYTES - seen]
        end = _END.search(held, max(0, seen - _END_BYTES))
        if end:
            return bytes(held[: end.end()]), chain([view[end.end() - seen :]], pieces)
        if len(held) == MAX_HEADER_BYTES:
            break
    raise MalformedError("This is not an age file, or its header is cut off.", code="age-header")


def parse_header(data: bytes) -> Header:
    """Read a whole header without believing it.

    Raises:
        MalformedError: Another version, another form, more than 256 KiB or 128 stanzas, or base64 that is not
            canonical (code ``age-header``).
    """
    if not data.startswith(_VERSION_LINE) or len(data) > MAX_HEADER_BYTES:
        raise MalformedError("This is not an age file of version 1.", code="age-header")
    position = len(_VERSION_LINE)
    stanzas = []
    while match := _STANZA.match(data, position):
        type_, *arguments = match[1].decode().split(" ")
        body = decode_base64(match[2].translate(None, b"\n").decode())
        stanzas.append(Stanza(type_, tuple(arguments), body))
        position = match.end()
    end = _MAC_LINE.fullmatch(data, position)
    if not end or not 1 <= len(stanzas) <= MAX_STANZAS:
        raise MalformedError("The header of an age file has another form.", code="age-header")
    return Header(tuple(stanzas), decode_base64(end[1].decode()))


def format_header(header: Header) -> bytes:
    """Write a header.

    Raises:
        MalformedError: What would be written could not be read back as the same header (code ``age-header``).
    """
    data = _format_marked(header.stanzas) + _format_mac(header.mac)
    if parse_header(data) != header:
        raise MalformedError("This header cannot be written.", code="age-header")
    return data


def make_header(stanzas: Iterable[Stanza], file_key: bytes) -> bytes:
    """Write a header for stanzas that wrap ``file_key``, with its MAC.

    Raises:
        MalformedError: As ``format_header``.
    """
    stanzas = tuple(stanzas)
    return format_header(Header(stanzas, _mac(_format_marked(stanzas), file_key)))


def verify_mac(data: bytes, file_key: bytes) -> None:
    """Verify the MAC of a header.

    Args:
        data: The header as it was read, and as ``parse_header`` takes it.
        file_key: The 16 bytes found in one of its stanzas.

    Raises:
        VerificationError: The header is not as it was written by whoever chose the file key (code ``age-mac``).
    """
    marked, after_mark = data[:-_AFTER_MARK], data[-_AFTER_MARK:]
    if not hmac.compare_digest(_format_mac(_mac(marked, file_key)), after_mark):
        raise VerificationError("The header of an age file does not fit its key.", code="age-mac")


def _mac(marked: bytes, file_key: bytes) -> bytes:
    return hmac.digest(derive_key(file_key, salt=b"", info=b"header"), marked, "sha256")


def _format_marked(stanzas: Iterable[Stanza]) -> bytes:
    """Write a header up to and including the mark of its last line."""
    text = "".join(_format_stanza(stanza) for stanza in stanzas)
    return _VERSION_LINE + text.encode(errors="replace") + b"---"


def _format_mac(mac: bytes) -> bytes:
    return f" {encode_base64(mac)}\n".encode()


def _format_stanza(stanza: Stanza) -> str:
    body = encode_base64(stanza.body)
    lines = [body[start : start + _COLUMNS] for start in range(0, len(body) + 1, _COLUMNS)]
    return "\n".join((" ".join(("->", stanza.type, *stanza.arguments)), *lines, ""))
