"""A key file and a tip opened with the age command, as docs/tips-offline.md tells it."""

import hashlib
import json
import os
import pty
import re
import select
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pledge.core.age.envelope import seal
from pledge.core.age.hybrid import HybridIdentity
from pledge.core.age.keytext import format_hybrid_identity
from pledge.core.steward_bundle import wrap_bundle
from tests.age_command import run_age
from tests.core.test_steward_bundle import BUNDLE, KEYS
from tests.core.tip.kit import TIP
from tests.core.tip.sealing import archive_of
from tests.offline.conftest import PASSPHRASE

FILTER = re.compile(r"AGE-SECRET-KEY-PQ-1[0-9A-Z]*")


def test_a_key_file_opens_with_age(tmp_path: Path) -> None:
    """Any version: a passphrase is as old as age. What is sealed to the identity inside needs 1.3."""
    run_age(["--version"])
    wrapped = wrap_bundle(BUNDLE, PASSPHRASE, random_bytes=os.urandom, work_factor=10)
    (tmp_path / "pledge-steward.age").write_bytes(wrapped)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.execvp("age", ["age", "-d", "-o", "keys.json", "pledge-steward.age"])  # noqa: S606  # by name, in a test
    said = _until(terminal, b":")
    assert b"passphrase" in said.lower()
    os.write(terminal, PASSPHRASE.encode() + b"\n")
    _until(terminal, b"\0")
    assert os.waitpid(child, 0)[1] == 0
    plain = (tmp_path / "keys.json").read_text()
    assert FILTER.findall(plain) == [KEYS.age]


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_a_tip_opens_with_age_and_unzip_alone(tmp_path: Path) -> None:
    seed, plan = os.urandom(32), os.urandom(100_000)
    archive = archive_of([("计划.pdf", plan)], message=replace(TIP, text="它没有评估计划。"))
    recipient = HybridIdentity.from_seed(seed).recipient
    envelope = b"".join(seal([recipient], [archive], random_bytes=os.urandom))
    (tmp_path / "identities.txt").write_text(format_hybrid_identity(seed) + "\n")
    (tmp_path / "tip.age").write_bytes(envelope)
    paths = [str(tmp_path / name) for name in ("identities.txt", "tip.zip", "tip.age")]
    run_age(["-d", "-i", paths[0], "-o", *paths[1:]], post_quantum=True)
    subprocess.run(["unzip", "-q", "tip.zip", "-d", "tip"], cwd=tmp_path, check=True, timeout=60)
    (file,) = (tmp_path / "tip" / "files").iterdir()
    assert file.read_bytes() == plan
    manifest = json.loads((tmp_path / "tip" / "manifest.json").read_bytes())
    assert manifest["text"] == "它没有评估计划。"
    assert manifest["files"][0]["sha256"] == hashlib.sha256(plan).hexdigest()


def _until(terminal: int, end: bytes) -> bytes:
    """Read what a terminal shows until something stands in it, or it is gone."""
    said, deadline = b"", time.monotonic() + 30
    while end not in said and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                said += os.read(terminal, 4096)
            except OSError:
                break
    return said
