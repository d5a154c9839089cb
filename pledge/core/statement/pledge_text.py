"""Versions of a pledge."""

from typing import ClassVar

from pledge.core.statement.members import ID, SHA256, VERSION, line, member, nested, record, sequence
from pledge.core.statement.statement import Statement
from pledge.errors import MalformedError


@record
class Clauses:
    """The ids of a pledge's clauses in the order of its text: those all sign, and those one may add."""

    core: tuple[str, ...] = member(sequence(ID, 1, 64))
    optional: tuple[str, ...] = member(sequence(ID, 0, 64))

    def __post_init__(self) -> None:
        ids = self.core + self.optional
        if len(set(ids)) != len(ids):
            raise MalformedError("must not repeat a clause")

    def is_choice(self, clauses: tuple[str, ...]) -> bool:
        """Tell whether these are all core clauses and then some optional ones, in the order given here."""
        return clauses == self.core + tuple([clause for clause in self.optional if clause in clauses])


@record
class PledgeText(Statement):
    """One version of a pledge: its text stands beside the log, its hash and clauses in it."""

    kind: ClassVar[str] = "pledge-text"

    slug: str = member(ID)
    version: int = member(VERSION)
    title: str = member(line(200))
    sha256: str = member(SHA256)
    clauses: Clauses = member(nested(Clauses))
