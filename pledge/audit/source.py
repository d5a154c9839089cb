"""Where a log is read from: a directory that ``pledge export`` wrote, or a site."""

from contextlib import closing
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from pledge.audit.console import read_bounded
from pledge.audit.site import Site
from pledge.errors import NotFoundError, UnavailableError


class Source(Protocol):
    """Files by their paths, such as ``log/checkpoint``. Several threads may read at once.

    Attributes:
        is_live: Whether it is a site, which may change while it is read; a mirror does not.
    """

    @property
    def is_live(self) -> bool: ...

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Read a whole file.

        Raises:
            NotFoundError: There is none.
            MalformedError: It has more than ``max_bytes``.
            UnavailableError: It cannot be read now; nothing is known about it.
        """
        ...

    def wait(self) -> None:
        """Wait until what is read may have changed, which only something live does."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Directory:
    """A mirror on this machine."""

    is_live = False

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Read a file below the root; see ``Source``."""
        try:
            return read_bounded(self._root / path, max_bytes)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFoundError(f"There is no {path}.") from None
        except OSError as error:
            raise UnavailableError(f"{path} cannot be read: {error.strerror}.") from error

    def wait(self) -> None:
        """Do nothing: a mirror does not change while it is audited."""

    def close(self) -> None:
        """Do nothing: no file stays open."""


def read_at(location: str, max_bytes: int) -> bytes:
    """Read one file, by its name or its address.

    Raises:
        NotFoundError: There is none.
        MalformedError: An address that may not be used, or a file of more than ``max_bytes``.
        UnavailableError: The site does not give it now.
    """
    if "://" not in location:
        return read_bounded(Path(location), max_bytes)
    parts = urlsplit(location)
    with closing(Site(f"{parts.scheme}://{parts.netloc}")) as site:
        target = parts.path or "/"
        return site.follow(f"{target}?{parts.query}" if parts.query else target, max_bytes=max_bytes).body


def open_source(location: str) -> Source:
    """Open a site by its address, or a directory.

    Raises:
        MalformedError: An address that may not be used.
        NotFoundError: There is no such directory.
    """
    if "://" in location:
        return Site(location)
    if not Path(location).is_dir():
        raise NotFoundError("This is neither a directory nor an address that begins with https://.")
    return Directory(Path(location))
