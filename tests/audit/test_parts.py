"""The parts of an audit that a whole one does not show: progress, processes, reading ahead, days."""

import os
import select
import signal
import sys
from pathlib import Path

import pytest

from pledge.audit.cli import _progress
from pledge.audit.console import write_atomically
from pledge.audit.fold import Days, Fold
from pledge.audit.published import Published, read_ahead
from pledge.audit.signatures import BadSignature, Verifiers, verify_batch
from pledge.audit.source import Directory
from pledge.core.ledger import Ledger, read_entry
from pledge.core.signatures import SignatureCheck
from pledge.core.statement import Envelope, format_envelope, format_payload_type, parse_envelope
from pledge.errors import NotFoundError, UnavailableError
from tests.core.sample_log import ANONYMOUS
from tests.testlog import DAY, make_log


def checks_of(log_entries: list[bytes]) -> list[tuple[int, tuple[SignatureCheck, ...]]]:
    ledger = Ledger()
    return [
        (index, ledger.apply(index, read_entry(parse_envelope(entry))))
        for index, entry in enumerate(log_entries)
    ]


def test_the_first_problem_of_several_stands() -> None:
    entries = make_log(3).entries
    no_envelope, no_statement = b"{}", format_envelope(Envelope(b"{}", format_payload_type("lab")))
    for bad, code in (
        ([entries[3], no_statement, no_envelope], "payload-repeated"),
        ([no_statement, no_envelope, entries[3]], "malformed"),
        ([no_envelope, no_statement, entries[3]], "malformed"),
    ):
        fold = Fold(Days(DAY), None)
        assert len(fold.take([*entries, *bad])) == fold.ledger.size == len(entries)
        assert fold.problem is not None
        assert (fold.problem.rule, fold.problem.entry) == (code, len(entries))
        assert fold.take(entries) == []


def test_progress_is_shown_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with _progress() as progress:
        progress(5, 10)
    assert capsys.readouterr().err == ""
    master, terminal = os.openpty()
    with os.fdopen(terminal, "w", encoding="utf-8") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with _progress() as progress:
            progress(256, 512)
            progress(512, 512)
        shown = ""
        while "512/512" not in shown:  # a terminal hands on what it has, piece by piece
            assert select.select([master], [], [], 10)[0], shown
            shown += os.read(master, 10_000).decode()
    os.close(master)


def test_bad_signatures_are_found_alike_in_one_process_and_in_many() -> None:
    batch = checks_of(make_log(3).entries)
    index, checks = batch[4]
    bad = checks[1]._replace(signature=checks[0].signature)
    batch[4] = (index, (checks[0], bad))
    expected = verify_batch(batch)
    assert [found.entry for found in expected] == [4]
    assert isinstance(expected[0], BadSignature)
    for jobs in (1, 2):
        with Verifiers(jobs) as verifiers:
            for _ in range(12):
                verifiers.submit(batch)
            assert verifiers.finish() == expected * 12


def test_a_worker_that_was_killed_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = checks_of(make_log(1).entries)
    with Verifiers(2) as verifiers:
        verifiers.submit(batch)
        verifiers.finish()
        pool = verifiers._pool
        assert pool is not None
        for process in pool._processes.values():
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(UnavailableError, match="--jobs 1"):  # noqa: PT012  # either call may be the first to see it
            verifiers.submit(batch)
            verifiers.finish()
        with pytest.raises(UnavailableError, match="--jobs 1"):
            verifiers.submit(batch)


def test_reading_ahead_keeps_order_and_stops_when_told() -> None:
    asked: list[int] = []

    def read(key: int) -> int:
        asked.append(key)
        return key * key

    assert list(read_ahead(range(100), read)) == [key * key for key in range(100)]
    asked.clear()
    reading = read_ahead(range(1000), read)
    assert next(reading) == 0
    reading.close()
    assert len(asked) < 50


def test_a_full_tile_that_is_missing_has_nothing_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        Published(Directory(tmp_path)).tile(0, 0, 256)


def test_anonymous_signings_have_no_day_to_check() -> None:
    Days(today=DAY).check(0, ANONYMOUS)


def test_a_file_and_its_name_are_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    sync = os.fsync

    def keep(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        sync(handle)

    monkeypatch.setattr(os, "fsync", keep)
    write_atomically(tmp_path / "file", b"data")
    assert synced == [(tmp_path / "file").stat().st_ino, tmp_path.stat().st_ino]


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path / "there", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
