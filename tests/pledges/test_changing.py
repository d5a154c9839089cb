"""Renewing, withdrawing and moving on: by key, by mail; each change once, and never somebody else's."""

import threading
from collections.abc import Mapping

import pytest
from flask import Flask
from sqlalchemy import select

from pledge.core import statement as st
from pledge.core.keys import format_key
from pledge.instance import Instance
from pledge.log.models import Entry
from pledge.log.service import tree_size
from pledge.pledges.models import Signing
from pledge.tallies import service as tallies
from pledge.tick import tick
from tests.site_kit import Clock, Person, csrf_token, link_in, newest_mail


def counts(instance: Instance) -> dict[tuple[str, str, str], int]:
    with instance.database.reading() as session:
        labs = tallies.by_lab(session, "against-reckless-scaling")
    return {(lab, *cell): count for lab, cells in labs.items() for cell, count in cells.items() if count}


def last_entry(instance: Instance) -> st.Envelope:
    with instance.database.reading() as session:
        leaf = session.scalars(select(Entry.leaf).order_by(Entry.index.desc()).limit(1)).one()
    return st.parse_envelope(leaf)


def size(instance: Instance) -> int:
    with instance.database.reading() as session:
        return tree_size(session)


def until(instance: Instance) -> list[str]:
    with instance.database.reading() as session:
        return [day.isoformat() for day in session.scalars(select(Signing.until).order_by(Signing.index))]


@pytest.mark.parametrize(
    ("action", "reason", "status"),
    [
        ("renew", "own", "current"),
        ("withdraw", "own", "withdrawn"),
        ("withdraw", "changed-mind", "withdrawn"),
        ("withdraw", "left-lab", "former"),
    ],
)
@pytest.mark.parametrize("by_mail", [False, True])
def test_a_change_is_logged_and_counted(
    ada: Person, clock: Clock, action: str, reason: str, status: str, *, by_mail: bool
) -> None:
    path = ada.sign_publicly()
    clock.pass_days(5)
    if by_mail:
        ada.change_by_mail(action, reason)
    else:
        answer = ada.client.post(f"{path}/change", data=ada.change_fields(path, action, reason))
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(f"{path}/changes/")
    assert counts(ada.instance) == {("mistral", "lab-email", status): 1}
    assert until(ada.instance) == ["2027-11-28" if action == "renew" else "2027-11-23"]
    envelope = last_entry(ada.instance)
    assert envelope.kind == ("renewal" if action == "renew" else "withdrawal")
    assert [signature.keyid for signature in envelope.signatures] == [
        ada.instance.notary.keyid if by_mail else format_key(ada.key.public)
    ]
    assert b"Ada" not in envelope.payload


def test_a_renewal_after_lapsing_makes_it_current_again(ada: Person, clock: Clock) -> None:
    path = ada.sign_publicly()
    clock.pass_days(400)
    tick(ada.instance)
    assert counts(ada.instance) == {("mistral", "lab-email", "lapsed"): 1}
    assert ada.client.post(f"{path}/change", data=ada.change_fields(path, "renew")).status_code == 303
    assert counts(ada.instance) == {("mistral", "lab-email", "current"): 1}
    clock.pass_days(367)
    tick(ada.instance)
    assert counts(ada.instance) == {("mistral", "lab-email", "lapsed"): 1}
    ada.change_by_mail("renew")
    assert counts(ada.instance) == {("mistral", "lab-email", "current"): 1}


@pytest.mark.sqlite_only
def test_who_has_lapsed_is_offered_a_change_and_not_a_second_seat(ada: Person, clock: Clock) -> None:
    ada.sign()
    clock.pass_days(400)
    tick(ada.instance)
    assert ada.ask().startswith("/change/")


@pytest.mark.sqlite_only
def test_a_change_of_lab_is_a_withdrawal_and_a_new_signing_on_the_same_seat(
    ada: Person, clock: Clock
) -> None:
    ada.address = "ada@example.org"
    ada.sign(lab="mistral")
    clock.pass_days(30)
    ada.change_by_mail("withdraw", "left-lab")
    ada.seed = bytes(32)
    Person.__post_init__(ada)
    ada.sign(lab="cohere")
    assert counts(ada.instance) == {("mistral", "email", "former"): 1, ("cohere", "email", "current"): 1}
    assert ada.ask().startswith("/change/")


@pytest.mark.sqlite_only
def test_the_same_key_may_sign_again_after_withdrawing_on_the_same_day(ada: Person) -> None:
    path = ada.sign_publicly()
    assert ada.client.post(f"{path}/change", data=ada.change_fields(path, "withdraw")).status_code == 303
    again = ada.sign_publicly()
    assert again != path
    assert counts(ada.instance) == {
        ("mistral", "lab-email", "withdrawn"): 1,
        ("mistral", "lab-email", "current"): 1,
    }


@pytest.mark.sqlite_only
def test_what_was_withdrawn_can_be_neither_renewed_nor_withdrawn_again(ada: Person) -> None:
    path = ada.sign_publicly()
    before = {action: ada.change_fields(path, action) for action in ("renew", "withdraw")}
    mailed = ada.ask()
    assert (
        ada.client.post(f"{path}/change", data=ada.change_fields(path, "withdraw", "left-lab")).status_code
        == 303
    )
    entries = size(ada.instance)
    for fields in before.values():
        assert ada.client.post(f"{path}/change", data=fields).status_code == 409
    assert 'value="renew"' not in ada.client.get(mailed).text
    for fields in ({"action": "renew"}, {"action": "withdraw", "reason": "own"}):
        token = csrf_token(ada.client.get("/change").text)
        assert ada.client.post(mailed, data={"csrf_token": token, **fields}).status_code == 400
    assert size(ada.instance) == entries
    assert counts(ada.instance) == {("mistral", "lab-email", "former"): 1}


