import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.statement import (
    KINDS,
    Affiliation,
    Clauses,
    Envelope,
    Signing,
    Statement,
    Withdrawal,
    format_statement,
    pae,
    parse_payload,
    parse_statement,
    seal,
)
from pledge.errors import MalformedError, NotUnderstoodError
from tests.core.sample_log import ANONYMOUS, BARE_LAB, DAY, LAB, RENEWAL, SIGNING, STATEMENTS, WITHDRAWAL

VECTORS: Final = json.loads((Path(__file__).parents[2] / "vectors" / "statements.json").read_text())


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["kind"])
def test_payloads_are_read_and_written_again(case: dict[str, Any]) -> None:
    payload = case["payload"].encode()
    statement = parse_payload(case["payloadType"], payload)
    assert statement.kind == case["kind"]
    assert format_statement(statement) == payload
    assert hashlib.sha256(payload).hexdigest() == case["sha256"] == seal(statement).payload_sha256
    assert hashlib.sha256(pae(case["payloadType"], payload)).hexdigest() == case["pae_sha256"]


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: f"{case['kind']}: {case['why']}")
def test_other_payloads_are_malformed_or_not_understood(case: dict[str, Any]) -> None:
    expected = {"malformed": MalformedError, "not-understood": NotUnderstoodError}[case["verdict"]]
    with pytest.raises(expected):
        parse_payload(case["payloadType"], case["payload"].encode())


def test_every_kind_has_vectors() -> None:
    assert {case["kind"] for case in VECTORS["cases"]} == set(KINDS)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.kind)
def test_any_member_taken_away_is_missed(statement: Statement) -> None:
    members = json.loads(format_statement(statement))
    optional = {"founder"}
    for name in members.keys() - optional:
        rest = {key: value for key, value in members.items() if key != name}
        payload = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        with pytest.raises(MalformedError):
            parse_payload(seal(statement).payload_type, payload)


@given(st.sampled_from(STATEMENTS), st.data())
def test_any_changed_byte_makes_another_statement_or_none(statement: Statement, data: st.DataObject) -> None:
    envelope = seal(statement)
    payload = bytearray(envelope.payload)
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] ^= data.draw(st.integers(1, 255))
    try:
        changed = parse_payload(envelope.payload_type, bytes(payload))
    except (MalformedError, NotUnderstoodError):
        return
    assert changed != statement
    assert format_statement(changed) == payload


def test_a_statement_of_an_unknown_kind_is_not_even_parsed() -> None:
    with pytest.raises(NotUnderstoodError):
        parse_statement(Envelope(b"\xff", "application/vnd.pledge.oath+json"))


def test_errors_name_the_member_but_no_value() -> None:
    payload = format_statement(LAB).replace(b"lab.example", b"lab_example")
    with pytest.raises(MalformedError, match=r"^lab: domains: domain: must be a domain") as caught:
        parse_payload(seal(LAB).payload_type, payload)
    assert "lab_example" not in str(caught.value)


@pytest.mark.parametrize(
    "build",
    [
        lambda: format_statement(replace(RENEWAL, origin="a b")),
        lambda: format_statement(replace(RENEWAL, signing="0")),
        lambda: format_statement(replace(WITHDRAWAL, reason="none of yours")),
        lambda: format_statement(replace(LAB, slug="Lab")),
        lambda: replace(SIGNING, until=DAY),
        lambda: replace(SIGNING, day=date.max, until=date.max),
        lambda: Affiliation(lab="a", assurance="email", scope="lab", day=DAY),
        lambda: Clauses(core=("a",), optional=("a",)),
    ],
)
def test_what_cannot_be_read_cannot_be_built_or_written(build: Any) -> None:
    with pytest.raises(MalformedError):
        build()


def test_a_statement_that_would_read_as_another_is_not_written() -> None:
    # A list is written like a tuple and read as one.
    with pytest.raises(MalformedError):
        format_statement(replace(SIGNING, clauses=list(SIGNING.clauses)))  # type: ignore[arg-type]  # the attack


def test_a_signing_tells_its_assurance_and_lab() -> None:
    assert (SIGNING.assurance, SIGNING.lab) == ("lab-email", "example-lab")
    assert (ANONYMOUS.assurance, ANONYMOUS.lab) == ("credential", "example-lab")
    bare: Signing = replace(SIGNING, affiliation=None)
    assert (bare.assurance, bare.lab) == ("email", None)


def test_only_the_operator_s_reasons_are_removals() -> None:
    assert not WITHDRAWAL.is_removal
    removal: Withdrawal = replace(WITHDRAWAL, reason="removed:impersonation")
    assert removal.is_removal


@pytest.mark.parametrize(
    ("chosen", "is_choice"),
    [
        ("a b", True),
        ("a b c", True),
        ("a b d", True),
        ("a b c d", True),
        ("", False),
        ("a", False),
        ("b a", False),
        ("a b d c", False),
        ("a b e", False),
        ("c a b", False),
        ("a b b", False),
        ("a b c c", False),
    ],
)
def test_a_choice_of_clauses_has_one_order(*, chosen: str, is_choice: bool) -> None:
    clauses = Clauses(core=("a", "b"), optional=("c", "d"))
    assert clauses.is_choice(tuple(chosen.split())) is is_choice


def test_a_lab_s_domains_have_scopes() -> None:
    assert LAB.has_scope("lab")
    assert LAB.has_scope("group")
    assert not BARE_LAB.has_scope("lab")


def test_statements_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        SIGNING.day = DAY  # type: ignore[misc]  # the attack
