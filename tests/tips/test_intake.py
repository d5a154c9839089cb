"""What may become a tip or a follow-up, and what must leave nothing behind."""

import hashlib
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from pledge.core.age.envelope import seal
from pledge.core.age.file import encrypt
from pledge.core.age.hybrid import HybridIdentity
from pledge.core.age.scrypt import ScryptRecipient
from pledge.core.age.x25519 import X25519Identity
from pledge.core.archive import SIZE_CLASSES
from pledge.core.tip.acknowledgement import verify_acknowledgement
from pledge.core.tip.frame import FOLLOW_UP_BYTES, TIP_BYTES
from pledge.errors import (
    ConflictError,
    LimitError,
    MalformedError,
    NotFoundError,
    PledgeError,
    UnavailableError,
    VerificationError,
)
from pledge.instance import Instance
from pledge.log.service import tree_size
from pledge.tips.intake import FOLLOW_UPS_A_DAY, LEAST_DAYS, MOST_DAYS
from pledge.tips.models import Budget, Message, Thread
from pledge.tips.taking import receive_answer, receive_follow_up, receive_tip
from tests.site_kit import Clock
from tests.steward_kit import Steward
from tests.tips.source_kit import Source, answer, framed_answer, upload

STRANGER = HybridIdentity.from_seed(bytes([9]) * 32)


def kept(instance: Instance) -> tuple[int, int, list[str]]:
    """How many threads and messages there are, and which files."""
    with instance.database.reading() as session:
        threads, messages = (
            session.scalar(select(func.count()).select_from(table)) or 0 for table in (Thread, Message)
        )
    directory = instance.config.home / "tips"
    files = sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []
    return threads, messages, files


def thread_of(instance: Instance) -> Thread:
    with instance.database.reading() as session:
        return session.scalars(select(Thread)).one()


def padded(archive_bytes: int = SIZE_CLASSES[0]) -> bytes:
    """An envelope that nobody here can open, of so much padding: all that intake can see of one."""
    return b"".join(seal([STRANGER.recipient], [bytes(archive_bytes)], random_bytes=os.urandom))


def acknowledged(source: Source, acknowledgement: bytes) -> str:
    """The day that an acknowledgement of a source's last message says, once it is verified."""
    return verify_acknowledgement(
        acknowledgement,
        notary=source.instance.notary.key.public,
        origin=source.instance.keys.origin,
        envelope_sha256=source.hashes[-1].hex(),
    ).day.isoformat()


def test_a_tip_is_kept_and_acknowledged_and_writes_nothing_into_the_log(source: Source) -> None:
    with source.instance.database.reading() as session:
        before = tree_size(session)
    body = source.tip()
    assert acknowledged(source, receive_tip(source.instance, upload(body))) == "2026-11-23"
    with source.instance.database.reading() as session:
        message = session.scalars(select(Message)).one()
        assert message.content == body[TIP_BYTES:]
        assert (message.number, message.sender, message.way) == (1, "source", "sealed")
        assert tree_size(session) == before
    thread = thread_of(source.instance)
    days = (thread.expires - thread.opened).days
    assert LEAST_DAYS <= days <= MOST_DAYS
    assert (thread.state, thread.label, thread.assigned) == ("open", "new", None)


@pytest.mark.parametrize("size", [0, 300_000])
def test_the_same_tip_again_gets_the_same_answer(source: Source, clock: Clock, size: int) -> None:
    body = source.tip(source.seal(files=[("a.bin", os.urandom(size))]))
    first = receive_tip(source.instance, upload(body))
    before = kept(source.instance)
    assert len(before[2]) == (size > 0)
    clock.pass_days(1)
    assert receive_tip(source.instance, upload(body)) == first
    assert kept(source.instance) == before


