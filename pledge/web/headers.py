"""Security headers, the same on every page."""

from flask import Flask, Response, request

from pledge.web.onion import is_onion

_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)

_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not no-referrer: browsers would then send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def add_security_headers(app: Flask, *, is_https: bool, onion: str | None = None) -> None:
    """Set the headers on every answer of ``app``; pages are not stored by caches unless a view says so.

    Args:
        app: The application.
        is_https: Whether people reach the site over TLS.
        onion: ``http://….onion``, where the same site is reached over Tor, if it is.
    """

    def apply(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if is_https and not is_onion(onion):
            response.headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
        if request.endpoint != "static" or response.status_code >= 400:  # noqa: PLR2004  # an error
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.after_request(apply)
