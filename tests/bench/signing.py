"""Signing over HTTP by 32 clients at once, the receipt's file included, against verifying alone and single commits."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.bench.client import CLIENTS, Load, load
from tests.bench.figures import Figure, interleave
from tests.bench.people import Doing, make_ready, posts, signings, verifications
from tests.bench.servers import Site, database_of, found_site, serving, serving_app
from tests.postgresql import start_server

_PEOPLE = 600
_ROUNDS = 5
_APPS = ("verifying", "one_by_one")


def measure(directory: Path) -> list[Figure]:
    """Measure on SQLite and on PostgreSQL, both with commits that are on disk when they return."""
    figures = _measure("SQLite", lambda name: found_site(directory / f"sqlite-{name}"))
    with start_server(directory) as server:
        return figures + _measure(
            "PostgreSQL", lambda name: found_site(directory / f"postgresql-{name}", database_of(server, name))
        )


def _measure(database: str, found: Callable[[str], Site]) -> list[Figure]:
    with ExitStack() as stack:
        shipped = stack.enter_context(serving(found("shipped")))
        verifying, one_by_one = (stack.enter_context(serving_app(found(name), name)) for name in _APPS)
        loads = interleave(
            {
                "whole": lambda: _load(shipped, signings),
                "posts": lambda: _load(shipped, posts),
                "verifying": lambda: _load(verifying, verifications),
                "one by one": lambda: _load(one_by_one, signings),
            },
            _ROUNDS,
        )
    rates = {name: median(each.rate for each in taken) for name, taken in loads.items()}
    whole = f"signing, {CLIENTS} clients, receipt's file included, {database}"
    durable = f"signing, {CLIENTS} clients, until the receipt is durable, {database}"
    return [
        _latency(whole, loads["whole"]),
        _rate(whole, rates["whole"], "a commit for each request", rates["one by one"], "≥ 1.8 ×"),
        _rate(whole, rates["whole"], "verifying alone", rates["verifying"], "≥ 0.6 ×"),
        _latency(durable, loads["posts"]),
        _rate(durable, rates["posts"], "verifying alone", rates["verifying"], "≥ 0.6 ×"),
    ]


def _load(site: Site, doing: Doing) -> Load:
    return load(site.port, doing(site, make_ready(site, _PEOPLE)))


def _latency(what: str, loads: list[Load]) -> Figure:
    middle, slow = (median(each.percentile(percent) for each in loads) for percent in (50, 99))
    return Figure(what, f"p50 {middle:.0f} ms, p99 {slow:.0f} ms", aim="p99 < 100 ms")


def _rate(what: str, rate: float, against: str, other: float, aim: str) -> Figure:
    return Figure(what, f"{rate:.0f}/s", f"{against}: {other:.0f}/s", f"{rate / other:.2f} ×", aim)
