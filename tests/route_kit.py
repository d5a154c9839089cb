"""Every route of the application, filled in: with what is there, with what is not, with what nobody should send."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from pledge.following.followers import stop_path
from pledge.instance import Instance
from pledge.log.service import tree_size
from pledge.pledges.contacts import stop_token
from pledge.pledges.models import Signing
from tests.site_kit import Person, csrf_token, newest_mail

SECURITY_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

UNKNOWN = {
    "token": "c0ffee" * 10 + "abcd",
    "public_id": "c0ffee" * 5 + "ab",
    "slug": "c0ffee-slug",
    "version": 77,
    "index": 77,
    "filename": "c0ffee.js",
    "id": "c0ffee" * 5 + "ab",
    "kind": "c0ffee",
    "follower": "c0ffee" * 5 + "ab",
}
"""Things of the right form that are not there; none may be repeated by an error."""

OWN_TESTS = ("tip_", "inbox", "stewards")
"""Blueprints that begin so take no form of a signatory's: tests/tips and tests/accounts try them."""

NO_FORM = {"news.stop", "following.stop", "following.ask_hub"}
"""What takes a POST from anybody, without a page and its token: stopping by a link, and what programs ask."""

HOSTILE = (
    "%00",
    "a%00b",
    "%ff%fe",
    "%ED%A0%80",
    "..%2f..%2fetc",
    "😀",
    "a" * 5000,
    "9" * 30,
    "9" * 5000,
    "٣",
    "%",
    "'\"<script>",
)


@dataclass(frozen=True)
class Site:
    """An application with one signing, one link to sign and one to change."""

    app: Flask
    real: Mapping[str, Mapping[str, object]]

    @property
    def instance(self) -> Instance:
        found: Instance = self.app.extensions["pledge"]
        return found

    @property
    def size(self) -> int:
        with self.instance.database.reading() as session:
            return tree_size(session)

    def rules(self, method: str) -> Iterator[Rule]:
        """All rules that answer a method."""
        for rule in self.app.url_map.iter_rules():
            if method in (rule.methods or ()) and not rule.endpoint.startswith(OWN_TESTS):
                yield rule

    def real_path(self, rule: Rule) -> str:
        """The rule's path with things that are there."""
        return fill(rule, lambda name: self.real.get(rule.endpoint, self.real[""])[name])


def fill(rule: Rule, value: Callable[[str], object]) -> str:
    """Give a rule's path with values for its arguments."""
    parts = rule.rule.split("<")
    filled = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition(">")
        filled += [str(value(name.rpartition(":")[2])), rest]
    return "".join(filled)


def prepare(app: Flask) -> Site:
    """Sign once, and ask for links that nobody uses."""
    ada, grace = Person(app), Person(app, name="Grace Hopper", address="grace@mistral.ai")
    receipt = ada.sign(reason="Because it matters.").rpartition("/")[2]
    sign_token = grace.ask().rpartition("/")[2]
    change_token = ada.ask().rpartition("/")[2]  # who has signed gets a link to change that
    instance: Instance = app.extensions["pledge"]
    follow = {
        "csrf_token": csrf_token(ada.client.get("/follow").text),
        "address": ada.address,
        "topic": "all",
    }
    ada.client.post("/follow", data=follow)
    confirm_token = newest_mail(instance)["text"].partition("/follow/confirm/")[2][:64]
    follower, _, end_token = (
        stop_path(instance.keys.contacts, bytes(16)).removeprefix("/follow/stop/").partition("/")
    )
    with instance.database.reading() as session:
        sha256 = session.scalars(select(Signing.sha256)).one()
    common: dict[str, object] = {
        "token": sign_token,
        "public_id": sha256.hex()[:32],
        "version": 1,
        "index": 1,
        "filename": "style.css",
        "slug": "against-reckless-scaling",
        "id": sha256.hex()[:32],
        "kind": "pledge",
        "follower": follower,
    }
    lab = common | {"slug": "mistral"}
    changing = common | {"token": change_token}
    receipts = common | {"token": receipt}
    stopping = common | {"token": stop_token(instance.keys.contacts, sha256)}
    return Site(
        app,
        {
            "": common,
            "changes.by_mail": changing,
            "changes.by_mail_post": changing,
            "receipts.page": receipts,
            "receipts.private_file": receipts,
            "receipts.calendar": receipts,
            "news.ask": stopping,
            "following.confirm": common | {"token": confirm_token},
            "following.confirm_post": common | {"token": confirm_token},
            "following.ask_to_stop": common | {"token": end_token},
            "pages.lab": lab,
            "headcounts.ask": lab,
            "headcounts.propose": lab,
            "headcounts.thanks": lab,
            "api.getLab": lab,
            "api.getHistory": lab,
        },
    )


def faults_of_error(response: TestResponse) -> list[str]:
    """Say what an error lacks: a designed page, security headers, not to be stored."""
    headers = response.headers
    found = [
        f"{name}: {headers.get(name)}"
        for name, value in SECURITY_HEADERS.items()
        if headers.get(name) != value
    ]
    if not 400 <= response.status_code < 500:
        found.append(f"status {response.status_code}")
    path = response.request.path
    if path.startswith("/api/") or path.endswith(".json"):
        if headers["Content-Type"] != "application/problem+json":
            found.append("not a problem document")
    elif "<main" not in response.get_data(as_text=True) or "text/html" not in headers["Content-Type"]:
        found.append("not a designed page")
    if headers.get("Cache-Control") != "no-store":
        found.append(f"Cache-Control: {headers.get('Cache-Control')}")
    if "default-src 'none'" not in headers.get("Content-Security-Policy", ""):
        found.append("no Content-Security-Policy")
    if "c0ffee" in response.get_data(as_text=True) or "Traceback" in response.get_data(as_text=True):
        found.append("repeats what was sent")
    return found


def pages_of(site: Site, client: FlaskClient) -> Iterator[tuple[str, str]]:
    """Every page that a browser can be shown at the addresses that the routes take."""
    here = {rule.endpoint for rule in site.rules("GET")}
    for rule in site.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and (not rule.arguments or rule.endpoint in here):
            page = page_at(client, site.real_path(rule))
            if page:
                yield rule.rule, page


def page_at(client: FlaskClient, path: str) -> str:
    """The page at an address; empty where there is none."""
    with client.get(path) as response:
        is_page = response.mimetype == "text/html"
        return response.get_data(as_text=True) if is_page else ""
