"""Writers wait for one another, so long and no longer, and what they commit lasts."""

import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from pledge.db import Database


def test_a_writer_waits_once_for_all_locks_together(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pledge.db.engine._LOCK_SECONDS", 1)
    database, other = Database(database_url), Database(database_url)
    with other.writing() as blocker:
        blocker.execute(text("SELECT 1"))
        begun = time.monotonic()
        with database.writing() as session, pytest.raises(OperationalError):
            session.execute(text("SELECT 1"))
        assert 0.9 <= time.monotonic() - begun < 1.7
    with database.writing() as session:
        session.execute(text("SELECT 1"))
    if database.engine.dialect.name == "sqlite":  # what is left of a wait does not stay with its connection
        with database.reading() as session:
            assert session.scalar(text("PRAGMA busy_timeout")) == 1000
    database.close()
    other.close()
