"""What is known of labs, and what an address proves about a person at one."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, selectinload

from pledge.core import statement as st
from pledge.core.share import Range, headcount
from pledge.errors import MalformedError, NotFoundError, noop
from pledge.labs.models import NO_CEILING, Domain, Headcount, Lab

# What of a headcount's population the log knows; a percentage stays a proposal.
_POPULATIONS: dict[str, st.Population] = {"total": "total", "unit": "unit", "research": "research"}
_SHOWN_BY_SCOPE: dict[str | None, st.Assurance] = {"lab": "lab-email", "group": "group-email", None: "email"}

_NO_LAB = noop("There is no lab of this name here.")
_SCOPE = (
    select(Lab.slug, Domain.scope)
    .outerjoin(Domain, (Domain.lab_slug == Lab.slug) & (Domain.domain == bindparam("domain")))
    .where(Lab.slug == bindparam("lab"))
)


def list_labs(session: Session) -> Sequence[Lab]:
    """Give all labs by name, with domains and headcounts. There are dozens, never thousands."""
    found = session.scalars(select(Lab).options(selectinload(Lab.domains), selectinload(Lab.headcounts)))
    return sorted(found, key=lambda lab: lab.name.casefold())  # a database would order by its own alphabet


def get_lab(session: Session, slug: str) -> Lab:
    """Give one lab.

    Raises:
        NotFoundError: No lab has this slug.
    """
    lab = session.get(Lab, slug)
    if lab is None:
        raise NotFoundError(_NO_LAB)
    return lab


def headcount_of(lab: Lab) -> Range | None:
    """Give how many people work at a lab, by all accepted observations: of the unit where it is one, else of the whole.

    How many of them do research is known of few, and signatories are counted whatever they do.
    """
    accepted = [row for row in lab.headcounts if row.accepted]
    for population in ("unit", "total"):
        found = [row for row in accepted if row.population == population]
        if found:
            return headcount(Range(row.low, row.high if row.has_ceiling else None) for row in found)
    return None


def affiliation(session: Session, *, lab: str | None, domain: str, day: date) -> st.Affiliation | None:
    """Say what a checked address at ``domain`` shows about working at ``lab``; None for no lab.

    ``lab-email`` where the domain is the lab's own, ``group-email`` where it proves the group and the unit is
    self-stated, else ``email``: an address was checked, the lab is self-stated.
    """
    if lab is None:
        return None
    found = session.execute(_SCOPE, {"lab": lab, "domain": domain}).one_or_none()
    if found is None:
        raise NotFoundError(_NO_LAB)
    scope: Any = found.scope
    return st.Affiliation(lab=lab, assurance=_SHOWN_BY_SCOPE[scope], scope=scope, day=day)


def can_show(session: Session, *, lab: str, scope: st.Scope | None) -> bool:
    """Whether an address can still show this much about somebody at a lab; the audit's rule, asked before logging."""
    if scope is None:
        return session.get(Lab, lab) is not None
    found = select(Domain.domain).where(Domain.lab_slug == lab, Domain.scope == scope)
    return session.scalar(found.limit(1)) is not None


def set_lab(session: Session, facts: Mapping[str, Any], *, origin: str, day: date) -> st.Lab | None:
    """Create or replace a lab, and give the statement that logs it; the caller logs and commits.

    Args:
        session: Writes.
        facts: ``slug``, ``name``, ``website``, ``domains`` [{domain, scope}], ``headcount`` [{low and high or value,
            population, as_of, source, confidence?, accepted?}]. Headcounts are proposals unless ``accepted``;
            ``high`` is ``NO_CEILING`` for "more than"; ``confidence`` is a sentence for readers.
        origin: The log's origin.
        day: Today.

    Returns:
        The statement, or None where it would say what the log says already.

    Raises:
        MalformedError: A fact is missing or not of its form.
    """
    try:
        new = Lab(slug=facts["slug"], name=facts["name"], website=_website(facts["website"]))
        domains = {row["domain"]: row["scope"] for row in facts["domains"]}
        new.domains = [Domain(domain=name, lab_slug=new.slug, scope=scope) for name, scope in domains.items()]
        new.headcounts = [_headcount(row, day) for row in facts.get("headcount", [])]
    except (AttributeError, KeyError, TypeError) as missing:
        raise MalformedError(f"the facts of a lab lack {missing}, or it is of another kind") from None
    if len(domains) != len(facts["domains"]):
        raise MalformedError("a domain of a lab stands there once, with one scope")
    known = session.get(Lab, new.slug)
    before = None if known is None else statement_of(known, origin, day)
    proposed = [] if known is None else [row for row in known.headcounts if row.proposed_by is not None]
    new.headcounts += [_copy(row) for row in proposed]  # what readers proposed is not the file's to drop
    after = statement_of(new, origin, day)  # before the database sees any of it
    session.merge(new)
    return None if after == before else after


