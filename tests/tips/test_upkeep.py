"""The nightly pass: what is committed to, what is shuffled, what goes; done again, done late, cut off."""

import json
import os
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Date, Integer, LargeBinary, String, func, select, text, update

from pledge.accounts.keys import current_keys
from pledge.core import statement as st
from pledge.core.policy import verify_checkpoint
from pledge.core.statement.canonical import parse_base64
from pledge.core.tip.digest import digest_root, dummy_leaf, parse_leaves
from pledge.core.tlog.proof import parse_tlog_proof, verify_inclusion
from pledge.core.tlog.tree import leaf_hash
from pledge.errors import UnavailableError
from pledge.instance import Instance
from pledge.log.models import Entry
from pledge.tallies.service import set_day
from pledge.tips import upkeep
from pledge.tips.digests import DUMMY_DAYS, dummies_by_day
from pledge.tips.digests import answer as digest_answer
from pledge.tips.intake import LEAST_DAYS, MOST_DAYS, draw_expiry
from pledge.tips.models import Budget, Digest, Dummy, Message, Thread
from pledge.tips.store import STALE_SECONDS, Store
from pledge.tips.taking import burn, open_store, receive_answer, receive_follow_up, receive_tip
from tests.site_kit import START, Clock
from tests.steward_kit import Steward
from tests.tips.source_kit import Source, answer, framed_answer, upload

TODAY = START.date()


def tend(instance: Instance) -> tuple[int, int]:
    return upkeep.tend(instance, open_store(instance))


def pass_days(instance: Instance, clock: Clock, days: int) -> None:
    """Let days pass on which nothing of the tip line was done, and all else was."""
    clock.pass_days(days)
    instance.log.run(lambda session: set_day(session, clock.now.date()))


def is_due(instance: Instance) -> bool:
    with instance.database.reading() as session:
        return upkeep.is_due(session, instance.clock().date())


def count(instance: Instance, table: type) -> int:
    with instance.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def digest_entries(instance: Instance) -> list[st.TipDigest]:
    with instance.database.reading() as session:
        leaves = session.scalars(select(Entry.leaf).where(Entry.kind == "tip-digest").order_by(Entry.index))
        return [st.parse_statement(st.parse_envelope(leaf)) for leaf in leaves]  # type: ignore[misc]  # of this kind


def files(instance: Instance) -> list[Path]:
    directory = instance.config.home / "tips"
    return sorted(directory.iterdir()) if directory.is_dir() else []


def send(instance: Instance, *, size: int = 0) -> Source:
    source = Source(instance)
    receive_tip(instance, upload(source.tip(source.seal(files=[("a.bin", os.urandom(size))]))))
    return source


def test_a_day_is_committed_to_and_every_leaf_accounted_for(
    instance: Instance, stewards: list[Steward], clock: Clock
) -> None:
    source = Source(instance)
    envelope = source.seal()
    receive_tip(instance, upload(source.tip(envelope)))
    tend(instance)  # of today: what came today is not in it
    clock.pass_days(1)
    assert is_due(instance)
    assert tend(instance) == (1, 0)
    (first, second) = digest_entries(instance)
    assert [first.day, second.day] == [TODAY, TODAY + timedelta(days=1)]
    for entry, tips in ((first, set()), (second, {source.leaf(1, envelope)})):
        got = digest_answer(instance.database, instance.log.tiles, f"/tips/digests/{entry.day}")
        assert got
        leaves = parse_leaves(got.body)
        assert (digest_root(leaves).hex(), len(leaves)) == (entry.root, entry.leaves)
        with instance.database.reading() as session:
            dummies = set(map(dummy_leaf, dummies_by_day(session, today=clock().date())[entry.day]))
        assert set(leaves) == tips | dummies
        proven = digest_answer(instance.database, instance.log.tiles, f"/tips/digests/{entry.day}/proof")
        assert proven
        where = json.loads(proven.body)
        proof, leaf = parse_tlog_proof(where["proof"].encode()), parse_base64(where["leaf_entry"])
        assert st.parse_statement(st.parse_envelope(leaf)) == entry
        tree = verify_checkpoint(instance.policy, proof.checkpoint).checkpoint
        verify_inclusion(leaf_hash(leaf), proof.index, tree.size, proof.path, tree.root)
    listed = digest_answer(instance.database, instance.log.tiles, "/tips/digests.json")
    assert listed
    assert listed.body == b'{"days":["2026-11-23","2026-11-24"],"type":"tip-digests/v1"}'


