"""A log over HTTP, from a site that misbehaves: nothing is believed, nothing runs away, nothing leads elsewhere."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socket import create_server

import pytest

from pledge.audit import cli
from pledge.audit import site as site_module
from pledge.audit.site import Site
from pledge.core.statement import seal
from pledge.errors import MalformedError, NotFoundError, UnavailableError
from tests.audit.conftest import Run
from tests.audit.serving import Serving, answer, serving
from tests.core.sample_log import NOTARY, RELEASE
from tests.testlog import DAY, WholeLog, make_log

Handler = BaseHTTPRequestHandler
Opened = Callable[[str], Site]
BUNDLE = "log/tile/entries/000.p/8"


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The auditor's clock: a site has to be of today."""
    monkeypatch.setattr(cli, "_today", lambda: DAY)
    monkeypatch.setattr(site_module, "_CACHE_SECONDS", 0.01)


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Open sites, and close them at the end."""
    with ExitStack() as stack:
        yield lambda address: stack.enter_context(closing(Site(address)))


def test_a_sound_site_is_well(run: Run, site: Serving, policy: Path) -> None:
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 0, result.output
    assert all(headers["Accept-Encoding"] == "identity" for _, headers in site.asked)


def test_a_log_below_a_prefix_is_read_there(run: Run, site: Serving, policy: Path) -> None:
    site.files = {f"mirrors/one/{path}": data for path, data in site.files.items()}
    assert run("audit", f"{site.address}/mirrors/one/", "--policy", policy).exit_code == 0


def test_a_changed_byte_is_named(run: Run, site: Serving, policy: Path) -> None:
    site.files[BUNDLE] = site.files[BUNDLE].replace(b"signatures", b"sygnatures", 1)
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 1
    assert "entry 0: this is not the entry that the log signed" in result.output


def test_partial_tiles_that_were_dropped_are_read_from_full_ones(
    run: Run, site: Serving, policy: Path
) -> None:
    large = make_log(260)
    site.files |= {path: data for path, data in large.log_files().items() if ".p/" not in path}
    del site.files[BUNDLE], site.files["log/tile/0/000.p/8"]
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 0, result.output


def _in_turn(site: Serving, path: str, *earlier: bytes) -> None:
    """Serve these first, one after the other, and then the file."""
    rest = list(earlier)
    site.odd[path] = lambda handler: answer(handler, rest.pop(0) if rest else site.files[path])


@pytest.mark.parametrize("path", ["log/checkpoint", "tallies.json", "removals.json"])
def test_what_lags_behind_in_a_cache_is_waited_for(
    run: Run, log: WholeLog, site: Serving, policy: Path, path: str
) -> None:
    old = site.files[path]
    log.sign("one more")
    site.files |= log.files()
    _in_turn(site, path, old, old)
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 0, result.output
    assert "after 9 entries" in result.output


def test_a_log_may_grow_while_it_is_read(run: Run, log: WholeLog, site: Serving, policy: Path) -> None:
    """Counts and removals are compared at the size that each names."""
    checkpoint, counts, removals = (
        site.files[path] for path in ("log/checkpoint", "tallies.json", "removals.json")
    )
    log.remove(seal(log.signing("signatory 0")).payload_sha256)
    log.sign("one more")
    site.files |= log.files()
    _in_turn(site, "log/checkpoint", checkpoint)
    _in_turn(site, "tallies.json", counts)
    _in_turn(site, "removals.json", removals)
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 0, result.output
    assert "Entries    10" in result.output
    assert "after 8 entries" in result.output


def test_a_log_that_forks_while_it_is_read_is_caught(
    run: Run, log: WholeLog, site: Serving, policy: Path
) -> None:
    log.sign("one more")
    other = make_log(5)
    other.sign("another")
    site.files = other.files()
    _in_turn(site, "log/checkpoint", log.checkpoint())
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 1
    assert "does not continue the checkpoint that the site showed a moment before" in result.output
    log.sign("and one more")
    _in_turn(site, "log/checkpoint", log.checkpoint())
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 1
    assert "the site showed 10 entries of local.pledge.example/log a moment before" in result.output


@pytest.mark.parametrize("path", ["tallies.json", "removals.json"])
def test_what_stays_behind_is_wrong_in_the_end(
    run: Run, log: WholeLog, site: Serving, policy: Path, path: str
) -> None:
    old = site.files[path]
    log.withdraw("signatory 0", seal(log.signing("signatory 0")).payload_sha256)
    site.files |= log.files() | {path: old}
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 1
    assert "8 entries, and its checkpoint had 9 already" in result.output


def test_a_site_counts_up_to_today(
    run: Run, site: Serving, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days, exit_code in ((2, 0), (3, 1)):
        monkeypatch.setattr(cli, "_today", lambda days=days: DAY + timedelta(days=days))
        result = run("audit", site.address, "--policy", policy)
        assert result.exit_code == exit_code, result.output
    assert (
        "the site counts lapses up to 2024-11-25, and shows that on 2024-11-28 [counts-day]" in result.output
    )


def test_scripts_are_those_of_the_newest_release(
    run: Run, log: WholeLog, site: Serving, policy: Path
) -> None:
    assert "the log names no release" in run("audit", site.address, "--policy", policy).output
    for version, script in (("1", b"old"), ("2", b"new")):
        files = {"static/a.js": sha256(script).hexdigest(), "templates/a.html": "00" * 32}
        log.add(replace(RELEASE, day=DAY, version=version, files=files), NOTARY)
    site.files = log.files() | {"static/a.js": b"new"}
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 0, result.output
    assert "the forms of release 2 (1) are served filled in only" in result.output
    site.files["static/a.js"] = b"old"
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 1
    assert "static/a.js is not the one whose hash the log has [release]" in result.output
    del site.files["static/a.js"]
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 1
    assert "static/a.js. [release]" in result.output


def test_counts_beyond_the_checkpoint_are_wrong_in_the_end(
    run: Run, log: WholeLog, site: Serving, policy: Path
) -> None:
    log.sign("one more")
    site.files["tallies.json"] = log.claims()
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 1
    assert "the site counts 9 entries, and its checkpoint has 8 [counts]" in result.output


def _cut_off(handler: Handler) -> None:
    answer(handler, b"x" * 100, length=5000)
    handler.close_connection = True


def _cut_off_in_chunks(handler: Handler) -> None:
    _chunked(handler)
    handler.wfile.write(b"5\r\nab")
    handler.close_connection = True


def _endless(handler: Handler) -> None:
    _chunked(handler)
    try:
        while True:
            handler.wfile.write(b"4000\r\n" + bytes(0x4000) + b"\r\n")
    except OSError:
        handler.close_connection = True


def _claims_to_be_huge(handler: Handler) -> None:
    answer(handler, bytes(18_000_000), length=10**15)
    handler.close_connection = True


def _without_length(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b"something")
    handler.close_connection = True


def _zipped(handler: Handler) -> None:
    answer(handler, gzip.compress(bytes(10**6)), headers={"Content-Encoding": "gzip"})


def _no_http(handler: Handler) -> None:
    handler.wfile.write(b"hello\r\n\r\n")
    handler.close_connection = True


def _closed(handler: Handler) -> None:
    handler.close_connection = True


def _broken(handler: Handler) -> None:
    answer(handler, b"", status=500)


def _chunked(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()


@pytest.mark.parametrize(
    ("misbehaviour", "words"),
    [
        (_cut_off, "cut off after 100 of 5000 bytes"),
        (_cut_off_in_chunks, "did not arrive"),
        (_without_length, "does not say how long"),
        (_zipped, "compressed"),
        (_no_http, "BadStatusLine"),
        (_closed, "did not arrive"),
        (_broken, "answers 500"),
    ],
)
@pytest.mark.parametrize("path", ["log/checkpoint", BUNDLE, "tallies.json"])
def test_what_does_not_arrive_is_unreadable_and_not_wrong(
    run: Run, site: Serving, policy: Path, path: str, misbehaviour: Callable[[Handler], None], words: str
) -> None:
    site.odd[path] = misbehaviour
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("misbehaviour", [_endless, _claims_to_be_huge])
@pytest.mark.parametrize("path", ["log/checkpoint", "log/tile/0/000.p/8", BUNDLE])
def test_what_never_ends_is_cut_off(
    run: Run, site: Serving, policy: Path, path: str, misbehaviour: Callable[[Handler], None]
) -> None:
    site.odd[path] = misbehaviour
    assert run("audit", site.address, "--policy", policy).exit_code == 1


def _lead(location: str) -> Callable[[Handler], None]:
    return lambda handler: answer(handler, b"", status=302, headers={"Location": location})


@pytest.mark.parametrize(
    "location",
    [
        "https://other.example/x",
        "//other.example/x",
        "http://127.0.0.1:1/x",
        "file:///etc/passwd",
        "http://[",
        "/ü",
    ],
)
def test_a_redirect_to_another_site_is_refused(run: Run, site: Serving, policy: Path, location: str) -> None:
    site.odd["log/checkpoint"] = _lead(location.encode().decode("latin-1"))
    result = run("audit", site.address, "--policy", policy)
    assert result.exit_code == 2
    assert "leads to another" in result.stderr


def test_a_redirect_within_the_site_is_followed(run: Run, site: Serving, policy: Path) -> None:
    site.files["elsewhere?x"] = site.files.pop("log/checkpoint")
    site.odd["log/checkpoint"] = _lead("/elsewhere?x")
    assert run("audit", site.address, "--policy", policy).exit_code == 0


def test_redirects_in_a_circle_end(site: Serving) -> None:
    site.odd["a"] = _lead("a")
    with closing(Site(site.address)) as reader, pytest.raises(UnavailableError, match="answers 302"):
        reader.read("a", max_bytes=10)


def test_a_slow_body_ends_at_its_deadline(site: Serving) -> None:
    stop = threading.Event()

    def drip(handler: Handler) -> None:
        _chunked(handler)
        while not stop.wait(0.02):
            handler.wfile.write(b"1\r\nx\r\n")

    site.odd["a"] = drip
    reader = Site(site.address, deadline_seconds=0.1)
    with closing(reader), pytest.raises(UnavailableError, match="too long to arrive"):
        reader.read("a", max_bytes=10**6)
    stop.set()


@contextmanager
def _silent() -> Iterator[str]:
    with create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_site_that_says_nothing_times_out() -> None:
    with _silent() as address, pytest.raises(UnavailableError, match="took too long"):
        Site(address, timeout_seconds=0.05).read("a", max_bytes=10)


def test_a_site_that_is_not_there_is_unreadable(run: Run, policy: Path) -> None:
    with _silent() as address:
        pass
    result = run("audit", address, "--policy", policy)
    assert result.exit_code == 2
    assert "Connection refused" in result.stderr


def test_a_connection_that_was_closed_while_idle_is_opened_again(site: Serving, opened: Opened) -> None:
    def close_quietly(handler: Handler) -> None:
        answer(handler, b"one")
        handler.close_connection = True

    site.odd["a"] = close_quietly
    site.files["b"] = b"two"
    reader = opened(site.address)
    assert reader.read("a", max_bytes=10) == b"one"
    assert reader.read("b", max_bytes=10) == b"two"


def test_connections_are_kept(site: Serving, opened: Opened) -> None:
    site.files["a"] = b"one"
    reader = opened(site.address)
    ports = set()

    def remember(handler: Handler) -> None:
        ports.add(handler.client_address[1])
        answer(handler, b"one")

    site.odd["a"] = remember
    assert [reader.read("a", max_bytes=3) for _ in range(3)] == [b"one"] * 3
    assert len(ports) == 1


def test_nothing_there_is_told_apart(site: Serving, opened: Opened) -> None:
    reader = opened(site.address)
    with pytest.raises(NotFoundError):
        reader.read("nowhere", max_bytes=100)


@pytest.mark.parametrize(
    "address",
    [
        "http://pledge.example",
        "http://127.0.0.1.example",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "https://",
        "https://user@pledge.example",
        "https://pledge.example/?a",
        "https://pledge.example/#a",
        "https://pledge.example:99999",
        "https://[::1",
        "https://plädge.example",
    ],
)
def test_addresses_that_are_not_safe_are_refused(run: Run, policy: Path, address: str) -> None:
    with pytest.raises(MalformedError):
        Site(address)
    assert run("audit", address, "--policy", policy).exit_code == 1


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://pledge.example", "https://pledge.example"),
        ("https://pledge.example:8443/a", "https://pledge.example:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        (f"http://{'a' * 56}.onion", f"http://{'a' * 56}.onion"),
    ],
)
def test_addresses_that_are_safe_are_taken(address: str, shown: str) -> None:
    assert Site(address).address == shown


def test_cookies_are_sent_back_and_nonsense_is_not(site: Serving, opened: Opened) -> None:
    def set_cookies(handler: Handler) -> None:
        answer(handler, b"", headers={"Set-Cookie": "form=abc; Path=/; HttpOnly", "set-cookie": "a(b=c"})

    site.odd["a"] = set_cookies
    site.files["b"] = b""
    reader = opened(site.address)
    reader.read("a", max_bytes=0)
    reader.read("b", max_bytes=0)
    assert site.asked[-1][1]["Cookie"] == "form=abc"


def test_another_server_is_another_site(opened: Opened) -> None:
    with serving({"a": b"1"}) as one, serving({"a": b"2"}) as two:
        one.odd["b"] = _lead(f"{two.address}/a")
        reader = opened(one.address)
        with pytest.raises(UnavailableError):
            reader.read("b", max_bytes=10)
        assert two.asked == []
