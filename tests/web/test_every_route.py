"""Bad input on every route: what is not there, what nobody should send, and the wrong way to send it."""

import json
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.route_kit import HOSTILE, SECURITY_HEADERS, UNKNOWN, Site, faults_of_error, fill, prepare

pytestmark = pytest.mark.sqlite_only

FOR_OTHER_SITES = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}

_QUERY = ("q", "lab", "assurance", "after", "before", "action", "reason", "key")


@pytest.fixture(scope="module")
def site(shared_app: Flask) -> Site:
    return prepare(shared_app)


@pytest.fixture(autouse=True)
def _log_stays_as_it_is(site: Site) -> Iterator[None]:
    before = site.size
    yield
    assert site.size == before


def test_every_page_shows_what_is_there(site: Site) -> None:
    client = site.app.test_client()
    expected = {"texts.diff": 404, "signing.download": 400, "changes.download": 400}
    expected |= {"changes.changed": 404, "changes.erased": 404}  # nothing was changed
    expected |= {"badges.oembed": 404}  # no address was given
    for rule in site.rules("GET"):
        is_for_others = rule.rule.startswith("/api/") or rule.endpoint.startswith("open_badges.")
        headers = SECURITY_HEADERS | (FOR_OTHER_SITES if is_for_others else {})
        for method in ("GET", "HEAD"):
            with client.open(site.real_path(rule), method=method) as response:
                assert response.status_code == expected.get(rule.endpoint, 200), rule
                assert {name: response.headers[name] for name in headers} == headers, rule
                assert response.headers["Content-Security-Policy"], rule
                assert response.headers["Cache-Control"], rule


def test_what_is_not_there_is_a_page_that_says_so_and_repeats_nothing(site: Site) -> None:
    client = site.app.test_client()
    faults = {}
    for rule in site.rules("GET"):
        if not rule.arguments:
            continue
        response = client.get(fill(rule, UNKNOWN.__getitem__))
        if response.status_code not in {400, 404, 409} or faults_of_error(response):
            faults[rule.rule] = (response.status_code, faults_of_error(response))
    assert faults == {}


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_paths_are_refused_with_a_page(
    site: Site, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = site.app.test_client()
    faults = {}
    for rule in site.rules("GET"):
        if not rule.arguments:
            continue
        response = client.get(fill(rule, lambda _: value))
        if response.status_code not in {400, 404, 409} or faults_of_error(response):
            faults[rule.rule] = (response.status_code, faults_of_error(response))
    assert faults == {}
    assert caplog.records == []


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries_never_break_a_page(site: Site, value: str, caplog: pytest.LogCaptureFixture) -> None:
    client = site.app.test_client()
    query = "&".join(f"{name}={value}&{name}={value}" for name in _QUERY)
    for rule in site.rules("GET"):
        response = client.get(f"{site.real_path(rule)}?{query}")
        with response:
            assert response.status_code < 500, rule
            if response.status_code >= 400 and not response.is_json:
                assert faults_of_error(response) == [], rule
    assert caplog.records == []


def test_wrong_methods_are_405_and_say_which_are_right(site: Site) -> None:
    client = site.app.test_client()
    urls = site.app.url_map.bind("localhost")
    allowed: dict[str, set[str]] = {}
    paths: dict[str, str] = {}
    for rule in [rule for method in ("GET", "POST") for rule in site.rules(method)]:
        paths[rule.rule] = site.real_path(rule)
        allowed[rule.rule] = set(urls.allowed_methods(paths[rule.rule]))
    for rule_text, methods in allowed.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} - methods:
            response = client.open(paths[rule_text], method=method, environ_overrides={"CONTENT_LENGTH": "0"})
            assert response.status_code == 405, (rule_text, method)
            assert set(response.headers["Allow"].split(", ")) == methods, (rule_text, method)
            assert response.is_json or faults_of_error(response) == [], (rule_text, method)


@pytest.mark.parametrize("accept", ["application/json", "application/problem+json", "application/*"])
def test_programs_get_errors_as_problem_documents(site: Site, accept: str) -> None:
    client = site.app.test_client()
    for rule in site.rules("GET"):
        if not rule.arguments:
            continue
        response = client.get(fill(rule, UNKNOWN.__getitem__), headers={"Accept": accept})
        assert response.content_type == "application/problem+json", rule
        problem = json.loads(response.data)
        assert set(problem) == {"type", "title", "status", "detail", "code"}, rule
        assert problem["status"] == response.status_code, rule
        assert "c0ffee" not in response.text, rule
        assert response.headers["Cache-Control"] == "no-store", rule


@pytest.mark.parametrize("accept", ["", "*/*", "text/html", "image/png", "a/b/c,;q=x", "text/*;q=0.1"])
def test_everybody_else_gets_a_page(site: Site, accept: str) -> None:
    response = site.app.test_client().get("/nothing", headers={"Accept": accept})
    assert response.status_code == 404
    assert faults_of_error(response) == []


@pytest.mark.parametrize(
    "host", ["..", "a" * 70 + ".org", "[::1", "a b", "x\xff", "a/b", "a@b", "evil.org", "a:99999"]
)
def test_hostile_host_headers_lead_nowhere(site: Site, host: str, caplog: pytest.LogCaptureFixture) -> None:
    client = site.app.test_client()
    for path in ("/", "/labs/", "/nothing"):
        response = client.get(path, headers={"Host": host})
        assert response.status_code in {200, 400, 404}, path
        assert host not in response.text.replace("x", "") or host == "..", path
    assert caplog.records == []


def test_double_slashes_lead_to_this_site_only(site: Site) -> None:
    client = site.app.test_client()
    for path in ("//labs", "//evil.org//labs", "/labs//mistral", "//evil.org/%2e%2e"):
        response = client.get("/", environ_overrides={"PATH_INFO": path})
        location = response.headers.get("Location", "/")
        assert location.startswith(("/", "http://localhost/")), path
        assert not location.startswith("//"), path
