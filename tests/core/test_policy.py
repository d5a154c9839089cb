import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.keys import MlDsa44Key, SigningKey
from pledge.core.policy import (
    MAX_POLICY_CHARS,
    Group,
    Policy,
    format_policy,
    parse_policy,
    verify_checkpoint,
)
from pledge.core.tlog.checkpoint import Checkpoint, format_checkpoint, sign_checkpoint
from pledge.core.tlog.cosignature import sign_ed25519_cosignature, sign_ml_dsa44_cosignature
from pledge.core.tlog.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA44,
    ED25519,
    Note,
    NoteSignature,
    VerifierKey,
    format_note,
    format_vkey,
    parse_note,
)
from pledge.core.tlog.tree import leaf_hash
from pledge.errors import MalformedError, NotUnderstoodError, VerificationError

VECTORS: Final = Path(__file__).parents[1] / "vectors"
ORIGIN: Final = "example.com/log"
CHECKPOINT: Final = Checkpoint(ORIGIN, 7, leaf_hash(b"root"))
LOG: Final = SigningKey.from_seed(b"l" * 32)
LOG_PQ: Final = MlDsa44Key.from_seed(b"l" * 32)
WITNESS: Final = SigningKey.from_seed(b"w" * 32)
WITNESS_PQ: Final = MlDsa44Key.from_seed(b"w" * 32)
LOG_KEY: Final = VerifierKey(ORIGIN, ED25519, LOG.public)
LOG_PQ_KEY: Final = VerifierKey(ORIGIN, COSIGNATURE_ML_DSA44, LOG_PQ.public)
W1: Final = VerifierKey("witness.example/w1", COSIGNATURE_ED25519, WITNESS.public)
W2: Final = VerifierKey("witness.example/w2", COSIGNATURE_ML_DSA44, WITNESS_PQ.public)


def read_cases(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text())["cases"]
    return cases


def write_policy(*logs: VerifierKey, quorum: str = "both") -> str:
    lines = [f"log {format_vkey(key)}" for key in logs]
    lines += [f"witness w1 {format_vkey(W1)}", f"witness w2 {format_vkey(W2)}", "group both 2 w1 w2"]
    return "\n".join([*lines, f"quorum {quorum}", ""])


def cosign(*, ed_seconds: int | None = None, pq_seconds: int | None = None, log_seconds: int = 0) -> bytes:
    note = parse_note(sign_checkpoint(CHECKPOINT, ed25519=LOG, ml_dsa=LOG_PQ, seconds=log_seconds))
    lines = list(note.signatures)
    if ed_seconds is not None:
        signature = sign_ed25519_cosignature(WITNESS, CHECKPOINT, ed_seconds)
        lines.append(NoteSignature(W1.name, W1.key_id, signature))
    if pq_seconds is not None:
        signature = sign_ml_dsa44_cosignature(WITNESS_PQ, W2.name, CHECKPOINT, pq_seconds)
        lines.append(NoteSignature(W2.name, W2.key_id, signature))
    return format_note(Note(note.text, tuple(lines)))


@pytest.mark.parametrize("case", read_cases("policy"), ids=lambda case: case["name"])
def test_policies_are_read_as_in_tlog_policy(case: dict[str, Any]) -> None:
    if "malformed" in case:
        with pytest.raises(MalformedError):
            parse_policy(case["policy"])
        return
    policy = parse_policy(case["policy"])
    assert format_policy(policy) == case["canonical"]
    assert parse_policy(case["canonical"]) == policy


@pytest.mark.parametrize("case", read_cases("policy-checkpoints"), ids=lambda case: case["name"])
def test_checkpoints_are_verified_by_a_policy(case: dict[str, Any]) -> None:
    policy, note = parse_policy(case["policy"]), case["note"].encode()
    if "verified" in case:
        with pytest.raises(VerificationError):
            verify_checkpoint(policy, note)
        return
    verified = verify_checkpoint(policy, note)
    assert format_checkpoint(verified.checkpoint) == case["note"].rsplit("\n\n", 1)[0] + "\n"
    assert list(verified.witnesses) == case["witnesses"]
    assert verified.quorum_met == case["quorum_met"]
    assert verified.newest_cosignature_seconds == case["newest_cosignature_seconds"]


def test_a_policy_says_whom_to_believe_and_where_they_are() -> None:
    notary = VerifierKey("notary", ED25519, WITNESS.public)
    text = (
        f"log {format_vkey(LOG_KEY)} https://log.example/\nnotary {format_vkey(notary)}\n"
        f"witness w1 {format_vkey(W1)} https://w1.example/\ngroup one any w1\nquorum one\n"
    )
    policy = parse_policy(text)
    assert policy.logs == (LOG_KEY,)
    assert policy.notaries == (notary,)
    assert policy.witnesses == {"w1": W1}
    assert policy.groups == {"one": Group(1, ("w1",))}
    assert policy.quorum == "one"
    assert policy.urls == {LOG_KEY: "https://log.example/", W1: "https://w1.example/"}


def test_witnesses_of_both_kinds_make_a_quorum() -> None:
    policy = parse_policy(write_policy(LOG_KEY, LOG_PQ_KEY))
    verified = verify_checkpoint(policy, cosign(ed_seconds=10, pq_seconds=20, log_seconds=30))
    assert verified == (CHECKPOINT, ("w1", "w2"), True, 10)


def test_a_witness_without_a_quorum_makes_nothing_fresh() -> None:
    policy = parse_policy(write_policy(LOG_KEY, LOG_PQ_KEY))
    assert verify_checkpoint(policy, cosign(pq_seconds=20)) == (CHECKPOINT, ("w2",), False, None)
    policy = parse_policy(write_policy(LOG_KEY, LOG_PQ_KEY, quorum="w1"))
    verified = verify_checkpoint(policy, cosign(ed_seconds=10, pq_seconds=2**40))
    assert verified == (CHECKPOINT, ("w1", "w2"), True, 10)


