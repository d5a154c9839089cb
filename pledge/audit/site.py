"""Reading a site over HTTP without trusting it: bounded, timed, never compressed, never led elsewhere.

TLS is required but on this machine and for onion services, whose address is their key. There is no proxy: for an
onion service run the command under ``torsocks``.
"""

import http.client
import ipaddress
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.cookies import CookieError, SimpleCookie
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from pledge.errors import MalformedError, NotFoundError, PledgeError, UnavailableError

MAX_REDIRECTS: Final = 3
_STEP_BYTES: Final = 65_536
_SLOW_BYTES_PER_SECOND: Final = 10_000  # over Tor, on a bad day
_CACHE_SECONDS: Final = 3.0
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Reply(NamedTuple):
    """An answer: its status, where it leads if it leads anywhere, and its body."""

    status: int
    location: str | None
    body: bytes


class Site:
    """One site: scheme, host and port stay the same whatever it answers. Each thread has its own connection.

    Args:
        address: ``https://host[:port][/prefix]``.
        timeout_seconds: How long one step on the network may take.
        deadline_seconds: How long one answer's body may take.
        token: Sent with each request, as ``Authorization: Bearer``; a secret.

    Raises:
        MalformedError: Another form, or plain HTTP to a host that is neither this machine nor an onion service.
    """

    is_live = True

    def __init__(
        self,
        address: str,
        *,
        timeout_seconds: float = 30.0,
        deadline_seconds: float = 180.0,
        token: str | None = None,
    ) -> None:
        self._scheme, self._host, self._port, self.prefix = _parse_address(address)
        self._timeout_seconds = timeout_seconds
        self._deadline_seconds = deadline_seconds
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        self._cookies: dict[str, str] = {}
        self._token = token

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Get a file below the address, following redirects within the site; see ``Source``."""
        return self.follow(f"{self.prefix}/{path}", max_bytes=max_bytes).body

    def follow(self, target: str, *, max_bytes: int) -> Reply:
        """Get a path of this site, as it is written in a request; redirects within the site are followed.

        Returns:
            The final answer, of status 200.

        Raises:
            NotFoundError: There is nothing.
            MalformedError: It is longer than ``max_bytes``.
            UnavailableError: Anything else.
        """
        for _ in range(MAX_REDIRECTS + 1):
            reply = self.request("GET", target, max_bytes=max_bytes)
            if reply.location is None:
                break
            target = reply.location
        if reply.status != http.client.OK or reply.location is not None:
            raise _refused(reply.status, target)
        return reply

    def request(self, method: str, target: str, *, max_bytes: int, form: bytes | None = None) -> Reply:
        """Send one request and read its whole answer.

        Args:
            method: ``GET`` or ``POST``.
            target: A path of this site with its query.
            max_bytes: How long the answer may be.
            form: An ``application/x-www-form-urlencoded`` body.

        Raises:
            MalformedError: The answer is too long.
            UnavailableError: It does not arrive whole and in time, is compressed, or leads to another site.
        """
        connection = self._connection()
        is_reused = connection.sock is not None
        try:
            connection.request(method, target, body=form, headers=self._headers(form))
            with closing(connection.getresponse()) as response:
                return self._reply(response, target, max_bytes)
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            # A server may close a connection that was idle just as the next request is on its way: try anew.
            if is_reused and method == "GET" and isinstance(error, ConnectionError):
                return self.request(method, target, max_bytes=max_bytes)
            raise UnavailableError(f"{target} did not arrive from {self._host}: {_reason(error)}.") from error
        except BaseException:
            connection.close()
            raise

    def download(self, target: str, *, max_bytes: int, take: Callable[[bytes], object]) -> None:
        """Get something large in pieces; what was taken counts for nothing if this raises.

        Args:
            target: A path of this site; no redirect is followed.
            max_bytes: How long it may be.
            take: Gets each piece as it arrives.

        Raises:
            NotFoundError: There is nothing.
            MalformedError: It is too long.
            UnavailableError: Anything else.
        """
        connection = self._connection()
        try:
            connection.request("GET", target, headers=self._headers(None))
            with closing(connection.getresponse()) as response:
                status = self._take(response, target, max_bytes, take)
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            raise UnavailableError(f"{target} did not arrive from {self._host}: {_reason(error)}.") from error
        except BaseException:
            connection.close()
            raise
        if status != http.client.OK:
            raise _refused(status, target)

    def wait(self) -> None:
        """Wait until caches have let go of a checkpoint, or of counts."""
        time.sleep(_CACHE_SECONDS)

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections:
            connection.close()

    def path_of(self, location: str, *, base: str = "/") -> str:
        """Give the path and query of an address on this site.

        Raises:
            UnavailableError: It is on another.
        """
        try:
            joined = urljoin(f"{self.address}{base}", location)
            is_here = joined.isascii() and _place(joined) == (self._scheme, self._host, self._port)
        except (MalformedError, ValueError):
            is_here = False
        if not is_here:
            raise UnavailableError("The site leads to another one, which is refused.", code="other-site")
        parts = urlsplit(joined)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        usual = 443 if self._scheme == "https" else 80
        return f"{self._scheme}://{host}" + ("" if self._port == usual else f":{self._port}")

    def _connection(self) -> http.client.HTTPConnection:
        found: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if found is None:
            kind = http.client.HTTPSConnection if self._scheme == "https" else http.client.HTTPConnection
            found = self._local.connection = kind(self._host, self._port, timeout=self._timeout_seconds)
            self._connections.append(found)
        return found

    def _headers(self, form: bytes | None) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity", "Accept": "*/*", "User-Agent": "pledge"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return headers

    def _reply(self, response: http.client.HTTPResponse, target: str, max_bytes: int) -> Reply:
        self._check_plain(response, target)
        body = self._body(response, target, max_bytes)
        self._take_cookies(response)
        location = response.headers.get("Location") if response.status in _REDIRECTS else None
        return Reply(response.status, None if location is None else self.path_of(location, base=target), body)

    def _take(
        self,
        response: http.client.HTTPResponse,
        target: str,
        max_bytes: int,
        take: Callable[[bytes], object],
    ) -> int:
        self._check_plain(response, target)
        if response.status != http.client.OK:
            self._body(response, target, max_bytes)
        else:
            seconds = self._deadline_seconds + (response.length or 0) / _SLOW_BYTES_PER_SECOND
            for part in self._parts(response, target, max_bytes, seconds):
                take(part)
        return response.status

    def _check_plain(self, response: http.client.HTTPResponse, target: str) -> None:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise UnavailableError(f"{target} arrives compressed, though nobody asked for that. Refused.")

    def _body(self, response: http.client.HTTPResponse, target: str, max_bytes: int) -> bytes:
        return b"".join(self._parts(response, target, max_bytes, self._deadline_seconds))

    def _parts(
        self, response: http.client.HTTPResponse, target: str, max_bytes: int, seconds: float
    ) -> Iterator[bytes]:
        stated = response.length
        if stated is None and not response.chunked:
            raise UnavailableError(
                f"{target} does not say how long it is, so nobody can tell if it is whole."
            )
        deadline = time.monotonic() + seconds
        size = 0
        while (stated is None or size < stated) and (part := response.read1(_STEP_BYTES)):
            size += len(part)
            if size > max_bytes:
                raise MalformedError(f"{target} has more than {max_bytes} bytes.", code="too-long")
            if time.monotonic() > deadline:
                raise UnavailableError(f"{target} takes too long to arrive.")
            yield part
        if stated is not None and size != stated:
            raise UnavailableError(f"{target} was cut off after {size} of {stated} bytes.")

    def _take_cookies(self, response: http.client.HTTPResponse) -> None:
        """Keep cookies for this site, whatever they say about paths and times: a command is over soon."""
        for header in response.headers.get_all("Set-Cookie", []):
            try:
                self._cookies |= {name: morsel.coded_value for name, morsel in SimpleCookie(header).items()}
            except CookieError:
                continue


def _refused(status: int, target: str) -> PledgeError:
    """Give the error that an answer without what was asked for stands for."""
    if status in {404, 410}:
        return NotFoundError(f"The site has no {target}.")
    return UnavailableError(f"The site answers {status} for {target}.")


def _parse_address(address: str) -> tuple[str, str, int, str]:
    scheme, host, port = _place(address)
    parts = urlsplit(address)
    if parts.query or parts.fragment or parts.username is not None or not (host and address.isascii()):
        raise MalformedError("An address is https://host[:port][/prefix], with nothing after it.")
    is_safe = scheme == "https" or (scheme == "http" and (_is_loopback(host) or host.endswith(".onion")))
    if not is_safe:
        raise MalformedError("An address begins with https://, unless it is on this machine or an onion.")
    return scheme, host, port, parts.path.rstrip("/")


def _place(address: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise MalformedError("This is not an address.") from error
    return parts.scheme, parts.hostname or "", port or (443 if parts.scheme == "https" else 80)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
