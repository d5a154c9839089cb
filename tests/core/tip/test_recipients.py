import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pledge.core.policy import parse_policy
from pledge.core.statement import KeyMaterial, Signature, format_envelope
from pledge.core.tip.message import sign_message
from pledge.core.tip.recipients import (
    MAX_ENTRIES,
    MAX_RECIPIENTS_BYTES,
    ProvenEntry,
    format_recipients,
    parse_recipients,
)
from pledge.errors import MalformedError, NotUnderstoodError, PledgeError, UnavailableError
from tests.core.sample_log import trust
from tests.core.tip import kit
from tests.core.tip.recipients_log import (
    ADA,
    BEA,
    CYD,
    FOUNDERS,
    LATER,
    NEW_ADA,
    ROTATED,
    VECTORS,
    admitted,
    file_of,
    is_theirs,
    raw,
    revoked,
)

FILE = json.loads(VECTORS.read_text(encoding="utf-8"))
POLICIES = {name: parse_policy(text) for name, text in FILE["policies"].items()}


@pytest.mark.parametrize("vector", FILE["accepted"], ids=lambda vector: vector["name"])
def test_who_reads_tips_is_what_the_vectors_say(vector: dict[str, Any]) -> None:
    keys = parse_recipients(vector["file"].encode(), POLICIES["both"])
    assert (keys.origin, keys.quorum, keys.checkpoint.size) == (
        vector["origin"],
        vector["quorum"],
        vector["size"],
    )
    assert [
        {
            "entry": key.entry,
            "signing": key.signing,
            "recipient": key.recipient,
            "from": key.from_.isoformat(),
            "until": key.until.isoformat(),
            "founder": key.is_founder,
            "revoked": key.revoked and {"day": key.revoked.day.isoformat(), "reason": key.revoked.reason},
        }
        for key in keys.keys
    ] == vector["keys"]
    for expected in vector["days"]:
        day = date.fromisoformat(expected["day"])
        assert [key.signing for key in keys.current(day)] == expected["current"]
        assert keys.is_open(day) is expected["open"]
        assert [key.signing for key in keys.keys if key.may_have_signed(day)] == expected["may_have_signed"]


@pytest.mark.parametrize("vector", FILE["refused"], ids=lambda vector: vector["name"].replace(" ", "-"))
def test_what_a_server_could_add_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(PledgeError) as caught:
        parse_recipients(vector["file"].encode(), POLICIES[vector["policy"]])
    assert caught.value.code == vector["code"]


def test_a_policy_without_witnesses_takes_a_checkpoint_without_them() -> None:
    keys = parse_recipients(file_of(FOUNDERS, witnesses=0), POLICIES["none"])
    assert not keys.seen.quorum_met
    assert len(keys.keys) == 2


def test_either_signature_of_the_log_is_enough() -> None:
    assert len(parse_recipients(file_of(FOUNDERS, log_keys=1), trust()).keys) == 2


def test_tips_go_to_the_current_stewards_and_are_closed_where_these_are_too_few() -> None:
    keys = parse_recipients(file_of(ROTATED), trust())
    assert len(keys.recipients(date(2026, 12, 31))) == 2
    with pytest.raises(UnavailableError, match="closed") as caught:
        keys.recipients(date(2027, 1, 2))
    assert caught.value.code == "tips-closed"


def test_two_keys_with_one_recipient_are_sealed_to_once() -> None:
    twice = admitted(NEW_ADA, ADA, BEA, day=LATER, keys=_material())
    keys = parse_recipients(file_of((*FOUNDERS, twice)), trust())
    assert len(keys.current(LATER)) == 3
    assert len(keys.recipients(LATER)) == 2


def _material() -> KeyMaterial:
    payload = json.loads(FOUNDERS[2].payload)
    own = json.loads(admitted(NEW_ADA, ADA, BEA).payload)
    return KeyMaterial(signing=own["keys"]["signing"], age=payload["keys"]["age"])


def test_a_rotated_key_answers_for_what_it_signed_and_a_lost_one_for_nothing() -> None:
    keys = parse_recipients(file_of(ROTATED), trust())
    ada, bea, cyd = (key.signing for key in keys.keys[:3])
    before, after = (
        kit.follow(kit.TIP, 2, "0" * 64, type_="answer/v1", day=day) for day in (LATER, date(2026, 12, 24))
    )
    by_stranger = sign_message(before, kit.STEWARD)
    assert keys.signers([sign_message(before, ADA.key), by_stranger]) >= {ada, cyd}
    assert ada not in keys.signers([sign_message(message, ADA.key) for message in (before, after)])
    assert bea not in keys.signers([sign_message(before, BEA.key)])
    assert cyd in keys.signers([sign_message(after, CYD.key)])


def test_a_server_can_leave_things_out_and_nothing_else() -> None:
    """What the threat model says of hidden revocations: the proof is of what is there."""
    hidden = revoked(ADA, ADA, BEA, reason="lost")
    log = (*FOUNDERS, hidden)
    assert parse_recipients(file_of(log), trust()).keys[0].revoked is not None
    without = file_of(log, choose=lambda envelope: is_theirs(envelope) and envelope is not hidden)
    assert parse_recipients(without, trust()).keys[0].revoked is None


def test_an_unknown_version_is_not_understood() -> None:
    newer = replace(FOUNDERS[2], payload=FOUNDERS[2].payload.replace(b"key/v1", b"key/v2"))
    with pytest.raises(NotUnderstoodError):
        parse_recipients(file_of((*FOUNDERS, newer)), trust())


def test_every_byte_counts() -> None:
    """No change to a file leaves it saying something else."""
    data = file_of(FOUNDERS)
    expected = parse_recipients(data, trust()).keys
    for place in range(0, len(data), 97):
        changed = bytearray(data)
        changed[place] ^= 1
        try:
            keys = parse_recipients(bytes(changed), trust()).keys
        except (PledgeError, UnicodeDecodeError):
            continue
        assert keys == expected  # a key ID of a signature that nobody has to verify


def test_sizes_are_bounded() -> None:
    leaf = format_envelope(replace(FOUNDERS[0], signatures=(Signature("x", b"x"),)))
    entries = [ProvenEntry(index=index, leaf=leaf, path=()) for index in range(MAX_ENTRIES + 1)]
    with pytest.raises(MalformedError):
        format_recipients(b"x", entries)
    with pytest.raises(MalformedError, match="longer"):
        parse_recipients(b" " * (MAX_RECIPIENTS_BYTES + 1), trust())
    with pytest.raises(MalformedError, match="UTF-8"):
        format_recipients(b"\xff", entries[:1])
    with pytest.raises(MalformedError, match="longer"):
        parse_recipients(raw(file_of(FOUNDERS), checkpoint="x" * MAX_RECIPIENTS_BYTES).encode(), trust())
