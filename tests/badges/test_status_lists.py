"""Status lists: who has left is on one, for a verifier that is not ours, at once and at a bounded cost."""

import base64
import copy
import gzip
import json
from collections.abc import Callable
from typing import cast

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from pledge.badges.issuer import issuer_of
from pledge.badges.status_lists import BITS, StatusLists, ended, write_list
from pledge.db import table_of
from pledge.pledges import review
from pledge.pledges.models import Signing
from pledge.tick import tick
from tests.badges.badge_kit import GOOD, Json, fetch, published, verify
from tests.site_kit import Clock, Person

_LIST = "/open-badges/status/0"


def bits(document: Json) -> set[int]:
    """Give the bits of a list that are set, most significant first in each byte."""
    encoded = document["credentialSubject"]["encodedList"]
    assert encoded[0] == "u"
    packed = gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))
    assert len(packed) * 8 == BITS >= 131_072
    return {8 * n + bit for n, byte in enumerate(packed) if byte for bit in range(8) if byte & 0x80 >> bit}


def change(action: str, reason: str = "own") -> Callable[[Person, str], None]:
    def act(person: Person, path: str) -> None:
        fields = person.change_fields(path, action, reason)
        assert person.client.post(f"{path}/change", data=fields).status_code == 303

    return act


def hide(person: Person, path: str) -> None:
    day = person.instance.clock().date()
    person.instance.log.run(
        lambda session: review.hide(session, path[-32:], "name", reason_class="abuse", day=day)
    )


def remove_all(person: Person, path: str) -> None:
    change("withdraw")(person, path)
    day = person.instance.clock().date()
    person.instance.log.run(
        lambda session: review.add_removal(session, path[-32:], reason_class="abuse", day=day)
    )


@pytest.mark.parametrize(
    "act",
    [change("withdraw"), change("withdraw", "left-lab"), change("erase"), hide, remove_all],
    ids=["withdrawn", "former", "erased", "hidden", "removed"],
)
def test_a_badge_of_somebody_who_has_left_is_on_the_list(
    ada: Person, act: Callable[[Person, str], None]
) -> None:
    grace = Person(ada.app, name="Grace Lovelace", address="grace@mistral.ai")
    path, other = ada.sign_publicly(), grace.sign_publicly()
    badge, others = (fetch(ada.instance, f"{page}/open-badge.json") for page in (path, other))
    assert verify(ada.instance, badge) == GOOD
    assert bits(fetch(ada.instance, _LIST)) == set()
    act(ada, path)
    assert bits(fetch(ada.instance, _LIST)) == {int(badge["credentialStatus"]["statusListIndex"])}
    assert verify(ada.instance, badge).revoked
    assert verify(ada.instance, others) == GOOD


def test_a_name_that_is_shown_again_is_off_the_list(ada: Person) -> None:
    path = ada.sign_publicly()
    badge = fetch(ada.instance, f"{path}/open-badge.json")
    hide(ada, path)
    assert verify(ada.instance, badge).revoked
    day = ada.instance.clock().date()
    ada.instance.log.run(lambda session: review.show(session, path[-32:], "name", day=day))
    assert verify(ada.instance, badge) == GOOD
    assert fetch(ada.instance, f"{path}/open-badge.json") == badge


def test_who_lapsed_or_waits_for_review_has_no_badge_that_holds(ada: Person, clock: Clock) -> None:
    known = Person(ada.app, name="Geoffrey Hinton", address="g@mistral.ai")
    ada.sign_publicly()
    known.sign_publicly()
    with ada.instance.database.reading() as session:
        waiting = session.scalars(select(Signing.index).order_by(Signing.index.desc())).first()
    clock.pass_days(400)
    tick(ada.instance)
    assert bits(fetch(ada.instance, _LIST)) == {waiting}


def add_signing(session: Session, index: int, **values: object) -> None:
    """Add a row as the log would leave it, far beyond what a test can sign."""
    row = session.execute(select(table_of(Signing))).mappings().first()
    assert row is not None
    sha256 = index.to_bytes(32, "big")
    new = {"index": index, "sha256": sha256, "public_id": sha256.hex()[32:], "status": "withdrawn"}
    session.execute(insert(table_of(Signing)), [dict(row) | new | values])


