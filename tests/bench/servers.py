"""Servers for a measurement: the site as shipped, bench-only applications under the same settings, Node."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.node import find_node
from tests.postgresql import Server

HOST = "127.0.0.1"
_START_SECONDS = 60
_STOP_SECONDS = 15


@dataclass(frozen=True)
class Site:
    """An instance that was founded for a measurement.

    Attributes:
        environment: Its settings, as the command line takes them.
        port: Where it serves.
    """

    environment: Mapping[str, str]
    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])


def found_site(home: Path, database_url: str | None = None) -> Site:
    """Found a local trial in a directory."""
    port = free_port()
    environment = {
        "PLEDGE_HOME": str(home),
        "PLEDGE_PORT": str(port),
        "PLEDGE_URL": f"http://{HOST}:{port}",
        "PLEDGE_MAILS_PER_HOUR": "1000000",
        "PLEDGE_TIPS_PER_HOUR": "1000000",
    } | ({} if database_url is None else {"PLEDGE_DATABASE_URL": database_url})
    subprocess.run(
        [sys.executable, "-m", "pledge.cli", "init", "--local"],
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return Site(environment, port)


def database_of(server: Server, name: str) -> str:
    """Make a database on a server of PostgreSQL; gives its URL."""
    admin = create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return server.url(name)


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve an instance with ``pledge serve``."""
    with _running([sys.executable, "-m", "pledge.cli", "serve"], site.port, site.environment):
        yield site


@contextmanager
def serving_app(site: Site, name: str) -> Iterator[Site]:
    """Serve an application of ``apps`` with the settings of ``pledge serve``."""
    with _running([sys.executable, "-m", "tests.bench.apps", name], site.port, site.environment):
        yield site


@contextmanager
def serving_node(script: Path) -> Iterator[str]:
    """Run a server of Node's, which is told its port."""
    port = free_port()
    with _running([find_node(), str(script), str(port)], port, {}):
        yield f"http://{HOST}:{port}"


@contextmanager
def _running(command: Sequence[str], port: int, environment: Mapping[str, str]) -> Iterator[None]:
    with subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            _wait(process, port)
            yield
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            # A worker that was about to start outlives the server that stops.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"a server ended at once: {process.args!r}")
        try:
            with socket.create_connection((HOST, port), timeout=5) as connection:
                connection.sendall(
                    b"GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                )
                if connection.recv(16):
                    return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"a server did not answer: {process.args!r}")
