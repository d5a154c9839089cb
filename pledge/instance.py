"""A running instance: its settings, database, keys, log and outbox, opened together or not at all."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import select

from pledge.config import Config, ConfigError
from pledge.core import statement as st
from pledge.core.names import is_watched
from pledge.core.policy import Policy, format_policy, parse_policy
from pledge.core.tlog.vkey import VerifierKey, format_vkey
from pledge.db import Database
from pledge.errors import PledgeError
from pledge.keystore import DEMO_ORIGIN, TRIAL_ORIGINS, Keys, add_missing_key, load_keys
from pledge.log.models import Entry
from pledge.log.notary import Notary
from pledge.log.published import PublishedCheckpoint
from pledge.log.sequencer import LogKeys, OnSequenced
from pledge.log.service import Log
from pledge.mail.service import Outbox


@dataclass(frozen=True, slots=True)
class Instance:
    """Everything that views and commands work with."""

    config: Config
    database: Database
    keys: Keys
    log: Log
    notary: Notary
    outbox: Outbox
    genesis: st.Genesis
    policy: Policy
    watch_list: frozenset[str]
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]

    @property
    def is_local(self) -> bool:
        """Whether this is a trial on somebody's machine, which its origin says for ever."""
        return self.keys.origin in TRIAL_ORIGINS

    @property
    def is_demo(self) -> bool:
        """Whether everybody here is invented, which the origin says too."""
        return self.keys.origin == DEMO_ORIGIN

    def is_watched(self, name: str) -> bool:
        """Whether a name is on the watch list and waits for review."""
        return is_watched(name, self.watch_list)


def utc_now() -> datetime:
    """Give the time, in UTC."""
    return datetime.now(UTC)


def open_instance(
    config: Config,
    *,
    on_sequenced: OnSequenced,
    clock: Callable[[], datetime] = utc_now,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> Instance:
    """Open what ``founding`` made.

    Raises:
        ConfigError: Keys and log do not belong together, or a trial's keys would serve a public site.
    """
    add_missing_key(config.home / "keys", random_bytes=random_bytes)
    keys = load_keys(config.home / "keys")
    _check_is_local(config, keys)
    policy = read_policy(config, keys)
    database = Database(config.database_url)
    try:
        genesis = _own_genesis(database, keys)
    except BaseException:
        database.close()
        raise
    log = open_log(config, database, keys, on_sequenced=on_sequenced, clock=clock, policy=policy)
    return Instance(
        config=config,
        database=database,
        keys=keys,
        log=log,
        notary=Notary(keys.origin, keys.notary),
        outbox=Outbox(config.mail_url, config.mail_from, config.home / "mail"),
        genesis=genesis,
        policy=policy,
        watch_list=_watch_list(config.watch_list),
        clock=clock,
        random_bytes=random_bytes,
    )


def _check_is_local(config: Config, keys: Keys) -> None:
    """Refuse to let what belongs to a local trial, its keys and its mail in files, serve the public."""
    if keys.origin in TRIAL_ORIGINS and not config.is_loopback:
        raise ConfigError(
            "PLEDGE_HOME holds the keys of a local trial, and PLEDGE_URL is a public address. Found a real instance "
            "in an empty directory: pledge init --origin … --operator … --contact …"
        )
    if config.mail_url.startswith("file:") and not config.is_loopback:
        raise ConfigError(
            "PLEDGE_MAIL_URL is file:, which would keep addresses and links in PLEDGE_HOME. A public site needs a "
            "mail server."
        )
    if config.mail_url.startswith("file:") and not config.binds_to_loopback:
        raise ConfigError(
            "PLEDGE_HOST is not this machine's own address, and PLEDGE_MAIL_URL is file:, so the network could read "
            "the mails. Leave PLEDGE_HOST at 127.0.0.1, or set a mail server."
        )


def open_log(
    config: Config,
    database: Database,
    keys: Keys,
    *,
    on_sequenced: OnSequenced,
    clock: Callable[[], datetime],
    policy: Policy,
) -> Log:
    """Open the log, comparing it with what was published."""
    return Log(
        database,
        keys=LogKeys(keys.origin, keys.log, keys.log_ml_dsa),
        published=PublishedCheckpoint(config.published),
        on_sequenced=on_sequenced,
        clock=clock,
        policy=policy,
    )


def log_vkeys(keys: Keys) -> tuple[str, str]:
    """Give the log's verifier keys, Ed25519 and ML-DSA-44, as text."""
    return (
        format_vkey(VerifierKey(keys.origin, 0x01, keys.log.public)),
        format_vkey(VerifierKey(keys.origin, 0x06, keys.log_ml_dsa.public)),
    )


def trust_policy(instance: Instance) -> str:
    """Give the trust policy that this site claims for itself, as text; a reader should get theirs elsewhere too."""
    return format_policy(instance.policy)


def read_policy(config: Config, keys: Keys) -> Policy:
    """Put the policy together: the log's and the notary's keys, and the operator's file of witnesses.

    Raises:
        ConfigError: The file is not one of witnesses with addresses.
    """
    own = "".join(f"log {vkey}\n" for vkey in log_vkeys(keys))
    own += f"notary {format_vkey(VerifierKey('notary', 0x01, keys.notary.public))}\n"
    witnesses = "quorum none\n" if config.witnesses is None else _read(config.witnesses, "PLEDGE_WITNESSES")
    try:
        policy = parse_policy(own + witnesses)
    except PledgeError as error:
        raise ConfigError(f"PLEDGE_WITNESSES: {error}") from None
    for key in policy.witnesses.values():
        url = urlsplit(policy.urls.get(key, ""))
        if url.scheme != "https" and url.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise ConfigError(f"PLEDGE_WITNESSES: {key.name} needs an https:// address")
    return policy


def read_genesis(database: Database) -> st.Genesis:
    """Give the log's first entry.

    Raises:
        ConfigError: The log is empty; nothing was founded here.
    """
    with database.reading() as session:
        leaf = session.scalar(select(Entry.leaf).where(Entry.index == 0))
    if leaf is None:
        raise ConfigError("nothing was founded here yet: run `pledge init`")
    statement = st.parse_statement(st.parse_envelope(leaf))
    if not isinstance(statement, st.Genesis):
        raise ConfigError("the log does not begin with a genesis entry")
    return statement


def _own_genesis(database: Database, keys: Keys) -> st.Genesis:
    genesis = read_genesis(database)
    if genesis.origin != keys.origin or genesis.log[0] != log_vkeys(keys)[0]:
        raise ConfigError("the keys in PLEDGE_HOME are not those of the log in the database")
    return genesis


def get_instance() -> Instance:
    """Give the instance that the current Flask application serves."""
    return cast("Instance", current_app.extensions["pledge"])


def _read(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{name} cannot be read as text in UTF-8") from None


def _watch_list(path: Path) -> frozenset[str]:
    lines = _read(path, "PLEDGE_WATCH_LIST").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
