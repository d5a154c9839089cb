"""What later entries of a log depend on: keys, labs, texts, standings and the like, after some number of entries."""

from dataclasses import dataclass, field
from datetime import date

from pledge.core import rules
from pledge.core.keyring import Keyring, Term
from pledge.core.keys import format_key
from pledge.core.statement import (
    Finding,
    Genesis,
    Issuers,
    Key,
    KeyRevocation,
    Lab,
    PledgeText,
    PolicyText,
    Release,
    Role,
    Signing,
    Statement,
    normal_key,
)
from pledge.core.tally import Tally

_ROLES: tuple[Role, ...] = ("steward", "issuer", "notary", "log")


@dataclass(slots=True)
class LogState:
    """The log so far.

    Attributes:
        genesis: The first entry's statement, once there is one.
        day: The last dated entry's.
        payloads: SHA-256, hex, of every payload: entries are told apart by these, as signatures are malleable.
        keyrings: The keys of each role.
        founders: How many founding stewards were ever admitted; there are never more than a decision takes.
        has_stewards: Whether as many stewards as a decision takes once stood; from then on they decide.
        labs: Labs by slug, as their latest entry has them.
        texts: Pledge texts by slug and version.
        pledge_versions: The latest version of each pledge.
        policy: The latest policy, if there is one.
        release: The latest release, if there is one.
        issuers: Issuers entries by epoch.
        findings: The latest step of each finding by id.
        holders: The newest signing by a signatory's key, in its normal form, and a pledge.
        signatories: The signatory's key of each signing, by the SHA-256 of its payload.
        tally: All standings and their counts; it lapses when told to.
    """

    genesis: Genesis | None = None
    day: date = date.min
    payloads: set[str] = field(default_factory=set)
    keyrings: dict[Role, Keyring] = field(default_factory=lambda: {role: Keyring(role) for role in _ROLES})
    founders: int = 0
    has_stewards: bool = False
    labs: dict[str, Lab] = field(default_factory=dict)
    texts: dict[tuple[str, int], PledgeText] = field(default_factory=dict)
    pledge_versions: dict[str, int] = field(default_factory=dict)
    policy: PolicyText | None = None
    release: Release | None = None
    issuers: dict[str, Issuers] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    holders: dict[tuple[str, str], str] = field(default_factory=dict)
    signatories: dict[str, str] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    @property
    def quorum(self) -> int:
        """How many stewards a decision takes; 0 before the genesis."""
        return self.genesis.quorum if self.genesis else 0

    def record(self, payload_sha256: str, statement: Statement) -> None:
        """Take in a statement that has met all requirements."""
        self.payloads.add(payload_sha256)
        if rules.is_dated(statement):
            self.day = statement.day
        self.tally.apply(payload_sha256, statement)
        match statement:
            case Signing():
                self.signatories[payload_sha256] = statement.signatory.key
                self.holders[normal_key(statement.signatory.key), statement.pledge.slug] = payload_sha256
            case PledgeText():
                self.texts[statement.slug, statement.version] = statement
                self.pledge_versions[statement.slug] = statement.version
            case PolicyText():
                self.policy = statement
            case Release():
                self.release = statement
            case Lab():
                self.labs[statement.slug] = statement
            case Issuers():
                self.issuers[statement.epoch] = statement
            case Finding():
                self.findings[statement.id] = statement
            case Genesis() | Key() | KeyRevocation():
                self._record_keys(statement)
            case _:
                pass  # steps of signings are in the tally, and nothing later depends on the others

    def _record_keys(self, statement: Genesis | Key | KeyRevocation) -> None:
        match statement:
            case Genesis():
                self.genesis = statement
                self.keyrings["notary"].admit(Term(statement.notary, statement.day, None))
                for public in rules.check_genesis(statement):
                    self.keyrings["log"].admit(Term(format_key(public), statement.day, None))
            case Key():
                self.keyrings[statement.role].admit(
                    Term(statement.keys.signing, statement.from_, statement.until)
                )
                self.founders += statement.founder
                self.has_stewards |= self.keyrings["steward"].unrevoked() >= self.quorum
            case _:
                self.keyrings[statement.role].revoke(statement.key)
