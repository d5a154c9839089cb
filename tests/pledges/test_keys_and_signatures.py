"""What may sign: sound keys, over exactly what is shown, once. Each attack is refused and leaves no entry."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from pledge.core import statement as st
from pledge.core.keys import format_key
from pledge.core.policy import parse_policy
from pledge.core.receipt import parse_receipt, verify_receipt
from pledge.instance import Instance, trust_policy
from pledge.log.service import tree_size
from tests.site_kit import Clock, Person, csrf_token, read_json

pytestmark = pytest.mark.sqlite_only

_TYPE = "application/vnd.pledge.signing+json"
_L = 2**252 + 27742317777372353535851937790883648493
_P = 2**255 - 19
LOW_ORDER = (
    *(bytes(32), (1).to_bytes(32, "little"), (_P - 1).to_bytes(32, "little")),
    *(_P.to_bytes(32, "little"), (_P + 1).to_bytes(32, "little"), b"\xff" * 32),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
)


@pytest.fixture(autouse=True)
def _nothing_is_logged_or_said(instance: Instance, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    before = size(instance)
    yield
    assert size(instance) == before
    assert caplog.records == []


def size(instance: Instance) -> int:
    with instance.database.reading() as session:
        return tree_size(session)


def url_key(public: bytes) -> str:
    return "ed25519:" + base64.urlsafe_b64encode(public).rstrip(b"=").decode()


def refused(person: Person, link: str, data: dict[str, str], statuses: tuple[int, ...] = (400,)) -> str:
    """Post, and expect the page again, with the reason on it and the link still good."""
    response = person.client.post(link, data=data)
    assert response.status_code in statuses, response.status_code
    assert "Nothing was signed" in response.text
    assert person.client.get(link).status_code == 200
    return response.text


@pytest.mark.parametrize("public", LOW_ORDER, ids=range(len(LOW_ORDER)))
def test_keys_of_low_order_or_second_encodings_cannot_sign(ada: Person, public: bytes) -> None:
    link = ada.ask()
    page = ada.client.get(link).text
    payload = read_json(page, "draft")["payload"]
    payload["signatory"]["key"] = url_key(public)
    for signature in (bytes(64), public + bytes(32), (1).to_bytes(32, "little") + bytes(32)):
        refused(
            ada,
            link,
            {
                "csrf_token": csrf_token(page),
                "payload": base64.b64encode(st.format_json(payload)).decode(),
                "key": url_key(public),
                "signature": base64.b64encode(signature).decode(),
            },
        )


@pytest.mark.parametrize(
    "key",
    [
        *(
            "",
            "ed25519:",
            "ed25519:AAAA",
            "rsa:AAAA",
            "mldsa44:AAAA",
            "sk-ssh",
            "\u2066ed25519:x",
            "ed25519:" + "A" * 90,
        ),
        *("ed25519:" + "é" * 43, "ED25519:" + "A" * 43, "ed25519:" + "A" * 43 + "=", "ssh-ed25519 AAAA"),
        base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode(),
    ],
)
def test_keys_of_another_kind_cannot_sign_here(ada: Person, key: str) -> None:
    link = ada.ask()
    refused(ada, link, ada.signed_fields(link) | {"key": key})


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw[:32] + (int.from_bytes(raw[32:], "little") + _L).to_bytes(32, "little"),
        lambda raw: raw[:-1],
        lambda raw: raw + b"\0",
        lambda raw: bytes(64),
        lambda raw: bytes([raw[0] ^ 1]) + raw[1:],
        lambda raw: raw[:40] + bytes([raw[40] ^ 1]) + raw[41:],
        lambda raw: (1).to_bytes(32, "little") + raw[32:],
    ],
)
def test_signatures_that_are_not_canonical_or_not_good_are_refused(
    ada: Person, change: Callable[[bytes], bytes]
) -> None:
    link = ada.ask()
    fields = ada.signed_fields(link)
    altered = change(base64.b64decode(fields["signature"]))
    refused(ada, link, fields | {"signature": base64.b64encode(altered).decode()})


@pytest.mark.parametrize("name", ["signature", "payload", "key"])
@pytest.mark.parametrize("value", ["!", "A", "AAAA\nAAAA", "é", "=" * 8, " ", "A" * 150_000])
def test_fields_that_are_not_base64_are_refused(ada: Person, name: str, value: str) -> None:
    link = ada.ask()
    refused(ada, link, ada.signed_fields(link) | {name: value}, (400, 409))


def test_nothing_at_all_is_no_signature(ada: Person) -> None:
    link = ada.ask()
    refused(ada, link, {"csrf_token": csrf_token(ada.client.get(link).text)})


def test_another_key_cannot_sign_for_the_one_that_is_named(ada: Person, app: Flask) -> None:
    link = ada.ask()
    fields, mallory = ada.signed_fields(link), Person(app)
    refused(ada, link, fields | {"key": format_key(mallory.key.public)}, (400, 409))
    forged = mallory.key.sign(st.pae(_TYPE, base64.b64decode(fields["payload"])))
    refused(ada, link, fields | {"signature": base64.b64encode(forged).decode()})


def test_a_signature_over_the_bare_payload_is_none(ada: Person) -> None:
    link = ada.ask()
    fields = ada.signed_fields(link)
    payload = base64.b64decode(fields["payload"])
    for message in (payload, st.pae("application/vnd.pledge.renewal+json", payload), b""):
        signature = base64.b64encode(ada.key.sign(message)).decode()
        refused(ada, link, fields | {"signature": signature})


ALTERED: dict[str, Callable[[dict[str, Any]], object]] = {
    "origin": lambda p: p.update(origin="pledge.example.org"),
    "day before": lambda p: p.update(day="2026-11-22", until="2027-11-22"),
    "day after": lambda p: p.update(day="2026-11-24", until="2027-11-24"),
    "until": lambda p: p.update(until="2099-11-23"),
    "type": lambda p: p.update(type="signing/v2"),
    "core clause left out": lambda p: p["clauses"].pop(0),
    "clause added": lambda p: p["clauses"].append("something-else"),
    "clauses in another order": lambda p: p["clauses"].reverse(),
    "another lab": lambda p: p["affiliation"].update(lab="cohere"),
    "no lab": lambda p: p.update(affiliation=None),
    "more assurance": lambda p: p["affiliation"].update(assurance="credential"),
    "another text": lambda p: p["pledge"].update(sha256="00" * 32),
    "another version": lambda p: p["pledge"].update(version=2),
    "anonymous": lambda p: p["signatory"].update(visibility="anonymous"),
    "another name": lambda p: p["commitments"].update(name="11" * 32),
    "a role": lambda p: p["commitments"].update(role="11" * 32),
    "one member more": lambda p: p.update(extra=1),
    "one member less": lambda p: p.pop("credential"),
}


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED.keys())
def test_a_statement_that_differs_in_anything_is_refused(
    ada: Person, change: Callable[[dict[str, Any]], object]
) -> None:
    link = ada.ask(lab="mistral")
    page = ada.client.get(link).text
    payload = json.loads(base64.b64decode(ada.signed_fields(link)["payload"]))
    change(payload)
    refused(ada, link, ada.sign_payload(page, _TYPE, st.format_json(payload)), (409,))


def test_a_statement_written_in_another_way_is_refused(ada: Person) -> None:
    link = ada.ask()
    page = ada.client.get(link).text
    payload = json.loads(base64.b64decode(ada.signed_fields(link)["payload"]))
    refused(ada, link, ada.sign_payload(page, _TYPE, json.dumps(payload).encode()), (409,))


def test_the_base_point_that_stands_in_for_a_key_signs_nothing(ada: Person) -> None:
    link = ada.ask()
    base_point = "ed25519:WGZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmY"
    refused(ada, link, ada.signed_fields(link) | {"key": base_point}, (400, 409))


@pytest.mark.parametrize("days", [-1, 1])
def test_a_signature_of_another_day_is_told_to_load_the_page_again(
    ada: Person, clock: Clock, days: int
) -> None:
    link = ada.ask()
    clock.pass_days(days)
    page = ada.client.get(link).text
    payload = read_json(page, "draft")["payload"]
    payload["signatory"]["key"] = format_key(ada.key.public)
    fields = ada.sign_payload(page, _TYPE, st.format_json(payload))
    clock.pass_days(-days)
    assert "Load the page again" in refused(ada, link, fields, (409,))


def test_a_server_clock_that_goes_back_a_day_writes_nothing(
    ada: Person, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    link = ada.ask()
    clock.pass_days(-1)
    response = ada.client.post(link, data=ada.signed_fields(link))
    assert response.status_code == 503
    assert "Nothing can be signed before 2026-11-23" in response.text
    assert ada.client.get(link).status_code == 200
    caplog.clear()  # the operator is told


class TestWhatIsLogged:
    """The one place in this module where something is signed."""

    @pytest.fixture(autouse=True)
    def _nothing_is_logged_or_said(self) -> None:
        """Not here."""

    def test_core_clauses_are_always_signed_and_optional_ones_if_chosen(
        self, ada: Person, app: Flask
    ) -> None:
        everything = self.clauses(ada, None)
        chosen = self.clauses(Person(app, address="bob@mistral.ai"), [everything[1][0]])
        none = self.clauses(Person(app, address="eve@mistral.ai"), [])
        assert set(none[0]) < set(chosen[0])
        assert set(chosen[0]) - set(none[0]) == {everything[1][0]}
        assert none[0] == [clause for clause in chosen[0] if clause in none[0]]

    def clauses(self, person: Person, chosen: list[str] | None) -> tuple[list[str], list[str]]:
        """Sign, and give the clauses signed and those that could have been chosen."""
        offered = re.findall(r'name="clauses"[^>]*value="([^"]+)"', person.client.get("/sign").text)
        receipt = parse_receipt(person.receipt(person.sign(clauses=offered if chosen is None else chosen)))
        verified = verify_receipt(receipt, parse_policy(trust_policy(person.instance)))
        return list(verified.signing.clauses), offered

    def test_only_the_clauses_of_the_form_can_be_chosen(self, ada: Person) -> None:
        response = ada.client.post("/sign", data=ada.form(clauses=["something-else"]))
        assert response.status_code == 400
