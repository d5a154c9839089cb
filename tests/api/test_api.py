"""What the API says, and how: pages, tables, kept answers; its document by the published schema of OpenAPI."""

import csv
import io
from datetime import timedelta

import pytest
import schemathesis

from pledge.core.policy import verify_checkpoint
from pledge.core.tlog.proof import parse_tlog_proof
from tests.pages.test_shares import add_lab, observed
from tests.site_kit import START, Clock, Person

pytestmark = pytest.mark.sqlite_only


def test_the_document_is_openapi(ada: Person) -> None:
    answer = ada.client.get("/api/v1/openapi.json")
    assert answer.content_type == "application/openapi+json"
    schemathesis.openapi.from_dict(answer.get_json()).validate()
    with pytest.raises(Exception, match="not of type"):
        schemathesis.openapi.from_dict(answer.get_json() | {"paths": {"/x": {"get": 3}}}).validate()


def test_a_lab_says_what_its_page_says(ada: Person) -> None:
    add_lab(ada.instance, "ranged", [observed(200, 300), observed(400, 400)], [60] * 32 + [5] * 8)
    lab = ada.client.get("/api/v1/labs/ranged").get_json()
    assert lab["signed"] == 40
    assert lab["people"] == {"low": 200, "high": 400}
    assert lab["share_per_mille"] == {"low": 100, "high": 200}
    assert lab["missing"] == {"10": {"low": 0, "high": 0}, "20": {"low": 0, "high": 40}}
    assert lab["changes"] == {"30": 8, "90": 40}
    assert lab["counts"] == [
        {"assurance": "lab-email", "current": 40, "former": 0, "lapsed": 0, "withdrawn": 0}
    ]
    assert lab in ada.client.get("/api/v1/labs").get_json()["data"]
    changes = ada.client.get("/api/v1/labs/ranged/history").get_json()["changes"]
    assert [(row["day"], row["change"]) for row in changes] == [
        ((START.date() - timedelta(days=60)).isoformat(), 32),
        ((START.date() - timedelta(days=5)).isoformat(), 8),
    ]
    rows = list(csv.DictReader(io.StringIO(ada.client.get("/api/v1/labs.csv").text)))
    (row,) = (row for row in rows if row["slug"] == "ranged")
    assert (row["signed"], row["share_low"], row["share_high"]) == ("40", "10.0", "20.0")
    rows = list(csv.DictReader(io.StringIO(ada.client.get("/api/v1/history.csv").text)))
    assert sum(int(row["change"]) for row in rows if row["lab"] == "ranged") == 40


def test_no_cell_of_a_table_is_a_formula(ada: Person) -> None:
    add_lab(ada.instance, "formula", [], [])
    with ada.instance.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE lab SET name = '=1+1' WHERE slug = 'formula'")
    assert "formula,'=1+1," in ada.client.get("/api/v1/labs.csv").text


def test_signatories_come_in_pages_and_go_when_they_ask(ada: Person) -> None:
    people = [Person(ada.app, name=f"Pat {n}", address=f"p{n}@mistral.ai") for n in range(5)]
    paths = [person.sign_publicly() for person in people]
    for query in ("size=2", "size=2&q=pat", "size=2&lab=mistral&assurance=lab-email&status=current"):
        found, address = [], f"http://127.0.0.1:8000/api/v1/signatories?{query}"
        while address:
            page = ada.client.get(address.removeprefix("http://127.0.0.1:8000")).get_json()
            assert len(page["data"]) <= 2
            found += page["data"]
            address = page["next"]
        assert {row["page"].rpartition("/")[2] for row in found} == {path[-32:] for path in paths}
        assert {row["name"] for row in found} == {f"Pat {n}" for n in range(5)}
    one = f"/api/v1{paths[0]}"
    assert ada.client.get(one).get_json()["name"] == "Pat 0"
    people[0].change_by_mail("erase")
    assert ada.client.get(one).get_json()["name"] is None


def test_an_entry_is_proven(ada: Person) -> None:
    index = ada.client.get(f"/api/v1{ada.sign_publicly()}").get_json()["log_index"]
    proof = parse_tlog_proof(ada.client.get(f"/api/v1/log/entries/{index}/proof").data)
    assert proof.index == index
    assert verify_checkpoint(ada.instance.policy, proof.checkpoint).checkpoint.size > index


def test_answers_are_kept_for_a_minute_and_not_sent_twice(ada: Person, clock: Clock) -> None:
    first = ada.client.get("/api/v1/labs")
    assert first.headers["Cache-Control"] == "public, max-age=60"
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in first.headers
    tag = first.headers["ETag"]
    again = ada.client.get("/api/v1/labs", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    ada.sign()
    assert ada.client.get("/api/v1/labs", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "labs/nowhere",
        "labs/A",
        "signatories?size=0",
        "signatories?size=51",
        "signatories?status=x",
        "log/entries/-1/proof",
    ],
)
def test_what_is_wrong_is_a_problem_document(ada: Person, path: str) -> None:
    answer = ada.client.get(f"/api/v1/{path}")
    assert answer.status_code in {400, 404}
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["status"] == answer.status_code


def test_people_can_read_what_there_is(ada: Person) -> None:
    page = ada.client.get("/api").text
    for path in ("/labs/{slug}/history", "/signatories", "/history.csv"):
        assert path in page
    assert "application/ld+json" in page
    for link in ("/api/v1/labs", "/api/v1/labs.csv"):
        assert f'href="{link}"' in page
