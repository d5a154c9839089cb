"""The onion's configuration, by Tor's own word, and the site on a Unix socket."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from tests.command_kit import Run, refused
from tests.running_site import PLEDGE


def test_tor_takes_the_configuration(run: Run, tmp_path: Path) -> None:
    directory = tmp_path / "onion"
    result = run("onion", "--directory", str(directory))
    assert result.exit_code == 0, result.output
    assert all(
        stat.S_IMODE(path.stat().st_mode) == 0o700
        for path in (directory, directory / "data", directory / "service")
    )
    tor = shutil.which("tor")
    if tor is None:
        pytest.skip("TOR IS NOT INSTALLED: nobody checked the onion's configuration")
    done = subprocess.run(
        [tor, "--verify-config", "-f", str(directory / "torrc")],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line for line in done.stdout.splitlines() if "[warn]" in line and "as root" not in line]
    assert not said


def test_the_configuration_says_what_it_must(run: Run, tmp_path: Path) -> None:
    assert run("onion", "--directory", str(tmp_path / "onion")).exit_code == 0
    lines = (tmp_path / "onion" / "torrc").read_text().splitlines()
    active = {line for line in lines if line and not line.startswith("#")}
    assert {
        f"HiddenServicePort 80 unix:{tmp_path}/onion/web.sock",
        "HiddenServiceVersion 3",
        "HiddenServicePoWDefensesEnabled 1",
        "SafeLogging 1",
        "ExitRelay 0",
    } <= active
    assert not any(re.match(r"Log (notice|info|debug)", line) for line in active)
    assert sum(line.startswith("HiddenServicePoWQueue") for line in active) == 2


def test_nothing_is_written_over_and_odd_paths_are_refused(run: Run, tmp_path: Path) -> None:
    assert run("onion", "--directory", str(tmp_path / "onion")).exit_code == 0
    refused(run("onion", "--directory", str(tmp_path / "onion")), "is there already")
    for odd in ("with space", "with#hash", "x" * 100, 'quote"'):
        refused(run("onion", "--directory", str(tmp_path / odd)), "Name a directory")
        assert not (tmp_path / odd).exists()


def test_the_site_is_served_on_a_socket(tmp_path: Path) -> None:
    """Pages, and a body that stops half-way, which holds nobody else up."""
    path = tmp_path / "s"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLEDGE_")}
    environment |= {"PLEDGE_HOME": str(tmp_path / "home"), "PLEDGE_SOCKET": str(path), "PLEDGE_WORKERS": "1"}
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [PLEDGE, "serve", "--local"], env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        end = time.monotonic() + 60
        while not path.is_socket() and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(0.5)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        half = b"POST /sign HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nname="
        with connect(path) as slow:
            slow.sendall(half)
            assert b" 200 " in ask(path, b"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            slow.shutdown(socket.SHUT_WR)
            assert b" 400 " in slow.recv(64)
        assert b" 400 " in ask(path, b"GET / HTTP/1.0\r\nHost: elsewhere.example\r\n\r\n")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(15)
    assert b"Traceback" not in (tmp_path / "log").read_bytes()


def connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(str(path))
    return connection


def ask(path: Path, request: bytes) -> bytes:
    with connect(path) as connection:
        connection.sendall(request)
        return connection.recv(64)
