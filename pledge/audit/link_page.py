"""What the page behind a mailed link holds for who signs from a terminal: a form's token, a draft, and an error."""

import json
from html.parser import HTMLParser

from pledge.core.statement import Field, Opening, parse_base64
from pledge.errors import MalformedError

_FIELDS: tuple[Field, ...] = ("name", "role", "reason")
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)


class LinkPage(HTMLParser):
    """Reads a page once.

    Attributes:
        csrf_token: Of the page's first form; empty where there is none.
        error: Text of the first element with the role ``alert`` that is not empty, or of the first lead paragraph.
    """

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.csrf_token = ""
        self._draft: list[str] = []
        self._said: dict[str, list[str]] = {"alert": [], "lead": []}
        self._inside: list[str] = []
        self.feed(html.decode(errors="replace"))
        self.close()

    @property
    def error(self) -> str:
        """What the page says is wrong, on one line."""
        return " ".join(" ".join(self._said["alert"] or self._said["lead"]).split())

    def openings(self) -> dict[Field, Opening]:
        """Give what opens the commitments in the statement: name, role and reason as they were typed.

        Raises:
            MalformedError: The page has no draft, or one of another form.
        """
        try:
            found = json.loads("".join(self._draft))["openings"]
            return {
                field: Opening(field, parse_base64(found[field]["salt"]), found[field]["value"])
                for field in _FIELDS
                if field in found
            }
        except (KeyError, TypeError, ValueError) as error:
            raise MalformedError("This page does not hold a statement to sign. Is the link over?") from error

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See ``HTMLParser``."""
        known = dict(attrs)
        if tag == "input" and known.get("name") == "csrf_token":
            self.csrf_token = self.csrf_token or known.get("value") or ""
        if tag in _VOID:
            return
        mark = ""
        if tag == "script" and known.get("id") == "draft":
            mark = "draft"
        elif known.get("role") == "alert" and not self._said["alert"]:
            mark = "alert"
        elif tag == "p" and known.get("class") == "lead" and not self._said["lead"]:
            mark = "lead"
        self._inside.append(mark)

    def handle_endtag(self, tag: str) -> None:
        """See ``HTMLParser``."""
        if tag not in _VOID and self._inside:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        """See ``HTMLParser``."""
        if self._inside and self._inside[-1] == "draft":
            self._draft.append(data)
        for mark, said in self._said.items():
            if mark in self._inside and data.strip():
                said.append(data)
