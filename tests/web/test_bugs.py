"""A bug of ours shows a page and a reference; neither page nor log repeats what was sent."""

import logging
from typing import NoReturn

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from pledge.pledges import links, reading
from tests.site_kit import Person

pytestmark = pytest.mark.sqlite_only

_CANARIES = ("c0ffee-name", "c0ffee@example.org", "c0ffee-token", "c0ffee-query")


def fail(*_: object, **given: object) -> NoReturn:
    raise RuntimeError(f"c0ffee-name c0ffee@example.org c0ffee-token c0ffee-query {given}")


def sent_to(person: Person, *, json: bool = False) -> list[str]:
    """Everything that a failing request shows and logs."""
    accept = {"Accept": "application/json" if json else "text/html"}
    form = person.form(name="Coffee Bean", address="c0ffee@example.org")
    shown = [
        person.client.get("/sign/c0ffee-token?x=c0ffee-query", headers=accept),
        person.client.get("/signatories?q=c0ffee-query", headers=accept),
        person.client.post("/sign", data=form, headers=accept),
    ]
    assert [response.status_code for response in shown] == [500, 500, 500]
    assert all(response.headers["Cache-Control"] == "no-store" for response in shown)
    assert json or all("<main" in response.text for response in shown)
    return [response.text for response in shown]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((links, "open_link"), (links, "ask_to_sign"), (reading, "find")):
        monkeypatch.setattr(module, name, fail)


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.usefixtures("broken")
def test_a_bug_repeats_nothing(ada: Person, caplog: pytest.LogCaptureFixture, *, json: bool) -> None:
    caplog.set_level(logging.DEBUG)
    texts = sent_to(ada, json=json)
    records = [record for record in caplog.records if record.name == "pledge.web.errors"]
    assert len(records) == 3
    assert all("RuntimeError at" in record.getMessage() for record in records)
    assert all(record.exc_info is None for record in records)
    said = "".join([*texts, caplog.text])
    assert [canary for canary in _CANARIES if canary in said] == []


def test_a_bug_has_a_reference_that_stands_in_the_log(
    ada: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reading, "find", fail)
    code = ada.client.get("/signatories", headers={"Accept": "application/json"}).get_json()["code"]
    assert code.removeprefix("error-") in caplog.text


def test_a_bug_in_the_error_page_itself_is_logged_without_what_was_sent(
    ada: Person, app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(app.jinja_env.globals, "static_url", fail)
    with pytest.raises(RuntimeError):  # left to the server, which answers 500
        ada.client.get("/sign/c0ffee-token?x=c0ffee-query")
    assert "while answering: RuntimeError at" in caplog.text
    assert "c0ffee" not in caplog.text


def test_a_database_that_does_not_answer_is_503(
    ada: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wait(*_: object, **__: object) -> NoReturn:
        raise OperationalError("SELECT 'c0ffee-query'", {"a": "c0ffee"}, TimeoutError("c0ffee"))

    monkeypatch.setattr(reading, "find", wait)
    response = ada.client.get("/signatories?q=c0ffee")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "60"
    assert "c0ffee" not in response.text + caplog.text
