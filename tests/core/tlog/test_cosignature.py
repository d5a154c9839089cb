import json
from pathlib import Path
from typing import Any, Final

import pytest

from pledge.core.keys import MlDsa44Key, SigningKey
from pledge.core.tlog.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from pledge.core.tlog.cosignature import (
    cosignature_seconds,
    ed25519_message,
    ml_dsa44_message,
    sign_ed25519_cosignature,
    sign_ml_dsa44_cosignature,
    verify_cosignature,
)
from pledge.core.tlog.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA44,
    ED25519,
    VerifierKey,
    parse_note,
    parse_vkey,
    verify_note,
)
from pledge.core.tlog.tree import leaf_hash
from pledge.errors import MalformedError, VerificationError

VECTORS: Final = json.loads((Path(__file__).parents[2] / "vectors" / "cosignature.json").read_text())
CHECKPOINT: Final = Checkpoint("example.com/log", 2**40, leaf_hash(b"entry"))
TEXT: Final = format_checkpoint(CHECKPOINT)
SECONDS: Final = 1_700_000_000
NAME: Final = "witness.example/w1"
ED: Final = SigningKey.from_seed(bytes(32))
PQ: Final = MlDsa44Key.from_seed(bytes(32))
ED_KEY: Final = VerifierKey(NAME, COSIGNATURE_ED25519, ED.public)
PQ_KEY: Final = VerifierKey(NAME, COSIGNATURE_ML_DSA44, PQ.public)


def build_message(vkey: VerifierKey, checkpoint: Checkpoint, seconds: int) -> bytes:
    if vkey.kind == COSIGNATURE_ED25519:
        return ed25519_message(checkpoint, seconds)
    return ml_dsa44_message(vkey.name, checkpoint, seconds)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_a_witness_that_others_run_verifies(case: dict[str, Any]) -> None:
    vkey, signature = parse_vkey(case["vkey"]), bytes.fromhex(case["signature"])
    assert verify_cosignature(vkey, case["text"], signature) == case["seconds"]
    assert cosignature_seconds(signature) == case["seconds"]
    checkpoint = parse_checkpoint(case["text"])
    assert build_message(vkey, checkpoint, case["seconds"]).hex() == case["message"]


def test_a_checkpoint_that_others_made_verifies_by_both_kinds() -> None:
    keys = [parse_vkey(case["vkey"]) for case in VECTORS["cases"]]
    note = parse_note(VECTORS["note"].encode())
    assert [key for key, _ in verify_note(note, keys)] == keys


def test_the_ed25519_message_is_text() -> None:
    assert ed25519_message(CHECKPOINT, SECONDS) == f"cosignature/v1\ntime {SECONDS}\n{TEXT}".encode()
    assert ed25519_message(CHECKPOINT, 0).startswith(b"cosignature/v1\ntime 0\n")


def test_the_ml_dsa_message_is_a_structure() -> None:
    assert ml_dsa44_message(NAME, CHECKPOINT, SECONDS) == (
        b"subtree/v1\n\0"
        + bytes([len(NAME)])
        + NAME.encode()
        + SECONDS.to_bytes(8, "big")
        + bytes([len("example.com/log")])
        + b"example.com/log"
        + bytes(8)
        + (2**40).to_bytes(8, "big")
        + CHECKPOINT.root
    )


def test_ed25519_cosignatures_verify_and_tell_their_time() -> None:
    signature = sign_ed25519_cosignature(ED, CHECKPOINT, SECONDS)
    assert len(signature) == 72
    assert verify_cosignature(ED_KEY, TEXT, signature) == SECONDS


def test_ml_dsa_cosignatures_verify_and_tell_their_time() -> None:
    signature = sign_ml_dsa44_cosignature(PQ, NAME, CHECKPOINT, SECONDS)
    assert len(signature) == 2428
    assert verify_cosignature(PQ_KEY, TEXT, signature) == SECONDS


