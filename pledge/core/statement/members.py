"""Members of JSON objects, declared once: what stands in the bytes, and what a reader accepts.

A ``@record`` is a frozen dataclass whose fields name their codec::

    @record
    class Pledge:
        slug: str = member(ID)
        version: int = member(integer(1, 9999))

It reads as the documentation of its bytes, and ``nested(Pledge)`` is its codec: an object with exactly these
members, in canonical order whatever the order here. A member with a default is absent when it has that value.
What holds between members is checked in ``__post_init__``, when parsing and when building alike.
"""

import dataclasses
import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar, dataclass_transform, overload

from pledge.core.statement.canonical import Value, format_base64, parse_base64
from pledge.errors import MalformedError

T = TypeVar("T")
S = TypeVar("S", bound=str)

_NO_DEFAULT: Any = dataclasses.MISSING


class Codec(NamedTuple, Generic[T]):
    """How one member is read (``MalformedError`` unless exactly what ``format`` writes) and written."""

    parse: Callable[[object], T]
    format: Callable[[T], Value]


@overload
def member(codec: Codec[T]) -> T: ...
@overload
def member(codec: Codec[T], *, default: T) -> T: ...
@overload
def member(codec: Codec[T], *, default: None) -> T | None: ...
def member(codec: Codec[Any], *, default: Any = _NO_DEFAULT) -> Any:
    """Declare a field of a record; its member has the field's name, without a closing underscore."""
    return dataclasses.field(default=default, metadata={"codec": codec})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(member,))
def record(cls: type[T]) -> type[T]:
    """Make a class a frozen, slotted dataclass that takes keywords only."""
    return dataclasses.dataclass(frozen=True, slots=True, kw_only=True)(cls)


def nested(cls: type[T]) -> Codec[T]:
    """Return the codec of a record class."""
    members = [
        (field.name, field.name.removesuffix("_"), field.metadata["codec"], field.default)
        for field in dataclasses.fields(cls)  # type: ignore[arg-type]  # records are dataclasses
    ]

    def write(value: T) -> Value:
        taken = ((name, codec, default, getattr(value, field)) for field, name, codec, default in members)
        return {name: codec.format(item) for name, codec, default, item in taken if item != default}

    return Codec(_reader(cls, members), write)


def _reader(cls: type[T], members: list[tuple[str, str, Codec[Any], Any]]) -> Callable[[object], T]:
    # An audit makes records by the million. Their slots are filled as they are read: __init__ would take longer,
    # as it has to get around what keeps a record frozen.
    slots = [
        (getattr(cls, field).__set__, name, codec.parse, default) for field, name, codec, default in members
    ]
    check = getattr(cls, "__post_init__", None)

    def parse(value: object) -> T:
        if not isinstance(value, dict):
            raise MalformedError("must be an object")
        made = object.__new__(cls)
        absent, name = 0, ""
        try:
            for fill, name, read, default in slots:
                if default is _NO_DEFAULT or name in value:
                    fill(made, read(value[name]))
                else:
                    fill(made, default)
                    absent += 1
        except KeyError:
            raise MalformedError(f"{name} is missing") from None
        except MalformedError as error:
            raise MalformedError(f"{name}: {error}") from None
        if len(value) != len(slots) - absent:
            raise MalformedError("has a member that is not known")
        if check is not None:
            check(made)
        return made

    return parse


def optional(codec: Codec[T]) -> Codec[T | None]:
    """Accept null besides."""
    return Codec(
        lambda value: None if value is None else codec.parse(value),
        lambda value: None if value is None else codec.format(value),
    )


def sequence(codec: Codec[T], low: int, high: int, *, unique: bool = False) -> Codec[tuple[T, ...]]:
    """Accept a list of ``low`` to ``high`` items, in an order that means something; perhaps none twice."""

    def parse(value: object) -> tuple[T, ...]:
        if not isinstance(value, list) or not low <= len(value) <= high:
            raise MalformedError(f"must be a list of {low} to {high}")
        items = tuple(map(codec.parse, value))
        if unique and len(set(items)) != len(items):
            raise MalformedError("must not repeat an item")
        return items

    return Codec(parse, lambda value: [codec.format(item) for item in value])


