import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.keys import (
    MlDsa44Key,
    SigningKey,
    check_ed25519_public,
    format_key,
    format_private_key,
    parse_key,
    role_key_id,
    verify_ed25519,
    verify_ml_dsa44,
)
from pledge.errors import MalformedError, VerificationError

VECTORS: Final = Path(__file__).parents[1] / "vectors"
SEED: Final = bytes(range(32))
ORDER: Final = 2**252 + 27742317777372353535851937790883648493


def read_cases(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text())["cases"]
    return cases


@pytest.mark.parametrize("case", read_cases("ed25519"), ids=lambda case: case["name"])
def test_ed25519_signs_as_in_rfc_8032(case: dict[str, str]) -> None:
    key = SigningKey.from_seed(bytes.fromhex(case["seed"]))
    message = bytes.fromhex(case["message"])
    assert key.public.hex() == case["public"]
    assert key.sign(message).hex() == case["signature"]
    verify_ed25519(key.public, message, key.sign(message))


@pytest.mark.parametrize("case", read_cases("ed25519-speccheck"), ids=lambda case: case["name"])
def test_ed25519_is_verified_in_its_strictest_reading(case: dict[str, Any]) -> None:
    public, message, signature = (bytes.fromhex(case[part]) for part in ("public", "message", "signature"))
    if case["valid"]:
        verify_ed25519(public, message, signature)
    else:
        with pytest.raises(VerificationError):
            verify_ed25519(public, message, signature)


@pytest.mark.parametrize("case", read_cases("ed25519-keys"), ids=lambda case: case["name"])
def test_ed25519_keys_of_low_order_or_in_a_second_encoding_are_refused(case: dict[str, Any]) -> None:
    public = bytes.fromhex(case["public"])
    if case["accepted"]:
        check_ed25519_public(public)
        assert parse_key(format_key(public)) == public
        return
    with pytest.raises(MalformedError):
        check_ed25519_public(public)
    with pytest.raises(MalformedError):
        format_key(public)
    with pytest.raises(VerificationError):
        verify_ed25519(public, b"", bytes(64))


def test_adding_the_order_to_s_makes_no_second_signature() -> None:
    key = SigningKey.from_seed(SEED)
    signature = key.sign(b"once")
    larger = int.from_bytes(signature[32:], "little") + ORDER
    with pytest.raises(VerificationError, match="below the order"):
        verify_ed25519(key.public, b"once", signature[:32] + larger.to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 63, 65])
def test_ed25519_signatures_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(VerificationError, match="64 bytes"):
        verify_ed25519(SigningKey.from_seed(SEED).public, b"", bytes(length))


def test_every_byte_of_an_ed25519_signature_counts() -> None:
    key = SigningKey.from_seed(SEED)
    signature = key.sign(b"message")
    for place in range(len(signature)):
        spoilt = bytearray(signature)
        spoilt[place] ^= 1
        with pytest.raises(VerificationError):
            verify_ed25519(key.public, b"message", bytes(spoilt))
    with pytest.raises(VerificationError):
        verify_ed25519(key.public, b"Message", signature)


def test_ml_dsa_signatures_verify_and_are_hedged() -> None:
    key = MlDsa44Key.from_seed(SEED)
    signatures = {key.sign(b"message") for _ in range(2)}
    assert len(signatures) == 2
    for signature in signatures:
        assert len(key.public) == 1312
        assert len(signature) == 2420
        verify_ml_dsa44(key.public, b"message", signature)
        with pytest.raises(VerificationError, match="does not fit"):
            verify_ml_dsa44(key.public, b"Message", signature)


def test_an_ml_dsa_key_is_derived_from_its_seed_alone() -> None:
    assert MlDsa44Key.from_seed(SEED).public == MlDsa44Key.from_seed(SEED).public
    assert MlDsa44Key.from_seed(SEED).public != MlDsa44Key.from_seed(bytes(32)).public


@pytest.mark.parametrize(
    ("public_bytes", "signature_bytes"), [(1311, 2420), (1313, 2420), (1312, 2419), (1312, 0)]
)
def test_ml_dsa_keys_and_signatures_of_another_length_are_refused(
    public_bytes: int, signature_bytes: int
) -> None:
    with pytest.raises(VerificationError, match="bytes"):
        verify_ml_dsa44(bytes(public_bytes), b"", bytes(signature_bytes))


@pytest.mark.parametrize("kind", [SigningKey, MlDsa44Key])
@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_seeds_of_another_length_are_refused(kind: type[SigningKey | MlDsa44Key], length: int) -> None:
    with pytest.raises(MalformedError, match="32 bytes"):
        kind.from_seed(bytes(length))


@pytest.mark.parametrize("kind", [SigningKey, MlDsa44Key])
def test_a_private_key_shows_its_public_half_only(kind: type[SigningKey | MlDsa44Key]) -> None:
    key = kind.from_seed(SEED)
    assert SEED.hex() not in repr(key)
    assert repr(SEED) not in repr(key)
    assert key.public[:8].hex() in repr(key)
    assert not hasattr(key, "__dict__")


def test_a_role_key_id_is_the_key_id_that_signed_note_gives() -> None:
    peter = bytes.fromhex("1a5cd907143c384c41e830c5bce12aa8817ec5649aaabf2c31388b35b2d744d6")
    assert role_key_id("PeterNeumann", peter) == "c74f20a3"
    assert role_key_id("notary", peter) != role_key_id("steward", peter)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ed25519:",
        "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik",
        "ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=",
        "ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2il",
        "ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2i",
        "ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ikA",
        "ED25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik",
        "ed25519:ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik",
        "ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik\n",
        "ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2i٠",
        "ed25519:" + "A" * 43,
    ],
)
def test_a_key_has_one_spelling(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_key(text)


def test_a_key_is_written_in_base64url() -> None:
    public = SigningKey.from_seed(bytes(32)).public
    assert format_key(public) == "ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik"


@given(st.binary(min_size=32, max_size=32))
def test_every_key_is_read_as_it_was_written(seed: bytes) -> None:
    public = SigningKey.from_seed(seed).public
    text = format_key(public)
    assert parse_key(text) == public
    for other in (text.replace("_", "/"), text.replace("-", "+")):
        if other != text:
            with pytest.raises(MalformedError):
                parse_key(other)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_what_a_key_signs_verifies_for_it_alone(seed: bytes, message: bytes) -> None:
    key, other = SigningKey.from_seed(seed), SigningKey.from_seed(SEED)
    verify_ed25519(key.public, message, key.sign(message))
    if key.public != other.public:
        with pytest.raises(VerificationError):
            verify_ed25519(other.public, message, key.sign(message))


def test_a_private_key_is_written_as_in_rfc_8410() -> None:
    # Section 10.3, first example.
    seed = bytes.fromhex("d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842")
    pem = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
"""
    assert format_private_key(seed) == pem
    with pytest.raises(MalformedError, match="32 bytes"):
        format_private_key(seed[1:])
