"""A body that does not come in time: its sender is told, hung up on, and nobody else waits for long."""

import http.client
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pledge.web.bodies import MAX_BODIES_AT_ONCE
from pledge.web.deadline import LEAST_BYTES_A_SECOND, Deadline, Progress, connections, hang_up
from tests.running_site import Site, serve_locally

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a connection has sent"),
    pytest.mark.xdist_group("deadline"),  # one site for all
]

_HEAD = b"POST /sign HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nabc"
_WAIT_SECONDS = 60


@pytest.fixture(scope="module")
def site(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("hurried") / "home"
    shutil.copytree(founded, home)
    with serve_locally(home, (sys.executable, "-m", "tests.hurried_site")) as running:
        yield running


def connect(site: Site) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", urlsplit(site.url).port or 0), _WAIT_SECONDS)
    connection.sendall(_HEAD)
    return connection


def drip(connection: socket.socket) -> None:
    """Send a byte now and then, until nobody takes it."""
    with suppress(OSError):
        while True:
            time.sleep(0.1)
            connection.sendall(b"x")


def answer_to(connection: socket.socket) -> bytes:
    """All that is sent back until the server hangs up."""
    got = b""
    with suppress(ConnectionResetError):
        while chunk := connection.recv(65_536):
            got += chunk
    connection.close()
    return got


def status(site: Site, method: str, path: str) -> int:
    client = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=_WAIT_SECONDS)
    client.request(method, path, body=b"a=b" if method == "POST" else None)
    found = client.getresponse().status
    client.close()
    return found


@pytest.mark.parametrize("feed", [False, True], ids=["silent", "dripping"])
def test_slow_bodies_are_given_up_and_free_their_places(site: Site, *, feed: bool) -> None:
    for _ in range(4):  # more in all than the server has threads
        slow = [connect(site) for _ in range(MAX_BODIES_AT_ONCE)]
        for connection in slow if feed else []:
            threading.Thread(target=drip, args=(connection,), daemon=True).start()
        assert status(site, "GET", "/") == 200
        answers = [answer_to(connection) for connection in slow]
        assert [answer.split(b" ", 2)[1] for answer in answers] == [b"408"] * MAX_BODIES_AT_ONCE
        assert all(b"This took too long to arrive" in answer for answer in answers)
        assert status(site, "POST", "/sign") == 403  # read, and without a token


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


def pair(listener: socket.socket) -> tuple[socket.socket, socket.socket]:
    client = socket.create_connection(listener.getsockname(), _WAIT_SECONDS)
    accepted, _ = listener.accept()
    accepted.setblocking(False)
    return client, accepted


def is_shut(accepted: socket.socket) -> bool:
    try:
        return accepted.recv(1) == b""
    except BlockingIOError:
        return False


def test_only_connections_to_the_own_port_from_the_address_are_shut(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    client, accepted = pair(listener)
    with client, accepted:
        history = [seen(1)]
        for address, other, idle in (
            ("127.0.0.2", port, 0),
            ("127.0.0.1", port + 1, 0),
            ("127.0.0.1", port, 60),
        ):
            hang_up(address, other, idle_seconds=idle, history=history)
            assert not is_shut(accepted)
        files = len(list(Path("/proc/self/fd").iterdir()))
        hang_up("127.0.0.1", port, idle_seconds=0, history=history)
        assert len(list(Path("/proc/self/fd").iterdir())) <= files  # no copy is left open
        assert is_shut(accepted)
        accepted.sendall(b"408")  # an answer can still be sent
        assert client.recv(3) == b"408"


def seen(seconds_ago: float) -> Progress:
    """What has come by all connections, as if it had been looked at some time ago."""
    return Progress(time.monotonic() - seconds_ago, {file: received for file, received, _ in connections()})


def test_what_goes_on_at_its_pace_is_let_be(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    pairs = [pair(listener) for _ in range(3)]
    history = [seen(1)]
    pairs.append(pair(listener))  # was not there before
    sent = [LEAST_BYTES_A_SECOND * 3, LEAST_BYTES_A_SECOND // 4, 0, 0]
    for (client, _), size in zip(pairs, sent, strict=True):
        client.sendall(b"x" * size)
    time.sleep(0.1)
    hang_up("127.0.0.1", port, idle_seconds=0, history=history)
    for (_, accepted), size in zip(pairs, sent, strict=True):
        accepted.setblocking(True)
        accepted.settimeout(0.2)
        got = 0
        with suppress(TimeoutError):
            while got < size and (chunk := accepted.recv(size)):
                got += len(chunk)
        accepted.setblocking(False)
        assert got == size
    assert [is_shut(accepted) for _, accepted in pairs] == [False, True, True, False]
    for client, accepted in pairs:
        client.close()
        accepted.close()


def test_what_came_well_for_a_minute_may_stall_for_a_while(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    (fast, its_end), (slow, other_end) = pair(listener), pair(listener)
    minute_ago = seen(60)
    fast.sendall(b"x" * LEAST_BYTES_A_SECOND * 61)
    slow.sendall(b"x" * LEAST_BYTES_A_SECOND * 2)
    drain(its_end, LEAST_BYTES_A_SECOND * 61)
    drain(other_end, LEAST_BYTES_A_SECOND * 2)
    hang_up("127.0.0.1", port, idle_seconds=0, history=[minute_ago, seen(20)])  # nothing more came since
    assert [is_shut(end) for end in (its_end, other_end)] == [False, True]
    for end in (fast, its_end, slow, other_end):
        end.close()


def drain(accepted: socket.socket, size: int) -> None:
    """Take so much as has come, or will."""
    accepted.settimeout(_WAIT_SECONDS)
    while size:
        size -= len(accepted.recv(size))
    accepted.setblocking(False)


def test_a_stream_may_dawdle_longer_than_a_form() -> None:
    deadline = Deadline(20, 60)
    environ = {"REMOTE_ADDR": "127.0.0.1", "SERVER_PORT": "8000"}
    with deadline.reading(environ) as form, deadline.reading(environ, is_stream=True) as stream:
        assert 39 < stream.ends - form.ends < 41


def test_a_read_that_ends_in_time_is_forgotten() -> None:
    deadline = Deadline(60)
    environ = {"REMOTE_ADDR": "127.0.0.1", "SERVER_PORT": "8000"}
    with deadline.reading(environ), deadline.reading(environ):
        assert len(deadline._reads) == 2
    with pytest.raises(OSError, match="gone"), deadline.reading(environ):
        raise OSError("gone")
    assert deadline._reads == set()
