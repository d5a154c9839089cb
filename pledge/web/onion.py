"""One site at two addresses: over TLS for everybody, and as an onion service, whose scheme is http.

By which a request came, only its Host header says. Who lies about it there gets an answer that fits the lie, and nobody
else does.
"""

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface

_HTML = "text/html"
# Whose addresses are somebody's own, or where passkeys are bound to the name of the site.
_NOT_PUBLIC = ("/sign/", "/change/", "/receipts/", "/stewards/", "/stop/")


def add_onion(app: Flask, onion: str) -> None:
    """Serve ``app`` as an onion service too, and lead Tor Browser there.

    Args:
        app: The application.
        onion: ``http://….onion``.
    """
    app.session_interface = OnionSessions(onion)

    def lead(response: Response) -> Response:
        is_page = request.method == "GET" and response.status_code == 200 and response.mimetype == _HTML  # noqa: PLR2004  # OK
        if is_page and not is_onion(onion) and not request.path.startswith(_NOT_PUBLIC):
            query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
            response.headers.setdefault("Onion-Location", f"{onion}{_quoted_path()}{query}")
        return response

    app.after_request(lead)


def is_onion(onion: str | None) -> bool:
    """Say whether this request came by the onion service."""
    return onion is not None and f"http://{request.host}" == onion


def own_origin(*, is_https: bool, onion: str | None) -> str:
    """Give the origin of the page that a form of this request should have come from.

    Args:
        is_https: Whether people reach the site over TLS; behind a proxy the request itself does not know.
        onion: ``http://….onion``, where the same site is reached over Tor, if it is.
    """
    scheme = "https" if is_https and not is_onion(onion) else "http"
    return f"{scheme}://{request.host}"


class OnionSessions(SecureCookieSessionInterface):
    """Names the cookie so that browsers keep it at either address: a Secure one is for https alone."""

    def __init__(self, onion: str) -> None:
        super().__init__()
        self._onion = onion

    def get_cookie_name(self, app: Flask) -> str:
        name = super().get_cookie_name(app)
        return name.removeprefix("__Host-") if is_onion(self._onion) else name

    def get_cookie_secure(self, app: Flask) -> bool:
        return super().get_cookie_secure(app) and not is_onion(self._onion)


def _quoted_path() -> str:
    """Give the path as it was asked for, which stands in a header."""
    return request.full_path.partition("?")[0] if request.path.isascii() else "/"
