"""The command wipes what a demo left, and touches nothing else."""

from pathlib import Path

import pytest

from pledge.config import ConfigError
from pledge.demo.cli import wipe
from pledge.keystore import DEMO_ORIGIN, LOCAL_ORIGIN, create_keys
from tests.command_kit import Run, refused
from tests.site_kit import random_bytes


@pytest.mark.parametrize("origin", [LOCAL_ORIGIN, "pledge.example.org"])
def test_a_site_that_is_no_demo_is_never_wiped(tmp_path: Path, origin: str) -> None:
    (tmp_path / "home").mkdir()
    create_keys(tmp_path / "home/keys", origin=origin, random_bytes=random_bytes)
    with pytest.raises(ConfigError, match="not a demo"):
        wipe(tmp_path / "home")
    assert (tmp_path / "home/keys").exists()


def test_a_directory_of_something_else_is_never_wiped(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("the only copy")
    with pytest.raises(ConfigError, match="not a demo"):
        wipe(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_an_earlier_demo_is_wiped(tmp_path: Path) -> None:
    home = tmp_path / "home"
    wipe(home)
    home.mkdir()
    create_keys(home / "keys", origin=DEMO_ORIGIN, random_bytes=random_bytes)
    (home / "pledge.sqlite3").write_text("rows")
    wipe(home)
    assert not home.exists()


def test_a_demo_is_not_for_the_public(run: Run) -> None:
    refused(run("demo", PLEDGE_URL="https://pledge.example.org"), "this machine only")