def test_a_change_that_is_sent_twice_happens_once(ada: Person) -> None:
    path = ada.sign_publicly()
    fields = ada.change_fields(path, "renew")
    assert ada.client.post(f"{path}/change", data=fields).status_code == 303
    entries = size(ada.instance)
    assert ada.client.post(f"{path}/change", data=fields).status_code == 409
    assert size(ada.instance) == entries


@pytest.mark.sqlite_only
def test_a_change_of_another_day_is_refused(ada: Person, clock: Clock) -> None:
    path = ada.sign_publicly()
    old = {action: ada.change_fields(path, action) for action in ("renew", "withdraw", "erase")}
    entries = size(ada.instance)
    for days in (1, -2):
        clock.pass_days(days)
        for fields in old.values():
            response = ada.client.post(f"{path}/change", data=fields)
            assert response.status_code == 409
            assert "Nothing was changed" in response.text
    assert size(ada.instance) == entries
    clock.pass_days(1)
    assert "Ada Lovelace" in ada.client.get(path).text


@pytest.mark.sqlite_only
def test_nobody_changes_what_another_signed(ada: Person, app: Flask) -> None:
    path = ada.sign_publicly()
    eve = Person(app, name="Eve", address="eve@mistral.ai")
    own = eve.sign_publicly()
    entries = size(ada.instance)
    for action in ("renew", "withdraw", "erase"):
        for fields in (eve.change_fields(path, action), eve.change_fields(own, action)):
            assert eve.client.post(f"{path}/change", data=fields).status_code in {400, 409}
        stolen = eve.change_fields(path, action) | {"key": format_key(ada.key.public)}
        assert eve.client.post(f"{path}/change", data=stolen).status_code == 400
    assert size(ada.instance) == entries
    assert "Ada Lovelace" in ada.client.get(path).text


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "fields",
    [
        *({"action": ""}, {"action": "removed"}, {"action": "withdraw", "reason": "removed:abuse"}),
        *({"action": "withdraw", "reason": ""}, {"action": "renew\0"}, {}),
    ],
)
def test_only_the_changes_of_the_page_can_be_made(ada: Person, fields: Mapping[str, str]) -> None:
    path = ada.sign_publicly()
    entries = size(ada.instance)
    link = ada.ask()
    token = csrf_token(ada.client.get(link).text)
    assert ada.client.post(link, data={"csrf_token": token, **fields}).status_code == 400
    signed = ada.change_fields(path, "withdraw")
    signed = {name: value for name, value in signed.items() if name not in {"action", "reason"}}
    assert ada.client.post(f"{path}/change", data={**signed, **fields}).status_code == 400
    assert size(ada.instance) == entries
    assert counts(ada.instance) == {("mistral", "lab-email", "current"): 1}


@pytest.mark.sqlite_only
def test_a_link_to_change_works_once_and_for_a_day(ada: Person, clock: Clock) -> None:
    ada.sign()
    first, second = ada.ask(), ada.ask()
    for _ in range(3):
        assert ada.client.get(first).status_code == 200  # mail scanners follow links
    data = {"csrf_token": csrf_token(ada.client.get(first).text), "action": "renew"}
    clock.pass_days(1)
    assert ada.client.post(first, data=data).status_code == 303
    assert ada.client.post(first, data=data).status_code == 409
    clock.pass_days(1)
    assert ada.client.get(second).status_code == 409


@pytest.mark.sqlite_only
def test_links_to_sign_do_not_change_and_links_to_change_do_not_sign(ada: Person, app: Flask) -> None:
    ada.sign()
    to_change = ada.ask()
    bob = Person(app, address="bob@mistral.ai")
    to_sign = bob.ask()
    assert ada.client.get(to_change.replace("/change/", "/sign/")).status_code == 409
    assert bob.client.get(to_sign.replace("/sign/", "/change/")).status_code == 409


@pytest.mark.parametrize("actions", [("renew", "withdraw"), ("withdraw", "withdraw"), ("renew", "renew")])
def test_of_two_changes_at_once_no_contradiction_is_logged(
    ada: Person, app: Flask, actions: tuple[str, str]
) -> None:
    path = ada.sign_publicly()
    twin = Person(app, seed=ada.seed)
    posts = [
        (person, person.change_fields(path, action, reason if action == "withdraw" else "own"))
        for person, action, reason in zip((ada, twin), actions, ("own", "left-lab"), strict=True)
    ]
    entries = size(ada.instance)
    statuses: list[int] = []
    barrier = threading.Barrier(2)

    def post(person: Person, fields: dict[str, str]) -> None:
        barrier.wait()
        statuses.append(person.client.post(f"{path}/change", data=fields).status_code)

    threads = [threading.Thread(target=post, args=pair) for pair in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = statuses.count(303)
    assert done >= 1
    assert set(statuses) <= {303, 409}
    assert done == 1 or actions == ("renew", "withdraw")  # renewed, then withdrawn: both may be true
    assert size(ada.instance) == entries + done
    assert sum(counts(ada.instance).values()) == 1


@pytest.mark.sqlite_only
def test_a_mail_about_nothing_holds_no_link(ada: Person) -> None:
    token = csrf_token(ada.client.get("/change").text)
    ada.client.post("/change", data={"csrf_token": token, "address": "nobody@example.org"})
    with pytest.raises(AssertionError):
        link_in(newest_mail(ada.instance))
