"""What a request costs at a thousand and at a million signatories: it must not grow with them."""

from collections.abc import Callable
from pathlib import Path

from flask import Flask

from pledge.app import create_app
from pledge.badges import service as badges
from pledge.instance import Instance
from tests.bench.crowd import Person, make_crowd
from tests.bench.figures import Figure, medians, seconds

FEW, MANY = 1_000, 1_000_000
_TIMES = 20
_SOMEBODY = 777


def measure(directory: Path) -> list[Figure]:
    """Measure each kind of page inside one process, without the network, in turns of twenty."""
    sites = {size: make_crowd(directory / f"crowd-{size}", size) for size in (FEW, MANY)}
    asked = {size: _askers(instance) for size, instance in sites.items()}
    figures = []
    for what in asked[FEW]:
        taken = medians({str(size): _taking(asks[what]) for size, asks in asked.items()})
        few, many = (taken[str(size)] * 1000 / _TIMES for size in (FEW, MANY))
        figures.append(
            Figure(
                f"{what}, {MANY:,} signatories",
                f"{many:.2f} ms",
                f"{FEW:,} signatories: {few:.2f} ms",
                f"{many / few:.2f} ×",
                "≈ 1 ×",
            )
        )
    for instance in sites.values():
        instance.database.close()
    return figures


def _taking(ask: Callable[[], None]) -> Callable[[], float]:
    def work() -> None:
        for _ in range(_TIMES):
            ask()

    return lambda: seconds(work)


def _askers(instance: Instance) -> dict[str, Callable[[], None]]:
    app = create_app(instance)
    public_id = Person(_SOMEBODY).sha256.hex()[:32]
    paths = {
        "home page": "/",
        "page of a lab": "/labs/mistral",
        "list of signatories": "/signatories",
        "list of a lab's signatories": "/signatories?lab=cohere&assurance=lab-email",
        "search for a frequent first name": "/signatories?q=grace",
        "search for one person": f"/signatories?q={Person(_SOMEBODY).name.replace(' ', '+')}",
        "page of a signatory": f"/signatories/{public_id}",
        "receipt of a signatory": f"/signatories/{public_id}/receipt",
    }
    return {what: _page(app, path) for what, path in paths.items()} | {
        "badge of a lab, drawn anew": _badge(instance, "lab/mistral"),
        "badge of a signatory, drawn anew": _badge(instance, f"signatory/{public_id}"),
        "badge of the pledge, drawn anew": _badge(instance, "pledge/against-reckless-scaling"),
    }


def _page(app: Flask, path: str) -> Callable[[], None]:
    client = app.test_client()

    def ask() -> None:
        response = client.get(path)
        if response.status_code != 200:
            raise RuntimeError(f"{path}: {response.status_code}")

    return ask


def _badge(instance: Instance, name: str) -> Callable[[], None]:
    def ask() -> None:
        answer = badges.answer(instance.database, instance.log.tiles, f"/badge/{name}.svg")
        if answer is None or b"unknown" in answer.body:
            raise RuntimeError(name)

    return ask
