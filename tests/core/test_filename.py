import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pledge.core.filename import MAX_BYTES, fit_name

CASES = json.loads((Path(__file__).parents[1] / "vectors/filename.json").read_text(encoding="utf-8"))["cases"]


@given(st.text(max_size=300))
@example("e\u200b\u0301")
def test_whatever_a_file_is_called_its_name_is_no_path(name: str) -> None:
    made = fit_name(name)
    assert 1 <= len(made.encode()) <= MAX_BYTES
    assert not set(made) & set("/\\\0\n")
    assert fit_name(made) == made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_names_are_made_fit(case: dict[str, str]) -> None:
    assert fit_name(case["name"]) == case["fit"]
    assert fit_name(case["fit"]) == case["fit"]
