"""Applications that only this report serves, under the settings of ``pledge serve``: limits and comparisons.

``python -m tests.bench.apps NAME`` serves one of them.
"""

import os
import sys
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from pledge.app import create_app
from pledge.config import Config
from pledge.core import statement as st
from pledge.log.committer import Committer
from pledge.pledges.forms import SignatureForm
from pledge.pledges.views.signing import read_signature
from pledge.serve import serve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from pledge.log.service import Log

_BADGE = b"<svg/>" * 226  # as long as a badge
_HEADERS = [("Content-Type", "image/svg+xml"), ("Content-Length", str(len(_BADGE)))]
_SIGNING = "application/vnd.pledge.signing+json"


def _bare(_environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
    start_response("200 OK", _HEADERS)
    return [_BADGE]


def bare() -> "WSGIApplication":
    """Build the smallest application there is: the ceiling of what the server can do with Python behind it."""
    return _bare


def plain() -> Flask:
    """Build a Flask view of one line: what a badge would cost at least, were it a view."""
    app = Flask("plain")

    @app.get("/badge/lab/mistral.svg")
    def badge() -> Response:
        return Response(_BADGE, content_type="image/svg+xml")

    return app


def verifying() -> Flask:
    """Build the site with one route more, which reads and verifies a posted signature and does nothing else."""
    app = create_app()

    @app.post("/sign/<token>/verify")
    def verify(token: str) -> tuple[str, int]:
        signed = read_signature(SignatureForm(request.form))
        payload = signed.payload or b""
        statement = st.parse_statement(st.Envelope(payload, _SIGNING, (signed.signature,)))
        if not isinstance(statement, st.Signing) or len(token) != 64:
            raise TypeError("this is not a signing")
        st.verify_signatory(signed.key, signed.signature, st.pae(_SIGNING, payload))
        return "", 204

    return app


def one_by_one() -> Flask:
    """Build the site with a transaction, and so a write to the disk, for each request."""
    app = create_app()
    log: Log = app.extensions["pledge"].log
    log._committer = Committer(log.database, log._sequence, log._publish, max_batch=1)
    return app


if __name__ == "__main__":
    serve(Config.from_environment(os.environ), app=f"tests.bench.apps:{sys.argv[1]}")
