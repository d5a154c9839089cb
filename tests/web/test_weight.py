"""No page weighs more than 50 kB, pictures aside, and none waits for a script: all that a browser fetches for it."""

import gzip
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.route_kit import Site, pages_of, prepare
from tests.steward_kit import Steward, found_stewards

pytestmark = pytest.mark.sqlite_only

MOST = 50_000
"""Compressed bytes of a page with its styles and scripts; but for the age library, which comes after it."""

_SCRIPT = re.compile(r"<script\b([^>]*)>")
_FETCHED = re.compile(r'<(?:link rel="stylesheet" href|script[^>]* src)="(/static/[^"]+)"')


@pytest.fixture(scope="module")
def site(shared_app: Flask) -> Site:
    return prepare(shared_app)


@pytest.fixture(scope="module")
def steward(site: Site) -> Steward:
    return found_stewards(site.instance, 3)[0]


def weigh(client: FlaskClient, page: str) -> int:
    """Give the compressed bytes of a page and of what it names, in levels that servers use."""
    bodies = [page.encode()]
    for address in _FETCHED.findall(page):
        with client.get(address) as response:
            bodies.append(response.data)
    return sum(len(gzip.compress(body, compresslevel=6)) for body in bodies)


def heavy(site: Site, client: FlaskClient) -> dict[str, int]:
    weights = {name: weigh(client, page) for name, page in pages_of(site, client)}
    assert len(weights) > 30  # pages there are
    return {name: weight for name, weight in weights.items() if weight > MOST}


def test_no_page_is_heavy(site: Site, steward: Steward) -> None:
    assert heavy(site, site.app.test_client()) == {}
    assert heavy(site, steward.sign_in(site.app)) == {}


def test_no_page_waits_for_a_script(site: Site, steward: Steward) -> None:
    for client in (site.app.test_client(), steward.sign_in(site.app)):
        for name, page in pages_of(site, client):
            for attributes in _SCRIPT.findall(page):
                is_late = 'type="module"' in attributes
                is_data = re.search(r'type="application/(ld\+)?json"', attributes)
                assert is_late or is_data, name
