"""Group commit: many requests, one transaction, one write to the disk.

A request hands over what it wants to write as a callable. The first to find nobody committing becomes the leader:
it takes everything that is waiting, runs each in a savepoint of its own, sequences the log, commits once, and hands
leadership to the next in line. Nobody is answered before the commit that holds their work is durable, and no daemon
is needed. A work that raises is rolled back alone; the others go on.

Works of one kind may share their statements too: what many requests hand to the same function is given to it at
once. Where that fails, each is tried alone, so that nobody suffers for another.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from pledge.db import Database
from pledge.errors import ConflictError, UnavailableError

T = TypeVar("T")
Item = TypeVar("Item")
Together = Callable[[Session, Sequence[Item]], Sequence[T]]
"""Writes many items at once and gives a result for each, in order; or raises, and then has written nothing."""

MAX_WAITING = 512
"""Works that may wait at once in one process; more are turned away rather than kept waiting."""

MAX_BATCH = 128
"""Works that share a transaction, at most."""


class _Work:
    """One request's write and what became of it."""

    __slots__ = ("error", "event", "item", "leads", "result", "together")

    def __init__(self, together: Together[Any, Any], item: object) -> None:
        self.together = together
        self.item = item
        self.event = threading.Event()
        self.leads = False
        self.result: Any = None
        self.error: BaseException | None = None


class Committer:
    """Runs works in shared transactions.

    Args:
        database: Where to write.
        sequence: Called in the transaction after the works; drains ``pending`` into the log.
        committed: Called after each durable commit and before anybody is answered.
        max_batch: Works in one transaction, at most.
    """

    def __init__(
        self,
        database: Database,
        sequence: Callable[[Session], object],
        committed: Callable[[], object],
        *,
        max_batch: int = MAX_BATCH,
    ) -> None:
        self._database = database
        self._sequence = sequence
        self._committed = committed
        self._max_batch = max_batch
        self._waiting: deque[_Work] = deque()
        self._mutex = threading.Lock()
        self._leading = False

    def run(self, run: Callable[[Session], T]) -> T:
        """Run a work durably and give back what it returned.

        Raises:
            ConflictError: A unique constraint says that somebody else was first.
            UnavailableError: Too many works are waiting.
            OperationalError: The database cannot be written; nothing was.
            PledgeError: Whatever the work raised.
        """
        return self.run_together(lambda session, _: [run(session)], None)

    def run_together(self, together: Together[Item, T], item: Item) -> T:
        """Write an item durably, with whatever else waits for the same function, and give its result.

        Args:
            together: The same object for everybody whose items may be written at once.
            item: What to write.

        Raises:
            As ``run``.
        """
        work = _Work(together, item)
        with self._mutex:
            if len(self._waiting) >= MAX_WAITING:
                raise UnavailableError("The site is very busy. Nothing was changed; try again in a minute.")
            self._waiting.append(work)
            work.leads = not self._leading
            self._leading = True
        if not work.leads:
            work.event.wait()
        if work.leads:
            self._lead()
        if work.error is not None:
            raise work.error
        result: T = work.result
        return result

    def _lead(self) -> None:
        batch: list[_Work] = []
        try:
            self._commit(batch, fill=True)
        finally:
            with self._mutex:
                following = self._waiting[0] if self._waiting else None
                if following is None:
                    self._leading = False
                else:
                    following.leads = True
            if following is not None:
                following.event.set()
            for work in batch:
                work.event.set()

    def _take(self) -> list[_Work]:
        with self._mutex:
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), self._max_batch))]

    def _commit(self, batch: list[_Work], *, fill: bool = False) -> None:
        """Commit a batch; where one of it may be why that failed, commit each alone.

        It is filled with what waits, if asked for, once the lock is held.
        Nobody keeps what came of a transaction that was rolled back: until its own try, a work has the batch's error.
        """
        try:
            if not self._transact(batch, fill=fill):
                return
        except BaseException as error:
            left = _fail(batch, error)
            if not isinstance(error, Exception):
                raise
            if len(left) > 1:
                self._commit_each(left, error)
            return
        try:
            self._committed()
        except BaseException as error:
            _fail(batch, error)
            if not isinstance(error, Exception):
                raise

    def _commit_each(self, batch: list[_Work], error: Exception) -> None:
        """Commit each alone, until the database itself gives up, such as on a lock that is held: waits would add up."""
        for work in batch:
            work.error = error if isinstance(error, OperationalError) else None
            if work.error is None:
                self._commit([work])
                error = work.error or error

    def _transact(self, batch: list[_Work], *, fill: bool) -> bool:
        """Run and sequence a batch in one transaction; False where every work failed by itself.

        Whoever comes while the lock is waited for goes along, so that another process's turn makes this batch larger.
        """
        with self._database.writing() as session:
            try:
                session.connection()  # takes the lock, for all of them
            finally:
                if fill:
                    batch += self._take()
            for works in _by_kind(batch):
                _run(session, works)
            if all(work.error is not None for work in batch):
                session.rollback()
                return False
            self._sequence(session)
            session.commit()
        return True


def _fail(batch: list[_Work], error: BaseException) -> list[_Work]:
    """Give an error to all that have none, and take their results away; gives those works."""
    left = [work for work in batch if work.error is None]
    for work in left:
        work.result, work.error = None, error
    return left


def _by_kind(batch: list[_Work]) -> list[list[_Work]]:
    kinds: dict[Together[Any, Any], list[_Work]] = {}
    for work in batch:
        kinds.setdefault(work.together, []).append(work)
    return list(kinds.values())


def _run(session: Session, works: list[_Work]) -> None:
    try:
        with session.begin_nested():
            results = works[0].together(session, [work.item for work in works])
        for work, result in zip(works, results, strict=True):
            work.result = result
    except OperationalError:
        raise  # of the database, not of this work
    except Exception as error:  # noqa: BLE001  # handed to the thread that asked, which raises it
        if len(works) == 1:
            works[0].error = _told(error)
            return
        for work in works:
            _run(session, [work])


def _told(error: Exception) -> Exception:
    if isinstance(error, IntegrityError):
        return ConflictError("Somebody was faster: this was already done.", code="already-done")
    return error
