import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.names import clean_name, clean_reason, clean_role, is_watched, name_tokens
from pledge.core.scripts import DEFAULT_IGNORABLE, is_ornamental, is_readable_together, script_of
from pledge.errors import MalformedError

VECTORS: Final = json.loads((Path(__file__).parents[1] / "vectors" / "names.json").read_text())
CLEAN: Final[dict[str, Callable[[str], str]]] = {
    "name": clean_name,
    "role": clean_role,
    "reason": clean_reason,
}
BOUNDS: Final = {"name": (100, 300), "role": (120, 360), "reason": (1000, 3000)}


def label(case: dict[str, Any]) -> str:
    return f"{case['field']}: {case['name']}"


@pytest.mark.parametrize("case", VECTORS["cases"], ids=label)
def test_what_people_are_called_and_say_is_taken(case: dict[str, str]) -> None:
    clean = CLEAN[case["field"]]
    assert clean(case["text"]) == case["clean"]
    assert clean(case["clean"]) == case["clean"]


@pytest.mark.parametrize("case", VECTORS["refused"], ids=label)
def test_what_deceives_or_cannot_be_shown_is_refused_for_its_own_reason(case: dict[str, str]) -> None:
    with pytest.raises(MalformedError) as caught:
        CLEAN[case["field"]](case["text"])
    assert caught.value.code == case["code"]


def texts() -> st.SearchStrategy[str]:
    awkward = "aZé \t\n\r\u2028\u200c\u200d\ufe0f\u0301\u0e33\u094d\u0915علیー·.'-1"
    return st.text(st.sampled_from(awkward) | st.characters(), max_size=40)


@given(texts(), st.sampled_from(list(CLEAN)))
def test_any_text_is_refused_or_becomes_clean_within_bounds(text: str, field: str) -> None:
    try:
        cleaned = CLEAN[field](text)
    except MalformedError:
        return
    characters, size_bytes = BOUNDS[field]
    assert CLEAN[field](cleaned) == cleaned
    assert 1 <= len(cleaned) <= characters
    assert len(cleaned.encode()) <= size_bytes
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == cleaned.strip()
    assert field == "reason" or "\n" not in cleaned
    hidden = {character for character in cleaned if unicodedata.category(character)[0] == "C"}
    assert hidden <= {"\n", "\u200c", "\u200d"}


@given(st.text(max_size=40))
def test_tokens_of_any_text_are_words_and_stay_as_they_are(text: str) -> None:
    tokens = name_tokens(text)
    assert all(tokens)
    assert name_tokens(" ".join(tokens)) == tokens
    assert name_tokens(text.casefold()) == tokens


@pytest.mark.parametrize("case", VECTORS["tokens"], ids=lambda case: ascii(case["name"]))
def test_names_are_found_without_case_accents_and_punctuation(case: dict[str, Any]) -> None:
    assert name_tokens(case["name"]) == case["tokens"]


@pytest.mark.parametrize("case", VECTORS["watched"], ids=lambda case: ascii(case["name"]))
def test_names_like_those_on_the_watch_list_wait_for_review(case: dict[str, Any]) -> None:
    assert is_watched(case["name"], frozenset(VECTORS["watch_list"])) is case["watched"]


def test_an_empty_watch_list_watches_nobody() -> None:
    assert not is_watched("Sam Altman", frozenset())
    assert not is_watched("", frozenset({"", "--"}))


@pytest.mark.parametrize(
    ("character", "script"),
    [
        ("a", "Latin"),
        ("Ω", "Greek"),
        ("я", "Cyrillic"),
        ("李", "Han"),
        ("々", "Han"),
        ("ー", "Katakana"),
        ("ん", "Hiragana"),
        ("김", "Hangul"),
        ("ª", "Latin"),
        ("\u0301", "Common"),
        ("\u094d", "Devanagari"),
        ("\u03e3", None),
        ("\U00017000", None),
        ("\u0378", None),
    ],
)
def test_letters_know_their_script(character: str, script: str | None) -> None:
    assert script_of(character) == script


def test_the_combinations_of_uts_39_are_readable_together_and_no_others() -> None:
    assert is_readable_together([])
    assert is_readable_together(["Cyrillic", "Common"])
    assert is_readable_together(["Latin", "Han", "Hiragana", "Katakana", "Common"])
    assert is_readable_together(["Latin", "Han", "Bopomofo"])
    assert is_readable_together(["Latin", "Han", "Hangul"])
    assert not is_readable_together(["Latin", "Cyrillic"])
    assert not is_readable_together(["Hangul", "Katakana"])
    assert not is_readable_together(["Latin", "Han", "Greek"])


def test_ornaments_are_told_from_letters() -> None:
    assert all(is_ornamental(character) for character in "𝐀ＡⒶᵃﾀ\ufeb1")
    assert not any(is_ornamental(character) for character in "aé\u0e33ĳªº字")


def test_every_code_point_that_shows_nothing_is_refused_in_all_three() -> None:
    # Default_Ignorable_Code_Point in DerivedCoreProperties.txt, without U+FE0E and U+FE0F, which are dropped.
    formats = [
        0xAD,
        0x61C,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        0xFEFF,
        0x1BCA0,
    ]
    for point in [*formats, *DEFAULT_IGNORABLE - {0xFE0E, 0xFE0F}, *range(0xE0000, 0xE0080)]:
        for clean in CLEAN.values():
            with pytest.raises(MalformedError) as caught:
                clean(f"Ab{chr(point)}cd")
            assert caught.value.code.endswith("-invisible"), hex(point)
