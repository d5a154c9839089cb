"""What badges say, and their answers: prepared per version of the site's state, never counted per request."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.badges import signatory
from pledge.badges.look import Look, format_look, parse_look
from pledge.badges.raster import can_draw, draw_badge
from pledge.badges.render import Badge, render_badge
from pledge.badges.words import LANGUAGES, RIGHT_TO_LEFT, counted, upper
from pledge.core import share
from pledge.core.tlog.tile import TileCache
from pledge.db import Database
from pledge.labs.models import Lab
from pledge.labs.service import headcount_of, list_labs
from pledge.pledges.models import Signing, Text
from pledge.pledges.receipts import build_badge_proof
from pledge.pledges.texts import DEFAULT_SLUG
from pledge.tallies import service as tallies
from pledge.web.prepared import Answer

_PATH: Final = re.compile(r"/badge/(pledge|labs?|signatory)/([a-z0-9-]{1,64})\.(svg|png|json)")
PAGES: Final = {"pledge": "/pledges/{}", "lab": "/labs/{}", "labs": "/labs", "signatory": "/signatories/{}"}
"""What each kind of badge leads to, by its name."""
_TYPES: Final = {"svg": "image/svg+xml; charset=utf-8", "png": "image/png", "json": "application/json"}
# GitHub's image proxy keeps an image for a year unless it is told how long; five minutes is as fresh as it gets.
_KNOWN: Final = "public, max-age=300, s-maxage=300"
_UNKNOWN: Final = "no-cache, max-age=0"
_COLORS: Final = {"good": "0f5c4a", "plain": "5d5a52", "unknown": "lightgrey"}


def answer(database: Database, tiles: TileCache, asked: str) -> Answer | None:
    """Answer a path under ``/badge/`` with its query.

    A badge that nobody knows is grey, and 200: an image must not break a page.
    """
    path, _, query = asked.partition("?")
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    kind, name, form = match.groups()
    look = parse_look(query)
    with database.reading() as session:
        badge = find_badge(session, kind, name, look.lang)
        if look.has_proof and kind == "signatory" and form == "svg":
            body = _with_proof(session, tiles, name, look)
            if body is not None:
                return Answer(body, _TYPES[form], _KNOWN)
    cache = _KNOWN
    if badge is None:
        words = LANGUAGES[look.lang]
        badge = Badge(words.against, words.unknown, words.pledge, "unknown", rings=0)
        cache = _UNKNOWN
    return Answer(_FORMS[form](badge, look), _TYPES[form], cache)


def find_badge(session: Session, kind: str, name: str, lang: str) -> Badge | None:
    """Give what the badge of a pledge, lab or named signatory says; None where nobody knows it."""
    return _FINDERS[kind](session, name, lang)


def _with_proof(session: Session, tiles: TileCache, public_id: str, look: Look) -> bytes | None:
    """Draw the badge of a current named signing with its proof inside; None where there is none to prove."""
    current = (Signing.public_id == public_id, Signing.visibility == "named", Signing.status == "current")
    sha256 = session.scalar(select(Signing.sha256).where(*current))
    if sha256 is None:
        return None
    asked = format_look(replace(look, has_proof=False))
    return signatory.draw_with_proof(build_badge_proof(session, sha256, tiles=tiles, look=asked))


def _endpoint(badge: Badge, look: Look) -> bytes:
    """Say the same for https://shields.io/badges/endpoint-badge, with keys that every version of it knows."""
    said = {
        "schemaVersion": 1,
        "label": badge.label if look.label is None else look.label,
        "message": badge.message,
        "color": (look.color or _COLORS[badge.state]).removeprefix("#"),
        "isError": badge.state == "unknown",
    }
    return json.dumps(said, ensure_ascii=False).encode()


def _png(badge: Badge, look: Look) -> bytes:
    """Draw the SVG as PNG. Words on the left that no font of ours has letters for give way to the usual ones."""
    words = LANGUAGES[look.lang].against
    for label in (badge.label if look.label is None else look.label, badge.label, words):
        said = label + badge.message
        if can_draw(said + upper(said, look.lang)):
            break
    svg = render_badge(badge, replace(look, label=label)).decode()
    return draw_badge(svg, is_right_to_left=look.lang in RIGHT_TO_LEFT)


def _pledge(session: Session, slug: str, lang: str) -> Badge | None:
    if session.scalar(select(Text.slug).where(Text.slug == slug).limit(1)) is None:
        return None
    words, counts = LANGUAGES[lang], tallies.by_lab(session, slug).values()
    said = counted(words.from_labs, sum(tallies.headline(cells) for cells in counts), lang)
    return Badge(words.against, said, words.pledge, "good", rings=2)


def _lab(session: Session, slug: str, lang: str) -> Badge | None:
    name = session.scalar(select(Lab.name).where(Lab.slug == slug))
    if name is None:
        return None
    words, number = LANGUAGES[lang], tallies.headline(tallies.of_lab(session, DEFAULT_SLUG, slug))
    said = counted(words.number, number, lang)
    return Badge(
        f"{name}: {words.against}",
        said,
        f"{name}: {words.pledge}",
        "good" if number else "plain",
        rings=2,
    )


def _labs(session: Session, name: str, lang: str) -> Badge | None:
    """Say of all labs together how many signed, and of those whose headcounts are accepted, what share that is."""
    if name != "all":
        return None
    words, counts = LANGUAGES[lang], tallies.by_lab(session, DEFAULT_SLUG)
    labs = [
        share.figures(tallies.headline(counts.get(lab.slug, {})), headcount_of(lab))
        for lab in list_labs(session)
    ]
    said = counted(words.from_labs, sum(tallies.headline(cells) for cells in counts.values()), lang)
    found = share.all_together(labs)
    if found and found.share and found.share.high is not None and found.share.high <= 1000:  # noqa: PLR2004  # tenths of a per cent
        said += f" · {found.share.low / 10:g}–{found.share.high / 10:g} %"
    return Badge(words.against, said, words.pledge, "good", rings=2)


def _signatory(session: Session, public_id: str, lang: str) -> Badge | None:
    row = session.execute(
        select(Signing.status, Signing.assurance).where(
            Signing.public_id == public_id, Signing.visibility == "named"
        )
    ).one_or_none()
    if row is None:
        return None
    return signatory.say(row.status, row.assurance, lang)


_FORMS: Final[dict[str, Callable[[Badge, Look], bytes]]] = {
    "svg": render_badge,
    "png": _png,
    "json": _endpoint,
}
_FINDERS: Final[dict[str, Callable[[Session, str, str], Badge | None]]] = {
    "pledge": _pledge,
    "lab": _lab,
    "labs": _labs,
    "signatory": _signatory,
}
