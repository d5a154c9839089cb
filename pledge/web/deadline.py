"""A deadline for request bodies, where the server that hands them on has none.

granian reads a body inside the call that asks for it, for as long as the client likes, and nothing in Python ends that
call: to answer meanwhile, from another thread, stops the whole process. But the connection is a file of this process.
Once its reading end is shut, the call comes back with what there was, and the answer can still be sent.

Which connection a request came by is not told, only its address. So all of that address are shut to which nothing was
sent for as long as the deadline lasts: the slow ones, and idle ones, which a client opens again. Linux tells how long
that is (tcp(7), TCP_INFO); elsewhere there is no deadline.
"""

import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_LAST_DATA_SENT = 44  # struct tcp_info: tcpi_last_data_sent, in milliseconds; before it, 8 bytes and 9 words
_OPEN_FILES = Path("/proc/self/fd")


@dataclass(slots=True, eq=False)
class Read:
    """A read in progress: whose, until when, and whether its connection was hung up on."""

    peer: tuple[str, int]
    ends: float
    is_late: bool = False


class Deadline:
    """Ends reads that take longer than it allows.

    Args:
        seconds: What a body may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._reads: set[Read] = set()

    @contextmanager
    def reading(self, environ: "WSGIEnvironment") -> Iterator[Read]:
        """Hold the read inside to the deadline."""
        peer = environ["REMOTE_ADDR"], int(environ["SERVER_PORT"])
        read = Read(peer, time.monotonic() + self._seconds)
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
        now = time.monotonic()
        reads = self._reads.copy()
        late = {read.peer for read in reads if read.ends < now}
        for read in reads:
            read.is_late |= read.peer in late
        for address, port in late:
            hang_up(address, port, idle_seconds=self._seconds)


def hang_up(address: str, port: int, *, idle_seconds: float) -> None:
    """Take nothing more from an address's connections to a port of ours to which nothing was sent for so long."""
    if sys.platform != "linux":
        return
    for file in filter(Path.is_socket, _OPEN_FILES.iterdir()):
        # A copy, so that no other file can be meant by the number meanwhile; what is no connection says so.
        with (
            suppress(OSError),
            socket.fromfd(int(file.name), socket.AF_INET, socket.SOCK_STREAM) as connection,
        ):
            match connection.getsockname(), connection.getpeername():
                case (_, own_port, *_), (peer, *_) if (own_port, peer) == (port, address):
                    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_SENT + 4)
                    if struct.unpack_from("=I", info, _LAST_DATA_SENT)[0] >= idle_seconds * 1000:
                        connection.shutdown(socket.SHUT_RD)
