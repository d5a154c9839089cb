"""Founding an instance: keys, schema, the log's first entries, the default text, the labs."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from pledge.config import Config, ConfigError
from pledge.core import statement as st
from pledge.core.address import ascii_domain, canonical_address
from pledge.core.keys import MlDsa44Key, SigningKey, format_key
from pledge.db import Database
from pledge.db.migrate import upgrade
from pledge.errors import MalformedError
from pledge.instance import log_vkeys, open_log, read_policy
from pledge.keystore import LOCAL_ORIGIN, Keys, add_missing_key, create_keys, has_keys, load_keys
from pledge.labs.service import read_labs, set_lab
from pledge.log.models import Head
from pledge.log.notary import Notary, RandomBytes, log_statement
from pledge.log.sequencer import OnSequenced
from pledge.pledges import texts
from pledge.tallies.service import set_day

DOCUMENTS = Path(__file__).parent / "documents"
POLICY_VERSION = 1
_PAGE = re.compile(r"https://([a-z0-9.-]+)(:[1-9][0-9]{0,4})?([/?#][!-~]*)?")
_SEGMENT = re.compile(r"[a-z0-9][a-z0-9._-]*")


def found(
    config: Config,
    *,
    origin: str,
    operator: str,
    contact: str,
    on_sequenced: OnSequenced,
    clock: Callable[[], datetime],
    random_bytes: RandomBytes,
    labs: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Make an instance in an empty home and an empty database, with labs given or the documents' own.

    Nothing is ever overwritten.

    A founding that was interrupted can be run again: keys that are there are taken, and the first entries are written
    in one transaction or not at all.

    Raises:
        ConfigError: The home holds keys of another origin, or the database a log.
        MalformedError: Origin, operator or contact is not of its form.
    """
    day = clock().date()
    _check_names(origin, operator=operator, contact=contact, day=day)  # before keys are made that bear them
    config.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = config.home / "keys"
    add_missing_key(directory, random_bytes=random_bytes)
    keys = (
        load_keys(directory)
        if has_keys(directory)
        else create_keys(directory, origin=origin, random_bytes=random_bytes)
    )
    if keys.origin != origin:
        raise ConfigError(
            f"PLEDGE_HOME holds the keys of {keys.origin}; found {origin} in an empty directory"
        )
    with closing(Database(config.database_url)) as database:
        upgrade(database.engine)
        with database.reading() as session:
            if session.scalar(select(Head.size)):
                raise ConfigError("the database holds a log already")
        policy = read_policy(config, keys)
        log = open_log(config, database, keys, on_sequenced=on_sequenced, clock=clock, policy=policy)
        genesis = _genesis(keys, operator=operator, contact=contact, day=day)
        notary = Notary(origin, keys.notary)
        founded = read_labs(DOCUMENTS / "labs.json") if labs is None else labs
        log.run(lambda session: _first_entries(session, genesis, founded, notary=notary))


def is_founded(config: Config) -> bool:
    """Whether keys and log are there; not where a founding was interrupted between the two."""
    if not has_keys(config.home / "keys"):
        return False
    with closing(Database(config.database_url)) as database:
        if not inspect(database.engine).has_table(Head.__tablename__):
            return False
        with database.reading() as session:
            return session.scalar(select(Head.size)) is not None


def _check_names(origin: str, *, operator: str, contact: str, day: date) -> None:
    """Check that a genesis can be written with these names, by writing one with keys that are no secret."""
    if origin != LOCAL_ORIGIN and not _is_origin(origin):
        raise MalformedError(
            "The origin must be a full host name in lower case, such as pledge.example.org, without http:// before it. "
            "A path may follow, such as example.org/log."
        )
    if not _is_contact(contact):
        raise MalformedError(
            "The contact must be a mail address, or a page's address that begins with https://."
        )
    zeros = bytes(32)
    known = SigningKey.from_seed(zeros)
    keys = Keys(origin, known, MlDsa44Key.from_seed(zeros), known, zeros, "", zeros, zeros, zeros)
    st.seal(_genesis(keys, operator=operator, contact=contact, day=day))


def _is_origin(text: str) -> bool:
    """Whether this is a schema-less URL (C2SP tlog-checkpoint) that can be written in one way only."""
    host, *path = text.split("/")
    return _is_host(host) and all(_SEGMENT.fullmatch(segment) for segment in path)


def _is_contact(text: str) -> bool:
    if page := _PAGE.fullmatch(text):
        return _is_host(page[1])
    try:
        canonical_address(text)
    except MalformedError:
        return False
    return True


def _is_host(text: str) -> bool:
    try:
        return ascii_domain(text) == text
    except MalformedError:
        return False


def _genesis(keys: Keys, *, operator: str, contact: str, day: date) -> st.Genesis:
    return st.Genesis(
        origin=keys.origin,
        day=day,
        operator=operator,
        contact=contact,
        log=log_vkeys(keys),
        notary=format_key(keys.notary.public),
        quorum=json.loads(policy_document())["stewards_per_decision"],
    )


def _first_entries(
    session: Session, genesis: st.Genesis, labs: Sequence[Mapping[str, Any]], *, notary: Notary
) -> None:
    day = genesis.day
    policy = st.PolicyText(
        origin=notary.origin,
        day=day,
        version=POLICY_VERSION,
        sha256=hashlib.sha256(policy_document()).hexdigest(),
        effective=day,
    )
    body = (DOCUMENTS / f"{texts.DEFAULT_SLUG}.v1.md").read_text(encoding="utf-8")
    text = texts.publish(session, slug=texts.DEFAULT_SLUG, body=body, notary=notary, day=day)
    lab_statements = [set_lab(session, lab, origin=notary.origin, day=day) for lab in labs]
    # Ids that count up, so that these entries, unlike all later ones, enter in the order in which they stand here.
    ids = count()
    for statement in filter(None, (genesis, policy, text, *lab_statements)):
        log_statement(
            session, statement, notary=notary, random_bytes=lambda size: next(ids).to_bytes(size, "big")
        )
    set_day(session, day)


def policy_document() -> bytes:
    """Give the policy in force, byte for byte as its hash in the log says."""
    return (DOCUMENTS / f"policy.v{POLICY_VERSION}.json").read_bytes()
