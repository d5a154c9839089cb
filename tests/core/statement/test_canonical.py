import json
import unicodedata
from pathlib import Path
from typing import Any, Final

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.statement.canonical import (
    MAX_DEPTH,
    MAX_ENTRY_BYTES,
    Value,
    format_base64,
    format_json,
    parse_base64,
    parse_json,
)
from pledge.errors import MalformedError

VECTORS: Final = json.loads((Path(__file__).parents[2] / "vectors" / "canonical.json").read_text())

TEXTS: Final = st.text(max_size=12).map(lambda text: unicodedata.normalize("NFC", text))
VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["why"])
def test_json_is_accepted_only_when_canonical(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["hex"])
    if case["verdict"] == "refused":
        with pytest.raises(MalformedError):
            parse_json(data)
    else:
        assert data == case["text"].encode()
        assert format_json(parse_json(data)) == data


@pytest.mark.parametrize("case", VECTORS["formatted"], ids=lambda case: case["source"])
def test_values_are_written_as_rfc_8785_shows(case: dict[str, Any]) -> None:
    assert format_json(case["value"]) == case["canonical"].encode()
    assert parse_json(case["canonical"].encode()) == case["value"]


@given(VALUES)
def test_parse_undoes_format(value: Value) -> None:
    assert parse_json(format_json(value)) == value


@given(value=VALUES, is_escaped=st.booleans(), separators=st.sampled_from([(",", ":"), (", ", ": ")]))
def test_exactly_what_rfc8785_writes_is_accepted(
    *, value: Value, is_escaped: bool, separators: tuple[str, str]
) -> None:
    # The fast check must agree with the reference on everything json.dumps can write, sorted or not.
    data = json.dumps(value, ensure_ascii=is_escaped, separators=separators).encode()
    if data == rfc8785.dumps(value):
        assert parse_json(data) == value
    else:
        with pytest.raises(MalformedError):
            parse_json(data)


@given(
    st.binary(max_size=40) | st.text(alphabet='{}[]",:019-.e\\nu tfals \u0301é', max_size=24).map(str.encode)
)
def test_what_is_accepted_is_written_the_same(data: bytes) -> None:
    try:
        value = parse_json(data)
    except MalformedError:
        return
    assert format_json(value) == data == rfc8785.dumps(value)


@given(VALUES, st.data())
def test_any_flipped_bit_gives_another_value_or_none(value: Value, data: st.DataObject) -> None:
    written = bytearray(format_json(value))
    at = data.draw(st.integers(0, len(written) * 8 - 1))
    written[at // 8] ^= 1 << at % 8
    try:
        changed = parse_json(bytes(written))
    except MalformedError:
        return
    assert format_json(changed) == written
    assert written != format_json(value)


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        2**53,
        -(2**53),
        "\ud800",
        {"\udc00": 1},
        "e\u0301",
        {1: 1},
        b"",
        {"a": {"b": [1.5]}},
    ],
    ids=repr,
)
def test_what_cannot_be_read_is_not_written(value: Any) -> None:
    with pytest.raises(MalformedError):
        format_json(value)


def test_depth_is_bounded_for_lists_and_objects() -> None:
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        middle = b"" if opening == b"[" else b"{}"
        inner = MAX_DEPTH - len(middle) // 2
        parse_json(opening * inner + middle + closing * inner)
        for depth in (inner + 1, 30_000 // len(opening)):
            with pytest.raises(MalformedError):
                parse_json(opening * depth + middle + closing * depth, max_bytes=100_000)
    value: Value = []
    for _ in range(5000):
        value = [value]
    with pytest.raises(MalformedError):
        format_json(value)


def test_brackets_in_strings_are_no_depth() -> None:
    assert parse_json(b'"%b"' % (b"[" * 50)) == "[" * 50


def test_length_is_bounded() -> None:
    longest = b'"%b"' % (b"a" * (MAX_ENTRY_BYTES - 2))
    assert format_json(parse_json(longest)) == longest
    with pytest.raises(MalformedError):
        parse_json(longest[:-1] + b'a"')
    with pytest.raises(MalformedError):
        format_json("a" * (MAX_ENTRY_BYTES - 1))
    assert parse_json(b'"aa"', max_bytes=4) == "aa"


def test_an_integer_of_many_digits_is_refused_quickly() -> None:
    with pytest.raises(MalformedError):
        parse_json(b"9" * 60_000)


@given(st.binary(max_size=40))
def test_base64_is_undone(data: bytes) -> None:
    assert parse_base64(format_base64(data)) == data


@pytest.mark.parametrize(
    "text",
    ["A", "AA", "AAA", "AB==", "AAB=", "AA==\n", " AA==", "AA==AA==", "A===", "____", "é", "=", "AA=A"],
)
def test_base64_has_one_way_to_be_written(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_base64(text)
