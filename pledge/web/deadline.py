"""A deadline for request bodies, where the server that hands them on has none.

granian reads a body inside the call that asks for it, for as long as the client likes, and nothing in Python ends that
call: to answer meanwhile, from another thread, stops the whole process. But the connection is a file of this process.
Once its reading end is shut, the call comes back with what there was, and the answer can still be sent.

Which connection a request came by is not told, only its address, and behind a proxy or an onion service all have one.
So of that address those are shut by which, for as long as the deadline lasts, nothing was sent and next to nothing has
come: the slow ones, and idle ones, which a client opens again. An upload that goes on at its pace is not. Linux tells
all that (tcp(7), TCP_INFO); elsewhere, and on Unix sockets, there is no deadline.
"""

import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LEAST_BYTES_A_SECOND = 4096
"""What a body has to come at, on average."""
STREAM_SECONDS = 60
"""How long a body that is read as a stream may dawdle, as long as a bad network or an onion's circuit may stall."""

# struct tcp_info: tcpi_last_data_sent in milliseconds, behind 8 bytes and 9 words; tcpi_bytes_received, 64 bits
_LAST_DATA_SENT, _BYTES_RECEIVED, _INFO_BYTES = 44, 128, 136
_OPEN_FILES = Path("/proc/self/fd")


@dataclass(slots=True, eq=False)
class Read:
    """A read in progress: whose, how long it may take, until when, and whether its connection was hung up on."""

    peer: tuple[str, int]
    seconds: float
    ends: float
    is_late: bool = False


class Progress(NamedTuple):
    """What had come by each connection, by the number of its file, at a moment."""

    seconds: float
    received: dict[int, int]


class Deadline:
    """Ends reads that take longer than it allows.

    Args:
        seconds: What a body may take.
        stream_seconds: What one that is read as a stream may dawdle.
    """

    def __init__(self, seconds: float, stream_seconds: float = STREAM_SECONDS) -> None:
        self._seconds = seconds
        self._stream_seconds = max(seconds, stream_seconds)
        self._reads: set[Read] = set()
        self._history: deque[Progress] = deque()

    @contextmanager
    def reading(self, environ: "WSGIEnvironment", *, is_stream: bool = False) -> Iterator[Read]:
        """Hold the read inside to the deadline."""
        peer = environ.get("REMOTE_ADDR", ""), int(environ["SERVER_PORT"])
        seconds = self._stream_seconds if is_stream else self._seconds
        read = Read(peer, seconds, time.monotonic() + seconds)
        self._reads.add(read)
        try:
            yield read
        finally:
            self._reads.remove(read)

    def watch(self) -> None:
        """Look for ever whether a read is late; for a thread of its own."""
        while True:
            time.sleep(min(self._seconds / 4, 1))
            self._end_late()

    def _end_late(self) -> None:
        reads = self._reads.copy()
        if not reads:
            self._history.clear()
            return
        now = time.monotonic()
        self._history.append(Progress(now, {file: received for file, received, _ in connections()}))
        while len(self._history) > 1 and self._history[1].seconds <= now - self._stream_seconds:
            self._history.popleft()
        late: dict[tuple[str, int], float] = {}
        for read in reads:
            if read.ends < now:
                late[read.peer] = min(read.seconds, late.get(read.peer, read.seconds))
        for read in reads:
            read.is_late |= read.peer in late
        for (address, port), seconds in late.items():
            hang_up(address, port, idle_seconds=seconds, history=self._history)


Connection = tuple[int, int, socket.socket]
"""The number of its file, what has come by it in bytes, and a copy that can be shut."""


def connections() -> Iterator[Connection]:
    """Give the TCP connections that this process has open; each copy is closed when the next is asked for."""
    if sys.platform != "linux":
        return
    for file in filter(Path.is_socket, _OPEN_FILES.iterdir()):
        # A copy, so that no other file can be meant by the number meanwhile; what is no connection says so.
        with (
            suppress(OSError),
            socket.fromfd(int(file.name), socket.AF_INET, socket.SOCK_STREAM) as connection,
        ):
            connection.getpeername()
            info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
            yield int(file.name), struct.unpack_from("=Q", info, _BYTES_RECEIVED)[0], connection


def hang_up(address: str, port: int, *, idle_seconds: float, history: Sequence[Progress]) -> None:
    """Take nothing more from connections of an address to a port of ours that dawdle.

    Each is judged over all of the history that knows it: one that came well for a minute may stall for a while.

    Args:
        address: Whose.
        port: The port on which they came.
        idle_seconds: Nothing was sent to them for so long, and they are known for as long.
        history: What had come by each, from the oldest moment on.
    """
    now = time.monotonic()
    for file, received, connection in connections():
        match connection.getsockname(), connection.getpeername():
            case (_, own_port, *_), (peer, *_) if (own_port, peer) == (port, address):
                info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_SENT + 4)
                is_idle = struct.unpack_from("=I", info, _LAST_DATA_SENT)[0] >= idle_seconds * 1000
                since = next((progress for progress in history if file in progress.received), None)
                if is_idle and since is not None and since.seconds <= now - idle_seconds:
                    least = LEAST_BYTES_A_SECOND * (now - since.seconds)
                    if 0 <= received - since.received[file] <= least:
                        connection.shutdown(socket.SHUT_RD)
