"""Who signed: the list, one page each, and reports about them."""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from pledge.errors import NotFoundError
from pledge.instance import Instance, get_instance
from pledge.pledges import reading, review, texts
from pledge.pledges.changes import get_signing
from pledge.pledges.forms import ReportForm, require_token
from pledge.pledges.models import Signing
from pledge.pledges.views.rows import detail, lab_names, row, rows

bp = Blueprint("signatories", __name__)

ASSURANCES = ("lab-email", "group-email", "email", "credential")
STATUSES = ("current", "former", "lapsed", "withdrawn")


@bp.get("/signatories")
def index() -> str:
    """Show signatories: current ones, or those of any status whose name is searched for."""
    after = request.args.get("after")
    asked = {name: request.args.get(name, "") for name in ("lab", "assurance", "status")}
    asked["q"] = request.args.get("q", "")[:200]
    with get_instance().database.reading() as session:
        labs = lab_names(session)
        page = reading.find(session, _filter(labs, **asked), after=after)
    return render_template(
        "signatories/list.html",
        signatories=rows(page.rows, labs),
        newer=_address(asked) if after else None,
        older=_address(asked | {"after": page.next}) if page.next else None,
        labs=[
            {"slug": slug, "name": name}
            for slug, name in sorted(labs.items(), key=lambda lab: lab[1].casefold())
        ],
        assurances=ASSURANCES,
        statuses=STATUSES,
        **asked,
    )


def _filter(labs: Mapping[str, str], *, q: str, lab: str, assurance: str, status: str) -> reading.Filter:
    """Give what is looked for: current signings, unless a status is chosen or a name is searched for.

    Raises:
        NotFoundError: There is no such lab, assurance or status; everybody is not the answer to that.
    """
    if not {lab} <= {"", *labs} or not {assurance} <= {"", *ASSURANCES} or not {status} <= {"", *STATUSES}:
        raise NotFoundError("There is no such lab, assurance or status here.")
    return reading.Filter(
        pledge=texts.DEFAULT_SLUG,
        query=q,
        lab=lab or None,
        assurance=assurance or None,
        status=status or (None if q.strip() else "current"),
    )


@bp.get("/signatories/<public_id>")
def page(public_id: str) -> str:
    """Show one signing."""
    instance = get_instance()
    with instance.database.reading() as session:
        return _page(session, instance, get_signing(session, public_id))


@bp.get("/signatories/<public_id>/report")
def report_form(public_id: str) -> str:
    """Show the form for a report. It has a page of its own, so that reading sets no cookie."""
    return _report_page(public_id, ReportForm())


@bp.post("/signatories/<public_id>/report")
def report(public_id: str) -> Response | tuple[str, int]:
    """Take a reader's word that something is wrong."""
    instance = get_instance()
    form = ReportForm(request.form)
    with instance.database.reading() as session:
        signing = get_signing(session, public_id)
    if not form.validate():
        require_token(form)
        return _report_page(public_id, form), 400
    day = instance.clock().date()
    instance.log.run(
        lambda writing: review.add_report(
            writing,
            signing.public_id,
            reason_class=form.reason_class.data,
            text=(form.text.data or "").strip(),
            day=day,
        )
    )
    return redirect(url_for("pages.reported"), 303)


def _report_page(public_id: str, form: ReportForm) -> str:
    with get_instance().database.reading() as session:
        signing = get_signing(session, public_id)
        return render_template(
            "signatories/report.html", s=row(signing, lab_names(session)), report_form=form
        )


def _page(session: Session, instance: Instance, signing: Signing) -> str:
    text = texts.get_text(session, signing.pledge, signing.version)
    address = f"{instance.config.url}/signatories/{signing.public_id}"
    return render_template(
        "signatories/signatory.html",
        s=detail(session, signing),
        pledge=text,
        badge_url=f"{instance.config.url}/badge/signatory/{signing.public_id}.svg",
        page_url=address,
    )


def _address(arguments: dict[str, str]) -> str:
    return "/signatories?" + urlencode({name: value for name, value in arguments.items() if value})
