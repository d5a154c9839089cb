"""A source with twelve words at a site with scripts: everything that their browser would make and send."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

from pledge.accounts.keys import current_keys
from pledge.core.age.keytext import format_recipient
from pledge.core.pow import NO_STAMP, Work, find_stamp
from pledge.core.tip.codename import Codename, derive_codename
from pledge.core.tip.digest import Leaf, tip_leaf
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
from pledge.core.tip.sealing import Given, seal_message
from pledge.core.words import SecretWords, words_from_entropy
from pledge.instance import Instance
from pledge.web.uploads import Upload
from tests.site_kit import random_bytes
from tests.steward_kit import Steward

Named = tuple[str, bytes]


def upload(body: bytes, size_bytes: int | None = None) -> Upload:
    """A request's body; ``size_bytes`` is what it says that it is long."""
    return Upload(BytesIO(body), len(body) if size_bytes is None else size_bytes)


def recipients_of(instance: Instance) -> list[str]:
    """Whom everything is sealed to today."""
    with instance.database.reading() as session:
        return [key.recipient for key in current_keys(session, instance.clock().date())]


@dataclass
class Source:
    """Somebody with a thread, who knows of it what the mailbox shows."""

    instance: Instance
    entropy: bytes = field(default_factory=lambda: random_bytes(16))
    hashes: list[bytes] = field(default_factory=list)

    @property
    def words(self) -> SecretWords:
        """The twelve words."""
        return words_from_entropy(self.entropy)

    @property
    def codename(self) -> Codename:
        """All that follows from them."""
        return derive_codename(self.entropy, origin=self.instance.keys.origin)

    @property
    def public(self) -> bytes:
        """The mailbox's public key."""
        return self.codename.key.public

    def leaf(self, number: int, envelope: bytes) -> Leaf:
        """What stands for an envelope in the digest."""
        nonce = derive_nonce(self.codename.digest_seed, number)
        return tip_leaf(nonce, hashlib.sha256(envelope).digest())

    def seal(self, text: str = "他们没有评估计划。", files: Sequence[Named] = ()) -> bytes:
        """Seal the next message of the thread."""
        return b"".join(
            seal_message(
                [Given(name, [data]) for name, data in files],
                lambda listed: self._message(text, listed),
                key=self.codename.key,
                recipients=recipients_of(self.instance),
                random_bytes=random_bytes,
            )
        )

    def tip(self, envelope: bytes | None = None, *, is_stamped: bool = False) -> bytes:
        """Frame a tip."""
        envelope = self.seal() if envelope is None else envelope
        leaf = self.leaf(1, envelope)
        day = self.instance.clock().date()
        work = Work(self.instance.keys.origin, day, self.public, leaf)
        self.hashes = [hashlib.sha256(envelope).digest()]
        return format_tip_frame(TipFrame(self.public, leaf, find_stamp(work) if is_stamped else NO_STAMP)) + (
            envelope
        )

    def follow_up(self, envelope: bytes | None = None, *, number: int | None = None) -> bytes:
        """Frame a further message."""
        envelope = self.seal() if envelope is None else envelope
        number = len(self.hashes) + 1 if number is None else number
        leaf = self.leaf(number, envelope)
        signed = follow_up(
            self.codename.mailbox,
            origin=self.instance.keys.origin,
            number=number,
            leaf=leaf,
            envelope_sha256=hashlib.sha256(envelope).digest(),
        )
        self.hashes.append(hashlib.sha256(envelope).digest())
        frame = FollowUpFrame(self.public, leaf, number, self.codename.key.sign(signed))
        return format_follow_up_frame(frame) + envelope

    def _message(self, text: str, files: tuple[File, ...]) -> Message:
        number = len(self.hashes) + 1
        is_tip = number == 1
        return Message(
            type_="tip/v1" if is_tip else "follow-up/v1",
            origin=self.instance.keys.origin,
            mailbox=self.codename.mailbox,
            number=number,
            previous=None if is_tip else self.hashes[-1].hex(),
            day=self.instance.clock().date(),
            lab="mistral" if is_tip else None,
            clauses=(),
            text=text,
            files=files,
            recipient=format_recipient(self.codename.identity.recipient) if is_tip else None,
            nonce=derive_nonce(self.codename.digest_seed, number),
            way="sealed-in-browser",
            credential=None,
        )


def answer(steward: Steward, source: Source, text: str = "Thank you.", files: Sequence[Named] = ()) -> bytes:
    """Seal a steward's next answer to a source."""
    number = len(source.hashes) + 1

    def make(listed: tuple[File, ...]) -> Message:
        return Message(
            type_="answer/v1",
            origin=source.instance.keys.origin,
            mailbox=source.codename.mailbox,
            number=number,
            previous=source.hashes[-1].hex(),
            day=source.instance.clock().date(),
            lab=None,
            clauses=(),
            text=text,
            files=listed,
            recipient=None,
            nonce=random_bytes(32),
            way="sealed-in-browser",
            credential=None,
        )

    to = [format_recipient(source.codename.identity.recipient), *recipients_of(source.instance)]
    given = [Given(name, [data]) for name, data in files]
    return b"".join(seal_message(given, make, key=steward.key, recipients=to, random_bytes=random_bytes))


def framed_answer(envelope: bytes, source: Source) -> bytes:
    """Frame an answer as the next message of a source's thread."""
    number = len(source.hashes) + 1
    source.hashes.append(hashlib.sha256(envelope).digest())
    return format_answer_frame(AnswerFrame(number)) + envelope
