"""Pledge texts: taken apart exactly as they are written, or refused; shown without obeying what stands in them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy.orm import Session

from pledge.errors import ConflictError, MalformedError, NotFoundError
from pledge.log.notary import log_statement
from pledge.pledges import texts
from pledge.pledges.views.texts import changes, render_body, stretches
from tests.site_kit import START, Person, random_bytes

DEFAULT = (Path(__file__).parents[2] / "pledge/documents/against-reckless-scaling.v1.md").read_text(
    encoding="utf-8"
)
SMALL = """\
# A title

We say.

## Core clauses

### one

First
of all.

### two

Second.

## Optional clauses

### three

Third.
"""


def test_the_default_text_has_core_and_optional_clauses() -> None:
    parts = texts.parse_text(DEFAULT)
    assert parts.core
    assert parts.optional
    assert all(clause.prose for clause in parts.clauses)


def test_a_text_is_taken_apart() -> None:
    parts = texts.parse_text(SMALL)
    assert (parts.title, parts.preamble.strip()) == ("A title", "We say.")
    assert [(clause.id, clause.prose) for clause in parts.clauses] == [
        ("one", "First of all."),
        ("two", "Second."),
        ("three", "Third."),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# A title\n", ""),
        ("# A title", "# " + "x" * 201),
        ("## Core clauses", "## Clauses"),
        ("## Optional clauses", "## Core clauses"),
        ("## Optional clauses\n\n### three\n\nThird.\n", ""),
        ("### two", "### one"),
        ("### three", "### one"),
        ("### two", "### Two"),
        ("### two", "### two words"),
        ("### two", "### two_"),
        ("### two", "###two"),
        ("### two", "#### two"),
        ("Second.\n", ""),
        ("### one\n\nFirst\nof all.\n\n### two\n\nSecond.\n\n", ""),
        ("We say.", "We say.\0"),
        ("We say.", "x" * 33_000),
    ],
)
def test_a_text_of_another_form_is_refused(old: str, new: str) -> None:
    assert old in SMALL
    with pytest.raises(MalformedError):
        texts.parse_text(SMALL.replace(old, new, 1))


@given(some.text(max_size=300))
def test_any_text_is_taken_apart_or_refused(body: str) -> None:
    for whole in (body, SMALL + body, SMALL.replace("Second.", body)):
        try:
            parts = texts.parse_text(whole)
        except MalformedError:
            continue
        assert whole.count("\n### ") <= len(parts.clauses) + parts.preamble.count("###")


@given(
    some.text(some.sampled_from("ab\n #"), max_size=80), some.text(some.sampled_from("ab\n #"), max_size=80)
)
def test_a_comparison_holds_all_of_both(old: str, new: str) -> None:
    found = changes(old, new)
    for side, body in (("old", old), ("new", new)):
        paragraphs = [paragraph.strip() for paragraph in body.split("\n\n") if paragraph.strip()]
        assert [change[side] for change in found if change[side] is not None] == paragraphs
    assert all((change["kind"] == "same") == (change["old"] == change["new"]) for change in found)


def test_a_comparison_folds_what_is_the_same_and_shows_no_marks() -> None:
    new = SMALL.replace("Second.", "Second, *always*.").replace(
        "## Optional", "### four\n\nNew.\n\n## Optional"
    )
    shown = stretches(changes(SMALL, new))
    kinds = [(len(stretch), stretch[0]["kind"]) for stretch in shown]
    assert kinds == [(5, "same"), (1, "same"), (1, "changed"), (1, "added"), (1, "added"), (3, "same")]
    assert shown[1][0]["new_html"] == "<p><strong>two</strong></p>"
    assert shown[2][0]["words"] == [("gone", "Second."), ("new", "Second, always.")]
    assert shown[3][0]["new_html"] == "<p><strong>four</strong></p>"
    assert "<h" not in "".join(str(change["new_html"]) for stretch in shown for change in stretch)


def test_a_change_of_emphasis_alone_shows_its_marks() -> None:
    [change] = changes("A *word*.", "A word.")
    assert change["words"] == [("same", "A"), ("gone", "*word*."), ("new", "word.")]


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "<a href=x>",
        "&lt;script>",
    ],
)
def test_markup_in_a_text_is_shown_and_not_obeyed(evil: str) -> None:
    html = str(render_body("# Title\n\n" + evil))
    assert "<script" not in html
    assert "<img" not in html
    assert "<a href=x" not in html
    assert 'href="javascript' not in html


def publish(person: Person, body: str, slug: str = texts.DEFAULT_SLUG) -> int:
    instance = person.instance

    def work(session: Session) -> int:
        statement = texts.publish(session, slug=slug, body=body, notary=instance.notary, day=START.date())
        log_statement(session, statement, notary=instance.notary, random_bytes=random_bytes)
        return statement.version

    return instance.log.run(work)


def test_versions_count_up_and_stay(ada: Person) -> None:
    assert [publish(ada, DEFAULT + f"\nMore {number}.\n") for number in range(3)] == [2, 3, 4]
    with pytest.raises(ConflictError):
        publish(ada, DEFAULT + "\nMore 2.\n")
    assert publish(ada, DEFAULT + "\nMore 0.\n") == 5  # back to an older one is a new version
    for version in range(1, 6):
        assert ada.client.get(f"/pledges/against-reckless-scaling/{version}").status_code == 200
    assert ada.client.get("/pledges/against-reckless-scaling/1.txt").text == DEFAULT
    assert ada.client.get("/pledges/against-reckless-scaling/6").status_code == 404


@pytest.mark.sqlite_only
def test_another_pledge_does_not_touch_the_first(ada: Person) -> None:
    ada.sign()
    assert publish(ada, SMALL, slug="another") == 1
    page = ada.client.get("/pledges/another").text
    assert "A title" in page
    assert ada.client.get("/sign").status_code == 200
    with ada.instance.database.reading() as session, pytest.raises(NotFoundError):
        texts.latest_text(session, "a-third")


@pytest.mark.sqlite_only
def test_a_version_that_changed_since_the_form_was_read_is_told(ada: Person) -> None:
    form = ada.form()
    publish(ada, DEFAULT + "\nMore.\n")
    response = ada.client.post("/sign", data=form)
    assert response.status_code == 400
    assert "new version since you read it" in response.text
    assert ada.instance.outbox.written() == []


@pytest.mark.sqlite_only
def test_a_link_signs_the_version_that_its_form_showed(ada: Person) -> None:
    link = ada.ask()
    publish(ada, DEFAULT + "\nMore.\n")
    assert "version 1" in ada.client.get(link).text
    receipt = ada.client.post(link, data=ada.signed_fields(link)).headers["Location"]
    assert b"More." not in ada.receipt(receipt)
    assert ada.client.get(receipt).status_code == 200
