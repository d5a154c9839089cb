"""Renewing, withdrawing, moving and erasing: with the key, or by mail; and what came of it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from pledge.core import statement as st
from pledge.db.upkeep import tidy
from pledge.errors import ConflictError, MalformedError, NotFoundError, VerificationError
from pledge.instance import get_instance
from pledge.pledges import changes, links, mails, offers, texts
from pledge.pledges.changes import Change
from pledge.pledges.contacts import has_contacts
from pledge.pledges.forms import AddressForm, MailedChangeForm, SignatureForm, require_token
from pledge.pledges.models import Signing
from pledge.pledges.signing import Signed
from pledge.pledges.views.rows import detail
from pledge.pledges.views.signing import draft_payload, mail_policy, pae_download, read_signature
from pledge.web.errors import status_of
from pledge.web.strings import said

bp = Blueprint("changes", __name__)


@bp.get("/signatories/<public_id>/change")
def by_key(public_id: str) -> str:
    """Show how to change a signing with its key."""
    return _key_page(public_id, error=None)


@bp.post("/signatories/<public_id>/change")
def by_key_post(public_id: str) -> AnyResponse | tuple[str, int]:
    """Record a change that the key has signed; or show the page again and say what was wrong."""
    instance, now = get_instance(), get_instance().clock()
    try:
        signed = read_signature(SignatureForm(request.form))
        with instance.database.reading() as session:
            change = _signed_change(changes.get_signing(session, public_id), signed, day=now.date())
            work = changes.change_by_key(
                session,
                public_id,
                change,
                signed,
                notary=instance.notary,
                now=now,
                random_bytes=instance.random_bytes,
            )
        instance.log.run(work)
    except (ConflictError, MalformedError, VerificationError) as error:
        return _key_page(public_id, error=said(error)), status_of(error)
    return _confirmed(public_id, change, day=now.date())


@bp.get("/signatories/<public_id>/change/statement")
def download(public_id: str) -> Response:
    """Give the bytes to sign with ssh-keygen for a change; ``action`` may hold its reason, as ``withdraw:own``."""
    action, _, reason = request.args.get("action", "").partition(":")
    change = Change.parse(action, reason or request.args.get("reason", ""))
    with get_instance().database.reading() as session:
        signing = changes.get_signing(session, public_id)
    return pae_download(_envelope(signing, change, get_instance().clock().date()))


@bp.get("/signatories/<public_id>/changes/<int(max=9999999999999):index>")
def changed(public_id: str, index: int) -> str:
    """Show what an entry of the log changed about a signing."""
    with get_instance().database.reading() as session:
        signing = changes.get_signing(session, public_id)
        logged = offers.read_entry(session, signing, index)
        return render_template("pledges/changed.html", s=detail(session, signing), change=logged)


@bp.get("/signatories/<public_id>/erased")
def erased(public_id: str) -> str:
    """Say that nothing is shown beside a signing any more."""
    with get_instance().database.reading() as session:
        signing = changes.get_signing(session, public_id)
        if signing.openings:
            raise NotFoundError("Nothing was erased here.")
        return render_template("pledges/changed.html", s=detail(session, signing), change=None)


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


@bp.get("/change/quiet")
def quiet() -> str:
    """Say that no mails come any more; the same for everyone, so that it tells of nobody."""
    return render_template("pages/quiet.html")


@bp.get("/change/<token>")
def by_mail(token: str) -> str:
    """Show what a mailed link can change. Uses nothing up: mail scanners follow links."""
    return _mail_page(token, None)


@bp.post("/change/<token>")
def by_mail_post(token: str) -> AnyResponse | tuple[str, int]:
    """Record a change on the word of a fresh mail, signed by the notary."""
    instance, now = get_instance(), get_instance().clock()
    with instance.database.reading() as session:
        signings = changes.held_by_link(session, token, now=now)
        form = _mail_form(session, signings)
    if not form.validate():
        require_token(form)
        return _mail_page(token, form), 400
    change = form.to_change()
    work = changes.change_by_mail(
        token, change, notary=instance.notary, now=now, random_bytes=instance.random_bytes
    )
    return _confirmed(instance.log.run(work), change, day=now.date())


def _signed_change(signing: Signing, signed: Signed, *, day: date) -> Change:
    """Give the change that was posted, or, where an SSH signature came alone, the one that it is for."""
    if signed.payload is None and "action" not in request.form:
        return offers.find_signed(signing, signed, origin=get_instance().notary.origin, day=day)
    return Change.parse(request.form.get("action", ""), request.form.get("reason", ""))


def _confirmed(public_id: str, change: Change, *, day: date) -> AnyResponse:
    """Lead to the page that says what was done. What was erased leaves the database's journal too."""
    instance = get_instance()
    if change.action in {"erase", "quiet"}:
        tidy(instance.database)
        is_erased = change.action == "erase"
        return redirect(url_for("changes.erased", public_id=public_id) if is_erased else "/change/quiet", 303)
    with instance.database.reading() as session:
        signing = changes.get_signing(session, public_id)
        index = offers.find_entry(session, _envelope(signing, change, day))
    if index is None:  # it waits for its place
        return redirect(url_for("signatories.page", public_id=public_id), 303)
    return redirect(url_for("changes.changed", public_id=public_id, index=index), 303)


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
    newest, *earlier = signings
    offered = [*offers.offers(newest)]
    if earlier:
        offered.append(Change("erase"))
    if has_contacts(session, [signing.sha256 for signing in signings]):
        offered.append(Change("quiet"))
    return MailedChangeForm(request.form or None).offer(offered)


def _key_page(public_id: str, *, error: str | None) -> str:
    instance = get_instance()
    with instance.database.reading() as session:
        signing = changes.get_signing(session, public_id)
        return render_template(
            "pledges/change.html",
            s=detail(session, signing),
            pledge=texts.get_text(session, signing.pledge, signing.version),
            error=error,
            form=SignatureForm(),
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
    offered, day = offers.offers(signing), get_instance().clock().date()

    def draft(change: Change) -> dict[str, Any] | None:
        return draft_payload(_envelope(signing, change, day)) if change in offered else None

    return {
        "renewal": draft(Change("renew")),
        "withdrawals": {reason: draft(Change("withdraw", reason)) for reason in changes.OWN_REASONS},
        "erasure": draft(Change("erase")),
    }


def _envelope(signing: Signing, change: Change, day: date) -> st.Envelope:
    return offers.to_sign(signing, change, origin=get_instance().notary.origin, day=day)
