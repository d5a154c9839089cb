"""Founding an instance: once, whole, under names that are in order; interrupted, it goes on; twice, it refuses."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from pledge import founding
from pledge.app import on_sequenced, open_site
from pledge.config import Config, ConfigError
from pledge.core import statement as st
from pledge.core.ledger import Ledger
from pledge.db import Database
from pledge.errors import MalformedError, PledgeError
from pledge.founding import found, is_founded, policy_document
from pledge.keystore import LOCAL_ORIGIN, load_keys
from pledge.log.models import Entry, Head
from pledge.pledges import texts
from pledge.release import log_release
from tests.site_kit import START, Clock, make_config

NAMES: Mapping[str, str] = {
    "origin": "pledge.example.org",
    "operator": "A Foundation",
    "contact": "hello@example.org",
}

NO_ORIGINS = (
    *(
        "http://x",
        "https://pledge.example.org",
        "localhost",
        "example",
        "example.org.",
        ".example.org",
        "a..org",
    ),
    *("Example.org", "münchen.example", "xn--a.example", "192.0.2.1", "[::1]", "example.org:8080", "a_b.org"),
    *("me@example.org", "example.org/", "example.org//log", "/log", "example.org/..", "example.org/a?b"),
    *("example.org/Log", "example.org/ü", "example.org#log", "-a.org", "a" * 64 + ".org"),
)
NO_CONTACTS = (
    *("@", "a@b", "a@", "@example.org", "nobody", "a b@example.org", "a@example.org b", "a@b@example.org"),
    *("http://example.org", "https://", "https://localhost", "https://a b.org", "https://me@example.org"),
    *(
        "https://example.org/a b",
        "mailto:hello@example.org",
        "example.org/contact",
        "https://[::1",
        "https://x.org:y",
    ),
)


def begin(config: Config, **changes: str) -> None:
    names = dict(NAMES) | changes
    found(
        config,
        origin=names["origin"],
        operator=names["operator"],
        contact=names["contact"],
        on_sequenced=on_sequenced,
        clock=Clock(),
        random_bytes=os.urandom,
    )


def entries(config: Config) -> list[bytes]:
    database = Database(config.database_url)
    with database.reading() as session:
        leaves = list(session.scalars(select(Entry.leaf).order_by(Entry.index)))
    database.close()
    return leaves


def files(home: Path) -> dict[str, str]:
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file() and "sqlite3" not in path.name
    }


@pytest.fixture
def real(tmp_path: Path) -> Config:
    return make_config(tmp_path / "home")


def test_a_new_log_passes_every_rule_and_begins_with_its_genesis(config: Config) -> None:
    begin(config)
    ledger = Ledger()
    statements = [ledger.verify(index, st.parse_envelope(leaf)) for index, leaf in enumerate(entries(config))]
    assert ledger.not_understood == []
    genesis, policy, text, *labs = statements
    assert isinstance(genesis, st.Genesis)
    assert (genesis.origin, genesis.operator, genesis.contact) == tuple(NAMES.values())
    assert isinstance(policy, st.PolicyText)
    assert policy.sha256 == hashlib.sha256(policy_document()).hexdigest()
    assert isinstance(text, st.PledgeText)
    assert {type(lab) for lab in labs} == {st.Lab}


def test_the_home_is_closed_to_others(real: Config) -> None:
    begin(real)
    assert real.home.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": ""},
        {"origin": "two words"},
        {"origin": "line\nbreak"},
        {"origin": "plus+sign"},
        {"operator": ""},
        {"operator": "a" * 500},
        {"contact": "a@b\nc"},
        {"contact": ""},
    ],
)
def test_names_that_are_not_in_order_leave_nothing_behind(real: Config, wrong: dict[str, str]) -> None:
    with pytest.raises(PledgeError):
        begin(real, **wrong)
    assert not real.home.exists() or list(real.home.iterdir()) == []
    begin(real)


def test_an_origin_is_a_host_name_and_a_contact_an_address(real: Config) -> None:
    for name, values in (("origin", NO_ORIGINS), ("contact", NO_CONTACTS)):
        for value in values:
            with pytest.raises(MalformedError, match=name):
                begin(real, **{name: value})
    assert not real.home.exists()


@pytest.mark.parametrize(
    "good",
    [
        {"origin": "example.org/log"},
        {"origin": "log-1.example.org/2026/a_b"},
        {"origin": "xn--mnchen-3ya.example"},
        {"contact": "https://example.org"},
        {"contact": "https://example.org:8443/contact?about=pledge"},
        {"contact": "Hello+Pledge@münchen.example"},
    ],
)
def test_names_that_are_in_order_are_kept_as_they_are(real: Config, good: dict[str, str]) -> None:
    begin(real, **good)
    genesis = st.parse_statement(st.parse_envelope(entries(real)[0]))
    assert isinstance(genesis, st.Genesis)
    assert {name: getattr(genesis, name) for name in good} == good


def test_a_second_founding_is_refused_and_changes_nothing(config: Config) -> None:
    begin(config)
    before = files(config.home), entries(config)
    with pytest.raises(ConfigError, match="holds a log already"):
        begin(config)
    with pytest.raises(ConfigError, match=r"holds the keys of pledge\.example\.org"):
        begin(config, origin="other.example.org")
    assert (files(config.home), entries(config)) == before


def test_new_keys_never_take_over_a_log(real: Config, tmp_path: Path) -> None:
    begin(real)
    other = make_config(tmp_path / "other", PLEDGE_DATABASE_URL=real.database_url)
    before = entries(real)
    with pytest.raises(ConfigError, match="holds a log already"):
        begin(other)
    with pytest.raises(ConfigError, match="not those of the log"):
        open_site(other)
    assert entries(real) == before


@pytest.mark.parametrize("step", ["upgrade", "open_log", "_first_entries", "set_day"])
def test_an_interrupted_founding_goes_on(config: Config, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(founding, step, stop)
        with pytest.raises(KeyboardInterrupt):
            begin(config)
    keys = load_keys(config.home / "keys")
    assert not is_founded(config)
    begin(config)
    assert is_founded(config)
    assert load_keys(config.home / "keys").log.public == keys.log.public
    leaves = entries(config)
    assert st.parse_envelope(leaves[0]).kind == "genesis"
    assert sum(st.parse_envelope(leaf).kind == "genesis" for leaf in leaves) == 1


def test_a_damaged_text_or_lab_stops_the_founding_whole(
    real: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> None:
        raise MalformedError("not a pledge text")

    with monkeypatch.context() as patched:
        patched.setattr(texts, "parse_text", refuse)
        with pytest.raises(MalformedError):
            begin(real)
    assert entries(real) == []
    begin(real)


def test_a_second_start_changes_nothing(config: Config) -> None:
    begin(config)
    once = Config.from_environment(
        {"PLEDGE_HOME": str(config.home), "PLEDGE_DATABASE_URL": config.database_url}
    )
    states = []
    for _ in range(3):
        instance = open_site(once, clock=Clock())
        log_release(instance)
        instance.database.close()
        states.append((files(config.home), entries(config)))
    assert len(states[0][1]) == len(entries(config))
    assert states[0] == states[1] == states[2]


def test_a_local_trial_says_so_for_ever(founded: Path) -> None:
    config = make_config(founded)
    instance = open_site(config)
    assert instance.is_local
    assert instance.genesis.origin == LOCAL_ORIGIN
    instance.database.close()


def test_the_day_of_the_first_entries_is_today(real: Config) -> None:
    begin(real)
    database = Database(real.database_url)
    with database.reading() as session:
        assert session.scalars(select(Head.day)).one() == START.date()
    database.close()
