"""A site that really runs: 200 uploads at once, uploads that stop, a process that is killed, and no trace of a word."""

import hashlib
import http.client
import os
import re
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from pledge.app import open_site
from pledge.core.words import entropy_from_words
from pledge.instance import Instance
from pledge.tips.models import Message
from tests.running_site import Site, serve_locally
from tests.site_kit import Clock, make_config, make_instance
from tests.steward_kit import Steward, found_stewards
from tests.tips.source_kit import Source, answer, framed_answer

pytestmark = pytest.mark.xdist_group("running-tips")

OCTETS = "application/octet-stream"
FORM = "multipart/form-data; boundary=x"
_URLENCODED = "application/x-www-form-urlencoded"
_WAIT_SECONDS = 60
MARKERS = ("Markerword in a text", "markername", "Markerword in an answer", "Markerword in a file")


Founded = tuple[Path, list[Steward]]


@pytest.fixture(scope="module")
def founded_with_stewards(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    """A home to be copied, and who reads tips there."""
    home = tmp_path_factory.mktemp("tips") / "home"
    instance = make_instance(make_config(home), Clock(datetime.now(UTC)))
    stewards = found_stewards(instance, instance.genesis.quorum)
    instance.database.close()
    return home, stewards


@pytest.fixture
def site(founded_with_stewards: Founded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    home = tmp_path / "site" / "home"
    shutil.copytree(founded_with_stewards[0], home)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with serve_locally(home) as running:
        yield running


@pytest.fixture
def instance(site: Site) -> Iterator[Instance]:
    """The same instance, opened beside the server."""
    opened = open_site(make_config(site.home))
    yield opened
    opened.database.close()


def post(site: Site, path: str, body: bytes, content_type: str = OCTETS, **headers: str) -> tuple[int, bytes]:
    client = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=_WAIT_SECONDS)
    with closing(client):
        client.request("POST", path, body=body, headers={"Content-Type": content_type, **headers})
        with client.getresponse() as answered:
            return answered.status, answered.read()


def form(fields: Sequence[tuple[str, str]], files: Sequence[tuple[str, bytes]] = ()) -> bytes:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    for name, data in files:
        head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        parts.append(head.encode() + data + b"\r\n")
    return b"".join(parts) + b"--x--\r\n"


def kept(instance: Instance) -> dict[bytes, int]:
    """The hashes of what is kept, each held against its content or file, and its size; no file is without a row."""
    directory = instance.config.home / "tips"
    names = {path.name for path in directory.iterdir()} if directory.is_dir() else set()
    found = {}
    with instance.database.reading() as session:
        for message in session.scalars(select(Message)):
            content = message.content or (directory / message.id.hex()).read_bytes()
            assert hashlib.sha256(content).digest() == message.sha256
            assert len(content) == message.size_bytes
            found[message.sha256] = message.size_bytes
            names.discard(message.id.hex())
    assert names == set()
    return found


def test_200_uploads_at_once_are_acknowledged_and_there_or_refused_and_not(
    site: Site, instance: Instance
) -> None:
    sizes = [0] * 140 + [300_000] * 50 + [3_000_000] * 10
    sources = [Source(instance) for _ in sizes]
    bodies = [
        source.tip(source.seal(files=[("a.bin", os.urandom(size))] if size else ()), is_stamped=size > 0)
        for source, size in zip(sources, sizes, strict=True)
    ]
    with ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda body: post(site, "/tips", body), bodies))
    statuses = [status for status, _ in answers]
    assert set(statuses) <= {201, 429, 503}
    assert statuses.count(201) >= 50
    there = set(kept(instance))
    for source, status in zip(sources, statuses, strict=True):
        assert (source.hashes[0] in there) is (status == 201)
    assert post(site, "/tips", Source(instance).tip(is_stamped=True))[0] == 201  # and goes on


def upload(site: Site, body: bytes, length: int) -> socket.socket:
    """Begin an upload that says it is so long."""
    connection = socket.create_connection(("127.0.0.1", urlsplit(site.url).port or 0), _WAIT_SECONDS)
    connection.sendall(
        f"POST /tips HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {OCTETS}\r\nContent-Length: {length}\r\n\r\n".encode()
    )
    connection.sendall(body)
    return connection


def files(site: Site) -> list[Path]:
    directory = site.home / "tips"
    return sorted(directory.iterdir()) if directory.is_dir() else []


def wait_until_files(site: Site, count: int) -> None:
    end = time.monotonic() + _WAIT_SECONDS
    while len(files(site)) != count:
        assert time.monotonic() < end, files(site)
        time.sleep(0.02)


def test_an_upload_that_stops_half_way_leaves_nothing(site: Site, instance: Instance) -> None:
    source = Source(instance)
    body = source.tip(source.seal(files=[("a.bin", os.urandom(3_000_000))]))
    connection = upload(site, body[:2_000_000], len(body))
    wait_until_files(site, 1)
    assert files(site)[0].name.endswith(".part")
    connection.close()
    wait_until_files(site, 0)
    assert kept(instance) == {}
    source.hashes = []
    assert post(site, "/tips", body)[0] == 201


def test_stalled_uploads_leave_pages_and_small_tips_alone(site: Site, instance: Instance) -> None:
    source = Source(instance)
    body = source.tip(source.seal(files=[("a.bin", os.urandom(3_000_000))]))
    stalled = [upload(site, body[:1000], len(body)) for _ in range(40)]
    try:
        client = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=_WAIT_SECONDS)
        begun = time.monotonic()
        client.request("GET", "/")
        assert client.getresponse().read()
        client.close()
        assert post(site, "/tips", Source(instance).tip())[0] == 201
        assert time.monotonic() - begun < 30
    finally:
        for connection in stalled:
            connection.close()


