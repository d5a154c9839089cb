"""A badge is not there for a moment when the database is not."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from pledge.web.prepared import Answer, PreparedAnswers


def test_a_database_that_fails_gives_503_and_nothing_is_kept() -> None:
    fails = [True]

    def render(path: str) -> Answer:
        if fails[0]:
            raise OperationalError("SELECT 1", {}, Exception("locked"))
        return Answer(path.encode(), "text/plain", "no-cache")

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise AssertionError("nobody else is asked")

    client = Client(PreparedAnswers(app, {"badge": render}, lambda: 1))
    busy = client.get("/badge/x")
    assert (busy.status_code, busy.headers["Cache-Control"], busy.data) == (503, "no-store", b"")
    fails[0] = False
    assert client.get("/badge/x").data == b"/badge/x"
