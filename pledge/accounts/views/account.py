"""A steward's own account: ways in, sessions, tokens, the wrapped keys, invitations."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from pledge.accounts import joining, passkeys, sessions, signing_in
from pledge.accounts.access import account_required, begin_session, current_account, steward_required
from pledge.accounts.forms import (
    ActForm,
    ChangePasswordForm,
    InvitationForm,
    PasskeyForm,
    require_token,
    require_valid,
)
from pledge.accounts.keys import fingerprint, is_steward, key_of
from pledge.accounts.models import AccessToken, Account, AccountSession
from pledge.accounts.secrets import hash_token
from pledge.accounts.views.entry import code_app
from pledge.core import totp
from pledge.errors import ForbiddenError, MalformedError, NotFoundError, UnavailableError
from pledge.instance import get_instance
from pledge.web.errors import status_of
from pledge.web.strings import said

bp = Blueprint("stewards_account", __name__, url_prefix="/stewards")

_DOWNLOAD = 'attachment; filename="pledge-steward.age"'
Page = str | AnyResponse


@bp.get("/account")
@account_required
def page() -> Page:
    """Show all of it."""
    return _page()


def _page(**shown: object) -> str:
    """Show the account, with what is shown once: a new token or the link of an invitation."""
    instance, account = get_instance(), current_account()
    now = instance.clock()
    with instance.database.reading() as session:
        row = session.get_one(Account, account.id)
        own = passkeys.list_passkeys(session, account.id)
        key = key_of(session, account.id, now.date())
        return render_template(
            "stewards/account.html",
            name=row.name,
            has_password=row.password_hash is not None,
            has_bundle=row.wrapped_bundle is not None,
            key=key,
            fingerprint=key and fingerprint(key.signing, key.recipient),
            is_steward=is_steward(session, account.id),
            passkeys=[{"id": one.id.hex(), "day": one.day} for one in own],
            sessions=[_listed(one, account.token) for one in sessions.list_sessions(session, account.id)],
            tokens=[_listed(one, "") for one in sessions.list_tokens(session, account.id)],
            options=passkeys.registration_options(instance, handle=account.id, name=row.name, known=own),
            form=InvitationForm(),
            new_token=shown.get("token"),
            invitation=shown.get("invitation"),
        )


def _listed(row: AccountSession | AccessToken, own_token: str) -> dict[str, Any]:
    return {
        "id": row.token_hash.hex(),
        "day": row.day,
        "until": datetime.fromtimestamp(row.expires_seconds, UTC).date(),
        "is_this": row.token_hash == hash_token(own_token),
    }


@bp.post("/account/codes")
@account_required
def new_codes() -> Page:
    """Draw new recovery codes, and show them once."""
    require_valid(ActForm(request.form))
    instance, account = get_instance(), current_account()
    with instance.database.reading() as session:
        if session.get_one(Account, account.id).password_hash is None:
            raise ForbiddenError("Recovery codes go with a password, and this account has none.")
    codes = instance.log.run(
        lambda session: signing_in.renew_codes(session, account.id, random_bytes=instance.random_bytes)
    )
    return render_template("stewards/codes.html", codes=codes, name=account.name)


@bp.get("/account/password")
@account_required
def password() -> Page:
    """Show how to change password and code app."""
    form = ChangePasswordForm()
    form.secret.data = totp.format_secret(get_instance().random_bytes(totp.SECRET_BYTES))
    return _password_page(form)


@bp.post("/account/password")
@account_required
def password_post() -> Page | tuple[str, int]:
    """Change them, and show new recovery codes, once."""
    form = ChangePasswordForm(request.form)
    if not form.validate():
        require_token(form)
        return _password_page(form), 400
    try:
        entered, codes = signing_in.change_password(
            get_instance(), current_account().id, form.current.data or "", form.to_password()
        )
    except (ForbiddenError, MalformedError, UnavailableError) as error:
        return _password_page(form, error=said(error)), status_of(error)
    begin_session(entered.id, entered.name, entered.token)
    return render_template("stewards/codes.html", codes=codes, name=entered.name)


def _password_page(form: ChangePasswordForm, *, error: str | None = None) -> str:
    account = current_account()
    with get_instance().database.reading() as session:
        has_password = session.get_one(Account, account.id).password_hash is not None
    return render_template(
        "stewards/password.html",
        form=form,
        error=error,
        has_password=has_password,
        app=code_app(form, account.name),
    )


@bp.post("/account/passkeys")
@account_required
def add_passkey() -> Page:
    """Add a passkey."""
    form = PasskeyForm(request.form)
    require_valid(form)
    passkeys.add(get_instance(), current_account().id, form.to_response())
    return _back()


@bp.post("/account/passkeys/<passkey>/end")
@account_required
def remove_passkey(passkey: str) -> Page:
    """Remove a passkey."""
    require_valid(ActForm(request.form))
    account, identifier = current_account(), read_id(passkey)
    get_instance().log.run(lambda session: passkeys.remove(session, account.id, identifier))
    return _back()


@bp.post("/account/sessions/<token_hash>/end")
@account_required
def end_session(token_hash: str) -> Page:
    """End a session or a token, wherever it is."""
    require_valid(ActForm(request.form))
    account, ended = current_account(), read_id(token_hash)
    get_instance().log.run(lambda session: sessions.end_session(session, account.id, ended))
    return _back()


@bp.post("/account/tokens")
@steward_required()
def make_token() -> Page:
    """Make a token for a command line, and show it once."""
    require_valid(ActForm(request.form))
    instance, account = get_instance(), current_account()
    token = instance.log.run(
        lambda session: sessions.make_token(
            session, account.id, now=instance.clock(), random_bytes=instance.random_bytes
        )
    )
    return _page(token=token)


@bp.post("/account/invitations")
@steward_required()
def invite() -> Page:
    """Invite somebody to become a steward, and show the link once."""
    form = InvitationForm(request.form)
    require_valid(form)
    instance = get_instance()
    token = instance.log.run(
        lambda session: joining.invite(
            session,
            form.name.data or "",
            is_founder=False,
            now=instance.clock(),
            random_bytes=instance.random_bytes,
        )
    )
    link = f"{instance.config.url}{url_for('stewards_entry.join', token=token)}"
    return _page(invitation=link)


@bp.get("/bundle")
@account_required
def bundle() -> Response:
    """Give the steward's own wrapped keys.

    Raises:
        NotFoundError: This site keeps none.
    """
    with get_instance().database.reading() as session:
        wrapped = session.get_one(Account, current_account().id).wrapped_bundle
    if wrapped is None:
        raise NotFoundError("This site keeps no copy of your keys.")
    return Response(
        wrapped,
        content_type="application/octet-stream",
        headers={"Content-Disposition": _DOWNLOAD, "Cache-Control": "no-store"},
    )


@bp.post("/account/bundle/end")
@account_required
def forget_bundle() -> Page:
    """Keep the wrapped keys no longer; they stay with whoever has the file."""
    require_valid(ActForm(request.form))
    account = current_account()

    def work(session: Session) -> None:
        session.get_one(Account, account.id).wrapped_bundle = None

    get_instance().log.run(work)
    return _back()


def read_id(text: str) -> bytes:
    """Read an id of a path.

    Raises:
        MalformedError: It is not in hex.
    """
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise MalformedError("This address is not whole.") from None


def _back() -> AnyResponse:
    return redirect(url_for("stewards_account.page"), 303)
