"""The application as a whole: HTTPS, headers, tables, and what it never says of itself."""

from dataclasses import replace

import pytest
from flask import Flask

from pledge.app import create_app
from pledge.instance import Instance
from pledge.web.bodies import MAX_BODY_BYTES
from tests.site_kit import Person, csrf_token

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def public(instance: Instance) -> Flask:
    """The application behind HTTPS."""
    return create_app(replace(instance, config=replace(instance.config, url="https://pledge.example.org")))


def test_behind_https_the_cookie_and_the_connection_are_held_to_it(public: Flask) -> None:
    response = public.test_client().get("/sign", base_url="https://pledge.example.org")
    assert response.headers["Set-Cookie"].startswith("__Host-form=")
    assert "Secure" in response.headers["Set-Cookie"]
    assert response.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    assert "https://pledge.example.org" in public.test_client().get("/labs/mistral").text


def test_behind_https_only_its_own_origin_may_post(public: Flask) -> None:
    client = public.test_client()
    token = csrf_token(client.get("/change", base_url="https://pledge.example.org").text)
    for origin, status in (("https://pledge.example.org", 303), ("http://pledge.example.org", 403)):
        response = client.post(
            "/change",
            base_url="https://pledge.example.org",
            data={"csrf_token": token, "address": "lin@example.org"},
            headers={"Origin": origin},
        )
        assert response.status_code == status, origin


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000"])
def test_a_trial_may_post_under_each_of_its_names(app: Flask, host: str) -> None:
    client = app.test_client()
    token = csrf_token(client.get("/change", base_url=f"http://{host}").text)
    for origin, status in ((f"http://{host}", 303), (f"https://{host}", 403)):
        response = client.post(
            "/change",
            base_url=f"http://{host}",
            data={"csrf_token": token, "address": "lin@example.org"},
            headers={"Origin": origin},
        )
        assert response.status_code == status, origin


def test_without_https_neither_is_said(app: Flask) -> None:
    response = app.test_client().get("/sign")
    assert "Strict-Transport-Security" not in response.headers
    assert "Secure" not in response.headers["Set-Cookie"]


def test_the_policy_for_scripts_allows_none_but_our_own(app: Flask) -> None:
    policy = app.test_client().get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    for page in ("/", "/sign", "/verify", "/labs"):
        text = app.test_client().get(page).text
        assert " onclick=" not in text
        assert " style=" not in text
        assert "<style" not in text


def test_only_forms_set_a_cookie(ada: Person, app: Flask) -> None:
    path = ada.sign_publicly()
    with_form = {"/sign", "/change", f"{path}/change", f"{path}/report"}
    for page in (
        *with_form,
        path,
        "/",
        "/labs",
        "/labs/mistral",
        "/signatories",
        "/privacy",
        "/verify",
        "/tallies.json",
    ):
        cookies = "Set-Cookie" in app.test_client().get(page).headers
        assert cookies == (page in with_form), page


def test_it_does_not_say_what_it_is_made_of(app: Flask) -> None:
    for page in ("/", "/nothing"):
        response = app.test_client().get(page)
        assert "Server" not in response.headers
        assert "X-Powered-By" not in response.headers
        assert "flask" not in response.text.lower()


def test_limits_of_flask_are_those_of_the_guard(app: Flask) -> None:
    assert app.config["MAX_CONTENT_LENGTH"] == app.config["MAX_FORM_MEMORY_SIZE"] == MAX_BODY_BYTES
    assert not app.debug
    assert not app.testing


def test_a_signing_binds_to_its_origin_only(ada: Person, public: Flask) -> None:
    link = ada.ask()
    other = Person(public, seed=ada.seed)
    page = other.client.get(link, base_url="https://pledge.example.org").text
    assert '"origin": "local-trial.invalid"' in page
