"""A source with twelve words and a browser, for tests: seals as the page does, and sends what it sends."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.test import TestResponse

from pledge.accounts.keys import current_keys
from pledge.core.age.keytext import format_recipient
from pledge.core.keys import format_key
from pledge.core.pow import Work, find_stamp
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
from pledge.core.tip.mailbox import challenge, derive_nonce, follow_up
from pledge.core.tip.message import Message
from pledge.core.tip.sealing import Given, seal_message
from pledge.core.words import words_from_entropy
from tests.site_kit import random_bytes
from tests.steward_kit import Steward

if TYPE_CHECKING:
    from pledge.instance import Instance

OCTETS = "application/octet-stream"
Named = tuple[str, bytes]


def sha256_of(envelope: bytes) -> bytes:
    """What the digest, the chain and the acknowledgement know an envelope by."""
    return hashlib.sha256(envelope).digest()


@dataclass
class Source:
    """Somebody with twelve words."""

    app: Flask
    entropy: bytes = field(default_factory=lambda: random_bytes(16))
    sent: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = self.app.test_client(use_cookies=True)
        self.instance: Instance = self.app.extensions["pledge"]
        self.codename: Codename = derive_codename(self.entropy, origin=self.instance.keys.origin)

    @property
    def words(self) -> str:
        return words_from_entropy(self.entropy)

    def recipients(self) -> list[str]:
        with self.instance.database.reading() as session:
            return [key.recipient for key in current_keys(session, self.instance.clock().date())]

    def seal(
        self,
        text: str = "它没有评估计划。",
        files: Sequence[Named] = (),
        *,
        number: int = 1,
        previous: bytes | None = None,
        recipients: Sequence[str] | None = None,
    ) -> bytes:
        """Seal a tip, or a follow-up."""
        is_tip = number == 1

        def make(listed: Any) -> Message:
            return Message(
                type_="tip/v1" if is_tip else "follow-up/v1",
                origin=self.instance.keys.origin,
                mailbox=self.codename.mailbox,
                number=number,
                previous=None if previous is None else previous.hex(),
                day=self.instance.clock().date(),
                lab="mistral" if is_tip else None,
                clauses=("speak-up",) if is_tip else (),
                text=text,
                files=listed,
                recipient=format_recipient(self.codename.identity.recipient) if is_tip else None,
                nonce=derive_nonce(self.codename.digest_seed, number),
                way="sealed-in-browser",
                credential=None,
            )

        return b"".join(
            seal_message(
                [Given(name, [data]) for name, data in files],
                make,
                key=self.codename.key,
                recipients=recipients or self.recipients(),
                random_bytes=random_bytes,
            )
        )

    def leaf(self, envelope: bytes, number: int = 1) -> bytes:
        return tip_leaf(derive_nonce(self.codename.digest_seed, number), sha256_of(envelope))

    def frame(self, envelope: bytes, *, is_stamped: bool = False) -> bytes:
        """What is posted to send a tip."""
        key, leaf = self.codename.key.public, self.leaf(envelope)
        work = Work(self.instance.keys.origin, self.instance.clock().date(), key, leaf)
        return format_tip_frame(TipFrame(key, leaf, find_stamp(work) if is_stamped else bytes(8))) + envelope

    def follow_up_frame(self, envelope: bytes, number: int) -> bytes:
        """What is posted to add to a thread."""
        leaf = self.leaf(envelope, number)
        message = follow_up(
            self.codename.mailbox,
            origin=self.instance.keys.origin,
            number=number,
            leaf=leaf,
            envelope_sha256=sha256_of(envelope),
        )
        frame = FollowUpFrame(self.codename.key.public, leaf, number, self.codename.key.sign(message))
        return format_follow_up_frame(frame) + envelope

    def post(self, path: str, body: bytes) -> TestResponse:
        return self.client.post(path, data=body, content_type=OCTETS)

    def tip(self, **changes: Any) -> bytes:
        """Send a tip; gives its envelope."""
        envelope = self.seal(**changes)
        response = self.post("/tips", self.frame(envelope))
        assert response.status_code == 201, response.text
        return envelope

    def auth(self, **more: object) -> dict[str, object]:
        """What lets into the mailbox."""
        nonce = bytes.fromhex(self.client.get("/mailbox/challenge").get_json()["nonce"])
        message = challenge(self.codename.mailbox, nonce, origin=self.instance.keys.origin)
        return {
            "key": format_key(self.codename.key.public),
            "nonce": nonce.hex(),
            "signature": base64.b64encode(self.codename.key.sign(message)).decode(),
            **more,
        }

    def thread(self) -> list[dict[str, Any]]:
        """What the mailbox lists."""
        response = self.client.post("/mailbox/thread", json=self.auth())
        assert response.status_code == 200, response.text
        assert len(response.data) % 8192 == 0
        found: list[dict[str, Any]] = json.loads(response.data)["messages"]
        return found


def answer_frame(
    steward: Steward,
    tip: bytes,
    source: Source,
    number: int = 2,
    text: str = "Which run was it?",
    **changes: Any,
) -> bytes:
    """What a steward posts to answer."""

    def make(listed: Any) -> Message:
        return Message(
            type_="answer/v1",
            origin=source.instance.keys.origin,
            mailbox=source.codename.mailbox,
            number=number,
            previous=sha256_of(tip).hex(),
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

    envelope = b"".join(
        seal_message(
            [Given(name, [data]) for name, data in changes.get("files", ())],
            make,
            key=changes.get("key", steward.key),
            recipients=[format_recipient(source.codename.identity.recipient), *source.recipients()],
            random_bytes=random_bytes,
        )
    )
    return format_answer_frame(AnswerFrame(number)) + envelope
