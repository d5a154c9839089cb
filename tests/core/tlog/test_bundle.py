import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.tlog.tile import format_bundle, parse_bundle
from pledge.errors import MalformedError


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=256))
def test_entries_are_read_as_they_were_written(entries: list[bytes]) -> None:
    assert parse_bundle(format_bundle(entries)) == entries


@given(st.binary(max_size=40))
def test_a_bundle_that_is_read_is_written_the_same(data: bytes) -> None:
    try:
        entries = parse_bundle(data)
    except MalformedError:
        return
    assert format_bundle(entries) == data


def test_lengths_are_big_endian() -> None:
    assert format_bundle([b"", b"a", b"b" * 258]) == b"\0\0" + b"\0\1a" + b"\1\2" + b"b" * 258


def test_the_longest_entry_fits() -> None:
    longest = bytes(65_535)
    assert parse_bundle(format_bundle([longest])) == [longest]


@pytest.mark.parametrize("entries", [[], [b""] * 257, [bytes(65_536)]], ids=["none", "257", "too long"])
def test_other_entries_make_no_bundle(entries: list[bytes]) -> None:
    with pytest.raises(MalformedError):
        format_bundle(entries)


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\1", b"\0\1ab", b"\0\0\0", b"\0\0" * 257])
def test_other_bytes_are_no_bundle(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_bundle(data)


def test_a_bundle_cut_anywhere_is_no_bundle_of_as_many() -> None:
    entries = [bytes([number]) * number for number in range(5)]
    data = format_bundle(entries)
    for end in range(len(data)):
        try:
            assert len(parse_bundle(data[:end])) < len(entries)
        except MalformedError:
            continue
