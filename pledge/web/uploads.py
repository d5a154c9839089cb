"""Bodies that are read as a stream, because they may be half a gigabyte, and go to the disk only as ciphertext.

The server hands on a body that was cut off as if it had ended, so ``Content-Length`` is required, no more than that is
read, and whatever ends before it is refused. ``web.bodies`` lets only so many through at once.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

from pledge.errors import MalformedError

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, WSGIEnvironment

UPLOAD = "pledge.upload"
"""Names the ``Upload`` in the environment of a request whose body is read as a stream."""

_CHUNK_BYTES = 65_536


class Upload:
    """A body that is yet to be read.

    Args:
        stream: What the server gives.
        size_bytes: What the request says that it is long.
        on_read: Called once all of it has been read.
    """

    def __init__(
        self, stream: "InputStream", size_bytes: int, *, on_read: Callable[[], object] = lambda: None
    ) -> None:
        self._stream = stream
        self._on_read = on_read
        self.size_bytes = size_bytes
        self.left_bytes = size_bytes

    def take(self, size_bytes: int) -> bytes:
        """Read so many bytes.

        Raises:
            MalformedError: The body has ended before.
        """
        pieces = []
        while size_bytes:
            pieces.append(self._read(size_bytes))
            size_bytes -= len(pieces[-1])
        return b"".join(pieces)

    def chunks(self) -> Iterator[bytes]:
        """Read all that is left, in pieces.

        Raises:
            MalformedError: The body has ended before its end.
        """
        while self.left_bytes:
            yield self._read(self.left_bytes)

    def _read(self, size_bytes: int) -> bytes:
        piece = self._stream.read(min(size_bytes, self.left_bytes, _CHUNK_BYTES))
        if not piece:
            raise MalformedError(
                "This did not arrive whole. Nothing was kept; send it again.", code="cut-off"
            )
        self.left_bytes -= len(piece)
        if not self.left_bytes:
            self._on_read()
        return piece


def get_upload(environ: "WSGIEnvironment") -> Upload:
    """Give the body of a request whose path takes uploads."""
    return cast("Upload", environ[UPLOAD])
