"""Fixtures: a log, its mirror in a directory, and the commands as a person runs them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from pledge.audit.cli import audit, verify
from pledge.audit.sign import sign
from tests.audit.serving import Serving, serving
from tests.testlog import POLICY, WholeLog, make_log, write_files

Run = Callable[..., Result]
Audit = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line below ``pledge``, in a home of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    root = click.Group("pledge", commands=[verify, audit, sign])

    def invoke(*arguments: object, typed: str | None = None) -> Result:
        result = CliRunner().invoke(root, [*map(str, arguments)], input=typed)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "trusted-policy"
    path.write_text(POLICY)
    return path


@pytest.fixture
def log() -> WholeLog:
    return make_log(5)


@pytest.fixture
def mirror(log: WholeLog, tmp_path: Path) -> Path:
    return log.write(tmp_path / "mirror")


@pytest.fixture
def site(log: WholeLog) -> Iterator[Serving]:
    with serving(log.files()) as site:
        yield site


@pytest.fixture
def audited(run: Run, tmp_path: Path, policy: Path) -> Audit:
    """Lay out a log, perhaps with other files, and audit it."""

    def lay_out(log: WholeLog, *options: object, **files: bytes) -> Result:
        directory = write_files(tmp_path / "laid-out", log.files() | files)
        return run("audit", directory, "--policy", policy, *options)

    return lay_out


def change(path: Path, place: int = -1) -> None:
    """Change one byte of a file; by default one in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if place == -1 else place] ^= 1
    path.write_bytes(data)
