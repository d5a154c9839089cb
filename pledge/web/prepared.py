"""Answers that are prepared when the log moves and given before Flask is asked.

Badges, tiles and tallies are read far more often than they change. Each is rendered once per version of the site's
state (tree size and day) and per process, kept in a bounded cache, and answered by a few dictionary look-ups. The
version is looked up at most ``_FRESH_SECONDS`` apart, so an answer may lag behind the log by that much. One that may
not lag, the checkpoint, is not kept: each process has its own cache, and nobody may see the log go back.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from pledge.errors import UnavailableError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_FRESH_SECONDS = 0.25
_METHODS = ("GET", "HEAD")
_MAX_ANSWERS = 4096
_MAX_ASKED = 512  # no path of ours is longer, nor any query that badges understand
_MAX_KEPT_BYTES = 16_384  # a cache of nothing but full tiles stays under 64 MiB; entry bundles are read anew

ALLOWED = "pledge.allowed_methods"
"""Names the methods that a request may use, where it used another on a prepared answer; becomes an error page."""

_OK = "200 OK"
_BUSY = [("Content-Length", "0"), ("Cache-Control", "no-store"), ("Retry-After", "10")]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that is the same for everybody until the site's version changes.

    Args:
        body: The bytes; an ETag is made from them.
        content_type: With charset where it is text.
        cache_control: For browsers and proxies.
        status: 200, or 404 where there is nothing (then ``cache_control`` forbids storing).
        may_lag: Whether it may be given from memory for a moment after it has changed.
        content_policy: Its Content-Security-Policy, unless it is no page.
    """

    body: bytes
    content_type: str
    cache_control: str
    status: str = _OK
    may_lag: bool = True
    content_policy: str = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


_Prepared = tuple[str, str, list[tuple[str, str]], list[bytes]]
"""ETag, status line, headers, body."""

Render = Callable[[str], Answer | None]
"""Gives the answer for a path (the whole path, as sent; with its query where that counts), or None where Flask shall
answer."""


class PreparedAnswers:
    """WSGI middleware that answers some prefixes itself.

    Args:
        app: Answers everything else.
        renderers: By first path segment, such as ``"badge"``.
        version: Gives something that changes whenever any answer may change; cheap, but asked rarely.
        queried: First segments of paths whose queries count.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        renderers: Mapping[str, Render],
        version: Callable[[], Hashable],
        *,
        queried: Collection[str] = (),
    ) -> None:
        self._app = app
        self._renderers = dict(renderers)
        self._version = version
        self._queried = frozenset(queried)
        self._known_version: Hashable = object()
        self._checked = 0.0
        self._mutex = threading.Lock()
        self._answers: OrderedDict[str, _Prepared] = OrderedDict()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        segment = path.split("/", 2)[1] if path.startswith("/") else ""
        render = self._renderers.get(segment)
        if render is None:
            return self._app(environ, start_response)
        query: str = environ.get("QUERY_STRING", "") if segment in self._queried else ""
        try:
            prepared = self._find(f"{path}?{query}" if query else path, render)
        except (OperationalError, UnavailableError):
            start_response("503 Service Unavailable", _BUSY)
            return []
        if prepared is None:
            return self._app(environ, start_response)
        etag, status, headers, body = prepared
        if environ["REQUEST_METHOD"] not in _METHODS:
            if status == _OK:
                environ[ALLOWED] = _METHODS
            return self._app(environ, start_response)
        if_none_match = environ.get("HTTP_IF_NONE_MATCH")
        if if_none_match is not None and _matches(etag, if_none_match):
            start_response(
                "304 Not Modified", [header for header in headers if header[0] != "Content-Length"]
            )
            return []
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else body

    def _find(self, asked: str, render: Render) -> _Prepared | None:
        now = time.monotonic()
        if now - self._checked > _FRESH_SECONDS:
            self._checked = now
            version = self._version()
            if version != self._known_version:
                with self._mutex:
                    self._answers.clear()
                    self._known_version = version
        try:
            return self._answers[asked]
        except KeyError:
            pass
        version = self._known_version
        answer = render(asked) if len(asked) <= _MAX_ASKED else None
        if answer is None:
            return None
        prepared = _prepare(answer)
        with self._mutex:
            if version == self._known_version and _is_kept(answer):
                self._answers[asked] = prepared
                if len(self._answers) > _MAX_ANSWERS:
                    self._answers.popitem(last=False)
        return prepared


def _is_kept(answer: Answer) -> bool:
    return answer.may_lag and answer.status == _OK and len(answer.body) <= _MAX_KEPT_BYTES


def _prepare(answer: Answer) -> _Prepared:
    etag = f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    headers = [
        ("Content-Type", answer.content_type),
        ("Content-Length", str(len(answer.body))),
        ("Cache-Control", answer.cache_control),
        ("ETag", etag),
        ("Access-Control-Allow-Origin", "*"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", answer.content_policy),
    ]
    return etag, answer.status, headers, [answer.body]


def _matches(etag: str, if_none_match: str) -> bool:
    """Compare weakly (RFC 9110, section 13.1.2)."""
    if if_none_match.strip() == "*":
        return True
    return etag in [part.strip().removeprefix("W/") for part in if_none_match[:1000].split(",")]
