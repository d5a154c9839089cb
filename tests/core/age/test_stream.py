import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pledge.core.age.stream import (
    CHUNK_BYTES,
    NONCE_BYTES,
    TAG_BYTES,
    decrypt_stream,
    encrypt_stream,
    payload_size,
    plaintext_size,
)
from pledge.errors import MalformedError, VerificationError

KEY: Final = bytes(range(32))
TEXT: Final = bytes(range(256)) * 768  # three chunks
EDGES: Final = [
    near
    for chunks in range(4)
    for near in range(chunks * CHUNK_BYTES - 2, chunks * CHUNK_BYTES + 3)
    if 0 <= near <= len(TEXT)
]


def encrypt(plaintext: bytes) -> bytes:
    return b"".join(encrypt_stream(KEY, [plaintext]))


def decrypt(ciphertext: bytes) -> bytes:
    return b"".join(decrypt_stream(KEY, [ciphertext]))


@pytest.mark.parametrize("size", EDGES)
def test_what_is_encrypted_is_decrypted_and_its_size_is_foreseen(size: int) -> None:
    ciphertext = encrypt(TEXT[:size])
    assert decrypt(ciphertext) == TEXT[:size]
    assert payload_size(size) == NONCE_BYTES + len(ciphertext)
    assert plaintext_size(payload_size(size)) == size


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(TEXT)), st.lists(st.integers(0, len(TEXT)), max_size=8))
def test_pieces_of_any_size_give_the_same(size: int, cuts: list[int]) -> None:
    plaintext = TEXT[:size]
    ciphertext = encrypt(plaintext)
    assert b"".join(encrypt_stream(KEY, cut_at(plaintext, cuts))) == ciphertext
    assert b"".join(decrypt_stream(KEY, cut_at(ciphertext, cuts))) == plaintext


def cut_at(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = [0, *sorted(cuts), len(data) + 1]
    return (data[start:end] for start, end in pairwise(places))


def test_single_bytes_give_the_same() -> None:
    plaintext = TEXT[: CHUNK_BYTES + 1]
    ciphertext = encrypt(plaintext)
    assert b"".join(decrypt_stream(KEY, (bytes([byte]) for byte in ciphertext))) == plaintext


@given(st.binary(max_size=80), st.data())
def test_every_changed_bit_is_noticed_and_releases_nothing(plaintext: bytes, draw: st.DataObject) -> None:
    ciphertext = bytearray(encrypt(plaintext))
    place = draw.draw(st.integers(0, len(ciphertext) - 1))
    ciphertext[place] ^= 1 << draw.draw(st.integers(0, 7))
    with pytest.raises(VerificationError):
        next(decrypt_stream(KEY, [bytes(ciphertext)]))


def collect(pieces: Iterable[bytes], into: bytearray) -> None:
    for piece in pieces:
        into += piece


@pytest.mark.parametrize("spoilt", range(3))
def test_only_chunks_before_the_spoilt_one_are_released(spoilt: int) -> None:
    ciphertext = bytearray(encrypt(TEXT))
    ciphertext[spoilt * (CHUNK_BYTES + TAG_BYTES)] ^= 1
    released = bytearray()
    with pytest.raises(VerificationError):
        collect(decrypt_stream(KEY, [bytes(ciphertext)]), released)
    assert released == TEXT[: spoilt * CHUNK_BYTES]


@pytest.mark.parametrize("size", [0, 1, 40, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES])
def test_what_is_cut_off_anywhere_is_noticed(size: int) -> None:
    ciphertext = encrypt(TEXT[:size])
    near = {end for chunk in range(3) for end in range(chunk * 65_552 - 20, chunk * 65_552 + 20)}
    for end in sorted(near & set(range(len(ciphertext)))):
        with pytest.raises(VerificationError):
            decrypt(ciphertext[:end])


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1])
@pytest.mark.parametrize("added", [1, TAG_BYTES, TAG_BYTES + 1, CHUNK_BYTES + TAG_BYTES])
def test_what_follows_the_end_is_noticed(size: int, added: int) -> None:
    with pytest.raises(VerificationError):
        decrypt(encrypt(TEXT[:size]) + bytes(added))


def test_chunks_that_change_places_are_noticed() -> None:
    first, second, third = encrypt_stream(KEY, [TEXT])
    for order in ([second, first, third], [first, third], [second, third], [first, first, second, third]):
        with pytest.raises(VerificationError):
            decrypt(b"".join(order))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(VerificationError):
        next(decrypt_stream(bytes(32), [encrypt(b"text")]))


@pytest.mark.parametrize(
    "size", [-1, 0, 16, 31, 65_552 + 16 + 1, 65_552 + 16 + 16, 2 * 65_552 + 16 + 16], ids=str
)
def test_sizes_that_no_payload_has_are_refused(size: int) -> None:
    with pytest.raises(MalformedError):
        plaintext_size(size)


@given(st.integers(0, 1 << 40))
def test_payloads_grow_with_what_they_hold(size: int) -> None:
    assert plaintext_size(payload_size(size)) == size
    assert payload_size(size) < payload_size(size + 1)


@pytest.mark.parametrize("piece_bytes", [1000, CHUNK_BYTES, 1_000_000])
def test_memory_does_not_grow_with_the_stream(piece_bytes: int) -> None:
    piece = bytes(piece_bytes)
    count = 16_000_000 // piece_bytes
    tracemalloc.start()
    for _ in decrypt_stream(KEY, encrypt_stream(KEY, (piece for _ in range(count)))):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * CHUNK_BYTES
