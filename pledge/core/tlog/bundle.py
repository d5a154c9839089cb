"""Entry bundles: the entries under one tile of level 0, as they are served (C2SP tlog-tiles, "Log entries").

┌───────────────┬───────────────┐
│ length u16 BE │ entry[length] │  × 1 to 256
└───────────────┴───────────────┘
"""

import struct
from collections.abc import Sequence
from typing import Final

from pledge.core.tlog.tile_path import WIDTH
from pledge.errors import MalformedError

MAX_ENTRY_BYTES: Final = 65_535


def format_bundle(entries: Sequence[bytes]) -> bytes:
    """Write 1 to 256 entries of 0 to 65,535 bytes each, in order.

    Raises:
        MalformedError: No entry, more than 256, or one of more than 65,535 bytes.
    """
    if not 1 <= len(entries) <= WIDTH or any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise MalformedError("A bundle has 1 to 256 entries of at most 65,535 bytes.")
    return b"".join([struct.pack(">H", len(entry)) + entry for entry in entries])


def parse_bundle(data: bytes) -> list[bytes]:
    """Read what ``format_bundle`` writes.

    Raises:
        MalformedError: No entry, more than 256, or a last one that is cut short.
    """
    entries: list[bytes] = []
    start = 0
    while start < len(data) and len(entries) < WIDTH:
        end = start + 2 + int.from_bytes(data[start : start + 2], "big")
        entries.append(data[start + 2 : end])
        start = end
    if not entries or format_bundle(entries) != data:
        raise MalformedError("This is not a bundle of 1 to 256 whole entries.")
    return entries
