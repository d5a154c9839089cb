"""The demo holds what it promises: it verifies, every state is there, and nobody takes it for the real thing."""

import re
from collections import Counter

import pytest
from sqlalchemy import func, select

from pledge.audit.service import audit
from pledge.core import share
from pledge.core.policy import parse_policy
from pledge.core.scripts import script_of
from pledge.core.tip.codename import derive_codename
from pledge.core.words import entropy_from_words
from pledge.demo.world import LABS
from pledge.instance import trust_policy
from pledge.keystore import DEMO_ORIGIN
from pledge.labs.service import headcount_of, list_labs
from pledge.log.models import Entry
from pledge.pledges.models import Removal, Report, Shown, Signing, Text
from pledge.pledges.texts import DEFAULT_SLUG
from pledge.tallies import service as tallies
from pledge.tips.models import Message, Thread
from tests.audit.test_live import Client
from tests.demo.conftest import PEOPLE, Demo
from tests.site_kit import make_app

pytestmark = [pytest.mark.sqlite_only, pytest.mark.xdist_group("demo")]


def test_an_audit_accepts_it_and_counts_the_same(demo: Demo) -> None:
    instance = demo.instance
    client = Client(make_app(instance).test_client())
    report = audit(client, parse_policy(trust_policy(instance)), today=instance.clock().date(), jobs=1)
    assert report.problems == []
    assert report.counts
    with instance.database.reading() as session:
        claimed = tallies.claims(session)["counts"]
        signed = session.scalar(select(func.count()).select_from(Signing))
    assert sum(cell["count"] for cell in claimed) <= signed
    assert {(cell["lab"], cell["assurance"], cell["status"]): cell["count"] for cell in claimed} == {
        (cell.lab, cell.assurance, cell.status): count for cell, count in report.counts.items()
    }


def test_people_are_in_every_state(demo: Demo) -> None:
    with demo.instance.database.reading() as session:
        rows = session.scalars(select(Signing)).all()
        states = Counter(session.scalars(select(Shown.state).where(Shown.field == "name")))
        waiting = session.scalars(select(Shown.value).where(Shown.state == "waiting")).all()
        named = set(session.scalars(select(Shown.sha256).where(Shown.field == "name")))
        removals = {tuple(row) for row in session.execute(select(Removal.action, Removal.reason_class))}
        kinds = Counter(session.scalars(select(Entry.kind)))
        reports = session.scalars(select(Report)).all()
    assert len(rows) == pytest.approx(PEOPLE, abs=len(LABS))
    assert {row.status for row in rows} == {"current", "former", "withdrawn", "lapsed"}
    assert {row.assurance for row in rows} == {"lab-email", "group-email", "email"}
    assert states["hidden"] >= 1
    assert waiting
    assert any(row.sha256 not in named for row in rows), "nobody erased their name"
    assert ("withdrawn", "false-statement") in removals
    assert reports
    assert kinds["renewal"] > kinds["withdrawal"] > 0
    assert {"key", "tip-digest"} <= set(kinds)


def test_shares_lie_on_every_side_of_the_lines(demo: Demo) -> None:
    with demo.instance.database.reading() as session:
        counts = tallies.by_lab(session, DEFAULT_SLUG)
        labs = {lab.slug: headcount_of(lab) for lab in list_labs(session)}
    figures = {slug: share.figures(tallies.headline(counts[slug]), people) for slug, people in labs.items()}
    assert set(figures) == {lab.slug for lab in LABS}
    assert not any(found.is_beyond for found in figures.values())
    sides = {_side(found.share) for found in figures.values()}
    assert sides == {"none", "no end", "under 10", "across 10", "between", "above 20"}


def _side(found: share.Range | None) -> str:
    if found is None:
        return "none"
    if found.low == 0 or found.high is None:
        return "no end"
    if found.high < 100:
        return "under 10"
    if found.low < 100:
        return "across 10"
    return "between" if found.high < 200 else "above 20"


def test_names_come_from_many_scripts(demo: Demo) -> None:
    with demo.instance.database.reading() as session:
        names = session.scalars(select(Shown.value).where(Shown.field == "name")).all()
    assert len({script_of(letter) for name in names for letter in name if letter.isalpha()}) >= 8


def test_the_text_was_amended_and_old_versions_stand(demo: Demo) -> None:
    with demo.instance.database.reading() as session:
        versions = session.scalars(select(Text.version)).all()
        signed = set(session.scalars(select(Signing.version)))
    assert signed == set(versions) == {1, 2, 3}


def test_threads_are_in_different_states_and_the_words_open_one(demo: Demo) -> None:
    found = re.search(r"mailbox: ((?:[a-z]+ ){11}[a-z]+)\n", demo.printed)
    assert found
    codename = derive_codename(entropy_from_words(found[1]), origin=DEMO_ORIGIN)
    with demo.instance.database.reading() as session:
        threads = session.scalars(select(Thread)).all()
        thread = session.scalars(select(Thread).where(Thread.mailbox == codename.mailbox)).one()
        senders = session.scalars(select(Message.sender).where(Message.thread == thread.id)).all()
    assert len({thread.label for thread in threads}) >= 4
    assert {thread.state for thread in threads} == {"open", "closed"}
    assert set(senders) == {"source", "steward"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/labs",
        "/labs/tallowgate",
        "/signatories",
        "/sign",
        "/tips/new",
        "/mailbox",
        "/verify",
        "/nowhere",
    ],
)
def test_every_page_says_that_it_is_a_demo(demo: Demo, path: str) -> None:
    page = make_app(demo.instance).test_client().get(path).text
    assert "<strong>Demo.</strong>" in page
    assert "invented" in page


def test_it_says_how_much_was_done_and_what_to_look_at(demo: Demo) -> None:
    assert re.search(r"[\d,]+ signings, [\d,]+ changes, [\d,]+ entries in \d+ s: ", demo.printed)
    client = make_app(demo.instance).test_client()
    paths = re.findall(r"^  http://127\.0\.0\.1:8000(/\S*)", demo.printed, re.MULTILINE)
    assert len(paths) >= 7
    assert [path for path in paths if client.get(path).status_code != 200] == []
