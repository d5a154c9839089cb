"""A site whose operator lies: the real page and scripts of the inbox, and behind them whatever a test wishes.

An honest server could not do most of what is tried here. What it serves beside lies is real: a log with two founders,
envelopes sealed to them, the steward's wrapped keys.
"""

import base64
import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flask import Flask, render_template
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from pledge.app import create_app
from pledge.core.age.envelope import seal
from pledge.core.age.hybrid import HybridIdentity, HybridRecipient
from pledge.core.age.keytext import format_hybrid_identity, format_recipient
from pledge.core.keys import SigningKey
from pledge.core.steward_bundle import Bundle, OwnKeys, wrap_bundle
from pledge.core.tip.digest import Leaf, build_digest, digest_root, format_leaves, tip_leaf
from pledge.core.tip.frame import ANSWER_BYTES, AnswerFrame, format_answer_frame, parse_answer_frame
from pledge.core.tip.mailbox import mailbox_id
from pledge.core.tip.message import Message
from pledge.tips.rows import LABELS, by_day
from pledge.web.forms import SiteForm
from tests.core.sample_log import (
    BEGINNING,
    NOTARY,
    STEWARDS,
    TIP_DIGEST,
    Signer,
    entries_of,
    proof_of,
    signed,
)
from tests.core.tip.recipients_log import identity_of
from tests.core.tip.sealing import archive_of
from tests.running_site import Relay, Site
from tests.site_kit import Clock, make_config, make_instance

_VECTORS = json.loads((Path(__file__).parents[1] / "vectors/recipients.json").read_text(encoding="utf-8"))
FOUNDED = _VECTORS["accepted"][0]
ORIGIN = FOUNDED["origin"]
ADA, BEA, _, STRANGER = STEWARDS
PASSPHRASE = "six words drawn by dice"  # noqa: S105  # of nobody real
SOURCE_READS = HybridIdentity.from_seed(bytes([77]) * 32)
_PAGE = "/lies/inbox"


@dataclass
class Mailbox:
    """A source, and the thread as the server holds it."""

    seed: int
    listed: dict[str, Any]
    nonces: list[bytes] = field(default_factory=list)

    @property
    def key(self) -> SigningKey:
        """The mailbox's own."""
        return SigningKey.from_seed(bytes([self.seed]) * 32)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """As the server lists them."""
        found: list[dict[str, Any]] = self.listed["messages"]
        return found


