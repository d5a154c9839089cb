"""A steward's way offline: fetched over HTTP, opened, answered, accounted for, and every lie on it found out."""

import json
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from pledge.core.age.file import encrypt
from pledge.core.age.keytext import parse_identity
from pledge.core.age.scrypt import ScryptRecipient
from pledge.core.keys import SigningKey
from pledge.core.statement.canonical import format_json
from pledge.core.tip.contents import open_contents
from pledge.core.tip.digest import STEP
from pledge.core.tip.frame import ANSWER_BYTES, parse_answer_frame
from pledge.instance import Instance
from pledge.tick import tick
from tests.core.tip.sealing import archive_of, envelope_of
from tests.offline.conftest import PASSPHRASE, Run, refused, wrap
from tests.site_kit import Clock
from tests.steward_kit import Steward
from tests.tips.http_kit import OCTETS, Source, answer_frame, sha256_of

pytestmark = pytest.mark.sqlite_only
TEXT = "他们没有评估计划。\x1b[2J\x1b]0;owned\x07 \u202egpj.exe"
FILES = [("../../x", b"abc" * 1000), ("😀" * 4000, b""), ("rep\x1bort\u202e.pdf", b"%PDF")]
Fetch = Callable[..., Path]


@pytest.fixture
def source(app: Flask, stewards: list[Steward]) -> Source:
    return Source(app)


