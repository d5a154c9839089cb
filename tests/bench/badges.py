"""Badges over HTTP: the site as shipped, against badge-maker in Node, a bare application, and a Flask view."""

import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

from tests.bench.client import read_rate
from tests.bench.figures import Figure, medians
from tests.bench.servers import found_site, serving, serving_app, serving_node
from tests.node import find_node

BADGE_MAKER = "badge-maker@6.0.0"
_PATH = "/badge/lab/mistral.svg"
_SCRIPT = Path(__file__).with_name("badge_maker.mjs")


def measure(directory: Path) -> list[Figure]:
    """Measure reads of one badge a second, 32 connections, in turns of two seconds."""
    script = _install(directory / "node")
    with ExitStack() as stack:
        site, bare, plain = (
            stack.enter_context(
                serving(found_site(directory / name))
                if name == "site"
                else serving_app(found_site(directory / name), name)
            )
            for name in ("site", "bare", "plain")
        )
        peer = stack.enter_context(serving_node(script))
        rates = medians(
            {
                "site": lambda: read_rate(f"{site.url}{_PATH}"),
                "node": lambda: read_rate(f"{peer}{_PATH}"),
                "bare": lambda: read_rate(f"{bare.url}{_PATH}"),
                "plain": lambda: read_rate(f"{plain.url}{_PATH}"),
            }
        )
    ours = f"{rates['site']:,.0f}/s"

    def against(what: str, name: str, aim: str = "") -> Figure:
        return Figure(
            "badge reads", ours, f"{what}: {rates[name]:,.0f}/s", f"{rates['site'] / rates[name]:.2f} ×", aim
        )

    return [
        against(f"Node with {BADGE_MAKER}, one process", "node", "≥ 5 ×"),
        against("an application of one line on the same server (ceiling)", "bare"),
        against("a Flask view of one line (floor)", "plain"),
    ]


def _install(directory: Path) -> Path:
    """Install badge-maker from npm, apart from the project, with the script beside it."""
    directory.mkdir()
    npm = shutil.which("npm")
    command = (
        [npm]
        if npm
        else [find_node(), str(Path(find_node()).parent.parent / "lib/node_modules/npm/bin/npm-cli.js")]
    )
    subprocess.run(
        [*command, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", BADGE_MAKER],
        cwd=directory,
        check=True,
        capture_output=True,
    )
    return Path(shutil.copy(_SCRIPT, directory))
