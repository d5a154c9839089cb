import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pledge.core.policy import Policy, format_policy, parse_policy
from pledge.core.receipt import MAX_RECEIPT_BYTES, Receipt, format_receipt, parse_receipt, verify_receipt
from pledge.core.statement import Envelope, Opening
from pledge.core.tlog.note import ED25519, NoteSignature, VerifierKey, format_note, format_vkey, parse_note
from pledge.core.tlog.proof import format_tlog_proof, parse_tlog_proof
from pledge.errors import MalformedError, NotUnderstoodError, VerificationError
from tests.core.sample_log import (
    ADA,
    ANONYMOUS,
    BEGINNING,
    DAY,
    GENESIS,
    NOTARY,
    OPENINGS,
    OTHER_NOTARY,
    PLEDGE,
    SALT,
    SECONDS,
    SIGNED,
    SIGNING,
    SIGNING_SHA256,
    Signer,
    entries_of,
    key_entry,
    named_key,
    proof_of,
    signatory,
    signed,
    trust,
)

VECTORS: Final = json.loads((Path(__file__).parents[1] / "vectors" / "receipt.json").read_text())

ENTRIES: Final = entries_of(*BEGINNING, SIGNED)
POLICY: Final = trust()


def receipt_of(entries: list[bytes], index: int, notary_index: int = 0, **changes: Any) -> Receipt:
    receipt = Receipt(
        leaf=entries[index],
        proof=proof_of(entries, index),
        openings=OPENINGS,
        text=PLEDGE,
        notary_leaf=entries[notary_index],
        notary_proof=proof_of(entries, notary_index),
    )
    return replace(receipt, **changes)


WHOLE: Final = receipt_of(ENTRIES, 4)
DATA: Final = format_receipt(WHOLE)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_receipts(case: dict[str, Any]) -> None:
    receipt, policy = parse_receipt(case["receipt"].encode()), parse_policy(case["policy"])
    assert format_receipt(receipt).decode() == case["receipt"]
    if case["verdict"] == "refused":
        with pytest.raises(VerificationError):
            verify_receipt(receipt, policy)
    else:
        assert verify_receipt(receipt, policy).grade == case["verdict"]


def test_a_receipt_shows_what_was_signed_where() -> None:
    verified = verify_receipt(parse_receipt(DATA), POLICY)
    assert verified.signing == SIGNING
    assert verified.signing_sha256 == SIGNING_SHA256
    assert verified.openings == OPENINGS
    assert (verified.index, verified.checkpoint.size, verified.checkpoint.origin) == (4, 5, SIGNING.origin)
    assert (verified.grade, verified.witnesses) == ("witnessed", ("w0", "w1"))
    assert verified.newest_cosignature_seconds == SECONDS


def test_states_of_different_sizes_may_differ() -> None:
    grown = replace(WHOLE, proof=proof_of([*ENTRIES, ENTRIES[1]], 4))
    assert verify_receipt(grown, POLICY).checkpoint.size == 6


def test_without_witnesses_a_receipt_is_logged() -> None:
    bare = replace(WHOLE, proof=proof_of(ENTRIES, 4, witnesses=0), notary_proof=proof_of(ENTRIES, 0))
    verified = verify_receipt(bare, POLICY)
    assert (verified.grade, verified.witnesses, verified.newest_cosignature_seconds) == ("logged", (), None)


def is_refused(data: bytes) -> bool:
    try:
        verify_receipt(parse_receipt(data), POLICY)
    except (MalformedError, VerificationError, NotUnderstoodError):
        return True
    return False


