"""A key file opened with the age command, as docs/tips-offline.md tells it."""

import os
import pty
import re
import select
import shutil
import time
from pathlib import Path

import pytest

from pledge.core.steward_bundle import wrap_bundle
from tests.core.test_steward_bundle import BUNDLE, KEYS
from tests.offline.conftest import PASSPHRASE

FILTER = re.compile(r"AGE-SECRET-KEY-PQ-1[0-9A-Z]*")


@pytest.mark.skipif(shutil.which("age") is None, reason="the age command is not installed")
def test_a_key_file_opens_with_age(tmp_path: Path) -> None:
    """Any version: a passphrase is as old as age. What is sealed to the identity inside needs 1.3."""
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
