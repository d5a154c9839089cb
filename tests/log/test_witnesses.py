"""Witnesses over real HTTP: what they cosign closes the third ring; what they answer wrongly changes nothing."""

import base64
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask import Flask

from pledge.app import open_site
from pledge.core.keys import SigningKey
from pledge.core.policy import parse_policy
from pledge.core.receipt import parse_receipt, verify_receipt
from pledge.core.tlog.checkpoint import parse_checkpoint
from pledge.core.tlog.cosignature import sign_ed25519_cosignature
from pledge.core.tlog.note import COSIGNATURE_ED25519, VerifierKey, format_vkey, parse_note
from pledge.core.tlog.proof import verify_consistency
from pledge.core.tlog.tree import Hash
from pledge.errors import PledgeError, UnavailableError
from pledge.instance import Instance, trust_policy
from pledge.log.service import tree_size
from pledge.log.witness_client import Reply, post_over_http
from tests.log.test_killed import add_lab
from tests.site_kit import START, Clock, Person, make_app, make_config, make_instance

NAME = "witness.example/w1"
LIES = {
    "down": (503, b""),
    "longer": (409, b"999999999\n"),
    "long number": (409, b"9" * 5000),
    "no proof is good": (422, b""),
}


class Witness(ThreadingHTTPServer):
    """A witness as the specification says, with one log, and ways to misbehave."""

    def __init__(self, name: str = NAME) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.name = name
        self.hangs = threading.Event()
        self.hangs.set()
        self.key = SigningKey.from_seed(secrets.token_bytes(32))
        self.size, self.root = 0, Hash(b"")
        self.lies: str | None = None
        self.requests: list[bytes] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def line(self) -> str:
        """What a policy says of it."""
        return f"witness {self.name[-2:]} {format_vkey(self.vkey)} http://127.0.0.1:{self.server_port}/\n"

    @property
    def vkey(self) -> VerifierKey:
        return VerifierKey(self.name, COSIGNATURE_ED25519, self.key.public)

    def answer(self, body: bytes) -> tuple[int, bytes]:
        head, _, note = body.partition(b"\n\n")
        first, *hashes = head.decode().split("\n")
        old = int(first.removeprefix("old "))
        checkpoint = parse_checkpoint(parse_note(note).text)
        self.hangs.wait(30)
        if self.lies in LIES:
            return LIES[self.lies]
        if old != self.size:
            return 409, f"{self.size}\n".encode()
        if old == checkpoint.size and self.root != checkpoint.root:
            return 409, b""
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
        return 200, f"— {self.name} {line}\n".encode() if self.lies != "junk" else b"\x00" * 5000


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
    file.write_text(f"{witness.line}quorum w1\n")
    config = make_config(tmp_path / "home", PLEDGE_DATABASE_URL=database_url, PLEDGE_WITNESSES=str(file))
    make_instance(config, clock).database.close()
    instance = open_site(config, clock=clock)
    yield instance
    instance.database.close()


@pytest.fixture
def three(tmp_path: Path, database_url: str, clock: Clock) -> Iterator[tuple[Instance, list[Witness]]]:
    """An instance with three witnesses, of which two are a quorum."""
    servers = [Witness(f"witness.example/w{number}") for number in (1, 2, 3)]
    file = tmp_path / "witnesses"
    file.write_text("".join(server.line for server in servers) + "group two 2 w1 w2 w3\nquorum two\n")
    config = make_config(tmp_path / "home", PLEDGE_DATABASE_URL=database_url, PLEDGE_WITNESSES=str(file))
    make_instance(config, clock).database.close()
    instance = open_site(config, clock=clock)
    yield instance, servers
    instance.database.close()
    for server in servers:
        server.shutdown()
        server.server_close()


def ask_witnesses(instance: Instance) -> bool:
    return instance.log.ask_witnesses()


def size_of(instance: Instance) -> int:
    with instance.database.reading() as session:
        return tree_size(session)


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


def test_a_checkpoint_that_was_served_before_it_was_cosigned_is_served_anew(
    app: Flask, witnessed: Instance
) -> None:
    client = app.test_client()
    assert NAME.encode() not in client.get("/log/checkpoint").data
    assert ask_witnesses(witnessed)
    time.sleep(0.3)  # prepared answers may lag by less
    assert NAME.encode() in client.get("/log/checkpoint").data


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
    before = size_of(witnessed)
    assert ada.client.post("/sign", data=ada.form()).status_code == 503  # asked before anything is signed
    assert "longer log" in (witnessed.log.refusal or "")
    with pytest.raises(UnavailableError):
        add_lab(witnessed, "on-a-fork")
    assert size_of(witnessed) == before
    assert not ask_witnesses(witnessed)
    witness.size = 0
    assert ask_witnesses(witnessed)
    add_lab(witnessed, "caught-up")


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


