"""Sealing: what stands in the file, what is shown where, and what is refused."""

import base64
import io
import json
import os
import pty
import re
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from pledge.core.age.envelope import check_envelope
from pledge.core.age.keytext import parse_identity
from pledge.core.pow import Work, is_stamp
from pledge.core.tip.codename import derive_codename
from pledge.core.tip.contents import open_contents, read_files
from pledge.core.tip.digest import tip_leaf
from pledge.core.tip.frame import TIP_BYTES, parse_tip_frame
from pledge.core.tip.mailbox import derive_nonce
from pledge.core.tip.recipients import ProvenEntry, format_recipients
from pledge.core.words import entropy_from_words
from pledge.instance import Instance
from tests.offline.conftest import Run, refused
from tests.steward_kit import Steward
from tests.tips.http_kit import OCTETS, sha256_of

pytestmark = pytest.mark.sqlite_only
TEXT = "他们没有评估计划。\n"


def words_of(shown: str) -> str:
    lines = re.findall(r"^ {4}([a-z]+(?: [a-z]+){5})$", shown, re.MULTILINE)
    assert len(lines) == 2, shown
    return " ".join(lines)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_tip_is_sealed_and_the_site_takes_it_as_it_is(
    tips: Run,
    policy: Path,
    keys_json: Path,
    text: Path,
    terminal: io.StringIO,
    stewards: list[Steward],
    instance: Instance,
    tmp_path: Path,
    app: Flask,
) -> None:
    (tmp_path / "folder").mkdir()
    plan = tmp_path / "folder" / "评估.bin"
    plan.write_bytes(bytes(range(256)) * 2000)
    result = tips(
        *("seal", "--policy", policy, "--recipients", keys_json, "--lab", "mistral", "--clause", "speak-up"),
        *("--text", text, "-o", "x.pledge-tip", plan),
    )
    assert result.exit_code == 0, result.output
    words = words_of(terminal.getvalue())
    assert not set(words.split()) & set(result.output.split())
    data = (tmp_path / "x.pledge-tip").read_bytes()
    assert stat.S_IMODE((tmp_path / "x.pledge-tip").stat().st_mode) == 0o600
    frame, envelope = parse_tip_frame(data[:TIP_BYTES]), data[TIP_BYTES:]
    codename = derive_codename(entropy_from_words(words), origin=instance.keys.origin)
    assert frame.mailbox_key == codename.key.public
    assert frame.leaf == tip_leaf(derive_nonce(codename.digest_seed, 1), sha256_of(envelope))
    assert is_stamp(Work(instance.keys.origin, stewards[0].today, frame.mailbox_key, frame.leaf), frame.stamp)
    assert check_envelope(envelope[:20_000], len(envelope)).stanzas == 8
    for steward in stewards:
        contents = open_contents([parse_identity(steward.identity)], lambda: [envelope])
        message = contents.manifest.message
        assert (message.text, message.lab, message.clauses) == (TEXT.strip(), "mistral", ("speak-up",))
        assert message.way == "sealed-offline"
        read = {file.name: b"".join(chunks) for file, chunks in read_files(contents, lambda: [envelope])}
        assert read == {plan.name: plan.read_bytes()}
    assert app.test_client().post("/tips", data=data, content_type=OCTETS).status_code == 201


def test_nothing_is_written_over(
    tips: Run, policy: Path, keys_json: Path, text: Path, terminal: io.StringIO, tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(b"mine")
    result = tips("seal", "--policy", policy, "--recipients", keys_json, "--text", text, "-o", "x")
    refused(result, "is there already")
    assert (tmp_path / "x").read_bytes() == b"mine"
    assert terminal.getvalue() == ""


def test_what_cannot_be_sealed_leaves_nothing(
    tips: Run, policy: Path, keys_json: Path, terminal: io.StringIO, tmp_path: Path
) -> None:
    (tmp_path / "latin1").write_bytes(b"\xe4")
    (tmp_path / "long").write_text("x" * 100_001)
    with (tmp_path / "large").open("wb") as file:
        file.truncate((500 << 20) + 1)
    to = ("seal", "--policy", policy, "--recipients", keys_json, "-o", "x")
    refused(tips(*to), "a text or a file")
    refused(tips(*to, "--text", "latin1"), "UTF-8")
    refused(tips(*to, "--text", "long"), "100,000")
    refused(tips(*to, "large"), "500 MiB")
    refused(tips(*to, "--lab", "Mistral!", "--text", "long"), "100,000")
    refused(tips(*to, "--lab", "Mistral!", "long"), "lab")
    assert not (tmp_path / "x").exists()
    assert terminal.getvalue() == ""


def test_keys_that_the_log_does_not_vouch_for_are_refused(
    tips: Run, policy: Path, keys_json: Path, text: Path, terminal: io.StringIO, instance: Instance
) -> None:
    """A server that adds a steward of its own has no signatures for them."""
    value = json.loads(keys_json.read_bytes())
    leaf = value["entries"][-1]["leaf"]
    assert leaf
    changed = leaf[:40] + ("A" if leaf[40] != "A" else "B") + leaf[41:]
    keys_json.write_bytes(keys_json.read_bytes().replace(leaf.encode(), changed.encode()))
    result = tips("seal", "--policy", policy, "--recipients", keys_json, "--text", text, "-o", "x")
    refused(result, "Entry")
    assert terminal.getvalue() == ""


def test_too_few_stewards_close_the_line(
    tips: Run, policy: Path, keys_json: Path, text: Path, terminal: io.StringIO
) -> None:
    value = json.loads(keys_json.read_bytes())
    entries = [
        ProvenEntry(
            index=entry["index"],
            leaf=base64.b64decode(entry["leaf"]),
            path=tuple(map(base64.b64decode, entry["path"])),
        )
        for entry in value["entries"]
    ]
    keys_json.write_bytes(format_recipients(value["checkpoint"].encode(), entries[:2]))
    result = tips("seal", "--policy", policy, "--recipients", keys_json, "--text", text, "-o", "x")
    refused(result, "closed")


def command(policy: Path, keys_json: Path, output: str) -> list[str]:
    pledge = str(Path(sys.executable).with_name("pledge"))
    return [
        pledge,
        "tips",
        "seal",
        "--policy",
        str(policy),
        "--recipients",
        str(keys_json),
        "--text",
        "-",
        "-o",
        output,
    ]


def test_the_words_go_to_a_terminal_and_to_no_file(
    policy: Path, keys_json: Path, stewards: list[Steward], tmp_path: Path
) -> None:
    """A real terminal sees them once; without one nothing is sealed."""
    assert datetime.now(UTC).date() >= stewards[0].today  # or these keys would not hold yet
    master, slave = pty.openpty()
    done = subprocess.run(
        command(policy, keys_json, str(tmp_path / "x")),
        input=TEXT.encode(),
        stdout=slave,
        stderr=subprocess.PIPE,
        start_new_session=True,
        check=False,
        timeout=60,
    )
    os.close(slave)
    shown = b""
    while chunk := _read(master):
        shown += chunk
    os.close(master)
    assert done.returncode == 0, done.stderr
    words = words_of(shown.decode().replace("\r\n", "\n"))
    entropy_from_words(words)
    assert words.split()[0].encode() not in done.stderr.split()
    piped = subprocess.run(
        command(policy, keys_json, str(tmp_path / "y")),
        input=TEXT.encode(),
        capture_output=True,
        start_new_session=True,
        check=False,
        timeout=60,
    )
    assert piped.returncode == 2
    assert b"no terminal" in piped.stderr
    assert not (tmp_path / "y").exists()


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65_536)
    except OSError:
        return b""
