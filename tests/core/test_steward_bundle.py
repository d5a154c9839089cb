import base64
import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pledge.core.age.file import encrypt
from pledge.core.age.keytext import format_hybrid_identity, format_x25519_identity
from pledge.core.age.scrypt import ScryptRecipient
from pledge.core.steward_bundle import (
    MAX_BUNDLE_BYTES,
    Bundle,
    OwnKeys,
    format_bundle,
    parse_bundle,
    unwrap_bundle,
    wrap_bundle,
)
from pledge.errors import MalformedError, PledgeError, VerificationError

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/steward-bundle.json").read_text(encoding="utf-8"))
KEYS = OwnKeys(age=format_hybrid_identity(bytes([1]) * 32), from_=date(2026, 11, 26), signing="41" * 32)
BUNDLE = Bundle(keys=(KEYS,), origin="pledge.example/log", type_="steward-keys/v1")


@pytest.mark.parametrize("vector", VECTORS["cases"], ids=lambda vector: vector["name"])
def test_what_the_browser_wraps_is_unwrapped_here(vector: dict[str, Any]) -> None:
    bundle = unwrap_bundle(base64.b64decode(vector["wrapped"]), vector["passphrase"])
    assert format_bundle(bundle).decode() == vector["bundle"]
    assert parse_bundle(vector["bundle"].encode()) == bundle


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["name"])
def test_what_the_browser_refuses_is_refused_here(vector: dict[str, Any]) -> None:
    with pytest.raises(PledgeError):
        unwrap_bundle(base64.b64decode(vector["wrapped"]), vector["passphrase"])


def test_a_bundle_comes_back_as_it_was() -> None:
    wrapped = wrap_bundle(BUNDLE, "correct horse", random_bytes=os.urandom, work_factor=10)
    assert unwrap_bundle(wrapped, "correct horse") == BUNDLE
    with pytest.raises(VerificationError) as caught:
        unwrap_bundle(wrapped, "correct house")
    assert caught.value.code == "age-no-match"


def test_keys_are_used_newest_first_and_never_shown() -> None:
    newer = replace(
        KEYS, age=format_hybrid_identity(bytes([2]) * 32), signing="42" * 32, from_=date(2026, 12, 26)
    )
    bundle = replace(BUNDLE, keys=(KEYS, newer))
    assert [identity.recipient for identity in bundle.identities] == [
        newer.identity.recipient,
        KEYS.identity.recipient,
    ]
    assert KEYS.signing_key.public == OwnKeys(**_members(KEYS)).signing_key.public
    assert KEYS.signing not in repr(bundle)
    assert KEYS.age not in repr(bundle)


def _members(keys: OwnKeys) -> dict[str, Any]:
    return {"age": keys.age, "from_": keys.from_, "signing": keys.signing}


def test_a_work_factor_of_thirty_is_refused_before_any_work() -> None:
    """It would take a terabyte of memory."""
    wrapped = wrap_bundle(BUNDLE, "x", random_bytes=os.urandom, work_factor=10)
    first, _, rest = wrapped.partition(b" 10\n")
    with pytest.raises(MalformedError, match="work factor"):
        unwrap_bundle(first + b" 30\n" + rest, "x")


def test_a_large_file_and_other_contents_are_refused() -> None:
    with pytest.raises(MalformedError, match="too large"):
        unwrap_bundle(bytes(MAX_BUNDLE_BYTES + 1), "x")
    plain = b"".join(encrypt([ScryptRecipient("x", 1)], [b"[]"], random_bytes=os.urandom))
    with pytest.raises(MalformedError):
        unwrap_bundle(plain, "x")
    with pytest.raises(MalformedError):
        parse_bundle(format_bundle(BUNDLE).replace(b'"41', b'"4G'))
    classical = format_x25519_identity(bytes([1]) * 32)
    with pytest.raises(MalformedError, match="post-quantum"):
        parse_bundle(format_bundle(BUNDLE).replace(KEYS.age.encode(), classical.encode()))
