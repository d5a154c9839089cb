"""Getting in: invitations, passwords with a code app, passkeys; and out again."""

from typing import Any

import segno
from flask import Blueprint, redirect, render_template, request, session, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from pledge.accounts import joining, passkeys, sessions, signing_in
from pledge.accounts.access import SIGN_IN_PATH, account_required, begin_session, current_account
from pledge.accounts.forms import (
    ActForm,
    PasskeyForm,
    PasswordForm,
    SignInForm,
    require_token,
    require_valid,
)
from pledge.accounts.secrets import hash_token
from pledge.core import totp
from pledge.errors import ForbiddenError, MalformedError, UnavailableError
from pledge.instance import get_instance
from pledge.web.errors import status_of
from pledge.web.strings import said

bp = Blueprint("stewards_entry", __name__, url_prefix="/stewards")

_AFTER = "/stewards/account"
Page = str | tuple[str, int] | Response


@bp.get("/sign-in")
@bp.get("/sign-in/passkey")
def sign_in() -> Page:
    """Ask who somebody is; also whoever loads again what was refused."""
    return _sign_in_page(SignInForm())


@bp.post("/sign-in")
def sign_in_post() -> Page:
    """Sign in with a password and a second factor."""
    form = SignInForm(request.form)
    if not form.validate():
        require_token(form)
        return _sign_in_page(form), 400
    try:
        entered = signing_in.sign_in(get_instance(), form.to_credentials())
    except (ForbiddenError, UnavailableError) as error:
        return _sign_in_page(form, error=said(error)), status_of(error)
    return _enter(entered)


@bp.post("/sign-in/passkey")
def sign_in_with_passkey() -> Page:
    """Sign in with a passkey."""
    form = PasskeyForm(request.form)
    require_valid(form)
    return _enter(passkeys.sign_in(get_instance(), form.to_response()))


@bp.post("/sign-out")
@account_required
def sign_out() -> Page:
    """End this session, here and in the browser."""
    require_valid(ActForm(request.form))
    account = current_account()
    get_instance().log.run(
        lambda writing: sessions.end_session(writing, account.id, hash_token(account.token))
    )
    session.clear()
    return redirect(SIGN_IN_PATH, 303)


@bp.get("/join/<token>")
def join(token: str) -> Page:
    """Show an invitation. Uses nothing up: messengers follow links."""
    instance = get_instance()
    form = PasswordForm()
    form.secret.data = totp.format_secret(instance.random_bytes(totp.SECRET_BYTES))
    return _join_page(token, form)


@bp.post("/join/<token>")
def join_post(token: str) -> Page:
    """Make an account with a password and a code app; show the recovery codes, once."""
    instance = get_instance()
    form = PasswordForm(request.form)
    if not form.validate():
        require_token(form)
        return _join_page(token, form), 400
    try:
        entered, codes = joining.join_with_password(instance, token, form.to_password())
    except (MalformedError, UnavailableError) as error:
        return _join_page(token, form, error=said(error)), status_of(error)
    begin_session(entered.id, entered.name, entered.token)
    return render_template("stewards/codes.html", codes=codes, name=entered.name)


@bp.post("/join/<token>/passkey")
def join_with_passkey(token: str) -> Page:
    """Make an account with a passkey."""
    form = PasskeyForm(request.form)
    require_valid(form)
    handle = _handle(token)
    return _enter(passkeys.join(get_instance(), token, handle, form.to_response()))


def _enter(entered: signing_in.SignedIn) -> Response:
    begin_session(entered.id, entered.name, entered.token)
    wanted = request.form.get("next", "")
    is_ours = (
        wanted.startswith("/stewards/") and "//" not in wanted and wanted.isascii() and "\\" not in wanted
    )
    return redirect(wanted if is_ours and wanted.isprintable() else _AFTER, 303)


def _sign_in_page(form: SignInForm, *, error: str | None = None) -> str:
    return render_template(
        "stewards/sign_in.html",
        form=form,
        error=error,
        next=request.values.get("next", ""),
        options=passkeys.sign_in_options(get_instance()),
    )


def _join_page(token: str, form: PasswordForm, *, error: str | None = None) -> str:
    instance = get_instance()
    with instance.database.reading() as reading:
        invitation = joining.find_invitation(reading, token, now=instance.clock())
    return render_template(
        "stewards/join.html",
        form=form,
        error=error,
        token=token,
        name=invitation.name,
        is_founder=invitation.is_founder,
        app=code_app(form, invitation.name),
        options=passkeys.registration_options(
            instance, handle=_handle(token), name=invitation.name, known=()
        ),
        passkey_action=url_for("stewards_entry.join_with_passkey", token=token),
    )


def code_app(form: PasswordForm, name: str) -> dict[str, Any]:
    """Give what a code app is told: as a picture, a link and letters.

    Raises:
        MalformedError: The form's secret is none.
    """
    secret = totp.parse_secret(form.secret.data or "")
    uri = totp.provisioning_uri(secret, name=name, issuer=get_instance().keys.origin)
    picture = segno.make(uri, error="m").svg_inline(scale=4, svgclass="qr", lineclass=None, omitsize=False)
    return {
        "uri": uri,
        "letters": totp.format_secret(secret),
        # Of our own making: the library writes nothing of the address but black squares.
        "picture": Markup(picture),  # noqa: S704
    }


def _handle(token: str) -> bytes:
    """By which a device keeps a passkey that is made before there is an account; it tells nothing of the token."""
    return hash_token(f"passkey/{token}")
