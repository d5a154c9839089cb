"""Pages of pledge texts: one for each version, its raw bytes, and what changed."""

import re
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, render_template
from markdown_it import MarkdownIt
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from pledge.core import statement as st
from pledge.errors import NotFoundError
from pledge.instance import get_instance
from pledge.log.models import Entry
from pledge.pledges import texts
from pledge.pledges.models import Text

bp = Blueprint("texts", __name__)

_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def render_body(body: str) -> Markup:
    """Give a text as HTML without its title line. Raw HTML in it is shown as text, not obeyed."""
    html = _MARKDOWN.render(body.partition("\n")[2])
    return Markup(html)  # noqa: S704  # commonmark with html=False escapes everything else


def render_parts(body: str) -> tuple[Markup, Markup]:
    """Give a text as HTML in two pieces: the preamble, and from the first heading on."""
    preamble, mark, rest = body.partition("\n## ")
    return render_body(preamble), render_body(f"\n{mark}{rest}")


def folded(text: Text) -> dict[str, Any]:
    """Give a text as pages show it that fold everything after its preamble."""
    preamble, rest = render_parts(text.body)
    return {
        "slug": text.slug,
        "title": text.title,
        "version": text.version,
        "preamble_html": preamble,
        "rest_html": rest,
    }


@bp.get("/pledges/<slug>")
def newest(slug: str) -> AnyResponse | str:
    """Show the newest version."""
    with get_instance().database.reading() as session:
        return _page(session, texts.latest_text(session, slug))


@bp.get("/pledges/<slug>/<int(max=9999):version>")
def version(slug: str, version: int) -> str:
    """Show one version."""
    with get_instance().database.reading() as session:
        return _page(session, texts.get_text(session, slug, version))


@bp.get("/pledges/<slug>/<int(max=9999):version>.txt")
def raw(slug: str, version: int) -> Response:
    """Give the bytes that the hash is of."""
    with get_instance().database.reading() as session:
        body = texts.get_text(session, slug, version).body
    response = Response(body, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@bp.get("/pledges/<slug>/<int(max=9999):version>/diff")
def diff(slug: str, version: int) -> str:
    """Show what changed since the version before."""
    with get_instance().database.reading() as session:
        new = texts.get_text(session, slug, version)
        if version == 1:
            raise NotFoundError("The first version has none before it.")
        old = texts.get_text(session, slug, version - 1)
        return render_template(
            "texts/diff.html",
            pledge={"slug": slug, "title": new.title},
            old=old,
            new=new,
            stretches=stretches(changes(old.body, new.body)),
        )


def changes(old: str, new: str) -> list[dict[str, Any]]:
    """Compare two texts paragraph by paragraph, in the order of the text; within a changed one word by word."""
    before, after = (
        [paragraph.strip() for paragraph in body.split("\n\n") if paragraph.strip()] for body in (old, new)
    )
    found: list[dict[str, Any]] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if kind == "equal":
            found += [{"kind": "same", "old": text, "new": text} for text in after[j1:j2]]
            continue
        pairs = min(i2 - i1, j2 - j1)
        found += [_changed(before[i1 + n], after[j1 + n]) for n in range(pairs)]
        found += [{"kind": "removed", "old": text, "new": None} for text in before[i1 + pairs : i2]]
        found += [{"kind": "added", "old": None, "new": text} for text in after[j1 + pairs : j2]]
    return found


def stretches(found: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Put what is the same between two changes together, for pages to fold; the heading right before a change is not.

    Returns:
        Lists of one change, or of what is the same; each with its old and new side as HTML.
    """
    grouped: list[list[dict[str, Any]]] = []
    for is_same, run in groupby(found, lambda change: change["kind"] == "same"):
        shown = [
            change | {"old_html": _html(change["old"]), "new_html": _html(change["new"])} for change in run
        ]
        grouped += [shown] if is_same else [[change] for change in shown]
    for index in range(len(grouped) - 1, 0, -1):
        before, change = grouped[index - 1], grouped[index][0]
        is_heading = (
            change["kind"] != "same" and before[-1]["kind"] == "same" and before[-1]["new"].startswith("#")
        )
        if is_heading and len(before) > 1:
            grouped.insert(index, [before.pop()])
    return grouped


def _html(paragraph: str | None) -> Markup:
    """Give a paragraph as HTML; a heading as a line that stands in no outline."""
    if paragraph is None or not paragraph.startswith("#"):
        return Markup(_MARKDOWN.render(paragraph or ""))  # noqa: S704  # as in render_body
    return Markup("<p><strong>{}</strong></p>").format(paragraph.lstrip("#").strip())


def _plain(paragraph: str) -> str:
    """Give a paragraph without the marks of headings, lists and emphasis."""
    unmarked = re.sub(
        r"^(#{1,6} |- )", lambda mark: "• " if mark[1] == "- " else "", paragraph, flags=re.MULTILINE
    )
    return re.sub(r"\*+(\S.*?)\*+", r"\1", unmarked)


def _changed(old: str, new: str) -> dict[str, Any]:
    """Give a changed paragraph with its words in runs: the same, gone, or new."""
    is_in_marks = _plain(old) == _plain(new)  # then they have to show
    before, after = (text.split(" ") for text in ((old, new) if is_in_marks else (_plain(old), _plain(new))))
    words: list[tuple[str, str]] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if kind == "equal":
            words.append(("same", " ".join(after[j1:j2])))
            continue
        words += [("gone", " ".join(before[i1:i2]))] if i2 > i1 else []
        words += [("new", " ".join(after[j1:j2]))] if j2 > j1 else []
    return {"kind": "changed", "old": old, "new": new, "words": words}


def _page(session: Session, text: Text) -> str:
    pledge: dict[str, Any] = {
        "slug": text.slug,
        "title": text.title,
        "version": text.version,
        "sha256": text.sha256,
        "published_on": text.published_on,
        "html": render_body(text.body),
    }
    return render_template(
        "texts/text.html",
        pledge=pledge,
        versions=texts.versions(session, text.slug),
        entry=_entry(session, text),
    )


def _entry(session: Session, text: Text) -> int | None:
    """Find the log entry of a version; there are few entries of this kind."""
    rows = session.execute(select(Entry.index, Entry.leaf).where(Entry.kind == "pledge-text"))
    for index, leaf in rows:
        statement = st.parse_statement(st.parse_envelope(leaf))
        if isinstance(statement, st.PledgeText) and statement.sha256 == text.sha256:
            return index
    return None
