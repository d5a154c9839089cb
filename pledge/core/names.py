"""What people say of themselves: names, roles and reasons, cleaned before anyone signs them.

All three: Unicode NFC; white space folded to single spaces and trimmed; no control, format, private, surrogate or
unassigned characters, nothing invisible, no piled-up marks. The joiners U+200C and U+200D stay where a script needs
them (RFC 5892, appendix A.1 and A.2), as in Persian and Sinhala. Line breaks stand in reasons only, at most one
empty line between two lines. Lengths are bounded in characters and in bytes of UTF-8.

Names, besides: letters with their marks, ASCII digits and the punctuation of names only; at least one letter; no
links; and one script, or one of the combinations that Unicode calls highly restrictive (UTS 39, section 5.2), so
that a Cyrillic letter cannot hide in a Latin name. Which script a letter has, ``scripts`` tells.

Cleaning what is clean changes nothing. Errors never repeat what was given. Which characters are assigned depends on
the Unicode version of the Python that runs; what is in the log was checked when it was signed and is not again.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import idna

from pledge.core.nametokens import is_watched, name_tokens
from pledge.core.scripts import DEFAULT_IGNORABLE, is_ornamental, is_readable_together, script_of
from pledge.errors import MalformedError, noop

__all__ = ["clean_name", "clean_reason", "clean_role", "is_watched", "name_tokens"]

MAX_MARKS: Final = 4
"""How many combining marks may follow a letter (UTS 39, section 5.4 advises as many)."""

_JOINERS: Final = "\u200c\u200d"
_BLANKS: Final = frozenset("\u2800\U0001d159")  # a braille cell and a note head without anything to see
_NAME_PUNCTUATION: Final = frozenset(" '’‘\"“”-‐.,()/·・׳״་ʹʻʼʾʿ")
_LINE_BREAK: Final = re.compile("\r\n|[\r\n\u2028\u2029]")
_SPACES: Final = re.compile("[\t\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_EMPTY_LINES: Final = re.compile("\n{3,}")
_EMOJI_STYLES: Final = str.maketrans("", "", "\ufe0e\ufe0f")  # added by keyboards; dropped
_LINK: Final = re.compile(r"//|(?i:www\.)|\w\.[a-z]{2,}|\w\.(?i:ai|app|biz|com|dev|info|io|net|org|xyz)\b")
# Four marks and the letter that carries them: as far as a joiner looks for what it joins.
_JOINER_REACH: Final = MAX_MARKS + 1


@dataclass(frozen=True)
class _Field:
    """What one field may hold. ``what`` begins codes, and stands in messages."""

    what: str
    max_characters: int
    max_bytes: int
    lines: bool = False

    def refuse(self, why: str, message: str, **values: object) -> MalformedError:
        """Make the error with code ``<field>-<why>``."""
        return MalformedError(message, code=f"{self.what}-{why}", what=self.what, **values)


_NAME: Final = _Field(noop("name"), 100, 300)
_ROLE: Final = _Field(noop("role"), 120, 360)
_REASON: Final = _Field(noop("reason"), 1000, 3000, lines=True)


def clean_name(text: str) -> str:
    """Clean a name of 1–100 characters and at most 300 bytes.

    Raises:
        MalformedError: Codes ``name-empty``, ``name-long``, ``name-lines``, ``name-invisible``, ``name-marks``,
            ``name-character`` (not of a name), ``name-script`` (a script not taken), ``name-mixed`` (scripts that
            do not go together), ``name-letter`` (none), ``name-link``.
    """
    name = _clean(text, _NAME)
    _check_letters(name)
    _check_scripts(name)
    if _LINK.search(name):
        raise _NAME.refuse("link", "The %(what)s cannot hold a link. Put a space after a full stop.")
    return name


def clean_role(text: str) -> str:
    """Clean a role of 1–120 characters and at most 360 bytes, such as a job title.

    Raises:
        MalformedError: Codes ``role-empty``, ``role-long``, ``role-lines``, ``role-invisible``, ``role-marks``.
    """
    return _clean(text, _ROLE)


def clean_reason(text: str) -> str:
    r"""Clean a reason of 1–1,000 characters and at most 3,000 bytes; its lines end in ``\n``.

    Raises:
        MalformedError: Codes ``reason-empty``, ``reason-long``, ``reason-invisible``, ``reason-marks``.
    """
    return _clean(text, _REASON)


def _clean(text: str, kind: _Field) -> str:
    """Do what all three have in common."""
    if len(text) > 4 * kind.max_characters:
        raise kind.refuse("long", "The %(what)s is too long.")
    lines = _LINE_BREAK.split(unicodedata.normalize("NFC", text.translate(_EMOJI_STYLES)))
    cleaned = _EMPTY_LINES.sub("\n\n", "\n".join(_SPACES.sub(" ", line).strip(" ") for line in lines)).strip(
        "\n"
    )
    if not cleaned:
        raise kind.refuse("empty", "The %(what)s is empty.")
    if "\n" in cleaned and not kind.lines:
        raise kind.refuse("lines", "The %(what)s has to stand on one line.")
    _check_marks(cleaned, kind)
    if any(_is_hidden(word, place) for word in re.split("[ \n]", cleaned) for place in range(len(word))):
        raise kind.refuse("invisible", "The %(what)s has a character that cannot be seen or is not known.")
    if len(cleaned) > kind.max_characters or len(cleaned.encode()) > kind.max_bytes:
        raise kind.refuse(
            "long",
            "The %(what)s can have %(characters)s characters and %(bytes)s bytes.",
            characters=format(kind.max_characters, ","),
            bytes=format(kind.max_bytes, ","),
        )
    return cleaned


def _is_hidden(word: str, place: int) -> bool:
    """Tell whether a character of a word cannot be seen, or is a joiner that joins nothing."""
    character = word[place]
    if character in _JOINERS:
        return not _joins(word, place)
    if unicodedata.category(character)[0] in "CZ":
        return True
    return ord(character) in DEFAULT_IGNORABLE or character in _BLANKS


def _joins(word: str, place: int) -> bool:
    """Tell whether the joiner at a place shapes the letters beside it (RFC 5892, appendix A.1 and A.2)."""
    start = max(0, place - _JOINER_REACH)
    try:
        return idna.valid_contextj(word[start : place + _JOINER_REACH + 1], place - start)
    except ValueError:  # beside it stands a character without a name
        return False


def _check_marks(text: str, kind: _Field) -> None:
    """Check that marks follow something they can mark, and not more than ``MAX_MARKS`` at once."""
    run = MAX_MARKS
    for character in f" {text}":
        if character in " \n":
            run = MAX_MARKS
        elif character in _JOINERS:
            continue
        elif unicodedata.category(character)[0] == "M":
            run += 1
        else:
            run = 0
        if run > MAX_MARKS:
            raise kind.refuse("marks", "The %(what)s has accents piled up, or on nothing.")


def _check_letters(name: str) -> None:
    """Check that a name is made of what names are made of."""
    for character in name:
        letter_or_mark = unicodedata.category(character) in {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc"}
        allowed = (
            letter_or_mark or character in _NAME_PUNCTUATION or character in _JOINERS or character == "〇"
        )
        if is_ornamental(character) or not (allowed or "0" <= character <= "9"):
            raise _NAME.refuse("character", "The %(what)s has a character that names do not have.")
    if not any(unicodedata.category(character)[0] == "L" for character in set(name) - _NAME_PUNCTUATION):
        raise _NAME.refuse("letter", "The %(what)s has no letter.")


def _check_scripts(name: str) -> None:
    """Check that a name's letters belong to scripts that are taken and are read together."""
    scripts = set()
    for character in name:
        if unicodedata.category(character)[0] not in "LM" or character in _NAME_PUNCTUATION:
            continue
        script = script_of(character)
        if script is None:
            raise _NAME.refuse(
                "script", "The %(what)s uses a script that is not taken here. Write it in another one."
            )
        scripts.add(script)
    if not is_readable_together(scripts):
        raise _NAME.refuse("mixed", "The %(what)s mixes letters of several scripts. Write it in one.")
