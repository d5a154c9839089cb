"""Labs: what an address proves, what is logged of them, and that a lab replaced is replaced whole."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.errors import MalformedError, NotFoundError
from pledge.instance import Instance
from pledge.labs.models import Domain, Headcount
from pledge.labs.service import affiliation, can_show, get_lab, list_labs, parse_labs, set_lab
from pledge.log.notary import log_statement
from tests.site_kit import START, Person, random_bytes

DAY = START.date()
FACTS: Mapping[str, Any] = {
    "slug": "new-lab",
    "name": "New Lab",
    "website": "https://new.example",
    "domains": [{"domain": "new.example", "scope": "lab"}, {"domain": "group.example", "scope": "group"}],
    "headcount": [
        {
            "low": 40,
            "high": 60,
            "population": "research",
            "as_of": "2026-05",
            "source": "A",
            "accepted": True,
        },
        {"value": 9000, "population": "total", "as_of": "2025", "source": "B"},
        {"value": 30, "population": "research_percent", "as_of": "2025", "source": "C", "accepted": True},
    ],
}


def store(instance: Instance, facts: Mapping[str, Any]) -> st.Lab | None:
    def work(session: Session) -> st.Lab | None:
        statement = set_lab(session, facts, origin=instance.notary.origin, day=DAY)
        if statement is not None:
            log_statement(session, statement, notary=instance.notary, random_bytes=random_bytes)
        return statement

    return instance.log.run(work)


def test_a_lab_is_logged_with_its_accepted_headcounts_only(instance: Instance) -> None:
    statement = store(instance, FACTS)
    assert statement is not None
    assert [(row.low, row.high, row.source) for row in statement.headcount] == [(40, 60, "A")]
    assert [(row.domain, row.scope) for row in statement.domains] == [
        ("group.example", "group"),
        ("new.example", "lab"),
    ]
    with instance.database.reading() as session:
        assert len(get_lab(session, "new-lab").headcounts) == 3


def test_what_the_log_says_already_is_not_said_again(instance: Instance) -> None:
    store(instance, FACTS)
    assert store(instance, FACTS) is None
    assert store(instance, {**FACTS, "website": "https://other.example"}) is None  # not in the log
    with instance.database.reading() as session:
        assert get_lab(session, "new-lab").website == "https://other.example"
        assert (
            session.scalar(select(func.count()).select_from(Headcount).where(Headcount.lab_slug == "new-lab"))
            == 3
        )


def test_a_lab_that_is_replaced_keeps_nothing_of_before(instance: Instance) -> None:
    store(instance, FACTS)
    new = [{"domain": "new.example", "scope": "group"}, {"domain": "third.example", "scope": "lab"}]
    assert store(instance, {**FACTS, "name": "Newer", "domains": new, "headcount": []}) is not None
    with instance.database.reading() as session:
        lab = get_lab(session, "new-lab")
        assert (lab.name, lab.headcounts) == ("Newer", [])
        assert {row.domain: row.scope for row in lab.domains} == {
            "new.example": "group",
            "third.example": "lab",
        }
        kept = session.scalar(select(func.count()).select_from(Domain).where(Domain.lab_slug == "new-lab"))
        assert kept == 2


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("lab", "domain", "shown"),
    [
        ("new-lab", "new.example", ("lab-email", "lab")),
        ("new-lab", "group.example", ("group-email", "group")),
        ("new-lab", "sub.new.example", ("email", None)),
        ("new-lab", "evilnew.example", ("email", None)),
        ("new-lab", "new.example.org", ("email", None)),
        ("new-lab", "mistral.ai", ("email", None)),
        ("mistral", "new.example", ("email", None)),
    ],
)
def test_only_a_labs_own_domain_proves_it(
    instance: Instance, lab: str, domain: str, shown: tuple[str, str | None]
) -> None:
    store(instance, FACTS)
    with instance.database.reading() as session:
        found = affiliation(session, lab=lab, domain=domain, day=DAY)
    assert found is not None
    assert (found.lab, found.assurance, found.scope) == (lab, *shown)


@pytest.mark.sqlite_only
def test_no_lab_is_no_affiliation_and_an_unknown_one_is_refused(instance: Instance) -> None:
    with instance.database.reading() as session:
        assert affiliation(session, lab=None, domain="mistral.ai", day=DAY) is None
        with pytest.raises(NotFoundError):
            affiliation(session, lab="nowhere", domain="mistral.ai", day=DAY)
        assert not can_show(session, lab="nowhere", scope=None)
        assert not can_show(session, lab="cohere", scope="group")


@pytest.mark.sqlite_only
def test_a_domain_that_is_taken_away_proves_nothing_any_more(ada: Person) -> None:
    store(ada.instance, FACTS)
    link = ada.ask(address="ada@new.example", lab="new-lab")
    store(ada.instance, {**FACTS, "domains": []})
    response = ada.client.post(link, data=ada.signed_fields(link))
    assert response.status_code == 409
    assert "has changed since you asked" in response.text


@pytest.mark.sqlite_only
def test_pages_show_a_hostile_name_as_text(ada: Person) -> None:
    evil = "<script>alert(1)</script> & \"Co\" 'x' {{ 7*7 }} %s"
    store(ada.instance, {**FACTS, "name": evil})
    ada.sign(address="ada@new.example", lab="new-lab")
    for page in ("/", "/labs", "/labs/new-lab", "/sign", "/signatories", "/signatories?lab=new-lab"):
        shown = ada.client.get(page)
        assert shown.status_code == 200, page
        assert "<script>alert" not in shown.text, page
        assert "&lt;script&gt;alert" in shown.text, page
    assert b"&lt;script&gt;" in ada.client.get("/badge/lab/new-lab.svg").data


def test_labs_are_in_order_of_their_names(instance: Instance) -> None:
    with instance.database.reading() as session:
        names = [lab.name for lab in list_labs(session)]
    assert names == sorted(names, key=str.casefold)
    assert len(names) > 10


@pytest.mark.parametrize("text", ["", "{", "5", "[]", "null", '"x"', '{"labs": {}}', '{"labs": [1]}'])
def test_what_is_no_file_of_labs_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_labs(text)
