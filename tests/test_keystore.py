"""Secret keys on disk: closed to others, never overwritten, all of one origin, whole or not at all."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from pledge import keystore
from pledge.config import ConfigError
from pledge.keystore import add_missing_key, create_keys, has_keys, load_keys

FILES = ("log.json", "notary.json", "seat.json", "contacts.json", "session.json", "badges.json")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    create_keys(made, origin="pledge.example.org", random_bytes=os.urandom)
    return made


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_files_are_0600_in_a_directory_of_0700_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        create_keys(tmp_path / "keys", origin="pledge.example.org", random_bytes=os.urandom)
    finally:
        os.umask(before)
    assert mode(tmp_path / "keys") == 0o700
    assert {file.name: mode(file) for file in (tmp_path / "keys").iterdir()} == dict.fromkeys(FILES, 0o600)


def test_what_is_made_is_what_is_loaded(tmp_path: Path) -> None:
    made = create_keys(tmp_path / "keys", origin="pledge.example.org", random_bytes=os.urandom)
    loaded = load_keys(tmp_path / "keys")
    for name in ("origin", "seat", "seat_id", "contacts", "session", "badges"):
        assert getattr(loaded, name) == getattr(made, name)
    assert loaded.log.public == made.log.public
    assert loaded.log_ml_dsa.public == made.log_ml_dsa.public
    assert loaded.notary.public == made.notary.public


def test_every_key_is_drawn_by_itself(tmp_path: Path) -> None:
    numbers = iter(range(1, 100))
    keys = create_keys(
        tmp_path / "keys",
        origin="pledge.example.org",
        random_bytes=lambda size: bytes([next(numbers)]) * size,
    )
    secrets = {keys.seat, keys.contacts, keys.session, keys.badges, keys.log.public, keys.notary.public}
    assert len(secrets) == 6


def test_keys_do_not_show_themselves(directory: Path) -> None:
    keys = load_keys(directory)
    shown = repr(keys)
    for secret in (keys.seat, keys.contacts, keys.session, keys.badges):
        assert repr(secret) not in shown
        assert secret.hex() not in shown


def test_nothing_is_ever_overwritten(directory: Path) -> None:
    before = {file.name: file.read_bytes() for file in directory.iterdir()}
    with pytest.raises(ConfigError, match="never overwritten"):
        create_keys(directory, origin="other.example.org", random_bytes=os.urandom)
    assert {file.name: file.read_bytes() for file in directory.iterdir()} == before


@pytest.mark.parametrize("name", FILES)
def test_one_file_that_is_left_is_not_overwritten_either(directory: Path, name: str) -> None:
    for file in directory.iterdir():
        if file.name != name:
            file.unlink()
    kept = (directory / name).read_bytes()
    assert has_keys(directory)
    with pytest.raises(ConfigError, match="never overwritten"):
        create_keys(directory, origin="other.example.org", random_bytes=os.urandom)
    assert [file.name for file in directory.iterdir()] == [name]
    assert (directory / name).read_bytes() == kept


@pytest.mark.parametrize("written", range(len(FILES)))
def test_an_interruption_leaves_no_half_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    write, calls = keystore._write_new, []

    def stop(path: Path, text: str) -> None:
        calls.append(path)
        if len(calls) > written:
            raise KeyboardInterrupt
        write(path, text)

    with monkeypatch.context() as patched:
        patched.setattr(keystore, "_write_new", stop)
        with pytest.raises(KeyboardInterrupt):
            create_keys(tmp_path / "keys", origin="pledge.example.org", random_bytes=os.urandom)
    assert not has_keys(tmp_path / "keys")
    create_keys(tmp_path / "keys", origin="pledge.example.org", random_bytes=os.urandom)
    assert {path.name for path in tmp_path.iterdir()} == {"keys"}


@pytest.mark.parametrize("open_mode", [0o640, 0o604, 0o660, 0o666, 0o610])
@pytest.mark.parametrize("name", FILES)
def test_files_open_to_others_are_refused(directory: Path, name: str, open_mode: int) -> None:
    (directory / name).chmod(open_mode)
    with pytest.raises(ConfigError, match=f"{name}.*0600"):
        load_keys(directory)


@pytest.mark.parametrize("open_mode", [0o750, 0o705, 0o777, 0o720])
def test_a_directory_open_to_others_is_refused(directory: Path, open_mode: int) -> None:
    directory.chmod(open_mode)
    with pytest.raises(ConfigError, match="0700"):
        load_keys(directory)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(ConfigError, match=name):
        load_keys(directory)


@pytest.mark.parametrize("name", FILES)
def test_keys_of_another_origin_do_not_mix(directory: Path, tmp_path: Path, name: str) -> None:
    other = tmp_path / "other"
    create_keys(other, origin="local-trial.invalid", random_bytes=os.urandom)
    (other / name).replace(directory / name)
    with pytest.raises(ConfigError, match="different origins"):
        load_keys(directory)


def change(path: Path, how: Callable[[dict[str, str]], object]) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps(how(content)))


@pytest.mark.parametrize(
    "how",
    [
        lambda content: [content],
        lambda content: content | {"seat": 5},
        lambda content: content | {"seat": "zz" * 32},
        lambda content: content | {"seat": "ab" * 31},
        lambda content: content | {"seat": ""},
        lambda content: {"origin": content["origin"]},
        lambda content: {name: value for name, value in content.items() if name != "id"},
        lambda content: {name: value for name, value in content.items() if name != "origin"},
    ],
)
def test_a_file_of_another_form_is_refused_in_one_line(
    directory: Path, how: Callable[[dict[str, str]], object]
) -> None:
    secret = json.loads((directory / "seat.json").read_text())["seat"]
    change(directory / "seat.json", how)
    with pytest.raises(ConfigError) as caught:
        load_keys(directory)
    assert "\n" not in str(caught.value)
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"null"])
def test_a_file_that_is_not_json_is_refused(directory: Path, content: bytes) -> None:
    (directory / "log.json").write_bytes(content)
    with pytest.raises(ConfigError, match=r"log\.json"):
        load_keys(directory)


def test_an_instance_of_an_older_release_gets_the_key_that_it_lacks_and_keeps_the_others(
    directory: Path,
) -> None:
    (directory / "badges.json").unlink()
    before = {file.name: file.read_bytes() for file in directory.iterdir()}
    add_missing_key(directory, random_bytes=os.urandom)
    made = load_keys(directory)
    add_missing_key(directory, random_bytes=os.urandom)
    assert load_keys(directory).badges == made.badges
    assert mode(directory / "badges.json") == 0o600
    after = {file.name: file.read_bytes() for file in directory.iterdir()}
    assert before.items() <= after.items()
    assert set(after) == set(FILES)


def test_processes_that_start_at_once_agree_on_the_key(directory: Path) -> None:
    (directory / "badges.json").unlink()
    together = Barrier(8)

    def start(_: int) -> bytes:
        together.wait()
        add_missing_key(directory, random_bytes=os.urandom)
        return load_keys(directory).badges

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start, range(8)))) == 1
    assert {file.name for file in directory.iterdir()} == set(FILES)


def test_a_key_that_cannot_be_written_is_named(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (directory / "badges.json").unlink()

    def refuse(path: Path, text: str) -> None:
        raise PermissionError

    monkeypatch.setattr(keystore, "_write_new", refuse)
    with pytest.raises(ConfigError, match=r"badges\.json is missing, and cannot be made"):
        add_missing_key(directory, random_bytes=os.urandom)


def test_where_nothing_was_founded_no_key_is_made(tmp_path: Path) -> None:
    add_missing_key(tmp_path / "keys", random_bytes=os.urandom)
    assert not (tmp_path / "keys").exists()
