"""A whole instance in one call, and a person who signs at it, for tests."""

import base64
import json
import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

from pledge.app import create_app, on_sequenced, open_site
from pledge.config import Config
from pledge.core import statement as st
from pledge.core.keys import SigningKey, format_key
from pledge.core.receipt import parse_receipt
from pledge.founding import found
from pledge.instance import Instance
from pledge.keystore import LOCAL_ORIGIN

if TYPE_CHECKING:
    from flask.testing import FlaskClient

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_days(self, days: int) -> None:
        self.now += timedelta(days=days)


def make_config(home: Path, **environment: str) -> Config:
    """Settings of an instance in a directory."""
    return Config.from_environment({"PLEDGE_HOME": str(home), **environment})


def random_bytes(size: int) -> bytes:
    """Randomness of the operating system."""
    return os.urandom(size)


def make_instance(config: Config, clock: Clock) -> Instance:
    """Found an instance and open it."""
    found(
        config,
        origin=LOCAL_ORIGIN,
        operator="A Test",
        contact="test@example.org",
        on_sequenced=on_sequenced,
        clock=clock,
        random_bytes=random_bytes,
    )
    return open_site(config, clock=clock)


def newest_mail(instance: Instance) -> dict[str, str]:
    """The mail that was written last."""
    return instance.outbox.written()[0]


def link_in(mail: dict[str, str]) -> str:
    """The path of the one-time link in a mail."""
    match = re.search(r"http://127\.0\.0\.1:8000(/(?:sign|change)/[0-9a-f]{64})", mail["text"])
    assert match, mail["text"]
    return match[1]


def csrf_token(page: str) -> str:
    """The token in a page's first form."""
    match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert match, page[:2000]
    return match[1]


@dataclass
class Person:
    """Somebody with a key of their own, at a browser."""

    app: Flask
    name: str = "Ada Lovelace"
    address: str = "ada@mistral.ai"
    lab: str = "mistral"
    seed: bytes = field(default_factory=lambda: random_bytes(32))

    def __post_init__(self) -> None:
        self.client: FlaskClient = self.app.test_client()
        self.key = SigningKey.from_seed(self.seed)
        self.instance: Instance = self.app.extensions["pledge"]

    def form(self, **changes: object) -> dict[str, object]:
        """The sign form, filled in."""
        page = self.client.get("/sign").text
        version = re.search(r'name="version"[^>]*value="(\d+)"', page)
        assert version
        return {
            "csrf_token": csrf_token(page),
            "version": version[1],
            "name": self.name,
            "role": "",
            "address": self.address,
            "lab": self.lab,
            "reason": "",
            **changes,
        }

    def ask(self, **changes: object) -> str:
        """Fill in the form; gives the path of the mailed link."""
        response = self.client.post("/sign", data=self.form(**changes))
        assert response.status_code == 303, response.text
        return link_in(newest_mail(self.instance))

    def signed_fields(self, link: str) -> dict[str, str]:
        """Open the link and sign what it shows, as the page's script does."""
        page = self.client.get(link).text
        draft = read_json(page, "draft")
        payload = draft["payload"]
        payload["signatory"]["key"] = format_key(self.key.public)
        return self.sign_payload(page, draft["payloadType"], st.format_json(payload))

    def sign_payload(self, page: str, payload_type: str, payload: bytes) -> dict[str, str]:
        signature = self.key.sign(st.pae(payload_type, payload))
        return {
            "csrf_token": csrf_token(page),
            "payload": base64.b64encode(payload).decode(),
            "key": format_key(self.key.public),
            "signature": base64.b64encode(signature).decode(),
        }

    def sign(self, **changes: object) -> str:
        """Sign; gives the path of the private receipt page."""
        link = self.ask(**changes)
        response = self.client.post(link, data=self.signed_fields(link))
        assert response.status_code == 303, response.text
        return response.headers["Location"]

    def sign_publicly(self, **changes: object) -> str:
        """Sign; gives the path of the public page."""
        leaf = parse_receipt(self.receipt(self.sign(**changes))).leaf
        return f"/signatories/{st.parse_envelope(leaf).payload_sha256[:32]}"

    def change_fields(self, path: str, action: str, reason: str = "own") -> dict[str, str]:
        """Open the page on which a signing is changed, and sign a change as its script does."""
        page = self.client.get(f"{path}/change").text
        drafts = read_json(page, "drafts")
        draft = {
            "renew": drafts["renewal"],
            "erase": drafts["erasure"],
            "withdraw": drafts["withdrawals"][reason],
        }[action]
        signed = self.sign_payload(page, draft["payloadType"], st.format_json(draft["payload"]))
        return signed | {"action": action, "reason": reason}

    def change_by_mail(self, action: str, reason: str = "own") -> str:
        """Ask for a link to change what was signed, and use it; gives the path of the page that confirms it."""
        token = csrf_token(self.client.get("/change").text)
        self.client.post("/change", data={"csrf_token": token, "address": self.address})
        link = link_in(newest_mail(self.instance))
        token = csrf_token(self.client.get(link).text)
        response = self.client.post(link, data={"csrf_token": token, "action": action, "reason": reason})
        assert response.status_code == 303, response.text
        return response.headers["Location"]

    def receipt(self, path: str) -> bytes:
        """The receipt file."""
        return bytes(self.client.get(f"{path}/file").data)


def read_json(page: str, element: str) -> dict:  # type: ignore[type-arg]  # any JSON object
    """The JSON data block of a page."""
    match = re.search(rf'<script type="application/json" id="{element}">(.*?)</script>', page, re.DOTALL)
    assert match, page[:2000]
    found = json.loads(match[1])
    assert isinstance(found, dict)
    return found


def make_app(instance: Instance) -> Flask:
    """The application of an instance."""
    return create_app(instance)
