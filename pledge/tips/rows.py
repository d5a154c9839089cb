"""The inbox as its page shows it without opening anything: threads by day, each in a few words.

``browser/src/steward/row.js`` says the same where scripts run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final, Literal, TypedDict

from pledge.core.tip.sizes import class_of
from pledge.web.strings import gettext, ngettext
from pledge.web.strings import lazy_gettext as _

LABELS: Final = {
    "new": _("new"),
    "working": _("being worked on"),
    "waiting": _("waiting for the source"),
    "verified": _("verified"),
    "duplicate": _("duplicate"),
    "not-for-us": _("not for us"),
}
_NAME_DIGITS: Final = 8
"""So much of a thread's id names it, on the page and for ``pledge tips reply``."""
_KIB: Final = 1024
_MIB: Final = 1024 * 1024
_FEW: Final = 10

# ``from`` is a word of Python's, so this one is written as a call.
ListedMessage = TypedDict(
    "ListedMessage",
    {
        "id": str,
        "number": int,
        "from": Literal["source", "steward"],
        "sha256": str,
        "size_bytes": int,
        "day": str,
        "way": Literal["sealed", "by-server"],
    },
)
"""A message as ``/stewards/inbox.json`` lists it."""


class ListedThread(TypedDict):
    """A thread as ``/stewards/inbox.json`` lists it."""

    id: str
    mailbox: str
    opened: str
    moved: str
    expires: str
    state: Literal["open", "closed"]
    label: str
    assigned: str | None
    messages: Sequence[ListedMessage]


@dataclass(frozen=True)
class MessageRow:
    """One envelope to download."""

    id: str
    from_source: bool
    day: date
    size: str
    file: str


@dataclass(frozen=True)
class ThreadRow:
    """One thread."""

    id: str
    name: str
    count: str
    size: str
    way: str
    label: str
    label_words: str
    state: str
    assigned: str | None
    left: str
    messages: Sequence[MessageRow]


@dataclass(frozen=True)
class DayRows:
    """The threads that last moved on a day."""

    day: date
    threads: Sequence[ThreadRow]


def by_day(threads: Iterable[ListedThread], *, today: date) -> list[DayRows]:
    """Describe threads by the day on which they last moved, the newest first."""
    newest_first = sorted(threads, key=lambda thread: thread["moved"], reverse=True)
    return [
        DayRows(date.fromisoformat(day), [_thread_row(thread, today) for thread in of_day])
        for day, of_day in groupby(newest_first, key=lambda thread: thread["moved"])
    ]


def size_in_words(size_bytes: int) -> str:
    """Say a size, such as ``3 KiB`` or ``1.5 MiB``."""
    if size_bytes < _KIB:
        return ngettext("%(num)s byte", "%(num)s bytes", size_bytes)
    unit, name = (_KIB, "KiB") if size_bytes < _MIB else (_MIB, "MiB")
    amount = size_bytes / unit
    return f"{f'{amount:.1f}'.removesuffix('.0') if amount < _FEW else f'{amount:.0f}'} {name}"


def time_left(expires: date, *, today: date) -> str:
    """Say how long a thread is kept, if nothing moves it."""
    days = (expires - today).days
    if days <= 0:
        return gettext("deleted tonight")
    return ngettext("deleted in %(num)s day", "deleted in %(num)s days", days)


def _thread_row(thread: ListedThread, today: date) -> ThreadRow:
    messages = thread["messages"]
    name = thread["id"][:_NAME_DIGITS]
    is_by_server = any(message["way"] == "by-server" for message in messages)
    return ThreadRow(
        id=thread["id"],
        name=name,
        count=ngettext(
            "%(count)s message", "%(count)s messages", len(messages), count=format(len(messages), ",")
        ),
        size=size_in_words(max(class_of(m["size_bytes"]) or m["size_bytes"] for m in messages)),
        way=gettext("sealed by the server") if is_by_server else gettext("came sealed"),
        label=thread["label"],
        label_words=LABELS[thread["label"]],
        state=thread["state"],
        assigned=thread["assigned"],
        left=time_left(date.fromisoformat(thread["expires"]), today=today),
        messages=[_message_row(name, message) for message in messages],
    )


def _message_row(name: str, message: ListedMessage) -> MessageRow:
    return MessageRow(
        id=message["id"],
        from_source=message["from"] == "source",
        day=date.fromisoformat(message["day"]),
        size=size_in_words(message["size_bytes"]),
        file=f"{name}-{message['number']}.age",
    )
