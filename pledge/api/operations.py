"""What can be asked of the API: one table, of which routes, OpenAPI document and the page for readers are made."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.api import schemas
from pledge.core import share
from pledge.core.tlog.proof import format_tlog_proof
from pledge.errors import MalformedError, NotFoundError
from pledge.instance import Instance
from pledge.labs.models import Lab
from pledge.labs.service import get_lab, headcount_of, list_labs
from pledge.log.models import Entry
from pledge.log.service import prove
from pledge.pledges import reading, texts
from pledge.pledges.changes import get_signing
from pledge.pledges.models import Signing, Text
from pledge.tallies import service as tallies

JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"
PROOF: Final = "text/plain; charset=utf-8"
ROOT: Final = "/api/v1"

_MAX_PAGE: Final = 50
_Json = dict[str, Any]
_Counts = dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that may be asked: in the path or the query, of a schema."""

    name: str
    schema: schemas.Schema
    description: str
    in_path: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked.

    Attributes:
        path: Below ``/api/v1``, with ``{parameters}``.
        id: Stable, for programs that are made from the OpenAPI document.
        summary: One sentence.
        answer: Gives a JSON value, or text for other types.
        schema: Names the answer's among ``schemas.SCHEMAS``; empty for text.
        parameters: In the order of the path, then of the query.
        media_type: Of the answer.
    """

    path: str
    id: str
    summary: str
    answer: Callable[..., Any]
    schema: str = ""
    parameters: tuple[Parameter, ...] = ()
    media_type: str = JSON


def _labs(session: Session, instance: Instance) -> _Json:
    counts = tallies.by_lab(session, texts.DEFAULT_SLUG)
    return {"data": [_lab(session, instance, lab, counts.get(lab.slug, {})) for lab in list_labs(session)]}


def _one_lab(session: Session, instance: Instance, *, slug: str) -> _Json:
    counts = tallies.of_lab(session, texts.DEFAULT_SLUG, slug)
    return _lab(session, instance, get_lab(session, slug), counts)


def _lab(session: Session, instance: Instance, lab: Lab, counts: _Counts) -> dict[str, Any]:
    figures = share.figures(tallies.headline(counts), headcount_of(lab))
    changes = tallies.net_changes(session, texts.DEFAULT_SLUG, lab.slug, today=instance.clock().date())
    rows = [
        {
            "assurance": assurance,
            **{status: counts.get((assurance, status), 0) for status in schemas.STATUSES},
        }
        for assurance in schemas.ASSURANCES
    ]
    return {
        "slug": lab.slug,
        "name": lab.name,
        "website": lab.website,
        "page": f"{instance.config.url}/labs/{lab.slug}",
        "counts": [row for row in rows if any(row[status] for status in schemas.STATUSES)],
        "headcounts": [
            {
                "low": row.low,
                "high": row.high if row.has_ceiling else None,
                "population": row.population,
                "as_of": row.as_of,
                "source": row.source,
                "is_accepted": row.accepted,
            }
            for row in lab.headcounts
            if row.is_public
        ],
        "signed": figures.count,
        "people": _range(figures.people),
        "share_per_mille": _range(figures.share),
        "missing": {str(line): _range(more) for line, more in figures.missing.items()} or None,
        "is_headcount_too_small": figures.is_beyond,
        "changes": {str(span): change for span, change in changes.items()},
    }


def _range(found: share.Range | None) -> dict[str, int | None] | None:
    return None if found is None else {"low": found.low, "high": found.high}


def _history(session: Session, _: Instance, *, slug: str) -> _Json:
    get_lab(session, slug)
    changes = tallies.history(session, texts.DEFAULT_SLUG, slug)
    return {
        "lab": slug,
        "pledge": texts.DEFAULT_SLUG,
        "changes": [
            {
                "day": row.day.isoformat(),
                "assurance": row.assurance,
                "status": row.status,
                "change": row.change,
            }
            for row in changes
        ],
    }


def _history_csv(session: Session, _: Instance) -> str:
    rows = tallies.history(session, texts.DEFAULT_SLUG)
    return _csv(
        ("day", "pledge", "lab", "assurance", "status", "change"),
        [(row.day, row.pledge, row.lab, row.assurance, row.status, row.change) for row in rows],
    )


def _labs_csv(session: Session, instance: Instance) -> str:
    columns = ("slug", "name", "signed", "people_low", "people_high", "share_low", "share_high")
    return _csv(
        columns,
        [
            (
                *(lab["slug"], lab["name"], lab["signed"]),
                *_ends(lab["people"]),
                *(None if end is None else end / 10 for end in _ends(lab["share_per_mille"])),
            )
            for lab in _labs(session, instance)["data"]
        ],
    )


def _ends(found: dict[str, int | None] | None) -> tuple[int | None, int | None]:
    return (None, None) if found is None else (found["low"], found["high"])


def _csv(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """Write CSV (RFC 4180). A field that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([[_harmless(field) for field in row] for row in rows])
    return out.getvalue()


def _harmless(field: object) -> object:
    return f"'{field}" if isinstance(field, str) and field[:1] in {"=", "+", "-", "@", "\t"} else field


def _texts(session: Session, instance: Instance) -> _Json:
    rows = session.scalars(select(Text).order_by(Text.slug, Text.version))
    return {"data": [_text(instance, row) for row in rows]}


