"""A language made for tests: every letter of a string that can be translated has an accent, and ⟦ ⟧ stand around it.

What ``make messages`` extracts is translated and nothing else, so a string that is marked but cannot be extracted (one
with a value pasted into it, or a variable) shows as plainly as one that is not marked.
"""

import os
import re
import tomllib
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.frontend import parse_keywords
from babel.util import pathmatch
from flask import Flask
from flask_babel import get_domain

from pledge import serve
from pledge.config import Config
from pledge.web.strings import SCRIPTS

ROOT = Path(__file__).parents[1]
_ACCENTED = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž",
)
# Left as they are: where values go, tags, character references.
_KEPT = re.compile(r"%\(\w+\)[sd]|%%|<[^>]*>|&\w+;")
_SHOWN_ATTRIBUTES = frozenset({"title", "aria-label", "alt", "placeholder"})
_VOID = frozenset({"meta", "link", "input", "img", "br", "hr", "circle", "line", "rect", "path", "col"})
_UNSHOWN = frozenset({"script", "style", "code", "pre", "bdi", "textarea"})
_DATA_CLASSES = frozenset({"pledge", "clauses", "diff", "hash", "snippet", "statement", "pre"})


def accent(text: str) -> str:
    """Give a string as the made-up language has it."""
    pieces, end = [], 0
    for kept in _KEPT.finditer(text):
        pieces += [text[end : kept.start()].translate(_ACCENTED), kept.group()]
        end = kept.end()
    return "⟦" + "".join(pieces) + text[end:].translate(_ACCENTED) + "⟧"


@cache
def messages() -> frozenset[str]:
    """All that ``make messages`` extracts, by the same settings."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"][
        "mappings"
    ]
    found: set[str] = set()
    for path in sorted([*ROOT.glob("pledge/**/*.py"), *ROOT.glob("templates/**/*.*")]):
        name = path.relative_to(ROOT).as_posix()
        for setting in settings:
            patterns = setting["pattern"] if isinstance(setting["pattern"], list) else [setting["pattern"]]
            if any(pathmatch(pattern, name) for pattern in patterns):
                if setting["method"] != "ignore":
                    found.update(_messages_in(path, setting))
                break
    return frozenset(found)


def _messages_in(path: Path, setting: dict[str, object]) -> set[str]:
    found: set[str] = set()
    for message in _extracted(path, setting):
        found.update([message] if isinstance(message, str) else message)
    return found


def _extracted(path: Path, setting: dict[str, object]) -> set[str | tuple[str, ...]]:
    own = setting.get("keywords", [])
    assert isinstance(own, list)
    keywords = {**DEFAULT_KEYWORDS, **parse_keywords(own)}
    found = extract_from_file(str(setting["method"]), path, keywords, options=dict(setting))
    return {message for _, message, _, _ in found}


@cache
def script_messages() -> frozenset[str | tuple[str, ...]]:
    """All that ``make messages`` extracts of scripts; those that depend on a number in their forms."""
    text = (ROOT / "pledge/browser/babel.toml").read_text(encoding="utf-8")
    (setting,) = tomllib.loads(text)["mappings"]
    return frozenset().union(
        *(_extracted(path, setting) for path in sorted(ROOT.glob("pledge/browser/src/**/*.js")))
    )


class Pseudo:
    """What Flask-Babel asks for translations."""

    def ugettext(self, text: str) -> str:
        return accent(text) if text in messages() else text

    def ungettext(self, one: str, several: str, n: int) -> str:
        return self.ugettext(one if n == 1 else several)


class PseudoScripts:
    """What Flask-Babel asks for what scripts say; as a catalogue that was read from a file has it."""

    def __init__(self) -> None:
        self._catalog: dict[str | tuple[str, int], str] = {"": "the header of the file"}
        for message in script_messages():
            if isinstance(message, str):
                self._catalog[message] = accent(message)
            else:
                self._catalog |= {(message[0], form): accent(text) for form, text in enumerate(message)}

    def plural(self, number: int) -> int:
        return int(number != 1)


def speak_pseudo(app: Flask) -> None:
    """Let an application speak the made-up language, as if it were the one it has."""
    language = app.extensions["babel"].default_locale
    app.extensions[SCRIPTS].cache[language, SCRIPTS] = PseudoScripts()
    with app.app_context():
        get_domain().cache[language, "messages"] = Pseudo()


def build() -> Flask:
    """Build an application that speaks it, as ``pledge serve`` does."""
    app = serve.build()
    speak_pseudo(app)
    return app


class Shown(HTMLParser):
    """What a page shows to eyes and ears, but for data: ``texts`` of elements and attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(page)

    @property
    def _is_data(self) -> bool:
        return any(is_data for _, is_data in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        is_data = (
            tag in _UNSHOWN
            or given.get("translate") == "no"
            or (tag != "html" and "lang" in given)
            or not _DATA_CLASSES.isdisjoint(given.get("class", "").split())
        )
        if "data-name" in given:  # what a script calls it
            self.texts.append(given["data-name"])
        if not self._is_data and (not is_data or tag == "textarea"):
            self.texts += [value for name, value in given.items() if name in _SHOWN_ATTRIBUTES]
            if tag == "meta" and given.get("name") == "description":
                self.texts.append(given.get("content", ""))
        if tag not in _VOID:
            self._open.append((tag, is_data))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if any(each == tag for each, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._is_data:
            self.texts.append(data)


if __name__ == "__main__":
    serve.serve(Config.from_environment(os.environ), app="tests.pseudo:build")
