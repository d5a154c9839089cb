"""The hub: it posts what changed, signed, to whoever confirmed, and asks nobody else for more than one answer."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, inspect, select, text

from pledge.following import hub
from pledge.following.deliveries import RETRY_MINUTES, Done, tend
from pledge.following.models import HubRequest, Subscription
from pledge.instance import Instance
from pledge.tick import tick
from tests.following.callbacks import Callback, Request, confirming, serve_callback
from tests.following.test_feeds import log_lab
from tests.site_kit import Clock, Person

_URL = "http://127.0.0.1:8000"
_TOPIC = f"{_URL}/feeds/all.atom"
_CALLBACK = "https://reader.example/hook?id=1"
_SECRET = "a secret of some length"  # noqa: S105  # the test's own


@pytest.fixture(autouse=True)
def _answers_are_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pledge.web.prepared._FRESH_SECONDS", -1)


@pytest.fixture(scope="module")
def running() -> Iterator[Callback]:
    with serve_callback("reader.example", "victim.example") as program:
        yield program


@pytest.fixture
def reader(running: Callback) -> Callback:
    """The running program, as new."""
    running.answer, running.raw = confirming, None
    for kept in (running.requests, running.resolved, running.connected):
        kept.clear()
    return running


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def ask(client: FlaskClient, mode: str = "subscribe", **changes: str) -> tuple[int, str]:
    fields = {"hub.mode": mode, "hub.topic": _TOPIC, "hub.callback": _CALLBACK, "hub.secret": _SECRET}
    fields |= {f"hub.{name}": value for name, value in changes.items()}
    answer = client.post("/hub", data=fields)
    return answer.status_code, answer.text


def subscribe(client: FlaskClient, instance: Instance, reader: Callback, **changes: str) -> None:
    assert ask(client, **changes) == (202, "")
    assert tend(instance, reader.outside()) == Done(asked=1)


def number(instance: Instance, table: type) -> int:
    with instance.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_who_confirms_is_posted_what_changed_signed(
    instance: Instance, client: FlaskClient, reader: Callback
) -> None:
    assert f'<link rel="hub" href="{_URL}/hub"' in client.get("/feeds/all.atom").text
    assert ask(client) == (202, "")
    assert reader.requests == []  # the request itself sends nothing
    assert tend(instance, reader.outside()) == Done(asked=1)
    [verification] = reader.requests
    assert verification.method == "GET"
    assert verification.target.startswith("/hook?id=1&hub.mode=subscribe&")
    assert verification.query["hub.topic"] == [_TOPIC]
    assert verification.query["hub.lease_seconds"] == [str(hub.USUAL_LEASE)]
    assert len(verification.query["hub.challenge"][0]) == 64
    assert tend(instance, reader.outside()) == Done()  # nothing has changed
    log_lab(instance)
    assert tend(instance, reader.outside()) == Done(taken=1)
    [delivery] = reader.sent("POST")
    assert delivery.body == client.get("/feeds/all.atom").data
    assert b"Nemo was added" in delivery.body
    assert delivery.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert delivery.headers["link"] == f'<{_URL}/hub>; rel="hub", <{_TOPIC}>; rel="self"'
    signature = hmac.new(_SECRET.encode(), delivery.body, hashlib.sha256).hexdigest()
    assert delivery.headers["x-hub-signature"] == f"sha256={signature}"
    assert delivery.target == "/hook?id=1"
    assert tend(instance, reader.outside()) == Done()


def test_counts_of_a_day_are_posted_too_and_other_topics_are_not(
    instance: Instance, client: FlaskClient, reader: Callback, ada: Person, clock: Clock
) -> None:
    subscribe(
        client, instance, reader, topic=f"{_URL}/feeds/labs/mistral.atom", callback="https://reader.example/m"
    )
    subscribe(
        client, instance, reader, topic=f"{_URL}/feeds/labs/xai.atom", callback="https://reader.example/x"
    )
    ada.sign()
    assert tend(instance, reader.outside()) == Done()
    clock.pass_days(1)
    tick(instance)
    assert tend(instance, reader.outside()) == Done(taken=1)
    [delivery] = reader.sent("POST")
    assert delivery.target == "/m"
    assert "Mistral AI +1" in delivery.body.decode()


def test_who_gives_no_secret_gets_no_signature(
    instance: Instance, client: FlaskClient, reader: Callback
) -> None:
    subscribe(client, instance, reader, secret="")
    log_lab(instance)
    tend(instance, reader.outside())
    assert "x-hub-signature" not in reader.sent("POST")[0].headers


@pytest.mark.parametrize(
    "answer",
    [
        (404, b"", {}),
        (200, b"", {}),
        (200, b"yes", {}),
        (302, b"", {"Location": "https://reader.example/else"}),
        (200, b"0" * 64, {}),
    ],
)
def test_who_does_not_confirm_is_never_asked_again(
    instance: Instance, client: FlaskClient, reader: Callback, answer: tuple[int, bytes, dict[str, str]]
) -> None:
    reader.answer = lambda _: answer
    assert ask(client) == (202, "")
    for _ in range(5):
        tend(instance, reader.outside())
    log_lab(instance)
    tend(instance, reader.outside())
    assert [request.method for request in reader.requests] == ["GET"]
    assert (number(instance, HubRequest), number(instance, Subscription)) == (0, 0)


def test_a_challenge_counts_once(instance: Instance, client: FlaskClient, reader: Callback) -> None:
    seen: list[bytes] = []

    def replaying(request: Request) -> tuple[int, bytes, dict[str, str]]:
        seen.append(request.query["hub.challenge"][0].encode())
        return 200, seen[0], {}

    reader.answer = replaying
    subscribe(client, instance, reader)
    assert number(instance, Subscription) == 1
    subscribe(client, instance, reader, callback="https://reader.example/other")
    assert number(instance, Subscription) == 1
    assert len(set(seen)) == 2


def test_the_hub_asks_a_host_that_does_not_confirm_so_often_and_no_more(
    instance: Instance, client: FlaskClient, reader: Callback, clock: Clock
) -> None:
    """Whatever a stranger posts: no more GETs than the budget, never a POST."""
    reader.answer = lambda _: (200, b"a page of a victim", {})
    statuses: list[int] = []
    for each in range(hub.ASKED_OF_HOST_A_DAY + 40):
        statuses.append(ask(client, callback=f"https://victim.example/{each}")[0])
        if each % 30 == 0:
            tend(instance, reader.outside())
    clock.now += timedelta(hours=2)
    statuses.append(ask(client, callback="https://victim.example/later")[0])
    for _ in range(10):
        tend(instance, reader.outside())
    log_lab(instance)
    tend(instance, reader.outside())
    assert set(statuses) == {202, 429}
    assert statuses.count(202) <= hub.ASKED_OF_HOST_A_DAY
    assert len(reader.requests) == statuses.count(202)
    assert reader.sent("POST") == []
    clock.pass_days(1)
    assert ask(client, callback="https://victim.example/")[0] == 202


@pytest.mark.sqlite_only
def test_the_hub_asks_so_many_hosts_an_hour_and_no_more(
    client: FlaskClient, instance: Instance, reader: Callback
) -> None:
    statuses = []
    for each in range(hub.ASKED_AN_HOUR + 5):
        statuses.append(ask(client, callback=f"https://h{each}.example/")[0])
        if each % 40 == 0:
            while tend(instance, reader.outside()).asked:  # the certificate is not theirs
                pass
    assert statuses.count(202) == hub.ASKED_AN_HOUR
    assert statuses[-5:] == [429] * 5
    assert reader.requests == []


@pytest.mark.sqlite_only
def test_requests_wait_in_a_queue_of_bounded_length(client: FlaskClient, instance: Instance) -> None:
    statuses = [ask(client, callback=f"https://h{each}.example/")[0] for each in range(hub.MAX_WAITING + 2)]
    assert statuses.count(202) == hub.MAX_WAITING == number(instance, HubRequest)
    assert ask(client, callback="https://h0.example/")[0] == 429


@pytest.mark.sqlite_only
def test_a_host_has_so_many_subscriptions_and_no_more(
    client: FlaskClient, instance: Instance, reader: Callback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MAX_OF_HOST", 3)
    for each in range(3):
        subscribe(client, instance, reader, callback=f"https://reader.example/{each}")
    assert ask(client, callback="https://reader.example/3")[0] == 429
    subscribe(client, instance, reader, callback="https://victim.example/")
    subscribe(client, instance, reader, callback="https://reader.example/2")  # renewed
    monkeypatch.setattr(hub, "MAX_SUBSCRIPTIONS", 4)
    assert ask(client, callback="https://victim.example/more")[0] == 429


def test_an_end_that_the_callback_does_not_confirm_is_none(
    instance: Instance, client: FlaskClient, reader: Callback
) -> None:
    subscribe(client, instance, reader)
    reader.answer = lambda _: (404, b"", {})
    assert ask(client, "unsubscribe") == (202, "")
    assert tend(instance, reader.outside()).asked == 1
    assert number(instance, Subscription) == 1
    reader.answer = confirming
    assert ask(client, "unsubscribe") == (202, "")
    tend(instance, reader.outside())
    assert reader.requests[-1].query["hub.mode"] == ["unsubscribe"]
    assert "hub.lease_seconds" not in reader.requests[-1].query
    assert number(instance, Subscription) == 0
    log_lab(instance)
    tend(instance, reader.outside())
    assert reader.sent("POST") == []


def test_what_is_not_subscribed_cannot_be_ended_and_costs_nobody_a_request(
    instance: Instance, client: FlaskClient, reader: Callback
) -> None:
    status, said = ask(client, "unsubscribe")
    assert (status, said) == (404, "This callback has no subscription to this feed.\n")
    assert tend(instance, reader.outside()) == Done()
    assert reader.resolved == []


def test_another_secret_counts_only_once_it_is_confirmed(
    instance: Instance, client: FlaskClient, reader: Callback
) -> None:
    subscribe(client, instance, reader)
    log_lab(instance)
    reader.answer = lambda _: (404, b"", {})
    assert ask(client, secret="forged")[0] == 202  # noqa: S106  # the test's own
    tend(instance, reader.outside())
    first = reader.sent("POST")[0]
    assert first.headers["x-hub-signature"].endswith(
        hmac.new(_SECRET.encode(), first.body, hashlib.sha256).hexdigest()
    )


def test_renewing_keeps_what_was_not_delivered_yet(
    instance: Instance, client: FlaskClient, reader: Callback, clock: Clock
) -> None:
    subscribe(client, instance, reader)
    reader.answer = lambda request: (503, b"", {}) if request.method == "POST" else confirming(request)
    log_lab(instance)
    assert tend(instance, reader.outside()) == Done(refused=1)
    reader.answer = confirming
    assert ask(client)[0] == 202
    assert tend(instance, reader.outside()).asked == 1
    clock.now += timedelta(seconds=1)
    tend(instance, reader.outside())
    assert [request.method for request in reader.requests] == ["GET", "POST", "GET", "POST"]


def test_a_lease_ends(instance: Instance, client: FlaskClient, reader: Callback, clock: Clock) -> None:
    subscribe(client, instance, reader, lease_seconds="1")
    assert reader.requests[0].query["hub.lease_seconds"] == [str(hub.LEAST_LEASE)]
    subscribe(client, instance, reader, lease_seconds="999999999", callback="https://reader.example/long")
    assert reader.requests[1].query["hub.lease_seconds"] == [str(hub.MOST_LEASE)]
    clock.pass_days(1)
    log_lab(instance)
    assert tend(instance, reader.outside()) == Done(taken=1)
    assert reader.sent("POST")[0].target == "/long"
    assert number(instance, Subscription) == 1


def test_what_fails_is_tried_later_and_later_and_then_no_more(
    instance: Instance, client: FlaskClient, reader: Callback, clock: Clock
) -> None:
    subscribe(client, instance, reader, lease_seconds="2592000")
    reader.answer = lambda _: (500, b"", {})
    log_lab(instance)
    for minutes in RETRY_MINUTES:
        assert tend(instance, reader.outside()) == Done(refused=1)
        assert tend(instance, reader.outside()) == Done()
        clock.now += timedelta(minutes=minutes, seconds=-1)
        assert tend(instance, reader.outside()) == Done()
        clock.now += timedelta(seconds=1)
    assert tend(instance, reader.outside()) == Done(refused=1)
    assert number(instance, Subscription) == 0
    assert len(reader.sent("POST")) == len(RETRY_MINUTES) + 1


def test_what_is_tried_again_is_the_feed_as_it_is_then(
    instance: Instance, client: FlaskClient, reader: Callback, clock: Clock
) -> None:
    subscribe(client, instance, reader)
    reader.answer = lambda _: (500, b"", {})
    log_lab(instance)
    tend(instance, reader.outside())
    log_lab(instance, name="Nautilus")
    reader.answer = confirming
    clock.now += timedelta(minutes=1)
    assert tend(instance, reader.outside()) == Done(taken=1)
    assert reader.sent("POST")[-1].body == client.get("/feeds/all.atom").data
    clock.now += timedelta(days=1)
    assert tend(instance, reader.outside()) == Done()


@pytest.mark.parametrize(("status", "left"), [(410, 0), (302, 1), (500, 1), (204, 1)])
def test_gone_ends_a_subscription_and_a_redirect_is_a_failure(
    instance: Instance, client: FlaskClient, reader: Callback, status: int, left: int
) -> None:
    subscribe(client, instance, reader)
    reader.answer = lambda _: (status, b"", {"Location": "https://victim.example/"})
    log_lab(instance)
    done = tend(instance, reader.outside())
    assert done == (Done(taken=1) if status == 204 else Done(refused=1))
    assert number(instance, Subscription) == left
    assert set(reader.resolved) == {"reader.example"}


def test_a_name_that_leads_home_later_is_not_followed_there(
    instance: Instance, client: FlaskClient, reader: Callback
) -> None:
    subscribe(client, instance, reader)
    log_lab(instance)
    before = len(reader.connected)
    outside = reader.outside()
    for inside in ("127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe"):
        reader.addresses = [inside]
        tend(instance, outside)
    reader.addresses = ["93.184.215.14"]
    assert len(reader.connected) == before
    assert reader.sent("POST") == []


def test_of_several_processes_one_sends(instance: Instance, client: FlaskClient, reader: Callback) -> None:
    for each in range(5):
        subscribe(client, instance, reader, callback=f"https://reader.example/{each}")
    log_lab(instance)
    threads = [Thread(target=tend, args=(instance, reader.outside())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(request.target for request in reader.sent("POST")) == [f"/{each}" for each in range(5)]


def test_callback_and_secret_lie_encrypted(instance: Instance, client: FlaskClient, reader: Callback) -> None:
    subscribe(client, instance, reader)
    assert ask(client, callback="https://reader.example/waiting")[0] == 202
    with instance.database.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608  # the names are ours
                said = b"".join(each if isinstance(each, bytes) else str(each).encode() for each in row)
                assert b"reader.example" not in said
                assert b"a secret" not in said


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mode": "publish"}, 400),
        ({"mode": ""}, 400),
        ({"topic": "https://elsewhere.example/feed"}, 400),
        ({"topic": f"{_URL}/feeds/labs/nowhere.atom"}, 404),
        ({"topic": f"{_URL}/"}, 400),
        ({"callback": "http://reader.example/"}, 400),
        ({"callback": "https://127.0.0.1/"}, 400),
        ({"callback": "https://reader.example:8443/"}, 400),
        ({"callback": ""}, 400),
        ({"secret": "x" * 200}, 400),
        ({"secret": "é" * 100}, 400),
        ({"lease_seconds": "-1"}, 400),
        ({"lease_seconds": "for ever"}, 400),
        ({"lease_seconds": "9" * 30}, 400),
    ],
)
def test_what_does_not_make_sense_is_refused_in_plain_words(
    client: FlaskClient, instance: Instance, changes: dict[str, str], code: int
) -> None:
    status, said = ask(client, **changes)
    assert status == code
    assert "<" not in said
    assert said.endswith(".\n")
    assert number(instance, HubRequest) == 0


@pytest.mark.sqlite_only
def test_a_secret_of_199_bytes_and_what_is_not_known_are_taken(client: FlaskClient) -> None:
    assert ask(client, secret="x" * 199, unknown="left out")[0] == 202
    twice = client.post("/hub", data={"hub.mode": ["subscribe", "unsubscribe"], "hub.topic": _TOPIC})
    assert (twice.status_code, twice.text) == (400, "A field was sent twice.\n")
    foreign = client.post("/hub", data={"hub.mode": "subscribe"}, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
