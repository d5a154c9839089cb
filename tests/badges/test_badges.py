"""Badges: always an image, small, well-formed, the same bytes for the same state, cached as they may be."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as some
from werkzeug.test import TestResponse

from pledge.badges.render import State, render_badge
from pledge.tick import tick
from tests.site_kit import Clock, Person, make_app

pytestmark = pytest.mark.sqlite_only

_SVG = "{http://www.w3.org/2000/svg}"
_STATES: tuple[State, ...] = ("good", "plain", "unknown")


def badge(person: Person, path: str, **headers: str) -> TestResponse:
    """Ask a server that has just started, so that no answer is a moment old."""
    return make_app(person.instance).test_client().get(f"/badge/{path}.svg", headers=headers)


def words(response: TestResponse) -> str:
    """Check an answer's form, and give what the image says."""
    assert response.status_code == 200
    assert response.content_type == "image/svg+xml; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in response.headers
    assert len(response.data) < 3072
    root = ET.fromstring(response.data)  # noqa: S314  # our own
    assert root.tag == f"{_SVG}svg"
    assert {element.tag.removeprefix(_SVG) for element in root.iter()} <= {
        *("svg", "title", "style", "clipPath", "rect", "g", "circle", "text"),
    }
    return " | ".join(element.text or "" for element in root.iter(f"{_SVG}text"))


def test_what_is_known_may_be_kept_for_minutes(ada: Person) -> None:
    public_id = ada.sign_publicly()[-32:]
    said = {
        path: words(badge(ada, path))
        for path in (f"signatory/{public_id}", "lab/mistral", "lab/cohere", "pledge/against-reckless-scaling")
    }
    assert said == {
        f"signatory/{public_id}": "Pledge against reckless scaling | signed · lab address",
        "lab/mistral": "Mistral AI: against reckless scaling | 1 signed",
        "lab/cohere": "Cohere: against reckless scaling | 0 signed",
        "pledge/against-reckless-scaling": "against reckless scaling | 1 from lab addresses",
    }
    assert badge(ada, "lab/mistral").headers["Cache-Control"] == "public, max-age=300, s-maxage=300"


@pytest.mark.parametrize(
    "path", ["lab/nowhere", "pledge/nothing", "signatory/" + "0" * 32, "signatory/abc", "lab/" + "a" * 64]
)
def test_what_is_not_known_is_grey_and_not_kept(ada: Person, path: str) -> None:
    response = badge(ada, path)
    assert words(response) == "against reckless scaling | unknown"
    assert response.headers["Cache-Control"] == "no-cache, max-age=0"


@pytest.mark.parametrize(
    "path",
    ["planet/x", "lab/A", "lab/", "lab/" + "a" * 65, "lab/a%00", "lab/../x", "lab/%F0%9F%98%80", "lab/a/b"],
)
def test_what_is_no_badge_is_a_page_that_says_so(ada: Person, path: str) -> None:
    response = badge(ada, path)
    assert response.status_code == (400 if "%00" in path else 404)
    assert "<main" in response.text


def test_it_follows_what_becomes_of_the_signing(ada: Person, clock: Clock) -> None:
    path = ada.sign_publicly()
    name = f"signatory/{path[-32:]}"
    ada.change_by_mail("erase")
    assert words(badge(ada, name)).endswith("| signed · lab address")
    clock.pass_days(400)
    tick(ada.instance)
    assert words(badge(ada, name)).endswith("| lapsed")
    assert words(badge(ada, "lab/mistral")).endswith("| 0 signed")
    ada.change_by_mail("renew")
    assert words(badge(ada, name)).endswith("| signed · lab address")
    ada.change_by_mail("withdraw", "left-lab")
    assert words(badge(ada, name)).endswith("| signed, then left the lab")
    again = f"signatory/{Person(ada.app, address='x@example.org', lab='').sign_publicly()[-32:]}"
    assert words(badge(ada, again)).endswith("| signed")
    other = Person(ada.app, address="y@mistral.ai")
    withdrawn = other.sign_publicly()
    other.change_by_mail("withdraw")
    assert words(badge(ada, f"signatory/{withdrawn[-32:]}")).endswith("| withdrawn")


def test_one_running_server_follows_within_a_moment(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pledge.web.prepared._FRESH_SECONDS", -1)
    assert b"0 signed" in ada.client.get("/badge/lab/mistral.svg").data
    ada.sign()
    assert b"1 signed" in ada.client.get("/badge/lab/mistral.svg").data


def test_it_is_not_sent_again_to_who_has_it(ada: Person) -> None:
    first = badge(ada, "lab/mistral")
    tag = first.headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    for match in (tag, f"W/{tag}", f'"x", {tag}', "*", f"W/{tag} , W/{tag}"):
        again = badge(ada, "lab/mistral", **{"If-None-Match": match})
        assert (again.status_code, again.data) == (304, b""), match
        assert again.headers["ETag"] == tag
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    for match in ('"x"', "", tag.strip('"'), "," * 5000, f"{'x' * 2000}, {tag}"):
        assert badge(ada, "lab/mistral", **{"If-None-Match": match}).status_code == 200, match


def test_a_question_for_the_head_gets_no_body(ada: Person) -> None:
    client = make_app(ada.instance).test_client()
    head, full = (client.open("/badge/lab/mistral.svg", method=method) for method in ("HEAD", "GET"))
    assert head.data == b""
    assert dict(head.headers) == dict(full.headers)
    assert full.headers["Content-Length"] == str(len(full.data))


def test_a_query_changes_nothing(ada: Person) -> None:
    client = make_app(ada.instance).test_client()
    assert client.get("/badge/lab/mistral.svg?x=1").data == client.get("/badge/lab/mistral.svg").data


def test_the_same_state_gives_the_same_bytes(ada: Person) -> None:
    assert badge(ada, "lab/mistral").data == badge(ada, "lab/mistral").data


_ANY = some.text(some.characters(exclude_categories=["Cs"]), max_size=60)


@given(_ANY, _ANY, some.sampled_from(_STATES), some.integers(0, 3))
def test_no_name_breaks_the_image(label: str, message: str, state: State, rings: int) -> None:
    drawn = render_badge(label, message, description=f"{label}: {message}", state=state, rings=rings)
    assert drawn == render_badge(label, message, description=f"{label}: {message}", state=state, rings=rings)
    root = ET.fromstring(drawn)  # noqa: S314  # our own
    assert len(root.findall(f"{_SVG}text")) == 2
    assert not root.findall(f".//{_SVG}script")


@pytest.mark.parametrize(
    "name", ['<script>alert("1")</script>', "\"'><a>&amp;", "]]>", "&#0;", "w" * 100, "漢" * 100]
)
def test_a_hostile_name_is_only_text(name: str) -> None:
    drawn = render_badge(name, name, description=name, state="good", rings=2)
    root = ET.fromstring(drawn)  # noqa: S314  # our own
    assert [element.text for element in root.iter(f"{_SVG}text")] == [name, name]
    assert root.attrib["aria-label"] == name
    assert len(drawn) < 3072