def statement_of(lab: Lab, origin: str, day: date) -> st.Lab:
    """Give what the log shall say of a lab as it is now known."""
    accepted = [row for row in lab.headcounts if row.accepted and row.population in _POPULATIONS]
    domains = sorted(lab.domains, key=lambda row: row.domain)
    return st.Lab(
        origin=origin,
        day=day,
        slug=lab.slug,
        name=lab.name,
        domains=tuple(st.Domain(domain=row.domain, scope=row.scope) for row in domains),
        headcount=tuple(
            st.Headcount(
                low=row.low,
                high=row.high,
                population=_POPULATIONS[row.population],
                as_of=row.as_of,
                source=row.source,
            )
            for row in sorted(accepted, key=lambda row: (row.as_of, row.source, row.low))
        ),
    )


def _website(url: str) -> str:
    if not url.startswith(("https://", "http://")) or len(url) > 500 or not url.isprintable():  # noqa: PLR2004  # the column
        raise MalformedError("the website of a lab is an http(s) address of at most 500 characters")
    return url


def _headcount(row: Mapping[str, Any], day: date) -> Headcount:
    low = row["low"] if "low" in row else row["value"]
    high = row["high"] if "high" in row else row["value"]
    if not (isinstance(low, int) and isinstance(high, int) and 0 <= low <= high <= NO_CEILING):
        raise MalformedError("a headcount is one whole number, or a low and a high one in this order")
    if row["population"] not in {*_POPULATIONS, "research_percent"}:
        raise MalformedError("the population of a headcount is total, unit, research or research_percent")
    if not (0 < len(row["source"]) <= 1000 and 0 < len(row["as_of"]) <= 10):  # noqa: PLR2004  # the columns
        raise MalformedError("a headcount has a source of at most 1,000 characters and a year, month or day")
    return Headcount(
        low=low,
        high=high,
        population=row["population"],
        as_of=row["as_of"],
        source=row["source"],
        confidence=row.get("confidence"),
        proposed_on=day,
        accepted=row.get("accepted", False),
    )


def _copy(row: Headcount) -> Headcount:
    names = [column.key for column in Headcount.__mapper__.column_attrs]
    return Headcount(**{name: getattr(row, name) for name in names})


def read_labs(file: Path) -> list[dict[str, Any]]:
    """Read a file of labs, as ``parse_labs`` wants it.

    Raises:
        MalformedError: It is not such a file, or not UTF-8.
    """
    try:
        return parse_labs(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise MalformedError("this is not text in UTF-8") from None


def parse_labs(text: str) -> list[dict[str, Any]]:
    """Read a JSON file of labs: ``{"labs": [facts, …]}`` or one lab's facts.

    Raises:
        MalformedError: It is not such a file.
    """
    try:
        content = json.loads(text)
    except ValueError:
        raise MalformedError("this is not JSON") from None
    labs = content.get("labs", [content]) if isinstance(content, dict) else None
    if not isinstance(labs, list) or not all(isinstance(lab, dict) for lab in labs):
        raise MalformedError("this is not a file of labs")
    slugs = [lab.get("slug") for lab in labs]
    if any(slugs.count(slug) > 1 for slug in slugs):
        raise MalformedError("a file of labs names each lab once")
    return labs
