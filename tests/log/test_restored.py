"""A database that lies behind, or beside, what was published cannot fork the log."""

import os
import shutil
from pathlib import Path

import pytest

from pledge.app import open_site
from pledge.config import Config
from pledge.core.tlog.checkpoint import Checkpoint
from pledge.errors import UnavailableError
from pledge.instance import Instance
from pledge.log.published import PublishedCheckpoint
from pledge.log.service import read_checkpoint
from pledge.serve import look_after
from tests.command_kit import Run
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


def test_a_site_that_may_not_sign_is_served_all_the_same(
    on_sqlite: Config, clock: Clock, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_instance(on_sqlite, clock).database.close()
    old = back_up(on_sqlite)
    instance = open_site(on_sqlite, clock=clock)
    add_lab(instance, "lost")
    instance.database.close()
    restore(on_sqlite, old)
    served: list[Config] = []
    monkeypatch.setattr("pledge.operate.serve_site", served.append)
    result = run("serve")
    assert (result.exit_code, len(served)) == (0, 1)
    assert "restored from a backup" in result.stderr


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
    assert "restored from a backup" in (instance.log.refusal or "")
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


@pytest.mark.parametrize("damage", ["missing", "empty", "cut off", "unreadable"])
def test_a_checkpoint_that_is_lost_while_serving_ends_signing_until_it_is_back(
    instance: Instance, config: Config, damage: str
) -> None:
    ada = Person(make_app(instance))
    link = ada.ask()
    fields = ada.signed_fields(link)
    file = config.home / "published-checkpoint"
    whole = file.read_bytes()
    file.unlink()
    if damage == "unreadable":
        file.mkdir()
    elif damage != "missing":
        file.write_bytes(b"" if damage == "empty" else whole[:-20])
    refused = ada.client.post(link, data=fields)
    assert refused.status_code == 503
    assert "missing or damaged" in refused.text
    assert instance.log.refusal
    if damage == "unreadable":
        file.rmdir()
    file.write_bytes(whole)
    assert ada.client.post(link, data=fields).status_code == 303
    assert not instance.log.refusal
    with instance.database.reading() as session:
        assert file.read_bytes() == read_checkpoint(session)


def test_a_home_that_is_restored_as_a_whole_is_noticed_where_the_checkpoint_is_kept_elsewhere(
    tmp_path: Path, clock: Clock
) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    config = make_config(home, PLEDGE_PUBLISHED=str(tmp_path / "published"))
    make_instance(config, clock).database.close()
    shutil.copytree(home, backup)
    instance = open_site(config, clock=clock)
    add_lab(instance, "lost")
    instance.database.close()
    shutil.rmtree(home)
    shutil.copytree(backup, home)
    restored = open_site(config, clock=clock)
    assert "restored from a backup" in (restored.log.refusal or "")
    restored.database.close()


def test_what_was_published_is_on_disk_before_anybody_is_answered(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def watch(name: str) -> None:
        original = getattr(os, name)

        def call(*args: object) -> object:
            calls.append(name)
            return original(*args)

        monkeypatch.setattr(os, name, call)

    watch("fsync")
    watch("replace")
    add_lab(instance, "one-more")
    assert calls == ["fsync", "replace", "fsync"]


def test_who_signs_while_another_starts_is_not_taken_for_a_restore(
    instance: Instance, config: Config, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = PublishedCheckpoint.read

    def sign_and_read(published: PublishedCheckpoint) -> Checkpoint | None:
        monkeypatch.setattr(PublishedCheckpoint, "read", read)
        add_lab(instance, "meanwhile")
        return read(published)

    monkeypatch.setattr(PublishedCheckpoint, "read", sign_and_read)
    starting = open_site(config, clock=clock)
    assert starting.log.refusal is None
    starting.database.close()


def open_host(config: Config, name: str, clock: Clock) -> Instance:
    """Open the same instance on another host, with a home of its own on the same database."""
    home = config.home.with_name(name)
    shutil.copytree(config.home, home, ignore=lambda _, names: [n for n in names if "sqlite3" in n])
    return open_site(make_config(home, PLEDGE_DATABASE_URL=config.database_url), clock=clock)


def test_every_host_remembers_what_it_serves(instance: Instance, config: Config, clock: Clock) -> None:
    other = open_host(config, "other", clock)
    add_lab(instance, "one-more")
    look_after(other)
    with other.database.reading() as session:
        assert (other.config.home / "published-checkpoint").read_bytes() == read_checkpoint(session)
    other.database.close()


def test_a_host_does_not_extend_what_another_has_forked(on_sqlite: Config, clock: Clock) -> None:
    make_instance(on_sqlite, clock).database.close()
    old = back_up(on_sqlite)
    other = open_host(on_sqlite, "other", clock)  # whose file stays at the backup's size
    other.database.close()
    one = open_site(on_sqlite, clock=clock)
    add_lab(one, "lost")
    one.database.close()
    restore(on_sqlite, old)
    add_lab(other, "instead")
    other.database.close()
    with pytest.raises(UnavailableError) as refused:
        add_lab(one, "on-the-fork")
    assert refused.value.code == "log-forked"
    look_after(one)
    assert "not the one" in (one.log.refusal or "")
    one.database.close()
