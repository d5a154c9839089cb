"""The base of all forms: a CSRF token bound to a cookie that holds nothing else, and a check of the Origin.

Both are needed: the token stops other sites, and the Origin header stops a page that somehow got a token.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import current_app, request, session
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectMultipleField
from wtforms.csrf.session import SessionCSRF
from wtforms.fields import choices

from pledge.errors import ForbiddenError, MalformedError
from pledge.web.onion import own_origin
from pledge.web.strings import WtformsStrings

_FORM_LIFE = timedelta(hours=12)


class SiteForm(Form):
    """A form of this site. Subclasses check syntax only and end in ``to_x()``, which returns a domain value.

    Args:
        posted: What was sent, where something was.

    Raises:
        MalformedError: A field of one value was sent twice; which was meant, nobody knows.
    """

    class Meta:
        """CSRF protection for every form, keyed by the instance's session key."""

        csrf = True
        csrf_class = SessionCSRF
        csrf_time_limit = _FORM_LIFE

        def get_translations(self, form: object) -> WtformsStrings:  # noqa: ARG002  # WTForms hands the form over
            """Say WTForms' own messages in the page's language."""
            return WtformsStrings()

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

    def __init__(self, posted: MultiDict[str, str] | None = None) -> None:
        super().__init__(posted)
        if posted is not None:
            _check_single(self, posted)

    @property
    def csrf_failed(self) -> bool:
        """Whether the token was missing, wrong or too old."""
        return bool(self.errors.get("csrf_token"))


def _check_single(form: Form, posted: MultiDict[str, str]) -> None:
    several = {name for name, field in form._fields.items() if isinstance(field, SelectMultipleField)}
    fields = [name for name, _ in posted.items(multi=True) if name not in several]
    files = [name for name, _ in request.files.items(multi=True)]
    if len(set(fields)) < len(fields) or len(set(files)) < len(files):
        raise MalformedError("A field of this form was sent twice. Load the page again.", code="sent-twice")


def choice(value: str, label: str) -> Any:  # noqa: ANN401  # the stubs do not know what to call it
    """Give one of the choices of a field."""
    return choices.SelectChoice(value, label)  # type: ignore[attr-defined]  # newer than the stubs


def check_origin(*, is_https: bool, onion: str | None = None) -> None:
    """Refuse a request that another site caused.

    Args:
        is_https: Whether people reach the site over TLS; behind a proxy the request itself does not know.
        onion: ``http://….onion``, where the same site is reached over Tor, if it is.

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
        is_ours = origin in {None, own_origin(is_https=is_https, onion=onion)}
    if not is_ours:
        raise ForbiddenError("This form must be sent from this site itself.", code="foreign-origin")


def check_text() -> None:
    """Refuse what is not text in UTF-8, before anything reads it with signs put in place of what it lacks.

    Files are text here too: signatures of ssh-keygen, in ASCII. NUL is no text, and PostgreSQL takes it in none. What
    is read as a stream is checked where it is read.

    Raises:
        MalformedError: The path, the query or the body holds something else.
    """
    query, body = unquote_to_bytes(request.query_string), request.get_data(cache=True)
    if request.mimetype == "application/x-www-form-urlencoded":
        body = unquote_to_bytes(body)
    try:
        texts = [request.path, query.decode(), body.decode()]
    except UnicodeDecodeError:
        raise MalformedError(
            "Something in this request is not text in UTF-8. Nothing was recorded.", code="not-text"
        ) from None
    if any("\0" in text for text in texts):
        raise MalformedError("Something in this request is not text. Nothing was recorded.", code="not-text")