def test_a_mailbox_takes_one_tip(source: Source) -> None:
    receive_tip(source.instance, upload(source.tip()))
    before = kept(source.instance)
    for files in ([], [("a.bin", os.urandom(300_000))]):
        source.hashes = []
        with pytest.raises(ConflictError) as error:
            receive_tip(source.instance, upload(source.tip(source.seal("another", files))))
        assert error.value.code == "mailbox-taken"
    assert kept(source.instance) == before


def test_an_envelope_and_a_leaf_come_once(source: Source) -> None:
    body = source.tip()
    receive_tip(source.instance, upload(body))
    before = kept(source.instance)
    other = Source(source.instance)
    envelope = body[TIP_BYTES:]
    same_leaf = body[:21] + other.public + body[53:TIP_BYTES] + other.seal()
    for again in (other.tip(envelope), same_leaf):
        with pytest.raises(ConflictError):
            receive_tip(source.instance, upload(again))
    assert kept(source.instance) == before


def not_padded() -> bytes:
    return padded(SIZE_CLASSES[0] + 1)


def not_padded_and_large() -> bytes:
    return padded((1 << 20) + 1)


def classical() -> bytes:
    reader = X25519Identity.from_seed(bytes([1]) * 32).recipient
    return b"".join(encrypt([reader], [bytes(4096)], random_bytes=os.urandom))


def by_passphrase() -> bytes:
    recipient = ScryptRecipient("six words", work_factor=1)
    return b"".join(encrypt([recipient], [bytes(4096)], random_bytes=os.urandom))


def mixed() -> bytes:
    """A classical stanza among hybrid ones; the MAC is wrong then, which intake cannot see."""
    stanza = classical().split(b"\n---")[0].split(b"v1\n", 1)[1]
    head, rest = padded().split(b"v1\n", 1)
    return head + b"v1\n" + stanza + b"\n" + rest


def seven_stanzas() -> bytes:
    identities = [HybridIdentity.from_seed(bytes([n]) * 32).recipient for n in range(1, 8)]
    return b"".join(encrypt(identities, [bytes(4096)], random_bytes=os.urandom))


def endless_header() -> bytes:
    return b"age-encryption.org/v1\n" + b"-> mlkem768x25519 AAAA\n\n" * 20_000


def one_long_line() -> bytes:
    return b"age-encryption.org/v1\n-> mlkem768x25519 " + b"A" * 600_000


BAD: list[Callable[[], bytes]] = [
    lambda: b"",
    lambda: b"x",
    lambda: b"PK\x03\x04" + bytes(5000),
    lambda: padded()[:-1],
    lambda: padded() + b"\0",
    lambda: padded(300 << 10)[:-1],
    lambda: b"-----BEGIN AGE ENCRYPTED FILE-----\n" + bytes(5000),
    not_padded,
    not_padded_and_large,
    classical,
    by_passphrase,
    mixed,
    seven_stanzas,
    endless_header,
    one_long_line,
]


@pytest.mark.parametrize("make", BAD, ids=range(len(BAD)))
@pytest.mark.sqlite_only
def test_what_is_no_envelope_is_refused_and_nothing_of_it_kept(
    source: Source, stewards: list[Steward], make: Callable[[], bytes]
) -> None:
    before = kept(source.instance)
    with pytest.raises(MalformedError):
        receive_tip(source.instance, upload(source.tip(make())))
    assert kept(source.instance) == before
    source.hashes = []
    receive_tip(source.instance, upload(source.tip()))
    before = kept(source.instance)
    with pytest.raises(MalformedError):
        receive_follow_up(source.instance, upload(source.follow_up(make())))
    source.hashes.pop()
    with pytest.raises(MalformedError):
        receive_answer(source.instance, thread_of(source.instance).id, upload(framed_answer(make(), source)))
    assert kept(source.instance) == before


@pytest.mark.sqlite_only
def test_frames_that_are_none_are_refused(source: Source) -> None:
    body = source.tip()
    for wrong in (b"", body[:20], body[:TIP_BYTES], b"X" + body[1:], body[1:], source.follow_up(), b"{}"):
        with pytest.raises(MalformedError):
            receive_tip(source.instance, upload(wrong))
        with pytest.raises(MalformedError):
            receive_follow_up(source.instance, upload(wrong[: FOLLOW_UP_BYTES - 1]))
    assert kept(source.instance) == (0, 0, [])


