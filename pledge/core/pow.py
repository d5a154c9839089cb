r"""Proof of work: a second or so of a machine's time, which is nothing for one message and a lot for a flood of them.

::

    stamp  u64 BE such that
           SHA-256("pledge/pow/v1\n<origin>\n<YYYY-MM-DD>\n" ‖ mailbox public key[32] ‖ leaf[32] ‖ stamp[8])
           begins with 18 zero bits

It goes with one message of one day, so there is nothing to ask the server for. A stamp of zeros means none.
"""

import hashlib
from datetime import date
from itertools import count
from typing import Final, NamedTuple

ZERO_BITS: Final = 18
STAMP_BYTES: Final = 8
NO_STAMP: Final = bytes(STAMP_BYTES)


class Work(NamedTuple):
    """What a stamp is for: the log's origin, the day (UTC), the mailbox's public key and the leaf, 32 bytes each."""

    origin: str
    day: date
    mailbox_key: bytes
    leaf: bytes


def is_stamp(work: Work, stamp: bytes) -> bool:
    """Tell whether a stamp, 8 bytes, is one for this work."""
    return len(stamp) == STAMP_BYTES and stamp != NO_STAMP and _is_done(_start(work) + stamp)


def find_stamp(work: Work) -> bytes:
    """Find the first stamp. It takes 2^18 tries on average, some tenths of a second."""
    start = _start(work)
    stamps = (counter.to_bytes(STAMP_BYTES, "big") for counter in count(1))
    return next(stamp for stamp in stamps if _is_done(start + stamp))


def _start(work: Work) -> bytes:
    return f"pledge/pow/v1\n{work.origin}\n{work.day}\n".encode() + work.mailbox_key + work.leaf


def _is_done(data: bytes) -> bool:
    return int.from_bytes(hashlib.sha256(data).digest()[:4], "big") < 1 << (32 - ZERO_BITS)
