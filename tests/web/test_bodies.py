"""Bodies on every route: too long, cut off, of unknown length, of the wrong kind. None is spooled to disk."""

import tempfile
from io import BytesIO
from typing import IO, Any

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app
from werkzeug.wrappers import Request

from pledge.web.bodies import MAX_BODY_BYTES
from tests.route_kit import NO_FORM, Site, faults_of_error, prepare

pytestmark = pytest.mark.sqlite_only


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


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"csrf_token": "c0ffee", "name": "c0ffee"}'),
        ("text/plain", b"csrf_token=c0ffee"),
        ("", b"csrf_token=c0ffee"),
        ("multipart/form-data", b"csrf_token=c0ffee"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nc0ffee"),
        ("multipart/form-data; boundary=" + "x" * 300, b"c0ffee"),
        ("application/x-www-form-urlencoded; charset=utf-16", b"csrf_token=c0ffee"),
        ("application/x-www-form-urlencoded", b"\xff\xfe=\xff&csrf_token=%ff%00c0ffee"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=c0ffee" % n for n in range(20_000))),
    ],
)
def test_forms_of_other_kinds_are_refused(site: Site, content_type: str, body: bytes) -> None:
    before = site.size
    for path in posts(site):
        response = send(site, path, BytesIO(body), CONTENT_TYPE=content_type, CONTENT_LENGTH=str(len(body)))
        assert response.status_code in {400, 403, 413}, path
        assert faults_of_error(response) == [], path
    assert site.size == before


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
