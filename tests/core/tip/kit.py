"""A source, a steward and their thread, for tests."""

import hashlib
from dataclasses import replace
from datetime import date

from pledge.core.age.hybrid import HybridIdentity
from pledge.core.age.keytext import format_recipient
from pledge.core.keys import SigningKey, format_key
from pledge.core.tip.mailbox import mailbox_id
from pledge.core.tip.message import Manifest, Message, sign_message
from pledge.core.tip.thread import Place

ORIGIN = "pledge.example.org"
SOURCE = SigningKey.from_seed(bytes([1]) * 32)
STEWARD = SigningKey.from_seed(bytes([2]) * 32)
STEWARDS = {format_key(STEWARD.public)}
MAILBOX = mailbox_id(SOURCE.public)
RECIPIENT = format_recipient(HybridIdentity.from_seed(bytes([3]) * 32).recipient)

TIP = Message(
    type_="tip/v1",
    origin=ORIGIN,
    mailbox=MAILBOX,
    number=1,
    previous=None,
    day=date(2026, 11, 25),
    lab="mistral",
    clauses=("no-reckless-runs",),
    text="他们没有评估计划。",
    files=(),
    recipient=RECIPIENT,
    nonce=bytes([4]) * 32,
    way="sealed-in-browser",
    credential=None,
)


def follow(message: Message, number: int, previous: str, /, **changes: object) -> Message:
    """A later message of the same thread."""
    later = {"lab": None, "clauses": (), "recipient": None, "type_": "follow-up/v1"}
    return replace(message, **({"number": number, "previous": previous} | later | changes))  # type: ignore[arg-type]  # in tests


def envelope(manifest: Manifest) -> str:
    """The hash of an envelope, which need not be a real one."""
    return hashlib.sha256(manifest.signature).hexdigest()


def thread() -> list[Place]:
    """A tip, an answer, a follow-up and another answer."""
    manifests = [sign_message(TIP, SOURCE)]
    for number, (key, kind) in enumerate(
        [(STEWARD, "answer/v1"), (SOURCE, "follow-up/v1"), (STEWARD, "answer/v1")], start=2
    ):
        message = follow(TIP, number, envelope(manifests[-1]), type_=kind)
        manifests.append(sign_message(message, key))
    return [Place(envelope(manifest), manifest) for manifest in manifests]
