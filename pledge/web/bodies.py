"""A guard in front of Flask that reads a request's body whole, or refuses it.

The server hands on a body that was cut off as if it had ended, so ``Content-Length`` is required and compared. Every
form of this site is small; what is larger is refused before it is read. Nothing is spooled to disk: Werkzeug's form
parser would write parts over 500 kB to a temporary file, and never sees one.

Some paths take larger bodies, as a stream (``web.uploads``); they have places of their own.

A slow body holds a thread. Only so many may be read at once; the rest are turned away, and pages go on being read. One
that takes too long is given up (``web.deadline``). A proxy that buffers requests keeps slow ones out altogether.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from io import BytesIO
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from pledge.web.deadline import Deadline
from pledge.web.uploads import UPLOAD, Upload

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY_BYTES = 256 * 1024
MAX_BODIES_AT_ONCE = 5
MAX_UPLOADS_AT_ONCE = 8
"""Together fewer than the threads of a process, so that pages go on being read."""
MAX_LARGE_AT_ONCE = 4
LARGE_BYTES = 2 << 20
"""Large uploads take long, and keep no small one waiting."""
_WAIT_SECONDS = 0.5
_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
REFUSAL = "pledge.refused_body"


class WholeBodies:
    """WSGI middleware; see the module. What is refused becomes an error page further in.

    Args:
        app: The application that gets only whole bodies.
        deadline: What a body may take, where the server itself does not say.
        upload_limit: Gives how many bytes the body of a POST to a path may have that is read as a stream; None for
            all other paths.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        deadline: Deadline | None = None,
        *,
        upload_limit: Callable[[str], int | None] = lambda _path: None,
    ) -> None:
        self._app = app
        self._deadline = deadline
        self._upload_limit = upload_limit
        self._places = BoundedSemaphore(MAX_BODIES_AT_ONCE)
        self._small_places = BoundedSemaphore(MAX_UPLOADS_AT_ONCE - MAX_LARGE_AT_ONCE)
        self._large_places = BoundedSemaphore(MAX_LARGE_AT_ONCE)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        limit = self._upload_limit(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        if limit is not None:
            return self._stream(environ, start_response, limit)
        if environ["REQUEST_METHOD"] in _WITH_BODY or environ.get("CONTENT_LENGTH") not in (None, "", "0"):
            status, body = self._read(environ)
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
            if status is not None:
                environ[REFUSAL] = status
        else:
            environ["wsgi.input"] = BytesIO()
        return self._app(environ, start_response)

    def _stream(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", limit: int
    ) -> Iterable[bytes]:
        """Hand a body on unread, if there is a place, which is free again once the body has been read."""
        status, length = _length(environ, limit)
        places = self._small_places if length <= LARGE_BYTES else self._large_places
        has_place = status is None and places.acquire(timeout=_WAIT_SECONDS)
        stream = environ["wsgi.input"]
        environ["wsgi.input"] = BytesIO()  # nothing but the upload below may read it
        environ["CONTENT_LENGTH"] = "0"
        with ExitStack() as reading:
            environ[UPLOAD] = Upload(stream, length, on_read=reading.close)
            if not has_place:
                environ[REFUSAL] = status or 503
                return self._app(environ, start_response)
            reading.callback(places.release)
            if self._deadline is not None:
                reading.enter_context(self._deadline.reading(environ, is_stream=True))
            return self._app(environ, start_response)

    def _read(self, environ: "WSGIEnvironment") -> tuple[int | None, bytes]:
        if not self._places.acquire(timeout=_WAIT_SECONDS):
            return 503, b""
        try:
            return self._read_in_time(environ)
        finally:
            self._places.release()

    def _read_in_time(self, environ: "WSGIEnvironment") -> tuple[int | None, bytes]:
        if self._deadline is None:
            return _read(environ)
        with self._deadline.reading(environ) as read:
            status, body = _read(environ)
        return (status, body) if status is None or not read.is_late else (408, b"")


def _read(environ: "WSGIEnvironment") -> tuple[int | None, bytes]:
    """Give (status of a refusal or None, the body)."""
    status, length = _length(environ, MAX_BODY_BYTES)
    if status is not None:
        return status, b""
    body = environ["wsgi.input"].read(length)
    if len(body) != length:
        return 400, b""
    return None, body


def _length(environ: "WSGIEnvironment", limit: int) -> tuple[int | None, int]:
    """Give (status of a refusal or None, how long the request says that its body is)."""
    length = environ.get("CONTENT_LENGTH", "")
    if environ.get("HTTP_TRANSFER_ENCODING") or not length:
        return 411, 0
    if not (length.isascii() and length.isdigit()):
        return 400, 0
    if len(length) > 12 or int(length) > limit:  # noqa: PLR2004  # no number that long is a size here
        return 413, 0
    return None, int(length)
