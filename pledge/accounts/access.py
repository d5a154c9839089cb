"""Who asks: sessions of Flask-Login, whose ids are random tokens, and tokens of command lines.

A session ends on the server: the cookie holds a token that is looked up by its hash with every request.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlencode

from flask import Flask, Request, abort, redirect, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user
from werkzeug.wrappers import Response

from pledge.accounts import sessions
from pledge.accounts.keys import is_steward, key_of
from pledge.core.calendar import months_later
from pledge.errors import ForbiddenError
from pledge.instance import get_instance

P = ParamSpec("P")
R = TypeVar("R")

SIGN_IN_PATH = "/stewards/sign-in"
ROTATION_MONTHS = 1
_BEARER = "Bearer "


@dataclass(frozen=True, eq=False)
class CurrentAccount(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """Who is signed in for this request.

    Attributes:
        id: 16 bytes, of ``Account``.
        name: As colleagues know them.
        token: Of the session, or of the command line; a secret.
        by_token: Whether a command line asks, which may fetch and answer only.
    """

    id: bytes
    name: str
    token: str
    by_token: bool = False

    def get_id(self) -> str:
        """Give what the cookie names the session by."""
        return self.token


def add_accounts(app: Flask) -> None:
    """Let ``app`` know who asks.

    ``LoginManager.init_app`` is not called: it would look at the cookie with every answer, and so make every page of
    the site one that differs by cookie.
    """
    manager = LoginManager()
    manager.session_protection = None  # it would keep a hash of address and browser in the cookie
    manager.user_loader(_from_session)
    manager.request_loader(_from_header)
    app.login_manager = manager  # type: ignore[attr-defined]  # where Flask-Login looks for it
    app.jinja_env.globals["rotation_due"] = rotation_due


def rotation_due() -> date | None:
    """Give since when the key of whoever is signed in has held, where that is more than a month."""
    if not current_user.is_authenticated:
        return None
    instance, account = get_instance(), current_account()
    today = instance.clock().date()
    with instance.database.reading() as reading:
        key = key_of(reading, account.id, today)
    return None if key is None or months_later(key.from_, ROTATION_MONTHS) >= today else key.from_


def _from_session(token: str) -> CurrentAccount | None:
    instance = get_instance()
    with instance.database.reading() as reading:
        found = sessions.find_session(reading, token, now=instance.clock())
    return None if found is None else CurrentAccount(found.id, found.name, token)


def _from_header(asking: Request) -> CurrentAccount | None:
    header = asking.headers.get("Authorization", "")
    if not header.startswith(_BEARER):
        return None
    token = header.removeprefix(_BEARER)
    instance = get_instance()
    with instance.database.reading() as reading:
        found = sessions.find_token(reading, token, now=instance.clock())
    return None if found is None else CurrentAccount(found.id, found.name, token, by_token=True)


def current_account() -> CurrentAccount:
    """Give who is signed in, inside a view that asks for it.

    Raises:
        ForbiddenError: Nobody is.
    """
    user = current_user._get_current_object()  # noqa: SLF001  # Werkzeug's way through its proxy
    if not isinstance(user, CurrentAccount):
        raise ForbiddenError("You are not signed in.", code="signed-out")
    return user


def begin_session(account: bytes, name: str, token: str) -> None:
    """Put the token of a new session into the cookie, and nothing that was there before."""
    session.clear()
    login_user(CurrentAccount(account, name, token))
    session.pop("_id", None)  # a hash of address and browser


def account_required(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Let a view be called by whoever is signed in, steward or still to become one."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if not current_user.is_authenticated:
            return _ask_to_sign_in()
        if current_account().by_token:
            raise ForbiddenError("A token may fetch and answer, and nothing else.", code="token-narrow")
        return view(*args, **kwargs)

    return checked


def steward_required(*, allow_token: bool = False) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
    """Let a view be called by stewards only: accounts with a key that the log has and has not revoked.

    Args:
        allow_token: Whether a command line with a token may call it too.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R | Response]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R | Response:
            if not current_user.is_authenticated:
                return _ask_to_sign_in()
            account = current_account()
            if account.by_token and not allow_token:
                raise ForbiddenError("A token may fetch and answer, and nothing else.", code="token-narrow")
            with get_instance().database.reading() as reading:
                if not is_steward(reading, account.id):
                    raise ForbiddenError("This is for stewards whose keys are in the log.", code="no-steward")
            return view(*args, **kwargs)

        return checked

    return decorate


def _ask_to_sign_in() -> Response:
    """Lead people to the sign-in page and back; tell programs that they are nobody."""
    is_page = request.method == "GET" and request.accept_mimetypes.accept_html
    if not is_page or request.path.endswith(".json") or "Authorization" in request.headers:
        abort(401)
    return redirect(f"{SIGN_IN_PATH}?{urlencode({'next': request.path})}", 303)
