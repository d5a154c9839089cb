from typing import Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.atrest import OVERHEAD_BYTES, decrypt, encrypt
from pledge.errors import MalformedError, VerificationError

KEY: Final = bytes(range(32))
NONCE: Final = bytes(range(100, 112))
CONTEXT: Final = "signing/address/1"
SEALED: Final = encrypt(KEY, b"someone@example.org", nonce=NONCE, context=CONTEXT)


@given(st.binary(max_size=300), st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_what_is_encrypted_comes_back(plaintext: bytes, context: str) -> None:
    sealed = encrypt(KEY, plaintext, nonce=NONCE, context=context)
    assert len(sealed) == len(plaintext) + OVERHEAD_BYTES
    assert decrypt(KEY, sealed, context=context) == plaintext


def test_the_layout_is_version_nonce_ciphertext_tag() -> None:
    expected = b"\x01" + NONCE + AESGCM(KEY).encrypt(NONCE, b"someone@example.org", CONTEXT.encode())
    assert expected == SEALED


def test_the_cipher_is_the_standard_one() -> None:
    # McGrew and Viega, "The Galois/Counter Mode of Operation", test case 14, with no associated data.
    sealed = AESGCM(bytes(32)).encrypt(bytes(12), bytes(16), None)
    assert sealed.hex() == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"


def test_any_one_bit_changed_fails() -> None:
    for index in range(len(SEALED)):
        for bit in range(8):
            changed = bytearray(SEALED)
            changed[index] ^= 1 << bit
            with pytest.raises(VerificationError):
                decrypt(KEY, bytes(changed), context=CONTEXT)


@pytest.mark.parametrize("length", range(len(SEALED)))
def test_any_cut_fails(length: int) -> None:
    with pytest.raises(VerificationError):
        decrypt(KEY, SEALED[:length], context=CONTEXT)


@given(st.binary(max_size=100))
def test_decrypting_any_bytes_raises_nothing_but_its_own_error(data: bytes) -> None:
    with pytest.raises(VerificationError):
        decrypt(KEY, data, context=CONTEXT)


def test_another_key_or_context_fails_and_so_does_too_much() -> None:
    for key, data, context in [
        (bytes(32), SEALED, CONTEXT),
        (KEY, SEALED, "signing/address/2"),
        (KEY, b"\x01" + bytes(65_536 + OVERHEAD_BYTES), CONTEXT),
    ]:
        with pytest.raises(VerificationError):
            decrypt(key, data, context=context)


@pytest.mark.parametrize(
    ("key", "plaintext", "nonce", "context"),
    [
        (bytes(16), b"", NONCE, CONTEXT),
        (KEY, b"", bytes(16), CONTEXT),
        (KEY, b"", b"", CONTEXT),
        (KEY, b"", NONCE, ""),
        (KEY, bytes(65_537), NONCE, CONTEXT),
    ],
    ids=["key", "long nonce", "no nonce", "no context", "too large"],
)
def test_a_wrong_length_or_no_context_is_refused(
    key: bytes, plaintext: bytes, nonce: bytes, context: str
) -> None:
    with pytest.raises(MalformedError):
        encrypt(key, plaintext, nonce=nonce, context=context)
