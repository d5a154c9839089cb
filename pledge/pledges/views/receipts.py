"""The private page of a fresh receipt, and the files it offers."""

from flask import Blueprint, Response, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.errors import NotFoundError
from pledge.instance import get_instance, trust_policy
from pledge.log.service import is_pending, tree_size
from pledge.pledges import receipts, texts
from pledge.pledges.changes import get_signing
from pledge.pledges.models import Signing
from pledge.pledges.views.rows import detail

bp = Blueprint("receipts", __name__)


@bp.get("/receipts/<token>")
def page(token: str) -> str | tuple[str, int]:
    """Show the receipt; 202 while the entry waits for its place in the log."""
    instance = get_instance()
    with instance.database.reading() as session:
        sha256, expires = receipts.find_receipt(session, token, today=instance.clock().date())
        if is_pending(session, sha256):
            return render_template("pages/receipt_pending.html", receipt_url=f"/receipts/{token}"), 202
        receipt = _build(session, sha256, is_private=True)
        signing = _signing(session, sha256)
        text = texts.get_text(session, signing.pledge, signing.version)
        shown = detail(session, signing)
        return render_template(
            "pledges/receipt.html",
            token=token,
            expires=expires,
            receipt=receipt.decode(),
            policy=trust_policy(instance),
            signing=shown,
            clauses=shown["clauses"],
            waiting=sorted(opening.field for opening in signing.openings if opening.state == "waiting"),
            pledge=text,
            size=tree_size(session),
            page_url=f"{instance.config.url}/signatories/{signing.public_id}",
            badge_url=f"{instance.config.url}/badge/signatory/{signing.public_id}.svg",
        )


@bp.get("/receipts/<token>/file")
def private_file(token: str) -> Response:
    """Give the receipt with everything the signatory wrote."""
    instance = get_instance()
    with instance.database.reading() as session:
        sha256, _ = receipts.find_receipt(session, token, today=instance.clock().date())
        return _file(_build(session, sha256, is_private=True))


@bp.get("/receipts/<token>/renew.ics")
def calendar(token: str) -> Response:
    """Give a calendar file that reminds of renewal."""
    instance = get_instance()
    with instance.database.reading() as session:
        sha256, _ = receipts.find_receipt(session, token, today=instance.clock().date())
        signing = _signing(session, sha256)
    text = receipts.renewal_calendar(
        signing,
        url=f"{instance.config.url}/signatories/{signing.public_id}/change",
        now_utc=f"{instance.clock():%Y%m%dT%H%M%SZ}",
    )
    response = Response(text, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="renew-pledge.ics"'
    return response


@bp.get("/signatories/<public_id>/receipt")
def public_file(public_id: str) -> Response:
    """Give the receipt with what everybody may see."""
    instance = get_instance()
    with instance.database.reading() as session:
        sha256 = get_signing(session, public_id).sha256
        return _file(_build(session, sha256, is_private=False))


def _signing(session: Session, sha256: bytes) -> Signing:
    signing = session.scalar(select(Signing).where(Signing.sha256 == sha256))
    if signing is None:
        raise NotFoundError("This signing still waits for its place in the log.")
    return signing


def _build(session: Session, sha256: bytes, *, is_private: bool) -> bytes:
    instance = get_instance()
    return receipts.build_receipt(
        session, sha256, notary=instance.notary, tiles=instance.log.tiles, is_private=is_private
    )


def _file(receipt: bytes) -> Response:
    response = Response(receipt, content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="my.pledge-receipt.json"'
    response.headers["X-Robots-Tag"] = "noindex"
    return response
