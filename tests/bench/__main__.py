"""``python -m tests.bench [NAME …]``: measure, print, and keep the figures in docs/performance.md.

A report and never a test: nothing here fails because it is slow. With names, only those are measured and nothing is
kept. Twenty minutes for all, on a machine that has nothing else to do.
"""

import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import audits, badges, pages, signing, starting, tips, trees
from tests.bench.figures import Figure, format_table, write_table

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
MEASURES: dict[str, Callable[[Path], list[Figure]]] = {
    "badges": badges.measure,
    "signing": signing.measure,
    "trees": trees.measure,
    "audit": audits.measure,
    "pages": pages.measure,
    "starting": starting.measure,
    "tips": tips.measure,
}


def main(names: list[str]) -> None:
    """Measure what is named, or all."""
    figures: list[Figure] = []
    for name in names or MEASURES:
        with tempfile.TemporaryDirectory() as directory:
            figures += MEASURES[name](Path(directory))
        sys.stdout.write(f"{name}: done, load {os.getloadavg()[0]:.1f}\n")
    table = format_table(figures)
    sys.stdout.write(f"\n{table}\n")
    if not names:
        machine = f"{len(os.sched_getaffinity(0))} cores, {platform.system()} {platform.machine()}"
        write_table(PAGE, f"{machine}, Python {platform.python_version()}\n\n{table}")


if __name__ == "__main__":
    main(sys.argv[1:])
