"""Requests to addresses that strangers gave us: over TLS, to public machines, and no further.

The host is resolved once. Every address that it has must be a public one, and the connection goes to one of these very
addresses, so a name that later leads elsewhere leads nowhere. Port 443, TLS with the host's name, no redirects, no
proxy, a deadline for everything together, and a cap on what is read.
"""

import http.client
import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from pledge.core.address import ascii_domain
from pledge.errors import MalformedError

MAX_URL: Final = 1000
_PORT: Final = 443
_SECONDS: Final = 10.0
_MAX_ANSWER_BYTES: Final = 16_384
_MAX_ADDRESSES: Final = 16
_TRIED: Final = 3  # some machines speak no IPv6
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_6TO4: Final = ipaddress.IPv6Network("2002::/16")

Resolve = Callable[[str], Sequence[str]]
"""Gives all addresses of a host; raises OSError where it has none."""

Connect = Callable[[str, str, float], ssl.SSLSocket]
"""Connects to an address, speaks TLS with a host of a name there, and takes so many seconds at most."""


class Reply(NamedTuple):
    """What came back; status 0 where nothing did, or where nothing was sent."""

    status: int
    body: bytes = b""

    @property
    def is_good(self) -> bool:
        """Whether it is a success. A redirect is none."""
        return 200 <= self.status < 300  # noqa: PLR2004  # the successes of HTTP


def check_callback(url: str) -> str:
    """Check an address that requests may be sent to; gives its host.

    Raises:
        MalformedError: It is not ``https://``, a full host name in lower case, and a path, perhaps with a query.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        is_ours = ascii_domain(parts.hostname or "") == parts.netloc.removesuffix(":443")
    except (ValueError, MalformedError):
        is_ours = False
    is_plain = len(url) <= MAX_URL and url.isascii() and url.isprintable() and " " not in url
    if not (is_plain and is_ours and parts.scheme == "https" and port in {None, _PORT} and "#" not in url):
        raise MalformedError(
            f"A callback is https://, a host name in lower case, and a path: at most {MAX_URL} characters of ASCII, "
            "no port, no user, no fragment.",
            code="callback",
        )
    return parts.hostname or ""


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of a machine that anybody may reach.

    IPv6 hides IPv4 in several ways. Mapped and NAT64 addresses are judged by what they hide; others are refused.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id is not None:
            return False
        hidden = found.ipv4_mapped
        if found in _NAT64:
            hidden = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(str(hidden))
        return found in _UNICAST and found not in _6TO4 and found.is_global
    return found.is_global and not found.is_multicast and not found.is_reserved


def resolve(host: str, seconds: float = 5.0) -> Sequence[str]:
    """Look a host up, for some seconds at most: the system's own look-up takes as long as it likes."""
    answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, _PORT, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        answers.put([str(each[4][0]) for each in found])

    threading.Thread(target=look_up, daemon=True, name="look-up").start()
    try:
        return answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None


def connect(address: str, host: str, seconds: float) -> ssl.SSLSocket:
    """Connect to an address and let it show that it is the host."""
    deadline = time.monotonic() + seconds
    plain = socket.create_connection((address, _PORT), timeout=seconds)
    try:
        plain.settimeout(_left(deadline))
        return _context().wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


@lru_cache(maxsize=1)  # no secret: the certificates of the system
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Outside:
    """The way to callbacks.

    Args:
        resolve: Looks hosts up.
        connect: Opens connections.
        seconds: What a request may take, from its look-up to the last byte.
    """

    resolve: Resolve = resolve
    connect: Connect = connect
    seconds: float = _SECONDS

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """Send one request, and read one answer; status 0 where the host is not public or does not answer."""
        deadline = time.monotonic() + self.seconds
        try:
            host = check_callback(url)
            with self._open(host, deadline) as connection:
                connection.settimeout(_left(deadline))
                connection.sendall(_format(method, url, host, headers or {}, body))
                return _read(connection, method, deadline)
        except (OSError, MalformedError, http.client.HTTPException, ValueError, OverflowError):
            return Reply(0)

    def _open(self, host: str, deadline: float) -> ssl.SSLSocket:
        addresses = list(dict.fromkeys(self.resolve(host)))
        if not 0 < len(addresses) <= _MAX_ADDRESSES or not all(is_public(each) for each in addresses):
            raise OSError("not a public host")
        for address in addresses[: _TRIED - 1]:
            try:
                return self.connect(address, host, _left(deadline) / 2)
            except ssl.SSLError:
                raise
            except OSError:
                continue
        return self.connect(addresses[min(_TRIED, len(addresses)) - 1], host, _left(deadline))


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _format(method: str, url: str, host: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Write a request (RFC 9112). Nothing in it can break its lines: the address is visible ASCII, headers are ours."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    own = {"Host": host, "Connection": "close", "User-Agent": "pledge", "Accept-Encoding": "identity"}
    sized = {"Content-Length": str(len(body))} if method == "POST" else {}
    fields = {**own, **sized, **headers}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


class _Received(io.BytesIO):
    """What has arrived, in the shape of a socket, for the standard library's parser."""

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self.getvalue())


def _read(connection: ssl.SSLSocket, method: str, deadline: float) -> Reply:
    """Read an answer piece by piece until it is whole, the deadline, or the cap."""
    received = b""
    while len(received) <= _MAX_ANSWER_BYTES:
        connection.settimeout(_left(deadline))
        piece = connection.recv(4096)
        received += piece
        reply = _parse(received, method, is_all=not piece)
        if reply is not None:
            return reply
    raise OSError("the answer is too long")


def _parse(received: bytes, method: str, *, is_all: bool) -> Reply | None:
    """Parse an answer; None where more of it is to come.

    Raises:
        HTTPException: It is none.
    """
    if b"\r\n\r\n" not in received and not is_all:
        return None
    answer = http.client.HTTPResponse(_Received(received), method=method)  # type: ignore[arg-type]  # all of a socket that it uses
    answer.begin()
    if method == "POST":
        return Reply(answer.status)  # its body is nobody's business
    has_end = answer.length is not None or answer.chunked
    try:
        body = answer.read()
    except http.client.IncompleteRead:
        if is_all:
            raise
        return None
    return Reply(answer.status, body) if has_end or is_all else None
