"""From a request's body to an acknowledgement: an envelope is received, given its place, and answered for.

What is refused leaves nothing: the file goes where the row does not come.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from sqlalchemy import exists, select

from pledge.core.age.blocks import take
from pledge.core.keys import verify_ed25519
from pledge.core.tip.frame import (
    ANSWER_BYTES,
    FOLLOW_UP_BYTES,
    TIP_BYTES,
    TipFrame,
    parse_answer_frame,
    parse_follow_up_frame,
    parse_tip_frame,
)
from pledge.core.tip.mailbox import follow_up, mailbox_id
from pledge.db.upkeep import tidy
from pledge.errors import MalformedError
from pledge.instance import Instance
from pledge.tips import intake, upkeep
from pledge.tips.intake import Arrival
from pledge.tips.models import Message
from pledge.tips.store import MAX_IN_ROW_BYTES, Received, Store
from pledge.web.uploads import Upload

T = TypeVar("T")


def open_store(instance: Instance) -> Store:
    """Give where an instance keeps large envelopes."""
    return Store(instance.config.home / "tips")


def receive_tip(instance: Instance, upload: Upload) -> bytes:
    """Take in a tip that came sealed; gives its acknowledgement.

    Raises:
        MalformedError, ConflictError, LimitError, UnavailableError: Why it was not; nothing of it was kept.
    """
    frame = parse_tip_frame(_head(upload, TIP_BYTES))
    if upload.left_bytes > MAX_IN_ROW_BYTES:  # small ones are told soon enough, and share the question
        with instance.database.reading() as session:
            intake.check_open(session, instance.clock().date())
    received = open_store(instance).receive(
        upload.chunks(), instance.random_bytes(16), size_bytes=upload.left_bytes
    )
    return keep_tip(instance, frame, received, way="sealed")


def receive_sealed_file(
    instance: Instance, chunks: Iterable[bytes], check_rest: Callable[[], object]
) -> bytes:
    """Take in a tip that a form brings as a file, byte for byte what is posted to ``/tips``; gives its acknowledgement.

    Args:
        instance: Where.
        chunks: The file.
        check_rest: Reads the rest of the form, and raises where the file must not be kept.
    """
    head, rest = take(chunks, TIP_BYTES)
    frame = parse_tip_frame(head)
    with instance.database.reading() as session:
        intake.check_open(session, instance.clock().date())
    received = open_store(instance).receive(map(bytes, rest), instance.random_bytes(16))
    _keep(instance, received, check_rest)
    return keep_tip(instance, frame, received, way="sealed")


def keep_tip(instance: Instance, frame: TipFrame, received: Received, *, way: intake.Way) -> bytes:
    """Give a tip that was received its thread; gives its acknowledgement."""
    stamped = intake.is_stamped(
        frame.stamp,
        origin=instance.keys.origin,
        mailbox_key=frame.mailbox_key,
        leaf=frame.leaf,
        today=instance.clock().date(),
    )
    arrival = _arrival(
        instance, received, mailbox_key=frame.mailbox_key, leaf=frame.leaf, way=way, is_stamped=stamped
    )
    day = _keep(instance, received, lambda: instance.log.run_together(intake.take_tips, arrival))
    _drop_second_copy(instance, received)
    return intake.acknowledge(instance.notary, day=day, sha256=received.sha256)


def receive_follow_up(instance: Instance, upload: Upload) -> bytes:
    """Take in a sealed follow-up that the mailbox's key has signed; gives its acknowledgement."""
    frame = parse_follow_up_frame(_head(upload, FOLLOW_UP_BYTES))
    with instance.database.reading() as session:  # before half a gigabyte of a stranger's is read
        intake.find_thread(session, frame.mailbox_key)
    received = open_store(instance).receive(
        upload.chunks(), instance.random_bytes(16), size_bytes=upload.left_bytes
    )
    message = follow_up(
        mailbox_id(frame.mailbox_key),
        origin=instance.keys.origin,
        number=frame.number,
        leaf=frame.leaf,
        envelope_sha256=received.sha256,
    )
    _keep(instance, received, lambda: verify_ed25519(frame.mailbox_key, message, frame.signature))
    return keep_follow_up(
        instance,
        received,
        mailbox_key=frame.mailbox_key,
        leaf=frame.leaf,
        number=frame.number,
        way="sealed",
    )


def keep_follow_up(
    instance: Instance,
    received: Received,
    *,
    mailbox_key: bytes,
    leaf: bytes,
    number: int,
    way: intake.Way,
) -> bytes:
    """Give a follow-up that was received its place; gives its acknowledgement."""
    arrival = _arrival(instance, received, mailbox_key=mailbox_key, leaf=leaf, way=way, is_stamped=True)
    work = partial(intake.take_follow_up, arrival=arrival, number=number)
    day = _keep(instance, received, lambda: instance.log.run(work))
    _drop_second_copy(instance, received)
    return intake.acknowledge(instance.notary, day=day, sha256=received.sha256)


def receive_answer(instance: Instance, thread_id: bytes, upload: Upload) -> tuple[bytes, int]:
    """Take in a steward's answer; gives its id and number."""
    number = parse_answer_frame(_head(upload, ANSWER_BYTES)).number
    received = open_store(instance).receive(
        upload.chunks(), instance.random_bytes(16), size_bytes=upload.left_bytes
    )
    today = instance.clock().date()
    work = partial(
        intake.take_answer,
        thread_id=thread_id,
        number=number,
        received=received,
        day=today,
        expires=intake.draw_expiry(today, instance.random_bytes),
    )
    message_id = _keep(instance, received, lambda: instance.log.run(work))
    _drop_second_copy(instance, received)
    return message_id, number


def burn(instance: Instance, mailbox: str) -> None:
    """Delete a thread, if there is one, from rows, journal and files, at once."""
    burn_it = partial(upkeep.burn, mailbox=mailbox)
    if upkeep.delete_at_once(instance.database, open_store(instance), burn_it):
        tidy(instance.database)


def _arrival(
    instance: Instance,
    received: Received,
    *,
    mailbox_key: bytes,
    leaf: bytes,
    way: intake.Way,
    is_stamped: bool,
) -> Arrival:
    now = instance.clock()
    return Arrival(
        mailbox_key=mailbox_key,
        leaf=leaf,
        received=received,
        way=way,
        is_stamped=is_stamped,
        now=now,
        per_hour=instance.config.tips_per_hour,
        expires=intake.draw_expiry(now.date(), instance.random_bytes),
        thread_id=instance.random_bytes(16),
    )


def _keep(instance: Instance, received: Received, work: Callable[[], T]) -> T:
    """Do what names an envelope in the database; where it comes to nothing, drop its file."""
    try:
        return work()
    except BaseException:
        open_store(instance).remove([received.id])
        raise


def _drop_second_copy(instance: Instance, received: Received) -> None:
    """Drop the file of an envelope that came before: its first copy has another name."""
    if received.content is not None:
        return
    with instance.database.reading() as session:
        is_first = session.scalar(select(exists().where(Message.id == received.id)))
    if not is_first:
        open_store(instance).remove([received.id])


def _head(upload: Upload, size_bytes: int) -> bytes:
    if upload.size_bytes <= size_bytes:
        raise MalformedError(
            "This is no sealed message. What `pledge tips seal` makes ends in .pledge-tip.", code="frame"
        )
    return upload.take(size_bytes)
