"""What pages say of shares: ranges where headcounts were accepted, counts where none was, and what is wrong as such."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from pledge.core.tally import Cell, Step
from pledge.instance import Instance
from pledge.labs.models import NO_CEILING
from pledge.labs.service import set_lab
from pledge.pledges.texts import DEFAULT_SLUG
from pledge.tallies import service as tallies
from pledge.tallies.charts import growth_chart
from tests.site_kit import START

TODAY = START.date()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def observed(low: int, high: int, *, population: str = "total", accepted: bool = True) -> dict[str, Any]:
    return {
        "low": low,
        "high": high,
        "population": population,
        "as_of": "2026-03",
        "source": "https://example.org/a",
        "accepted": accepted,
    }


def add_lab(
    instance: Instance, slug: str, headcount: Sequence[dict[str, Any]], signed: Sequence[int]
) -> None:
    """Make a lab, and count people there who signed so many days ago."""

    def work(session: Session) -> None:
        facts = {"slug": slug, "name": slug.title(), "website": "https://example.org", "domains": []}
        set_lab(session, facts | {"headcount": headcount}, origin=instance.notary.origin, day=TODAY)
        cell = Cell(DEFAULT_SLUG, slug, "lab-email", "current")
        tallies.apply_steps(session, [Step(TODAY - timedelta(days=ago), cell, 1) for ago in signed])

    instance.log.run(work)


def text_of(client: FlaskClient, path: str) -> str:
    return " ".join(client.get(path).text.split())


def test_accepted_headcounts_make_a_range(instance: Instance, client: FlaskClient) -> None:
    people = [observed(200, 300), observed(400, 400), observed(10, 10, accepted=False)]
    add_lab(instance, "ranged", people, [200, 100, *[60] * 30, *[5] * 8])
    page = text_of(client, "/labs/ranged")
    assert "10 % to 20 % of the people at Ranged: 40 of 200 to 400." in page
    assert '<th scope="row">10 %</th> <td class="number">reached</td>' in page
    assert '<th scope="row">20 %</th> <td class="number">0 to 40</td>' in page
    assert "+8 over the last 30 days, +38 over 90" in page
    assert '<th scope="row">50 %</th> <td class="number">60 to 160</td>' in text_of(
        client, "/labs/ranged?percent=50"
    )
    for nonsense in ("0", "101", "-5", "1e1", "", "٥", "50.5"):
        assert text_of(client, f"/labs/ranged?percent={nonsense}") == page
    assert text_of(client, "/labs/ranged?percent=10") == page.replace('value="50"', 'value="10"')


def test_a_unit_is_measured_by_its_own_headcount(instance: Instance, client: FlaskClient) -> None:
    add_lab(instance, "unit", [observed(100, 100, population="unit"), observed(9000, 9000)], [3] * 10)
    assert "10 % of the people at Unit: 10 of 100." in text_of(client, "/labs/unit")


def test_without_a_headcount_there_is_a_count_only(instance: Instance, client: FlaskClient) -> None:
    add_lab(instance, "bare", [observed(10, 10, accepted=False), observed(0, 0)], [3])
    page = text_of(client, "/labs/bare")
    assert (
        "Count only: no headcount of Bare has been accepted yet, so nobody can say what share 1 is." in page
    )
    assert "of the people at" not in page
    assert "No headcount of any lab has been accepted yet" in text_of(client, "/labs")


def test_more_signatories_than_people_show_that_the_headcount_is_wrong(
    instance: Instance, client: FlaskClient
) -> None:
    add_lab(instance, "beyond", [observed(3, 4)], [3] * 5)
    add_lab(instance, "open", [observed(100, NO_CEILING)], [3] * 5)
    add_lab(instance, "known", [observed(50, 200)], [3] * 5)
    page = text_of(client, "/labs/beyond")
    assert "that headcount is wrong" in page
    assert "At most 5 % of the people at Open: 5 of 100 or more." in text_of(client, "/labs/open")
    page = text_of(client, "/labs")
    assert "That headcount is wrong, so no share is shown." in page
    assert 'All of these together <br> <span class="quiet">at most 6.7 %</span>' in page


def test_who_left_is_taken_off(instance: Instance, client: FlaskClient) -> None:
    add_lab(instance, "left", [observed(100, 100)], [100] * 10)
    cell = Cell(DEFAULT_SLUG, "left", "lab-email", "current")
    instance.log.run(lambda session: tallies.apply_steps(session, [Step(TODAY, cell, -2)]))
    assert "−2 over the last 30 days, −2 over 90" in text_of(client, "/labs/left")
    with instance.database.reading() as session:
        grown = tallies.growth(session, DEFAULT_SLUG, "left")
    assert grown == [(TODAY - timedelta(days=100), 10), (TODAY, 8)]


def test_a_line_needs_two_days() -> None:
    assert growth_chart([], today=TODAY) is None
    assert growth_chart([(TODAY, 3)], today=TODAY) is None
    chart = growth_chart([(TODAY - timedelta(days=100), 3), (TODAY - timedelta(days=50), 9)], today=TODAY)
    assert chart is not None
    assert (chart.path, chart.top, chart.now) == ("M0 300H0V210H500V30H1000", 10, 9)
    assert chart.rows[0] == (TODAY, 9)
    assert [count for _, count in chart.rows] == [9, 9, 3, 3]


def test_the_badge_and_the_front_page_give_the_share_of_all_labs(client: FlaskClient, app: Flask) -> None:
    instance: Instance = app.extensions["pledge"]
    add_lab(instance, "sharp", [observed(100, 100)], [1] * 10)
    add_lab(instance, "wide", [observed(100, 300)], [1] * 20)
    add_lab(instance, "unknown", [], [1])
    add_lab(instance, "wrong", [observed(1, 1)], [1, 1])
    badge = client.get("/badge/labs/all.svg").text
    assert "33 from lab addresses · 7.5–15 %" in badge
    home = client.get("/").text
    assert home.count('class="chart share-bar"') == 3  # the lines, and two labs
    assert "6.6 % to 20 %" in home
    assert home.count("count only") >= 2
