"""Taking tips in over HTTP until they are durable, and sealing and opening, against pyrage where it can do as much."""

import os
import subprocess
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import pyrage
from playwright.sync_api import sync_playwright

from pledge.app import open_site
from pledge.config import Config
from pledge.core.age.envelope import seal
from pledge.core.age.file import decrypt
from pledge.core.age.hybrid import HybridIdentity
from pledge.core.archive import SIZE_CLASSES
from pledge.core.pow import NO_STAMP
from pledge.core.tip.frame import TipFrame, format_tip_frame
from tests.bench.client import CLIENTS, Ask, Connection, Load, load
from tests.bench.figures import Figure, interleave, medians, seconds
from tests.bench.servers import HOST, Site, database_of, found_site, serving, serving_app
from tests.e2e.conftest import ARGUMENTS, find_chromium
from tests.node import find_node
from tests.postgresql import start_server
from tests.steward_kit import found_stewards

_TIPS = 2000
_ROUNDS = 5
_READERS = [HybridIdentity.from_seed(bytes([n]) * 32) for n in range(1, 9)]
_MIB = 1 << 20
_LARGE = 100 * _MIB
_PIECE = os.urandom(_MIB)
_SEALED_IN_CHROMIUM = 21
_BUNDLE = """
import { build } from "esbuild";
const [outfile] = process.argv.slice(1);
await build({ entryPoints: ["testing/seal_speed.js"], bundle: true, format: "iife", globalName: "bench", outfile });
"""
_BROWSER = Path(__file__).parents[2] / "pledge/browser"


def measure(directory: Path) -> list[Figure]:
    """Measure on SQLite and on PostgreSQL, both with commits that are on disk when they return."""
    figures = [*_sealing(), _sealing_in_chromium(directory)]
    figures += _taking("SQLite", found_site(directory / "sqlite"), found_site(directory / "one-by-one"))
    with start_server(directory) as server:
        sites = [
            found_site(directory / f"postgresql-{name}", database_of(server, name))
            for name in ("shipped", "one")
        ]
        return figures + _taking("PostgreSQL", *sites)


def _taking(database: str, shipped: Site, one_by_one: Site) -> list[Figure]:
    for site in (shipped, one_by_one):
        _open_tips(site)
    with ExitStack() as stack:
        stack.enter_context(serving(shipped))
        stack.enter_context(serving_app(one_by_one, "one_by_one"))
        loads = interleave(
            {"shipped": lambda: _load(shipped, _TIPS), "one by one": lambda: _load(one_by_one, _TIPS // 4)},
            _ROUNDS,
        )
    rates = {name: median(each.rate for each in taken) for name, taken in loads.items()}
    what = f"sealed tips of 4 KiB taken in, {CLIENTS} clients, until they are durable, {database}"
    middle, slow = (median(each.percentile(percent) for each in loads["shipped"]) for percent in (50, 99))
    return [
        Figure(what, f"{rates['shipped']:.0f}/s", aim="≥ 1,000/s"),
        Figure(
            what,
            f"{rates['shipped']:.0f}/s",
            f"a commit for each tip: {rates['one by one']:.0f}/s",
            f"{rates['shipped'] / rates['one by one']:.2f} ×",
        ),
        Figure(what, f"p50 {middle:.0f} ms, p99 {slow:.0f} ms"),
    ]


def _open_tips(site: Site) -> None:
    instance = open_site(Config.from_environment(site.environment))
    try:
        found_stewards(instance, instance.genesis.quorum)
    finally:
        instance.database.close()


def _load(site: Site, count: int) -> Load:
    asks = [_ask(request) for request in _requests(site, count)]
    return load(site.port, asks)


def _requests(site: Site, count: int) -> Iterator[bytes]:
    recipients = [reader.recipient for reader in _READERS]
    for _ in range(count):
        envelope = b"".join(seal(recipients, [bytes(SIZE_CLASSES[0])], random_bytes=os.urandom))
        body = format_tip_frame(TipFrame(os.urandom(32), os.urandom(32), NO_STAMP)) + envelope
        head = (
            f"POST /tips HTTP/1.1\r\nHost: {HOST}:{site.port}\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


def _ask(request: bytes) -> Ask:
    def ask(connection: Connection) -> None:
        head, body = connection.ask(request)
        if not head.startswith(b"HTTP/1.1 201"):
            raise RuntimeError((head + body[:500]).decode())

    return ask


def _sealing() -> list[Figure]:
    reader = pyrage.x25519.Identity.generate()
    data = b"".join(_large())
    whole = pyrage.encrypt(data, [reader.to_public()])
    sealed = b"".join(_seal_large())
    taken = medians(
        {
            "seal": lambda: seconds(lambda: _drain(_seal_large())),
            "open": lambda: seconds(lambda: _drain(decrypt([_READERS[0]], [sealed]))),
            "pyrage seal": lambda: seconds(lambda: pyrage.encrypt(data, [reader.to_public()])),
            "pyrage open": lambda: seconds(lambda: pyrage.decrypt(whole, [reader])),
            "small": lambda: seconds(lambda: _drain(_seal(bytes(4096)))),
        }
    )
    rates = {name: _LARGE / _MIB / time for name, time in taken.items()}
    peak = _peak(sealed)
    return [
        *(
            Figure(
                f"{what} 100 MiB, 8 recipients, as a stream",
                f"{rates[name]:.0f} MiB/s",
                f"pyrage, 1 recipient, in memory: {rates[f'pyrage {name}']:.0f} MiB/s",
                f"{rates[name] / rates[f'pyrage {name}']:.2f} ×",
                "≥ 0.33 ×",
            )
            for what, name in (("sealing", "seal"), ("opening", "open"))
        ),
        Figure("memory to seal and open 100 MiB", f"{peak / _MIB:.1f} MiB", aim="< 64 MiB"),
        Figure("sealing 4 KiB to 8 recipients", f"{taken['small'] * 1000:.1f} ms", aim="< 50 ms"),
    ]


def _sealing_in_chromium(directory: Path) -> Figure:
    """Measure in a page of a site that serves, as only there browsers give a page their cryptography."""
    bundle = directory / "seal_speed.js"
    subprocess.run([find_node(), "--input-type=module", "-e", _BUNDLE, str(bundle)], cwd=_BROWSER, check=True)
    with serving(found_site(directory / "page")) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        page = browser.new_page(bypass_csp=True)
        page.goto(f"{site.url}/verify")
        page.add_script_tag(path=bundle)
        first, *others = page.evaluate(f"bench.sealTimes({_SEALED_IN_CHROMIUM})")
        version = browser.version
        browser.close()
    what = f"sealing 4 KiB to 8 recipients in Chromium {version.partition('.')[0]}"
    return Figure(what, f"first {first:.0f} ms, then {median(others):.0f} ms", aim="< 500 ms")


def _large() -> Iterator[bytes]:
    for _ in range(_LARGE // _MIB):
        yield _PIECE


def _seal_large() -> Iterator[bytes]:
    return seal([reader.recipient for reader in _READERS], _large(), random_bytes=os.urandom)


def _seal(data: bytes) -> Iterator[bytes]:
    return seal([reader.recipient for reader in _READERS], [data], random_bytes=os.urandom)


def _drain(chunks: Iterator[bytes]) -> None:
    for _ in chunks:
        pass


def _peak(sealed: bytes) -> int:
    """Give the most memory that sealing and opening take, besides what they are given."""
    tracemalloc.start()
    _drain(_seal_large())
    _drain(decrypt([_READERS[0]], [sealed]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