@dataclass
class LyingSite:
    """What the server holds, to be changed by tests as an operator could; and what it was sent."""

    site: Site
    today: date
    mailboxes: list[Mailbox] = field(default_factory=list)
    envelopes: dict[str, bytes] = field(default_factory=dict)
    digests: dict[str, tuple[bytes, list[str]]] = field(default_factory=dict)
    logged: dict[str, dict[str, str]] = field(default_factory=dict)
    is_open: bool = True
    has_bundle: bool = True
    bundle: bytes = b""

    def add_tip(self, text: str = "Something.", **wish: Any) -> Mailbox:
        """Let a source send a tip."""
        mailbox = Mailbox(len(self.mailboxes) + 1, {})
        mailbox.listed = {
            "id": hashlib.sha256(bytes([mailbox.seed])).hexdigest()[:32],
            "mailbox": mailbox_id(mailbox.key.public),
            **dict.fromkeys(("opened", "moved"), self.today.isoformat()),
            "expires": "2026-12-30",
            "state": "open",
            "label": "new",
            "assigned": None,
            "messages": [],
        }
        self.mailboxes.append(mailbox)
        self.add(mailbox, text, kind="tip/v1", **wish)
        return mailbox

    def add(self, mailbox: Mailbox, text: str, *, kind: str = "follow-up/v1", **wish: Any) -> None:
        """Put one more message into a thread.

        Wishes: ``key`` signs instead, ``readers`` can open it instead, ``files``, ``listed`` changes what the server
        says of it, and every other one a member of the message.
        """
        key, files = wish.pop("key", self._key_of(mailbox, kind)), wish.pop("files", ())
        readers, listed = wish.pop("readers", None), wish.pop("listed", {})
        message = replace(self._message(mailbox, text, kind), **wish)
        envelope = seal_message(message, files, key, readers or [identity_of(ADA).recipient])
        self.put(mailbox, envelope, {"from": "steward" if kind == "answer/v1" else "source", **listed})
        mailbox.nonces.append(message.nonce)

    def put(self, mailbox: Mailbox, envelope: bytes, listed: dict[str, Any]) -> str:
        """Put an envelope behind the others; gives its id."""
        message_id = hashlib.sha256(envelope + bytes([len(self.envelopes)])).hexdigest()[:32]
        self.envelopes[message_id] = envelope
        usual = {
            "id": message_id,
            "number": len(mailbox.messages) + 1,
            "sha256": hashlib.sha256(envelope).hexdigest(),
            "size_bytes": len(envelope),
            "day": self.today.isoformat(),
            "way": "sealed",
        }
        mailbox.messages.append({**usual, **listed})
        return message_id

    def close_day(self, day: str, *mailboxes: Mailbox) -> None:
        """Make the digest of a day out of everything in these mailboxes."""
        leaves: list[Leaf] = [
            tip_leaf(nonce, bytes.fromhex(message["sha256"]))
            for mailbox in mailboxes
            for nonce, message in zip(mailbox.nonces, mailbox.messages, strict=True)
            if message["from"] == "source"
        ]
        digest = build_digest(leaves, random_bytes=os.urandom)
        self.digests[day] = format_leaves(digest.leaves), [_base64(r) for r in digest.dummies]
        root = digest_root(digest.leaves).hex()
        statement = replace(TIP_DIGEST, day=date.fromisoformat(day), root=root, leaves=len(digest.leaves))
        entries = entries_of(*BEGINNING, signed(statement, NOTARY))
        proof = proof_of(entries, len(entries) - 1).decode()
        self.logged[day] = {"day": day, "leaf_entry": _base64(entries[-1]), "proof": proof}

    def _key_of(self, mailbox: Mailbox, kind: str) -> SigningKey:
        return ADA.key if kind == "answer/v1" else mailbox.key

    def _message(self, mailbox: Mailbox, text: str, kind: str) -> Message:
        is_tip = kind == "tip/v1"
        return Message(
            type_=kind,  # type: ignore[arg-type]  # one of the three
            origin=ORIGIN,
            mailbox=mailbox_id(mailbox.key.public),
            number=len(mailbox.messages) + 1,
            previous=mailbox.messages[-1]["sha256"] if mailbox.messages else None,
            day=self.today,
            lab=None,
            clauses=(),
            text=text,
            files=(),
            recipient=format_recipient(SOURCE_READS.recipient) if is_tip else None,
            nonce=os.urandom(32),
            way="sealed-in-browser",
            credential=None,
        )


def seal_message(
    message: Message,
    files: Sequence[tuple[str, bytes]],
    key: SigningKey,
    readers: Sequence[HybridRecipient],
) -> bytes:
    """Seal a message with its files, as an offline client does."""
    return b"".join(seal(readers, [archive_of(files, message=message, key=key)], random_bytes=os.urandom))


def frame(number: int, envelope: bytes) -> bytes:
    """An answer as ``pledge tips reply`` writes it."""
    return format_answer_frame(AnswerFrame(number)) + envelope


def wrap_keys(reads: Signer, signs: Signer, *, since: date) -> bytes:
    """A steward's keys as a bundle, wrapped with the passphrase."""
    age = format_hybrid_identity(hashlib.sha256(b"age" + reads.key.public).digest())
    keys = OwnKeys(age=age, from_=since, signing=signs.key._private.private_bytes_raw().hex())
    bundle = Bundle(keys=(keys,), origin=ORIGIN, type_="steward-keys/v1")
    return wrap_bundle(bundle, PASSPHRASE, random_bytes=os.urandom)


