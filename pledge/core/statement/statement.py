"""What all statements have in common."""

from datetime import date
from typing import ClassVar

from pledge.core.statement.members import DAY, ORIGIN, member, record


@record
class Statement:
    """Base of all kinds. A payload has a ``type``, ``<kind>/v1``, beside the members that its kind declares.

    Attributes:
        origin: The log that the statement is for: no statement can be moved to another.
        day: The day on which it was made, in UTC; never a time.
    """

    kind: ClassVar[str]

    origin: str = member(ORIGIN)
    day: date = member(DAY)
