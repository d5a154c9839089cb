import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.words import derive_seed, entropy_from_words, words_from_entropy
from pledge.errors import MalformedError

VECTORS: Final = json.loads((Path(__file__).parents[1] / "vectors" / "words.json").read_text())


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["entropy"])
def test_entropy_and_words_stand_for_each_other_as_in_bip39(case: dict[str, Any]) -> None:
    entropy = bytes.fromhex(case["entropy"])
    assert words_from_entropy(entropy) == case["words"]
    assert entropy_from_words(case["words"]) == entropy


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["entropy"])
def test_seeds_are_derived_by_origin_and_purpose(case: dict[str, Any]) -> None:
    entropy = bytes.fromhex(case["entropy"])
    for purpose, seed in case["seeds"].items():
        assert derive_seed(entropy, origin=VECTORS["origin"], purpose=purpose).hex() == seed
        assert derive_seed(entropy, origin="other.example/log", purpose=purpose).hex() != seed
    assert len(set(case["seeds"].values())) == 4


@pytest.mark.parametrize("case", VECTORS["folded"], ids=lambda case: case["name"])
def test_case_white_space_and_compatibility_forms_do_not_matter(case: dict[str, str]) -> None:
    assert entropy_from_words(case["text"]).hex() == case["entropy"]


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_each_mistake_has_its_code_and_no_error_repeats_a_word(case: dict[str, str]) -> None:
    with pytest.raises(MalformedError) as caught:
        entropy_from_words(case["text"])
    assert caught.value.code == case["code"]
    told = {"there", "have", "be", "twelve", "word", "words", "is", "not", "on", "the", "list"}
    for word in set(case["text"].split()) - told:
        assert word not in str(caught.value).lower().split()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_place_of_an_unknown_word_is_told() -> None:
    with pytest.raises(MalformedError, match=r"^Word 3 is not on the list"):
        entropy_from_words("zoo zoo zooo zoo zoo zoo zoo zoo zoo zoo zoo wrong")


@given(st.binary(min_size=16, max_size=16))
def test_every_entropy_survives_being_written_down(entropy: bytes) -> None:
    words = words_from_entropy(entropy)
    assert len(words.split(" ")) == 12
    assert entropy_from_words(words) == entropy


@given(st.text(max_size=200))
def test_reading_any_text_raises_nothing_but_its_own_errors(text: str) -> None:
    with pytest.raises(MalformedError):
        entropy_from_words(text)


@pytest.mark.parametrize("length", [0, 15, 17, 20, 32])
def test_entropy_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(MalformedError):
        words_from_entropy(bytes(length))
    with pytest.raises(MalformedError):
        derive_seed(bytes(length), origin="a", purpose="age")


@pytest.mark.parametrize(("origin", "purpose"), [("", "age"), ("a", ""), ("a", "Signing"), ("a", "wallet")])
def test_a_seed_needs_an_origin_and_a_known_purpose(origin: str, purpose: Any) -> None:
    with pytest.raises(MalformedError) as caught:
        derive_seed(bytes(16), origin=origin, purpose=purpose)
    assert caught.value.code == "words-purpose"