@contextmanager
def serve_lies(home: Path, today: date) -> Iterator[LyingSite]:
    """Serve until the block ends."""
    instance = make_instance(make_config(home), Clock(datetime.combine(today, datetime.min.time(), UTC)))
    answers = Answers(create_app(instance))
    server = make_server("127.0.0.1", 0, answers, threaded=True)
    relay = Relay(server.port)
    lying = LyingSite(Site(f"http://127.0.0.1:{relay.port}", home, relay), today)
    lying.bundle = wrap_keys(ADA, ADA, since=today)
    answers.lying = lying
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield lying
    finally:
        relay.close()
        server.shutdown()
        thread.join()
        instance.database.close()


class Answers:
    """The stewards' side over HTTP, with lies; everything else is the real site's."""

    lying: LyingSite

    def __init__(self, app: Flask) -> None:
        self._app = app
        app.add_url_rule(_PAGE, "lies", self._page)

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        if request.path == "/stewards/inbox":  # nobody has to sign in to be lied to
            environ["PATH_INFO"] = _PAGE
        answer = self._answer(request)
        return (answer or self._app.wsgi_app)(environ, start_response)

    def _answer(self, request: Request) -> Response | None:
        lying = self.lying
        answer = None
        match request.path.strip("/").split("/"):
            case ["stewards", "inbox.json"]:
                threads = [mailbox.listed for mailbox in lying.mailboxes]
                answer = _json({"threads": threads, "type": "inbox/v1"})
            case ["stewards", "keys.json"]:
                answer = Response(FOUNDED["file"], mimetype="application/json")
            case ["stewards", "bundle"]:
                answer = Response(lying.bundle, mimetype="application/octet-stream")
            case ["stewards", "envelopes", message_id]:
                found = lying.envelopes.get(message_id)
                answer = Response(found or b"", status=200 if found else 404)
            case ["stewards", "threads", thread_id, "answers"]:
                answer = self._take(thread_id, request.get_data())
            case ["stewards", "threads", thread_id]:
                answer = self._handle(thread_id, request)
            case ["stewards", "digests.json"]:
                days = [{"day": day, "dummies": dummies} for day, (_, dummies) in lying.digests.items()]
                answer = _json({"days": days, "type": "dummies/v1"})
            case ["tips", "digests.json"]:
                answer = _json({"days": list(lying.digests), "type": "tip-digests/v1"})
            case ["tips", "digests", day, *proof]:
                leaves = Response(lying.digests[day][0], mimetype="application/octet-stream")
                answer = _json(lying.logged[day]) if proof else leaves
        return answer

    def _mailbox(self, thread_id: str) -> Mailbox:
        return next(mailbox for mailbox in self.lying.mailboxes if mailbox.listed["id"] == thread_id)

    def _take(self, thread_id: str, body: bytes) -> Response:
        mailbox = self._mailbox(thread_id)
        number = parse_answer_frame(body[:ANSWER_BYTES]).number
        if number != len(mailbox.messages) + 1:
            return _json({}, status=409)
        message_id = self.lying.put(mailbox, body[ANSWER_BYTES:], {"from": "steward"})
        mailbox.nonces.append(b"")
        return _json({"id": message_id, "number": number}, status=201)

    def _handle(self, thread_id: str, request: Request) -> Response:
        listed, form = self._mailbox(thread_id).listed, request.form
        listed.update(label=form["label"], state=form["state"])
        listed["assigned"] = {"me": "Ada", "nobody": None}.get(form["assigned"], listed["assigned"])
        return Response(status=303, headers={"Location": "/stewards/inbox"})

    def _page(self) -> str:
        lying = self.lying
        return render_template(
            "stewards/inbox.html",
            steward="Ada",
            days=by_day([mailbox.listed for mailbox in lying.mailboxes], today=lying.today),  # type: ignore[misc]  # as listed
            labels=LABELS.items(),
            is_open=lying.is_open,
            quorum=2,
            has_bundle=lying.has_bundle,
            form=SiteForm(),
            policy=_VECTORS["policies"]["both"],
            desk={
                "labs": {"mistral": "Mistral AI"},
                "bundle": "/stewards/bundle" if lying.has_bundle else None,
            },
        )


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status=status, mimetype="application/json")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
