import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pledge.core.age.bech32 import encode_bech32
from pledge.core.age.hybrid import HybridIdentity
from pledge.core.age.keytext import (
    format_hybrid_identity,
    format_recipient,
    format_x25519_identity,
    parse_identity,
    parse_recipient,
)
from pledge.core.age.x25519 import X25519Identity
from pledge.errors import MalformedError

KEYS: Final[list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "age" / "npm.json").read_text()
)["keys"]
seeds = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key["identity"][:25])
def test_identities_have_the_recipients_that_others_find(key: dict[str, Any]) -> None:
    recipient = parse_identity(key["identity"]).recipient
    assert format_recipient(recipient) == key["recipient"]
    assert parse_recipient(key["recipient"]) == recipient


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_hybrid_keys_are_read_as_they_were_written(seed: bytes) -> None:
    recipient = HybridIdentity.from_seed(seed).recipient
    text = format_hybrid_identity(seed)
    assert text.startswith("AGE-SECRET-KEY-PQ-1")
    assert parse_identity(text).recipient == recipient
    assert format_recipient(recipient).startswith("age1pq1")
    assert parse_recipient(format_recipient(recipient)) == recipient


@given(seeds)
def test_x25519_keys_are_read_as_they_were_written(seed: bytes) -> None:
    recipient = X25519Identity.from_seed(seed).recipient
    text = format_x25519_identity(seed)
    assert text.startswith("AGE-SECRET-KEY-1")
    assert parse_identity(text).recipient == recipient
    assert format_recipient(recipient).startswith("age1")
    assert parse_recipient(format_recipient(recipient)) == recipient


@pytest.mark.parametrize("key", KEYS[:2] + KEYS[-1:], ids=lambda key: key["identity"][:25])
def test_recipients_and_identities_are_not_taken_for_each_other(key: dict[str, Any]) -> None:
    for text in (key["identity"], key["recipient"].upper(), key["recipient"][:-1]):
        with pytest.raises(MalformedError):
            parse_recipient(text)
    for text in (key["recipient"], key["identity"].lower(), key["identity"][:-1]):
        with pytest.raises(MalformedError):
            parse_identity(text)


@pytest.mark.parametrize("name", ["age", "age1pq", "age1tag", "age-secret-key-", "age-secret-key-pq-"])
@pytest.mark.parametrize("size", [0, 31, 33, 1215, 1217])
def test_keys_of_other_kinds_or_lengths_are_refused(name: str, size: int) -> None:
    text = encode_bech32(name, b"\x09" * size)
    with pytest.raises(MalformedError):
        parse_recipient(text)
    with pytest.raises(MalformedError):
        parse_identity(text.upper())
