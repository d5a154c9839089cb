import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.keys import SigningKey, format_key
from pledge.core.statement.signing import Credential
from pledge.core.tip.message import (
    MAX_FILES_BYTES,
    MAX_MANIFEST_BYTES,
    File,
    Manifest,
    Message,
    ShownCredential,
    credential_message,
    format_manifest,
    parse_manifest,
    sign_message,
    verify_manifest,
    verify_proof,
)
from pledge.errors import MalformedError, PledgeError, VerificationError
from tests.core.tip.kit import SOURCE, STEWARD, TIP, follow

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/tip.json").read_text(encoding="utf-8"))
ANONYMOUS = SigningKey.from_seed(bytes([9]) * 32)
FILE = File(name="a.pdf", size_bytes=1, sha256="0" * 64)


def with_credential(message: Message) -> Message:
    credential = Credential(
        issuer="0" * 8,
        epoch="2026-Q4",
        purpose="tip-1",
        key=format_key(ANONYMOUS.public),
        prefix=bytes(32),
        signature=bytes(256),
    )
    proof = ANONYMOUS.sign(credential_message(message))
    return replace(message, credential=ShownCredential(credential=credential, proof=proof))


@pytest.mark.parametrize("vector", VECTORS["manifests"], ids=lambda vector: vector["what"])
def test_manifests_are_what_the_vectors_say(vector: dict[str, Any]) -> None:
    data = vector["manifest"].encode()
    if "error" in vector:
        with pytest.raises(PledgeError) as caught:
            verify_manifest(parse_manifest(data))
        assert caught.value.code == vector["error"]
        return
    manifest = parse_manifest(data)
    verify_manifest(manifest)
    assert format_manifest(manifest) == data


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200)


@given(texts)
def test_any_text_that_is_in_nfc_goes_through(text: str) -> None:
    try:
        data = format_manifest(sign_message(replace(TIP, text=text), SOURCE))
    except MalformedError:
        return
    manifest = parse_manifest(data)
    verify_manifest(manifest)
    assert manifest.message.text == text


def test_any_byte_changed_is_noticed() -> None:
    data = format_manifest(sign_message(TIP, SOURCE))
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises((MalformedError, VerificationError)):
            verify_manifest(parse_manifest(bytes(changed)))


@pytest.mark.parametrize(
    "changes",
    [
        {"type_": "follow-up/v1"},
        {"number": 2},
        {"previous": "0" * 64},
        {"recipient": None},
        {"text": ""},
        {"text": "x" * 100_001},
        {"text": "e\u0301"},
        {"mailbox": "0" * 31},
        {"nonce": bytes(31)},
        {"clauses": ("a", "a")},
        {"files": (replace(FILE, name="../x"),)},
        {"files": (replace(FILE, name=""),)},
        {"files": (replace(FILE, size_bytes=MAX_FILES_BYTES), FILE)},
        {"files": (FILE,) * 101},
        {"way": "sealed-somehow"},
    ],
)
def test_what_does_not_belong_together_is_no_tip(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        format_manifest(sign_message(replace(TIP, **changes), SOURCE))


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 1},
        {"previous": None},
        {"lab": "mistral"},
        {"clauses": ("a",)},
        {"recipient": TIP.recipient},
        {"type_": "tip/v1"},
        {"type_": "answer/v1", "way": "sealed-by-server"},
    ],
)
def test_what_does_not_belong_together_is_no_later_message(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        format_manifest(sign_message(follow(TIP, 2, "0" * 64, **changes), SOURCE))


def test_a_message_may_be_files_alone() -> None:
    manifest = sign_message(replace(TIP, text="", files=(FILE,)), SOURCE)
    assert parse_manifest(format_manifest(manifest)) == manifest


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"signature":{}}', b"{" * (MAX_MANIFEST_BYTES + 1)])
def test_other_bytes_are_no_manifest(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_manifest(data)


def test_a_signature_of_another_key_does_not_pass() -> None:
    message, _, signature = sign_message(TIP, SOURCE)
    with pytest.raises(VerificationError):
        verify_manifest(Manifest(message, format_key(STEWARD.public), signature))


def test_a_key_of_low_order_makes_no_manifest() -> None:
    data = format_manifest(sign_message(TIP, SOURCE))
    weak = "ed25519:" + base64.urlsafe_b64encode(b"\x01" + bytes(31)).rstrip(b"=").decode()
    with pytest.raises(MalformedError):
        parse_manifest(data.replace(format_key(SOURCE.public).encode(), weak.encode()))


def test_a_manifest_that_could_not_be_read_is_not_written() -> None:
    message, key, signature = sign_message(TIP, SOURCE)
    with pytest.raises(MalformedError):
        format_manifest(Manifest(message, key, signature + b"\0"))
    with pytest.raises(MalformedError):
        format_manifest(Manifest(replace(message, clauses=["a"]), key, signature))  # type: ignore[arg-type]  # is checked


def test_a_credential_goes_with_one_message_only() -> None:
    tip = with_credential(TIP)
    verify_proof(tip)
    assert parse_manifest(format_manifest(sign_message(tip, SOURCE))).message == tip
    for other in (replace(tip, text="Something else."), replace(tip, mailbox="0" * 32)):
        with pytest.raises(VerificationError):
            verify_proof(other)
    with pytest.raises(VerificationError):
        verify_proof(TIP)
    with pytest.raises(MalformedError):
        follow(TIP, 2, "0" * 64, credential=tip.credential)
