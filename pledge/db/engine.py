"""One engine for SQLite and PostgreSQL, with the durability the log needs.

On both there is one writer at a time, so that what is true on one is true on the other: writing transactions begin by
taking the write lock, on SQLite with BEGIN IMMEDIATE, on PostgreSQL with an advisory lock that ends with the
transaction. Group commit (``log.committer``) makes that cheap. Readers never wait and see one snapshot.

SQLite: WAL; ``synchronous=FULL``, so that a commit is on disk when it returns; ``secure_delete``, so that what is
deleted is overwritten. SQLite itself lets writers of other processes ask again and again, at growing intervals, and
whoever asks at the right moment wins; so they take turns at a lock file first, and ask for that every half millisecond.

PostgreSQL: writers have READ COMMITTED, so that they see what was written while they waited for the lock, and
``synchronous_commit``, so that a commit lasts, whatever the server's defaults are.

What a statement is given never stands in an error: it may be what a person wrote.
"""

import fcntl
import time
from functools import partial
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

_LOCK_SECONDS = 10
_ADVISORY_LOCK = 0x706C6564  # "pled"; any constant will do, as long as all processes use the same
_WRITES = "pledge_writes"
_TURN = "pledge_turn"
_TURN_SECONDS = 0.0005
# SET LOCAL, in one statement. Commits are durable whatever the server's default; a stronger one stays.
_PREPARE_POSTGRESQL = """
    SELECT set_config('lock_timeout', %(lock_timeout)s, true),
           set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                      WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)
"""
_SQLITE_CONNECTIONS = 64  # kept for all threads of a process: opening one costs as much as a page does


class Database:
    """Hands out sessions.

    Args:
        url: An SQLAlchemy URL of SQLite or PostgreSQL (psycopg).
        pool_size: Connections kept per process on PostgreSQL.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        if url.startswith("sqlite"):
            self.engine = self._reading = writing = _sqlite(url)
        else:
            self.engine = create_engine(url, pool_size=pool_size, max_overflow=20, hide_parameters=True)
            event.listen(self.engine, "begin", _begin_postgresql)
            self._reading = self.engine.execution_options(isolation_level="REPEATABLE READ")
            writing = self.engine.execution_options(isolation_level="READ COMMITTED")
        self._writing = writing.execution_options(**{_WRITES: True})

    def reading(self) -> Session:
        """Open a session that only reads: one snapshot for all its statements."""
        return Session(self._reading)

    def writing(self) -> Session:
        """Open a session that writes and holds the write lock from its first statement; the caller commits.

        Waiting for the lock for ten seconds raises ``sqlalchemy.exc.OperationalError``.
        """
        return Session(self._writing, expire_on_commit=False)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url, connect_args={"timeout": _LOCK_SECONDS}, pool_size=_SQLITE_CONNECTIONS, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", partial(_begin_sqlite, f"{engine.url.database}-turn"))
    event.listen(engine, "checkin", _end_turn)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  # the driver's own connection type
    connection.isolation_level = (
        None  # transactions begin where _begin_sqlite says, not where the driver guesses
    )
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(turn: str, connection: Connection) -> None:
    if not connection.get_execution_options().get(_WRITES, False):
        connection.exec_driver_sql("BEGIN")
        return
    lock = Path(turn).open("w")  # noqa: SIM115  # closed by _end_turn
    connection.info[_TURN] = lock
    deadline = time.monotonic() + _LOCK_SECONDS
    _wait_for_turn(lock, deadline)
    left_ms = max(0, int(1000 * (deadline - time.monotonic())))
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {left_ms}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_LOCK_SECONDS * 1000}")


def _wait_for_turn(lock: IO[str], deadline: float) -> None:
    """Wait until the deadline at most; the database's own lock, held too then, says so in its own words at once."""
    while time.monotonic() < deadline:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_TURN_SECONDS)
        else:
            return


def _end_turn(_connection: object, record: ConnectionPoolEntry) -> None:
    """Let the next writer go on, once the transaction is over and its connection is back in the pool."""
    lock = record.info.pop(_TURN, None)
    if lock is not None:
        lock.close()


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITES, False):
        connection.exec_driver_sql(_PREPARE_POSTGRESQL, {"lock_timeout": f"{_LOCK_SECONDS}s"})
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
