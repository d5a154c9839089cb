"""What an audit found: facts, problems, and what was not understood."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pledge.audit.console import NOT_UNDERSTOOD, WELL, WRONG, fact, printable, utc_minute
from pledge.core.statement.canonical import Value
from pledge.core.tally import Cell
from pledge.core.tlog.checkpoint import Checkpoint

_SHOWN: Final = 20


class Problem(NamedTuple):
    """Something that is wrong: which rule it breaks, in words why, and at which entry if at one."""

    rule: str
    message: str
    entry: int | None = None


@dataclass(slots=True)
class Report:
    """The outcome of an audit.

    Attributes:
        checkpoint: What was audited; None when not even that could be believed.
        witnesses: Those of the policy that cosigned it.
        cosigned_seconds: When a quorum of them last saw it, since the Unix epoch; None without one.
        note: The checkpoint as it was read, to be kept for the next audit.
        since: Size of the checkpoint that this one was compared with.
        counts: The counts by the log, as of ``counted``.
        counted: In words: at which size and day.
        signatures: How many were verified.
        problems: What is wrong.
        not_understood: Indexes of entries of a kind or version that this version does not know.
        other_not_understood: What else it does not know.
        remarks: What a reader should know and nobody need mend.
    """

    checkpoint: Checkpoint | None = None
    witnesses: tuple[str, ...] = ()
    cosigned_seconds: int | None = None
    note: bytes = b""
    since: int | None = None
    counts: dict[Cell, int] | None = None
    counted: str = ""
    signatures: int = 0
    problems: list[Problem] = field(default_factory=list)
    not_understood: list[int] = field(default_factory=list)
    other_not_understood: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 all well, 1 something is wrong, 3 something was not understood."""
        if self.problems:
            return WRONG
        return NOT_UNDERSTOOD if self.not_understood or self.other_not_understood else WELL

    def lines(self) -> list[str]:
        """Say it in lines for a terminal."""
        return [
            *([] if self.checkpoint is None else self._facts(self.checkpoint)),
            *(_limited("Not understood: entries", [str(index) for index in self.not_understood])),
            *(f"Not understood: {printable(what)}" for what in self.other_not_understood),
            *(f"Note: {printable(remark)}" for remark in self.remarks),
            *(_said(problem) for problem in self.problems[:_SHOWN]),
            *([f"… and {len(self.problems) - _SHOWN} more."] if len(self.problems) > _SHOWN else []),
            self._verdict(),
        ]

    def to_json(self) -> dict[str, Value]:
        """Give it as JSON."""
        checkpoint = self.checkpoint
        return {
            "type": "audit/v1",
            "outcome": {WELL: "well", WRONG: "wrong", NOT_UNDERSTOOD: "not-understood"}[self.exit_code],
            "origin": checkpoint.origin if checkpoint else None,
            "size": checkpoint.size if checkpoint else None,
            "root": checkpoint.root.hex() if checkpoint else None,
            "witnesses": list(self.witnesses),
            "cosigned": self.cosigned_seconds,
            "since": self.since,
            "signatures": self.signatures,
            "counts": None if self.counts is None else [_row(*item) for item in _sorted(self.counts)],
            "problems": [problem._asdict() for problem in self.problems],
            "notUnderstood": {"entries": list(self.not_understood), "other": list(self.other_not_understood)},
            "remarks": list(self.remarks),
        }

    def _facts(self, checkpoint: Checkpoint) -> list[str]:
        cosigned = (
            f"{', '.join(self.witnesses) or 'none of the policy'}"
            f"{'' if self.cosigned_seconds is None else f', at {utc_minute(self.cosigned_seconds)}'}"
        )
        lines = [
            fact("Log", checkpoint.origin),
            fact("Entries", str(checkpoint.size)),
            fact("Root", checkpoint.root.hex()),
            fact("Witnesses", cosigned),
            fact("Signatures", f"{self.signatures} verified"),
        ]
        if self.since is not None:
            lines.append(fact("Since", f"the checkpoint of {self.since} entries that you had"))
        if self.counts is not None:
            rows = [f"{count:>7}  {name_cell(cell)}" for cell, count in _sorted(self.counts)]
            lines.append(fact("Counts", "\n".join([self.counted, *rows])))
        return lines

    def _verdict(self) -> str:
        return {
            WELL: "All is well: the log is what its checkpoint says, and the counts are what the log says.",
            WRONG: f"Something is wrong: {len(self.problems)} found.",
            NOT_UNDERSTOOD: "Nothing is wrong in what was understood. A newer version may understand the rest.",
        }[self.exit_code]


def name_cell(cell: Cell) -> str:
    """Name a cell in words."""
    return f"{cell.pledge}, {cell.lab or 'no lab'}, {cell.assurance}, {cell.status}"


def _said(problem: Problem) -> str:
    where = "" if problem.entry is None else f"entry {problem.entry}: "
    return f"Wrong: {where}{printable(problem.message)} [{problem.rule}]"


def _limited(start: str, items: list[str]) -> list[str]:
    if not items:
        return []
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return [f"{start} {', '.join(items[:_SHOWN])}{more}"]


def _sorted(counts: dict[Cell, int]) -> list[tuple[Cell, int]]:
    return sorted(counts.items(), key=lambda item: (item[0].pledge, item[0].lab or "", *item[0][2:]))


def _row(cell: Cell, count: int) -> Value:
    return {
        "pledge": cell.pledge,
        "lab": cell.lab,
        "assurance": cell.assurance,
        "status": cell.status,
        "count": count,
    }