def _one_text(session: Session, instance: Instance, *, slug: str, version: int) -> _Json:
    return _text(instance, texts.get_text(session, slug, version))


def _text(instance: Instance, row: Text) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "version": row.version,
        "title": row.title,
        "published_on": row.published_on.isoformat(),
        "sha256": row.sha256,
        "body": row.body,
        "page": f"{instance.config.url}/pledges/{row.slug}/{row.version}",
    }


def _signatories(
    session: Session,
    instance: Instance,
    *,
    q: str = "",
    lab: str | None = None,
    assurance: str | None = None,
    status: str | None = None,
    after: str | None = None,
    size: int = _MAX_PAGE,
) -> _Json:
    if lab is not None:
        get_lab(session, lab)
    wanted = reading.Filter(pledge=texts.DEFAULT_SLUG, query=q, lab=lab, assurance=assurance, status=status)
    try:
        page = reading.find(session, wanted, after=after, size=size)
    except MalformedError:  # of another question
        raise NotFoundError("There is no such page.") from None
    asked = {"q": q, "lab": lab, "assurance": assurance, "status": status, "after": page.next}
    query = urlencode({name: value for name, value in asked.items() if value} | {"size": size})
    return {
        "data": [_signatory(instance, row) for row in page.rows],
        "next": f"{instance.config.url}{ROOT}/signatories?{query}" if page.next else None,
    }


def _one_signatory(session: Session, instance: Instance, *, id: str) -> _Json:  # noqa: A002  # what the API calls it
    return _signatory(instance, get_signing(session, id))


def _signatory(instance: Instance, row: Signing) -> dict[str, Any]:
    said = reading.shown(row)
    return {
        "id": row.public_id,
        "page": f"{instance.config.url}/signatories/{row.public_id}",
        "pledge": row.pledge,
        "version": row.version,
        **{field: said.get(field) for field in ("name", "role", "reason")},
        "lab": row.lab,
        "assurance": row.assurance,
        "status": row.status,
        "day": row.day.isoformat(),
        "until": row.until.isoformat(),
        "clauses": row.clauses,
        "log_index": row.index,
        "payload_sha256": row.sha256.hex(),
    }


def _tallies(session: Session, _: Instance) -> _Json:
    return tallies.claims(session)


def _proof(session: Session, instance: Instance, *, index: int) -> str:
    sha256 = session.scalar(select(Entry.payload_sha256).where(Entry.index == index))
    if sha256 is None:
        raise NotFoundError("The log has no such entry yet.")
    _, proof = prove(session, sha256, instance.log.tiles)
    return format_tlog_proof(proof).decode()


def _in_path(name: str, schema: schemas.Schema, description: str) -> Parameter:
    return Parameter(name, schema, description, in_path=True)


_SLUG = _in_path("slug", schemas.SLUG, "Such as mistral.")

OPERATIONS: Final = (
    Operation("/labs", "listLabs", "All labs, by name, with counts, shares and headcounts.", _labs, "Labs"),
    Operation("/labs/{slug}", "getLab", "One lab.", _one_lab, "Lab", (_SLUG,)),
    Operation(
        "/labs/{slug}/history",
        "getHistory",
        "What each day added to a lab’s counts.",
        _history,
        "History",
        (_SLUG,),
    ),
    Operation("/tallies", "getTallies", "Every count that is not zero.", _tallies, "Tallies"),
    Operation("/pledges", "listPledges", "All versions of all pledge texts.", _texts, "PledgeTexts"),
    Operation(
        "/pledges/{slug}/{version}",
        "getPledge",
        "One version of a pledge text.",
        _one_text,
        "PledgeText",
        (
            _in_path("slug", schemas.SLUG, "Such as against-reckless-scaling."),
            _in_path("version", {"type": "integer", "minimum": 1, "maximum": 1_000_000}, "From 1."),
        ),
    ),
    Operation(
        "/signatories",
        "listSignatories",
        "Signatories in pages, the newest first; with words of a name, by name.",
        _signatories,
        "Signatories",
        (
            Parameter("q", schemas.WORDS, "Words of a name, each from its beginning."),
            Parameter("lab", schemas.SLUG, "Of this lab only."),
            Parameter("assurance", {"type": "string", "enum": schemas.ASSURANCES}, "Shown in this way only."),
            Parameter(
                "status", {"type": "string", "enum": schemas.STATUSES}, "Of this standing only; else of any."
            ),
            Parameter("after", schemas.AFTER, "Where a page begins: what the one before has as its next."),
            Parameter(
                "size", {"type": "integer", "minimum": 1, "maximum": _MAX_PAGE}, "How many; 50 if not said."
            ),
        ),
    ),
    Operation(
        "/signatories/{id}",
        "getSignatory",
        "One signatory.",
        _one_signatory,
        "Signatory",
        (_in_path("id", schemas.PUBLIC_ID, "32 hex digits."),),
    ),
    Operation(
        "/log/entries/{index}/proof",
        "getProof",
        "The proof that the log has an entry (c2sp.org/tlog-proof).",
        _proof,
        parameters=(
            _in_path(
                "index", {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}, "Of the entry, from 0."
            ),
        ),
        media_type=PROOF,
    ),
    Operation("/labs.csv", "labsCsv", "Labs as a table; shares in per cent.", _labs_csv, media_type=CSV),
    Operation(
        "/history.csv",
        "historyCsv",
        "What each day added to every count, as a table.",
        _history_csv,
        media_type=CSV,
    ),
)
