"""The command ``pledge``, run in this process, for tests."""

from collections.abc import Callable

from click.testing import Result
from sqlalchemy import select

from pledge.core import statement as st
from pledge.instance import Instance
from pledge.log.models import Entry

Run = Callable[..., Result]
"""Runs ``pledge`` with some arguments, and more of the environment by keyword."""


def refused(result: Result, *words: str) -> None:
    """Expect one line of complaint."""
    assert result.exit_code in {1, 2}, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    lines = [line for line in result.output.splitlines() if line and not line.startswith(("Usage:", "Try "))]
    assert len(lines) == 1, result.output
    assert lines[0].startswith("Error: ")
    for word in words:
        assert word in lines[0]


def last_statement(instance: Instance) -> st.Statement:
    with instance.database.reading() as session:
        leaf = session.scalars(select(Entry.leaf).order_by(Entry.index.desc()).limit(1)).one()
    return st.parse_statement(st.parse_envelope(leaf))


def size(instance: Instance) -> int:
    with instance.database.reading() as session:
        return len(session.scalars(select(Entry.index)).all())
