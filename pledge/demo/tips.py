"""Threads of the demo's tip line: sealed as ``pledge tips seal`` and ``reply`` do, taken in as the pages do."""

import dataclasses
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

from sqlalchemy import select

from pledge.accounts.keys import recipients_file
from pledge.core.age.keytext import format_recipient
from pledge.core.keys import SigningKey
from pledge.core.pow import NO_STAMP
from pledge.core.tip.codename import Codename, derive_codename
from pledge.core.tip.digest import tip_leaf
from pledge.core.tip.frame import (
    AnswerFrame,
    FollowUpFrame,
    TipFrame,
    format_answer_frame,
    format_follow_up_frame,
    format_tip_frame,
)
from pledge.core.tip.mailbox import derive_nonce, follow_up
from pledge.core.tip.message import File, Message
from pledge.core.tip.recipients import StewardKeys, parse_recipients
from pledge.core.tip.sealing import Given, MakeMessage, seal_message
from pledge.core.words import ENTROPY_BYTES, SecretWords, words_from_entropy
from pledge.demo.stewards import Steward
from pledge.demo.stories import STORIES, Step, Story
from pledge.instance import Instance
from pledge.offline.reply import answer_message
from pledge.offline.seal import first_message
from pledge.tips import taking, threads
from pledge.tips.models import Thread
from pledge.web.uploads import Upload


@dataclass
class Told:
    """A thread as it has been told so far: the source's secret, and the hash of each envelope."""

    story: Story
    entropy: bytes
    codename: Codename
    hashes: list[bytes] = field(default_factory=list)

    @property
    def words(self) -> SecretWords:
        """The twelve words that open the mailbox."""
        return words_from_entropy(self.entropy)


def begin(instance: Instance) -> list[Told]:
    """Draw twelve words for each story."""
    drawn = [instance.random_bytes(ENTROPY_BYTES) for _ in STORIES]
    return [
        Told(story, entropy, derive_codename(entropy, origin=instance.keys.origin))
        for story, entropy in zip(STORIES, drawn, strict=True)
    ]


def tell(instance: Instance, told: Sequence[Told], stewards: Sequence[Steward], *, days_ago: int) -> None:
    """Let happen what happens on a day."""
    for each in told:
        for step in each.story.steps:
            if step.days_ago == days_ago:
                _take(instance, each, step, stewards)


def _take(instance: Instance, told: Told, step: Step, stewards: Sequence[Steward]) -> None:
    if isinstance(step.who, str):
        _from_source(instance, told, step)
        return
    steward = stewards[step.who]
    with instance.database.reading() as session:
        thread = session.scalars(select(Thread.id).where(Thread.mailbox == told.codename.mailbox)).one()
    if step.text:
        _answer(instance, told, step, steward, thread)
    change = threads.Change(steward.id, step.label, step.state)
    instance.log.run(lambda session: threads.change(session, thread, change))


def _from_source(instance: Instance, told: Told, step: Step) -> None:
    codename, number, stewards = told.codename, len(told.hashes) + 1, _stewards(instance)

    def make(files: tuple[File, ...]) -> Message:
        story = told.story
        tip = first_message(
            codename,
            stewards,
            day=instance.clock().date(),
            lab=story.lab,
            clauses=story.clauses,
            text=step.text,
            files=files,
        )
        return tip if number == 1 else _as_follow_up(told, tip)

    envelope = _seal(told, step, make, key=codename.key, to=stewards.recipients(instance.clock().date()))
    leaf = tip_leaf(derive_nonce(codename.digest_seed, number), told.hashes[-1])
    if number == 1:
        frame = format_tip_frame(TipFrame(codename.key.public, leaf, NO_STAMP))
        taking.receive_tip(instance, _upload(frame + envelope))
        return
    signed = follow_up(
        codename.mailbox,
        origin=instance.keys.origin,
        number=number,
        leaf=leaf,
        envelope_sha256=told.hashes[-1],
    )
    signature = codename.key.sign(signed)
    frame = format_follow_up_frame(FollowUpFrame(codename.key.public, leaf, number, signature))
    taking.receive_follow_up(instance, _upload(frame + envelope))


def _as_follow_up(told: Told, message: Message) -> Message:
    """Make of a first message the next one: where it belongs was said in the tip."""
    number = len(told.hashes) + 1
    return dataclasses.replace(
        message,
        type_="follow-up/v1",
        number=number,
        previous=told.hashes[-1].hex(),
        lab=None,
        clauses=(),
        recipient=None,
        nonce=derive_nonce(told.codename.digest_seed, number),
    )


def _answer(instance: Instance, told: Told, step: Step, steward: Steward, thread: bytes) -> None:
    day, number = instance.clock().date(), len(told.hashes) + 1
    origin, mailbox, previous = instance.keys.origin, told.codename.mailbox, told.hashes[-1].hex()

    def make(files: tuple[File, ...]) -> Message:
        return answer_message(
            origin, mailbox, number=number, previous=previous, day=day, text=step.text, files=files
        )

    to = (format_recipient(told.codename.identity.recipient), *_stewards(instance).recipients(day))
    envelope = _seal(told, step, make, key=steward.key, to=to)
    taking.receive_answer(instance, thread, _upload(format_answer_frame(AnswerFrame(number)) + envelope))


def _seal(told: Told, step: Step, make: MakeMessage, *, key: SigningKey, to: Sequence[str]) -> bytes:
    files = [Given(name, [data]) for name, data in step.files]
    envelope = b"".join(seal_message(files, make, key=key, recipients=to, random_bytes=os.urandom))
    told.hashes.append(hashlib.sha256(envelope).digest())
    return envelope


def _stewards(instance: Instance) -> StewardKeys:
    """Read to whom messages are sealed, and hold it against the log, as whoever seals does."""
    with instance.database.reading() as session:
        return parse_recipients(recipients_file(session, instance.log.tiles), instance.policy)


def _upload(body: bytes) -> Upload:
    return Upload(BytesIO(body), len(body))
