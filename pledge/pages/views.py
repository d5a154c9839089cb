"""Home, labs, verify, and the pages that every site has."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from pledge.core import share
from pledge.core import statement as st
from pledge.errors import NotFoundError
from pledge.founding import policy_document
from pledge.instance import get_instance, trust_policy
from pledge.labs.models import Lab
from pledge.labs.service import get_lab, headcount_of, list_labs
from pledge.log.service import is_witnessed, tree_size
from pledge.pledges import reading, review, texts
from pledge.pledges.views.rows import lab_names, rows
from pledge.pledges.views.signatories import ASSURANCES
from pledge.pledges.views.texts import folded
from pledge.tallies import charts
from pledge.tallies import service as tallies

bp = Blueprint("pages", __name__)

_NEWEST = 10
_LEDGER_LINES = 1000
_MAX_LEDGER_BYTES = 2**20
_Counts = dict[tuple[str, str], int]


@bp.get("/")
def home() -> str:
    """Show the text, the number, the labs, the newest signatories, and how to check all this."""
    with get_instance().database.reading() as session:
        text = texts.latest_text(session)
        size = tree_size(session)
        counts = tallies.by_lab(session, text.slug)
        newest = reading.find(session, reading.Filter(pledge=text.slug), size=_NEWEST)
        listed = _labs(session, counts)
        return render_template(
            "home/home.html",
            pledge=folded(text),
            counts=_by_assurance(_sum(counts)),
            labs=listed,
            scale=_scale(listed),
            newest=rows(newest.rows, lab_names(session)),
            log={"size": size, "is_witnessed": size > 0 and is_witnessed(session, size - 1)},
        )


@bp.get("/labs")
def labs() -> str:
    """Show every lab with its counts, in order of the alphabet."""
    with get_instance().database.reading() as session:
        counts = tallies.by_lab(session, texts.DEFAULT_SLUG)
        listed = _labs(session, counts)
        return render_template(
            "labs/list.html",
            labs=listed,
            together=share.all_together(lab["figures"] for lab in listed),
            scale=_scale(listed),
        )


@bp.get("/labs/<slug>")
def lab(slug: str) -> str:
    """Show one lab: counts by assurance and status, domains, headcounts, newest signatories."""
    instance = get_instance()
    with instance.database.reading() as session:
        found = get_lab(session, slug)
        counts = tallies.of_lab(session, texts.DEFAULT_SLUG, slug)
        today, explored = instance.clock().date(), _percent(request.args.get("percent", ""))
        figures = share.figures(
            tallies.headline(counts),
            headcount_of(found),
            sorted({*share.LINES, *([explored] if explored else [])}),
        )
        names = lab_names(session)
        newest, former = (
            reading.find(
                session, reading.Filter(pledge=texts.DEFAULT_SLUG, lab=slug, status=status), size=_NEWEST
            )
            for status in ("current", "former")
        )
        return render_template(
            "labs/lab.html",
            lab=found,
            rows=_assurance_rows(counts),
            figures=figures,
            explored=explored,
            scale=charts.share_scale([figures.share.high or 0] if figures.share else []),
            changes=tallies.net_changes(session, texts.DEFAULT_SLUG, slug, today=today),
            growth=charts.growth_chart(tallies.growth(session, texts.DEFAULT_SLUG, slug), today=today),
            headcounts=[row for row in found.headcounts if row.is_public],
            newest=rows(newest.rows, names),
            former=rows(former.rows, names),
            badge_url=f"{instance.config.url}/badge/lab/{slug}.svg",
            page_url=f"{instance.config.url}/labs/{slug}",
        )


@bp.get("/verify")
def verify() -> str:
    """Show the page on which a receipt is checked in the browser."""
    return render_template("verify/verify.html", policy=trust_policy(get_instance()))


@bp.get("/log/policy")
def log_policy() -> Response:
    """Give the trust policy that this site claims for itself."""
    return Response(trust_policy(get_instance()), content_type="text/plain; charset=utf-8")


@bp.get("/policy/1.json")
def policy() -> Response:
    """Give the rules by which this site decides, byte for byte as their hash in the log says."""
    return Response(policy_document(), content_type="application/json")


@bp.get("/mail")
def outbox() -> str:
    """Show the mails that were written, on a local trial only: there is no mail server to read them from."""
    instance = get_instance()
    if not (instance.is_local and instance.outbox.is_local):
        raise NotFoundError("There is nothing here.")
    return render_template("mail/outbox.html", mails=instance.outbox.written())


@bp.get("/removals")
def removals() -> str:
    """Show what the operator hid, restored or withdrew."""
    before = _before()
    with get_instance().database.reading() as session:
        lines = review.removals(session, before=before)
    shown = lines[:50]
    return render_template(
        "pages/removals.html",
        removals=shown,
        newer=None if before is None else "/removals",
        older=f"/removals?before={shown[-1].id}" if len(lines) > len(shown) else None,
    )


@bp.get("/removals.json")
def removals_ledger() -> Response:
    """Give the same for programs: an audit compares it with the log."""
    with get_instance().database.reading() as session:
        ledger = review.ledger(session, before=_before(), limit=_LEDGER_LINES)
    return Response(st.format_json(ledger, max_bytes=_MAX_LEDGER_BYTES), content_type="application/json")


def _before() -> int | None:
    """Give where a stretch of the removals ends, or None for the newest."""
    before = request.args.get("before", "")
    is_number = before.isascii() and before.isdigit() and len(before) < 10  # noqa: PLR2004  # no ledger is that long
    return int(before) if is_number else None


@bp.get("/reported")
def reported() -> str:
    """Thank for a report."""
    return render_template("pages/reported.html")


@bp.get("/privacy")
@bp.get("/terms")
@bp.get("/contact")
@bp.get("/limits")
def about() -> str:
    """Show a page of words."""
    return render_template(f"pages/{request.path.strip('/')}.html")


@bp.get("/robots.txt")
def robots() -> Response:
    """Say what crawlers may read; signatory pages say noindex themselves."""
    text = "User-agent: *\nDisallow: /sign/\nDisallow: /receipts/\nDisallow: /change\nDisallow: /mail\n"
    return Response(text, content_type="text/plain; charset=utf-8")


@bp.get("/.well-known/security.txt")
def security() -> Response:
    """Say where to report a weakness (RFC 9116)."""
    instance = get_instance()
    expires = instance.clock() + timedelta(days=180)
    contact = instance.genesis.contact
    uri = contact if ":" in contact else f"mailto:{contact}"
    text = (
        f"Contact: {uri}\nExpires: {expires:%Y-%m-%dT00:00:00Z}\nPreferred-Languages: en\n"
        f"Canonical: {instance.config.url}/.well-known/security.txt\n"
    )
    return Response(text, content_type="text/plain; charset=utf-8")


@bp.get("/favicon.svg")
@bp.get("/favicon.ico")
def favicon() -> AnyResponse:
    """Give the icon."""
    response = current_app.send_static_file("favicon.svg")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _labs(session: Session, counts: dict[str, _Counts]) -> list[dict[str, Any]]:
    def entry(lab: Lab) -> dict[str, Any]:
        return {
            "slug": lab.slug,
            "name": lab.name,
            "counts": _by_assurance(counts.get(lab.slug, {})),
            "figures": share.figures(tallies.headline(counts.get(lab.slug, {})), headcount_of(lab)),
        }

    return [entry(lab) for lab in list_labs(session)]


def _scale(labs: list[dict[str, Any]]) -> int:
    """Give what the right edge of the bars of all labs stands for."""
    found = [lab["figures"] for lab in labs]
    return charts.share_scale([lab.share.high for lab in found if lab.share and not lab.is_beyond])


def _percent(text: str) -> int | None:
    """Read a share in per cent that somebody asked for; what is none is not asked for."""
    percent = int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 0  # noqa: PLR2004  # digits of 100
    return percent if 1 <= percent <= 100 else None  # noqa: PLR2004  # per cent


def _sum(counts: dict[str, _Counts]) -> _Counts:
    total: _Counts = {}
    for cells in counts.values():
        for key, count in cells.items():
            total[key] = total.get(key, 0) + count
    return total


def _by_assurance(counts: _Counts) -> dict[str, int]:
    return {assurance: counts.get((assurance, "current"), 0) for assurance in ASSURANCES}


def _assurance_rows(counts: _Counts) -> list[dict[str, Any]]:
    """Give a row for each assurance that has any signing; assurances are never added up."""
    statuses = ("current", "former", "lapsed")
    found = [
        {"assurance": assurance} | {status: counts.get((assurance, status), 0) for status in statuses}
        for assurance in ASSURANCES
    ]
    return [row for row in found if any(row[status] for status in statuses)]
