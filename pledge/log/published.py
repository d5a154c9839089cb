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
from pledge.errors import MalformedError, UnavailableError, noop
from pledge.log.models import Head
from pledge.log.sequencer import read_tile

BEHIND = noop(
    "The log in the database is shorter than what this server has published: it was probably restored from a "
    "backup. Nothing can be signed until it has caught up; see docs/operating.md."
)
FORKED = noop(
    "The log in the database is not the one this server has published. Nothing can be signed; "
    "see docs/operating.md."
)
UNWRITABLE = noop("The published checkpoint cannot be written. Nothing can be signed until it can.")
UNKNOWN = noop(
    "The file of the last published checkpoint is missing or damaged, so this server cannot know what it has "
    "published. Nothing can be signed until the newest checkpoint that anyone has is put in its place; "
    "see docs/operating.md."
)


class PublishedCheckpoint:
    """The file that remembers; it only ever grows.

    Args:
        path: Where to keep it; its directory must exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Checkpoint | None:
        """Give the checkpoint, or None where there is no file.

        Raises:
            UnavailableError: The file is damaged.
        """
        try:
            return parse_checkpoint(parse_note(self._path.read_bytes()).text)
        except FileNotFoundError:
            return None
        except (OSError, MalformedError):
            raise UnavailableError(UNKNOWN, code="log-unknown") from None

    def advance(self, checkpoint: bytes) -> None:
        """Remember a signed checkpoint on disk, unless a larger one is known already (another process was faster).

        Raises:
            UnavailableError: The file is damaged or cannot be written.
        """
        size = parse_checkpoint(parse_note(checkpoint).text).size
        try:
            with self._beside("lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                known = self.read()
                if known is None or size > known.size:
                    self._write(checkpoint)
        except OSError:
            raise UnavailableError(UNWRITABLE, code="log-unknown") from None

    def _write(self, checkpoint: bytes) -> None:
        new = self._beside("new")
        with new.open("wb") as file:
            file.write(checkpoint)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self._path)  # noqa: PTH105  # the atomic call, by its name
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(f"{self._path.name}.{suffix}")


def check_head(session: Session, published: PublishedCheckpoint) -> None:
    """Compare the database's log with what was published. Cost: log n.

    Args:
        session: One that has read nothing yet, or holds the write lock: what others publish is in the database
            before it is in the file, so whoever reads the file first never finds it ahead.
        published: What was published.

    Raises:
        UnavailableError: The database's log is shorter, or is another log, or nothing says what was published.
    """
    checkpoint = published.read()
    head_size = session.scalar(select(Head.size)) or 0
    if checkpoint is None:
        if head_size:
            raise UnavailableError(UNKNOWN, code="log-unknown")
        return
    if head_size < checkpoint.size:
        raise UnavailableError(BEHIND, code="log-behind")
    root = tree_root(checkpoint.size, lambda level, index, width: read_tile(session, level, index, width))
    if root != checkpoint.root:
        raise UnavailableError(FORKED, code="log-forked")