@pytest.mark.parametrize("start", range(4))
def test_no_byte_can_change(start: int) -> None:
    # Every byte once, one bit each; which bit goes round with the place. The log's Ed25519 key alone: quicker.
    small = [proof_of(ENTRIES, index, witnesses=1, log_keys=1) for index in (4, 0)]
    data = format_receipt(replace(WHOLE, proof=small[0], notary_proof=small[1]))
    assert not is_refused(data)
    for at in range(start, len(data), 4):
        changed = bytearray(data)
        changed[at] ^= 1 << (at // 4) % 8
        assert is_refused(bytes(changed)), at


@settings(max_examples=300)
@given(st.integers(0, len(DATA) - 1), st.binary(max_size=2))
def test_no_bytes_can_be_put_in_left_out_or_exchanged(at: int, other: bytes) -> None:
    for end in (at, at + 1):
        changed = DATA[:at] + other + DATA[end:]
        assert changed == DATA or is_refused(changed)


def test_a_notary_s_key_entry_serves_like_the_genesis() -> None:
    admitted = signed(key_entry(OTHER_NOTARY), NOTARY)
    entries = entries_of(*BEGINNING, admitted, signed(SIGNING, ADA, OTHER_NOTARY))
    assert verify_receipt(receipt_of(entries, 5, 4), trust(notary=OTHER_NOTARY)).index == 5


MALLORY: Final = signatory("mallory")


def trust_without(start: str) -> Policy:
    """Return the policy without a quorum and without the lines that begin so."""
    lines = format_policy(trust(quorum="none")).splitlines(keepends=True)
    return parse_policy("".join(line for line in lines if not line.startswith((start, "group "))))


OTHER_LOG: Final = VerifierKey("other.example", ED25519, named_key("other log").public)
TWO_LOGS: Final = parse_policy(f"log {format_vkey(OTHER_LOG)}\n{format_policy(POLICY)}")


def with_line(proof: bytes, signature: bytes) -> bytes:
    """Return a tlog-proof with one more line on its checkpoint, in the name of the other log."""
    parsed = parse_tlog_proof(proof)
    note = parse_note(parsed.checkpoint)
    line = NoteSignature(OTHER_LOG.name, OTHER_LOG.key_id, signature)
    checkpoint = format_note(note._replace(signatures=(*note.signatures, line)))
    return format_tlog_proof(replace(parsed, checkpoint=checkpoint))


def entry_after(*envelopes: Envelope) -> list[bytes]:
    return entries_of(*BEGINNING, *envelopes)


def key_of(signer: Signer, **changes: Any) -> Envelope:
    return signed(key_entry(signer, **changes), NOTARY)


OTHERS_SIGNING: Final = signed(SIGNING, ADA, OTHER_NOTARY)
OTHER_POLICY: Final = trust(notary=OTHER_NOTARY)

REFUSED: Final[dict[str, tuple[Receipt, Policy, str]]] = {
    "a receipt for a pledge text": (receipt_of(ENTRIES, 1), POLICY, "receipt-kind"),
    "an anonymous signing": (
        receipt_of(entry_after(signed(ANONYMOUS, signatory("nobody"))), 4, openings={}),
        POLICY,
        "credential-not-verified",
    ),
    "another place": (replace(WHOLE, proof=proof_of(ENTRIES, 3)), POLICY, "not-verified"),
    "another leaf": (
        replace(WHOLE, leaf=entries_of(signed(replace(SIGNING, affiliation=None), ADA, NOTARY))[0]),
        POLICY,
        "not-verified",
    ),
    "extra data": (replace(WHOLE, proof=proof_of(ENTRIES, 4, extra=b"x")), POLICY, "receipt-extra"),
    "extra data for the notary": (
        replace(WHOLE, notary_proof=proof_of(ENTRIES, 0, extra=b"x")),
        POLICY,
        "receipt-extra",
    ),
    "witnesses that the policy does not know": (WHOLE, trust_without("witness "), "receipt-signer-unknown"),
    "a log key that the policy does not know": (
        WHOLE,
        trust_without(f"log {GENESIS.log[1]}"),
        "receipt-signer-unknown",
    ),
    "another log": (WHOLE, trust_without("log "), "not-verified"),
    "a line by another log of the policy, which nobody checks for this one": (
        replace(WHOLE, proof=with_line(WHOLE.proof, b"not a signature")),
        TWO_LOGS,
        "receipt-signer-unknown",
    ),
    "the same in the notary's proof": (
        replace(WHOLE, notary_proof=with_line(WHOLE.notary_proof, b"not a signature")),
        TWO_LOGS,
        "receipt-signer-unknown",
    ),
    "two states of one size": (
        replace(WHOLE, notary_proof=proof_of([*ENTRIES[:-1], ENTRIES[1]], 0)),
        POLICY,
        "fork",
    ),
    "a clause that the text does not have": (
        receipt_of(entry_after(signed(replace(SIGNING, clauses=("no-such-clause",)), ADA, NOTARY)), 4),
        POLICY,
        "receipt-clauses",
    ),
    "a signing for another log": (
        receipt_of(entry_after(signed(replace(SIGNING, origin="other.example"), ADA, NOTARY)), 4),
        POLICY,
        "origin-wrong",
    ),
    "another text": (replace(WHOLE, text=PLEDGE + "\n"), POLICY, "receipt-text"),
    "another name": (
        replace(WHOLE, openings={"name": Opening("name", SALT, "Eve")}),
        POLICY,
        "wrong-opening",
    ),
    "an opening for another field": (
        replace(WHOLE, openings={"name": OPENINGS["role"]}),
        POLICY,
        "wrong-opening",
    ),
    "nothing to open": (
        receipt_of(
            entry_after(
                signed(
                    replace(
                        SIGNING,
                        commitments=SIGNING.commitments and replace(SIGNING.commitments, role=None),
                    ),
                    ADA,
                    NOTARY,
                )
            ),
            4,
        ),
        POLICY,
        "wrong-opening",
    ),
    "a notary that the policy does not know": (WHOLE, OTHER_POLICY, "key-unknown"),
    "no notary": (receipt_of(entry_after(signed(SIGNING, ADA)), 4), POLICY, "signature-missing"),
    "a signature by another": (
        receipt_of(entry_after(signed(SIGNING, Signer(ADA.keyid, MALLORY.key), NOTARY)), 4),
        POLICY,
        "not-verified",
    ),
    "a forged notary": (
        receipt_of(entry_after(signed(SIGNING, ADA, Signer(NOTARY.keyid, MALLORY.key))), 4),
        POLICY,
        "not-verified",
    ),
    "a notary entry of another kind": (receipt_of(ENTRIES, 4, 1), POLICY, "receipt-notary"),
    "a notary entry of another notary": (
        receipt_of(entry_after(OTHERS_SIGNING), 4),
        OTHER_POLICY,
        "receipt-notary",
    ),
    "a notary entry after the signing": (
        receipt_of(entry_after(OTHERS_SIGNING, key_of(OTHER_NOTARY)), 4, 5),
        OTHER_POLICY,
        "receipt-notary",
    ),
    "a notary not yet": (
        receipt_of(entry_after(key_of(OTHER_NOTARY, from_=DAY + timedelta(days=1)), OTHERS_SIGNING), 5, 4),
        OTHER_POLICY,
        "receipt-notary",
    ),
    "a notary no more": (
        receipt_of(
            entry_after(
                key_of(OTHER_NOTARY, from_=DAY - timedelta(days=2), until=DAY - timedelta(days=1)),
                OTHERS_SIGNING,
            ),
            5,
            4,
        ),
        OTHER_POLICY,
        "receipt-notary",
    ),
    "the same key in another role": (
        receipt_of(entry_after(key_of(OTHER_NOTARY, role="issuer"), OTHERS_SIGNING), 5, 4),
        OTHER_POLICY,
        "receipt-notary",
    ),
    "a notary entry for another log": (
        receipt_of(entry_after(key_of(OTHER_NOTARY, origin="other.example"), OTHERS_SIGNING), 5, 4),
        OTHER_POLICY,
        "receipt-notary",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_a_receipt_is_refused(case: tuple[Receipt, Policy, str]) -> None:
    receipt, policy, code = case
    with pytest.raises(VerificationError) as caught:
        verify_receipt(receipt, policy)
    assert caught.value.code == code


def test_a_leaf_from_the_future_is_not_understood() -> None:
    leaf = entries_of(Envelope(b"{}", "application/vnd.pledge.oath+json"))[0]
    with pytest.raises(NotUnderstoodError):
        verify_receipt(replace(WHOLE, leaf=leaf), POLICY)


def test_openings_may_be_left_out() -> None:
    for field, opening in OPENINGS.items():
        some = format_receipt(replace(WHOLE, openings={field: opening}))
        assert verify_receipt(parse_receipt(some), POLICY).openings == {field: opening}


@pytest.mark.parametrize(
    "changes",
    [
        {"proof": b"\xff"},
        {"notary_proof": b"\xff"},
        {"proof": b""},
        {"text": ""},
        {"text": "e\u0301"},
        {"text": "\ud800"},
        {"text": "a" * MAX_RECEIPT_BYTES},
        {"leaf": b""},
        {"openings": {"name": OPENINGS["role"]}},
    ],
    ids=repr,
)
def test_what_cannot_be_read_cannot_be_written(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        format_receipt(replace(WHOLE, **changes))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        DATA + b"\n",
        DATA.replace(b'"receipt/v1"', b'"receipt/v2"'),
        DATA.replace(b'"openings":{"name"', b'"openings":{"nome"'),
        DATA.replace(b'"type":', b'"typ":'),
    ],
    ids=lambda data: repr(data[:9]),
)
def test_other_bytes_are_no_receipt(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_receipt(data)
