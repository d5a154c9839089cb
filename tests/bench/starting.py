"""How long ``pledge serve`` takes until it answers, on a home that was founded before."""

from pathlib import Path

from tests.bench.figures import Figure, medians, seconds
from tests.bench.servers import Site, found_site, free_port, serving


def measure(directory: Path) -> list[Figure]:
    """Start, ask for a page, stop; five times, each at a port of its own."""
    founded = found_site(directory / "starting")

    def start() -> float:
        port = free_port()
        server = serving(Site({**founded.environment, "PLEDGE_PORT": str(port)}, port))
        try:
            return seconds(server.__enter__)
        finally:
            server.__exit__(None, None, None)

    return [
        Figure(
            "second start of `pledge serve`, until a page is answered", f"{medians({'': start})['']:.2f} s"
        )
    ]
