"""Signing over HTTP, on both databases: the main way, and what must not work."""

import base64
import json
import threading

import pytest
from flask import Flask

from pledge.core import statement as st
from pledge.core.policy import parse_policy
from pledge.core.receipt import parse_receipt, verify_receipt
from pledge.instance import trust_policy
from tests.site_kit import Clock, Person, newest_mail


def tallies(person: Person) -> list[dict[str, object]]:
    counts: list[dict[str, object]] = json.loads(person.client.get("/tallies.json").data)["counts"]
    return counts


def test_a_signing_gives_a_receipt_that_verifies_and_a_count_that_rises(ada: Person) -> None:
    receipt = parse_receipt(ada.receipt(ada.sign()))
    verified = verify_receipt(receipt, parse_policy(trust_policy(ada.instance)))
    assert verified.signing.lab == "mistral"
    assert verified.openings["name"].value == "Ada Lovelace"
    assert tallies(ada) == [
        {
            "pledge": "against-reckless-scaling",
            "lab": "mistral",
            "assurance": "lab-email",
            "status": "current",
            "count": 1,
        }
    ]
    assert b"Mistral AI: against reckless scaling" in ada.client.get("/badge/lab/mistral.svg").data


@pytest.mark.parametrize(
    ("address", "lab", "assurance"),
    [
        ("ada@mistral.ai", "mistral", "lab-email"),
        ("ada@alibaba-inc.com", "alibaba-qwen", "group-email"),
        ("ada@example.org", "mistral", "email"),
        ("ada@example.org", "", "email"),
    ],
)
def test_the_address_decides_the_assurance(ada: Person, address: str, lab: str, assurance: str) -> None:
    ada.sign(address=address, lab=lab)
    assert [(cell["lab"], cell["assurance"]) for cell in tallies(ada)] == [(lab or None, assurance)]


def test_a_link_works_once(ada: Person) -> None:
    link = ada.ask()
    fields = ada.signed_fields(link)
    other = Person(ada.app)
    other.client = ada.client
    others = other.signed_fields(link)
    assert ada.client.post(link, data=fields).status_code == 303
    again = ada.client.post(link, data=others)
    assert again.status_code == 409
    assert "has been used or has expired" in again.text
    assert ada.client.get(link).status_code == 409


def test_the_same_signature_sent_again_leads_to_the_same_receipt(ada: Person) -> None:
    link = ada.ask()
    fields = ada.signed_fields(link)
    first, again = (ada.client.post(link, data=fields) for _ in range(2))
    assert (again.status_code, again.headers["Location"]) == (303, first.headers["Location"])
    assert sum(int(str(cell["count"])) for cell in tallies(ada)) == 1
    ada.change_by_mail("erase")
    assert ada.client.post(link, data=fields).status_code == 409


def test_following_a_link_uses_nothing_up(ada: Person) -> None:
    link = ada.ask()
    for _ in range(3):
        assert ada.client.get(link).status_code == 200
        assert ada.client.head(link).status_code == 200
    assert ada.client.post(link, data=ada.signed_fields(link)).status_code == 303


def test_a_link_expires_after_a_day(ada: Person, clock: Clock) -> None:
    link = ada.ask()
    clock.pass_days(2)
    assert ada.client.get(link).status_code == 409


def test_one_seat_for_an_address(ada: Person, app: Flask) -> None:
    first, second = ada.ask(), ada.ask()
    assert ada.client.post(first, data=ada.signed_fields(first)).status_code == 303
    assert ada.client.get(second).status_code == 409
    twin = Person(app, address="ADA+news@mistral.ai")
    page = twin.client.post("/sign", data=twin.form())
    assert page.status_code == 303
    assert "already has its place" in newest_mail(ada.instance)["text"]


def test_the_answer_does_not_tell_who_has_signed(ada: Person, app: Flask) -> None:
    ada.sign()
    known = ada.client.post("/sign", data=ada.form())
    unknown = ada.client.post("/sign", data=ada.form(address="grace@mistral.ai"))
    assert (known.status_code, known.headers["Location"]) == (
        unknown.status_code,
        unknown.headers["Location"],
    )


def test_two_who_open_a_link_at_once_sign_once(app: Flask) -> None:
    ada = Person(app)
    link = ada.ask()
    others = [Person(app), Person(app)]
    posts = [other.signed_fields(link) for other in others]
    statuses: list[int] = []

    def post(person: Person, fields: dict[str, str]) -> None:
        statuses.append(person.client.post(link, data=fields).status_code)

    threads = [threading.Thread(target=post, args=pair) for pair in zip(others, posts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 409]
    assert sum(int(str(cell["count"])) for cell in tallies(ada)) == 1


def test_a_statement_altered_between_preview_and_signing_is_refused(ada: Person) -> None:
    link = ada.ask()
    page = ada.client.get(link).text
    fields = ada.signed_fields(link)
    altered = json.loads(base64.b64decode(fields["payload"]))
    altered["affiliation"]["lab"] = "cohere"
    posted = ada.sign_payload(page, "application/vnd.pledge.signing+json", st.format_json(altered))
    response = ada.client.post(link, data=posted)
    assert response.status_code == 409
    assert tallies(ada) == []


def test_a_statement_of_yesterday_is_refused(ada: Person, clock: Clock) -> None:
    link = ada.ask()
    fields = ada.signed_fields(link)
    clock.pass_days(1)
    assert ada.client.post(link, data=fields).status_code == 409
    assert tallies(ada) == []


def test_a_key_signs_a_pledge_once(ada: Person, app: Flask) -> None:
    ada.sign()
    twin = Person(app, address="grace@mistral.ai", seed=ada.seed)
    link = twin.ask()
    assert twin.client.post(link, data=twin.signed_fields(link)).status_code == 409
