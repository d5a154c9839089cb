"""Requests to strangers' addresses go to public machines, under their name, and come to an end."""

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.errors import MalformedError
from pledge.following import outside as outside_module
from pledge.following.outside import Outside, _parse, check_callback, connect, is_public, resolve
from tests.following.callbacks import PUBLIC, Callback, serve_callback

_URL = "https://reader.example/hook?id=1"

PRIVATE = (
    *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "255.255.255.255", "224.0.0.1", "239.1.1.1", "240.0.0.1", "198.18.0.1", "192.0.2.1"),  # noqa: S104
    *(
        "::1",
        "::",
        "fe80::1",
        "fe80::1%2",
        "fc00::1",
        "fd12::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "100::1",
    ),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1"),
    *("64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2002:a00:1::1", "2001::1"),
    *("", "localhost", "127.1", "0x7f000001", "2130706433", "1.2.3.4.5", "8.8.8.8 ", "８.8.8.8"),
)


@pytest.fixture(scope="module")
def program() -> Iterator[Callback]:
    with serve_callback("reader.example", "127.0.0.1.example") as running:
        yield running


@pytest.fixture
def behaves(program: Callback) -> Iterator[Callback]:
    """The running program itself, to be told what to answer."""
    fresh = Callback(program.port, program.trust)
    for name in ("answer", "raw", "addresses", "requests", "resolved", "connected"):
        setattr(program, name, getattr(fresh, name))
    yield program
    program.raw = None


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_everybodys_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", PUBLIC, "2606:2800:21f:cb07::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_one_of_a_public_machine_is_taken(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=6))
def test_no_form_of_ipv6_hides_a_private_address(address: object) -> None:
    if is_public(str(address)):
        first = int(str(address).partition(":")[0] or "0", 16)
        assert 0x2000 <= first < 0x4000 or str(address).startswith(("::ffff:", "64:ff9b::"))


@pytest.mark.parametrize("bad", [each for each in PRIVATE if each])
def test_one_private_address_among_public_ones_is_one_too_many(behaves: Callback, bad: str) -> None:
    for addresses in ([bad], [PUBLIC, bad], [bad, PUBLIC]):
        behaves.addresses = addresses
        assert behaves.outside().request("GET", _URL).status == 0
    assert behaves.connected == []
    assert behaves.requests == []


def test_a_host_is_resolved_once_and_that_very_address_connected_to(behaves: Callback) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"], ["10.0.0.1"]])
    asked: list[str] = []

    def rebinding(host: str) -> list[str]:
        asked.append(host)
        return next(answers)

    out = Outside(rebinding, behaves.connect)
    assert out.request("GET", _URL).status == 200
    assert asked == ["reader.example"]
    assert behaves.connected == [PUBLIC]
    assert out.request("GET", _URL).status == 0  # the next request looks anew, and is refused
    assert behaves.connected == [PUBLIC]


