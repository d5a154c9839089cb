"""One instance at two addresses: https for everybody, and an onion service, whose scheme is http."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from flask import Flask
from werkzeug.test import TestResponse

from pledge.app import open_site
from pledge.cli import main
from pledge.config import Config, ConfigError
from tests.site_kit import make_app, make_config

HOST = "a" * 55 + "d.onion"
ONION = f"http://{HOST}"
REFUSED = "This form must be sent from this site itself."
URL = "https://pledge.example.org"
SETTINGS = {"PLEDGE_URL": URL, "PLEDGE_MAIL_URL": "smtp://localhost", "PLEDGE_ONION": ONION}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    home = tmp_path_factory.mktemp("onion") / "home"
    names = ("--origin", "pledge.example.org", "--operator", "A Foundation", "--contact", "hello@example.org")
    founded = CliRunner().invoke(main, ["init", *names], env={"PLEDGE_HOME": str(home), **SETTINGS})
    assert founded.exit_code == 0, founded.output
    opened = open_site(make_config(home, **SETTINGS))
    yield make_app(opened)
    opened.database.close()


def post(site: Flask, host: str, **headers: str) -> TestResponse:
    return site.test_client().post("/sign", headers={"Host": host, **headers}, data={"name": "Ada"})


@pytest.mark.parametrize(
    ("host", "origin", "is_ours"),
    [
        ("pledge.example.org", URL, True),
        (HOST, ONION, True),
        (HOST, URL, False),
        ("pledge.example.org", ONION, False),
        ("pledge.example.org", "http://pledge.example.org", False),
        (HOST, f"https://{HOST}", False),
        (HOST, "http://" + "b" * 55 + "d.onion", False),
        (HOST, "null", False),
    ],
)
def test_each_address_takes_forms_from_itself_only(
    site: Flask, host: str, origin: str, *, is_ours: bool
) -> None:
    answer = post(site, host, Origin=origin)
    assert (REFUSED not in answer.text) is is_ours, answer.text


def test_browsers_that_say_where_from_are_believed(site: Flask) -> None:
    assert post(site, HOST, **{"Sec-Fetch-Site": "same-origin"}).text.count(REFUSED) == 0
    assert post(site, HOST, **{"Sec-Fetch-Site": "cross-site", "Origin": ONION}).text.count(REFUSED) == 1


def test_a_cookie_is_kept_at_either_address(site: Flask) -> None:
    """A cookie with Secure or __Host- may be refused where the scheme is http."""
    secure = site.test_client().get("/sign", headers={"Host": "pledge.example.org"}).headers["Set-Cookie"]
    assert secure.startswith("__Host-form=")
    assert "Secure" in secure
    plain = site.test_client().get("/sign", headers={"Host": HOST}).headers["Set-Cookie"]
    assert plain.startswith("form=")
    assert "Secure" not in plain


def test_a_form_goes_through_at_the_onion(site: Flask) -> None:
    client = site.test_client()
    page = client.get("/sign", base_url=ONION)
    token = page.text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    assert token
    answer = client.post("/sign", base_url=ONION, data={"csrf_token": token}, headers={"Origin": ONION})
    assert "expired" not in answer.text.lower()
    assert answer.status_code in {200, 400, 422}
    assert REFUSED not in answer.text


def test_pages_lead_tor_browser_to_the_onion(site: Flask) -> None:
    client = site.test_client()
    for path in ("/", "/tips/new", "/labs?x=1"):
        answer = client.get(path, base_url=URL)
        assert answer.headers["Onion-Location"] == f"{ONION}{path}", path
    assert "Strict-Transport-Security" in client.get("/", base_url=URL).headers
    there = client.get("/", base_url=ONION)
    assert "Onion-Location" not in there.headers
    assert "Strict-Transport-Security" not in there.headers


@pytest.mark.parametrize("path", ["/nothing", "/stewards/sign-in", "/sign/" + "0" * 64, "/robots.txt"])
def test_pages_that_are_nobody_else_s_lead_nowhere(site: Flask, path: str) -> None:
    """Paths that hold a secret, errors, what is no page, and where passkeys are bound to one name."""
    assert "Onion-Location" not in site.test_client().get(path, base_url=URL).headers


@pytest.mark.parametrize(
    "wrong", ["https://" + HOST, "http://short.onion", ONION + "/", HOST, "http://example.org"]
)
def test_an_onion_address_is_one(wrong: str) -> None:
    with pytest.raises(ConfigError, match="PLEDGE_ONION"):
        Config.from_environment({"PLEDGE_ONION": wrong})