@pytest.mark.parametrize(
    "path", ["", "/x", "/2026-11-25", "/2026-13-01", "/2026-11-24/", "/%32026-11-24", "/2026-11-25/proof"]
)
@pytest.mark.sqlite_only
def test_other_days_have_none(instance: Instance, stewards: list[Steward], path: str) -> None:
    tend(instance)
    assert digest_answer(instance.database, instance.log.tiles, f"/tips/digests{path}") is None


def test_again_on_the_same_day_changes_nothing(
    instance: Instance, stewards: list[Steward], clock: Clock
) -> None:
    send(instance, size=300_000)
    clock.pass_days(1)
    tend(instance)
    before = digest_entries(instance), count(instance, Dummy), count(instance, Message), files(instance)
    assert not is_due(instance)
    assert tend(instance) == (0, 0)
    assert before == (
        digest_entries(instance),
        count(instance, Dummy),
        count(instance, Message),
        files(instance),
    )


def test_days_that_were_missed_are_caught_up_in_one(
    instance: Instance, stewards: list[Steward], clock: Clock
) -> None:
    sources = []
    for _ in range(3):
        sources.append(send(instance))
        clock.pass_days(2)
    assert tend(instance) == (3, 0)
    (entry,) = digest_entries(instance)
    assert entry.day == clock.now.date()
    assert count(instance, Dummy) == 61


def test_what_comes_late_around_midnight_waits_for_the_next_digest_and_keeps_nobody_busy(
    instance: Instance, stewards: list[Steward], clock: Clock
) -> None:
    clock.pass_days(1)
    tend(instance)
    clock.pass_days(-1)
    send(instance, size=300_000)
    clock.pass_days(1)
    assert not is_due(instance)
    clock.pass_days(1)
    assert is_due(instance)
    assert tend(instance) == (1, 0)


def test_a_closed_door_has_no_digests_but_what_came_before_it_closed_is_in_one(
    instance: Instance, stewards: list[Steward], clock: Clock
) -> None:
    send(instance)
    pass_days(instance, clock, 400)
    with instance.database.reading() as session:
        assert not current_keys(session, clock.now.date())
    instance.log.run(lambda session: session.execute(update(Thread).values(expires=date(2999, 1, 1))))
    assert is_due(instance)
    assert tend(instance) == (1, 0)
    clock.pass_days(1)
    assert not is_due(instance)
    assert tend(instance) == (0, 0)
    assert len(digest_entries(instance)) == 1


def rowids(instance: Instance, table: str) -> list[bytes]:
    """The ids of a table's rows in the order in which the database keeps them."""
    order = "rowid" if instance.config.database_url.startswith("sqlite") else "ctid"
    with instance.database.reading() as session:
        rows = session.execute(text(f"SELECT id FROM {table} ORDER BY {order}"))  # noqa: S608  # two names of ours
        return [bytes(row[0]) for row in rows]


def test_rows_do_not_tell_in_which_order_they_came(
    instance: Instance, stewards: list[Steward], clock: Clock
) -> None:
    for _ in range(12):
        send(instance)
    tables = ("tip_message", "tip_thread")
    before = [rowids(instance, table) for table in tables]
    clock.pass_days(1)
    tend(instance)
    after = [rowids(instance, table) for table in tables]
    for old, new in zip(before, after, strict=True):
        assert sorted(old) == sorted(new)
        assert old != new  # by chance once in 12! times
    with instance.database.reading() as session:
        messages = dict(session.execute(select(Message.id, Message.thread)).all())
    assert [messages[message_id] for message_id in after[0]] != after[1]  # nor one table the other's


def test_files_have_no_time_but_the_day(instance: Instance, stewards: list[Steward], clock: Clock) -> None:
    source = send(instance, size=300_000)
    (path,) = files(instance)
    before = path.read_bytes(), path.stat().st_ino
    clock.pass_days(1)
    tend(instance)
    assert files(instance) == [path]
    noon = START.replace(hour=12, minute=0, second=0, microsecond=0).timestamp()
    assert (path.stat().st_mtime, path.stat().st_atime) == (noon, noon)
    assert path.stat().st_mode & 0o777 == 0o600
    assert (path.read_bytes(), path.stat().st_ino != before[1]) == (before[0], True)
    assert source.hashes


