"""Findings on labs, and what labs answer."""

from typing import ClassVar, Literal, TypeAlias

from pledge.core.statement.members import ID, SHA256, Codec, choice, member, record
from pledge.core.statement.statement import Statement
from pledge.errors import MalformedError

State: TypeAlias = Literal[
    "draft", "notified", "published", "dismissed", "appealed", "upheld", "corrected", "withdrawn"
]
Polarity: TypeAlias = Literal["violation", "commendation"]

OPEN_STATES = frozenset({"published", "appealed", "upheld", "corrected", "withdrawn"})

_STATE: Codec[State] = choice(
    "draft", "notified", "published", "dismissed", "appealed", "upheld", "corrected", "withdrawn"
)
_POLARITY: Codec[Polarity] = choice("violation", "commendation")


@record
class Finding(Statement):
    """One step of a finding. What it says is committed to from the draft on and stands in the open once published.

    ``text`` is the SHA-256 of the text, which never stands in the log; ``clause`` and ``evidence`` are ids.
    """

    kind: ClassVar[str] = "finding"

    id: str = member(ID)
    state: State = member(_STATE)
    commitment: str = member(SHA256)
    lab: str | None = member(ID, default=None)
    polarity: Polarity | None = member(_POLARITY, default=None)
    clause: str | None = member(ID, default=None)
    evidence: str | None = member(ID, default=None)
    text: str | None = member(SHA256, default=None)

    def __post_init__(self) -> None:
        opened = [
            item is not None for item in (self.lab, self.polarity, self.clause, self.evidence, self.text)
        ]
        if any(opened) != (self.state in OPEN_STATES) or any(opened) != all(opened):
            raise MalformedError("lab, polarity, clause, evidence and text stand together, from published on")


@record
class Reply(Statement):
    """A lab has answered to a finding; the text is committed to, and opened when published."""

    kind: ClassVar[str] = "reply"

    finding: str = member(ID)
    commitment: str = member(SHA256)
