"""Tips sealed in the browser and opened here, and answers the other way round."""

import base64
import hashlib
import json
import os
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from pledge.core.age.envelope import Envelope, check_envelope, seal
from pledge.core.age.file import decrypt
from pledge.core.age.hybrid import HybridIdentity
from pledge.core.age.keytext import format_hybrid_identity, format_recipient
from pledge.core.archive import (
    MANIFEST,
    TAIL_BYTES,
    file_entry_name,
    read_directory,
    read_entries,
    write_archive,
)
from pledge.core.keys import format_key
from pledge.core.tip.message import (
    File,
    Message,
    format_manifest,
    parse_manifest,
    sign_message,
    verify_manifest,
)
from tests.core.tip.kit import SOURCE, STEWARD, TIP, follow
from tests.node import find_node

BROWSER: Final = Path(__file__).parents[3] / "pledge" / "browser"
STEWARD_SEEDS: Final = [bytes([number]) * 32 for number in range(3)]
STEWARDS: Final = [HybridIdentity.from_seed(seed) for seed in STEWARD_SEEDS]
TEXT: Final = "他们没有评估计划。\n\n模型已经在训练了。"
FILES: Final = [("../../x", bytes(range(256)) * 300), ("手紙.txt", TEXT.encode())]

pytestmark = pytest.mark.skipif(
    not (BROWSER / "node_modules" / "age-encryption").is_dir(),
    reason="the browser packages are not installed",
)


def run_browser(job: dict[str, Any]) -> Any:
    done = subprocess.run(
        [find_node(), "testing/tip.js"],
        cwd=BROWSER,
        input=json.dumps(job).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout)


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def fields_of(message: Message) -> dict[str, Any]:
    """The fields that somebody fills in, as the browser has them."""
    manifest = json.loads(format_manifest(sign_message(message, SOURCE)))
    return {name: manifest[name] for name in manifest.keys() - {"files", "credential", "signature"}}


def open_here(identity: HybridIdentity, envelope: bytes) -> dict[str, bytes]:
    archive = b"".join(decrypt([identity], [envelope]))
    directory = read_directory(archive[-TAIL_BYTES:], len(archive))
    return {entry.name: b"".join(data) for entry, data in read_entries([archive], directory)}


def test_what_the_browser_seals_is_opened_here() -> None:
    result = run_browser(
        {
            "do": "seal",
            "fields": fields_of(replace(TIP, text=TEXT)),
            "files": [{"name": name, "data": encode(data)} for name, data in FILES],
            "seed": encode(bytes([1]) * 32),
            "recipients": [format_recipient(steward.recipient) for steward in STEWARDS],
        }
    )
    envelope = base64.b64decode(result["envelope"])
    assert result["size_bytes"] == len(envelope)
    assert result["sha256"] == hashlib.sha256(envelope).hexdigest()
    assert check_envelope(envelope[:20_000], len(envelope)) == Envelope(8, 262_144)
    for steward in STEWARDS:
        entries = open_here(steward, envelope)
        assert list(entries) == ["files/1-....x", "files/2-手紙.txt", MANIFEST]
        manifest = parse_manifest(entries[MANIFEST])
        verify_manifest(manifest)
        assert manifest.key == format_key(SOURCE.public)
        files = tuple(
            File(name=name, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
            for name, (_, data) in zip(("....x", "手紙.txt"), FILES, strict=True)
        )
        assert manifest.message == replace(TIP, text=TEXT, files=files)
        assert [*entries.values()][:2] == [data for _, data in FILES]


def test_what_is_sealed_here_is_opened_by_the_browser() -> None:
    names = [file_entry_name(number, name) for number, (name, _) in enumerate(FILES, 1)]
    files = tuple(
        File(name=name.partition("-")[2], size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        for name, (_, data) in zip(names, FILES, strict=True)
    )
    message = follow(TIP, 2, "a" * 64, type_="answer/v1", text=TEXT, files=files, day=date(2026, 11, 26))
    manifest = format_manifest(sign_message(message, STEWARD))
    content = [(name, [data]) for name, (_, data) in zip(names, FILES, strict=True)]
    archive = write_archive([*content, (MANIFEST, [manifest])])
    recipients = [steward.recipient for steward in STEWARDS]
    envelope = b"".join(seal(recipients, archive, random_bytes=os.urandom))
    result = run_browser(
        {
            "do": "open",
            "identity": format_hybrid_identity(STEWARD_SEEDS[1]),
            "envelope": encode(envelope),
        }
    )
    assert result["stanzas"] == 8
    assert result["key"] == format_key(STEWARD.public)
    assert result["message"] | {"signature": json.loads(manifest)["signature"]} == json.loads(manifest)
    assert {name: base64.b64decode(data) for name, data in result["entries"].items()} == {
        **{name: data for name, (_, data) in zip(names, FILES, strict=True)},
        MANIFEST: manifest,
    }
