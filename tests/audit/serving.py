"""A small real site on this machine: files from a dict, and whatever misbehaviour a test wants of a path."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Misbehaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Serving:
    """What is served: ``files`` by path, without the first slash; ``odd`` paths answer for themselves."""

    files: dict[str, bytes]
    odd: dict[str, Misbehaviour] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    address: str = ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args: object) -> None:
        """Do nothing: whoever asked may hang up at any moment, and tests mean it to."""


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Serving]:
    """Serve on a free port of this machine, until the end of the context."""
    site = Serving(files)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.removeprefix("/")
            site.asked.append((path, dict(self.headers)))
            if path in site.odd:
                site.odd[path](self)
            elif path in site.files:
                answer(self, site.files[path])
            else:
                answer(self, b"nothing here", status=404)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_args: object) -> None:
            pass

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        site.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def answer(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    *,
    status: int = 200,
    length: int | None = None,
    headers: dict[str, str] | None = None,
) -> None:
    """Answer with a body; the length may be said wrong."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
