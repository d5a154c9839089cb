"""Cards in frames, and oEmbed: what other sites are told, by the rules that they go by."""

import json
import re
import xml.etree.ElementTree as ET
from urllib.parse import quote

import pytest

from tests.site_kit import Person

pytestmark = pytest.mark.sqlite_only

_URL = "http://127.0.0.1:8000"
# What WordPress keeps of the HTML of a provider that it does not know: a frame, perhaps with a quotation before it
# (wp-includes/embed.php, wp_filter_oembed_result), with these attributes only.
_WORDPRESS = re.compile(r"(<blockquote>.*?</blockquote>)?.*(<iframe.*?></iframe>)", re.DOTALL)


def test_a_card_is_all_in_one_and_may_be_framed(ada: Person) -> None:
    path = ada.sign_publicly()
    for of, said in (
        ("lab/mistral", "1 signed"),
        ("labs/all", "1 from lab addresses"),
        ("pledge/against-reckless-scaling", "1 from lab addresses"),
        (f"signatory/{path[-32:]}", "signed · lab address"),
    ):
        card = ada.client.get(f"/embed/{of}")
        assert card.status_code == 200
        assert said in card.text
        policy = card.headers["Content-Security-Policy"]
        assert "frame-ancestors *" in policy
        assert "default-src 'none'" in policy
        assert "form-action 'none'" in policy
        assert "X-Frame-Options" not in card.headers
        assert "Set-Cookie" not in card.headers
        assert card.headers["Cache-Control"] == "public, max-age=300, s-maxage=300"
        assert not re.search(r"<(script|form|img|link|iframe)|src=|url\(|@import", card.text)
        assert len(card.data) < 4096


def test_a_card_speaks_the_language_that_is_asked_for(ada: Person) -> None:
    card = ada.client.get("/embed/lab/mistral?lang=ar&theme=dark").text
    assert '<html lang="ar" dir="rtl">' in card
    assert "التوقيعات: 0" in card
    assert "prefers-color-scheme" not in card
    assert "color-scheme:dark" in card


@pytest.mark.parametrize("of", ["lab/nowhere", "planet/x", "signatory/" + "0" * 32, "lab", "lab/a/b"])
def test_what_is_not_there_is_no_card_and_may_not_be_framed(ada: Person, of: str) -> None:
    answer = ada.client.get(f"/embed/{of}")
    assert answer.status_code == 404
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_nothing_else_may_be_framed(ada: Person) -> None:
    for path in ("/", "/sign", "/labs/mistral", "/badges/lab/mistral", "/tips/new", "/stewards/sign-in"):
        assert "frame-ancestors 'none'" in ada.client.get(path).headers["Content-Security-Policy"], path


def test_pages_say_how_they_are_embedded(ada: Person) -> None:
    path = ada.sign_publicly()
    for page in ("/labs", "/labs/mistral", "/pledges/against-reckless-scaling/1", path):
        link = re.search(
            r'<link rel="alternate"\s+type="application/json\+oembed"\s+href="([^"]+)"',
            ada.client.get(page).text,
        )
        assert link
        address = link[1].replace("&amp;", "&").removeprefix(_URL)
        told = ada.client.get(address)
        assert told.content_type == "application/json"
        assert told.headers["Access-Control-Allow-Origin"] == "*"
        said = told.get_json()
        assert (said["version"], said["type"]) == ("1.0", "rich")
        assert {"html", "width", "height"} <= set(said)
        assert isinstance(said["width"], int)
        match = _WORDPRESS.fullmatch(said["html"])
        assert match
        attributes = dict(re.findall(r'([a-z]+)="([^"]*)"', match[2]))
        kept = {"src", "width", "height", "frameborder", "marginwidth", "marginheight", "scrolling", "title"}
        assert set(attributes) <= kept | {"loading"}
        assert ada.client.get(attributes["src"].removeprefix(_URL)).status_code == 200


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ("", (480, 160)),
        ("&maxwidth=300&maxheight=155", (300, 155)),
        ("&maxwidth=5000&maxheight=5000", (480, 160)),
        ("&maxwidth=10&maxheight=10", (260, 150)),
    ],
)
def test_a_card_is_no_larger_than_asked_for_where_it_can(
    ada: Person, sizes: str, expected: tuple[int, int]
) -> None:
    said = ada.client.get(f"/oembed?url={quote(_URL)}/labs/mistral{sizes}").get_json()
    assert (said["width"], said["height"]) == expected


def test_xml_says_the_same(ada: Person) -> None:
    page = quote(f"{_URL}/pledges/against-reckless-scaling", safe="")
    said = ada.client.get(f"/oembed?url={page}&format=json").get_json()
    told = ada.client.get(f"/oembed?url={page}&format=xml")
    assert told.content_type == "text/xml; charset=utf-8"
    root = ET.fromstring(told.data)  # noqa: S314  # our own
    assert root.tag == "oembed"
    assert {element.tag: element.text for element in root} == {key: str(value) for key, value in said.items()}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("url=https://example.org/labs/mistral", 404),
        (f"url={_URL}/sign", 404),
        (f"url={_URL}/labs/nowhere", 404),
        ("url=http://[", 404),
        (f"url={_URL}/labs/mistral&format=yaml", 501),
        (f"url={_URL}/labs/mistral&maxwidth=wide", 400),
        (f"url={_URL}/labs/mistral&maxwidth=-1", 400),
    ],
)
def test_what_cannot_be_embedded_is_refused(ada: Person, query: str, status: int) -> None:
    assert ada.client.get(f"/oembed?{query}").status_code == status


def test_a_card_is_in_the_list_of_places(ada: Person) -> None:
    page = ada.client.get("/badges/lab/mistral?lang=de&theme=dark&style=flat").text
    assert f"{_URL}/embed/lab/mistral?lang=de&amp;amp;theme=dark" in page
    assert json.dumps("A card in a frame")[1:-1] in page
