import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.filename import MAX_BYTES, fit_name


@given(st.text(max_size=300))
def test_whatever_a_file_is_called_its_name_is_no_path(name: str) -> None:
    made = fit_name(name)
    assert 1 <= len(made.encode()) <= MAX_BYTES
    assert not set(made) & set("/\\\0\n")
    assert fit_name(made) == made


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../x", "....x"),
        ("..\\..\\boot.ini", "....boot.ini"),
        ("", "file"),
        ("\0\n", "file"),
        (".profile", ".profile"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("é" * 300 + ".pdf", "é" * 98 + ".pdf"),
        ("😀" * 4000, "😀" * 50),
        ("e\u0301.txt", "é.txt"),
        ("x" * 300 + "." + "y" * 300, "x" * 200),
    ],
)
def test_names_are_made_fit(name: str, expected: str) -> None:
    assert fit_name(name) == expected