def test_the_real_connection_goes_to_the_address_under_the_hosts_name(
    behaves: Callback, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[object] = []
    real = socket.create_connection

    def redirected(address: object, timeout: float) -> socket.socket:
        wanted.append(address)
        return real(("127.0.0.1", behaves.port), timeout)

    monkeypatch.setattr("socket.create_connection", redirected)
    monkeypatch.setattr(outside_module, "_context", lambda: behaves.trust)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    out = Outside(behaves.resolve, connect)
    assert out.request("POST", _URL, headers={"X-A": "b"}, body=b"feed").status == 200
    assert wanted == [(PUBLIC, 443)]
    [request] = behaves.requests
    assert (request.method, request.target, request.body) == ("POST", "/hook?id=1", b"feed")
    assert request.headers["host"] == "reader.example"
    assert request.headers["x-a"] == "b"
    assert out.request("GET", "https://other.example/").status == 0  # the certificate is not its
    assert len(behaves.requests) == 1


def test_a_certificate_that_nobody_trusts_is_refused(
    behaves: Callback, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.create_connection
    monkeypatch.setattr(
        "socket.create_connection",
        lambda _, timeout: real(("127.0.0.1", behaves.port), timeout),
    )
    with pytest.raises(ssl.SSLError):
        connect(PUBLIC, "reader.example", 5)
    assert behaves.requests == []


def test_where_one_address_does_not_answer_another_is_tried(behaves: Callback) -> None:
    behaves.addresses = ["2606:2800:21f:cb07::1", PUBLIC]
    tried: list[str] = []

    def without_ipv6(address: str, host: str, seconds: float) -> ssl.SSLSocket:
        tried.append(address)
        if ":" in address:
            raise OSError("unreachable")
        return behaves.connect(address, host, seconds)

    assert Outside(behaves.resolve, without_ipv6).request("GET", _URL).status == 200
    assert tried == behaves.addresses


def test_a_redirect_is_an_answer_and_is_not_followed(behaves: Callback) -> None:
    behaves.answer = lambda _: (302, b"", {"Location": "https://127.0.0.1/"})
    reply = behaves.outside().request("GET", _URL)
    assert (reply.status, reply.is_good) == (302, False)
    assert behaves.resolved == ["reader.example"]
    assert len(behaves.requests) == 1


def _slowly(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(100):
        connection.sendall(b"y")
        time.sleep(0.05)


def _endlessly(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"z" * 4096)


def _endless_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X: " + b"z" * 1000 + b"\r\n")


def _silently(_: socket.socket) -> None:
    time.sleep(2)


@pytest.mark.parametrize("raw", [_slowly, _endlessly, _endless_headers, _silently])
def test_what_is_slow_or_endless_comes_to_an_end(behaves: Callback, raw: object) -> None:
    behaves.raw = raw  # type: ignore[assignment]
    began = time.monotonic()
    assert behaves.outside(seconds=0.5).request("GET", _URL).status == 0
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more", b"hi"),
        (b"HTTP/1.0 200 OK\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", b"hi"),
        (b"HTTP/1.1 204 None\r\n\r\n", b""),
    ],
)
def test_an_answer_is_read_however_it_is_framed(behaves: Callback, said: bytes, body: bytes) -> None:
    behaves.raw = lambda connection: connection.sendall(said)
    reply = behaves.outside().request("GET", _URL)
    assert (reply.body, reply.is_good) == (body, True)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\nhi",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 99999 No\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_what_is_no_whole_answer_is_none(behaves: Callback, said: bytes) -> None:
    behaves.raw = lambda connection: connection.sendall(said)
    assert behaves.outside().request("GET", _URL).status == 0


@given(st.binary(max_size=300), st.sampled_from(["GET", "POST"]), st.booleans())
def test_nothing_that_arrives_breaks_the_reader(tail: bytes, method: str, is_all: bool) -> None:  # noqa: FBT001
    for head in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError, OverflowError):
            _parse(head + tail, method, is_all=is_all)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://reader.example/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://localhost/",
            "https://reader",
        ),
        *(
            "https://2130706433/",
            "https://0x7f.1/",
            "https://127.1/",
            "https://reader.example./",
            "//reader.example/",
        ),
        *(
            "https://reader.example:8443/",
            "https://reader.example:22/",
            "https://user@reader.example/",
            "ftp://a.b/",
        ),
        *("https://reader.example/#x", "https://reader.example/ x", "https://reader.example/\r\nX: y", ""),
        *(
            "https://Reader.example/",
            "https://exämple.org/",
            f"https://reader.example/{'a' * 1000}",
            "https://a.b/ü",
        ),
        *("https://reader.example:x/", "https://reader.example\\@127.0.0.1/", "https://127.0.0.1:443/"),
    ],
)
def test_only_full_https_addresses_are_callbacks(url: str, behaves: Callback) -> None:
    with pytest.raises(MalformedError):
        check_callback(url)
    assert behaves.outside().request("GET", url).status == 0
    assert behaves.resolved == []


def test_the_port_of_https_may_be_written() -> None:
    assert check_callback("https://reader.example:443/x") == "reader.example"
    assert check_callback("https://xn--exmple-cua.org") == "xn--exmple-cua.org"


def test_a_look_up_takes_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object, **__: object) -> list[object]:
        time.sleep(1)
        return []

    monkeypatch.setattr("socket.getaddrinfo", slow)
    began = time.monotonic()
    with pytest.raises(OSError):  # noqa: PT011  # any kind of it
        resolve("reader.example", seconds=0.1)
    assert time.monotonic() - began < 0.8


def test_the_systems_look_up_gives_addresses() -> None:
    assert {"127.0.0.1", "::1"} & set(resolve("localhost"))
    assert resolve("nowhere.invalid") == []
