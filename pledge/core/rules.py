"""What a statement must satisfy beyond its format and its signatures, kind by kind.

Each rule is a function of a statement and the little of the log before it that it depends on, so that an audit
can replay them and a server can ask before it writes. All raise ``VerificationError`` with a code of their own.
"""

from collections.abc import Collection
from datetime import date, timedelta
from typing import NoReturn

from pledge.core.calendar import epoch_start
from pledge.core.keys import role_key_id
from pledge.core.statement import (
    Clauses,
    Finding,
    Genesis,
    Issuance,
    Issuers,
    Lab,
    PledgeText,
    Renewal,
    Reply,
    Signing,
    State,
    Statement,
    Visibility,
    Withdrawal,
)
from pledge.core.tally import Status
from pledge.core.tlog.note import ED25519, parse_vkey
from pledge.errors import NotUnderstoodError, VerificationError

MAX_DAYS_APART = 2
ISSUERS_LEAD_DAYS = 7

_NEXT_STATES: dict[State | None, frozenset[State]] = {
    None: frozenset({"draft"}),
    "draft": frozenset({"notified"}),
    "notified": frozenset({"published", "dismissed"}),
    "published": frozenset({"appealed"}),
    "appealed": frozenset({"upheld", "corrected", "withdrawn"}),
}


def is_dated(statement: Statement) -> bool:
    """Tell whether a statement's day is when it was made: it is for all but anonymous signings."""
    return not (isinstance(statement, Signing) and statement.signatory.visibility == "anonymous")


def check_day_order(statement: Statement, previous: date) -> None:
    """Check that days never decrease along the log; ``previous`` is the last dated entry's."""
    if is_dated(statement) and statement.day < previous:
        raise VerificationError(f"The day {statement.day} is before {previous}.", code="day-decreases")


def check_day_near(statement: Statement, cosigned: date) -> None:
    """Check a statement's day against the day (UTC) of a checkpoint's cosignature: at most 2 apart."""
    if is_dated(statement) and abs(statement.day - cosigned) > timedelta(days=MAX_DAYS_APART):
        raise VerificationError(
            f"The day {statement.day} is more than {MAX_DAYS_APART} days from {cosigned}, when a witness saw it.",
            code="day-far",
        )


def check_genesis(genesis: Genesis) -> list[bytes]:
    """Check that a genesis names usable keys, the log's under its own origin.

    Returns:
        The log's Ed25519 public keys, 32 bytes each, at least one.
    """
    try:
        vkeys = [parse_vkey(vkey) for vkey in genesis.log]
    except NotUnderstoodError as error:
        raise VerificationError(str(error), code="genesis-inconsistent") from error
    if any(vkey.name != genesis.origin for vkey in vkeys):
        raise VerificationError("A log key is not named as the origin.", code="genesis-inconsistent")
    publics = [vkey.public for vkey in vkeys if vkey.kind == ED25519]
    if not publics:
        raise VerificationError("The log has no Ed25519 key.", code="genesis-inconsistent")
    return publics


def check_version(version: int, previous: int) -> None:
    """Check that versions count up by one; ``previous`` is 0 before the first."""
    if version != previous + 1:
        raise VerificationError(f"Version {version} does not follow {previous}.", code="version-order")


def check_issuers(issuers: Issuers, epochs: Collection[str], labs: Collection[str]) -> None:
    """Check that an epoch gets its one entry in time, for known labs.

    Args:
        issuers: The entry.
        epochs: Those that have one already.
        labs: Slugs of known labs.
    """
    if issuers.epoch in epochs:
        raise VerificationError("This epoch has its issuers entry already.", code="issuers-repeated")
    if issuers.day > epoch_start(issuers.epoch) - timedelta(days=ISSUERS_LEAD_DAYS):
        raise VerificationError(
            f"Issuers have to stand in the log {ISSUERS_LEAD_DAYS} days before their epoch.",
            code="issuers-late",
        )
    if any(issuer.lab not in labs for issuer in issuers.issuers):
        raise VerificationError("An issuer is for a lab that is not known.", code="lab-unknown")


