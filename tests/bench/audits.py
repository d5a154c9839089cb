"""An audit of a whole log against bare verification of the same signatures on the same cores."""

import os
from pathlib import Path

from tests.bench.bench_audit import Memory, bare_cost, build, cost, run_audit
from tests.bench.figures import Figure

ENTRIES = 100_000


def measure(_directory: Path) -> list[Figure]:
    """Audit a hundred thousand signings, two signatures each, from memory."""
    jobs = len(os.sched_getaffinity(0))
    source = Memory(build(ENTRIES, jobs).files())
    before = bare_cost(jobs)
    taken = cost(lambda: run_audit(source, jobs))
    after = bare_cost(jobs)
    wall, cores = (before[n] + after[n] for n in (0, 1))
    return [
        Figure(
            f"audit of {ENTRIES:,} entries, {jobs} processes, by the {what}",
            f"{ENTRIES / measured:,.0f} entries/s",
            f"bare Ed25519 verification of their signatures: {1 / bare:,.0f} entries/s",
            f"{bare * ENTRIES / measured:.2f} ×",
            "≥ 0.8 ×",
        )
        for what, measured, bare in (("clock", taken.wall, wall), ("cores' time", taken.cores, cores))
    ]
