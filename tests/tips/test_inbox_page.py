"""The inbox's page as the server writes it: for stewards only, and with no more than the server knows."""

import re

import pytest
from flask import Flask

from pledge.instance import Instance
from tests.site_kit import Clock, csrf_token, read_json
from tests.steward_kit import Steward, found_stewards, join
from tests.tips.http_kit import Source

TEXT = "marker-of-a-tip"


@pytest.fixture
def stewards(instance: Instance) -> list[Steward]:
    return found_stewards(instance, 2)


def test_only_stewards_see_the_inbox(app: Flask, instance: Instance, stewards: list[Steward]) -> None:
    """Others are led to sign in, or told that they are none; a token opens no page."""
    answer = app.test_client().get("/stewards/inbox", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "/stewards/sign-in?next=%2Fstewards%2Finbox",
    )
    newcomer = join(instance, "Cyd")
    assert newcomer.sign_in(app).get("/stewards/inbox").status_code == 403
    by_token = app.test_client().get(
        "/stewards/inbox", headers={"Authorization": f"Bearer {stewards[0].token()}"}
    )
    assert by_token.status_code == 403


def test_an_empty_inbox_says_so(app: Flask, stewards: list[Steward]) -> None:
    """And is stored nowhere on its way."""
    answer = stewards[0].sign_in(app).get("/stewards/inbox")
    assert answer.status_code == 200
    assert "Nothing is here." in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    policy = answer.headers["Content-Security-Policy"]
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert not re.search(r"https?:|data:|unsafe|\*", policy)


def test_the_list_tells_what_the_server_knows(app: Flask, stewards: list[Steward], clock: Clock) -> None:
    """By day, with sizes, ways and downloads; and not a word of what is in it."""
    tip = Source(app).tip(text=TEXT)
    clock.pass_days(1)
    Source(app).tip(text=TEXT, files=[("a.txt", bytes(300_000))])
    page = stewards[0].sign_in(app).get("/stewards/inbox").text
    days = re.findall(r'<section class="day">.*?</section>', page, re.DOTALL)[:2]
    assert ["1 MiB" in days[0], "4 KiB" in days[1]] == [True, True]
    assert re.search(r"Thread\s+<code[^>]*>[0-9a-f]{8}</code>", days[1])
    assert "came sealed" in days[1]
    assert re.search(r"deleted in \d\d days", days[1])
    (path,) = re.findall(r'href="(/stewards/envelopes/[0-9a-f]{32})"', days[1])
    assert stewards[0].sign_in(app).get(path).data == tip
    assert TEXT not in page


def test_a_thread_is_handled_without_scripts(app: Flask, stewards: list[Steward]) -> None:
    """By the page's own form: assigned, labelled, closed; what is left as it is stays."""
    Source(app).tip(text=TEXT)
    desk = stewards[0].sign_in(app)
    page = desk.get("/stewards/inbox").text
    found = re.search(r'action="(/stewards/threads/[0-9a-f]{32})"', page)
    assert found
    fields = {"csrf_token": csrf_token(page), "label": "working", "state": "closed"}
    for assigned in ("me", ""):
        assert desk.post(found[1], data={**fields, "assigned": assigned}).status_code == 303
        page = desk.get("/stewards/inbox").text
        assert "with Steward 1" in page
        assert re.search(r'<option value="working"\s+selected>', page)
        assert re.search(r'<article class="thread"[^>]*data-state="closed"', page)
    assert desk.post(found[1], data={**fields, "assigned": "nobody"}).status_code == 303
    assert "with Steward 1" not in desk.get("/stewards/inbox").text


def test_closed_tips_are_told(app: Flask, instance: Instance) -> None:
    """A single founder is not enough."""
    founder = join(instance, "Ada", is_founder=True)
    founder.send(founder.offer(is_founder=True))
    page = founder.sign_in(app).get("/stewards/inbox").text
    assert "Tips are closed: fewer than 2 stewards" in re.sub(r"\s+", " ", page)
    assert read_json(page, "desk")["bundle"] is None
