"""The log over HTTP: the paths and headers that any client of C2SP tlog-tiles counts on."""

import secrets

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.core.policy import parse_policy, verify_checkpoint
from pledge.core.receipt import parse_receipt
from pledge.core.tlog.checkpoint import parse_checkpoint
from pledge.core.tlog.note import parse_note
from pledge.core.tlog.proof import parse_tlog_proof, verify_inclusion
from pledge.core.tlog.tile import inclusion_proof, parse_bundle
from pledge.core.tlog.tile_path import Tile, format_tile_path
from pledge.core.tlog.tree import leaf_hash, root_hash
from pledge.instance import Instance
from pledge.log.notary import log_statement
from tests.route_kit import faults_of_error
from tests.site_kit import START, Person, make_app

FULL = 256


@pytest.fixture
def client(app: Flask, instance: Instance) -> FlaskClient:
    """A log of a little over one full tile."""

    def fill(session: Session) -> None:
        for n in range(FULL + 20):
            statement = st.Lab(
                origin=instance.notary.origin,
                day=START.date(),
                slug=f"lab-{n}",
                name="Lab",
                domains=(),
                headcount=(),
            )
            log_statement(session, statement, notary=instance.notary, random_bytes=secrets.token_bytes)

    instance.log.run(fill)
    return app.test_client()


def test_a_client_rebuilds_the_tree_from_what_is_served(client: FlaskClient) -> None:
    checkpoint = client.get("/log/checkpoint")
    assert checkpoint.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert 0 < int(checkpoint.headers["Cache-Control"].partition("max-age=")[2]) <= 10
    policy = parse_policy(client.get("/log/policy").text)
    signed = verify_checkpoint(policy, checkpoint.data).checkpoint
    width = signed.size - FULL
    full = client.get("/log/tile/entries/000")
    partial = client.get(f"/log/tile/entries/001.p/{width}")
    leaves = parse_bundle(full.data) + parse_bundle(partial.data)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    assert root_hash(hashes) == signed.root

    def read_tile(level: int, index: int, width: int) -> bytes:
        response = client.get(f"/log/{format_tile_path(Tile(level, index, width))}")
        assert response.status_code == 200
        return bytes(response.data)

    for index in (0, 255, 256, signed.size - 1):
        path = inclusion_proof(index, signed.size, read_tile)
        verify_inclusion(hashes[index], index, signed.size, path, signed.root)


def test_full_tiles_are_kept_for_ever_and_everything_is_for_everyone(client: FlaskClient) -> None:
    for path, cache in (
        ("tile/0/000", "public, max-age=31536000, immutable"),
        ("tile/entries/000", "public, max-age=31536000, immutable"),
        ("tile/0/001.p/3", "public, max-age=86400"),
        ("tile/1/000.p/1", "public, max-age=86400"),
        ("tile/0/000.p/7", "public, max-age=86400"),
    ):
        response = client.get(f"/log/{path}")
        assert response.status_code == 200, path
        assert response.headers["Cache-Control"] == cache
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_a_partial_tile_is_the_beginning_of_the_full_one(client: FlaskClient) -> None:
    assert client.get("/log/tile/0/000").data.startswith(client.get("/log/tile/0/000.p/7").data)


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001",
        "tile/0/001.p/255",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/07",
        "tile/1/000",
        "tile/1/000.p/2",
        "tile/2/000.p/1",
        "tile/64/000",
        "tile/0/0",
        "tile/0/x000/000",
        "tile/entries/002",
        "tile/entries/001.p/256",
        "tile/-1/000",
        "tile/0/000/",
        "tile/",
    ],
)
def test_what_is_not_published_is_404_and_never_cached(client: FlaskClient, path: str) -> None:
    response = client.get(f"/log/{path}")
    assert response.status_code == 404
    assert response.headers["Cache-Control"] == "no-store"


def test_a_tile_answers_conditional_and_head_requests(client: FlaskClient) -> None:
    first = client.get("/log/tile/0/000")
    again = client.get("/log/tile/0/000", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    head = client.head("/log/tile/0/000")
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", "8192")


def test_no_process_shows_a_checkpoint_from_before_a_receipt(ada: Person) -> None:
    """Each application here answers from its own memory, as each worker process does."""
    others = [make_app(ada.instance).test_client() for _ in range(2)]
    for _ in range(3):
        for client in others:
            client.get("/log/checkpoint")
        receipt = parse_receipt(ada.receipt(ada.sign()))
        seen = [parse_checkpoint(parse_note(client.get("/log/checkpoint").data).text) for client in others]
        signed = parse_checkpoint(parse_note(parse_tlog_proof(receipt.proof).checkpoint).text)
        assert min(checkpoint.size for checkpoint in seen) >= signed.size
        ada = Person(ada.app, address=f"ada-{signed.size}@mistral.ai")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_what_is_only_read_says_so(app: Flask, method: str) -> None:
    client = app.test_client()
    for path in ("/log/checkpoint", "/log/tile/0/000.p/1", "/tallies.json", "/badge/lab/mistral.svg"):
        response = client.open(path, method=method, environ_overrides={"CONTENT_LENGTH": "0"})
        assert (response.status_code, response.headers.get("Allow")) == (405, "GET, HEAD"), path
        assert response.is_json or faults_of_error(response) == [], path
    for path in ("/log/tile/0/999", "/log/nothing", "/badge/nothing", "/tallies.json/x"):
        response = client.open(path, method=method, environ_overrides={"CONTENT_LENGTH": "0"})
        assert response.status_code == 404, path
