"""Bodies on every route: too long, cut off, of unknown length, of the wrong kind. None is spooled to disk."""

import json
import re
import tempfile
from collections.abc import Callable
from io import BytesIO
from typing import IO, Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app
from werkzeug.wrappers import Request

from pledge.pledges.models import MailLink, Report
from pledge.web.bodies import MAX_BODY_BYTES
from tests.route_kit import NO_FORM, Site, faults_of_error, prepare
from tests.site_kit import csrf_token

pytestmark = pytest.mark.sqlite_only

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def site(shared_app: Flask) -> Site:
    return prepare(shared_app)


class Unreadable(BytesIO):
    """A body that must not be touched."""

    def read(self, _size: int | None = -1) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def send(site: Site, path: str, body: IO[bytes], **environ: str | None) -> TestResponse:
    """Send a request with exactly these variables; None leaves one out."""
    base: dict[str, Any] = EnvironBuilder(path=path, method="POST").get_environ()
    base |= {"wsgi.input": body, "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    for name, value in environ.items():
        base.pop(name, None)
        if value is not None:
            base[name] = value
    answer = run_wsgi_app(site.app, base, buffered=True)
    return TestResponse(*answer, request=Request(base))


def posts(site: Site) -> list[str]:
    return [site.real_path(rule) for rule in site.rules("POST") if rule.endpoint not in NO_FORM]


@pytest.mark.parametrize(
    ("status", "environ"),
    [
        (413, {"CONTENT_LENGTH": str(10 * 1024 * 1024)}),
        (413, {"CONTENT_LENGTH": str(MAX_BODY_BYTES + 1)}),
        (413, {"CONTENT_LENGTH": "9" * 5000}),
        (411, {"CONTENT_LENGTH": None}),
        (411, {"CONTENT_LENGTH": ""}),
        (411, {"CONTENT_LENGTH": "10", "HTTP_TRANSFER_ENCODING": "chunked"}),
        (400, {"CONTENT_LENGTH": "-1"}),
        (400, {"CONTENT_LENGTH": "1e3"}),
        (400, {"CONTENT_LENGTH": "²"}),
        (400, {"CONTENT_LENGTH": " 5"}),
    ],
)
def test_what_is_too_long_or_of_no_length_is_refused_unread(
    site: Site, status: int, environ: dict[str, str | None]
) -> None:
    before = site.size
    for path in [*posts(site), "/", "/nothing", "/badge/lab/mistral.svg", "/static/style.css"]:
        response = send(site, path, Unreadable(), **environ)
        assert response.status_code == status, path
        assert faults_of_error(response) == [], path
    assert site.size == before


def test_a_body_that_was_cut_off_is_refused(site: Site) -> None:
    body = b"csrf_token=x&name=Ada+Lovelace&address=c0ffee%40mistral.ai"
    for path in posts(site):
        for sent in (b"", body[:-1]):
            response = send(site, path, BytesIO(sent), CONTENT_LENGTH=str(len(body)))
            assert response.status_code == 400, path
            assert faults_of_error(response) == [], path


def test_a_body_with_a_question_for_a_page_is_read_or_refused_too(site: Site) -> None:
    assert send(site, "/", BytesIO(b"abc"), REQUEST_METHOD="GET", CONTENT_LENGTH="3").status_code == 200
    assert send(site, "/", BytesIO(b"ab"), REQUEST_METHOD="GET", CONTENT_LENGTH="3").status_code == 400
    assert send(site, "/", Unreadable(), REQUEST_METHOD="GET", CONTENT_LENGTH="999999999").status_code == 413


def form_of(client: FlaskClient) -> dict[str, str]:
    """What any form of the site may hold, with a token that is good."""
    token = csrf_token(client.get("/sign").text)
    return {
        "csrf_token": token,
        "version": "1",
        "name": "Lin Chen",
        "address": "lin@mistral.ai",
        "lab": "mistral",
        "reason": "own",
        "action": "withdraw",
        "reason_class": "other",
    }


def kept(site: Site) -> tuple[int, int, int, int]:
    """How many entries, links, reports and mails there are."""
    with site.instance.database.reading() as session:
        links, reports = (
            len(session.execute(select(table)).all()) for table in (MailLink.token_hash, Report.id)
        )
    return site.size, links, reports, len(site.instance.outbox.written())


def multipart(fields: dict[str, str], charset: str = "utf-8") -> bytes:
    parts = (
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return ("".join(parts) + "--x--\r\n").encode(charset)


def encoded(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (403, "application/json", lambda form: json.dumps(form).encode()),
        (403, "text/plain", encoded),
        (403, "", encoded),
        (403, "application/x-www-form-urlencoded, text/plain", encoded),
        (403, "multipart/form-data", multipart),
        (403, "multipart/form-data; boundary=y", multipart),
        (403, "multipart/form-data; boundary=" + "x" * 300, multipart),
        (400, "multipart/form-data; boundary=x", lambda form: multipart(form).replace(b"name=", b"title=")),
        (
            400,
            "application/x-www-form-urlencoded; charset=utf-16",
            lambda form: urlencode(form).encode("utf-16"),
        ),
        (400, "multipart/form-data; boundary=x", lambda form: multipart(form, "utf-16")),
        (400, FORM, lambda form: encoded(form) + b"&role=%ff%fe"),
        (400, FORM, lambda form: encoded(form) + b"&role=\xff\xfe"),
        (400, FORM, lambda form: encoded(form) + b"&text=%ED%A0%80x"),
        (400, FORM, lambda form: encoded(form) + b"&%C0%80=x"),
        (400, "multipart/form-data; boundary=x", lambda form: multipart(form | {"role": "\xff"}, "latin-1")),
        (400, "multipart/form-data; boundary=x", lambda form: multipart(form | {"\xff": "x"}, "latin-1")),
    ],
)
def test_what_is_not_a_form_in_utf_8_is_refused(
    site: Site, status: int, content_type: str, body: Callable[[dict[str, str]], bytes]
) -> None:
    client = site.app.test_client()
    form = form_of(client)
    before = kept(site)
    for path in posts(site):
        response = client.post(path, data=body(form), content_type=content_type)
        assert response.status_code == status, path
        assert faults_of_error(response) == [], path
    assert kept(site) == before


def test_the_same_form_in_utf_8_is_taken(site: Site) -> None:
    for kind, body in ((FORM, encoded), ("multipart/form-data; boundary=x", multipart)):
        client = site.app.test_client()
        before = kept(site)
        for role in ("Ingénieure", "%ff", "100 % 計算機"):
            response = client.post("/sign", data=body(form_of(client) | {"role": role}), content_type=kind)
            assert response.status_code == 303, role
        assert kept(site) == (before[0], before[1] + 3, before[2], before[3] + 3)


def test_a_query_that_is_not_utf_8_is_refused(site: Site) -> None:
    client = site.app.test_client()
    for query in ("q=%ff", "q=%ED%A0%80", "%C0%80=1", "q=%C3&lab=%A9", "x=%ff"):
        response = client.get(f"/signatories?{query}")
        assert response.status_code == 400, query
        assert faults_of_error(response) == [], query
    for query in ("q=%C3%A9", "q=%", "q=%zz", "q=%25ff"):
        assert client.get(f"/signatories?{query}").status_code == 200, query


def test_a_field_that_stands_twice_is_refused(site: Site) -> None:
    client = site.app.test_client()
    form = form_of(client)
    before = kept(site)
    for path in posts(site):
        for again in ("name=Bob", "csrf_token=" + form["csrf_token"], "unknown=1&unknown=2"):
            body = encoded(form) + b"&name=Ada&" + again.encode()
            response = client.post(path, data=body, content_type=FORM)
            assert response.status_code == 400, (path, again)
    for path in posts(site):
        file = b'--x\r\nContent-Disposition: form-data; name="armor_file"; filename="a"\r\n\r\nA\r\n'
        data = file + file + multipart(form)
        response = client.post(path, data=data, content_type="multipart/form-data; boundary=x")
        assert response.status_code == 400, path
    assert kept(site) == before


def test_clauses_may_be_several(site: Site) -> None:
    client = site.app.test_client()
    page = client.get("/sign").text
    clauses = re.findall(r'name="clauses"[^>]*value="([^"]+)"', page)
    assert len(clauses) > 1
    response = client.post("/sign", data=form_of(client) | {"clauses": clauses})
    assert response.status_code == 303


def test_a_thousand_parts_are_too_many(site: Site) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nc0ffee\r\n'
    body = part * 1000 + b"--x--\r\n"
    for path in posts(site):
        response = send(
            site,
            path,
            BytesIO(body),
            CONTENT_TYPE="multipart/form-data; boundary=x",
            CONTENT_LENGTH=str(len(body)),
        )
        assert response.status_code == 413, path
        assert faults_of_error(response) == [], path


def test_the_largest_upload_touches_no_disk(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was made")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    head = b'--x\r\nContent-Disposition: form-data; name="armor_file"; filename="a.sig"\r\n\r\n'
    body = head + b"A" * (MAX_BODY_BYTES - len(head) - 9) + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    for path in posts(site):
        response = send(site, path, BytesIO(body), CONTENT_TYPE=kind, CONTENT_LENGTH=str(len(body)))
        assert response.status_code in {400, 403}, path
