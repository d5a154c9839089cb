"""Names compared: tokens for searching, and likeness to names on a watch list.

Both forget what people leave out or vary when they type a name: case, accents, order, and letters that look alike.
They are for finding, never for showing, and decide nothing on their own.
"""

import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Final

# Latin letters without a decomposition, as people type them on other keyboards.
_PLAIN: Final = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ŧ": "t",
        "ŋ": "n",
    }
)
# Left out without ending a word: the joiner that shapes letters, and letters used as apostrophes.
_DROPPED: Final = str.maketrans("", "", "\u200dʹʻʼʾʿ")

# What passes for a Latin letter in lower or upper case, chosen by hand from UTS 39, confusables.txt. I, l and 1 are
# one here, as in many fonts.
_LOOKALIKES: Final = {
    "a": "аα4",
    "b": "вβ",
    "c": "с",
    "d": "ԁ",
    "e": "еε3",
    "h": "нһη",
    "j": "ј",
    "k": "кκ",
    "l": "i1іιӏ",
    "m": "мμ",
    "n": "ν",
    "o": "о0ο",
    "p": "рρ",
    "q": "ԛ",
    "s": "ѕ5",
    "t": "тτ",
    "w": "ԝ",
    "x": "хχ",
    "y": "уυ",
    "z": "ζ",
}
_LATIN: Final = str.maketrans({like: letter for letter, alike in _LOOKALIKES.items() for like in alike})
_PAIRS: Final = (("rn", "m"), ("vv", "w"))


def name_tokens(name: str) -> list[str]:
    """Split a name into what a search compares: its words, in order, without case and accents.

    Case is folded, compatibility forms and accents are dropped (NFKD, marks of combining class 0 stay, since they are
    vowels in the scripts of India), a few Latin letters are spelled as typed without them, and everything that is
    no letter ends a word: O’Brien gives ``o`` and ``brien``.
    """
    return [unicodedata.normalize("NFC", word) for word in _words(_fold(name))]


def is_watched(name: str, watch_list: frozenset[str]) -> bool:
    """Tell whether a name looks like one on a watch list, so that it waits for review.

    It does when all words of a watched name stand in it, in any order, or when both are the same with all spaces left
    out; case, accents and letters that look alike do not matter. It may be another person's true name.

    Args:
        name: As the person gives it.
        watch_list: Names as people write them.
    """
    words = _skeleton(name)
    by_word, joined = _read_list(watch_list)
    counted = Counter(words)
    found = (watched for word in counted for watched in by_word.get(word, ()))
    return "".join(words) in joined or any(watched <= counted for watched in found)


@lru_cache(maxsize=4)
def _read_list(watch_list: frozenset[str]) -> tuple[dict[str, list[Counter[str]]], frozenset[str]]:
    """Fold a watch list once: names, each under its first word, and all of them with their spaces left out.

    Names without a letter are left out too: nothing would differ from them.
    """
    skeletons = {skeleton for name in watch_list if (skeleton := _skeleton(name))}
    by_word: dict[str, list[Counter[str]]] = {}
    for skeleton in skeletons:
        by_word.setdefault(skeleton[0], []).append(Counter(skeleton))
    return by_word, frozenset("".join(skeleton) for skeleton in skeletons)


def _skeleton(name: str) -> tuple[str, ...]:
    """Split a name into words written in letters of one look each."""
    folded = _fold(name).translate(_LATIN)
    for pair, letter in _PAIRS:
        folded = folded.replace(pair, letter)
    return tuple(_words(folded))


def _fold(name: str) -> str:
    """Drop case, compatibility forms and accents."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return bare.translate(_PLAIN).translate(_DROPPED)


def _words(folded: str) -> list[str]:
    """Split at everything that is neither a letter nor a mark."""
    return "".join(
        character if unicodedata.category(character)[0] in "LM" else " " for character in folded
    ).split()
