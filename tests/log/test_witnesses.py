"""Witnesses over real HTTP: what they cosign closes the third ring; what they answer wrongly changes nothing."""

import base64
import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask import Flask

from pledge.app import on_sequenced
from pledge.core.keys import SigningKey
from pledge.core.policy import parse_policy
from pledge.core.receipt import parse_receipt, verify_receipt
from pledge.core.tlog.checkpoint import parse_checkpoint
from pledge.core.tlog.cosignature import sign_ed25519_cosignature
from pledge.core.tlog.note import COSIGNATURE_ED25519, VerifierKey, format_vkey, parse_note
from pledge.core.tlog.proof import verify_consistency
from pledge.core.tlog.tree import Hash
from pledge.errors import PledgeError
from pledge.instance import Instance, open_instance, trust_policy
from pledge.tick import ask_witnesses
from tests.site_kit import START, Clock, Person, make_app, make_config, make_instance

NAME = "witness.example/w1"


class Witness(ThreadingHTTPServer):
    """A witness as the specification says, with one log, and ways to misbehave."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.key = SigningKey.from_seed(secrets.token_bytes(32))
        self.size, self.root = 0, Hash(b"")
        self.lies: str | None = None
        self.requests: list[bytes] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def vkey(self) -> VerifierKey:
        return VerifierKey(NAME, COSIGNATURE_ED25519, self.key.public)

    def answer(self, body: bytes) -> tuple[int, bytes]:
        head, _, note = body.partition(b"\n\n")
        first, *hashes = head.decode().split("\n")
        old = int(first.removeprefix("old "))
        checkpoint = parse_checkpoint(parse_note(note).text)
        if self.lies == "down":
            return 503, b""
        if self.lies == "long number":
            return 409, b"9" * 5000
        if old != self.size:
            return 409, f"{self.size}\n".encode()
        if self.size:
            proof = [Hash(base64.b64decode(value)) for value in hashes]
            try:
                verify_consistency(self.size, self.root, checkpoint.size, checkpoint.root, proof)
            except PledgeError:
                return 422, b""
        self.size, self.root = checkpoint.size, checkpoint.root
        signed = sign_ed25519_cosignature(self.key, checkpoint, int(START.timestamp()))
        if self.lies == "bad signature":
            signed = signed[:-1] + bytes([signed[-1] ^ 1])
        line = base64.b64encode(self.vkey.key_id + signed).decode()
        return 200, f"— {NAME} {line}\n".encode() if self.lies != "junk" else b"\x00" * 5000


class Handler(BaseHTTPRequestHandler):
    server: Witness

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(body)
        status, answer = self.server.answer(body) if self.path == "/add-checkpoint" else (404, b"")
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def witness() -> Iterator[Witness]:
    server = Witness()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def witnessed(tmp_path: Path, database_url: str, witness: Witness, clock: Clock) -> Iterator[Instance]:
    """An instance that knows the witness."""
    file = tmp_path / "witnesses"
    file.write_text(
        f"witness w1 {format_vkey(witness.vkey)} http://127.0.0.1:{witness.server_port}/\nquorum w1\n"
    )
    config = make_config(tmp_path / "home", PLEDGE_DATABASE_URL=database_url, PLEDGE_WITNESSES=str(file))
    make_instance(config, clock).database.close()
    instance = open_instance(config, on_sequenced=on_sequenced, clock=clock)
    yield instance
    instance.database.close()


@pytest.fixture
def app(witnessed: Instance) -> Flask:
    return make_app(witnessed)


def test_a_cosigned_receipt_says_so(app: Flask, witnessed: Instance, witness: Witness) -> None:
    ada = Person(app)
    path = ada.sign()
    policy = parse_policy(trust_policy(witnessed))
    assert verify_receipt(parse_receipt(ada.receipt(path)), policy).grade == "logged"
    assert ask_witnesses(witnessed)
    verified = verify_receipt(parse_receipt(ada.receipt(path)), policy)
    assert (verified.grade, verified.witnesses) == ("witnessed", ("w1",))
    assert verified.newest_cosignature_seconds == int(START.timestamp())
    assert NAME.encode() in ada.client.get("/log/checkpoint").data


def test_the_witness_sees_consistency_and_is_not_asked_twice(
    app: Flask, witnessed: Instance, witness: Witness
) -> None:
    assert ask_witnesses(witnessed)
    Person(app).sign()
    assert ask_witnesses(witnessed)
    assert not ask_witnesses(witnessed)
    assert len(witness.requests) == 2
    assert all(len(body) < 16_384 for body in witness.requests)


def test_a_witness_that_knows_more_or_less_than_we_think_is_asked_again(
    app: Flask, witnessed: Instance, witness: Witness
) -> None:
    ask_witnesses(witnessed)
    witness.size = 0
    Person(app).sign()
    assert ask_witnesses(witnessed)


def test_a_witness_that_has_seen_a_longer_log_ends_signing(
    app: Flask, witnessed: Instance, witness: Witness
) -> None:
    witness.size = 1000
    ada = Person(app)
    assert not ask_witnesses(witnessed)
    assert "longer log" in (witnessed.log.refusal or "")
    assert ada.client.post("/sign", data=ada.form()).status_code == 503


@pytest.mark.parametrize("lie", ["down", "bad signature", "junk", "long number"])
def test_a_witness_that_fails_leaves_receipts_logged(
    app: Flask, witnessed: Instance, witness: Witness, lie: str
) -> None:
    witness.lies = lie
    ada = Person(app)
    path = ada.sign()
    assert not ask_witnesses(witnessed)
    policy = parse_policy(trust_policy(witnessed))
    assert verify_receipt(parse_receipt(ada.receipt(path)), policy).grade == "logged"


def test_entries_after_the_cosigned_checkpoint_have_receipts_too(app: Flask, witnessed: Instance) -> None:
    ask_witnesses(witnessed)
    ada = Person(app)
    verified = verify_receipt(parse_receipt(ada.receipt(ada.sign())), parse_policy(trust_policy(witnessed)))
    assert verified.grade == "logged"


def test_a_witness_that_cannot_be_reached_is_no_error(witnessed: Instance) -> None:
    dead = replace(
        witnessed,
        policy=replace(
            witnessed.policy, urls=dict.fromkeys(witnessed.policy.witnesses.values(), "http://127.0.0.1:9")
        ),
    )
    assert not ask_witnesses(dead)