def test_a_witness_that_cannot_be_reached_is_no_error(
    witnessed: Instance, witness: Witness, caplog: pytest.LogCaptureFixture
) -> None:
    witness.shutdown()
    witness.server_close()
    add_lab(witnessed, "one-more")
    assert not ask_witnesses(witnessed)
    assert f"{NAME} is out of reach" in caplog.text


def test_a_witness_that_hangs_is_not_waited_for_and_not_asked_twice(
    three: tuple[Instance, list[Witness]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    instance, (first, *_) = three
    monkeypatch.setattr("pledge.log.witnesses._ROUND_SECONDS", 1)
    first.hangs.clear()
    begun = time.monotonic()
    add_lab(instance, "one-more")
    assert time.monotonic() - begun < 8
    assert f"{first.name} has not answered" in caplog.text
    assert ask_witnesses(instance)  # the others are a quorum
    assert len(first.requests) == 1
    first.hangs.set()


def test_another_worker_that_is_faster_is_no_longer_log(witnessed: Instance, clock: Clock) -> None:
    other = open_site(witnessed.config, clock=clock)
    add_lab(witnessed, "one")

    def post_late(url: str, body: bytes) -> Reply:
        if size_of(other) == size_of(witnessed) == before:
            add_lab(other, "two")
            assert ask_witnesses(other)
        return post_over_http(url, body)

    before = size_of(witnessed)
    assert not witnessed.log.ask_witnesses(post=post_late)
    assert witnessed.log.refusal is None
    add_lab(witnessed, "three")
    assert ask_witnesses(witnessed)
    other.database.close()


@pytest.mark.sqlite_only
def test_a_whole_home_that_was_set_back_signs_nothing(
    witnessed: Instance, witness: Witness, clock: Clock, tmp_path: Path
) -> None:
    config = witnessed.config
    assert ask_witnesses(witnessed)
    witnessed.database.close()
    database = Path(config.database_url.removeprefix("sqlite:///"))
    copies = [(file, tmp_path / f"copy-of-{file.name}") for file in (database, config.published)]
    for file, copy in copies:
        shutil.copy(file, copy)
    add_lab(witnessed, "lost")
    assert ask_witnesses(witnessed)
    witnessed.database.close()
    for file, copy in copies:
        shutil.copy(copy, file)
    restored = open_site(config, clock=clock)
    before = size_of(restored)
    with pytest.raises(UnavailableError):
        add_lab(restored, "instead")
    assert size_of(restored) == before
    restored.database.close()


@pytest.mark.parametrize("behind", [0, 2])
def test_a_witness_of_another_log_under_this_name_ends_signing(
    witnessed: Instance, witness: Witness, behind: int
) -> None:
    witness.size, witness.root = size_of(witnessed) - behind, Hash(bytes(32))
    with pytest.raises(UnavailableError):
        add_lab(witnessed, "on-a-fork")
    assert "another one" in (witnessed.log.refusal or "")


def test_a_tree_that_changes_under_the_size_we_remember_ends_signing(
    witnessed: Instance, witness: Witness
) -> None:
    assert ask_witnesses(witnessed)
    add_lab(witnessed, "one-more")
    witness.root = Hash(bytes(32))
    assert not ask_witnesses(witnessed)
    assert "another one" in (witnessed.log.refusal or "")


def test_a_witness_that_names_no_size_and_likes_no_proof_ends_nothing(
    witnessed: Instance, witness: Witness
) -> None:
    witness.lies = "no proof is good"
    add_lab(witnessed, "one-more")
    assert not ask_witnesses(witnessed)
    add_lab(witnessed, "two-more")


def test_one_witness_against_a_quorum_is_no_more_than_a_line(
    three: tuple[Instance, list[Witness]], caplog: pytest.LogCaptureFixture
) -> None:
    instance, (liar, *_) = three
    assert ask_witnesses(instance)
    liar.lies = "longer"
    add_lab(instance, "one-more")
    assert ask_witnesses(instance)
    add_lab(instance, "two-more")
    assert f"{liar.name} says that it has seen 999999999 entries" in caplog.text


def test_one_witness_without_a_quorum_against_it_ends_signing_until_there_is_one(
    three: tuple[Instance, list[Witness]],
) -> None:
    instance, (liar, down, _) = three
    assert ask_witnesses(instance)
    liar.lies, down.lies = "longer", "down"
    add_lab(instance, "one-more")
    assert not ask_witnesses(instance)
    assert instance.log.refusal
    liar.lies = "down"  # which takes nothing back
    assert not ask_witnesses(instance)
    assert instance.log.refusal
    down.lies = None
    ask_witnesses(instance)
    assert not instance.log.refusal
    add_lab(instance, "two-more")


def test_a_witness_that_contradicts_from_the_start_ends_signing_until_it_cosigns(
    three: tuple[Instance, list[Witness]],
) -> None:
    instance, (one, *_) = three
    one.lies = "longer"
    with pytest.raises(UnavailableError):
        add_lab(instance, "on-a-fork")
    assert not ask_witnesses(instance)
    one.lies = None
    assert ask_witnesses(instance)
    add_lab(instance, "one-more")