@pytest.mark.sqlite_only
@pytest.mark.parametrize("size", [0, 300_000])
def test_a_body_that_ends_early_leaves_nothing(source: Source, size: int) -> None:
    body = source.tip(source.seal(files=[("a.bin", os.urandom(size))]))
    for end in (0, 10, TIP_BYTES, TIP_BYTES + 30, len(body) - 1):
        with pytest.raises(MalformedError):
            receive_tip(source.instance, upload(body[:end], len(body)))
    assert kept(source.instance) == (0, 0, [])


def test_with_too_few_stewards_nothing_is_taken(instance: Instance, clock: Clock) -> None:
    source = Source(instance)
    with pytest.raises(UnavailableError) as error:
        receive_tip(instance, upload(source.tip(padded())))
    assert error.value.code == "tips-closed"
    assert kept(instance) == (0, 0, [])


def test_keys_that_have_run_out_close_the_door(source: Source, clock: Clock) -> None:
    body = source.tip()
    clock.pass_days(400)
    with pytest.raises(UnavailableError):
        receive_tip(source.instance, upload(body))


def budget(instance: Instance, per_hour: int) -> None:
    object.__setattr__(instance.config, "tips_per_hour", per_hour)


def test_without_proof_of_work_only_so_many_are_taken_an_hour(
    instance: Instance, stewards: list[Steward], clock: Clock
) -> None:
    budget(instance, 2)
    for _ in range(2):
        receive_tip(instance, upload(Source(instance).tip()))
    before = kept(instance)
    for files in ([], [("a.bin", os.urandom(300_000))]):
        source = Source(instance)
        sent = upload(source.tip(source.seal(files=files)))
        with pytest.raises(LimitError):
            receive_tip(instance, sent)
    assert kept(instance) == before
    receive_tip(instance, upload(Source(instance).tip(is_stamped=True)))
    clock.now += timedelta(hours=1)
    receive_tip(instance, upload(Source(instance).tip()))
    assert kept(instance)[0] == 4


def test_a_stamp_of_yesterday_counts_and_older_or_foreign_ones_do_not(
    instance: Instance, stewards: list[Steward], clock: Clock
) -> None:
    budget(instance, 1)
    bodies = [Source(instance).tip(is_stamped=True) for _ in range(2)]
    other = Source(instance)
    foreign = bodies[0][:21] + other.public + bodies[0][53:]
    clock.pass_days(1)
    receive_tip(instance, upload(bodies[0]))
    with instance.database.reading() as session:
        assert session.scalar(select(Budget.count)) is None
    clock.pass_days(1)
    receive_tip(instance, upload(bodies[1]))  # by the budget
    with instance.database.reading() as session:
        assert session.scalar(select(Budget.count)) == 1
    with pytest.raises(PledgeError):
        receive_tip(instance, upload(foreign))


def test_a_follow_up_has_its_place_and_no_other(source: Source) -> None:
    receive_tip(source.instance, upload(source.tip()))
    second = source.follow_up()
    first_answer = receive_follow_up(source.instance, upload(second))
    assert acknowledged(source, first_answer) == "2026-11-23"
    before = kept(source.instance)
    assert receive_follow_up(source.instance, upload(second)) == first_answer  # replayed
    for number in (0, 1, 2, 4, 9999, 10_000, 2**32 - 1):
        with pytest.raises((ConflictError, MalformedError)):
            receive_follow_up(source.instance, upload(source.follow_up(source.seal("x"), number=number)))
    assert kept(source.instance) == before


