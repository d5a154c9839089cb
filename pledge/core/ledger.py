"""What every entry must satisfy, given all entries before it: the fold that an audit of the log is.

A ``Ledger`` starts empty and is fed each entry in order. ``verify`` takes one in whole. ``apply`` takes one that
``read_entry`` has read, and does all but the signatures, which it returns as checks, so that they can be spread over
processes; until all have passed, what it has let in is not verified. An entry that is refused leaves the ledger as it
was.

Entries of a kind or version that this reader does not know are noted in ``not_understood`` and skipped: they
count nothing, and whoever reports on the log says how many there were.
"""

from typing import NamedTuple

from pledge.core import rules
from pledge.core.logstate import LogState
from pledge.core.requirements import Checks, require
from pledge.core.statement import Envelope, Genesis, Statement, parse_statement
from pledge.errors import MalformedError, NotUnderstoodError, VerificationError


class Entry(NamedTuple):
    """An entry as far as it can be read alone: its envelope, and the statement in it, None when not understood."""

    envelope: Envelope
    payload_sha256: str
    statement: Statement | None


def read_entry(envelope: Envelope) -> Entry:
    """Read an entry, which takes no other one; no rule of the log is looked at.

    Raises:
        MalformedError: a known kind whose payload does not follow its format.
    """
    try:
        statement = parse_statement(envelope)
    except NotUnderstoodError:
        statement = None
    return Entry(envelope, envelope.payload_sha256, statement)


def check_entry(state: LogState, entry: Entry) -> Checks:
    """Check an entry by all rules but its signatures and its index.

    Args:
        state: The log before the entry, or what is known of it.
        entry: What was read.

    Returns:
        The signature checks that have to pass as well.

    Raises:
        VerificationError: the entry breaks a rule.
        MalformedError: a key in it is none.
    """
    envelope, payload_sha256, statement = entry
    _check_place(state, statement)
    if statement is None:
        return ()
    if payload_sha256 in state.payloads:
        raise VerificationError("This payload stands in the log already.", code="payload-repeated")
    return require(state, statement, envelope)


class Ledger:
    """The fold: ``size`` entries so far, their ``state``, and the indexes of those ``not_understood``."""

    def __init__(self) -> None:
        self.size = 0
        self.state = LogState()
        self.not_understood: list[int] = []

    def apply(self, index: int, entry: Entry) -> Checks:
        """Take an entry by all rules but its signatures.

        Args:
            index: Where it stands in the log, from 0.
            entry: What was read there.

        Returns:
            The signature checks that have to pass as well.

        Raises:
            VerificationError: the entry breaks a rule; the message begins with the index.
        """
        try:
            checks = self._check(index, entry)
        except (VerificationError, MalformedError) as error:
            raise _refused(index, error) from error
        self._record(index, entry)
        return checks

    def verify(self, index: int, envelope: Envelope) -> Statement | None:
        """Read an entry, take it by all rules and verify its signatures.

        Returns:
            Its statement, or None for one that is not understood.

        Raises:
            VerificationError: the entry breaks a rule, or a signature does; the message begins with the index.
        """
        try:
            entry = read_entry(envelope)
            for check in self._check(index, entry):
                check.verify()
        except (VerificationError, MalformedError) as error:
            raise _refused(index, error) from error
        self._record(index, entry)
        return entry.statement

    def _record(self, index: int, entry: Entry) -> None:
        self.size += 1
        if entry.statement is None:
            self.not_understood.append(index)
        else:
            self.state.record(entry.payload_sha256, entry.statement)

    def _check(self, index: int, entry: Entry) -> Checks:
        if index != self.size:
            raise VerificationError(f"This entry comes after {self.size} others.", code="index-wrong")
        return check_entry(self.state, entry)


def _check_place(state: LogState, statement: Statement | None) -> None:
    genesis = state.genesis
    if isinstance(statement, Genesis) != (genesis is None):
        raise VerificationError("A genesis comes first, and only then.", code="genesis-place")
    if statement is not None and genesis is not None:
        if statement.origin != genesis.origin:
            raise VerificationError("This entry is for another log.", code="origin-wrong")
        rules.check_day_order(statement, state.day)


def _refused(index: int, error: VerificationError | MalformedError) -> VerificationError:
    return VerificationError(f"Entry {index}: {error}", code=error.code)
