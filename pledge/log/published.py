"""The last checkpoint that left this server, kept in a file apart from the database.

A database that is restored from a backup has forgotten what was signed after it. Extending it would give two
different logs with one name, which no witness and no reader forgives. So the file remembers, the sequencer compares,
and the server refuses to sign until the database has caught up.
"""

import fcntl
import os
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.core.tlog.checkpoint import Checkpoint, parse_checkpoint
from pledge.core.tlog.note import parse_note
from pledge.core.tlog.tile import tree_root
from pledge.errors import MalformedError, UnavailableError
from pledge.log.models import Head
from pledge.log.sequencer import BEHIND, read_tile

UNKNOWN = (
    "The file published-checkpoint is missing or damaged, so this server cannot know what it has published. Nothing "
    "can be signed until the newest checkpoint that anyone has is put in its place; see docs/operating.md."
)


class PublishedCheckpoint:
    """The file ``published-checkpoint``; it only ever grows.

    Args:
        path: Where to keep it; its directory must exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known_size = 0

    def read(self) -> Checkpoint | None:
        """Give the checkpoint, or None where none was published yet."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        return parse_checkpoint(parse_note(data).text)

    def size(self) -> int:
        """Give the published tree size, 0 where nothing was published."""
        found = self.read()
        return 0 if found is None else found.size

    def advance(self, checkpoint: bytes) -> None:
        """Remember a signed checkpoint, unless a larger one is known already (another process was faster)."""
        size = parse_checkpoint(parse_note(checkpoint).text).size
        if size <= self._known_size:
            return
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if size > self.size():
                new = self._path.with_suffix(".new")
                new.write_bytes(checkpoint)
                os.replace(new, self._path)  # noqa: PTH105  # the atomic call, by its name
        self._known_size = size


def check_head(session: Session, published: PublishedCheckpoint) -> None:
    """Compare the database's log with what was published.

    Raises:
        UnavailableError: The database's log is shorter, or is another log, or nothing says what was published.
    """
    head_size = session.scalar(select(Head.size)) or 0
    try:
        checkpoint = published.read()
    except MalformedError:
        raise UnavailableError(UNKNOWN, code="log-unknown") from None
    if checkpoint is None:
        if head_size:
            raise UnavailableError(UNKNOWN, code="log-unknown")
        return
    if head_size < checkpoint.size:
        raise UnavailableError(BEHIND, code="log-behind")
    root = tree_root(checkpoint.size, lambda level, index, width: read_tile(session, level, index, width))
    if root != checkpoint.root:
        raise UnavailableError(
            "The log in the database is not the one this server has published. Nothing can be signed; "
            "see docs/operating.md.",
            code="log-forked",
        )