def test_a_disk_without_room_to_shuffle_files_stops_nothing(
    instance: Instance, stewards: list[Steward], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(instance, size=300_000)
    (path,) = files(instance)
    before = path.read_bytes()
    clock.pass_days(1)

    def no_space(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfileobj", no_space)
        assert tend(instance) == (1, 0)
    assert files(instance) == [path]
    noon = START.replace(hour=12, minute=0, second=0, microsecond=0).timestamp()
    assert (path.read_bytes(), path.stat().st_mtime) == (before, noon)


def test_a_thread_goes_when_its_time_is_over_and_each_movement_gives_it_more(
    instance: Instance, stewards: list[Steward], clock: Clock
) -> None:
    quiet, moved, answered = (send(instance, size=300_000) for _ in range(3))
    with instance.database.reading() as session:
        ids = {thread.mailbox: thread.id for thread in session.scalars(select(Thread))}
    pass_days(instance, clock, LEAST_DAYS - 1)
    tend(instance)
    assert count(instance, Thread) == 3
    receive_follow_up(instance, upload(moved.follow_up()))
    body = framed_answer(answer(stewards[0], answered), answered)
    receive_answer(instance, ids[answered.codename.mailbox], upload(body))
    pass_days(instance, clock, MOST_DAYS - LEAST_DAYS + 1)
    assert is_due(instance)
    assert tend(instance)[1] == 1
    with instance.database.reading() as session:
        left = set(session.scalars(select(Thread.mailbox)))
    assert left == {moved.codename.mailbox, answered.codename.mailbox}
    assert count(instance, Message) == 4
    assert len(files(instance)) == 2
    pass_days(instance, clock, MOST_DAYS)
    tend(instance)
    assert (count(instance, Thread), count(instance, Message), files(instance)) == (0, 0, [])
    assert quiet.hashes


def test_how_long_is_drawn_evenly(instance: Instance) -> None:
    drawn = [(draw_expiry(TODAY, os.urandom) - TODAY).days for _ in range(3000)]
    assert set(drawn) == set(range(LEAST_DAYS, MOST_DAYS + 1))
    assert all(120 < drawn.count(days) < 290 for days in set(drawn))  # 200 each, more than six sigma


def test_what_is_deleted_is_gone_also_while_the_log_refuses(
    instance: Instance, stewards: list[Steward], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, burned = send(instance, size=300_000), send(instance, size=300_000)
    tend(instance)

    def refuse(*_: object) -> None:
        raise UnavailableError("The log may not be extended.", code="log-refused")

    monkeypatch.setattr(type(instance.log), "_check_may_write", refuse)
    burn(instance, burned.codename.mailbox)
    assert (count(instance, Thread), count(instance, Message), len(files(instance))) == (1, 1, 1)
    clock.pass_days(MOST_DAYS)
    with pytest.raises(UnavailableError):
        tend(instance)
    assert (count(instance, Thread), count(instance, Message), files(instance)) == (0, 0, [])
    assert kept.hashes


def test_a_burned_thread_leaves_no_row_and_no_file(instance: Instance, stewards: list[Steward]) -> None:
    source, other = send(instance, size=300_000), send(instance, size=300_000)
    receive_follow_up(instance, upload(source.follow_up(source.seal(files=[("b.bin", os.urandom(300_000))]))))
    burn(instance, source.codename.mailbox)
    burn(instance, source.codename.mailbox)
    burn(instance, "0" * 32)
    with instance.database.reading() as session:
        assert list(session.scalars(select(Thread.mailbox))) == [other.codename.mailbox]
        (message,) = session.scalars(select(Message))
    assert [path.name for path in files(instance)] == [message.id.hex()]


def test_budgets_and_dummies_go(instance: Instance, stewards: list[Steward], clock: Clock) -> None:
    send(instance)
    tend(instance)
    assert (count(instance, Budget), count(instance, Dummy)) == (1, 64)
    clock.pass_days(1)
    tend(instance)
    assert count(instance, Budget) == 0
    pass_days(instance, clock, DUMMY_DAYS - 1)
    tend(instance)
    assert (min(days(instance)), count(instance, Digest)) == (TODAY, 3)
    clock.pass_days(1)
    tend(instance)
    assert (min(days(instance)), count(instance, Digest)) == (TODAY + timedelta(days=1), 4)


@pytest.mark.sqlite_only
def test_a_day_that_is_full_needs_no_dummies_and_is_told_all_the_same(
    instance: Instance, stewards: list[Steward], clock: Clock
) -> None:
    for _ in range(2):
        for _ in range(32):
            send(instance)
        clock.now += timedelta(hours=1)
    clock.pass_days(1)
    tend(instance)
    with instance.database.reading() as session:
        assert dummies_by_day(session, today=clock().date()) == {clock().date(): []}


def days(instance: Instance) -> list[date]:
    with instance.database.reading() as session:
        return list(session.scalars(select(Dummy.day)))


@pytest.mark.parametrize(
    "step", ["Store.rewrite", "_settle", "_delete_expired", "Store.remove", "Store.sweep"]
)
@pytest.mark.sqlite_only
def test_a_pass_that_was_cut_off_is_done_by_whoever_looks_next(
    instance: Instance, stewards: list[Steward], clock: Clock, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def kill(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    old = send(instance, size=300_000)
    pass_days(instance, clock, MOST_DAYS - 1)
    new = send(instance, size=300_000)
    clock.pass_days(1)
    with monkeypatch.context() as patched:
        patched.setattr(f"pledge.tips.upkeep.{step}", kill)
        with pytest.raises(KeyboardInterrupt):
            tend(instance)
    tend(instance)
    assert not is_due(instance)
    with instance.database.reading() as session:
        (message,) = session.scalars(select(Message))
    assert (message.sha256, message.settled) == (new.hashes[0], clock.now.date())
    if (
        step == "Store.remove"
    ):  # rows first, then files: what is left then is swept once nobody can be writing it
        for path in files(instance):
            assert path.stat().st_ctime <= time.time()
        return
    assert [path.name for path in files(instance)] == [message.id.hex()]
    assert old.hashes


@pytest.mark.sqlite_only
def test_what_a_crash_leaves_is_swept_and_nothing_else(
    instance: Instance, stewards: list[Steward], monkeypatch: pytest.MonkeyPatch
) -> None:
    send(instance, size=300_000)
    (path,) = files(instance)
    for name in ("00" * 16, "11" * 16 + ".part"):
        (path.parent / name).write_bytes(b"ciphertext that no row names")
    tend(instance)
    assert len(files(instance)) == 3  # somebody may be writing them just now
    real = time.time
    monkeypatch.setattr("pledge.tips.store.time.time", lambda: real() + STALE_SECONDS + 1)
    tend(instance)
    assert files(instance) == [path]


def test_nothing_is_kept_that_tells_more_than_a_day(
    instance: Instance, stewards: list[Steward], clock: Clock
) -> None:
    clock.now = clock.now.replace(hour=17, minute=43, second=21)
    source = send(instance)
    receive_follow_up(instance, upload(source.follow_up()))
    clock.pass_days(1)
    tend(instance)
    for table in (Thread, Message, Budget, Digest, Dummy):
        for column in table.__table__.columns:
            assert isinstance(column.type, Date | LargeBinary | String | Integer), column
    with instance.database.reading() as session:
        for model in (Thread, Message, Digest, Dummy, Budget):
            for row in session.scalars(select(model)):
                values = [getattr(row, column.key) for column in model.__table__.columns]
                assert not [value for value in values if isinstance(value, datetime)]
                assert not [value for value in values if isinstance(value, int) and value > 1_000_000]
                assert not [value for value in values if isinstance(value, str) and "T17" in value]


@pytest.mark.sqlite_only
def test_what_is_burned_while_its_file_is_written_anew_is_gone(
    instance: Instance, clock: Clock, stewards: list[Steward], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(instance)
    receive_tip(instance, upload(source.tip(source.seal(files=[("a.bin", os.urandom(300_000))]))))
    clock.pass_days(1)
    copy = Store._copy

    def burn_meanwhile(path: Path, target: Path) -> None:
        copy(path, target)
        burn(instance, source.codename.mailbox)

    monkeypatch.setattr(Store, "_copy", staticmethod(burn_meanwhile))
    tend(instance)
    assert count(instance, Message) == len(files(instance)) == 0


@pytest.mark.sqlite_only
def test_two_passes_at_once_lose_nothing(
    instance: Instance, clock: Clock, stewards: list[Steward], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(instance)
    envelope = source.seal(files=[("a.bin", os.urandom(300_000))])
    receive_tip(instance, upload(source.tip(envelope)))
    clock.pass_days(1)
    copy, is_second = Store._copy, False

    def pass_again(path: Path, target: Path) -> None:
        nonlocal is_second
        copy(path, target)
        if not is_second:
            is_second = True
            tend(instance)

    monkeypatch.setattr(Store, "_copy", staticmethod(pass_again))
    tend(instance)
    (file,) = files(instance)
    assert file.read_bytes() == envelope
