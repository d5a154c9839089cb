"""Verifying many signatures at once: in this process, or spread over as many as there are cores."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Final, NamedTuple, Self

from pledge.core.requirements import Checks
from pledge.errors import UnavailableError, VerificationError

_AHEAD: Final = 4


class BadSignature(NamedTuple):
    """A signature that does not check out: the index of its entry, and why."""

    entry: int
    code: str
    message: str


Batch = Sequence[tuple[int, Checks]]
"""Entries by index, each with its checks: plain values, about 1.7 KB an entry."""


def verify_batch(batch: Batch) -> list[BadSignature]:
    """Verify every signature of some entries; gives those that are bad, at most one an entry."""
    bad = []
    for index, checks in batch:
        try:
            for check in checks:
                check.verify()
        except VerificationError as error:
            bad.append(BadSignature(index, error.code, str(error)))
    return bad


class Verifiers:
    """Takes batches and gives what is bad in them, in the order of the log.

    With one job everything happens in this process. Else batches go to worker processes, at most a few ahead, so that
    memory stays bounded whatever the length of the log. Use as a context.

    Args:
        jobs: Number of processes, at least 1.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: deque[Future[list[BadSignature]]] = deque()
        self.bad: list[BadSignature] = []

    def __enter__(self) -> Self:
        if self._jobs > 1:
            # Fresh processes: a fork would copy threads' locks, and the connections they read from.
            self._pool = ProcessPoolExecutor(
                self._jobs, multiprocessing.get_context("spawn"), initializer=_leave_interrupts
            )
        return self

    def submit(self, batch: Batch) -> None:
        """Have a batch verified.

        Raises:
            UnavailableError: A worker process was ended from outside.
        """
        if self._pool is None:
            self.bad += verify_batch(batch)
            return
        try:
            self._waiting.append(self._pool.submit(verify_batch, batch))
        except BrokenProcessPool as error:
            raise _broken() from error
        if len(self._waiting) > _AHEAD * self._jobs:
            self._collect()

    def finish(self) -> list[BadSignature]:
        """Wait for all batches and give what is bad.

        Raises:
            UnavailableError: A worker process was ended from outside.
        """
        while self._waiting:
            self._collect()
        return self.bad

    def _collect(self) -> None:
        try:
            self.bad += self._waiting.popleft().result()
        except BrokenProcessPool as error:
            raise _broken() from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def _broken() -> UnavailableError:
    return UnavailableError(
        "A worker process was ended, perhaps for want of memory. Try again with --jobs 1."
    )


def _leave_interrupts() -> None:
    """Let Ctrl-C end the audit from its main process alone, without a trace from each worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
