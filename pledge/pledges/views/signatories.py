"""Who signed: the list, one page each, and reports about them."""

from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from pledge.instance import Instance, get_instance
from pledge.pledges import reading, review, texts
from pledge.pledges.changes import get_signing
from pledge.pledges.forms import ReportForm, require_token
from pledge.pledges.models import Signing
from pledge.pledges.views.rows import detail, lab_names, rows

bp = Blueprint("signatories", __name__)

ASSURANCES = ("lab-email", "group-email", "email", "credential")


@bp.get("/signatories")
def index() -> str:
    """Show signatories: current ones, or those of any status whose name is searched for."""
    query = request.args.get("q", "")[:200]
    lab = request.args.get("lab", "")
    assurance = request.args.get("assurance", "")
    with get_instance().database.reading() as session:
        labs = lab_names(session)
        wanted = reading.Filter(
            pledge=texts.DEFAULT_SLUG,
            query=query,
            lab=lab if lab in labs else None,
            assurance=assurance if assurance in ASSURANCES else None,
            status=None if query.strip() else "current",
        )
        page = reading.find(session, wanted, after=request.args.get("after"))
        kept = {"q": query, "lab": wanted.lab or "", "assurance": wanted.assurance or ""}
        return render_template(
            "signatories/list.html",
            signatories=rows(page.rows, labs),
            newer=_address(kept) if request.args.get("after") else None,
            older=_address(kept | {"after": page.next}) if page.next else None,
            labs=[
                {"slug": slug, "name": name} for slug, name in sorted(labs.items(), key=lambda lab: lab[1])
            ],
            assurances=ASSURANCES,
            **kept,
        )


@bp.get("/signatories/<public_id>")
def page(public_id: str) -> str:
    """Show one signing."""
    instance = get_instance()
    with instance.database.reading() as session:
        return _page(session, instance, get_signing(session, public_id), ReportForm())


@bp.post("/signatories/<public_id>/report")
def report(public_id: str) -> Response | tuple[str, int]:
    """Take a reader's word that something is wrong."""
    instance = get_instance()
    form = ReportForm(request.form)
    with instance.database.reading() as session:
        signing = get_signing(session, public_id)
        if not form.validate():
            require_token(form)
            return _page(session, instance, signing, form), 400
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


def _page(session: Session, instance: Instance, signing: Signing, form: ReportForm) -> str:
    text = texts.get_text(session, signing.pledge, signing.version)
    address = f"{instance.config.url}/signatories/{signing.public_id}"
    return render_template(
        "signatories/signatory.html",
        s=detail(session, signing),
        pledge=text,
        badge_url=f"{instance.config.url}/badge/signatory/{signing.public_id}.svg",
        page_url=address,
        report_form=form,
    )


def _address(arguments: dict[str, str]) -> str:
    return "/signatories?" + urlencode({name: value for name, value in arguments.items() if value})
