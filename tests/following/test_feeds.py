"""Feeds: valid to a reader that is not ours, the same bytes for the same log, and nobody's name in them."""

import re
import xml.etree.ElementTree as ET
from datetime import timedelta

import feedparser
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from pledge.following.feeds import MAX_ENTRIES, render_feed
from pledge.instance import Instance
from pledge.labs.service import set_lab
from pledge.log.notary import log_statement
from pledge.tick import tick
from tests.site_kit import START, Clock, Person

pytestmark = pytest.mark.sqlite_only

_ATOM = "{http://www.w3.org/2005/Atom}"
_URL = "http://127.0.0.1:8000"
_LAB = {"slug": "nemo", "name": "Nemo", "website": "https://nemo.example", "domains": []}


@pytest.fixture(autouse=True)
def _answers_are_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pledge.web.prepared._FRESH_SECONDS", -1)


def log_lab(instance: Instance, **facts: object) -> None:
    """Log a lab as ``pledge lab set`` does."""
    day = instance.clock().date()

    def work(session: Session) -> None:
        statement = set_lab(session, _LAB | facts, origin=instance.notary.origin, day=day)
        assert statement is not None
        log_statement(session, statement, notary=instance.notary, random_bytes=instance.random_bytes)

    instance.log.run(work)


def read(client: FlaskClient, path: str = "/feeds/all.atom") -> feedparser.FeedParserDict:
    """Read a feed as a feed reader does, and check what RFC 4287 asks of it beyond that."""
    response = client.get(path)
    assert response.status_code == 200, path
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    check_by_the_rfc(response.data)
    feed = feedparser.parse(response.data)
    assert not feed.bozo
    assert feed.version == "atom10"
    return feed


def check_by_the_rfc(body: bytes) -> None:
    """Hold a feed to the cardinalities of RFC 4287, sections 4.1.1 and 4.1.2, and to its kinds of values."""
    feed = ET.fromstring(body)  # noqa: S314  # made by us
    assert feed.tag == f"{_ATOM}feed"
    for element in (feed, *feed.findall(f"{_ATOM}entry")):
        names = [child.tag.removeprefix(_ATOM) for child in element]
        for name in ("id", "title", "updated"):
            assert names.count(name) == 1
        assert element.find(f"{_ATOM}updated").text.endswith("T00:00:00Z")  # type: ignore[union-attr]
        kinds = [
            (link.get("rel"), link.get("type"), link.get("hreflang")) for link in element.iter(f"{_ATOM}link")
        ]
        assert names.count("link") == len({kind for kind in kinds if kind in kinds[: names.count("link")]})
    ids = [each.text or "" for each in feed.iter(f"{_ATOM}id")]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"tag:[a-z0-9.-]+,\d{4}-\d\d-\d\d:[a-z0-9/-]+", each) for each in ids)
    assert feed.find(f"{_ATOM}author/{_ATOM}name") is not None  # for all entries, which have none


def test_a_feed_tells_what_the_log_says(instance: Instance, ada: Person, clock: Clock) -> None:
    feed = read(ada.client)
    assert feed.feed.title == "What happened · local-trial.invalid"
    assert feed.feed.author == "local-trial.invalid"
    links = {link.rel: link.href for link in feed.feed.links}
    assert links == {
        "self": f"{_URL}/feeds/all.atom",
        "hub": f"{_URL}/hub",
        "alternate": f"{_URL}/",
    }
    titles = [entry.title for entry in feed.entries]
    assert "Mistral AI was added" in titles
    assert "Pledge against reckless scaling: version 1" in titles
    assert "Policy: version 1" in titles
    clock.pass_days(1)
    people = {"low": 10, "high": 12, "population": "total", "as_of": "2026", "source": "x", "accepted": True}
    log_lab(instance, name="A & B <i>Labs</i> \ufffe", headcount=[people])
    first = read(ada.client).entries[0]
    assert first.title == "A & B <i>Labs</i> \ufffd was added"
    assert first.content[0].value == "No mail domain is confirmed yet.\nPeople in all: 10 to 12, as of 2026"
    assert first.link == f"{_URL}/labs/nemo"
    assert first.updated == "2026-11-24T00:00:00Z"
    clock.pass_days(1)
    more = {
        "low": 20,
        "high": 10_000_000,
        "population": "research",
        "as_of": "2027",
        "source": "y",
        "accepted": True,
    }
    log_lab(instance, headcount=[more], domains=[{"domain": "nemo.example", "scope": "lab"}])
    changed = read(ada.client, "/feeds/labs/nemo.atom").entries
    assert [entry.title for entry in changed] == [
        "A & B <i>Labs</i> \ufffd: changed name, mail domains and headcount",
        "A & B <i>Labs</i> \ufffd was added",
    ]
    lines = changed[0].content[0].value.split("\n")
    assert lines == [
        "Nemo",
        "An address at nemo.example shows the lab",
        "People in research: more than 20, as of 2027",
    ]


