"""Names of files, made fit for any file system and any screen, whatever somebody called them."""

import re
import unicodedata
from typing import Final

MAX_BYTES: Final = 200
"""In UTF-8; with a number before it, a name stays below what any file system takes."""

_MAX_ENDING_BYTES: Final = 16

# Separators and what file systems refuse, controls, line ends, surrogates, and characters that turn or hide others.
_UNFIT: Final = re.compile(
    '[/\\\\:*?"<>|\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]'
)


def fit_name(name: str) -> str:
    """Make a name fit: in NFC, what is unfit left out, cut before its ending where it is too long, never empty.

    What is fit stays as it is: ``fit_name(fit_name(x)) == fit_name(x)``.

    Args:
        name: Any text, such as a browser sends.
    """
    kept = _UNFIT.sub("", unicodedata.normalize("NFC", name))
    kept = (
        unicodedata.normalize("NFC", kept) or "file"
    )  # what is left out may have kept others from composing
    stem, dot, ending = kept.rpartition(".")
    if not stem or len(ending.encode()) > _MAX_ENDING_BYTES:
        stem, dot, ending = kept, "", ""
    room = MAX_BYTES - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + ending
