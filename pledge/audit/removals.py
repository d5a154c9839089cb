"""``removals.json``: what a site says it hid, restored and withdrew, compared with what its log says was removed.

    {"type": "removals/v1", "size": entries of the log when this was said, "next": integer or null,
     "lines": [{"day", "signatory": first 32 hex digits of the signing's hash, "field", "action", "reason"}, …]}

Newest lines come first. ``next`` is null where the ledger ends; else the older lines stand at
``removals.json?before=<next>``. A mirror has all lines in one file.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Literal, NamedTuple, TypeAlias

from pledge.audit.published import MAX_REMOVALS_BYTES
from pledge.audit.report import Problem
from pledge.core.statement import Withdrawal, parse_json
from pledge.core.statement.members import (
    DAY,
    ID,
    Codec,
    choice,
    integer,
    matching,
    member,
    nested,
    optional,
    record,
    sequence,
)
from pledge.errors import MalformedError, NotUnderstoodError

_MAX_NUMBER = 2**53 - 1
_MAX_LINES = 1_000_000
_PREFIX = "removed:"

_Field: TypeAlias = Literal["name", "role", "reason", "signing"]
_Action: TypeAlias = Literal["hidden", "restored", "withdrawn"]
_FIELD: Codec[_Field] = choice("name", "role", "reason", "signing")
_ACTION: Codec[_Action] = choice("hidden", "restored", "withdrawn")


@record
class Line:
    """One act of the operator: a field of a signatory's page was hidden or restored, or a signing was withdrawn."""

    day: date = member(DAY)
    signatory: str = member(matching(r"[0-9a-f]{32}", "32 lower-case hex digits"))
    field: _Field = member(_FIELD)
    action: _Action = member(_ACTION)
    reason: str = member(ID)

    def __post_init__(self) -> None:
        if (self.field == "signing") != (self.action == "withdrawn"):
            raise MalformedError("a signing is withdrawn, and nothing else is")


@record
class Removals:
    """A stretch of the ledger, or all of it."""

    type_: Literal["removals/v1"] = member(choice("removals/v1"))
    size: int = member(integer(0, _MAX_NUMBER))
    next: int | None = member(optional(integer(1, _MAX_NUMBER)))
    lines: tuple[Line, ...] = member(sequence(nested(Line), 0, _MAX_LINES))


class Removed(NamedTuple):
    """A removal that the log has, and where."""

    entry: int
    withdrawal: Withdrawal


_REMOVALS = nested(Removals)


def parse_removals(data: bytes) -> Removals:
    """Read a stretch of the ledger.

    Raises:
        MalformedError: Not as this module draws it.
        NotUnderstoodError: A later version of it.
    """
    value = parse_json(data, max_bytes=MAX_REMOVALS_BYTES)
    kind = value.get("type") if isinstance(value, dict) else None
    if isinstance(kind, str) and kind.startswith("removals/") and kind != "removals/v1":
        raise NotUnderstoodError("This version of the removals is not known.")
    return _REMOVALS.parse(value)


def read_removals(read: Callable[[int | None], bytes]) -> Removals:
    """Read the whole ledger, stretch by stretch.

    Args:
        read: Gives the stretch before a number; None for the newest.

    Returns:
        All lines, as of the size that the newest stretch names: older ones do not change.

    Raises:
        MalformedError: A stretch is not as this module draws it, or they do not come to an end.
        NotFoundError: One is missing.
        NotUnderstoodError: A later version of it.
    """
    found = parse_removals(read(None))
    while found.next is not None:
        older = parse_removals(read(found.next))
        is_older = older.lines and (older.next is None or older.next < found.next)
        if not is_older or len(found.lines) + len(older.lines) > _MAX_LINES:
            raise MalformedError("The removals do not come to an end.")
        found = replace(found, next=older.next, lines=found.lines + older.lines)
    return found


def compare_removals(removals: Removals, removed: Iterable[Removed]) -> Iterator[Problem]:
    """Check that each removal in the log has its line in the ledger, and each line of a withdrawal its entry.

    Args:
        removals: The whole ledger.
        removed: What the log removed; what came after the ledger was read does not count.
    """
    lines = Counter(
        (line.signatory, line.reason, line.day) for line in removals.lines if line.action == "withdrawn"
    )
    for entry, withdrawal in removed:
        if entry >= removals.size:
            break
        reason = withdrawal.reason.removeprefix(_PREFIX)
        act = (withdrawal.signing[:32], reason, withdrawal.day)
        if not lines[act]:
            yield Problem(
                "removals", f"this removes a signing ({reason}), and no line of removals.json says so", entry
            )
        lines[act] -= 1
    for (signatory, reason, day), count in lines.items():
        if count > 0:
            yield Problem(
                "removals",
                f"removals.json says that {signatory} was withdrawn on {day} ({reason}); the log does not",
            )