@pytest.fixture
def token(stewards: list[Steward], tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(stewards[0].token() + "\n")
    return path


@pytest.fixture
def fetch(tips: Run, url: str, token: Path, policy: Path, tmp_path: Path) -> Fetch:
    def run(name: str = "desk") -> Path:
        result = tips("fetch", url, "--token-file", token, "-o", name, "--policy", policy)
        assert result.exit_code == 0, result.output
        return tmp_path / name

    return run


def thread_of(desk: Path, place: int = 0) -> dict[str, Any]:
    threads: list[dict[str, Any]] = json.loads((desk / "inbox.json").read_bytes())["threads"]
    return threads[place]


def change_inbox(desk: Path, change: Callable[[dict[str, Any]], object]) -> None:
    inbox = json.loads((desk / "inbox.json").read_bytes())
    change(inbox["threads"][0])
    (desk / "inbox.json").write_bytes(format_json(inbox, max_bytes=1 << 26))


def test_the_whole_way_and_back(
    tips: Run,
    fetch: Fetch,
    app: Flask,
    stewards: list[Steward],
    source: Source,
    ada_keys: Path,
    policy: Path,
    clock: Clock,
    tmp_path: Path,
) -> None:
    tip = source.tip(text=TEXT, files=FILES)
    desk, keys = fetch(), ("--keys", ada_keys, "--policy", policy)
    assert stat.S_IMODE(desk.stat().st_mode) == 0o700
    envelopes = list((desk / "envelopes").iterdir())
    assert [path.read_bytes() for path in envelopes] == [tip]
    assert not any(TEXT.encode()[:12] in path.read_bytes() for path in desk.rglob("*") if path.is_file())

    result = tips("open", desk, *keys, "-o", "out")
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.output
    assert "\x07" not in result.output
    assert "\u202e" not in result.output
    assert "\\u{1b}" in result.output
    thread = thread_of(desk)
    inside = tmp_path / "out" / thread["id"][:12] / "1"
    names = sorted(path.name for path in inside.iterdir())
    assert names == ["1-....x", "2-" + "😀" * 50, "3-report.pdf", "message.txt"]
    assert (inside / "message.txt").read_text() == TEXT + "\n"
    assert (inside / "1-....x").read_bytes() == b"abc" * 1000
    assert {stat.S_IMODE(path.stat().st_mode) for path in inside.iterdir()} == {0o600}

    (tmp_path / "plan.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "words").write_text("Which run was it?")
    result = tips(
        "reply", desk, thread["id"][:8], *keys, "--text", "words", "-o", "a.pledge-answer", "plan.pdf"
    )
    assert result.exit_code == 0, result.output
    frame = (tmp_path / "a.pledge-answer").read_bytes()
    assert parse_answer_frame(frame[:ANSWER_BYTES]).number == 2
    posted = (
        stewards[0]
        .sign_in(app)
        .post(f"/stewards/threads/{thread['id']}/answers", data=frame, content_type=OCTETS)
    )
    assert posted.status_code == 201
    for reader in (source.codename.identity, *(parse_identity(s.identity) for s in stewards)):
        contents = open_contents([reader], lambda: [frame[ANSWER_BYTES:]])
        assert contents.manifest.message.text == "Which run was it?"
        assert contents.manifest.message.previous == sha256_of(tip).hex()
        assert contents.manifest.key == stewards[0].signing
    assert source.thread()[1]["from"] == "steward"

    clock.pass_days(1)
    tick(source.instance)
    again = fetch()
    assert len(list((again / "envelopes").iterdir())) == 2
    result = tips("account", again, *keys)
    assert result.exit_code == 0, result.output
    assert f"{STEP} leaves: 1 held, {STEP - 1} dummies" in result.output
    result = tips("open", again, *keys, "-o", "out2")
    assert result.exit_code == 0, result.output
    assert "A steward" in result.output


def test_fetching_again_takes_only_what_is_new(
    fetch: Fetch, tips: Run, source: Source, url: str, token: Path, policy: Path
) -> None:
    source.tip()
    desk = fetch()
    (envelope,) = (desk / "envelopes").iterdir()
    before = envelope.stat().st_mtime_ns
    result = tips("fetch", url, "--token-file", token, "-o", desk, "--policy", policy)
    assert "0 new envelopes, 1 were there" in result.output
    assert envelope.stat().st_mtime_ns == before
    (desk / "envelopes" / (envelope.name + ".part")).write_bytes(b"half")
    envelope.unlink()
    assert "1 new" in tips("fetch", url, "--token-file", token, "-o", desk, "--policy", policy).output
    assert len(list((desk / "envelopes").iterdir())) == 1


def test_who_has_no_token_gets_nothing(tips: Run, url: str, policy: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("A" * 43)
    refused(tips("fetch", url, "--token-file", "wrong", "-o", "desk", "--policy", policy), "answers")
    (tmp_path / "empty").write_text("\n")
    refused(tips("fetch", url, "--token-file", "empty", "-o", "desk", "--policy", policy), "token")
    refused(
        tips("fetch", "http://example.org", "--token-file", "wrong", "-o", "d", "--policy", policy), "https"
    )


def test_a_wrong_passphrase_and_another_key_file(
    tips: Run, fetch: Fetch, source: Source, ada_keys: Path, policy: Path
) -> None:
    source.tip()
    desk = fetch()
    result = tips("open", desk, "--keys", ada_keys, "--policy", policy, "-o", "out", typed="wrong\n")
    assert result.exit_code == 1
    assert "passphrase" in result.output
    wrapped = ada_keys.read_bytes()
    ada_keys.write_bytes(wrapped.replace(b" 10\n", b" 30\n", 1))
    result = tips("open", desk, "--keys", ada_keys, "--policy", policy, "-o", "out")
    assert "work factor" in result.output
    ada_keys.write_bytes(
        b"".join(encrypt([ScryptRecipient(PASSPHRASE, 10)], [b"{}"], random_bytes=os.urandom))
    )
    result = tips("open", desk, "--keys", ada_keys, "--policy", policy, "-o", "out")
    assert result.exit_code == 1
    assert not Path("out").exists()


ATTACKS: dict[str, Callable[[Path, dict[str, Any]], object]] = {
    "an envelope changed": lambda desk, thread: flip(desk / "envelopes" / thread["messages"][0]["id"]),
    "an answer dropped from the middle": lambda desk, thread: change_inbox(
        desk, lambda t: t.update(messages=[t["messages"][0], t["messages"][2] | {"number": 2}])
    ),
    "two swapped": lambda desk, thread: change_inbox(
        desk,
        lambda t: t.update(
            messages=[
                t["messages"][0],
                t["messages"][2] | {"number": 2},
                t["messages"][1] | {"number": 3},
            ]
        ),
    ),
    "one replayed": lambda desk, thread: change_inbox(
        desk, lambda t: t["messages"].append(t["messages"][0] | {"number": 4})
    ),
    "another mailbox": lambda desk, thread: change_inbox(desk, lambda t: t.update(mailbox="0" * 32)),
    "an answer called the source's": lambda desk, thread: change_inbox(
        desk, lambda t: t["messages"][1].update({"from": "source"})
    ),
}


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)


@pytest.fixture
def long_desk(fetch: Fetch, app: Flask, stewards: list[Steward], source: Source) -> Path:
    """A thread of three messages, fetched."""
    tip = source.tip()
    frame = answer_frame(stewards[0], tip, source)
    thread = fetch("first")
    path = f"/stewards/threads/{thread_of(thread)['id']}/answers"
    assert stewards[0].sign_in(app).post(path, data=frame, content_type=OCTETS).status_code == 201
    more = source.seal("More.", number=3, previous=sha256_of(frame[ANSWER_BYTES:]))
    assert source.post("/mailbox/follow-ups", source.follow_up_frame(more, 3)).status_code == 201
    return fetch()


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_site_could_do_to_a_thread_is_found_out(
    attack: str, tips: Run, long_desk: Path, ada_keys: Path, policy: Path
) -> None:
    ATTACKS[attack](long_desk, thread_of(long_desk))
    result = tips("open", long_desk, "--keys", ada_keys, "--policy", policy, "-o", "out")
    assert result.exit_code == 1, result.output
    assert "Nothing of this thread was written" in result.output
    assert list(Path("out").iterdir()) == []
    result = tips(
        "reply", long_desk, thread_of(long_desk)["id"], "--keys", ada_keys, "--policy", policy, "-o", "a"
    )
    assert result.exit_code == 1
    assert not Path("a").exists()


def test_an_answer_goes_to_nobody_whom_the_server_names(
    tips: Run,
    fetch: Fetch,
    source: Source,
    stewards: list[Steward],
    ada_keys: Path,
    policy: Path,
    tmp_path: Path,
) -> None:
    """A tip that names another recipient is another tip: the server cannot sign one for this mailbox."""
    tip = source.tip()
    desk = fetch()
    identity = parse_identity(stewards[0].identity)
    own = open_contents([identity], lambda: [tip]).manifest.message
    forger = SigningKey.from_seed(bytes([9]) * 32)
    mine = archive_of([], message=replace(own, recipient=stewards[1].recipient), key=forger)
    forged = envelope_of(mine, *(parse_identity(s.identity) for s in stewards))  # type: ignore[arg-type]  # hybrid
    listed = thread_of(desk)["messages"][0]
    (desk / "envelopes" / listed["id"]).write_bytes(forged)
    change_inbox(
        desk,
        lambda t: t["messages"][0].update(sha256=sha256_of(forged).hex(), size_bytes=len(forged)),
    )
    result = tips("reply", desk, thread_of(desk)["id"], "--keys", ada_keys, "--policy", policy, "-o", "a")
    refused(result, "not by the source")
    result = tips("open", desk / "envelopes" / listed["id"], "--keys", ada_keys, "-o", "out")
    refused(result, "not by the source")
    assert not (tmp_path / "out").exists()


def test_keys_that_are_no_steward_s_cannot_answer(
    tips: Run, fetch: Fetch, source: Source, stewards: list[Steward], policy: Path, tmp_path: Path
) -> None:
    source.tip()
    desk = fetch()
    old = replace(stewards[0], seed=bytes([7]) * 32)
    (tmp_path / "old.age").write_bytes(wrap(old))
    result = tips(
        "reply",
        desk,
        thread_of(desk)["id"],
        "--keys",
        "old.age",
        "--policy",
        policy,
        "--text",
        "token",
        "-o",
        "a",
    )
    refused(result, "current steward")
    stranger = replace(stewards[0], identity_seed=bytes([8]) * 32)
    (tmp_path / "stranger.age").write_bytes(wrap(stranger))
    result = tips(
        "reply",
        desk,
        thread_of(desk)["id"],
        "--keys",
        "stranger.age",
        "--policy",
        policy,
        "--text",
        "token",
        "-o",
        "a",
    )
    refused(result, "not sealed to your keys")
    result = tips("open", desk, "--keys", "stranger.age", "--policy", policy, "-o", "out")
    assert "None of your keys opens it" in result.output
    assert result.exit_code == 0
    assert not Path("a").exists()


def test_one_envelope_is_opened_by_itself(
    tips: Run,
    fetch: Fetch,
    source: Source,
    stewards: list[Steward],
    ada_keys: Path,
    policy: Path,
    tmp_path: Path,
    keys_json: Path,
) -> None:
    tip = source.tip(text="Alone.")
    (tmp_path / "tip.age").write_bytes(tip)
    (tmp_path / "tip.pledge-tip").write_bytes(source.frame(tip))
    (tmp_path / "answer").write_bytes(answer_frame(stewards[0], tip, source, files=[("a", b"abc")]))
    for number, name in enumerate(("tip.age", "tip.pledge-tip")):
        result = tips("open", name, "--keys", ada_keys, "-o", f"out{number}")
        assert result.exit_code == 0, result.output
        assert (tmp_path / f"out{number}" / "message.txt").read_text() == "Alone.\n"
    refused(tips("open", "tip.age", "--keys", ada_keys, "-o", "out0"), "is there already")
    refused(tips("open", "answer", "--keys", ada_keys, "-o", "out5"), "--recipients")
    vouched = ("--recipients", keys_json, "--policy", policy)
    result = tips("open", "answer", "--keys", ada_keys, *vouched, "-o", "out6")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out6" / "1-a").read_bytes() == b"abc"
    forged = answer_frame(stewards[0], tip, source, key=SigningKey.from_seed(bytes([3]) * 32))
    (tmp_path / "forged").write_bytes(forged)
    refused(tips("open", "forged", "--keys", ada_keys, *vouched, "-o", "out7"), "not by a steward")


def test_files_that_lie_are_not_written(
    tips: Run, source: Source, stewards: list[Steward], ada_keys: Path, tmp_path: Path
) -> None:
    """Sizes in the directory, and a manifest that names other files."""
    identity = parse_identity(stewards[0].identity)
    sealed = source.seal()
    message = open_contents([identity], lambda: [sealed]).manifest.message
    honest = bytearray(archive_of([("a", b"abc" * 100)], message=message, key=source.codename.key))
    honest[honest.index(b"PK\x01\x02") + 24] ^= 1
    other = archive_of([("a", b"abc")], message=message, key=source.codename.key, named=[])
    for archive in (bytes(honest), other):
        (tmp_path / "lying").write_bytes(envelope_of(archive, identity))  # type: ignore[arg-type]  # hybrid
        result = tips("open", "lying", "--keys", ada_keys, "-o", "out")
        assert result.exit_code == 1, result.output
        assert not (tmp_path / "out").exists()


@pytest.fixture
def accounted(fetch: Fetch, source: Source, clock: Clock, instance: Instance) -> Path:
    """Two tips, a day's digest, fetched."""
    source.tip()
    Source(source.app).tip()
    clock.pass_days(1)
    tick(instance)
    return fetch()


def account(tips: Run, desk: Path, ada_keys: Path, policy: Path) -> Any:
    return tips("account", desk, "--keys", ada_keys, "--policy", policy)


def test_a_tip_that_is_kept_back_leaves_a_leaf(
    tips: Run, accounted: Path, ada_keys: Path, policy: Path
) -> None:
    assert account(tips, accounted, ada_keys, policy).exit_code == 0
    inbox = json.loads((accounted / "inbox.json").read_bytes())
    inbox["threads"].pop()
    (accounted / "inbox.json").write_bytes(format_json(inbox, max_bytes=1 << 26))
    result = account(tips, accounted, ada_keys, policy)
    assert result.exit_code == 1
    assert "1 neither" in result.output


def test_a_tip_in_no_digest_is_named(
    tips: Run, accounted: Path, ada_keys: Path, policy: Path, source: Source, clock: Clock, fetch: Fetch
) -> None:
    late = Source(source.app)
    late.tip()
    desk = fetch()
    listed = [
        m["id"] for t in json.loads((desk / "inbox.json").read_bytes())["threads"] for m in t["messages"]
    ]
    assert len(listed) == 3
    assert account(tips, desk, ada_keys, policy).exit_code == 0, "it came today, and may stand in tomorrow's"
    inbox = json.loads((desk / "inbox.json").read_bytes())
    for thread in inbox["threads"]:
        for message in thread["messages"]:
            message["day"] = "2000-01-01"
    (desk / "inbox.json").write_bytes(format_json(inbox, max_bytes=1 << 26))
    result = account(tips, desk, ada_keys, policy)
    assert result.exit_code == 1
    assert result.output.count("in no digest") == 1


DIGEST_LIES: dict[str, Callable[[Path, str], object]] = {
    "a byte of the leaves changed": lambda desk, day: flip(desk / "digests" / day),
    "a leaf less": lambda desk, day: (desk / "digests" / day).write_bytes(
        (desk / "digests" / day).read_bytes()[:-32]
    ),
    "no leaves": lambda desk, day: (desk / "digests" / day).unlink(),
    "no entry": lambda desk, day: (desk / "digests" / f"{day}.entry").unlink(),
    "another entry": lambda desk, day: flip(desk / "digests" / f"{day}.entry"),
    "another dummy": lambda desk, day: swap_dummy(desk),
}


def swap_dummy(desk: Path) -> None:
    value = json.loads((desk / "digests.json").read_bytes())
    value["days"][-1]["dummies"][0] = "A" * 43 + "="
    (desk / "digests.json").write_bytes(format_json(value, max_bytes=1 << 26))


@pytest.mark.parametrize("lie", DIGEST_LIES)
def test_a_digest_that_is_not_the_log_s_is_found_out(
    lie: str, tips: Run, accounted: Path, ada_keys: Path, policy: Path
) -> None:
    day = json.loads((accounted / "digests.json").read_bytes())["days"][-1]["day"]
    DIGEST_LIES[lie](accounted, day)
    result = account(tips, accounted, ada_keys, policy)
    assert result.exit_code == 1, result.output
    assert day in result.output


def test_what_was_not_fetched_is_said(tips: Run, accounted: Path, ada_keys: Path, policy: Path) -> None:
    shutil.rmtree(accounted / "envelopes")
    result = tips("open", accounted, "--keys", ada_keys, "--policy", policy, "-o", "out")
    assert result.exit_code == 1
    assert "Not all of it has been fetched" in result.output
    assert account(tips, accounted, ada_keys, policy).exit_code == 2
    refused(tips("reply", accounted, "zz", "--keys", ada_keys, "--policy", policy, "-o", "a"), "No thread")
