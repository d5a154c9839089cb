"""Badges and cards over HTTP: the site as shipped, alone and behind nginx, against badge-maker in Node and nginx alone.

How fast they are drawn is measured apart, without any server.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.request import urlopen

from pledge.badges.look import parse_look
from pledge.badges.raster import draw_badge
from pledge.badges.render import Badge, render_badge
from pledge.config import Config
from pledge.nginx import write_site
from tests.bench.client import read_rate
from tests.bench.figures import Figure, medians, seconds
from tests.bench.servers import HOST, Site, found_site, free_port, serving, serving_app, serving_node
from tests.nginx import running_nginx
from tests.node import find_node

BADGE_MAKER = "badge-maker@6.0.0"
_BADGE = "/badge/lab/mistral.svg"
_CARD = "/embed/lab/mistral"
_SCRIPT = Path(__file__).with_name("badge_maker.mjs")
_DRAW_SCRIPT = Path(__file__).with_name("draw_badges.mjs")
_LABEL = "Mistral AI: against reckless scaling"
_DRAWN = 20_000


def measure(directory: Path) -> list[Figure]:
    """Measure reads of one badge and one card a second, 32 connections, in turns of two seconds."""
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
        proxy = stack.enter_context(_proxy(site, directory / "proxy"))
        files = stack.enter_context(_files(site, directory / "files"))
        urls = {
            "site": f"{site.url}{_BADGE}",
            "node": f"{stack.enter_context(serving_node(script))}{_BADGE}",
            "bare": f"{bare.url}{_BADGE}",
            "plain": f"{plain.url}{_BADGE}",
            "files": f"{files}{_BADGE}",
            "proxy": f"{proxy}{_BADGE}",
            "card": f"{site.url}{_CARD}",
            "card files": f"{files}{_CARD}.html",
            "card proxy": f"{proxy}{_CARD}",
        }
        rates = medians({name: partial(read_rate, url) for name, url in urls.items()})
    node = f"Node with {BADGE_MAKER}, one process"
    same = "a file of the same bytes from nginx"

    def line(what: str, ours: str, against: str, theirs: str, aim: str = "") -> Figure:
        return Figure(
            what,
            f"{rates[ours]:,.0f}/s",
            f"{against}: {rates[theirs]:,.0f}/s",
            f"{rates[ours] / rates[theirs]:.2f} ×",
            aim,
        )

    return [
        line("badge reads", "site", node, "node", "≥ 5 ×"),
        line("badge reads", "site", same, "files", "≥ 0.4 ×"),
        line("badge reads", "site", "an application of one line on the same server (ceiling)", "bare"),
        line("badge reads", "site", "a Flask view of one line (floor)", "plain"),
        line("badge reads behind nginx", "proxy", node, "node", "≥ 9 ×"),
        line("badge reads behind nginx", "proxy", same, "files", "≥ 0.75 ×"),
        line("card reads", "card", node, "node", "≥ 5 ×"),
        line("card reads", "card", same, "card files", "≥ 0.4 ×"),
        line("card reads behind nginx", "card proxy", node, "node", "≥ 9 ×"),
        line("card reads behind nginx", "card proxy", same, "card files", "≥ 0.75 ×"),
        *_drawing(script),
    ]


def _drawing(script: Path) -> list[Figure]:
    """Measure how fast one badge is drawn with another number each time, in one process each."""
    node = [find_node(), str(script.with_name(_DRAW_SCRIPT.name)), str(_DRAWN)]

    def theirs() -> float:
        done = subprocess.run(node, check=True, capture_output=True, text=True)
        return float(done.stdout)

    def ours() -> float:
        look = parse_look("style=flat&logo=none")
        taken = seconds(
            lambda: [
                render_badge(Badge(_LABEL, f"{number} signed", "Pledge", "plain", 2), look)
                for number in range(_DRAWN)
            ]
        )
        return _DRAWN / taken

    rates = medians({"ours": ours, "theirs": theirs})
    return [
        Figure(
            "drawing a flat badge, another number each time",
            f"{rates['ours']:,.0f}/s",
            f"{BADGE_MAKER}, as warm: {rates['theirs']:,.0f}/s",
            f"{rates['ours'] / rates['theirs']:.2f} ×",
            "≥ 10 ×",
        ),
        Figure("drawing a badge as PNG", f"{_milliseconds_of_png():.1f} ms"),
    ]


def _milliseconds_of_png() -> float:
    look, numbers = parse_look("style=flat"), iter(range(10**6))  # none is drawn twice: pictures are kept

    def draw() -> None:
        badge = Badge(_LABEL, f"{next(numbers)} signed", "Pledge", "plain", 2)
        draw_badge(render_badge(badge, look).decode(), is_right_to_left=False)

    return 1000 * medians({"png": lambda: seconds(draw)}, rounds=50)["png"]


@contextmanager
def _proxy(site: Site, directory: Path) -> Iterator[str]:
    """Run nginx before the site, as ``pledge nginx`` configures it."""
    port = free_port()
    environment = {"PLEDGE_URL": f"http://{HOST}:{port}", "PLEDGE_PORT": str(site.port)}
    with running_nginx(
        directory, write_site(Config.from_environment(environment), cache=directory / "cache")
    ):
        yield f"http://{HOST}:{port}"


@contextmanager
def _files(site: Site, directory: Path) -> Iterator[str]:
    """Run nginx alone, with files of the bytes that the site answers."""
    for path, file in ((_BADGE, _BADGE), (_CARD, f"{_CARD}.html")):
        with urlopen(f"{site.url}{path}") as answer:  # noqa: S310  # of this machine
            kept = directory / "root" / file.lstrip("/")
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(answer.read())
    port = free_port()
    block = f"server {{ listen {HOST}:{port}; access_log off; root {directory}/root; }}\n"
    with running_nginx(directory, block):
        yield f"http://{HOST}:{port}"


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
    shutil.copy(_DRAW_SCRIPT, directory)
    return Path(shutil.copy(_SCRIPT, directory))
