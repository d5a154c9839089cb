"""What a steward fetches to work on apart from the site: a directory of ciphertext, and what says where it belongs.

    inbox.json                    threads and their messages
    digests.json                  the dummies of each day
    keys.json                     the recipients file
    envelopes/<id>                envelopes, by the ids of their messages
    digests/<day>                 the leaves of a day, as they are public
    digests/<day>.entry           the log's entry of that day
    digests/<day>.tlog-proof      its proof

Nothing in it is secret but to whom it would tell how many tips there are; nothing in it is believed either.
"""

from datetime import date
from pathlib import Path
from typing import Final, Literal

from pledge.audit.console import read_bounded
from pledge.core.policy import Policy
from pledge.core.statement.canonical import parse_json
from pledge.core.statement.members import (
    DAY,
    ID,
    SHA256,
    choice,
    integer,
    line,
    matching,
    member,
    nested,
    octets,
    optional,
    record,
    sequence,
)
from pledge.core.tip.message import MAX_NUMBER
from pledge.core.tip.recipients import MAX_RECIPIENTS_BYTES, StewardKeys, parse_recipients
from pledge.errors import MalformedError

INBOX: Final = "inbox.json"
DIGESTS: Final = "digests.json"
KEYS: Final = "keys.json"
MAX_INBOX_BYTES: Final = 1 << 26
MAX_DIGESTS_BYTES: Final = 1 << 26
MAX_ENVELOPE_BYTES: Final = 540 << 20
_MAX_THREADS: Final = 100_000
_MAX_DAYS: Final = 40_000

_ID = matching(r"[0-9a-f]{32}", "an id of 32 hex digits")


@record
class Listed:
    """A message as the site lists it."""

    id: str = member(_ID)
    number: int = member(integer(1, MAX_NUMBER))
    from_: Literal["source", "steward"] = member(choice("source", "steward"))
    sha256: str = member(SHA256)
    size_bytes: int = member(integer(1, MAX_ENVELOPE_BYTES))
    day: date = member(DAY)
    way: Literal["sealed", "by-server"] = member(choice("sealed", "by-server"))


@record
class Thread:
    """A thread as the site lists it."""

    id: str = member(_ID)
    mailbox: str = member(_ID)
    opened: date = member(DAY)
    moved: date = member(DAY)
    expires: date = member(DAY)
    state: Literal["open", "closed"] = member(choice("open", "closed"))
    label: str | None = member(optional(ID))
    assigned: str | None = member(optional(line(200)))
    messages: tuple[Listed, ...] = member(sequence(nested(Listed), 0, MAX_NUMBER))

    def __post_init__(self) -> None:
        if [listed.number for listed in self.messages] != [*range(1, len(self.messages) + 1)]:
            raise MalformedError("the messages of a thread are numbered from 1")


@record
class Inbox:
    """All threads."""

    threads: tuple[Thread, ...] = member(sequence(nested(Thread), 0, _MAX_THREADS))
    type_: Literal["inbox/v1"] = member(choice("inbox/v1"))

    def find(self, start: str) -> Thread:
        """Find a thread by the first digits of its id.

        Raises:
            MalformedError: None begins so, or more than one does.
        """
        found = [thread for thread in self.threads if thread.id.startswith(start)]
        if len(found) != 1:
            raise MalformedError(
                f"{'No thread begins' if not found else 'More than one thread begins'} with this."
            )
        return found[0]


@record
class DummyDay:
    """The dummies of a day."""

    day: date = member(DAY)
    dummies: tuple[bytes, ...] = member(sequence(octets(32, 32), 0, 1 << 20))


@record
class Dummies:
    """The dummies of all days."""

    days: tuple[DummyDay, ...] = member(sequence(nested(DummyDay), 0, _MAX_DAYS))
    type_: Literal["dummies/v1"] = member(choice("dummies/v1"))


_INBOX: Final = nested(Inbox)
_DUMMIES: Final = nested(Dummies)


def parse_inbox(data: bytes) -> Inbox:
    """Read ``inbox.json``, canonical.

    Raises:
        MalformedError: It does not follow its format.
    """
    return _INBOX.parse(parse_json(data, max_bytes=MAX_INBOX_BYTES))


def parse_dummies(data: bytes) -> Dummies:
    """Read ``digests.json``, canonical.

    Raises:
        MalformedError: It does not follow its format.
    """
    return _DUMMIES.parse(parse_json(data, max_bytes=MAX_DIGESTS_BYTES))


class Desk:
    """Such a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def inbox(self) -> Inbox:
        """Read the threads."""
        return parse_inbox(read_bounded(self.root / INBOX, MAX_INBOX_BYTES))

    def dummies(self) -> Dummies:
        """Read the dummies."""
        return parse_dummies(read_bounded(self.root / DIGESTS, MAX_DIGESTS_BYTES))

    def stewards(self, policy: Policy) -> StewardKeys:
        """Read and verify the recipients file."""
        return parse_recipients(read_bounded(self.root / KEYS, MAX_RECIPIENTS_BYTES), policy)

    def envelope(self, listed: Listed) -> Path:
        """Give where an envelope lies, or will."""
        return self.root / "envelopes" / listed.id

    def digest(self, day: date, ending: str = "") -> Path:
        """Give where something about a day's digest lies, or will."""
        return self.root / "digests" / f"{day.isoformat()}{ending}"
