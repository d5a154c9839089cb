"""Cards for other sites: of the size that they want, with what is known, without anybody's name."""

import io
import re

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image
from werkzeug.test import TestResponse

from pledge.badges import cards, raster
from pledge.core import share
from tests.pages.test_shares import add_lab, observed
from tests.site_kit import Person, make_app

pytestmark = pytest.mark.sqlite_only

_URL = "https://pledge.example"


def get(person: Person, path: str, **headers: str) -> TestResponse:
    return make_app(person.instance).test_client().get(f"/card/{path}", headers=headers)


def opened(response: TestResponse) -> Image.Image:
    assert (response.status_code, response.content_type) == (200, "image/png")
    with Image.open(io.BytesIO(response.data)) as image:
        assert (image.format, image.size) == ("PNG", (1200, 630))
        return image.convert("RGB")


def drawn(person: Person, card: cards.Card) -> str:
    with person.app.app_context():
        return cards.draw(card, person.app.jinja_env.get_template("badges/card.svg").render, _URL)


def words(svg: str) -> str:
    return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))


def in_margin(image: Image.Image) -> bool:
    """Whether anything but paper is drawn right of the text."""
    margin = image.crop((1110, 20, 1200, 630))
    return margin.getcolors() != [(margin.width * margin.height, (0xFB, 0xFA, 0xF6))]


@pytest.mark.parametrize(
    "path", ["site/home", "labs/all", "lab/mistral", "lab/ranged", "pledge/against-reckless-scaling"]
)
def test_every_page_has_a_card_with_words_inside_its_margins(ada: Person, path: str) -> None:
    add_lab(ada.instance, "ranged", [observed(200, 300)], [5] * 40)
    response = get(ada, f"{path}.png")
    image = opened(response)
    assert not in_margin(image)
    assert len(image.crop((96, 200, 1104, 560)).getcolors(2**20) or ()) > 20
    assert len(response.data) < 80_000
    assert response.headers["Cache-Control"] == "public, max-age=300, s-maxage=300"
    assert "Set-Cookie" not in response.headers
    again = get(ada, f"{path}.png", **{"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert get(ada, f"{path}.png").data == response.data


@pytest.mark.parametrize(
    "path",
    [
        "lab/nowhere",
        "pledge/none",
        "signatory/" + "0" * 32,
        "site/else",
        "labs/some",
        "planet/x",
        "lab/A",
        "lab/a%00",
    ],
)
def test_what_is_not_there_has_none(ada: Person, path: str) -> None:
    assert get(ada, f"{path}.png").status_code in {400, 404}


def test_a_lab_has_its_count_and_its_share_with_both_lines(ada: Person) -> None:
    add_lab(ada.instance, "ranged", [observed(200, 300), observed(400, 400)], [5] * 40)
    add_lab(ada.instance, "uncounted", [], [5])
    add_lab(ada.instance, "beyond", [observed(10, 20)], [5] * 30)
    with ada.instance.database.reading() as session:
        found = {name: cards._lab(session, name) for name in ("ranged", "uncounted", "beyond")}
        of_all = cards._labs(session, "all")
    said = {name: words(drawn(ada, card)) for name, card in found.items() if card}
    assert "Ranged 40 people have signed the Pledge against reckless scaling." in said["ranged"]
    assert "10 % to 20 % of those who work there 10 % 20 %" in said["ranged"]
    assert "1 person has signed" in said["uncounted"]
    assert "%" not in said["uncounted"] + said["beyond"]
    assert of_all
    assert "at labs whose headcounts are accepted" in words(drawn(ada, of_all))


def test_a_person_is_never_named(ada: Person) -> None:
    public_id = ada.sign_publicly()[-32:]
    with ada.instance.database.reading() as session:
        card = cards._signatory(session, public_id)
    assert card
    said = words(drawn(ada, card))
    assert "Signed, lab address. The page says who it is" in " ".join(said.split())
    assert "Ada" in ada.app.test_client().get(f"/signatories/{public_id}").text
    assert "Ada" not in said
    before = get(ada, f"signatory/{public_id}.png")
    opened(before)
    ada.change_by_mail("erase")
    assert get(ada, f"signatory/{public_id}.png").data == before.data
    ada.change_by_mail("withdraw")
    assert get(ada, f"signatory/{public_id}.png").data != before.data


def test_it_follows_the_log_within_a_moment(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pledge.web.prepared._FRESH_SECONDS", -1)
    before = {
        path: ada.client.get(f"/card/{path}.png").data for path in ("site/home", "lab/mistral", "lab/cohere")
    }
    drawings = raster._draw.cache_info().misses
    ada.sign()
    after = {path: ada.client.get(f"/card/{path}.png").data for path in before}
    assert after["site/home"] != before["site/home"]
    assert after["lab/mistral"] != before["lab/mistral"]
    assert after["lab/cohere"] == before["lab/cohere"]
    assert raster._draw.cache_info().misses == drawings + 2


@settings(max_examples=25, deadline=None)
@given(
    title=some.one_of(
        some.text(some.characters(max_codepoint=0x500), max_size=120),
        some.sampled_from(["W" * 120, "a b " * 40, "معمل", "מעבדה"]),
    ),
    number=some.one_of(some.none(), some.integers(0, 10**9)),
    low=some.integers(0, 1000),
)
def test_whatever_a_lab_is_called_it_stays_inside(
    shared_app: Flask, title: str, number: int | None, low: int
) -> None:
    people = share.Range(1000, 1000 + low)
    figures = None if number is None else share.figures(min(number, 900), people)
    card = cards.Card("A lab", cards._said(title, "A lab"), number, "people have signed it.", figures)
    with shared_app.app_context():
        svg = cards.draw(card, shared_app.jinja_env.get_template("badges/card.svg").render, _URL)
    with Image.open(io.BytesIO(raster.draw_card(svg))) as image:
        assert not in_margin(image.convert("RGB"))


def test_the_card_of_a_demo_says_so(ada: Person) -> None:
    template = ada.app.jinja_env.get_template("badges/card.svg").render
    with ada.app.app_context():
        told, untold = (
            cards.answer(ada.instance.database, template, _URL, "/card/lab/mistral.png", is_demo=is_demo)
            for is_demo in (True, False)
        )
    assert told
    assert untold
    assert told.body != untold.body
