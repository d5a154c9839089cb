import json
import unicodedata
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pledge.core.address import CANONICALIZATION, CanonicalAddress, canonical_address, seat
from pledge.errors import MalformedError

VECTORS: Final = json.loads((Path(__file__).parents[1] / "vectors" / "address.json").read_text())


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_version_1_is_frozen(case: dict[str, str]) -> None:
    address = canonical_address(case["text"])
    assert (address.local, address.domain) == (case["local"], case["domain"])
    assert address.text == f"{case['local']}@{case['domain']}"
    assert CANONICALIZATION == VECTORS["version"] == 1


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_a_canonical_address_is_its_own_canonical_form(case: dict[str, str]) -> None:
    address = canonical_address(case["text"])
    assert canonical_address(address.text) == address


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_what_is_no_address_is_refused_and_not_repeated(case: dict[str, str]) -> None:
    with pytest.raises(MalformedError) as caught:
        canonical_address(case["text"])
    assert caught.value.code == case["code"]
    assert "alice" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def addresses() -> st.SearchStrategy[str]:
    part = st.text(
        st.sampled_from("aZ.+-ß\u0130\u03a3\u0301\u200d\u3002é王א१") | st.characters(), max_size=12
    )
    domain = st.sampled_from(["example.org", "GMail.com", "googlemail.com"]) | part.map(
        lambda label: label + ".org"
    )
    return st.builds("{}@{}".format, part, domain)


@given(addresses() | st.text(max_size=60))
@example("e.\u0301@gmail.com")
@example("\u03a3.a@gmail.com")
def test_any_text_is_refused_or_becomes_a_canonical_address_within_bounds(text: str) -> None:
    try:
        address = canonical_address(text)
    except MalformedError:
        return
    assert canonical_address(address.text) == address
    assert len(address.local.encode()) <= 64
    assert len(address.text.encode()) <= 254
    assert address.domain.isascii()
    assert unicodedata.is_normalized("NFC", address.text)
    assert "+" not in address.local


@given(addresses())
def test_case_and_composition_of_what_was_given_do_not_matter(text: str) -> None:
    try:
        address = canonical_address(text)
    except MalformedError:
        return
    assert canonical_address(unicodedata.normalize("NFD", address.text)) == address
    if address.text.isascii():
        assert canonical_address(address.text.upper()) == address


def test_an_address_does_not_show_its_local_part() -> None:
    assert "alice" not in repr(canonical_address("alice@example.org"))


@pytest.mark.parametrize("case", VECTORS["seats"], ids=lambda case: case["seat"][:8])
def test_a_seat_is_the_hmac_of_pledge_and_address(case: dict[str, str]) -> None:
    address = canonical_address(case["address"])
    assert seat(bytes.fromhex(case["key"]), pledge=case["pledge"], address=address).hex() == case["seat"]


def test_seats_differ_by_key_pledge_and_address() -> None:
    assert len({case["seat"] for case in VECTORS["seats"]}) == len(VECTORS["seats"])
    address = canonical_address("alice@example.org")
    assert seat(bytes(32), pledge="a", address=address) != seat(
        bytes([*bytes(31), 1]), pledge="a", address=address
    )


@pytest.mark.parametrize(
    ("key", "pledge"),
    [
        (bytes(31), "a"),
        (b"", "a"),
        (bytes(32), ""),
        (bytes(32), "a\nb"),
        (bytes(32), "A"),
        (bytes(32), "a--b"),
    ],
)
def test_a_seat_needs_a_whole_key_and_a_slug(key: bytes, pledge: Any) -> None:
    with pytest.raises(MalformedError):
        seat(key, pledge=pledge, address=CanonicalAddress("alice", "example.org"))
