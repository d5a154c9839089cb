"""Reading signatories: lists by keyset, never by offset, so that no page costs more than another."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from pledge.core.names import name_tokens
from pledge.errors import MalformedError
from pledge.pledges.models import TOKEN_CHARACTERS, NameToken, Shown, Signing

PAGE = 50
_MAX_TOKENS = 4


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reader looks for.

    Attributes:
        pledge: Slug.
        query: Words of a name, each matched from its beginning; empty for all.
        lab: Slug, or None for all.
        assurance: Or None for all.
        status: ``current`` or another; None for all.
    """

    pledge: str
    query: str = ""
    lab: str | None = None
    assurance: str | None = None
    status: str | None = "current"


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of signings, newest first (a search: by word, then oldest first), and where the next begins."""

    rows: Sequence[Signing]
    next: str | None


def find(session: Session, wanted: Filter, *, after: str | None = None, size: int = PAGE) -> Page:
    """Give a page of signings.

    Args:
        session: Reads.
        wanted: What to look for.
        after: ``Page.next`` of the page before.
        size: How many, 1 to 50.

    Raises:
        MalformedError: ``after`` is not one of ours.
    """
    words = {word[:TOKEN_CHARACTERS] for word in name_tokens(wanted.query)}
    tokens = sorted(words, key=lambda word: (-len(word), word))[:_MAX_TOKENS]
    if wanted.query.strip() and not tokens:
        return Page((), None)
    return _search(session, wanted, tokens, after, size) if tokens else _list(session, wanted, after, size)


def _list(session: Session, wanted: Filter, after: str | None, size: int) -> Page:
    statement = select(Signing).where(*_conditions(wanted)).order_by(Signing.index.desc()).limit(size + 1)
    if after is not None:
        statement = statement.where(Signing.index < _index(after))
    rows = session.scalars(statement).all()
    return Page(rows[:size], str(rows[size - 1].index) if len(rows) > size else None)


def _search(session: Session, wanted: Filter, tokens: Sequence[str], after: str | None, size: int) -> Page:
    """Walk the words from the first that fits, and stop at the page's end.

    All other conditions stand in subqueries: joined, they would tempt SQLite to begin with every signing there is.
    """
    first, *others = tokens
    statement = (
        select(NameToken.token, NameToken.index)
        .where(NameToken.token >= first, NameToken.token < _following(first))
        .where(select(Signing.index).where(Signing.index == NameToken.index, *_conditions(wanted)).exists())
        .where(~_has_word(first, before=NameToken.token))
        .where(*(_has_word(other) for other in others))
        .order_by(NameToken.token, NameToken.index)
        .limit(size + 1)
    )
    if after is not None:
        token, _, index = after.rpartition("~")
        number = _index(index)
        statement = statement.where(
            (NameToken.token > token) | ((NameToken.token == token) & (NameToken.index > number))
        )
    found = session.execute(statement).all()
    last = found[size - 1] if len(found) > size else None
    return Page(
        _signings(session, [index for _, index in found[:size]]),
        None if last is None else f"{last.token}~{last[1]}",
    )


def _has_word(beginning: str, *, before: InstrumentedAttribute[str] | None = None) -> ColumnElement[bool]:
    """Whether the name in the outer row has a word with this beginning; only words before ``before``, if given."""
    word = aliased(NameToken)
    end = _following(beginning) if before is None else before
    return (
        select(word.index)
        .where(word.index == NameToken.index, word.token >= beginning, word.token < end)
        .exists()
    )


def _signings(session: Session, indexes: Sequence[int]) -> Sequence[Signing]:
    rows = {row.index: row for row in session.scalars(select(Signing).where(Signing.index.in_(indexes)))}
    return [rows[index] for index in indexes]


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions = [Signing.pledge == wanted.pledge]
    if wanted.lab is not None:
        conditions.append(Signing.lab == wanted.lab)
    if wanted.assurance is not None:
        conditions.append(Signing.assurance == wanted.assurance)
    if wanted.status is not None:
        conditions.append(Signing.status == wanted.status)
    return conditions


def _following(token: str) -> str:
    """Give the smallest string after everything that begins with ``token``."""
    return token + "\U0010ffff"


def _index(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004  # no log is that long
        raise MalformedError("This page's address is not one of ours.")
    return int(text)


def shown(signing: Signing) -> dict[str, str]:
    """Give what everybody may see of a signing: name, role and reason, those that are shown."""
    return {row.field: row.value for row in signing.openings if row.state == "shown"}


def name_is_shown() -> ColumnElement[bool]:
    """Whether a row of ``Shown`` is the name of the signing in the row beside it, and everybody may see it."""
    return (Shown.sha256 == Signing.sha256) & (Shown.field == "name") & (Shown.state == "shown")