def test_only_the_mailbox_key_adds_to_a_thread(source: Source) -> None:
    receive_tip(source.instance, upload(source.tip()))
    before = kept(source.instance)
    body = source.follow_up()
    other = Source(source.instance)
    signature = slice(FOLLOW_UP_BYTES - 64, FOLLOW_UP_BYTES)
    forged = other.follow_up(body[FOLLOW_UP_BYTES:], number=2)
    for changed in (
        body[: signature.start] + bytes(64) + body[signature.stop :],
        body[: signature.start] + forged[signature] + body[signature.stop :],
        body[:52] + bytes(32) + body[84:],
        body[:84] + (3).to_bytes(4, "big") + body[88:],
        body[:FOLLOW_UP_BYTES] + source.seal("other words"),
        body[:FOLLOW_UP_BYTES] + source.seal("other words", [("a.bin", os.urandom(300_000))]),
    ):
        with pytest.raises(VerificationError):
            receive_follow_up(source.instance, upload(changed))
    assert kept(source.instance) == before
    for of_nobody in (forged, body[:20] + other.public + body[52:]):  # a mailbox that has no thread
        unread = upload(of_nobody)
        with pytest.raises(NotFoundError):
            receive_follow_up(source.instance, unread)
        assert unread.left_bytes == len(of_nobody) - FOLLOW_UP_BYTES
    assert kept(source.instance) == before


def test_a_thread_takes_only_so_many_a_day(source: Source, clock: Clock, stewards: list[Steward]) -> None:
    receive_tip(source.instance, upload(source.tip()))
    for _ in range(FOLLOW_UPS_A_DAY):
        receive_follow_up(source.instance, upload(source.follow_up(padded())))
    before = kept(source.instance)
    with pytest.raises(LimitError):
        receive_follow_up(source.instance, upload(source.follow_up(padded())))
    source.hashes.pop()
    assert kept(source.instance) == before
    clock.pass_days(1)
    receive_follow_up(source.instance, upload(source.follow_up(padded())))


def test_an_answer_stands_behind_what_it_answers(source: Source, stewards: list[Steward]) -> None:
    receive_tip(source.instance, upload(source.tip()))
    thread = thread_of(source.instance)
    body = framed_answer(answer(stewards[0], source), source)
    message_id, number = receive_answer(source.instance, thread.id, upload(body))
    assert number == 2
    before = kept(source.instance)
    assert receive_answer(source.instance, thread.id, upload(body)) == (message_id, number)
    source.hashes.pop()
    with pytest.raises(ConflictError):
        receive_answer(source.instance, thread.id, upload(framed_answer(padded(), source)))
    with pytest.raises(NotFoundError):
        receive_answer(source.instance, bytes(16), upload(body))
    assert kept(source.instance) == before


def test_large_envelopes_are_files_for_their_owner_alone(source: Source) -> None:
    body = source.tip(source.seal(files=[("a.bin", os.urandom(300_000))]))
    old = os.umask(0)
    try:
        receive_tip(source.instance, upload(body))
    finally:
        os.umask(old)
    (path,) = (source.instance.config.home / "tips").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert hashlib.sha256(path.read_bytes()).digest() == source.hashes[0]
    with source.instance.database.reading() as session:
        message = session.scalars(select(Message)).one()
        assert (message.id.hex(), message.content) == (path.name, None)


@pytest.mark.sqlite_only
def test_a_disk_that_is_full_takes_nothing(
    source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    body = source.tip(source.seal(files=[("a.bin", os.urandom(300_000))]))

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", no_space)
        with pytest.raises(UnavailableError) as error:
            receive_tip(source.instance, upload(body))
        assert error.value.code == "disk-full"
    assert kept(source.instance) == (0, 0, [])
    with monkeypatch.context() as patched:
        patched.setattr("pledge.tips.store.RESERVE_BYTES", 1 << 60)
        with pytest.raises(UnavailableError) as error:
            receive_tip(source.instance, upload(body))
        assert error.value.code == "disk-full"
    assert kept(source.instance) == (0, 0, [])
    receive_tip(source.instance, upload(body))
