"""The configuration of nginx that is shipped: nginx takes it, and a site behind it keeps its promises."""

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import pytest

from pledge.config import Config, ConfigError
from pledge.nginx import write_site
from tests.command_kit import Run, refused
from tests.nginx import NGINX, complaints, port_of, running_nginx, write_configuration
from tests.running_site import Site, serve_locally

_MARKER = b"what-a-source-wrote"
_BADGE = "/badge/labs/all.svg"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if NGINX is None:
        pytest.skip("NGINX IS NOT INSTALLED: nobody tried the configuration of nginx")
    with serve_locally(tmp_path_factory.mktemp("site") / "home") as running:
        yield running


@pytest.fixture
def configuration(site: Site, tmp_path: Path) -> str:
    """What is shipped, in clear text, before the site's relay."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {"PLEDGE_URL": f"http://127.0.0.1:{port}", "PLEDGE_PORT": str(site.relay.port)}
    return write_site(Config.from_environment(environment), cache=tmp_path / "cache")


class _Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


def _ask(port: int, path: str, method: str = "GET", **headers: str) -> _Answer:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(
            method, path, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )
        with connection.getresponse() as response:
            return _Answer(response.status, response.headers, response.read())


def _files_of_workers(master: int) -> list[bytes]:
    """Give what is in files that nginx has open, those without a name included."""
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    links = [link for worker in workers for link in Path(f"/proc/{worker}/fd").iterdir()]
    return [link.read_bytes() for link in links if link.is_file()]


def test_nginx_takes_it_without_a_word(run: Run, tmp_path: Path) -> None:
    if NGINX is None:
        pytest.skip("NGINX IS NOT INSTALLED: nobody checked the configuration of nginx")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=pledge.example"),
            *("-keyout", str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem")),
        ],
        check=True,
        capture_output=True,
    )
    paths = ("--certificate", str(tmp_path), "--cache", str(tmp_path / "cache"))
    for more in ({}, {"PLEDGE_SOCKET": str(tmp_path / "s")}):
        result = run("nginx", *paths, PLEDGE_URL="https://pledge.example", **more)
        assert result.exit_code == 0, result.output
        assert complaints(write_configuration(tmp_path / "nginx", result.output)) == ""


def test_a_path_that_nginx_would_take_for_something_else_is_refused(run: Run) -> None:
    refused(run("nginx", "--cache", "/var/x; }"), "whole path")
    refused(run("nginx", "--cache", "relative"), "whole path")
    with pytest.raises(ConfigError):
        write_site(Config.from_environment({}), certificate=Path("/a b"))


def test_a_badge_is_asked_for_once(site: Site, configuration: str, tmp_path: Path) -> None:
    """And is told to others as the site tells it, with no word about who asked."""
    port = port_of(configuration)
    with running_nginx(tmp_path / "nginx", configuration):
        mark = site.relay.mark()
        answers = [_ask(port, _BADGE, Cookie=f"form={_MARKER.decode()}") for _ in range(20)]
        sent = site.relay.sent_since(mark)
        assert sent.count(b"GET /badge/") == 1
        assert _MARKER not in sent
        first = answers[0]
        direct = _ask(site.relay.port, _BADGE)
        assert first.status == 200
        assert {answer.body for answer in answers} == {direct.body}
        for name in ("Cache-Control", "ETag", "Content-Type", "Access-Control-Allow-Origin"):
            assert {answer.headers[name] for answer in answers} == {direct.headers[name]} != {None}
        again = _ask(port, _BADGE, If_None_Match=first.headers["ETag"])
        assert (again.status, again.body) == (304, b"")
        assert _ask(port, _BADGE, Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"
        assert _ask(port, "/tips/new", Accept_Encoding="gzip").headers["Content-Encoding"] is None


def test_the_checkpoint_is_asked_for_each_time(site: Site, configuration: str, tmp_path: Path) -> None:
    """A log that seems to go back would be taken for a forked one."""
    port = port_of(configuration)
    with running_nginx(tmp_path / "nginx", configuration):
        mark = site.relay.mark()
        assert [_ask(port, "/log/checkpoint").status for _ in range(3)] == [200] * 3
        assert site.relay.sent_since(mark).count(b"GET /log/checkpoint") == 3


@pytest.mark.parametrize("buffering", ["off", "on"])
def test_a_body_never_lies_in_a_file(
    site: Site, configuration: str, tmp_path: Path, *, buffering: str
) -> None:
    """With the setting turned around it does, which shows that this test would see it."""
    directory = tmp_path / "nginx"
    changed = configuration.replace("proxy_request_buffering off", f"proxy_request_buffering {buffering}")
    with running_nginx(directory, changed) as master:
        head = f"POST /tips HTTP/1.1\r\nHost: x\r\nContent-Length: {3 << 20}\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", port_of(configuration)), timeout=10) as connection:
            connection.sendall(head + _MARKER * 10_000)
            time.sleep(1)
            lying = [_MARKER in text for text in _files_of_workers(master)]
    assert any(lying) == (buffering == "on")


def test_nobody_can_use_up_everybodys_mails(site: Site, configuration: str, tmp_path: Path) -> None:
    """Nor is it written down who tried."""
    directory, port = tmp_path / "nginx", port_of(configuration)
    with running_nginx(directory, configuration):
        mark = site.relay.mark()
        statuses = [_ask(port, "/sign", "POST", Content_Length="0").status for _ in range(12)]
        assert statuses.count(429) == 5
        assert site.relay.sent_since(mark).count(b"POST /sign") == 7
        assert {_ask(port, "/sign").status for _ in range(12)} == {200}
    written = [path for path in directory.rglob("*") if path.is_file() and b"127.0.0.1" in path.read_bytes()]
    assert [path.name for path in written] == ["site.conf"]
