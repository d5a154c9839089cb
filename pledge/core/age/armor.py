"""Age files as text (C2SP age, "ASCII armor"; RFC 7468, section 3, figure 3).

    -----BEGIN AGE ENCRYPTED FILE-----
    YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBYRWwwZEo2eTNDN0tac…      base64 with padding, 64 characters a line,
    cVJTMEFNamRqUHZaL1dUMDhVMktMNEcrUElvb0EzaHkzOA==                    the last line not longer
    -----END AGE ENCRYPTED FILE-----

Read strictly: white space only before and after, lines that end in LF or CRLF, base64 in its one spelling.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from pledge.core.age.blocks import Piece, split_blocks
from pledge.errors import MalformedError

_BEGIN_LINE: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
_END_LINE: Final = b"-----END AGE ENCRYPTED FILE-----"
_BEGIN: Final = re.compile(rb"(?:\s{0,1023}\n)?%b\r?\n" % _BEGIN_LINE)
_FULL_LINES: Final = re.compile(rb"(?:[A-Za-z0-9+/]{64}\r?\n)+")
_END: Final = re.compile(rb"(?:([A-Za-z0-9+/]{2,63}={0,2})\r?\n)?%b(?:\r?\n\s{0,1024})?" % _END_LINE)
_COLUMNS: Final = 64
_LINE_BYTES: Final = 48
_PIECE_BYTES: Final = 1024 * _LINE_BYTES
_MAX_END_BYTES: Final = 2048


def encode_armor(source: Iterable[Piece]) -> Iterator[bytes]:
    """Write a file as text, with LF at the end of each line.

    Args:
        source: The file, binary, in pieces of any size.

    Yields:
        ASCII, in pieces of up to 64 KiB and a little.
    """
    yield _BEGIN_LINE + b"\n"
    for block, _ in split_blocks(source, _PIECE_BYTES):
        encoded = base64.b64encode(block)
        yield b"".join(
            encoded[start : start + _COLUMNS] + b"\n" for start in range(0, len(encoded), _COLUMNS)
        )
    yield _END_LINE + b"\n"


def decode_armor(source: Iterable[Piece]) -> Iterator[bytes]:
    """Read what ``encode_armor`` writes.

    Args:
        source: ASCII, in pieces of any size.

    Yields:
        The file, binary. It is only known to be whole once the iteration has ended.

    Raises:
        MalformedError: Another form (code ``age-armor``).
    """
    blocks = split_blocks(source, _PIECE_BYTES)
    text = bytearray(next(blocks)[0])
    begin = _BEGIN.match(text)
    if not begin:
        raise MalformedError("This is not an armored age file.", code="age-armor")
    del text[: begin.end()]
    for block in chain([b""], (block for block, _ in blocks)):
        text += block
        if lines := _FULL_LINES.match(text):
            yield binascii.a2b_base64(lines[0])
            del text[: lines.end()]
        if len(text) > _MAX_END_BYTES:
            raise MalformedError("A line of an armored age file has another form.", code="age-armor")
    yield _decode_end(bytes(text))


def is_armored(start: bytes) -> bool:
    """Tell from the first bytes of a file, 2 KiB or all of it, whether it claims to be armored."""
    return _BEGIN.match(start) is not None


def _decode_end(text: bytes) -> bytes:
    """Read the last line of base64, if it is a short one, the last line of all, and the white space after it."""
    end = _END.fullmatch(text)
    if not end:
        raise MalformedError("An armored age file is cut off, or its end has another form.", code="age-armor")
    encoded = end[1] or b""
    try:
        data = binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError:
        data = b""
    if base64.b64encode(data) != encoded:
        raise MalformedError("The base64 of an armored age file is not canonical.", code="age-armor")
    return data
