"""A site with many signatories: rows written in bulk into the real tables, as the sequencer would have left them.

Every entry holds the bytes of one real signing, so that its receipt can be built; names, labs and keys differ.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from pledge.app import open_site
from pledge.config import Config
from pledge.core.calendar import months_later
from pledge.core.names import name_tokens
from pledge.core.tlog.checkpoint import Checkpoint, sign_checkpoint
from pledge.core.tlog.tile import append
from pledge.core.tlog.tree import Hash, leaf_hash
from pledge.db import table_of, upserts
from pledge.instance import Instance
from pledge.log.models import Entry, Head, Tile
from pledge.log.sequencer import read_tile
from pledge.pledges.models import NameToken, Shown, Signing
from pledge.pledges.recording import Recording, SeatKey, record_signings
from pledge.pledges.signing import from_browser, prepare_signing
from pledge.tallies.models import Count
from tests.bench.people import make_ready
from tests.bench.servers import found_site
from tests.site_kit import random_bytes

FIRST_NAMES = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Radia", "Leslie", "Frances", "Tony")
LABS = ("mistral", "openai", "anthropic", "google-deepmind", "cohere")
_TOGETHER = 5_000


@dataclass(frozen=True)
class Person:
    """One of the crowd, by number."""

    index: int

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(b"%d" % self.index).digest()

    @property
    def name(self) -> str:
        return f"{FIRST_NAMES[self.index % len(FIRST_NAMES)]} Person{self.index}"

    @property
    def lab(self) -> str:
        return LABS[self.index % len(LABS)]


def make_crowd(directory: Path, size: int) -> Instance:
    """Found a site, sign once as everybody does, and multiply that signing."""
    site = found_site(directory)
    (person,) = make_ready(site, 1)
    instance = open_site(Config.from_environment(site.environment))
    fields, now = person.fields, instance.clock()
    with instance.database.reading() as session:
        signed = from_browser(key=fields["key"], payload=fields["payload"], signature=fields["signature"])
        verified = prepare_signing(session, person.token, signed, notary=instance.notary, now=now)
    seat_key = SeatKey(instance.keys.seat_id, instance.is_watched)
    instance.log.run_together(record_signings, Recording(verified, seat_key, now, random_bytes))
    with instance.database.writing() as session:
        _multiply(session, instance, size)
        session.commit()
    return instance


def _multiply(session: Session, instance: Instance, size: int) -> None:
    model = session.scalars(select(Signing)).one()
    leaf = session.scalars(select(Entry.leaf).where(Entry.index == model.index)).one()
    first = model.index + 1
    people = [Person(index) for index in range(first, first + size)]
    for start in range(0, size, _TOGETHER):
        _insert(session, model, leaf, people[start : start + _TOGETHER])
    _grow_tree(session, instance, first, [leaf_hash(leaf)] * size)
    for lab in LABS:
        values = {"pledge": model.pledge, "lab": lab, "assurance": "lab-email", "status": "current"}
        count = sum(person.lab == lab for person in people)
        session.merge(Count(**values, count=count))


def _insert(session: Session, model: Signing, leaf: bytes, people: Sequence[Person]) -> None:
    rows: dict[type, Iterator[dict[str, Any]]] = {
        Entry: (
            {"index": one.index, "payload_sha256": one.sha256, "kind": "signing", "leaf": leaf}
            for one in people
        ),
        Signing: (_signing(model, one) for one in people),
        Shown: (
            {"sha256": one.sha256, "field": "name", "salt": bytes(32), "value": one.name, "state": "shown"}
            for one in people
        ),
        NameToken: (
            {"token": token, "index": one.index} for one in people for token in name_tokens(one.name)
        ),
    }
    for kind, values in rows.items():
        session.execute(table_of(kind).insert(), list(values))


def _signing(model: Signing, person: Person) -> dict[str, Any]:
    table: Table = table_of(Signing)
    return {column.name: getattr(model, column.name) for column in table.columns} | {
        "index": person.index,
        "sha256": person.sha256,
        "public_id": person.sha256.hex()[:32],
        "lab": person.lab,
        "key": f"ed25519:{person.sha256.hex()}",
        "until": months_later(model.day, 12),
    }


def _grow_tree(session: Session, instance: Instance, size: int, leaves: Sequence[Hash]) -> None:
    appended = append(size, leaves, lambda level, index, width: read_tile(session, level, index, width))
    session.execute(
        upserts(table_of(Tile), "level", "index")["sqlite"],
        [{"level": level, "index": index, "hashes": data} for (level, index), data in appended.tiles.items()],
    )
    keys = instance.keys
    checkpoint = sign_checkpoint(
        Checkpoint(keys.origin, appended.size, appended.root),
        ed25519=keys.log,
        ml_dsa=keys.log_ml_dsa,
        seconds=int(instance.clock().timestamp()),
    )
    session.execute(update(Head).values(size=appended.size, root=appended.root, checkpoint=checkpoint))