def check_issuance(issuance: Issuance, issuers: Issuers | None) -> None:
    """Check that credentials are accounted for under the epoch's own issuer keys."""
    known = {role_key_id("issuer", issuer.key) for issuer in issuers.issuers} if issuers else set()
    if any(issued.key not in known for issued in issuance.issued):
        raise VerificationError("An issuer key is not of this epoch.", code="issuers-unknown")


def check_signing(signing: Signing, text: PledgeText | None, lab: Lab | None) -> None:
    """Check what a signing refers to; its signatures and its seat are not looked at.

    Args:
        signing: The signing.
        text: The pledge text of the slug and version that it names, if the log has one.
        lab: The lab that it names, as the log has it now, if it does.
    """
    if text is None or text.sha256 != signing.pledge.sha256:
        raise VerificationError("This pledge text is not in the log.", code="pledge-unknown")
    check_clauses(signing.clauses, text.clauses)
    if signing.affiliation is None:
        return
    if lab is None:
        raise VerificationError("This lab is not in the log.", code="lab-unknown")
    by_mail = signing.assurance in {"lab-email", "group-email"}
    if by_mail and signing.affiliation.scope and not lab.has_scope(signing.affiliation.scope):
        raise VerificationError("No domain of this lab can show this.", code="affiliation-unfounded")


def check_key_free(status: Status | None) -> None:
    """Check that a key does not sign a pledge twice; ``status`` is that of its signing before, if it has one."""
    if status in {"current", "lapsed"}:
        raise VerificationError("This key signs this pledge already.", code="key-signs-already")


def check_clauses(chosen: tuple[str, ...], clauses: Clauses) -> None:
    """Check a choice: all core clauses, any optional ones, in the order of the pledge."""
    if not clauses.is_choice(chosen):
        raise VerificationError(
            "The clauses are not all core ones and some optional ones, in the pledge's order.",
            code="clauses-wrong",
        )


def check_credential(_signing: Signing, issuers: Issuers | None) -> NoReturn:
    """Refuse an anonymous signing: this version verifies no credentials, and counts nothing unverified.

    Args:
        issuers: The issuers entry of the credential's epoch, if the log has one.
    """
    if issuers is None:
        raise VerificationError("No issuers are known for this epoch.", code="issuers-unknown")
    raise VerificationError(
        "This version cannot verify the credential of an anonymous signing.", code="credential-not-verified"
    )


def check_step(step: Renewal | Withdrawal, *, visibility: Visibility, is_notary: bool) -> None:
    """Check who takes a step: only the notary removes, and for anonymous signings it does nothing else.

    For a named signing the notary stands in for a signatory who showed the address again.
    """
    is_removal = isinstance(step, Withdrawal) and step.is_removal
    if is_removal and not is_notary:
        raise VerificationError("Only the notary can remove a signing.", code="step-not-allowed")
    if visibility == "anonymous" and is_notary and not is_removal:
        raise VerificationError("Only its own key moves an anonymous signing.", code="step-not-allowed")


def check_finding(finding: Finding, previous: Finding | None, labs: Collection[str]) -> None:
    """Check that a finding takes its steps in order, names a known lab, and keeps lab and polarity."""
    if finding.state not in _NEXT_STATES.get(previous.state if previous else None, ()):
        raise VerificationError(f"A finding cannot become {finding.state} here.", code="finding-order")
    if finding.lab is not None and finding.lab not in labs:
        raise VerificationError("This lab is not in the log.", code="lab-unknown")
    if previous and previous.lab and (previous.lab, previous.polarity) != (finding.lab, finding.polarity):
        raise VerificationError("A finding keeps its lab and its polarity.", code="finding-changed")


def check_reply(_reply: Reply, finding: Finding | None) -> None:
    """Check that a lab replies to a finding that it was told of."""
    if finding is None or finding.state == "draft":
        raise VerificationError("There is no such finding to reply to.", code="finding-unknown")
