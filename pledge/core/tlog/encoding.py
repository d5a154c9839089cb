"""How the C2SP text formats write bytes and numbers, with one spelling for each value.

Base64 is RFC 4648, section 4: standard alphabet, padded, unused bits zero. Numbers are ASCII decimals without
leading zeroes, at most 2^63 - 1 (the limit tlog-cosignature sets for times; tree sizes share it, as every
implementation holds them in an int64).
"""

import base64
import binascii
from typing import Final

from pledge.errors import MalformedError

MAX_NUMBER: Final = 2**63 - 1
_MAX_DIGITS: Final = len(str(MAX_NUMBER))


def encode_base64(data: bytes) -> str:
    """Write bytes as base64 (RFC 4648, section 4)."""
    return base64.b64encode(data).decode()


def decode_base64(text: str) -> bytes:
    """Read what ``encode_base64`` writes.

    Raises:
        MalformedError: Another alphabet, white space, missing or extra padding, or unused bits that are set.
    """
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise MalformedError("Bytes are not in base64.") from error
    if encode_base64(data) != text:
        raise MalformedError("Bytes are not in canonical base64.")
    return data


def decode_decimal(text: str) -> int:
    """Read an integer from 0 to 2^63 - 1, as ``str`` writes it.

    Raises:
        MalformedError: A sign, a leading zero, another digit than 0–9, or too large.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > _MAX_DIGITS:
        raise MalformedError("A number is not a decimal from 0 to 2^63 - 1.")
    number = int(text)
    if number > MAX_NUMBER or str(number) != text:
        raise MalformedError("A number is not a canonical decimal from 0 to 2^63 - 1.")
    return number
