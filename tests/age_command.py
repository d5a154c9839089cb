"""The command ``age``, as its own authors make it, for tests that hold our files against it."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence

import pytest

_POST_QUANTUM = (1, 3)


def run_age(arguments: Sequence[str], given: bytes = b"", *, post_quantum: bool = False) -> bytes:
    """Run it and give what it writes.

    Skips where there is none, or none that knows post-quantum recipients and that is asked for; fails instead where
    PLEDGE_REQUIRE_AGE is set.
    """
    if not _is_there(post_quantum=post_quantum):
        said = "there is no age, or none of 1.3 or newer"
        if os.environ.get("PLEDGE_REQUIRE_AGE") == "1":
            pytest.fail(f"PLEDGE_REQUIRE_AGE=1, and {said}")
        pytest.skip(said)
    return subprocess.run(["age", *arguments], input=given, stdout=subprocess.PIPE, check=True).stdout


def _is_there(*, post_quantum: bool) -> bool:
    if shutil.which("age") is None:
        return False
    said = subprocess.run(["age", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.match(r"v?(\d+)\.(\d+)", said)
    return not post_quantum or (version is not None and tuple(map(int, version.groups())) >= _POST_QUANTUM)
