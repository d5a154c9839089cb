"""Fixtures: a site with two stewards over real HTTP, and the commands as a steward and a source run them."""

import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from werkzeug.serving import make_server

from pledge.cli import main
from pledge.core.steward_bundle import Bundle, OwnKeys, wrap_bundle
from pledge.instance import Instance, trust_policy
from tests.site_kit import Clock
from tests.steward_kit import Steward, found_stewards

PASSPHRASE = "six words drawn by dice"  # noqa: S105  # of nobody real
Run = Callable[..., Result]


def refused(result: Result, *words: str) -> None:
    """Expect one line of complaint, after the passphrase was asked for or not."""
    assert result.exit_code in {1, 2}, result.output
    lines = [line for line in result.output.splitlines() if line and line != "Passphrase: "]
    assert len(lines) == 1, result.output
    assert lines[0].startswith("Error: ")
    for word in words:
        assert word in lines[0]


@pytest.fixture
def stewards(instance: Instance) -> list[Steward]:
    return found_stewards(instance, 2)


@pytest.fixture
def url(app: Flask, stewards: list[Steward]) -> Iterator[str]:
    """The site, over HTTP on this machine, by the clock of the test."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def wrap(*stewards: Steward) -> bytes:
    """The key file of somebody who has had these keys one after the other."""
    keys = tuple(OwnKeys(age=s.identity, from_=s.today, signing=s.seed.hex()) for s in stewards)
    bundle = Bundle(keys=keys, origin=stewards[0].instance.keys.origin, type_="steward-keys/v1")
    return wrap_bundle(bundle, PASSPHRASE, random_bytes=os.urandom, work_factor=10)


@pytest.fixture
def policy(instance: Instance, tmp_path: Path) -> Path:
    path = tmp_path / "policy"
    path.write_text(trust_policy(instance))
    return path


@pytest.fixture
def ada_keys(stewards: list[Steward], tmp_path: Path) -> Path:
    path = tmp_path / "pledge-steward.age"
    path.write_bytes(wrap(stewards[0]))
    return path


@pytest.fixture
def keys_json(app: Flask, stewards: list[Steward], tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_bytes(app.test_client().get("/stewards/keys.json").data)
    return path


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a source sees besides what can be redirected."""
    shown = io.StringIO()

    @contextmanager
    def only() -> Iterator[io.StringIO]:
        yield shown

    monkeypatch.setattr("pledge.offline.seal.only_terminal", only)
    return shown


@pytest.fixture
def tips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Run:
    """Run ``pledge tips`` in a directory of its own, on the day of the test's clock."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)

    def today() -> date:
        return clock.now.date()

    for module in ("seal", "reply"):
        monkeypatch.setattr(f"pledge.offline.{module}.today", today)

    def invoke(*arguments: object, typed: str = f"{PASSPHRASE}\n") -> Result:
        result = CliRunner().invoke(main, ["tips", *map(str, arguments)], input=typed)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke
