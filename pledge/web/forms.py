"""The base of all forms: a CSRF token bound to a cookie that holds nothing else, and a check of the Origin.

Both are needed: the token stops other sites, and the Origin header stops a page that somehow got a token.
"""

from datetime import timedelta
from typing import Any

from flask import current_app, request, session
from wtforms import Form
from wtforms.csrf.session import SessionCSRF
from wtforms.fields import choices

from pledge.errors import ForbiddenError, MalformedError

_FORM_LIFE = timedelta(hours=12)


class SiteForm(Form):
    """A form of this site. Subclasses check syntax only and end in ``to_x()``, which returns a domain value."""

    class Meta:
        """CSRF protection for every form, keyed by the instance's session key."""

        csrf = True
        csrf_class = SessionCSRF
        csrf_time_limit = _FORM_LIFE

        @property
        def csrf_secret(self) -> bytes:
            """The key of the token."""
            secret = current_app.secret_key
            if not isinstance(secret, bytes):
                raise TypeError("the session key is missing")
            return secret

        @property
        def csrf_context(self) -> object:
            """The cookie that the token is bound to."""
            return session

    @property
    def csrf_failed(self) -> bool:
        """Whether the token was missing, wrong or too old."""
        return bool(self.errors.get("csrf_token"))


def choice(value: str, label: str) -> Any:  # noqa: ANN401  # the stubs do not know what to call it
    """Give one of the choices of a field."""
    return choices.SelectChoice(value, label)  # type: ignore[attr-defined]  # newer than the stubs


def check_origin(*, is_https: bool) -> None:
    """Refuse a request that another site caused.

    Args:
        is_https: Whether people reach the site over TLS; behind a proxy the request itself does not know.

    Raises:
        ForbiddenError: ``Sec-Fetch-Site`` (or, from older browsers, ``Origin``) names another site. Neither is sent by
            a command line, which no other site can drive.
    """
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    fetch_site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if fetch_site is not None:
        is_ours = fetch_site == "same-origin"
    else:
        is_ours = origin in {None, f"{'https' if is_https else 'http'}://{request.host}"}
    if not is_ours:
        raise ForbiddenError("This form must be sent from this site itself.", code="foreign-origin")


def check_text() -> None:
    """Refuse NUL wherever it stands: it is no text, and PostgreSQL takes it in none.

    Raises:
        MalformedError: The path, the query or the form has one.
    """
    values = [*request.args.items(multi=True), *request.form.items(multi=True)]
    if "\0" in request.path or any("\0" in text for pair in values for text in pair):
        raise MalformedError("Something in this request is not text.")
