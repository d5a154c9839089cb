"""How fast an audit is, against bare Ed25519 verification on the same cores. A report, not a test.

    python -m tests.bench.bench_audit [SIGNINGS] [JOBS]

Builds a log of so many signings in memory, two signatures an entry, and audits it as ``pledge audit`` would. The goal
is 80 % of the rate at which all cores verify the same signatures and do nothing else.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pledge.audit.service import audit
from pledge.core.policy import parse_policy
from pledge.core.statement import format_envelope, parse_envelope, parse_statement
from pledge.errors import NotFoundError
from tests.core.sample_log import NOTARY, signatory, signed
from tests.testlog import DAY, POLICY, WholeLog, make_log

_CHUNK = 1000
_BARE_SIGNATURES = 20_000


@dataclass
class Memory:
    """A source that reads from a dict."""

    files: dict[str, bytes]
    is_live: bool = False

    def read(self, path: str, *, max_bytes: int) -> bytes:
        if path not in self.files:
            raise NotFoundError(path)
        return self.files[path][: max_bytes + 1]

    def wait(self) -> None:
        pass

    def close(self) -> None:
        pass


def build(signings: int, jobs: int) -> WholeLog:
    """Build a log of so many signings, signing in all processes."""
    log = make_log(0)
    starts = range(0, signings, _CHUNK)
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for chunk in pool.map(_signings, starts, [min(start + _CHUNK, signings) for start in starts]):
            for entry in chunk:
                log.append(entry)
    for entry in log.entries[3:]:
        _count(log, entry)
    return log


def _signings(start: int, end: int) -> list[bytes]:
    log = WholeLog(DAY)
    return [
        format_envelope(signed(log.signing(f"person {number}"), signatory(f"person {number}"), NOTARY))
        for number in range(start, end)
    ]


def _count(log: WholeLog, entry: bytes) -> None:
    envelope = parse_envelope(entry)
    log.tally.apply(envelope.payload_sha256, parse_statement(envelope))


def bare(count: int) -> None:
    """Verify one signature so often, and nothing else."""
    envelope = signed(make_log(0).signing("somebody"), signatory("somebody"))
    public = Ed25519PublicKey.from_public_bytes(signatory("somebody").key.public)
    for _ in range(count):
        public.verify(envelope.signatures[0].sig, envelope.pae)


class Cost(NamedTuple):
    """Seconds that passed, and seconds of all cores together: the second is the same on a machine that is busy."""

    wall: float
    cores: float


def cost(work: Callable[[], object]) -> Cost:
    begun, used = time.perf_counter(), sum(os.times()[:4])
    work()
    return Cost(time.perf_counter() - begun, sum(os.times()[:4]) - used)


def bare_cost(jobs: int) -> Cost:
    """What one signature costs when all cores verify and do nothing else."""
    each = _BARE_SIGNATURES // jobs

    def work() -> None:
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
            list(pool.map(bare, [each] * jobs))

    def idle() -> None:
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
            list(pool.map(bare, [1] * jobs))

    (wall, cores), (start_wall, start_cores) = cost(work), cost(idle)
    return Cost((wall - start_wall) / (each * jobs), (cores - start_cores) / (each * jobs))


def main() -> None:
    signings = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else len(os.sched_getaffinity(0))
    log = build(signings, jobs)
    source = Memory(log.files())
    before = bare_cost(jobs)
    taken = cost(lambda: run_audit(source, jobs))
    after = bare_cost(jobs)
    wall, cores = ((before[n] + after[n]) / 2 * 2 * signings for n in (0, 1))
    lines = [
        f"entries         {len(log.entries)}, {sum(map(len, log.entries)) / 1e6:.0f} MB, {jobs} processes",
        f"bare Ed25519    {2 * signings / wall:.0f} signatures/s on all cores",
        f"                {cores / 2 / signings * 1e6:.0f} µs of a core a signature",
        f"audit           {taken.wall:.1f} s, {len(log.entries) / taken.wall:.0f} entries/s",
        f"                {taken.cores / signings * 1e6:.0f} µs of a core an entry",
        f"of bare         {100 * wall / taken.wall:.0f} % by the clock",
        f"                {100 * cores / taken.cores:.0f} % by the cores' time",
    ]
    sys.stdout.write("\n".join([*lines, ""]))


def run_audit(source: Memory, jobs: int) -> None:
    """Audit as ``pledge audit`` does; a log that is not in order is a mistake of this report."""
    report = audit(source, parse_policy(POLICY), today=DAY, jobs=jobs)
    if report.problems:
        raise SystemExit(str(report.problems[:5]))


if __name__ == "__main__":
    main()
