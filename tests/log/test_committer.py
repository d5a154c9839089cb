"""Group commit: shared transactions, private failures, and nobody answered too early."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from pledge.db import Database
from pledge.errors import ConflictError, UnavailableError
from pledge.log.committer import MAX_WAITING, Committer
from tests.site_kit import Clock, make_config, make_instance


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    with opened.writing() as session:
        session.execute(text("CREATE TABLE note (id INTEGER PRIMARY KEY)"))
        session.commit()
    yield opened
    opened.close()


def notes(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(text("SELECT id FROM note ORDER BY id")))


def write(session: Session, number: int) -> int:
    session.execute(text("INSERT INTO note VALUES (:id)"), {"id": number})
    return number


def test_many_threads_share_few_transactions(database: Database) -> None:
    commits = []
    committer = Committer(database, lambda session: None, lambda: commits.append(1))
    with ThreadPoolExecutor(32) as pool:
        results = list(pool.map(lambda n: committer.run(lambda session: write(session, n)), range(200)))
    assert results == list(range(200)) == notes(database)
    assert 1 <= len(commits) < 200


def test_a_failing_work_is_rolled_back_alone(database: Database) -> None:
    committer = Committer(database, lambda session: None, lambda: None)

    def work(number: int) -> object:
        def run(session: Session) -> int:
            write(session, number)
            if number % 3 == 0:
                raise ConflictError("third")
            return number

        try:
            return committer.run(run)
        except ConflictError:
            return None

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(work, range(60)))
    assert results == [None if n % 3 == 0 else n for n in range(60)]
    assert notes(database) == [n for n in range(60) if n % 3]


def test_a_broken_constraint_is_a_conflict(database: Database) -> None:
    committer = Committer(database, lambda session: None, lambda: None)
    committer.run(lambda session: write(session, 1))
    with pytest.raises(ConflictError):
        committer.run(lambda session: write(session, 1))
    assert committer.run(lambda session: write(session, 2)) == 2


def test_a_failing_sequencer_fails_everybody_and_the_next_go_on(database: Database) -> None:
    fails = [True]

    def sequence(_: Session) -> None:
        if fails.pop() if fails else False:
            raise ConflictError("the head moved")

    committer = Committer(database, sequence, lambda: None)
    with pytest.raises(ConflictError):
        committer.run(lambda session: write(session, 1))
    assert notes(database) == []
    committer.run(lambda session: write(session, 1))
    assert notes(database) == [1]


def test_nobody_is_answered_before_the_commit_is_published(database: Database) -> None:
    published: list[list[int]] = []
    committer = Committer(database, lambda session: None, lambda: published.append(notes(database)))
    committer.run(lambda session: write(session, 7))
    assert published == [[7]]


def test_too_many_waiting_are_turned_away(database: Database) -> None:
    held, release = threading.Event(), threading.Event()

    def hold(session: Session) -> None:
        held.set()
        release.wait(30)

    committer = Committer(database, lambda session: None, lambda: None)
    threads = [threading.Thread(target=committer.run, args=(hold,))]
    threads[0].start()
    held.wait(30)
    threads += [
        threading.Thread(target=committer.run, args=(lambda session: None,)) for _ in range(MAX_WAITING)
    ]
    for thread in threads[1:]:
        thread.start()
    while len(committer._waiting) < MAX_WAITING:
        pass
    with pytest.raises(UnavailableError):
        committer.run(lambda session: None)
    release.set()
    for thread in threads:
        thread.join()


def test_a_running_log_survives_a_lock_that_lasts(clock: Clock, tmp_path: Path) -> None:
    instance = make_instance(make_config(tmp_path / "home"), clock)
    blocker = instance.database.writing()
    blocker.execute(text("SELECT 1"))
    done = threading.Event()

    def wait() -> None:
        instance.log.run(lambda session: None)
        done.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not done.wait(0.3)
    blocker.rollback()
    blocker.close()
    thread.join(20)
    assert done.is_set()
    instance.database.close()
