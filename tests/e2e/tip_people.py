"""The people of the tip line at a site that really runs: founders with keys, and a source at a command line."""

import hashlib
import json
import os
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext

from pledge.app import create_app
from pledge.core.age.file import decrypt
from pledge.core.age.keytext import format_recipient
from pledge.core.archive import MANIFEST, TAIL_BYTES, read_directory, read_entries
from pledge.core.keys import format_key
from pledge.core.policy import parse_policy
from pledge.core.statement.canonical import format_base64
from pledge.core.steward_bundle import Bundle, OwnKeys, wrap_bundle
from pledge.core.tip.codename import Codename, derive_codename
from pledge.core.tip.digest import tip_leaf
from pledge.core.tip.frame import FollowUpFrame, TipFrame, format_follow_up_frame, format_tip_frame
from pledge.core.tip.mailbox import challenge, derive_nonce, follow_up
from pledge.core.tip.message import Manifest, Message, parse_manifest
from pledge.core.tip.recipients import StewardKeys, parse_recipients
from pledge.core.tip.sealing import Given, seal_message
from pledge.keystore import LOCAL_ORIGIN
from tests.running_site import Site
from tests.site_kit import Clock, make_config, make_instance
from tests.steward_kit import Steward, join

PASSPHRASE = "six words drawn by dice"  # noqa: S105  # of nobody real
_NO_STAMP = bytes(8)


@dataclass(frozen=True)
class Founder:
    """A steward, the cookie of a session of theirs, and their keys, wrapped."""

    steward: Steward
    cookie: str
    wrapped: bytes

    def sign_in(self, context: BrowserContext, site: Site) -> None:
        """Put the session into a browser."""
        context.add_cookies([{"name": "form", "value": self.cookie, "url": site.url}])


def found_with_stewards(home: Path) -> list[Founder]:
    """Found a trial with as many stewards as tips take; the site keeps their keys, wrapped."""
    home.parent.mkdir(parents=True, exist_ok=True)
    instance = make_instance(make_config(home), Clock(datetime.now(UTC)))
    founders = []
    for name in ("Ada", "Bea"):
        steward = join(instance, name, is_founder=True)
        wrapped = _wrap(steward)
        assert steward.send(steward.offer(is_founder=True)._replace(wrapped=wrapped))
        client = steward.sign_in(create_app(instance))
        cookie = client.get_cookie("form")
        assert cookie is not None
        founders.append(Founder(steward, cookie.value, wrapped))
    instance.database.close()
    return founders


def _wrap(steward: Steward) -> bytes:
    keys = OwnKeys(age=steward.identity, from_=steward.today, signing=steward.seed.hex())
    bundle = Bundle(keys=(keys,), origin=LOCAL_ORIGIN, type_="steward-keys/v1")
    return wrap_bundle(bundle, PASSPHRASE, random_bytes=os.urandom)


@dataclass
class Source:
    """Somebody with a codename who reports, reads what is answered, and answers back."""

    site: Site
    entropy: bytes = field(default_factory=lambda: os.urandom(16))
    previous: str | None = None
    number: int = 0

    @property
    def codename(self) -> Codename:
        """What the twelve words give."""
        return derive_codename(self.entropy, origin=LOCAL_ORIGIN)

    @property
    def today(self) -> date:
        """As the log counts days."""
        return datetime.now(UTC).date()

    def report(self, text: str, *files: tuple[str, bytes], **members: Any) -> None:
        """Send a tip."""
        envelope, leaf = self._seal("tip/v1", text, files, **members)
        head = format_tip_frame(TipFrame(self.codename.key.public, leaf, _NO_STAMP))
        self._post("/tips", head + envelope)

    def add(self, text: str) -> None:
        """Answer back."""
        envelope, leaf = self._seal("follow-up/v1", text, ())
        sha256 = hashlib.sha256(envelope).digest()
        signed = follow_up(
            self.codename.mailbox,
            origin=LOCAL_ORIGIN,
            number=self.number,
            leaf=leaf,
            envelope_sha256=sha256,
        )
        key = self.codename.key
        head = format_follow_up_frame(FollowUpFrame(key.public, leaf, self.number, key.sign(signed)))
        self._post("/mailbox/follow-ups", head + envelope)

    def read(self) -> list[Manifest]:
        """Open what stewards have answered."""
        listed = json.loads(self._post_auth("/mailbox/thread"))["messages"]
        self.number, self.previous = listed[-1]["number"], listed[-1]["sha256"]
        answers = [message["number"] for message in listed if message["from"] == "steward"]
        return [self._open(self._post_auth("/mailbox/envelope", number=number)) for number in answers]

    def stewards(self) -> StewardKeys:
        """Who reads tips, as the log has it."""
        policy = parse_policy(self._get("/log/policy").decode())
        return parse_recipients(self._get("/stewards/keys.json"), policy)

    def _seal(
        self, kind: str, text: str, files: tuple[tuple[str, bytes], ...], **members: Any
    ) -> tuple[bytes, bytes]:
        self.number += 1
        nonce = derive_nonce(self.codename.digest_seed, self.number)
        usual: dict[str, Any] = {
            "type_": kind,
            "origin": LOCAL_ORIGIN,
            "mailbox": self.codename.mailbox,
            "number": self.number,
            "previous": self.previous,
            "day": self.today,
            "lab": None,
            "clauses": (),
            "text": text,
            "recipient": format_recipient(self.codename.identity.recipient) if self.number == 1 else None,
            "nonce": nonce,
            "way": "sealed-offline",
            "credential": None,
        }
        sealed = seal_message(
            [Given(name, [data]) for name, data in files],
            lambda listed: Message(files=listed, **(usual | members)),
            key=self.codename.key,
            recipients=self.stewards().recipients(self.today),
            random_bytes=os.urandom,
        )
        envelope = b"".join(sealed)
        sha256 = hashlib.sha256(envelope)
        self.previous = sha256.hexdigest()
        return envelope, tip_leaf(nonce, sha256.digest())

    def _open(self, envelope: bytes) -> Manifest:
        archive = b"".join(decrypt([self.codename.identity], [envelope]))
        directory = read_directory(archive[-TAIL_BYTES:], len(archive))
        entries = {entry.name: b"".join(data) for entry, data in read_entries([archive], directory)}
        return parse_manifest(entries[MANIFEST])

    def _post_auth(self, path: str, **members: Any) -> bytes:
        nonce = bytes.fromhex(json.loads(self._get("/mailbox/challenge"))["nonce"])
        key = self.codename.key
        signature = key.sign(challenge(self.codename.mailbox, nonce, origin=LOCAL_ORIGIN))
        auth = {"key": format_key(key.public), "nonce": nonce.hex(), "signature": format_base64(signature)}
        return self._post(path, json.dumps(auth | members).encode(), "application/json")

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"{self.site.url}{path}") as answer:  # noqa: S310  # of the site under test
            body: bytes = answer.read()
            return body

    def _post(self, path: str, body: bytes, content_type: str = "application/octet-stream") -> bytes:
        request = urllib.request.Request(  # noqa: S310  # of the site under test
            f"{self.site.url}{path}", data=body, headers={"Content-Type": content_type}
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310  # of the site under test
            received: bytes = answer.read()
            return received
