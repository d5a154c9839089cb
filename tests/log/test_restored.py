"""A database that lies behind, or beside, what was published cannot fork the log."""

import shutil
from pathlib import Path

import pytest

from pledge.app import open_site
from pledge.config import Config
from pledge.errors import UnavailableError
from tests.log.test_killed import add_lab
from tests.site_kit import Clock, Person, make_app, make_config, make_instance


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Config:
    return make_config(tmp_path / "home")


def back_up(config: Config) -> Path:
    copy = config.home / "backup.sqlite3"
    shutil.copy(config.home / "pledge.sqlite3", copy)
    return copy


def restore(config: Config, copy: Path) -> None:
    for suffix in ("-wal", "-shm"):
        (config.home / f"pledge.sqlite3{suffix}").unlink(missing_ok=True)
    shutil.copy(copy, config.home / "pledge.sqlite3")


def test_a_restored_backup_refuses_to_sign_until_it_has_caught_up(on_sqlite: Config, clock: Clock) -> None:
    make_instance(on_sqlite, clock).database.close()
    old = back_up(on_sqlite)
    instance = open_site(on_sqlite, clock=clock)
    Person(make_app(instance)).sign()
    instance.database.close()
    new = on_sqlite.home / "new.sqlite3"
    shutil.copy(on_sqlite.home / "pledge.sqlite3", new)

    restore(on_sqlite, old)
    behind = open_site(on_sqlite, clock=clock)
    grace = Person(make_app(behind), address="grace@mistral.ai")
    assert grace.client.get("/").status_code == 200
    refused = grace.client.post("/sign", data=grace.form())
    assert refused.status_code == 503
    assert "restored from a backup" in refused.text
    behind.database.close()

    restore(on_sqlite, new)
    caught_up = open_site(on_sqlite, clock=clock)
    assert Person(make_app(caught_up), address="grace@mistral.ai").sign()
    caught_up.database.close()


def test_a_database_restored_under_a_running_server_is_noticed(on_sqlite: Config, clock: Clock) -> None:
    make_instance(on_sqlite, clock).database.close()
    old = back_up(on_sqlite)
    instance = open_site(on_sqlite, clock=clock)
    ada = Person(make_app(instance))
    ada.sign()
    instance.database.close()
    restore(on_sqlite, old)
    # The same Instance, whose start was in order, writes to the restored file now.
    with pytest.raises(UnavailableError) as refused:
        add_lab(instance, "after-the-restore")
    assert refused.value.code == "log-behind"
    instance.database.close()


def test_another_log_of_the_same_length_is_refused(on_sqlite: Config, clock: Clock) -> None:
    make_instance(on_sqlite, clock).database.close()
    old = back_up(on_sqlite)
    published_before = (on_sqlite.home / "published-checkpoint").read_bytes()
    instance = open_site(on_sqlite, clock=clock)
    Person(make_app(instance)).sign()
    instance.database.close()
    published = (on_sqlite.home / "published-checkpoint").read_bytes()

    restore(on_sqlite, old)
    (on_sqlite.home / "published-checkpoint").write_bytes(published_before)
    forked = open_site(on_sqlite, clock=clock)
    Person(make_app(forked), name="Somebody Else").sign()
    forked.database.close()
    (on_sqlite.home / "published-checkpoint").write_bytes(published)
    instance = open_site(on_sqlite, clock=clock)
    assert "not the one" in (instance.log.refusal or "")
    instance.database.close()


@pytest.mark.parametrize("damage", ["missing", "empty", "cut off"])
def test_without_knowing_what_was_published_nothing_is_signed(
    on_sqlite: Config, clock: Clock, damage: str
) -> None:
    make_instance(on_sqlite, clock).database.close()
    file = on_sqlite.home / "published-checkpoint"
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(b"" if damage == "empty" else whole[:-20])
    instance = open_site(on_sqlite, clock=clock)
    ada = Person(make_app(instance))
    assert ada.client.get("/").status_code == 200
    assert ada.client.post("/sign", data=ada.form()).status_code == 503
    instance.database.close()
    file.write_bytes(whole)
    mended = open_site(on_sqlite, clock=clock)
    assert Person(make_app(mended)).sign()
    mended.database.close()


def test_a_checkpoint_that_cannot_be_written_ends_signing_but_answers_who_is_in_it(
    on_sqlite: Config, clock: Clock
) -> None:
    instance = make_instance(on_sqlite, clock)
    ada = Person(make_app(instance))
    link = ada.ask()
    (on_sqlite.home / "published-checkpoint").with_suffix(".new").mkdir()
    response = ada.client.post(link, data=ada.signed_fields(link))
    assert response.status_code == 303
    assert ada.client.get(response.headers["Location"]).status_code == 200
    assert ada.client.post("/sign", data=ada.form(address="grace@mistral.ai")).status_code == 503
    instance.database.close()
