"""What the notary holds to be true of a lab."""

from typing import ClassVar, Literal, TypeAlias

from pledge.core.statement.members import (
    ID,
    choice,
    integer,
    line,
    matching,
    member,
    nested,
    record,
    sequence,
)
from pledge.core.statement.statement import Statement
from pledge.errors import MalformedError

Scope: TypeAlias = Literal["lab", "group"]
Population: TypeAlias = Literal["total", "unit", "research"]

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = matching(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})+", "a domain, lower case, in IDNA's ASCII form")
_AS_OF = matching(
    r"[12][0-9]{3}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?", "a year, month or day"
)


@record
class Domain:
    """A mail domain, and whether an address there proves the lab or only the group of which it is part."""

    domain: str = member(_DOMAIN)
    scope: Scope = member(choice("lab", "group"))


@record
class Headcount:
    """One sourced observation of how many people work there, as a range; ``low`` equals ``high`` for a number."""

    low: int = member(integer(0, 10_000_000))
    high: int = member(integer(0, 10_000_000))
    population: Population = member(choice("total", "unit", "research"))
    as_of: str = member(_AS_OF)
    source: str = member(line(500))

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise MalformedError("low must not exceed high")


@record
class Lab(Statement):
    """A lab; a later entry with the same slug takes the place of the earlier one."""

    kind: ClassVar[str] = "lab"

    slug: str = member(ID)
    name: str = member(line(200))
    domains: tuple[Domain, ...] = member(sequence(nested(Domain), 0, 64, unique=True))
    headcount: tuple[Headcount, ...] = member(sequence(nested(Headcount), 0, 64, unique=True))

    def has_scope(self, scope: Scope) -> bool:
        """Tell whether an address can prove this much about someone at this lab."""
        return any(domain.scope == scope for domain in self.domains)
