"""Who reads tips, for anybody; and how stewards make keys and decide on them."""

from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from pledge.accounts import decisions, keys
from pledge.accounts.access import account_required, current_account, steward_required
from pledge.accounts.forms import ActForm, ApprovalForm, KeysForm, RevocationForm, require_valid
from pledge.accounts.models import Account, Proposal, StewardKey
from pledge.accounts.views.account import read_id
from pledge.core import statement as st
from pledge.errors import NotFoundError
from pledge.instance import get_instance
from pledge.log.models import Entry

bp = Blueprint("stewards", __name__, url_prefix="/stewards")

Page = str | Response


@bp.get("")
def public() -> Page:
    """Say who reads tips, as the log has it; the same for everybody."""
    instance = get_instance()
    day = instance.clock().date()
    with instance.database.reading() as session:
        rows = session.execute(
            select(StewardKey, Entry.index)
            .join(Entry, Entry.payload_sha256 == StewardKey.payload_sha256)
            .order_by(Entry.index.desc())
        ).all()
        return render_template(
            "stewards/public.html",
            is_open=keys.stewards_are_enough(session, day),
            quorum=instance.genesis.quorum,
            keys=[_shown(key, index, day) for key, index in rows],
        )


def _shown(key: StewardKey, index: int, day: date) -> dict[str, Any]:
    return {
        "fingerprint": keys.fingerprint(key.signing, key.recipient),
        "signing": key.signing,
        "index": index,
        "since": key.from_,
        "until": key.until,
        "is_founder": key.is_founder,
        "is_current": key.revoked_day is None and key.from_ <= day <= key.until,
        "revoked_day": key.revoked_day,
        "reason": key.revoked_reason,
    }


@bp.get("/keys")
@account_required
def make_keys() -> Page:
    """Show how to make keys: the first, or the next."""
    instance, account = get_instance(), current_account()
    day = instance.clock().date()
    with instance.database.reading() as session:
        row = session.get_one(Account, account.id)
        current = keys.key_of(session, account.id, day)
        draft = decisions.draft_key(session, row, origin=instance.keys.origin, day=day)
        return render_template(
            "stewards/keys.html",
            form=KeysForm(),
            is_founder="founder" in draft,
            is_rotation=current is not None,
            has_bundle=row.wrapped_bundle is not None,
            quorum=instance.genesis.quorum,
            block={
                "origin": instance.keys.origin,
                "payload": draft,
                "bundle": "/stewards/bundle" if row.wrapped_bundle else None,
                "hasKeys": current is not None or row.wrapped_bundle is not None,
            },
        )


@bp.post("/keys")
@account_required
def make_keys_post() -> Page:
    """Take new keys: log a founder's, ask the stewards about others."""
    form = KeysForm(request.form)
    require_valid(form)
    instance, account, offer = get_instance(), current_account(), form.to_offer()
    instance.log.run(
        lambda session: decisions.offer_key(
            session,
            account.id,
            offer,
            notary=instance.notary,
            day=instance.clock().date(),
            random_bytes=instance.random_bytes,
        )
    )
    return redirect(url_for("stewards.approvals"), 303)


@bp.get("/approvals")
@account_required
def approvals() -> Page:
    """Show what waits for signatures, and what the log has."""
    instance, account = get_instance(), current_account()
    day = instance.clock().date()
    with instance.database.reading() as session:
        own = keys.key_of(session, account.id, day)
        waiting = decisions.list_open(session, day)
        return render_template(
            "stewards/approvals.html",
            form=RevocationForm(),
            quorum=instance.genesis.quorum,
            own=None if own is None else keys.fingerprint(own.signing, own.recipient),
            proposals=[_proposal(session, each, account.id) for each in waiting],
            keys=[_held(session, key) for key in keys.current_keys(session, day)],
            block={
                "origin": instance.keys.origin,
                "key": own.signing if own else None,
                "bundle": _bundle(session, account.id),
                "days": [each.isoformat() for each in decisions.approval_days(day)],
                "proposals": {each.id.hex(): _draft(each) for each in waiting},
            },
        )


def _bundle(session: Session, account: bytes) -> str | None:
    return "/stewards/bundle" if session.get_one(Account, account).wrapped_bundle else None


def _proposal(session: Session, proposal: Proposal, account: bytes) -> dict[str, Any]:
    """Say what a proposal is about. What is signed, the page's script reads from the statements themselves."""
    signed = decisions.approvers(session, proposal.id)
    ends = None
    if proposal.revocation_payload is not None:
        ends = st.parse_payload(st.format_payload_type("key-revocation"), proposal.revocation_payload)
    return {
        "id": proposal.id.hex(),
        "name": session.get_one(Account, proposal.account).name,
        "day": proposal.day,
        "is_admission": proposal.key_payload is not None,
        "is_rotation": proposal.key_payload is not None and ends is not None,
        "reason": ends.reason if isinstance(ends, st.KeyRevocation) else None,
        "count": len(signed),
        "has_signed": account in signed,
        "is_own": proposal.account == account,
    }


def _held(session: Session, key: StewardKey) -> dict[str, Any]:
    return {
        "name": session.get_one(Account, key.account).name,
        "signing": key.signing,
        "fingerprint": keys.fingerprint(key.signing, key.recipient),
        "since": key.from_,
        "until": key.until,
    }


def _draft(proposal: Proposal) -> dict[str, str | None]:
    """Give a proposal's payloads for the script, which changes their days and nothing else."""
    return {
        "key": _base64(proposal.key_payload),
        "possession": _base64(proposal.possession),
        "revocation": _base64(proposal.revocation_payload),
    }


def _base64(data: bytes | None) -> str | None:
    return None if data is None else st.format_base64(data)


@bp.post("/approvals/<proposal>")
@steward_required()
def approve(proposal: str) -> Page:
    """Take a steward's signatures."""
    form = ApprovalForm(request.form)
    require_valid(form)
    instance, account = get_instance(), current_account()
    approved, identifier = form.to_approved(), read_id(proposal)
    instance.log.run(
        lambda session: decisions.approve(
            session,
            identifier,
            account.id,
            approved,
            day=instance.clock().date(),
            random_bytes=instance.random_bytes,
        )
    )
    return redirect(url_for("stewards.approvals"), 303)


@bp.post("/approvals/<proposal>/withdraw")
@account_required
def withdraw(proposal: str) -> Page:
    """Take one's own proposal of a key back."""
    require_valid(ActForm(request.form))
    account, identifier = current_account(), read_id(proposal)

    def work(session: Session) -> None:
        row = session.get(Proposal, identifier)
        if row is None or row.account != account.id or row.key_payload is None:
            raise NotFoundError("This is not yours to take back.")
        decisions.withdraw(session, row)

    get_instance().log.run(work)
    return redirect(url_for("stewards.approvals"), 303)


@bp.post("/revocations")
@steward_required()
def revoke() -> Page:
    """Ask the stewards to end a key."""
    form = RevocationForm(request.form)
    require_valid(form)
    instance = get_instance()
    instance.log.run(
        lambda session: decisions.propose_revocation(
            session,
            form.key.data or "",
            form.reason.data or "",
            origin=instance.keys.origin,
            day=instance.clock().date(),
            random_bytes=instance.random_bytes,
        )
    )
    return redirect(url_for("stewards.approvals"), 303)