def test_the_logs_own_word_on_time_does_not_count() -> None:
    policy = parse_policy(write_policy(LOG_KEY, LOG_PQ_KEY))
    assert verify_checkpoint(policy, cosign(log_seconds=30)) == (CHECKPOINT, (), False, None)


def test_either_of_a_logs_keys_is_enough_and_a_policy_may_ask_for_the_second_alone() -> None:
    signed = parse_note(cosign())
    classical, post_quantum = (
        format_note(Note(signed.text, (line,))) for line in (signed.signatures[0], signed.signatures[1])
    )
    both = parse_policy(write_policy(LOG_KEY, LOG_PQ_KEY))
    for note in (classical, post_quantum):
        assert verify_checkpoint(both, note).checkpoint == CHECKPOINT
    only = parse_policy(write_policy(LOG_PQ_KEY))
    assert verify_checkpoint(only, post_quantum).checkpoint == CHECKPOINT
    with pytest.raises(VerificationError):
        verify_checkpoint(only, classical)


def test_the_latest_of_a_witness_cosignatures_counts_in_any_order() -> None:
    policy = parse_policy(write_policy(LOG_KEY, quorum="w1"))
    note = parse_note(cosign(ed_seconds=10))
    again = parse_note(cosign(ed_seconds=20)).signatures[-1]
    for lines in ((*note.signatures, again), (again, *note.signatures)):
        data = format_note(Note(note.text, lines))
        assert verify_checkpoint(policy, data) == (CHECKPOINT, ("w1",), True, 20)


def test_every_byte_of_a_cosigned_checkpoint_counts() -> None:
    policy = parse_policy(write_policy(LOG_KEY, quorum="w1"))
    note = parse_note(cosign(ed_seconds=10))
    data = format_note(Note(note.text, (note.signatures[0], note.signatures[2])))
    assert verify_checkpoint(policy, data).quorum_met
    for place in range(len(data)):
        spoilt = bytearray(data)
        spoilt[place] ^= 1
        try:
            verified = verify_checkpoint(policy, bytes(spoilt))
        except (MalformedError, VerificationError):
            continue
        # A witness's line that names no known key any more is skipped, and then there is no quorum.
        assert not verified.quorum_met


@pytest.mark.parametrize("data", [b"", b"text\n", cosign().replace(b"\n7\n", b"\n07\n")])
def test_what_is_no_checkpoint_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        verify_checkpoint(parse_policy(write_policy(LOG_KEY)), data)


def test_a_key_of_an_unknown_kind_is_not_understood() -> None:
    with pytest.raises(NotUnderstoodError):
        parse_policy("log PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\nquorum none\n")


def test_the_message_names_the_line() -> None:
    with pytest.raises(MalformedError, match="Line 3"):
        parse_policy("# comment\n\nlog nothing\nquorum none\n")


def test_a_policy_has_limits() -> None:
    keys = [VerifierKey(ORIGIN, ED25519, bytes([2, number]) + bytes(30)) for number in range(65)]
    lines = [f"log {format_vkey(key)}\n" for key in keys]
    assert len(parse_policy("".join(lines[:64]) + "quorum none\n").logs) == 64
    with pytest.raises(MalformedError, match="at most 64"):
        parse_policy("".join(lines) + "quorum none\n")
    with pytest.raises(MalformedError, match="at most"):
        parse_policy("#" * MAX_POLICY_CHARS + "\n")


@pytest.mark.parametrize(
    "policy",
    [
        Policy((), (), {"two words": W1}, {}, "none"),
        Policy((), (), {"w1": W1}, {}, "w1", {W1: "two words"}),
        Policy((), (), {}, {}, "unknown"),
        Policy((), (), {"w1": W1}, {"g": Group(2, ("w1",))}, "g"),
        Policy((W1,), (), {}, {}, "none"),
        Policy((), (), {}, {}, "none", {W1: "https://w1.example/"}),
    ],
)
def test_a_policy_that_could_not_be_read_is_not_written(policy: Policy) -> None:
    with pytest.raises(MalformedError):
        format_policy(policy)


names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs"]), min_size=1, max_size=8)


@given(st.data())
def test_every_policy_is_read_as_it_was_written(data: st.DataObject) -> None:
    taken = data.draw(
        st.lists(names.filter(lambda name: name != "none"), min_size=2, max_size=8, unique=True)
    )
    count = data.draw(st.integers(1, len(taken) - 1))
    witnesses = {
        name: VerifierKey(f"w{number}", COSIGNATURE_ED25519, bytes([2, number]) + bytes(30))
        for number, name in enumerate(taken[:count])
    }
    free, groups = list(witnesses), {}
    for name in taken[count:]:
        members = data.draw(st.lists(st.sampled_from(free), min_size=1, unique=True))
        groups[name] = Group(data.draw(st.integers(1, len(members))), tuple(members))
        free = [*(other for other in free if other not in members), name]
    quorum = data.draw(st.sampled_from([*taken, "none"]))
    policy = Policy((LOG_KEY,), (), witnesses, groups, quorum)
    assert parse_policy(format_policy(policy)) == policy
    everyone = frozenset(witnesses)
    assert policy.is_quorum(everyone) == (quorum != "none")
    assert not policy.is_quorum(frozenset())


@given(st.text(alphabet="\t\n #ablogquormniesw", max_size=60))
def test_other_text_is_refused_or_read(text: str) -> None:
    try:
        policy = parse_policy(text)
    except MalformedError:
        return
    assert parse_policy(format_policy(policy)) == policy
