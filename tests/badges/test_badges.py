"""Badges: always an image, small, well-formed, the same bytes for the same state, cached as they may be."""

import re
import xml.etree.ElementTree as ET
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as some
from werkzeug.test import TestResponse

from pledge.badges.look import Look, Style, parse_look
from pledge.badges.render import Badge, State, render_badge
from pledge.badges.words import LANGUAGES
from pledge.tick import tick
from tests.site_kit import Clock, Person, make_app

pytestmark = pytest.mark.sqlite_only

_SVG = "{http://www.w3.org/2000/svg}"
_STATES: tuple[State, ...] = ("good", "plain", "unknown")
_STYLES: tuple[Style, ...] = get_args(Style)


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
        *(
            "svg",
            "title",
            "style",
            "clipPath",
            "rect",
            "g",
            "circle",
            "text",
            "path",
            "linearGradient",
            "stop",
        ),
    }
    texts = [element for element in root.iter(f"{_SVG}text") if "aria-hidden" not in element.attrib]
    return " | ".join(element.text or "" for element in texts)


def test_what_is_known_may_be_kept_for_minutes(ada: Person) -> None:
    public_id = ada.sign_publicly()[-32:]
    said = {
        path: words(badge(ada, path))
        for path in (
            f"signatory/{public_id}",
            "lab/mistral",
            "lab/cohere",
            "labs/all",
            "pledge/against-reckless-scaling",
        )
    }
    assert said == {
        f"signatory/{public_id}": "Pledge against reckless scaling | signed · lab address",
        "lab/mistral": "Mistral AI: against reckless scaling | 1 signed",
        "lab/cohere": "Cohere: against reckless scaling | 0 signed",
        "labs/all": "against reckless scaling | 1 from lab addresses",
        "pledge/against-reckless-scaling": "against reckless scaling | 1 from lab addresses",
    }
    assert badge(ada, "lab/mistral").headers["Cache-Control"] == "public, max-age=300, s-maxage=300"


@pytest.mark.parametrize(
    "path",
    [
        "lab/nowhere",
        "pledge/nothing",
        "signatory/" + "0" * 32,
        "signatory/abc",
        "lab/" + "a" * 64,
        "labs/some",
    ],
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


def test_a_query_that_is_not_known_changes_nothing(ada: Person) -> None:
    client = make_app(ada.instance).test_client()
    assert client.get("/badge/lab/mistral.svg?x=1").data == client.get("/badge/lab/mistral.svg").data
    flat = client.get("/badge/lab/mistral.svg?style=flat")
    assert flat.data != client.get("/badge/lab/mistral.svg").data
    assert client.get("/tallies.json?x=1").data == client.get("/tallies.json").data


def test_the_same_state_gives_the_same_bytes(ada: Person) -> None:
    assert badge(ada, "lab/mistral").data == badge(ada, "lab/mistral").data


_ANY = some.text(some.characters(exclude_categories=["Cs"]), max_size=60)


@given(_ANY, _ANY, some.sampled_from(_STATES), some.integers(0, 3), some.sampled_from(_STYLES))
def test_no_name_breaks_the_image(label: str, message: str, state: State, rings: int, style: Style) -> None:
    badge_, look = Badge(label, message, label, state, rings), Look(style=style)
    drawn = render_badge(badge_, look)
    assert drawn == render_badge(badge_, look)
    root = ET.fromstring(drawn)  # noqa: S314  # our own
    assert len(root.findall(f".//{_SVG}text")) <= 4
    assert not root.findall(f".//{_SVG}script")


@pytest.mark.parametrize(
    "name", ['<script>alert("1")</script>', "\"'><a>&amp;", "]]>", "&#0;", "w" * 100, "漢" * 90]
)
def test_a_hostile_name_is_only_text(name: str) -> None:
    drawn = render_badge(Badge(name, name, name, "good", rings=2), Look())
    root = ET.fromstring(drawn)  # noqa: S314  # our own
    assert [element.text for element in root.iter(f"{_SVG}text")] == [name, name]
    assert root.attrib["aria-label"] == f"{name}: {name}"
    assert len(drawn) < 3072


@given(some.text(max_size=400))
def test_a_query_that_makes_no_sense_is_left_out(query: str) -> None:
    render_badge(Badge("label", "message", "both", "good", rings=2), parse_look(query))


@pytest.mark.parametrize(
    ("query", "look"),
    [
        ("", Look()),
        ("style=flat&lang=de&theme=dark", Look(style="flat", lang="de", theme="dark")),
        ("style=round&lang=xx&theme=blue&color=x&logo=x", Look()),
        ("color=%23FFD700&labelColor=abc", Look(color="#ffd700", label_color="#aabbcc")),
        ("color=brightgreen&labelColor=Grey", Look(color="#44cc11", label_color="#555555")),
        ("label=&logo=none", Look(label="", has_logo=False)),
        (f"label={'x' * 90}", Look(label="x" * 60)),
        ("style=flat&style=social", Look(style="social")),
        ("&".join(f"x{number}=1" for number in range(40)), Look()),
    ],
)
def test_an_address_says_how_a_badge_shall_look(query: str, look: Look) -> None:
    assert parse_look(query) == look


@pytest.mark.parametrize("style", _STYLES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_style_speaks_every_language(ada: Person, style: Style, lang: str) -> None:
    client = make_app(ada.instance).test_client()
    said = words(client.get(f"/badge/pledge/against-reckless-scaling.svg?style={style}&lang={lang}"))
    against = LANGUAGES[lang].against
    assert said.lower().startswith((against.lower(), "pervasiz" if lang == "tr" else against.lower()))
    assert "0" in said


def test_shields_endpoint_has_its_exact_keys(ada: Person) -> None:
    """As https://shields.io/badges/endpoint-badge asks; it refuses others."""
    public_id = ada.sign_publicly()[-32:]
    client = make_app(ada.instance).test_client()
    answer = client.get("/badge/lab/mistral.json")
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=300, s-maxage=300"
    assert answer.get_json() == {
        "schemaVersion": 1,
        "label": "Mistral AI: against reckless scaling",
        "message": "1 signed",
        "color": "0f5c4a",
        "isError": False,
    }
    assert client.get(f"/badge/signatory/{public_id}.json?lang=de&label=&color=blue").get_json() == {
        "schemaVersion": 1,
        "label": "",
        "message": "unterzeichnet · Labor-Adresse",
        "color": "007ec6",
        "isError": False,
    }
    unknown = client.get("/badge/lab/nowhere.json")
    assert unknown.get_json()["isError"] is True
    assert unknown.headers["Cache-Control"] == "no-cache, max-age=0"
