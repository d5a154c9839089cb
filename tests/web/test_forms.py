"""Who may post: only this site's own pages, with a token that is fresh and theirs."""

import hashlib
import hmac
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.route_kit import NO_FORM, Site, faults_of_error, prepare
from tests.site_kit import csrf_token

pytestmark = pytest.mark.sqlite_only


@pytest.fixture(scope="module")
def site(shared_app: Flask) -> Site:
    return prepare(shared_app)


def posts(site: Site) -> list[str]:
    return [site.real_path(rule) for rule in site.rules("POST") if rule.endpoint not in NO_FORM]


def expired(site: Site, client: FlaskClient) -> str:
    """A token that was good until yesterday, bound to the client's own cookie."""
    client.get("/sign")
    with client.session_transaction() as session:
        bound = session["csrf"]
    until = (datetime.now() - timedelta(days=1)).strftime("%Y%m%d%H%M%S")  # noqa: DTZ005  # WTForms counts in local time
    secret = site.instance.keys.session
    return until + "##" + hmac.new(secret, (bound + until).encode(), hashlib.sha1).hexdigest()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.org"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://localhost.evil.org"},
        {"Origin": "http://localhost:81"},
        {"Origin": "https://localhost"},
        {"Origin": "localhost"},
        {"Origin": "http://localhost/"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "nonsense"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    ],
)
def test_what_another_site_caused_is_refused(site: Site, headers: dict[str, str]) -> None:
    before = site.size
    client = site.app.test_client()
    token = csrf_token(client.get("/sign").text)
    for path in posts(site):
        response = client.post(path, data={"csrf_token": token, "name": "c0ffee"}, headers=headers)
        assert response.status_code == 403, path
        assert faults_of_error(response) == [], path
        assert "must be sent from this site itself" in response.text
    assert site.size == before


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}]
)
def test_our_own_pages_and_the_command_line_may_post(site: Site, headers: dict[str, str]) -> None:
    client = site.app.test_client()
    token = csrf_token(client.get("/change").text)
    posted = client.post("/change", data={"csrf_token": token, "address": "lin@example.org"}, headers=headers)
    assert posted.status_code == 303


def test_a_missing_foreign_old_or_senseless_token_is_refused(site: Site) -> None:
    before = site.size
    other = csrf_token(site.app.test_client().get("/sign").text)
    client = site.app.test_client()
    old = expired(site, client)
    for path in posts(site):
        for token in (None, "", "##", "c0ffee", "20990101000000##é", "\x00##\x00", other, old):
            data = {"name": "c0ffee"} | ({} if token is None else {"csrf_token": token})
            response = client.post(path, data=data)
            assert response.status_code == (400 if token and "\x00" in token else 403), (path, token)
            assert faults_of_error(response) == [], (path, token)
    assert site.size == before


def test_a_token_without_its_cookie_is_refused(site: Site) -> None:
    token = csrf_token(site.app.test_client().get("/sign").text)
    for path in posts(site):
        assert site.app.test_client().post(path, data={"csrf_token": token}).status_code == 403, path


def test_a_forged_cookie_is_refused(site: Site) -> None:
    client = site.app.test_client()
    token = csrf_token(client.get("/sign").text)
    cookie = client.get_cookie("form")
    assert cookie is not None
    for value in (cookie.value[:-1], cookie.value[:-6] + "AAAAAA", "", "a.b.c", "\\", "eyJ9"):
        client.set_cookie("form", value)
        assert client.post("/change", data={"csrf_token": token}).status_code == 403, value


def test_the_cookie_is_for_this_site_and_no_script(site: Site) -> None:
    header = site.app.test_client().get("/sign").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(header.split("; "))
    assert "Domain" not in header
    assert "Expires" not in header


def test_nul_is_refused_wherever_it_stands(site: Site) -> None:
    client = site.app.test_client()
    for path in posts(site):
        token = csrf_token(client.get("/sign").text)
        for data in ({"text": "c0ffee\0"}, {"c0ffee\0": "x"}):
            response = client.post(path, data={"csrf_token": token, **data})
            assert response.status_code == 400, path
            assert faults_of_error(response) == [], path
    for path in ("/labs/a%00b", "/signatories?q=%00", "/signatories?%00=a"):
        assert client.get(path).status_code in {400, 404}
