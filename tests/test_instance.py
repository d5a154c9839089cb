"""Opening an instance: keys, log and settings belong together, or nothing is opened."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pledge.app import create_app, on_sequenced, open_site
from pledge.config import ConfigError
from pledge.core.policy import parse_policy
from pledge.errors import UnavailableError
from pledge.founding import found
from pledge.instance import Instance, trust_policy
from tests.site_kit import Clock, Person, make_config, make_instance, random_bytes

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def home(founded: Path, tmp_path: Path) -> Path:
    copied = tmp_path / "home"
    shutil.copytree(founded, copied)
    return copied


def test_a_public_address_refuses_the_keys_of_a_trial(home: Path) -> None:
    for url in ("https://pledge.example.org", "http://pledge7longaddress.onion"):
        with pytest.raises(ConfigError, match="keys of a local trial"):
            open_site(make_config(home, PLEDGE_URL=url))


def test_a_public_address_refuses_mail_into_files(tmp_path: Path) -> None:
    home = tmp_path / "real"
    found(
        make_config(home),
        origin="pledge.example.org",
        operator="A Foundation",
        contact="hello@example.org",
        on_sequenced=on_sequenced,
        clock=Clock(),
        random_bytes=random_bytes,
    )
    with pytest.raises(ConfigError, match="PLEDGE_MAIL_URL"):
        open_site(make_config(home, PLEDGE_URL="https://pledge.example.org"))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "pledge.example.org"])  # noqa: S104  # refused
def test_mails_in_files_are_not_served_to_the_network(home: Path, host: str) -> None:
    with pytest.raises(ConfigError, match="PLEDGE_HOST"):
        open_site(make_config(home, PLEDGE_HOST=host))
    for own in ("127.0.0.1", "::1", "localhost"):
        open_site(make_config(home, PLEDGE_HOST=own)).database.close()
    open_site(make_config(home, PLEDGE_HOST=host, PLEDGE_MAIL_URL="smtp://localhost")).database.close()


def test_keys_of_another_founding_are_refused(home: Path, tmp_path: Path) -> None:
    other = make_config(tmp_path / "other")
    make_instance(other, Clock()).database.close()
    shutil.rmtree(home / "keys")
    shutil.copytree(other.home / "keys", home / "keys")
    with pytest.raises(ConfigError, match="not those of the log"):
        open_site(make_config(home))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no keys": (lambda home: shutil.rmtree(home / "keys"), "missing"),
    "open key": (lambda home: (home / "keys/seat.json").chmod(0o644), "0600"),
    "open directory": (lambda home: (home / "keys").chmod(0o755), "0700"),
    "no seat key": (lambda home: (home / "keys/seat.json").unlink(), r"seat\.json"),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGES.values(), ids=DAMAGES.keys())
def test_without_sound_keys_nothing_is_opened(
    home: Path, damage: Callable[[Path], object], said: str
) -> None:
    damage(home)
    with pytest.raises(ConfigError, match=said):
        open_site(make_config(home))


def test_an_instance_of_an_older_release_opens_and_can_issue_badges(home: Path) -> None:
    (home / "keys" / "badges.json").unlink()
    first, again = (open_site(make_config(home)) for _ in range(2))
    assert first.keys.badges == again.keys.badges
    assert create_app(first).test_client().get("/.well-known/did.json").status_code == 200
    for opened in (first, again):
        opened.database.close()


def test_a_watch_list_that_is_no_text_is_named(home: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="PLEDGE_WATCH_LIST"):
        open_site(make_config(home, PLEDGE_WATCH_LIST=str(tmp_path / "list")))


def test_witnesses_that_are_no_policy_are_named(home: Path, tmp_path: Path) -> None:
    for content in (b"\xff\xfe", b"witness x\n", b"quorum 3\n", b"log x\n"):
        (tmp_path / "witnesses").write_bytes(content)
        with pytest.raises(ConfigError, match="PLEDGE_WITNESSES"):
            open_site(make_config(home, PLEDGE_WITNESSES=str(tmp_path / "witnesses")))


def test_the_policy_names_the_logs_and_the_notarys_own_keys(instance: Instance) -> None:
    policy = parse_policy(trust_policy(instance))
    assert [key.public for key in policy.logs] == [instance.keys.log.public, instance.keys.log_ml_dsa.public]
    assert [key.public for key in policy.notaries] == [instance.keys.notary.public]


def test_an_application_opens_what_the_environment_names(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGE_HOME", str(home))
    app = create_app()
    assert app.test_client().get("/").status_code == 200
    app.extensions["pledge"].database.close()


def test_a_restored_database_is_read_and_not_written(ada: Person, tmp_path: Path) -> None:
    file = tmp_path / "pledge.sqlite3"
    ada.instance.database.close()
    shutil.copy(file, tmp_path / "backup")
    ada.sign()
    ada.instance.database.close()
    shutil.copy(tmp_path / "backup", file)
    for rest in ("-wal", "-shm"):
        Path(f"{file}{rest}").unlink(missing_ok=True)
    opened = open_site(ada.instance.config, clock=Clock())
    person = Person(create_app(opened))
    assert person.client.get("/").status_code == 200
    assert person.client.get("/signatories").status_code == 200
    response = person.client.post("/sign", data=person.form())
    assert response.status_code == 503
    assert "Nothing can be signed" in response.text
    with pytest.raises(UnavailableError):
        opened.log.run(lambda _: None)
    opened.database.close()