def test_each_list_has_its_stretch_of_the_log_and_no_other(ada: Person) -> None:
    ada.sign_publicly()

    def work(session: Session) -> None:
        for index in (BITS - 1, BITS, 2 * BITS - 1, 2 * BITS):
            add_signing(session, index)
        add_signing(session, BITS + 7, visibility="anonymous")

    ada.instance.log.run(work)
    with ada.instance.database.reading() as session:
        found = [sorted(ended(session, number)) for number in range(4)]
    assert found == [[BITS - 1], [0, BITS - 1], [0], []]


def test_making_a_list_takes_one_look_however_many_have_left(ada: Person) -> None:
    ada.sign_publicly()
    asked: list[str] = []
    event.listen(ada.instance.database.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    with ada.instance.database.reading() as session:
        list(ended(session, 0))
    (select_,) = [said for said in asked if "signing" in said]
    assert "BETWEEN" in select_


@pytest.mark.sqlite_only
def test_a_list_is_the_same_for_a_day_and_says_how_long_it_holds(ada: Person, clock: Clock) -> None:
    ada.sign_publicly()
    document = fetch(ada.instance, _LIST)
    assert {
        name: value for name, value in document.items() if name not in {"proof", "credentialSubject"}
    } == {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": "http://127.0.0.1:8000/open-badges/status/0",
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": "did:web:127.0.0.1%3A8000",
        "validFrom": "2026-11-23T00:00:00Z",
        "validUntil": "2026-11-25T00:00:00Z",
    }
    assert document["credentialSubject"]["statusPurpose"] == "revocation"
    clock.now = clock.now.replace(hour=23)
    assert fetch(ada.instance, _LIST) == document


@pytest.mark.sqlite_only
def test_an_old_list_cannot_stand_for_a_new_one(ada: Person, clock: Clock) -> None:
    path = ada.sign_publicly()
    badge = fetch(ada.instance, f"{path}/open-badge.json")
    old = published(ada.instance, badge)
    change("withdraw")(ada, path)
    clock.pass_days(3)
    verdict = verify(ada.instance, badge, documents=old)
    assert not verdict.verified
    assert 'after "validUntil"' in verdict.error


@pytest.mark.sqlite_only
@pytest.mark.parametrize("how", ["bits", "validUntil", "key", "other list"])
def test_a_list_that_the_site_did_not_sign_is_refused(ada: Person, how: str) -> None:
    path = ada.sign_publicly()
    badge = fetch(ada.instance, f"{path}/open-badge.json")
    clean = fetch(ada.instance, _LIST)
    change("withdraw")(ada, path)
    documents = published(ada.instance, badge)
    address = badge["credentialStatus"]["statusListCredential"]
    forged = copy.deepcopy(documents[address])
    if how == "bits":
        forged["credentialSubject"]["encodedList"] = clean["credentialSubject"]["encodedList"]
    elif how == "validUntil":
        forged["validUntil"] = "2099-01-01T00:00:00Z"
    elif how == "key":
        forged["proof"]["proofValue"] = badge["proof"]["proofValue"]
    else:
        issuer, day = issuer_of(ada.instance), ada.instance.clock().date()
        forged = json.loads(write_list(issuer, 1, [], day=day)) | {"id": address}
    verdict = verify(ada.instance, badge, documents=documents | {address: forged})
    assert not verdict.verified
    assert not verdict.revoked


@pytest.mark.sqlite_only
@pytest.mark.parametrize("number", ["1", "00", "-1", "x", "9999999999", "99999999999", "0/", "0.json", "٣"])
def test_there_is_no_list_of_entries_that_are_not(ada: Person, number: str) -> None:
    answer = ada.client.get(f"/open-badges/status/{number}")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.sqlite_only
def test_a_list_is_made_at_most_once_a_minute(ada: Person, clock: Clock) -> None:
    path = ada.sign_publicly()
    lists = StatusLists(ada.instance.database, issuer_of(ada.instance), clock)

    def listed() -> set[int]:
        answer = lists(_LIST)
        assert answer is not None
        return bits(cast("Json", json.loads(answer.body)))

    assert listed() == set()
    change("withdraw")(ada, path)
    assert listed() == set()
    clock.now = clock.now.replace(minute=2)
    assert len(listed()) == 1
    assert lists(_LIST) is lists(_LIST)
