"""Figures of a report, as lines of a table, and rounds that take turns so that a busy machine is unfair to nobody."""

import gc
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeVar

T = TypeVar("T")

ROUNDS = 5
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


class Figure(NamedTuple):
    """One line of the report.

    Attributes:
        what: What was measured.
        value: With its unit.
        against: What it is compared with, measured in the same run, or empty.
        ratio: Of the two, or empty.
        aim: What was aimed at, or empty.
    """

    what: str
    value: str
    against: str = ""
    ratio: str = ""
    aim: str = ""


def interleave(measures: Mapping[str, Callable[[], T]], rounds: int = ROUNDS) -> dict[str, list[T]]:
    """Take every measure once a round, in turns."""
    taken: dict[str, list[T]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            taken[name].append(measure())
    return taken


def medians(measures: Mapping[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, float]:
    """Give the median of each measure over interleaved rounds."""
    return {name: median(values) for name, values in interleave(measures, rounds).items()}


def seconds(work: Callable[[], object]) -> float:
    """Give how long a work takes."""
    gc.collect()
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def format_table(figures: list[Figure]) -> str:
    """Give the figures as a Markdown table."""
    rows = [("what", "measured", "against", "ratio", "aim"), ("---",) * 5, *figures]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def write_table(page: Path, table: str) -> None:
    """Put the table between the page's markers."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{table}\n{END}{after}", encoding="utf-8")
