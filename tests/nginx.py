"""nginx in a directory of its own, with a site's configuration inside."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
_MAIN = """\
{user}
daemon off;
worker_processes auto;
pid {directory}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path {directory}/bodies;
    proxy_temp_path {directory}/answers;
    include {directory}/site.conf;
}}
"""
_START_SECONDS = 20


def write_configuration(directory: Path, site: str) -> Path:
    """Write all that nginx needs around a site's configuration; errors go to a file beside it."""
    directory.mkdir(parents=True, exist_ok=True)
    site = site.replace("/var/log/nginx/error.log", str(directory / "error.log"))
    (directory / "site.conf").write_text(site)
    main = directory / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    main.write_text(_MAIN.format(directory=directory, user=user))
    return main


def complaints(main: Path) -> str:
    """Give what nginx has against a configuration; empty where it takes it without a word."""
    done = _nginx(main, "-t", "-q")
    return done.stdout + done.stderr


@contextmanager
def running_nginx(directory: Path, site: str) -> Iterator[int]:
    """Run nginx with a site's configuration until the block ends; gives the number of its process."""
    main = write_configuration(directory, site)
    if said := complaints(main):
        raise RuntimeError(said)
    assert NGINX is not None
    with subprocess.Popen(
        [NGINX, "-e", str(directory / "error.log"), "-p", str(directory), "-c", str(main)]
    ) as process:
        try:
            _wait(process, directory / "nginx.pid")
            yield process.pid
        finally:
            process.terminate()


def port_of(site: str) -> int:
    """Give the port that a configuration in clear text listens on."""
    found = re.search(r"listen [^;]*:(\d+);", site)
    assert found, site
    return int(found[1])


def _wait(process: "subprocess.Popen[bytes]", pid: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while not (pid.exists() and pid.read_text().strip()):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError("nginx did not start")
        time.sleep(0.02)


def _nginx(main: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    assert NGINX is not None, "nginx is not installed"
    return subprocess.run(
        [NGINX, "-e", str(main.parent / "error.log"), "-p", str(main.parent), "-c", str(main), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=_START_SECONDS,
    )
