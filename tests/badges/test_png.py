"""Badges as PNG: what the SVG shows, at twice its size, with our own letters, whatever is asked for."""

import io
import re
import threading
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image, ImageChops
from werkzeug.test import TestResponse

from pledge.badges import raster
from pledge.badges.look import Look, Style
from pledge.badges.render import Badge, render_badge
from pledge.badges.service import _png
from pledge.badges.words import LANGUAGES, RIGHT_TO_LEFT, counted, upper
from pledge.errors import UnavailableError
from tests.site_kit import Person, make_app

pytestmark = pytest.mark.sqlite_only

_STYLES: tuple[Style, ...] = get_args(Style)
_LONGEST = 32_768
_WIDEST = 4096


def opened(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return image.convert("RGBA")


def badge_in(lang: str, label: str | None = None) -> Badge:
    words = LANGUAGES[lang]
    return Badge(
        label or words.against, counted(words.from_labs, 12_345, lang), words.pledge, "good", rings=2
    )


def differ(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox() is not None


def get(person: Person, path: str) -> TestResponse:
    return make_app(person.instance).test_client().get(f"/badge/{path}")


def has_ink(image: Image.Image, left: int, right: int) -> bool:
    """Whether a stretch of a badge, away from its edges, has more than one colour."""
    middle = image.crop((left, 12, right, image.height - 12)).convert("RGB")
    colors = middle.getcolors(middle.width * middle.height)
    return colors is not None and len(colors) > 8  # the shine of a ground alone has few


@pytest.mark.parametrize("style", _STYLES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_is_the_svg_at_twice_its_size_with_words_on_both_sides(style: Style, lang: str) -> None:
    look = Look(style=style, lang=lang)
    png = _png(badge_in(lang), look)
    image, bare = opened(png), opened(_png(badge_in(lang), Look(style=style, lang=lang, label="-")))
    size = re.match(rb'<svg [^>]*width="(\d+)" height="(\d+)"', render_badge(badge_in(lang), look))
    assert size
    assert image.size == (2 * int(size[1]), 2 * int(size[2]))
    assert len(png) <= _LONGEST
    assert bare.width < image.width
    assert has_ink(image, 60, image.width // 2)
    assert has_ink(image, image.width - 120, image.width - 16)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_word_of_ours_has_its_letters(lang: str) -> None:
    for words in LANGUAGES[lang]:
        said = f"Mistral AI: · {counted(words, 1_234_567_890, lang)} 12.5–30 %"
        assert raster.can_draw(said + upper(said, lang)), said


@pytest.mark.parametrize("lang", ["ar", "fa", "he"])
def test_what_is_read_from_the_right_is_set_from_the_right(lang: str) -> None:
    """The number, at the end of the words, stands at the left; the same words set from the left look otherwise."""
    badge = badge_in(lang, "Mistral AI: " + LANGUAGES[lang].against)
    svg = render_badge(badge, Look(lang=lang)).decode()
    assert lang in RIGHT_TO_LEFT
    right, left = (opened(raster.draw_badge(svg, is_right_to_left=way)) for way in (True, False))
    assert right.size == left.size
    assert differ(right, left)


def test_light_dark_and_asked_colours_differ() -> None:
    looks = [Look(), Look(theme="light"), Look(theme="dark"), Look(color="#ff0000")]
    auto, light, dark, red = (opened(_png(badge_in("en"), look)) for look in looks)
    assert auto.tobytes() == light.tobytes()
    assert auto.getpixel((60, 8)) == (0xFB, 0xFA, 0xF6, 255)
    assert dark.getpixel((60, 8)) == (0x16, 0x16, 0x13, 255)
    assert red.getpixel((red.width - 8, 28)) == (255, 0, 0, 255)


def test_a_ring_that_is_missing_is_open() -> None:
    whole, open_ring = (
        opened(_png(Badge("a", "b", "c", "good", rings), Look())).crop((0, 0, 56, 56)) for rings in (3, 2)
    )
    assert differ(whole, open_ring)


def test_the_same_badge_is_the_same_bytes_and_drawn_once() -> None:
    first = _png(badge_in("hi"), Look(lang="hi"))
    drawn = raster._draw.cache_info().misses
    assert _png(badge_in("hi"), Look(lang="hi")) == first
    assert raster._draw.cache_info().misses == drawn
    raster._draw.cache_clear()
    assert _png(badge_in("hi"), Look(lang="hi")) == first


@pytest.mark.parametrize("label", ["反对鲁莽", "🙂", "ไทย", "a\x00b", "\ufffe", "a\nb", "\U0010ffff", "𝕎"])
def test_words_without_letters_give_way_to_the_usual_ones(label: str) -> None:
    assert raster.can_draw(label) == (label == "反对鲁莽")
    usual = _png(badge_in("en"), Look())
    assert (_png(badge_in("en"), Look(label=label)) == usual) == (label != "反对鲁莽")
    other = "漢" if label == "反对鲁莽" else label
    assert _png(badge_in("en", other), Look()) == usual


@settings(max_examples=60, deadline=None)
@given(
    label=some.text(max_size=60), style=some.sampled_from(_STYLES), lang=some.sampled_from(sorted(LANGUAGES))
)
def test_whatever_is_asked_for_is_drawn_within_bounds(label: str, style: Style, lang: str) -> None:
    png = _png(badge_in(lang), Look(style=style, lang=lang, label=label))
    assert opened(png).width <= _WIDEST
    assert len(png) <= 2 * _LONGEST


@pytest.mark.parametrize(
    "label", ["W" * 60, "@" * 60, "Ǆ" * 60, "é" + "\u0301" * 59, "ﷺ" * 60, "ि" * 60, "<&>\"'" * 12]
)
def test_the_longest_words_stay_small(label: str) -> None:
    for style in _STYLES:
        png = _png(badge_in("en"), Look(style=style, label=label))
        assert opened(png).width <= _WIDEST
        assert len(png) <= 2 * _LONGEST


def test_what_is_kept_is_bounded() -> None:
    kept = raster._draw.cache_info().maxsize
    assert kept
    assert kept * 2 * _LONGEST <= 32 * 2**20


def test_too_much_at_once_is_refused_at_once() -> None:
    """While one is being drawn a few wait, and the next is told to come again."""
    done = threading.Barrier(raster._MAX_WAITING + 1)

    def ask(number: int) -> None:
        _png(badge_in("en"), Look(label=f"waiting {number}"))
        done.wait(30)

    with raster._DRAWING:
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(raster._MAX_WAITING)]
        for thread in threads:
            thread.start()
        while raster._WAITING._value:
            threading.Event().wait(0.01)
        with pytest.raises(UnavailableError):
            _png(badge_in("en"), Look(label="one too many"))
    done.wait(30)
    for thread in threads:
        thread.join()
    assert opened(_png(badge_in("en"), Look(label="one too many")))


def test_a_server_that_draws_too_much_says_so(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "_WAITING", threading.BoundedSemaphore(1))
    raster._WAITING.acquire()
    response = get(ada, "lab/mistral.png?label=never%20drawn%20before")
    assert (response.status_code, response.data) == (503, b"")
    assert response.headers["Cache-Control"] == "no-store"
    raster._WAITING.release()
    assert get(ada, "lab/mistral.png?label=never%20drawn%20before").status_code == 200


def test_it_is_answered_like_the_svg(ada: Person) -> None:
    client = make_app(ada.instance).test_client()
    response = client.get("/badge/lab/mistral.png?style=flat&lang=de")
    assert (response.status_code, response.content_type) == (200, "image/png")
    assert response.headers["Cache-Control"] == "public, max-age=300, s-maxage=300"
    assert "Set-Cookie" not in response.headers
    tag = response.headers["ETag"]
    again = client.get("/badge/lab/mistral.png?style=flat&lang=de", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    unknown = client.get("/badge/lab/nowhere.png")
    assert (unknown.status_code, unknown.headers["Cache-Control"]) == (200, "no-cache, max-age=0")
    assert opened(unknown.data).height == 56


def test_it_follows_the_log_and_noise_is_not_drawn_anew(ada: Person) -> None:
    before = get(ada, "lab/mistral.png").data
    drawn = raster._draw.cache_info().misses
    assert get(ada, "lab/mistral.png?x=1&style=none&proof=1&y=2").data == before
    assert raster._draw.cache_info().misses == drawn
    ada.sign()
    assert get(ada, "lab/mistral.png").data != before
