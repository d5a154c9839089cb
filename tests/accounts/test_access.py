"""Who may ask for what: sessions, tokens, forms from elsewhere; and whose sessions one may end."""

from typing import TYPE_CHECKING

import pytest
from flask import Flask

from pledge.accounts import decisions
from pledge.accounts.secrets import hash_token
from pledge.instance import Instance
from tests.command_kit import Run
from tests.site_kit import Clock, csrf_token, random_bytes
from tests.steward_kit import Steward, found_stewards, join, open_proposals

if TYPE_CHECKING:
    from flask.testing import FlaskClient

ACCOUNT = "/stewards/account"


@pytest.fixture
def stewards(instance: Instance) -> list[Steward]:
    return found_stewards(instance, 2)


def bearer(steward: Steward) -> dict[str, str]:
    return {"Authorization": f"Bearer {steward.token()}"}


def token_of(client: "FlaskClient") -> str:
    return csrf_token(client.get(ACCOUNT).text)


def test_strangers_are_led_to_the_door_and_programs_told(app: Flask) -> None:
    client = app.test_client()
    for path in ("/account", "/keys", "/approvals", "/inbox"):
        answer = client.get(f"/stewards{path}", headers={"Accept": "text/html"})
        assert answer.status_code == 303
        assert answer.location.startswith("/stewards/sign-in?next=")
    answer = client.get("/stewards/inbox.json")
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert (
        client.get("/stewards/inbox.json", headers={"Authorization": f"Bearer {'0' * 64}"}).status_code == 401
    )


def test_a_token_fetches_and_does_nothing_else(app: Flask, stewards: list[Steward]) -> None:
    client, header = app.test_client(), bearer(stewards[0])
    assert client.get("/stewards/inbox.json", headers=header).status_code == 200
    for path in ("/account", "/account/password", "/keys", "/approvals", "/bundle", "/inbox"):
        assert client.get(f"/stewards{path}", headers=header).status_code == 403
    for path in (
        "/account/tokens",
        "/account/codes",
        "/account/invitations",
        "/keys",
        "/revocations",
        "/sign-out",
    ):
        assert client.post(f"/stewards{path}", data={"name": "x"}, headers=header).status_code == 403


def test_a_token_is_no_session(app: Flask, stewards: list[Steward]) -> None:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = stewards[0].token()
    assert client.get(ACCOUNT).status_code == 401


def test_a_token_ends(app: Flask, stewards: list[Steward], clock: Clock) -> None:
    header = bearer(stewards[0])
    clock.pass_days(30)
    assert app.test_client().get("/stewards/inbox.json", headers=header).status_code == 401


def test_whoever_has_no_key_reads_no_inbox(app: Flask, instance: Instance, stewards: list[Steward]) -> None:
    newcomer = join(instance, "Cleo")
    newcomer.send(newcomer.offer(is_founder=False))
    client = newcomer.sign_in(app)
    assert client.get(ACCOUNT).status_code == 200
    assert client.get("/stewards/inbox").status_code == 403
    assert client.get("/stewards/inbox.json").status_code == 403
    data = {"csrf_token": token_of(client), "name": "Mallory"}
    assert client.post("/stewards/account/invitations", data=data).status_code == 403


def test_a_steward_who_was_revoked_is_out_at_once(
    app: Flask, instance: Instance, stewards: list[Steward]
) -> None:
    first, second = stewards
    client, header = second.sign_in(app), bearer(second)
    instance.log.run(
        lambda session: decisions.propose_revocation(
            session,
            second.signing,
            "left",
            origin=instance.keys.origin,
            day=instance.clock().date(),
            random_bytes=random_bytes,
        )
    )
    (proposal,) = open_proposals(instance)
    first.approve(proposal)
    second.approve(proposal)
    assert client.get(ACCOUNT).status_code == 401
    assert app.test_client().get("/stewards/inbox.json", headers=header).status_code == 401
    assert second.sign_in(app).get("/stewards/inbox.json").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/account/tokens",
        "/account/codes",
        "/account/invitations",
        "/account/bundle/end",
        "/keys",
        "/revocations",
        "/sign-out",
    ],
)
def test_nothing_is_done_for_another_site(app: Flask, stewards: list[Steward], path: str) -> None:
    """Neither from its pages, nor without the form's token, nor as another kind of body."""
    client = stewards[0].sign_in(app)
    token = token_of(client)
    url = f"/stewards{path}"
    data = {"csrf_token": token, "name": "Mallory"}
    assert client.post(url, data=data, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post(url, data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post(url, data={"name": "Mallory"}).status_code == 403
    assert client.post(url, json=data).status_code == 403
    assert client.get(ACCOUNT).status_code == 200


def test_one_ends_only_ones_own_sessions(app: Flask, stewards: list[Steward]) -> None:
    ada, bea = stewards[0].sign_in(app), stewards[1].sign_in(app)
    with bea.session_transaction() as cookie:
        token = str(cookie["_user_id"])
    path = f"/stewards/account/sessions/{hash_token(token).hex()}/end"
    assert ada.post(path, data={"csrf_token": token_of(ada)}).status_code == 404
    assert bea.get(ACCOUNT).status_code == 200
    assert bea.post(path, data={"csrf_token": token_of(bea)}).status_code == 303
    assert bea.get(ACCOUNT).status_code == 401


def test_the_cookie_says_nothing_of_the_browser(app: Flask, stewards: list[Steward]) -> None:
    client = stewards[0].sign_in(app)
    client.get(ACCOUNT, headers={"User-Agent": "a"}, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    answer = client.get(ACCOUNT, headers={"User-Agent": "b"}, environ_base={"REMOTE_ADDR": "192.0.2.2"})
    assert answer.status_code == 200
    with client.session_transaction() as cookie:
        assert "_id" not in cookie


def test_pages_of_everybody_do_not_look_at_the_cookie(app: Flask, stewards: list[Steward]) -> None:
    client = stewards[0].sign_in(app)
    answer = client.get("/limits")
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert "Set-Cookie" not in answer.headers


def test_a_key_of_more_than_a_month_is_spoken_of_on_each_page(
    app: Flask, stewards: list[Steward], clock: Clock
) -> None:
    paths = ("/account", "/keys", "/approvals", "/inbox", "/account/password")
    for days, is_due in ((0, False), (32, True)):
        clock.pass_days(days)
        client = stewards[0].sign_in(app)
        for path in paths:
            text = client.get(f"/stewards{path}").text
            assert ("more than a month ago" in text) is is_due, path


def test_the_public_page_is_the_same_for_everybody(
    app: Flask, instance: Instance, stewards: list[Steward]
) -> None:
    assert app.test_client().get("/stewards").text == stewards[0].sign_in(app).get("/stewards").text
    text = app.test_client().get("/stewards").text
    assert "Tips are open" in text
    assert all(steward.signing in text and steward.name not in text for steward in stewards)


def test_the_command_invites_founders_until_they_are_complete(run: Run) -> None:
    run("init", "--local")
    invited = run("steward", "invite", "--founder", "Ada")
    assert "/stewards/join/" in invited.stdout
    assert "tips are closed" in run("steward", "list").stdout
    assert run("steward", "--help").stdout.count("invite") == 1
    for command in ("reset", "add", "approve", "key", "revoke"):
        assert run("steward", command, "Ada").exit_code != 0
