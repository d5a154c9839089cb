"""Renewing, withdrawing, moving and erasing: with the key, or by mail."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from pledge.core import statement as st
from pledge.db.upkeep import tidy
from pledge.errors import ConflictError, MalformedError, VerificationError
from pledge.instance import get_instance
from pledge.pledges import changes, links, mails, texts
from pledge.pledges.changes import Change
from pledge.pledges.contacts import has_contacts
from pledge.pledges.forms import AddressForm, ChangeForm, MailedChangeForm, require_token
from pledge.pledges.models import Signing
from pledge.pledges.views.rows import detail
from pledge.pledges.views.signing import draft_payload, mail_policy, pae_download, read_signature
from pledge.web.errors import status_of

bp = Blueprint("changes", __name__)


@bp.get("/signatories/<public_id>/change")
def by_key(public_id: str) -> str:
    """Show how to change a signing with its key."""
    return _key_page(public_id, error=None)


@bp.post("/signatories/<public_id>/change")
def by_key_post(public_id: str) -> AnyResponse | tuple[str, int]:
    """Record a change that the key has signed; or show the page again and say what was wrong."""
    instance = get_instance()
    form = ChangeForm(request.form)
    try:
        signed = read_signature(form)
        with instance.database.reading() as session:
            work = changes.change_by_key(
                session,
                public_id,
                form.to_change(),
                signed,
                notary=instance.notary,
                now=instance.clock(),
                random_bytes=instance.random_bytes,
            )
        instance.log.run(work)
        tidy_after(form.to_change())
    except (ConflictError, MalformedError, VerificationError) as error:
        return _key_page(public_id, error=str(error)), status_of(error)
    return redirect(url_for("signatories.page", public_id=public_id), 303)


@bp.get("/signatories/<public_id>/change/statement")
def download(public_id: str) -> Response:
    """Give the bytes to sign with ssh-keygen for a change."""
    instance = get_instance()
    with instance.database.reading() as session:
        signing = changes.get_signing(session, public_id)
    return pae_download(
        _envelope(signing, Change.parse(request.args.get("action", ""), request.args.get("reason", "")))
    )


def tidy_after(change: Change) -> None:
    """Take what was erased out of the database's journal too."""
    if change.action == "erase":
        tidy(get_instance().database)


@bp.get("/change")
def ask() -> str:
    """Ask for the address to mail a link to."""
    return render_template("pledges/change_mailed.html", form=AddressForm())


@bp.post("/change")
def ask_post() -> AnyResponse | tuple[str, int]:
    """Mail a link; the answer does not tell whether the address has signed."""
    instance = get_instance()
    form = AddressForm(request.form)
    if not form.validate():
        require_token(form)
        return render_template("pledges/change_mailed.html", form=form), 400
    address = form.to_address()
    link = instance.log.run(
        lambda session: links.ask_to_change(
            session,
            address,
            pledge=texts.DEFAULT_SLUG,
            policy=mail_policy(instance),
            now=instance.clock(),
            random_bytes=instance.random_bytes,
        )
    )
    mails.send_link(instance, address, link, asked_to_sign=False)
    return redirect(url_for("changes.sent"), 303)


@bp.get("/change/sent")
def sent() -> str:
    """Say that a mail is on its way."""
    return render_template("pages/mail_sent.html", **mails.expected(get_instance()))


@bp.get("/change/<token>")
def by_mail(token: str) -> str:
    """Show what a mailed link can change. Uses nothing up: mail scanners follow links."""
    return _mail_page(token, None)


@bp.post("/change/<token>")
def by_mail_post(token: str) -> AnyResponse | tuple[str, int]:
    """Record a change on the word of a fresh mail, signed by the notary."""
    instance = get_instance()
    with instance.database.reading() as session:
        signings = changes.held_by_link(session, token, now=instance.clock())
        form = _mail_form(session, signings)
    if not form.validate():
        require_token(form)
        return _mail_page(token, form), 400
    work = changes.change_by_mail(
        token,
        form.to_change(),
        notary=instance.notary,
        now=instance.clock(),
        random_bytes=instance.random_bytes,
    )
    public_id = instance.log.run(work)
    tidy_after(form.to_change())
    return redirect(url_for("signatories.page", public_id=public_id), 303)


def _mail_page(token: str, filled: MailedChangeForm | None) -> str:
    instance = get_instance()
    with instance.database.reading() as session:
        signing, *earlier = signings = changes.held_by_link(session, token, now=instance.clock())
        return render_template(
            "pledges/change_mailed.html",
            token=token,
            s=detail(session, signing),
            stands=changes.stands(signing),
            earlier=len(earlier),
            form=filled or _mail_form(session, signings),
        )


def _mail_form(session: Session, signings: Sequence[Signing]) -> MailedChangeForm:
    kept = has_contacts(session, [signing.sha256 for signing in signings])
    return MailedChangeForm(request.form or None).offer(stands=changes.stands(signings[0]), has_contacts=kept)


def _key_page(public_id: str, *, error: str | None) -> str:
    instance = get_instance()
    with instance.database.reading() as session:
        signing = changes.get_signing(session, public_id)
        return render_template(
            "pledges/change.html",
            s=detail(session, signing),
            pledge=texts.get_text(session, signing.pledge, signing.version),
            error=error,
            form=ChangeForm(),
            drafts=_drafts(signing),
            signing={
                "id": signing.public_id,
                "key": signing.key,
                "origin": instance.notary.origin,
                "sha256": signing.sha256.hex(),
            },
        )


def _drafts(signing: Signing) -> dict[str, Any]:
    """Give every statement that could be signed here, for the page's script; None where it makes no sense."""
    stands = signing.status in {"current", "lapsed"}

    def draft(change: Change) -> dict[str, Any] | None:
        return draft_payload(_envelope(signing, change)) if stands or change.action == "erase" else None

    return {
        "renewal": draft(Change("renew")),
        "withdrawals": {reason: draft(Change("withdraw", reason)) for reason in changes.OWN_REASONS},
        "erasure": draft(Change("erase")),
    }


def _envelope(signing: Signing, change: Change) -> st.Envelope:
    instance = get_instance()
    origin, day = instance.notary.origin, instance.clock().date()
    if change.action == "erase":
        payload = changes.build_erasure(signing.sha256, origin=origin, day=day)
        return st.Envelope(payload, changes.ERASURE_TYPE)
    return st.seal(changes.build_change(signing.sha256, change, origin=origin, day=day))
