import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.statement.canonical import parse_base64
from pledge.core.statement.commitment import Opening, commit, verify_opening
from pledge.errors import MalformedError, VerificationError

VECTORS: Final = json.loads((Path(__file__).parents[2] / "vectors" / "commitments.json").read_text())


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["commitment"][:8])
def test_commitments(case: dict[str, Any]) -> None:
    opening = Opening(case["field"], parse_base64(case["salt"]), case["value"])
    assert commit(opening) == case["commitment"]
    verify_opening(case["commitment"], opening)


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["why"])
def test_openings_that_cannot_be(case: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        Opening(case["field"], parse_base64(case["salt"]), case["value"])


def test_an_unpaired_surrogate_opens_nothing() -> None:
    with pytest.raises(MalformedError):
        Opening("name", bytes(32), "\ud800")


@given(st.integers(0, 255))
def test_every_bit_of_the_salt_counts(bit: int) -> None:
    salt = bytearray(32)
    salt[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VerificationError):
        verify_opening(commit(Opening("name", bytes(32), "Ada")), Opening("name", bytes(salt), "Ada"))


def test_fields_and_values_do_not_run_into_each_other() -> None:
    salt = bytes(32)
    name = commit(Opening("name", salt, "Ada"))
    for other in (Opening("role", salt, "Ada"), Opening("reason", salt, "Ada"), Opening("name", salt, "Ad")):
        with pytest.raises(VerificationError):
            verify_opening(name, other)
