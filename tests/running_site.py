"""A site that really runs: ``pledge serve --local`` in a process of its own, behind a relay that keeps what is sent.

The relay stands between browser and server and keeps every byte of every request, so that a test need not believe
what a browser says about its own requests.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

PLEDGE = str(Path(sys.executable).with_name("pledge"))
_SERVE = (PLEDGE, "serve", "--local")
_ROOT = Path(__file__).parents[1]
_START_SECONDS = 60
_CHUNK_BYTES = 65_536


@dataclass(frozen=True)
class Site:
    """A running site: its address, its home, and the relay in front of it."""

    url: str
    home: Path
    relay: "Relay"

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which ``pledge`` works on this site."""
        return {**os.environ, "PLEDGE_HOME": str(self.home), "PLEDGE_URL": self.url}

    def run(self, *arguments: str) -> str:
        """Run a command of the operator's; gives what it prints."""
        done = subprocess.run(
            [PLEDGE, *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def link_for(self, address: str) -> str:
        """The link in the newest mail to an address, as its owner would open it."""
        for file in sorted((self.home / "mail").glob("*.eml"), reverse=True):
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            if mail["To"] == address:
                found = re.search(
                    rf"{re.escape(self.url)}/(?:sign|change)/[0-9a-f]{{64}}", mail.get_content()
                )
                assert found, "the newest mail has no link"
                return found[0]
        raise AssertionError(f"no mail went to {address}")


@contextmanager
def serve_locally(home: Path, command: Sequence[str] = _SERVE, *, host: str = "127.0.0.1") -> Iterator[Site]:
    """Serve a home, founding a trial in it where there is none, until the block ends; ``host`` is what it is called."""
    port = _free_port()
    relay = Relay(port)
    url = f"http://{host}:{relay.port}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PLEDGE_")},
        "PLEDGE_HOME": str(home),
        "PLEDGE_URL": url,
        "PLEDGE_PORT": str(port),
        "PLEDGE_WORKERS": "1",
        "PLEDGE_MAILS_PER_ADDRESS": "20",
    }
    home.parent.mkdir(parents=True, exist_ok=True)
    output = home.parent / f"{home.name}.log"
    with output.open("wb") as log:
        server = subprocess.Popen(
            command, cwd=_ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(server, port, output)
        yield Site(url, home, relay)
    finally:
        relay.close()
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait(server: "subprocess.Popen[bytes]", port: int, output: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as probe:
            probe.sendall(b"GET /robots.txt HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            if b" 200 " in probe.recv(64):
                return
        time.sleep(0.1)
    raise AssertionError(f"the site did not start:\n{output.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Relay:
    """Hands bytes on between a port of its own and the server's; keeps what goes to the server.

    Args:
        target: The server's port on this machine.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._sent: list[tuple[int, bytes]] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def mark(self) -> int:
        """How much was sent so far, for ``sent_since``."""
        return len(self._sent)

    def sent_since(self, mark: int) -> bytes:
        """Every byte that was sent since, connection after connection."""
        connections: dict[int, bytearray] = {}
        for number, chunk in self._sent[mark:]:
            connections.setdefault(number, bytearray()).extend(chunk)
        return b"\n".join(bytes(sent) for sent in connections.values())

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        number = 0
        with suppress(OSError):
            while True:
                browser, _ = self._listener.accept()
                number += 1
                try:
                    server = socket.create_connection(("127.0.0.1", self._target), 5)
                except OSError:
                    browser.close()
                    continue
                server.settimeout(None)
                threading.Thread(target=self._carry, args=(browser, server, number), daemon=True).start()

    def _carry(self, browser: socket.socket, server: socket.socket, number: int) -> None:
        def keep(chunk: bytes) -> None:
            self._sent.append((number, chunk))

        with browser, server:
            upwards = threading.Thread(target=_pump, args=(browser, server, keep), daemon=True)
            upwards.start()
            _pump(server, browser, lambda _: None)
            upwards.join()


def _pump(source: socket.socket, sink: socket.socket, keep: Callable[[bytes], None]) -> None:
    with suppress(OSError):
        while chunk := source.recv(_CHUNK_BYTES):
            keep(chunk)
            sink.sendall(chunk)
    for end in (sink, source):
        with suppress(OSError):
            end.shutdown(socket.SHUT_WR if end is sink else socket.SHUT_RD)