def test_a_days_counts_are_told_once_it_is_over(instance: Instance, ada: Person, clock: Clock) -> None:
    tick(instance)
    before = ada.client.get("/feeds/labs/mistral.atom").data
    ada.sign()
    Person(ada.app, name="Grace Hopper", address="grace@x.ai", lab="xai").sign()
    Person(ada.app, name="Alan Turing", address="alan@mistral.ai").sign()
    Person(ada.app, name="Nobody At All", address="nobody@example.org", lab="").sign()
    assert ada.client.get("/feeds/labs/mistral.atom").data == before
    clock.pass_days(1)
    tick(instance)
    everything = read(ada.client).entries[0]
    assert everything.title == "23 November 2026: the counts of 2 labs changed"
    assert everything.content[0].value.split("\n")[:2] == ["Mistral AI: +2", "xAI: +1"]
    assert everything.updated == "2026-11-24T00:00:00Z"
    lab = read(ada.client, "/feeds/labs/mistral.atom").entries[0]
    assert (lab.title, lab.link) == ("23 November 2026: Mistral AI +2", f"{_URL}/labs/mistral")
    assert lab.id != everything.id
    for path in ("/feeds/all.atom", "/feeds/labs/mistral.atom"):
        text = ada.client.get(path).text
        assert not re.search("Ada|Grace|Alan|Nobody|Lovelace|Hopper|Turing|A Test", text)


def test_who_leaves_is_a_minus_and_who_comes_and_goes_is_nothing(
    instance: Instance, ada: Person, clock: Clock
) -> None:
    ada.sign()
    tick(instance)
    clock.pass_days(1)
    ada.change_by_mail("withdraw", "left-lab")
    brief = Person(ada.app, name="Brief", address="brief@x.ai", lab="xai")
    brief.sign()
    brief.change_by_mail("withdraw")
    clock.pass_days(1)
    tick(instance)
    titles = [entry.title for entry in read(ada.client, "/feeds/labs/mistral.atom").entries]
    assert titles[:2] == ["24 November 2026: Mistral AI −1", "23 November 2026: Mistral AI +1"]
    assert len(read(ada.client, "/feeds/labs/xai.atom").entries) == 1  # that it was added


def test_the_same_log_gives_the_same_bytes_in_any_process(
    instance: Instance, ada: Person, clock: Clock
) -> None:
    clock.pass_days(3)
    with instance.database.reading() as session:
        first = render_feed(instance, session, "all")
    assert first is not None
    assert ada.client.get("/feeds/all.atom").data == first


def test_the_newest_are_kept_and_only_so_many(instance: Instance, ada: Person, clock: Clock) -> None:
    for number in range(MAX_ENTRIES + 5):
        clock.now = START + timedelta(days=number)
        tick(instance)
        log_lab(instance, name=f"Nemo {number}")
    entries = read(ada.client, "/feeds/labs/nemo.atom").entries
    assert len(entries) == MAX_ENTRIES
    assert entries[0].title == f"Nemo {MAX_ENTRIES + 3}: changed name"
    assert [entry.updated for entry in entries] == sorted((entry.updated for entry in entries), reverse=True)


def test_a_reader_that_has_it_is_told_so(ada: Person) -> None:
    answer = ada.client.get("/feeds/all.atom")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in answer.headers
    again = ada.client.get("/feeds/all.atom", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    head = ada.client.head("/feeds/all.atom")
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", answer.headers["ETag"])


@pytest.mark.parametrize(
    "path",
    ["labs/nowhere.atom", "all", "all.rss", "pledges/nothing.atom", "labs/../all.atom", "people/all.atom"],
)
def test_there_is_no_other_feed(ada: Person, path: str) -> None:
    answer = ada.client.get(f"/feeds/{path}")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_pages_name_their_feeds_and_each_is_there(ada: Person) -> None:
    for path, named in (
        ("/", "/feeds/all.atom"),
        ("/follow", "/feeds/all.atom"),
        ("/labs/mistral", "/feeds/labs/mistral.atom"),
        ("/pledges/against-reckless-scaling/1", "/feeds/pledges/against-reckless-scaling.atom"),
    ):
        page = ada.client.get(path).text
        links = re.findall(
            r'<link rel="alternate"\s+type="application/atom\+xml"\s+title="[^"]+"\s+href="([^"]+)"', page
        )
        assert links == [named]
        read(ada.client, named)
    for path in re.findall(r'href="(/feeds/labs/[a-z0-9-]+\.atom)"', ada.client.get("/follow").text):
        read(ada.client, path)
