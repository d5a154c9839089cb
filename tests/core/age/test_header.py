from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.age.header import (
    MAX_HEADER_BYTES,
    MAX_STANZAS,
    Header,
    format_header,
    make_header,
    parse_header,
    split_header,
    verify_mac,
)
from pledge.core.age.stanza import Stanza
from pledge.errors import MalformedError, PledgeError, VerificationError

FILE_KEY: Final = bytes(range(16))
MAC: Final = bytes(range(32))
STANZA: Final = Stanza("X25519", ("TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc",), bytes(32))

words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=70)
stanzas = st.builds(Stanza, words, st.lists(words, max_size=3).map(tuple), st.binary(max_size=150))
headers = st.builds(
    Header, st.lists(stanzas, min_size=1, max_size=4).map(tuple), st.binary(min_size=32, max_size=32)
)


@given(headers)
def test_every_header_is_read_as_it_was_written(header: Header) -> None:
    assert parse_header(format_header(header)) == header


@given(headers, st.binary(max_size=8), st.integers(0, 400), st.integers(0, 8))
def test_a_header_that_is_read_is_written_the_same(
    header: Header, inserted: bytes, place: int, skipped: int
) -> None:
    data = format_header(header)
    data = data[:place] + inserted + data[place + skipped :]
    try:
        read = parse_header(data)
    except MalformedError:
        return
    assert format_header(read) == data


@given(headers, st.binary(max_size=100), st.integers(1, 100))
def test_a_header_is_split_from_what_follows(header: Header, payload: bytes, size: int) -> None:
    data = format_header(header)
    file = data + payload
    read, rest = split_header(file[start : start + size] for start in range(0, len(file), size))
    assert read == data
    assert b"".join(rest) == payload


def read_and_verify(data: bytes) -> None:
    parse_header(data)
    verify_mac(data, FILE_KEY)


def test_every_byte_of_a_header_counts() -> None:
    data = make_header([STANZA, Stanza("other", (), b"")], FILE_KEY)
    read_and_verify(data)
    for place in range(len(data)):
        for bit in range(8):
            spoilt = bytearray(data)
            spoilt[place] ^= 1 << bit
            with pytest.raises(PledgeError):
                read_and_verify(bytes(spoilt))


def test_another_file_key_does_not_fit() -> None:
    with pytest.raises(VerificationError) as caught:
        verify_mac(make_header([STANZA], FILE_KEY), bytes(16))
    assert caught.value.code == "age-mac"


def test_a_header_cut_anywhere_is_refused() -> None:
    data = make_header([STANZA], FILE_KEY)
    for end in range(len(data)):
        with pytest.raises(MalformedError):
            split_header([data[:end]])
        with pytest.raises(MalformedError):
            parse_header(data[:end])


@pytest.mark.parametrize(
    "header",
    [
        Header((), MAC),
        Header((STANZA,) * (MAX_STANZAS + 1), MAC),
        Header((STANZA,), MAC[:31]),
        Header((STANZA,), MAC + b"x"),
        Header((STANZA._replace(type="two words"),), MAC),
        Header((STANZA._replace(type=""),), MAC),
        Header((STANZA._replace(arguments=("",)),), MAC),
        Header((STANZA._replace(arguments=("a\nb",)),), MAC),
        Header((STANZA._replace(arguments=("è",)),), MAC),
        Header((STANZA._replace(arguments=("half\ud800",)),), MAC),
        Header((STANZA._replace(body=bytes(MAX_HEADER_BYTES)),), MAC),
    ],
    ids=lambda header: repr(header)[:60],
)
def test_what_could_not_be_read_is_not_written(header: Header) -> None:
    with pytest.raises(MalformedError):
        format_header(header)


def test_as_many_stanzas_as_fit_are_read() -> None:
    header = Header((STANZA,) * MAX_STANZAS, MAC)
    assert parse_header(format_header(header)) == header


@pytest.mark.parametrize("size", [1000, MAX_HEADER_BYTES, 1 << 24])
def test_no_more_is_read_than_a_header_may_have(size: int) -> None:
    read = 0

    def source() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += size
            yield bytes(size)

    with pytest.raises(MalformedError) as caught:
        split_header(source())
    assert caught.value.code == "age-header"
    assert read < MAX_HEADER_BYTES + size
