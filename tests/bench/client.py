"""A client that costs little: sockets that stay open, requests that are bytes before the clock starts."""

import re
import shutil
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlsplit

CLIENTS = 32
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connection:
    """A connection to a server that is kept open."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[bytes, bytes]:
        """Send a request; gives head and body of the answer, which must have a Content-Length."""
        self._socket.sendall(request)
        data = self._socket.recv(65_536)
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head = data[:end]
        found = _LENGTH.search(head)
        size = end + 4 + (int(found[1]) if found else 0)
        while len(data) < size:
            data += self._more()
        return head, data[end + 4 :]

    def close(self) -> None:
        self._socket.close()

    def _more(self) -> bytes:
        more = self._socket.recv(65_536)
        if not more:
            raise ConnectionError("the server closed the connection")
        return more


Ask = Callable[[Connection], None]


@dataclass(frozen=True)
class Load:
    """What came of a load.

    Attributes:
        rate: Asked and answered a second.
        milliseconds: Of each, sorted.
    """

    rate: float
    milliseconds: Sequence[float]

    def percentile(self, percent: int) -> float:
        """Give the time in milliseconds within which so many were answered."""
        return quantiles(self.milliseconds, n=100, method="inclusive")[percent - 1]


def load(port: int, asks: Sequence[Ask], clients: int = CLIENTS) -> Load:
    """Do all that is asked, with so many clients at once, each of which waits for its answer."""
    waiting = deque(asks)
    milliseconds: list[float] = []
    errors: list[BaseException] = []
    connections = [Connection(port) for _ in range(clients)]

    def work(connection: Connection) -> None:
        try:
            while True:
                ask = waiting.popleft()
                begun = time.perf_counter()
                ask(connection)
                milliseconds.append((time.perf_counter() - begun) * 1000)
        except IndexError:
            pass
        except BaseException as error:  # noqa: BLE001  # told to who waits below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(connection,)) for connection in connections]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed = time.perf_counter() - begun
    for connection in connections:
        connection.close()
    if errors:
        raise errors[0]
    return Load(len(milliseconds) / passed, sorted(milliseconds))


def read_rate(url: str, seconds: int = 2) -> float:
    """Give how often a second a URL is answered 200: with wrk where it is installed, else with threads of ours."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return _read_rate(url, seconds)
    told = subprocess.run(
        [wrk, "-t1", f"-c{CLIENTS}", f"-d{seconds}s", url], check=True, capture_output=True, text=True
    ).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    if found is None or "Non-2xx" in told:
        raise RuntimeError(told)
    return float(found[1])


def _read_rate(url: str, seconds: int) -> float:
    parts = urlsplit(url)
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    end = time.monotonic() + seconds
    counts: list[int] = []

    def work() -> None:
        connection = Connection(parts.port or 80)
        count = 0
        while time.monotonic() < end:
            head, _ = connection.ask(request)
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            count += 1
        connection.close()
        counts.append(count)

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds
