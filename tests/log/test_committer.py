"""Group commit: shared transactions, private failures, and nobody answered too early."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
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


def run_as_one_batch(committer: Committer, works: list[Callable[[Session], object]]) -> list[object]:
    """Have works wait behind another, so that they share a transaction; gives what came of each."""
    started, release = threading.Event(), threading.Event()

    def hold(_: Session) -> None:
        started.set()
        release.wait(30)

    def answer(work: Callable[[Session], object]) -> object:
        try:
            return committer.run(work)
        except BaseException as error:  # noqa: BLE001  # what it is, is what the test asks
            return error

    with ThreadPoolExecutor(len(works) + 1) as pool:
        first = pool.submit(committer.run, hold)
        assert started.wait(30)
        waiting = []
        for number, work in enumerate(works, start=1):
            waiting.append(pool.submit(answer, work))
            while len(committer._waiting) < number:
                time.sleep(0.001)
        release.set()
        first.result()
        return [one.result() for one in waiting]


def fail_at(*errors: BaseException | None) -> Callable[..., None]:
    """Gives what raises these errors, call by call, and then nothing."""
    left = list(errors)

    def call(*_: object) -> None:
        error = left.pop(0) if left else None
        if error is not None:
            raise error

    return call


def test_each_of_a_batch_that_failed_is_tried_alone(database: Database) -> None:
    committer = Committer(
        database, fail_at(None, ValueError("batch"), None, ValueError("second")), lambda: None
    )
    results = run_as_one_batch(committer, [lambda session, n=n: write(session, n) for n in range(4)])  # type: ignore[misc]
    assert [result if isinstance(result, int) else str(result) for result in results] == [0, "second", 2, 3]
    assert notes(database) == [0, 2, 3]


def test_what_a_rolled_back_try_returned_is_no_answer(database: Database) -> None:
    committer = Committer(database, fail_at(None, ValueError("batch"), None, SystemExit()), lambda: None)
    results = run_as_one_batch(committer, [lambda session, n=n: write(session, n) for n in range(4)])  # type: ignore[misc]
    # The first leads the others, and with the second its thread ends; nobody got to the last two.
    assert [type(result) for result in results] == [SystemExit, SystemExit, ValueError, ValueError]
    assert notes(database) == [0]


def test_who_is_not_published_is_not_answered_and_the_others_are(database: Database) -> None:
    sequence, committed = fail_at(None, ValueError("the batch")), fail_at(None, None, OSError("full"))
    committer = Committer(database, sequence, committed)
    results = run_as_one_batch(committer, [lambda session, n=n: write(session, n) for n in range(4)])  # type: ignore[misc]
    assert [type(result) for result in results] == [int, OSError, int, int]


def test_where_a_whole_batch_is_not_published_nobody_is_answered(database: Database) -> None:
    committer = Committer(database, lambda session: None, fail_at(None, OSError("full")))
    results = run_as_one_batch(committer, [lambda session, n=n: write(session, n) for n in range(3)])  # type: ignore[misc]
    assert [type(result) for result in results] == [OSError] * 3


def test_a_lock_that_is_held_fails_a_batch_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pledge.db.engine._LOCK_SECONDS", 1)
    database, other = Database(database_url), Database(database_url)
    committer = Committer(database, lambda session: None, lambda: None)

    def ask(_: int) -> float:
        begun = time.monotonic()
        with pytest.raises(OperationalError):
            committer.run(lambda session: None)
        return time.monotonic() - begun

    with other.writing() as blocker:
        blocker.execute(text("SELECT 1"))
        with ThreadPoolExecutor(7) as pool:
            seconds = list(pool.map(ask, range(7)))
    assert max(seconds) < 3  # at most a turn that somebody else was waiting out, and one of one's own
    assert min(seconds) >= 0.9
    assert committer.run(lambda session: 1) == 1
    database.close()
    other.close()


def test_a_lock_that_is_held_ends_the_tries_of_each_alone(database: Database) -> None:
    held = OperationalError("BEGIN", None, Exception("locked"))
    committer = Committer(database, fail_at(None, ValueError("batch"), None, held), lambda: None)
    results = run_as_one_batch(committer, [lambda session, n=n: write(session, n) for n in range(4)])  # type: ignore[misc]
    assert results == [0, held, held, held]
    assert notes(database) == [0]


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
