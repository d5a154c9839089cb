"""Canonical JSON: the one way in which this project writes values that are hashed, signed or kept.

RFC 8785 (JCS), narrowed: strings, integers within ±(2^53 - 1), booleans, null, lists and objects; no other
numbers. Strings are in NFC and hold no unpaired surrogate. At most 16 levels deep. A parser accepts exactly
the bytes that the formatter would write, so ``format_json(parse_json(x)) == x``: no white space, members
sorted, none twice, one way to escape.

Base64 is the standard alphabet with padding, and canonical as well: unused bits are zero.
"""

import binascii
import json
import unicodedata
from collections.abc import Callable
from typing import Never, TypeAlias

import rfc8785

from pledge.errors import MalformedError

Value: TypeAlias = bool | int | str | list["Value"] | dict[str, "Value"] | None

MAX_DEPTH = 16
MAX_ENTRY_BYTES = 65_535
_MAX_INTEGER = 2**53 - 1
_MAX_INTEGER_CHARS = len(str(-_MAX_INTEGER))


def parse_json(data: bytes, *, max_bytes: int = MAX_ENTRY_BYTES) -> Value:
    """Parse canonical JSON.

    Args:
        data: The bytes, at most ``max_bytes`` of them.
        max_bytes: The bound; a log entry's by default.

    Raises:
        MalformedError: too long, not JSON, not canonical, a number that is not a small integer, not NFC, or
            nested more than 16 levels.
    """
    if len(data) > max_bytes:
        raise MalformedError(f"This JSON is longer than {max_bytes} bytes.")
    try:
        value, _ = _decode(data.decode())  # what stands behind the value differs from its canonical form
        # In ASCII there is no other name; one that is ASCII only because it is escaped is not canonical anyway.
        canonical = _encode(value).encode() if data.isascii() else _canonical(value)
    except MalformedError:
        raise
    except (ValueError, RecursionError):  # JSONDecodeError, Unicode and rfc8785 errors are ValueErrors
        raise MalformedError("This is not JSON as RFC 8785 and this project have it.") from None
    if canonical != data:
        raise MalformedError("This JSON is not canonical (RFC 8785).")
    # Nothing that is short of brackets is deep, and ASCII is always in NFC: most entries need no walk.
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH or not data.isascii():
        _check(value, MAX_DEPTH)
    return value


def format_json(value: Value, *, max_bytes: int = MAX_ENTRY_BYTES) -> bytes:
    """Return the canonical JSON of a value, which ``parse_json`` accepts.

    Raises:
        MalformedError: the value cannot be written within the bounds that ``parse_json`` keeps.
    """
    try:
        data = _canonical(value)
    except (
        TypeError,
        ValueError,
        RecursionError,
    ):  # rfc8785's errors, json's, and Unicode's for names of members
        raise MalformedError("This value cannot be written as canonical JSON.") from None
    parse_json(data, max_bytes=max_bytes)
    return data


def parse_base64(text: str | bytes) -> bytes:
    """Decode canonical standard base64 with padding, given as text or as its ASCII.

    Raises:
        MalformedError: any other character, missing padding, or unused bits that are not zero.
    """
    try:
        ascii_text = text.encode("ascii") if isinstance(text, str) else text
        data = binascii.a2b_base64(ascii_text)
    except ValueError:
        raise MalformedError("This is not base64.") from None
    if binascii.b2a_base64(data, newline=False) != ascii_text:
        raise MalformedError("This is not canonical base64.")
    return data


def format_base64(data: bytes) -> str:
    """Encode as standard base64 with padding, on one line."""
    return binascii.b2a_base64(data, newline=False).decode()


def _canonical(value: Value) -> bytes:
    # The standard library's encoder writes in C what rfc8785 writes in Python, about seven times as fast, and
    # an audit and the server spend their time here. They differ in one thing only: RFC 8785 sorts members by
    # UTF-16 units and Python by code points. These are the same order for ASCII; the rest takes the slow way.
    # Property tests hold the two equal.
    return _encode(value).encode() if _has_ascii_names(value) else rfc8785.dumps(value)


def _has_ascii_names(value: Value) -> bool:
    if isinstance(value, dict):
        return all(
            isinstance(name, str) and name.isascii() and (item.__class__ is str or _has_ascii_names(item))
            for name, item in value.items()
        )
    return not isinstance(value, list) or all(
        item.__class__ is str or _has_ascii_names(item) for item in value
    )


def _check(value: Value, depth: int) -> None:
    if isinstance(value, str):
        if not unicodedata.is_normalized("NFC", value):
            raise MalformedError("A string in this JSON is not in Unicode's NFC.")
    elif isinstance(value, dict | list):
        if depth == 0:
            raise MalformedError(f"This JSON is nested deeper than {MAX_DEPTH} levels.")
        for item in value:
            _check(item, depth - 1)
        if isinstance(value, dict):
            for item in value.values():
                _check(item, depth - 1)


def _integer(text: str) -> int:
    if len(text) <= _MAX_INTEGER_CHARS and -_MAX_INTEGER <= (number := int(text)) <= _MAX_INTEGER:
        return number
    raise MalformedError("An integer in this JSON is beyond ±(2^53 - 1).")


def _refuse(_text: str) -> Never:
    raise MalformedError("This JSON holds a number that is not an integer.")


# json.loads and json.dumps build one of these at every call.
_decode: Callable[[str], tuple[Value, int]] = json.JSONDecoder(
    parse_int=_integer, parse_float=_refuse, parse_constant=_refuse
).raw_decode
_encode = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False
).encode