def mapping(names: Codec[S], codec: Codec[T], low: int, high: int) -> Codec[dict[S, T]]:
    """Accept an object of ``low`` to ``high`` members whose names are free within a codec."""

    def parse(value: object) -> dict[S, T]:
        if not isinstance(value, dict) or not low <= len(value) <= high:
            raise MalformedError(f"must be an object of {low} to {high} members")
        return {names.parse(name): codec.parse(item) for name, item in value.items()}

    return Codec(parse, lambda value: {name: codec.format(item) for name, item in value.items()})


def _text(accept: Callable[[str], object], what: str) -> Codec[str]:
    def parse(value: object) -> str:
        if isinstance(value, str) and accept(value):
            return value
        raise MalformedError(f"must be {what}")

    return Codec(parse, lambda value: value)


def matching(pattern: str, what: str) -> Codec[str]:
    """Accept a string that a regular expression matches as a whole."""
    return _text(re.compile(pattern, re.ASCII).fullmatch, what)


def line(max_chars: int) -> Codec[str]:
    """Accept a line of free text: 1 to ``max_chars`` characters, none of them a control or a line end."""
    pattern = rf"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{{1,{max_chars}}}"
    return matching(pattern, f"one line of at most {max_chars} characters")


def text(max_chars: int, *, low: int = 1) -> Codec[str]:
    """Accept free text: ``low`` to ``max_chars`` characters of any kind."""
    return _text(lambda value: low <= len(value) <= max_chars, f"text of at most {max_chars} characters")


def choice(*values: S) -> Codec[S]:
    """Accept one of a few words."""
    known: dict[object, S] = {value: value for value in values}

    def parse(value: object) -> S:
        if isinstance(value, str) and value in known:
            return known[value]
        raise MalformedError("must be one of " + ", ".join(values))

    return Codec(parse, lambda value: value)


def integer(low: int, high: int) -> Codec[int]:
    """Accept an integer from ``low`` to ``high``; true and false are none."""

    def parse(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise MalformedError(f"must be an integer from {low} to {high}")

    return Codec(parse, lambda value: value)


def octets(low: int, high: int) -> Codec[bytes]:
    """Accept canonical base64 of ``low`` to ``high`` bytes."""

    def parse(value: object) -> bytes:
        if isinstance(value, str) and low <= len(data := parse_base64(value)) <= high:
            return data
        raise MalformedError(f"must be base64 of {low} to {high} bytes")

    return Codec(parse, format_base64)


def _parse_day(value: object) -> date:
    if isinstance(value, str):
        return _day(value)
    raise MalformedError("must be a day, YYYY-MM-DD")


@lru_cache(maxsize=1024)  # an audit meets the same few days again and again
def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:  # fromisoformat also takes 20260101 and 2026-W01-1
        raise MalformedError("must be a day, YYYY-MM-DD")
    return day


def _parse_true(value: object) -> bool:
    if value is True:
        return True
    raise MalformedError("must be true, or absent")


def _is_base64_blob(value: str) -> bool:
    return len(value) <= _MAX_BLOB_CHARS and len(parse_base64(value)) >= _MIN_BLOB_BYTES


_MAX_BLOB_CHARS = 4096  # an RSA key of 16,384 bits has some 2,800
_MIN_BLOB_BYTES = 32
_ED25519 = re.compile(r"ed25519:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")

DAY: Codec[date] = Codec(_parse_day, date.isoformat)
TRUE = Codec(_parse_true, bool)
ID = matching(r"(?=.{1,64}\Z)[a-z0-9]+(?:-[a-z0-9]+)*", "an id of a-z, 0-9 and single hyphens, at most 64")
SHA256 = matching(r"[0-9a-f]{64}", "a SHA-256 in lower-case hex")
KEY_ID = matching(r"[0-9a-f]{8}", "a key ID of 8 lower-case hex digits")
ORIGIN = matching(r"[!-*,-~]{1,255}", "an origin: visible ASCII without +, at most 255 characters")
VERSION = integer(1, 1_000_000)
EPOCH = matching(r"[1-9][0-9]{3}-Q[1-4]", "an epoch such as 2026-Q4")
ED25519_KEY = _text(_ED25519.fullmatch, "ed25519: and a public key in base64url")
SIGNATORY_KEY = _text(
    lambda value: _ED25519.fullmatch(value) or _is_base64_blob(value),
    "an ed25519: key or an OpenSSH public key blob in base64",
)
