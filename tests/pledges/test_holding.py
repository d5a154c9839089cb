"""A held entry waits, whatever else is logged; released, its batch enters in random order within a day."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from pledge.core import statement as st
from pledge.core.keys import SigningKey, format_key
from pledge.instance import Instance
from pledge.log.models import Entry, Pending
from pledge.log.notary import log_statement
from pledge.log.sequencer import add_pending, release_held
from pledge.log.service import tree_size
from pledge.pledges.models import ReceiptLink, Signing
from tests.site_kit import START, Clock, Person, read_json


def size(instance: Instance) -> int:
    with instance.database.reading() as session:
        return tree_size(session)


def hold_signing(person: Person, hold: str) -> bytes:
    """Put a signing by a fresh key into a held batch."""
    key = SigningKey.from_seed(os.urandom(32))
    payload = read_json(person.client.get(person.ask()).text, "draft")["payload"]
    payload["signatory"]["key"] = format_key(key.public)
    payload["commitments"]["name"] = os.urandom(32).hex()
    data = st.format_json(payload)
    kind = st.format_payload_type("signing")
    envelope = st.Envelope(data, kind, (st.Signature(format_key(key.public), key.sign(st.pae(kind, data))),))
    leaf = st.format_envelope(person.instance.notary.sign(envelope))
    return person.instance.log.run(
        lambda session: add_pending(
            session, leaf=leaf, day=person.instance.clock().date(), pending_id=os.urandom(16), hold=hold
        )
    )


def test_a_held_batch_enters_when_it_is_released_and_not_before(ada: Person) -> None:
    before = size(ada.instance)
    held = [hold_signing(ada, "mistral") for _ in range(3)]
    other = hold_signing(ada, "cohere")
    ada.sign()
    assert size(ada.instance) == before + 1
    assert ada.instance.log.run(lambda session: release_held(session, "nothing")) == 0
    assert ada.instance.log.run(lambda session: release_held(session, "mistral")) == 3
    assert size(ada.instance) == before + 4
    with ada.instance.database.reading() as session:
        logged = set(session.scalars(select(Entry.payload_sha256)))
        assert session.scalars(select(Pending.payload_sha256)).all() == [other]
    assert {bytes(sha256) for sha256 in held} <= {bytes(sha256) for sha256 in logged}


@pytest.mark.sqlite_only
def test_the_order_of_a_batch_is_not_that_of_arrival(ada: Person) -> None:
    arrived = [hold_signing(ada, "batch") for _ in range(5)]
    first = size(ada.instance)
    ada.instance.log.run(lambda session: release_held(session, "batch"))
    with ada.instance.database.reading() as session:
        rows = session.scalars(select(Entry.payload_sha256).where(Entry.index >= first).order_by(Entry.index))
        logged = [bytes(sha256) for sha256 in rows]
    assert sorted(logged) == sorted(arrived)
    drawn = {tuple(arrived.index(sha256) for sha256 in logged)}
    for _ in range(6):
        drawn |= {order_of(ada)}
    assert len(drawn) > 1


def order_of(person: Person) -> tuple[int, ...]:
    """Hold five statements, release them, and give the places that they took."""
    instance = person.instance
    instance.clock.pass_days(1)  # type: ignore[attr-defined]  # the tests' own clock
    day = instance.clock().date()
    texts = [
        st.PledgeText(
            origin=instance.notary.origin,
            day=day,
            slug="other",
            version=1,
            title=f"Number {number} of {os.urandom(4).hex()}",
            sha256=os.urandom(32).hex(),
            clauses=st.Clauses(core=("one",), optional=()),
        )
        for number in range(5)
    ]
    shas = instance.log.run(
        lambda session: [
            log_statement(session, text, notary=instance.notary, random_bytes=os.urandom) for text in texts
        ]
    )
    with instance.database.reading() as session:
        rows = session.scalars(select(Entry.payload_sha256).order_by(Entry.index.desc()).limit(5))
        return tuple(shas.index(bytes(sha256)) for sha256 in rows)


def test_days_stay_in_order_when_entries_of_several_are_waiting(ada: Person, clock: Clock) -> None:
    for _ in range(3):
        hold_signing(ada, "batch")
        clock.pass_days(1)
    ada.instance.log.run(lambda session: release_held(session, "batch"))
    with ada.instance.database.reading() as session:
        days = list(session.scalars(select(Signing.day).order_by(Signing.index)))
    assert days == [START.date() + timedelta(days=number) for number in range(3)]


@pytest.mark.sqlite_only
def test_a_receipt_page_waits_with_its_entry(ada: Person) -> None:
    path = ada.sign()
    held = hold_signing(Person(ada.app, address="bob@mistral.ai"), "batch")
    ada.instance.log.run(lambda session: session.execute(update(ReceiptLink).values(sha256=held)))
    waiting = ada.client.get(path)
    assert waiting.status_code == 202
    assert "<main" in waiting.text
    for rest in ("/file", "/renew.ics"):
        assert ada.client.get(path + rest).status_code == 404, rest
    ada.instance.log.run(lambda session: release_held(session, "batch"))
    for rest in ("", "/file", "/renew.ics"):
        assert ada.client.get(path + rest).status_code == 200, rest
