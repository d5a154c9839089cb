"""Headcounts by readers: seen by stewards alone until one accepts, then in the log and in the share."""

import json
import re
from collections.abc import Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pledge.core import statement as st
from pledge.instance import Instance
from pledge.labs import headcounts
from pledge.labs.headcounts import MAX_WAITING, MAX_WAITING_OF_LAB, Observation
from pledge.labs.models import Headcount, Lab
from pledge.labs.service import set_lab
from pledge.log.models import Entry
from tests.command_kit import last_statement
from tests.site_kit import START, Clock, csrf_token
from tests.steward_kit import found_stewards

TODAY = START.date()
GIVEN = {
    "low": "650",
    "high": "800",
    "population": "total",
    "as_of": "2026-03",
    "source": "https://example.org/people",
    "proposed_by": "A reader",
}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def steward(app: Flask, instance: Instance) -> FlaskClient:
    return found_stewards(instance)[0].sign_in(app)


def propose(client: FlaskClient, slug: str = "mistral", **changes: str) -> tuple[int, str]:
    token = csrf_token(client.get(f"/labs/{slug}/headcount").text)
    given = {name: text for name, text in (GIVEN | changes).items() if text}
    response = client.post(f"/labs/{slug}/headcount", data=given | {"csrf_token": token})
    return response.status_code, response.text


def act(steward: FlaskClient, path: str) -> int:
    token = csrf_token(steward.get("/stewards/headcounts").text)
    return steward.post(path, data={"csrf_token": token}).status_code


def waiting(instance: Instance) -> list[Headcount]:
    with instance.database.reading() as session:
        return [row for _, row in headcounts.waiting(session)]


def entries(instance: Instance) -> int:
    with instance.database.reading() as session:
        return len(session.scalars(select(Entry.index)).all())


def test_nobody_but_stewards_sees_a_proposal(client: FlaskClient, steward: FlaskClient) -> None:
    before = client.get("/labs/mistral").text
    assert propose(client)[0] == 303
    assert client.get("/labs/mistral").text == before
    assert "example.org/people" not in client.get("/api/v1/labs/mistral").text
    desk = steward.get("/stewards/headcounts").text
    assert "650 to 800" in desk
    assert "by A reader" in desk
    assert client.get("/stewards/headcounts").status_code == 401


def test_what_a_steward_accepts_is_logged_and_shared_and_can_be_dropped(
    app: Flask, client: FlaskClient, instance: Instance, clock: Clock
) -> None:
    ada = found_stewards(instance)[0]
    steward = ada.sign_in(app)
    propose(client)
    (row,) = waiting(instance)
    assert act(steward, f"/stewards/headcounts/{row.id}/accept") == 303
    logged = last_statement(instance)
    assert isinstance(logged, st.Lab)
    assert [
        (seen.low, seen.high, seen.source) for seen in logged.headcount if "example.org" in seen.source
    ] == [(650, 800, "https://example.org/people")]
    assert "example.org/people" in client.get("/labs/mistral").text
    assert waiting(instance) == []
    before = entries(instance)
    assert act(steward, f"/stewards/headcounts/{row.id}/accept") == 303  # again changes nothing
    assert entries(instance) == before
    assert act(steward, f"/stewards/headcounts/{row.id}/drop") == 409  # word for word what the log said today
    clock.pass_days(1)
    steward = ada.sign_in(app)
    assert act(steward, f"/stewards/headcounts/{row.id}/drop") == 303
    dropped = last_statement(instance)
    assert isinstance(dropped, st.Lab)
    assert "example.org" not in json.dumps([seen.source for seen in dropped.headcount])


def test_what_is_refused_is_gone_and_nothing_is_logged(
    client: FlaskClient, steward: FlaskClient, instance: Instance
) -> None:
    propose(client)
    (row,) = waiting(instance)
    before = entries(instance)
    assert act(steward, "/stewards/headcounts/99999/accept") == 404
    assert act(steward, f"/stewards/headcounts/{row.id}/raise") == 404
    assert act(steward, f"/stewards/headcounts/{row.id}/drop") == 303
    assert (waiting(instance), entries(instance)) == ([], before)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"low": ""}, "A whole number of people"),
        ({"low": "0"}, "A whole number of people"),
        ({"low": "9" * 30}, "A whole number of people"),
        ({"high": "10"}, "less than the number above"),
        ({"as_of": "last year"}, "Such as 2026"),
        ({"as_of": "2026-02-30"}, "There is no such day"),
        ({"as_of": "2031"}, "still to come"),
        ({"source": "somebody told me"}, "An address that begins with"),
        ({"source": "javascript:alert(1)//https://"}, "An address that begins with"),
        ({"source": "https://example.org/" + "a" * 500}, "500"),
        ({"population": "everybody"}, "Not a valid choice"),
        ({"proposed_by": "a\u202eb"}, "name"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(
    client: FlaskClient, instance: Instance, changes: Mapping[str, str], words: str
) -> None:
    status, page = propose(client, **changes)
    assert status == 400
    assert words in re.sub(r"<[^>]+>", " ", page)
    assert waiting(instance) == []


def test_who_knows_no_upper_end_and_gives_no_name_is_understood(
    client: FlaskClient, instance: Instance
) -> None:
    assert propose(client, is_open="y", proposed_by="")[0] == 303
    (row,) = waiting(instance)
    assert (row.low, row.has_ceiling, row.proposed_by) == (650, False, "")
    assert propose(client, high="")[0] == 303
    assert (waiting(instance)[1].low, waiting(instance)[1].high) == (650, 650)


def test_a_flood_is_refused_and_no_lab_can_use_up_all_the_room(
    instance: Instance, client: FlaskClient
) -> None:
    observation = Observation(1, None, "total", "2026", "https://example.org/", "")
    for _ in range(MAX_WAITING_OF_LAB):
        instance.log.run(lambda session: headcounts.propose(session, "mistral", observation, day=TODAY))
    status, page = propose(client)
    assert (status, "Too many proposals wait" in page) == (429, True)
    assert propose(client, "cohere")[0] == 303
    assert MAX_WAITING > MAX_WAITING_OF_LAB


def test_the_operators_file_of_labs_drops_no_proposal(client: FlaskClient, instance: Instance) -> None:
    propose(client)
    with instance.database.reading() as session:
        lab = session.get_one(Lab, "mistral")
        facts = {
            "slug": lab.slug,
            "name": lab.name,
            "website": lab.website,
            "domains": [{"domain": row.domain, "scope": row.scope} for row in lab.domains],
        }
    instance.log.run(
        lambda session: set_lab(session, facts, origin=instance.notary.origin, day=TODAY) and None
    )
    assert [row.source for row in waiting(instance)] == ["https://example.org/people"]


def test_a_form_from_elsewhere_decides_nothing(
    client: FlaskClient, steward: FlaskClient, instance: Instance
) -> None:
    propose(client)
    (row,) = waiting(instance)
    assert steward.post(f"/stewards/headcounts/{row.id}/accept", data={"csrf_token": "x"}).status_code == 403
    assert client.post(f"/stewards/headcounts/{row.id}/accept", data={"csrf_token": "x"}).status_code in {
        302,
        401,
        403,
    }
    assert len(waiting(instance)) == 1
