"""What badges say, and their answers: prepared per version of the site's state, never counted per request."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.badges.render import State, render_badge
from pledge.db import Database
from pledge.labs.models import Lab
from pledge.pledges.models import Signing, Text
from pledge.pledges.texts import DEFAULT_SLUG
from pledge.tallies import service as tallies
from pledge.web.prepared import Answer

_PATH = re.compile(r"/badge/(pledge|lab|signatory)/([a-z0-9-]{1,64})\.svg")
_TYPE = "image/svg+xml; charset=utf-8"
# GitHub's image proxy keeps an image for a year unless it is told how long; five minutes is as fresh as it gets.
_KNOWN = "public, max-age=300, s-maxage=300"
_UNKNOWN = "no-cache, max-age=0"
_LABEL = "against reckless scaling"

_SIGNATORY: dict[str, tuple[str, State]] = {
    "current": ("signed", "good"),
    "former": ("signed, then left the lab", "plain"),
    "lapsed": ("lapsed", "plain"),
    "withdrawn": ("withdrawn", "plain"),
}


def answer(database: Database, path: str) -> Answer | None:
    """Answer a path under ``/badge/``. A badge that nobody knows is grey, and 200: an image must not break a page."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    with database.reading() as session:
        drawn = {"pledge": _pledge, "lab": _lab, "signatory": _signatory}[match[1]](session, match[2])
    if drawn is None:
        grey = render_badge(
            _LABEL, "unknown", description="This badge is not known here", state="unknown", rings=0
        )
        return Answer(grey, _TYPE, _UNKNOWN)
    return Answer(drawn, _TYPE, _KNOWN)


def _pledge(session: Session, slug: str) -> bytes | None:
    if session.scalar(select(Text.slug).where(Text.slug == slug).limit(1)) is None:
        return None
    counts = tallies.by_lab(session, slug).values()
    number = sum(tallies.headline(cells) for cells in counts)
    return render_badge(
        _LABEL,
        f"{number:,} from lab addresses",
        description=f"Pledge {_LABEL}: {number:,} signed from lab addresses",
        state="good",
        rings=2,
    )


def _lab(session: Session, slug: str) -> bytes | None:
    name = session.scalar(select(Lab.name).where(Lab.slug == slug))
    if name is None:
        return None
    number = tallies.headline(tallies.of_lab(session, DEFAULT_SLUG, slug))
    return render_badge(
        f"{name}: {_LABEL}",
        f"{number:,} signed",
        description=f"Pledge {_LABEL}: {number:,} signed from an address of {name}",
        state="good" if number else "plain",
        rings=2,
    )


def _signatory(session: Session, public_id: str) -> bytes | None:
    row = session.execute(
        select(Signing.status, Signing.assurance).where(
            Signing.public_id == public_id, Signing.visibility == "named"
        )
    ).one_or_none()
    if row is None:
        return None
    words, state = _SIGNATORY[row.status]
    shown = f"{words} · lab address" if row.status == "current" and row.assurance == "lab-email" else words
    return render_badge(
        f"Pledge {_LABEL}", shown, description=f"Pledge {_LABEL}: {shown}", state=state, rings=2
    )
