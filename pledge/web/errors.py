"""Errors as pages, and under ``/api/`` and for JSON readers as problem+json (RFC 9457). One table for all."""

import json
import logging
import secrets

from flask import Flask, Response, abort, make_response, render_template, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from pledge import errors
from pledge.errors import noop as _
from pledge.web.bodies import REFUSAL
from pledge.web.prepared import ALLOWED
from pledge.web.strings import gettext, said

logger = logging.getLogger(__name__)

STATUS: tuple[tuple[type[errors.PledgeError], int], ...] = (
    (errors.MalformedError, 400),
    (errors.NotUnderstoodError, 400),
    (errors.VerificationError, 400),
    (errors.ForbiddenError, 403),
    (errors.NotFoundError, 404),
    (errors.ConflictError, 409),
    (errors.LimitError, 429),
    (errors.UnavailableError, 503),
)

# Programs get these in English.
TEXTS: dict[int, tuple[str, str]] = {
    400: (
        _("This request does not make sense here"),
        _("Something in it is missing or not as it should be."),
    ),
    401: (_("You are not signed in"), _("Sign in first, or send a token that is still good.")),
    403: (
        _("This is not allowed"),
        _("The request came from another site, or the form was open for too long."),
    ),
    404: (_("There is nothing here"), _("The address may be mistyped, or what was here has gone.")),
    405: (_("Not this way"), _("This address exists, but not for this kind of request.")),
    408: (_("This took too long to arrive"), _("Nothing was recorded. Send it again.")),
    409: (_("Something changed in the meantime"), _("Nothing was recorded. Load the page again.")),
    410: (_("This is gone"), _("What was here was removed, and stays removed.")),
    411: (_("The request does not say how long it is"), _("Its Content-Length header is missing.")),
    413: (_("This is too large"), _("Forms here are small. Nothing was kept.")),
    415: (_("This kind of content is not read here"), _("Send the form as the page does.")),
    429: (_("Too many requests"), _("Nothing was recorded. Try again later.")),
    500: (
        _("Something broke on our side"),
        _("Nothing you did caused this. What was confirmed to you is safe."),
    ),
    503: (_("Not available right now"), _("Nothing was recorded. Try again in a few minutes.")),
}


def status_of(error: errors.PledgeError) -> int:
    """Give the HTTP status of an error, 400 where no kind says otherwise."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 400)


def add_error_pages(app: Flask) -> None:
    """Answer every error of ``app`` with a page or a problem document, never with a trace."""

    def from_pledge(error: errors.PledgeError) -> Response:
        return problem(status_of(error), error=error, code=error.code)

    def from_http(error: HTTPException) -> Response:
        response = problem(error.code or 500)
        if error.code == 405 and "Allow" in (headers := dict(error.get_headers())):  # noqa: PLR2004  # 405's own header
            response.headers["Allow"] = headers["Allow"]
        return response

    def from_database(error: OperationalError) -> Response:
        logger.error("database: %s", error.orig.__class__.__name__)
        return problem(503)

    def from_bug(error: Exception) -> Response:
        reference = secrets.token_hex(4)
        logger.error("error %s in %s: %s", reference, request.endpoint, _trace(error))
        return problem(500, code=f"error-{reference}")

    def log_unanswered(exc_info: object) -> None:
        """Log what broke while answering with an error. Flask would log the path, which may hold a token."""
        error = exc_info[1] if isinstance(exc_info, tuple) else None
        logger.error("while answering: %s", _trace(error) if isinstance(error, Exception) else "no error")

    def refuse_early() -> None:
        """Refuse what was found wrong before Flask was asked."""
        if REFUSAL in request.environ:
            abort(request.environ[REFUSAL])
        if ALLOWED in request.environ:
            raise MethodNotAllowed(request.environ[ALLOWED])

    app.register_error_handler(errors.PledgeError, from_pledge)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(OperationalError, from_database)
    app.register_error_handler(Exception, from_bug)
    app.before_request(refuse_early)
    app.log_exception = log_unanswered  # type: ignore[method-assign]  # Flask's documented way to log otherwise


def problem(status: int, *, error: errors.PledgeError | None = None, code: str | None = None) -> Response:
    """Answer with an error.

    Args:
        status: One of ``TEXTS``; others are shown as 400 or 500.
        error: Its message is shown to the requester; the status's own text by default.
        code: Stable, for programs.
    """
    known = status if status in TEXTS else (500 if status >= 500 else 400)  # noqa: PLR2004  # the server's errors
    title, text = TEXTS[known]
    if _wants_json():
        body = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": text if error is None else str(error),
            "code": code or f"http-{status}",
        }
        response = Response(json.dumps(body), status=status, content_type="application/problem+json")
    else:
        message = gettext(text) if error is None else said(error)
        page = render_template(
            "errors/error.html", status=known, title=gettext(title), message=message, code=code
        )
        response = make_response(page, status)
    if status in {429, 503}:
        response.headers["Retry-After"] = "60"
    return response


_OF_PROGRAMS = "application/octet-stream"
"""No form is sent as this; whoever does so reads an answer's members and shows no page."""


def _wants_json() -> bool:
    if request.path.startswith("/api/") or request.path.endswith(".json"):
        return True
    if request.method == "POST" and request.mimetype == _OF_PROGRAMS:
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best in {"application/json", "application/problem+json"}


def _trace(error: Exception) -> str:
    """Name where an error arose, without any value: messages may quote what a person sent."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return f"{type(error).__name__} at " + " < ".join(reversed(places[-8:]))
