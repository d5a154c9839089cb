"""Writers wait for one another, so long and no longer, and what they commit lasts."""

import time
from urllib.parse import quote

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from pledge.db import Database
from tests.postgresql import Server


def test_a_writer_waits_once_for_all_locks_together(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pledge.db.engine._LOCK_SECONDS", 3)
    database, other = Database(database_url), Database(database_url)
    with other.writing() as blocker:
        blocker.execute(text("SELECT 1"))
        begun = time.monotonic()
        with database.writing() as session, pytest.raises(OperationalError):
            session.execute(text("SELECT 1"))
        assert 2.9 <= time.monotonic() - begun < 5.7
    with database.writing() as session:
        session.execute(text("SELECT 1"))
    if database.engine.dialect.name == "sqlite":  # what is left of a wait does not stay with its connection
        with database.reading() as session:
            assert session.scalar(text("PRAGMA busy_timeout")) == 3000
    database.close()
    other.close()


@pytest.mark.parametrize(
    ("server_says", "writers_have"), [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")]
)
def test_what_postgresql_does_by_default_weakens_no_writer(
    postgresql: Server, server_says: str, writers_have: str
) -> None:
    options = rf"-c synchronous_commit={server_says} -c default_transaction_isolation=repeatable\ read"
    database = Database(f"{postgresql.url('postgres')}&options={quote(options)}")
    with database.reading() as session:  # leaves nothing to the writer that takes its connection
        assert session.scalar(text("SHOW synchronous_commit")) == server_says
    with database.writing() as session:
        assert session.scalar(text("SHOW synchronous_commit")) == writers_have
        assert session.scalar(text("SHOW transaction_isolation")) == "read committed"
    database.close()