def test_an_ml_dsa_cosignature_holds_for_its_cosigner_alone() -> None:
    signature = sign_ml_dsa44_cosignature(PQ, NAME, CHECKPOINT, SECONDS)
    with pytest.raises(VerificationError):
        verify_cosignature(VerifierKey("other.example", COSIGNATURE_ML_DSA44, PQ.public), TEXT, signature)


@pytest.mark.parametrize(
    "other",
    [
        Checkpoint("example.com/other", CHECKPOINT.size, CHECKPOINT.root),
        Checkpoint(CHECKPOINT.origin, CHECKPOINT.size + 1, CHECKPOINT.root),
        Checkpoint(CHECKPOINT.origin, CHECKPOINT.size, leaf_hash(b"another entry")),
    ],
    ids=["origin", "size", "root"],
)
def test_a_cosignature_holds_for_one_checkpoint(other: Checkpoint) -> None:
    text = format_checkpoint(other)
    with pytest.raises(VerificationError):
        verify_cosignature(ED_KEY, text, sign_ed25519_cosignature(ED, CHECKPOINT, SECONDS))
    with pytest.raises(VerificationError):
        verify_cosignature(PQ_KEY, text, sign_ml_dsa44_cosignature(PQ, NAME, CHECKPOINT, SECONDS))


def test_every_byte_of_a_cosignature_counts_its_time_included() -> None:
    for vkey, signature in (
        (ED_KEY, sign_ed25519_cosignature(ED, CHECKPOINT, SECONDS)),
        (PQ_KEY, sign_ml_dsa44_cosignature(PQ, NAME, CHECKPOINT, SECONDS)),
    ):
        for place in range(len(signature)):
            spoilt = bytearray(signature)
            spoilt[place] ^= 0x80
            with pytest.raises(VerificationError):
                verify_cosignature(vkey, TEXT, bytes(spoilt))


def test_the_kinds_are_not_taken_for_each_other() -> None:
    plain = VerifierKey(NAME, ED25519, ED.public)
    signature = sign_ed25519_cosignature(ED, CHECKPOINT, SECONDS)
    for vkey in (plain, PQ_KEY):
        with pytest.raises(VerificationError):
            verify_cosignature(vkey, TEXT, signature)
    with pytest.raises(VerificationError):
        verify_cosignature(ED_KEY, TEXT, sign_ml_dsa44_cosignature(PQ, NAME, CHECKPOINT, SECONDS))


@pytest.mark.parametrize("text", ["", "not a checkpoint\n", TEXT + "extension\n"])
def test_only_checkpoints_are_cosigned(text: str) -> None:
    with pytest.raises(VerificationError):
        verify_cosignature(ED_KEY, text, sign_ed25519_cosignature(ED, CHECKPOINT, SECONDS))


@pytest.mark.parametrize("signature", [b"", bytes(7), b"\x80" + bytes(71), b"\xff" * 8])
def test_other_times_are_refused(signature: bytes) -> None:
    with pytest.raises(MalformedError):
        cosignature_seconds(signature)
    with pytest.raises(VerificationError):
        verify_cosignature(ED_KEY, TEXT, signature)


@pytest.mark.parametrize("seconds", [-1, 2**63])
def test_other_times_are_not_signed(seconds: int) -> None:
    with pytest.raises(MalformedError):
        ed25519_message(CHECKPOINT, seconds)
    with pytest.raises(MalformedError):
        ml_dsa44_message(NAME, CHECKPOINT, seconds)


def test_the_last_time_is_signed() -> None:
    signature = sign_ed25519_cosignature(ED, CHECKPOINT, 2**63 - 1)
    assert verify_cosignature(ED_KEY, TEXT, signature) == 2**63 - 1


@pytest.mark.parametrize("name", ["", "two words", "x" * 256])
def test_a_cosigner_has_a_name(name: str) -> None:
    with pytest.raises(MalformedError):
        ml_dsa44_message(name, CHECKPOINT, SECONDS)