def kill_hard(site: Site) -> None:
    """Kill every process of this site at once, and no other: they are known by their home."""
    home = f"PLEDGE_HOME={site.home}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if home in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)


def test_a_process_that_is_killed_loses_nothing_that_was_acknowledged(site: Site, instance: Instance) -> None:
    acknowledged: list[bytes] = []
    stop = threading.Event()

    def send() -> None:
        while not stop.is_set():
            source = Source(instance)
            large = [("a.bin", os.urandom(300_000))]
            body = source.tip(source.seal(files=large if len(acknowledged) % 2 else ()))
            with suppress(OSError, http.client.HTTPException):
                if post(site, "/tips", body)[0] == 201:
                    acknowledged.append(source.hashes[0])

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + _WAIT_SECONDS
    while len(acknowledged) < 10:
        assert time.monotonic() < end
        time.sleep(0.01)
    kill_hard(site)
    stop.set()
    for thread in threads:
        thread.join(_WAIT_SECONDS)
    with instance.database.reading() as session:
        rows = {message.sha256: message for message in session.scalars(select(Message))}
    assert set(acknowledged) <= set(rows)
    for message in rows.values():  # no row without its whole content; files without a row are swept later
        content = message.content or (site.home / "tips" / message.id.hex()).read_bytes()
        assert hashlib.sha256(content).digest() == message.sha256


def everything(directory: Path) -> Iterator[tuple[Path, bytes]]:
    for path in directory.rglob("*"):
        if path.is_file():
            with suppress(FileNotFoundError):
                yield path, path.name.encode() + b"\0" + path.read_bytes()


def test_no_word_of_a_tip_is_anywhere_during_or_after(
    site: Site, instance: Instance, tmp_path: Path, founded_with_stewards: Founded
) -> None:
    # Database, journal, files, logs and temporary files of the server, by every way in and out.
    markers = [marker.encode() for marker in MARKERS]
    looked: list[bool] = []
    seen: list[tuple[Path, bytes]] = []
    stop = threading.Event()

    def look() -> None:
        looked.append(stop.is_set())
        for path, data in everything(tmp_path):
            seen.extend((path, marker) for marker in markers if marker in data)

    def keep_looking() -> None:
        while not stop.is_set():
            look()

    watcher = threading.Thread(target=keep_looking)
    watcher.start()
    try:
        words = _whole_way(site, instance, founded_with_stewards[1][0])
    finally:
        stop.set()
        watcher.join()
    look()
    markers += [pair.encode() for pair in _pairs(words)]
    look()
    assert seen == []
    assert False in looked  # also meanwhile
    markers = [_source_of(instance, words).codename.mailbox.encode(), b"SQLite format 3"]
    look()
    assert {marker for _, marker in seen} == set(markers)  # what is there is found


def _pairs(words: str) -> list[str]:
    """Any two words that stand together: single ones are English, and in every text."""
    listed = words.split()
    return [f"{one} {other}" for one, other in pairwise(listed)]


def _whole_way(site: Site, instance: Instance, steward: Steward) -> str:
    """A tip without scripts with a large file, an answer, reading it, a reply; and what fails. Gives the words."""
    text, name, answered, inside = MARKERS
    large = (inside * 40_000).encode()
    status, page = post(
        site, "/tips/new", form([("lab", "mistral"), ("text", text)], [(f"{name}.txt", large)]), FORM
    )
    assert status == 200, page
    words = " ".join(_listed(page.decode()))
    for bad in (
        [("text", text * 10_000)],
        [("text", text), ("lab", "No Lab")],
        [("text", text), ("text", text)],
    ):
        assert post(site, "/tips/new", form(bad, [(f"{name}.txt", large)]), FORM)[0] in {400, 429}
    cut = form([("text", text)], [(f"{name}.txt", large)])[:-100_000]
    assert post(site, "/tips/new", cut, FORM)[0] == 400
    source = _source_of(instance, words)
    frame = framed_answer(answer(steward, source, answered, [(f"{name}.pdf", large)]), source)
    token = replace(steward, instance=instance).token()
    path = f"/stewards/threads/{_thread(instance)}/answers"
    assert post(site, path, frame, Authorization=f"Bearer {token}")[0] == 201
    status, page = post(site, "/mailbox", f"words={words.replace(' ', '+')}".encode(), _URLENCODED)
    assert answered in page.decode()
    status, data = post(
        site, "/mailbox/file", f"words={words.replace(' ', '+')}&number=2&file=1".encode(), _URLENCODED
    )
    assert (status, data) == (200, large)
    status, page = post(site, "/mailbox/reply", form([("words", words), ("text", text)]), FORM)
    assert status == 200
    return words


def _listed(page: str) -> list[str]:
    words = re.findall(r"<li>([a-z]+)</li>", page)
    assert len(words) == 12
    return words


def _thread(instance: Instance) -> str:
    with instance.database.reading() as session:
        return session.scalars(select(Message.thread)).first().hex()  # type: ignore[union-attr]  # there is one


def _source_of(instance: Instance, words: str) -> Source:
    source = Source(instance, entropy_from_words(words))
    with instance.database.reading() as session:
        source.hashes = list(session.scalars(select(Message.sha256).order_by(Message.number)))
    return source
