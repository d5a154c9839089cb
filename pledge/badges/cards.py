"""Cards: pictures of 1200 × 630 that other sites show where somebody links to a page here (https://ogp.me).

A card names a lab, never a person. Other sites keep such pictures for as long as they like, and a name must be able to
go when its owner asks.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from pledge.badges.raster import can_draw, draw_card, serif_width
from pledge.badges.render import rings
from pledge.badges.service import find_badge
from pledge.core import share
from pledge.db import Database
from pledge.errors import NotFoundError
from pledge.labs.models import Lab
from pledge.labs.service import headcount_of, list_labs
from pledge.pledges import texts
from pledge.pledges.texts import DEFAULT_SLUG
from pledge.tallies import charts
from pledge.tallies import service as tallies
from pledge.web.prepared import Answer
from pledge.web.strings import gettext, ngettext

Render = Callable[..., str]
"""Renders ``badges/card.svg`` with what it is given."""

_PATH: Final = re.compile(r"/card/(site|pledge|labs?|signatory)/([a-z0-9-]{1,64})\.png")
_CACHE: Final = "public, max-age=300, s-maxage=300"
_WIDTH: Final = 1008
_REGULAR, _BOLD = 400, 600


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says.

    Attributes:
        kind: What it is about, in small letters.
        title: A few words.
        number: A count, drawn large; None for none.
        words: A sentence; it goes on from the number.
        figures: Of a lab, for its bar; None where there is no bar.
        whose: Of whom the share is, behind a per cent sign.
    """

    kind: str
    title: str
    number: int | None
    words: str
    figures: share.Figures | None = None
    whose: str = ""


def answer(database: Database, render: Render, url: str, asked: str, *, is_demo: bool) -> Answer | None:
    """Answer a path under ``/card/``; None where there is no such page.

    Args:
        database: Read.
        render: Renders the template.
        url: Of this site, without a slash at its end.
        asked: The path.
        is_demo: Whether the card must say that everybody here is invented.
    """
    match = _PATH.fullmatch(asked)
    if match is None:
        return None
    kind, name = match.groups()
    with database.reading() as session:
        card = _FINDERS[kind](session, name)
    if card is None:
        return None
    if is_demo:
        card = replace(card, kind=gettext("Demo: everything is invented"))
    return Answer(draw_card(draw(card, render, url)), "image/png", _CACHE)


def draw(card: Card, render: Render, url: str) -> str:
    """Draw a card as SVG."""
    figures = card.figures
    number = None if card.number is None else f"{card.number:,}"
    left = 0 if number is None else round(serif_width(number, 120, weight=_BOLD)) + 28
    has_bar = figures is not None and figures.share is not None and not figures.is_beyond
    size, lines = _fit(card.title, 78, most=1 if number else 3)
    return render(
        card=card,
        host=urlsplit(url).netloc,
        size=size,
        lines=lines,
        number=number,
        left=left,
        words=_wrap(card.words, 34, _WIDTH - left),
        share=figures.share if figures and has_bar else None,
        scale=charts.share_scale([figures.share.high or 0] if figures and figures.share else []),
        rings=rings,
    )


def _fit(text: str, size: int, *, most: int) -> tuple[int, list[str]]:
    """Give the size, at most ``size``, at which a text takes ``most`` lines, and those; what is too long is cut."""
    for smaller in range(size, size // 2, -6):
        lines = _wrap(text, smaller, _WIDTH, weight=_BOLD)
        if _fits(lines, smaller, most):
            return smaller, lines
    size //= 2
    while not _fits(lines := _wrap(f"{text}…", size, _WIDTH, weight=_BOLD), size, most):
        text = text[:-1].rstrip()
    return size, lines


def _fits(lines: list[str], size: int, most: int) -> bool:
    return len(lines) <= most and all(serif_width(line, size, weight=_BOLD) <= _WIDTH for line in lines)


def _wrap(text: str, size: int, width: int, *, weight: int = _REGULAR) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and serif_width(longer, size, weight=weight) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _home(session: Session, name: str) -> Card | None:
    if name != "home":
        return None
    counts = tallies.by_lab(session, DEFAULT_SLUG).values()
    number = sum(cells.get(("lab-email", "current"), 0) for cells in counts)
    return Card(
        "",
        texts.latest_text(session).title,
        number,
        ngettext(
            "person has signed from an address at an AI lab, in a public log that anyone can check.",
            "people have signed from an address at an AI lab, in a public log that anyone can check.",
            number,
        ),
    )


def _labs(session: Session, name: str) -> Card | None:
    if name != "all":
        return None
    counts, labs = tallies.by_lab(session, DEFAULT_SLUG), list_labs(session)
    each = [share.figures(tallies.headline(counts.get(lab.slug, {})), headcount_of(lab)) for lab in labs]
    number = sum(tallies.headline(cells) for cells in counts.values())
    return Card(
        gettext("Labs and their signatories"),
        ngettext("%(num)s lab", "%(num)s labs together", len(labs)),
        number,
        _signed(session, number),
        share.all_together(each),
        gettext("at labs whose headcounts are accepted"),
    )


def _pledge(session: Session, slug: str) -> Card | None:
    try:
        text = texts.latest_text(session, slug)
    except NotFoundError:
        return None
    words = gettext(
        "What reckless means, and what those who sign will and will not do. A published version never changes."
    )
    kind = gettext("The text, version %(version)s", version=text.version)
    return Card(kind, _said(text.title, gettext("A pledge")), None, words)


def _lab(session: Session, slug: str) -> Card | None:
    lab = session.get(Lab, slug)
    if lab is None:
        return None
    number = tallies.headline(tallies.of_lab(session, DEFAULT_SLUG, slug))
    return Card(
        gettext("A lab and its signatories"),
        _said(lab.name, gettext("A lab")),
        number,
        _signed(session, number),
        share.figures(number, headcount_of(lab)),
        gettext("of those who work there"),
    )


def _signatory(session: Session, public_id: str) -> Card | None:
    badge = find_badge(session, "signatory", public_id, "en")
    if badge is None:
        return None
    said = (badge.message[0].upper() + badge.message[1:]).replace(" · ", ", ")
    words = f"{said}. {gettext('The page says who it is, and how that is known.')}"
    return Card(gettext("A signatory"), badge.title, None, words)


def _signed(session: Session, number: int) -> str:
    """Go on from a number that is drawn large."""
    title = texts.latest_text(session).title
    return ngettext(
        "person has signed the %(title)s.", "people have signed the %(title)s.", number, title=title
    )


def _said(text: str, instead: str) -> str:
    return text if can_draw(text) else instead


_FINDERS: Final[dict[str, Callable[[Session, str], Card | None]]] = {
    "site": _home,
    "pledge": _pledge,
    "lab": _lab,
    "labs": _labs,
    "signatory": _signatory,
}
