"""Finding signatories: by words of a name, by lab and assurance, page after page, each exactly once."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import insert
from sqlalchemy.orm import Session

from pledge.core.names import name_tokens
from pledge.errors import MalformedError
from pledge.instance import Instance
from pledge.pledges import reading
from pledge.pledges.models import TOKEN_CHARACTERS, NameToken, Shown, Signing
from tests.site_kit import START, Person

NAMES = (
    *(
        "Ada Lovelace",
        "Ada Ada",
        "Adam Adamson",
        "Anna Ann",
        "Ann Anna Annabel",
        "Grace Hopper",
        "Gráce Höpper",
    ),
    *(
        "Đorđe Đurić",
        "李小龙",
        "Ольга Ладыженская",
        "O’Brien Ada",
        "Jean-Luc Picard",
        "Sofia Kovalevskaya",
        "Zoë",
    ),
    *("ß" * 60, "Æ" * 99, "Ada Lovelace", "भीमराव अंबेडकर", "مريم ميرزاخاني", "Anna"),
)
LABS = ("mistral", "cohere", None)
ASSURANCES = ("lab-email", "email")


@pytest.fixture
def crowd(instance: Instance) -> Instance:
    """Signatories with these names, written past the log: only reading is looked at here."""
    with instance.database.writing() as session:
        for place, name in enumerate(NAMES):
            _write(session, place, name)
        session.commit()
    return instance


def _write(session: Session, place: int, name: str) -> None:
    number = 1000 + place
    sha256 = number.to_bytes(32, "big")
    row = {
        "index": number,
        "sha256": sha256,
        "public_id": f"{number:032x}",
        "pledge": "against-reckless-scaling",
        "version": 1,
        "lab": LABS[place % 3],
        "assurance": ASSURANCES[place % 2],
        "scope": None,
        "visibility": "named",
        "status": "withdrawn" if place == 16 else "current",
        "day": START.date(),
        "until": START.date(),
        "key": f"ed25519:{number}",
        "normal_key": f"ed25519:{number}",
        "clauses": [],
    }
    session.execute(insert(Signing), row)
    opening = {"sha256": sha256, "field": "name", "salt": b"", "value": name, "state": "shown"}
    session.execute(insert(Shown), opening)
    tokens = [
        {"token": token[:TOKEN_CHARACTERS], "index": number} for token in sorted(set(name_tokens(name)))
    ]
    session.execute(insert(NameToken), tokens)


def pages(instance: Instance, wanted: reading.Filter, size: int) -> Iterator[list[int]]:
    after = None
    with instance.database.reading() as session:
        while True:
            page = reading.find(session, wanted, after=after, size=size)
            yield [row.index for row in page.rows]
            if page.next is None:
                return
            after = page.next


def expected(wanted: reading.Filter) -> set[int]:
    """Who should be found, by asking every name."""
    tokens = name_tokens(wanted.query)
    found = set()
    for place, name in enumerate(NAMES):
        has = name_tokens(name)
        if (
            (all(any(own.startswith(token) for own in has) for token in tokens))
            and wanted.lab in {None, LABS[place % 3]}
            and wanted.assurance in {None, ASSURANCES[place % 2]}
            and (wanted.status is None or wanted.status == ("withdrawn" if place == 16 else "current"))
        ):
            found.add(1000 + place)
    return found


QUERIES = (
    *(
        "",
        "a",
        "ad",
        "ada",
        "ADA",
        "an",
        "ann",
        "anna an",
        "lovelace ada",
        "ada love",
        "grace",
        "höpper",
        "hopper gr",
    ),
    *(
        "дж",
        "ольга",
        "李",
        "小",
        "đ",
        "dor",
        "o",
        "obrien",
        "picard jean",
        "zoe",
        "ss",
        "ae",
        "भीम",
        "مر",
        "ada ada",
    ),
    *("a a a a a a", "nobody", "lovelace hopper"),
)


@pytest.mark.parametrize("size", [2, 50])
def test_everybody_is_found_exactly_once_over_pages_of_any_size(crowd: Instance, size: int) -> None:
    base = reading.Filter(pledge="against-reckless-scaling")
    for query in QUERIES:
        for lab, assurance, status in (
            (None, None, "current"),
            ("mistral", None, None),
            (None, "email", "current"),
        ):
            wanted = replace(base, query=query, lab=lab, assurance=assurance, status=status)
            found = [index for page in pages(crowd, wanted, size) for index in page]
            assert len(found) == len(set(found)), wanted
            assert set(found) == expected(wanted), wanted


@pytest.mark.sqlite_only
def test_lists_are_newest_first_in_full_pages(crowd: Instance) -> None:
    found = list(pages(crowd, reading.Filter(pledge="against-reckless-scaling"), 5))
    flat = [index for page in found for index in page]
    assert flat == sorted(flat, reverse=True)
    assert [len(page) for page in found[:-1]] == [5] * (len(found) - 1)
    assert found[-1]


def test_a_question_of_signs_finds_nobody(crowd: Instance) -> None:
    for query in ("%", "_", "!!", "'; --", "😀", "1234", "\\", '"'):
        assert list(pages(crowd, reading.Filter(pledge="against-reckless-scaling", query=query), 5)) == [
            []
        ], query


HOSTILE = (
    "",
    "x",
    "-1",
    "1.5",
    "٣",
    "1" * 16,
    "~",
    "~~",
    "a~",
    "a~x",
    "a~-1",
    "~1",
    "a~1~",
    "~" * 500,
    "😀~1",
    "'~1",
)


def test_a_hostile_place_to_go_on_is_refused_or_finds_some_of_them(crowd: Instance) -> None:
    for query in ("", "ada", "a" * 200):
        wanted = reading.Filter(pledge="against-reckless-scaling", query=query)
        for after in HOSTILE:
            with crowd.database.reading() as session, contextlib.suppress(MalformedError):
                page = reading.find(session, wanted, after=after)
                assert {row.index for row in page.rows} <= expected(wanted), after


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.text(max_size=30), some.text(max_size=30))
@pytest.mark.sqlite_only
def test_no_question_breaks_it(crowd: Instance, query: str, after: str) -> None:
    wanted = reading.Filter(pledge="p", query=query)
    with crowd.database.reading() as session, contextlib.suppress(MalformedError):
        reading.find(session, wanted, after=after.replace("\0", "") + "~1")


@pytest.mark.sqlite_only
def test_the_page_leads_through_all_of_them(ada: Person) -> None:
    with ada.instance.database.writing() as session:
        for place in range(17, 17 + 120):
            _write(session, place, f"Ada {chr(97 + place % 26)}")
        session.commit()
    for query, number in (("", 120), ("q=ada&", 120), ("q=ad&lab=mistral&assurance=lab-email&", 20)):
        found: list[str] = []
        path = f"/signatories?{query}"
        for _ in range(4):
            page = ada.client.get(path).text
            found += re.findall(r'href="/signatories/([0-9a-f]{32})"', page)
            older = re.search(r'href="(/signatories\?[^"]*after=[^"]*)"', page)
            if older is None:
                break
            path = older[1].replace("&amp;", "&")
        assert len(found) == len(set(found)) == number, query


@pytest.mark.parametrize("name", ["ß" * 60, "Æ" * 99, "ŉ" * 30])
def test_a_name_whose_words_grow_when_folded_can_sign_and_be_found(ada: Person, name: str) -> None:
    ada.sign(name=name)
    assert (
        name
        in ada.client.get("/signatories", query_string={"q": name}).text.split("<main")[1].split("</form>")[1]
    )
