"""Pledge texts: markdown whose clauses have ids that stand for ever.

A text is a title (``# …``), a preamble, and two sections, ``## Core clauses`` and ``## Optional clauses``; each clause
is a heading ``### clause-id`` and its prose. Core clauses are what everybody signs; optional ones are chosen.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.errors import ConflictError, MalformedError, NotFoundError
from pledge.log.notary import Notary
from pledge.pledges.models import Text

DEFAULT_SLUG = "against-reckless-scaling"
_MAX_BODY_BYTES = 32_768
_CLAUSE = re.compile(r"^### ([a-z0-9]+(?:-[a-z0-9]+)*)\n+((?:(?!#).*\n?)+)", re.MULTILINE)
_VERSION = select(Text).where(Text.slug == bindparam("slug"), Text.version == bindparam("version"))
_SECTIONS = ("## Core clauses", "## Optional clauses")


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause: its id, for ever the same, and its prose."""

    id: str
    prose: str


@dataclass(frozen=True, slots=True)
class Parts:
    """A text taken apart."""

    title: str
    preamble: str
    core: tuple[Clause, ...]
    optional: tuple[Clause, ...]

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """All clauses in the order of the text."""
        return self.core + self.optional


def parse_text(body: str) -> Parts:
    """Take a pledge text apart.

    Raises:
        MalformedError: It does not follow the module's form, repeats an id, or is over 32 KiB.
    """
    if len(body.encode()) > _MAX_BODY_BYTES:
        raise MalformedError("a pledge text has at most 32 KiB")
    if not unicodedata.is_normalized("NFC", body) or "\0" in body or "\r" in body:
        raise MalformedError("a pledge text is in Unicode NFC, with line feeds and no NUL")
    opening, *sections = re.split(r"^(?=## )", body, flags=re.MULTILINE)
    title = re.match(r"# (.{1,200})\n", opening)
    found = {line: section for section in sections for line in _SECTIONS if section.startswith(line + "\n")}
    if title is None or set(found) != set(_SECTIONS):
        raise MalformedError("a pledge text has a title and the sections of core and optional clauses")
    core, optional = (_clauses(found[line]) for line in _SECTIONS)
    ids = [clause.id for clause in core + optional]
    if not core or len(set(ids)) != len(ids) or len(ids) != len(re.findall(r"^###", body, re.MULTILINE)):
        raise MalformedError(
            "a pledge text has core clauses, and each heading of a clause is an id of its own"
        )
    if not all(clause.prose for clause in core + optional):
        raise MalformedError("each clause of a pledge text says something")
    others = [section for section in sections if section not in found.values()]
    return Parts(title[1], opening[title.end() :].strip() + "\n\n" + "".join(others), core, optional)


def _clauses(section: str) -> tuple[Clause, ...]:
    return tuple(Clause(id_, " ".join(prose.split())) for id_, prose in _CLAUSE.findall(section))


def publish(session: Session, *, slug: str, body: str, notary: Notary, day: date) -> st.PledgeText:
    """Store the next version of a text and give the statement that logs it; the caller logs and commits.

    Raises:
        ConflictError: The text is the same as the version before.
        MalformedError: It is not a pledge text.
    """
    parts = parse_text(body)
    latest = session.scalar(select(Text).where(Text.slug == slug).order_by(Text.version.desc()).limit(1))
    digest = sha256(body.encode()).hexdigest()
    if latest is not None and latest.sha256 == digest:
        raise ConflictError("This text is published already.", code="same-text")
    text = Text(
        slug=slug,
        version=1 if latest is None else latest.version + 1,
        title=parts.title,
        body=body,
        sha256=digest,
        published_on=day,
    )
    session.add(text)
    return st.PledgeText(
        origin=notary.origin,
        day=day,
        slug=slug,
        version=text.version,
        title=text.title,
        sha256=digest,
        clauses=st.Clauses(
            core=tuple(clause.id for clause in parts.core),
            optional=tuple(clause.id for clause in parts.optional),
        ),
    )


def latest_text(session: Session, slug: str = DEFAULT_SLUG) -> Text:
    """Give the newest version of a pledge.

    Raises:
        NotFoundError: There is no such pledge.
    """
    text = session.scalar(select(Text).where(Text.slug == slug).order_by(Text.version.desc()).limit(1))
    if text is None:
        raise NotFoundError("There is no pledge of this name here.")
    return text


def get_text(session: Session, slug: str, version: int) -> Text:
    """Give one version of a pledge.

    Raises:
        NotFoundError: There is no such version.
    """
    text = session.execute(_VERSION, {"slug": slug, "version": version}).scalar_one_or_none()
    if text is None:
        raise NotFoundError("There is no such version of this pledge.")
    return text


def versions(session: Session, slug: str) -> Sequence[Text]:
    """Give all versions of a pledge, newest first."""
    return session.scalars(select(Text).where(Text.slug == slug).order_by(Text.version.desc())).all()
