"""Signings, and what becomes of them."""

from datetime import date
from typing import ClassVar, Literal, TypeAlias

from pledge.core.calendar import epoch_start, months_later
from pledge.core.statement.keys import PURPOSE
from pledge.core.statement.lab import Scope
from pledge.core.statement.members import (
    DAY,
    ED25519_KEY,
    EPOCH,
    ID,
    KEY_ID,
    SHA256,
    SIGNATORY_KEY,
    VERSION,
    Codec,
    choice,
    matching,
    member,
    nested,
    octets,
    optional,
    record,
    sequence,
)
from pledge.core.statement.statement import Statement
from pledge.errors import MalformedError

Assurance: TypeAlias = Literal["lab-email", "group-email", "email", "credential"]
Visibility: TypeAlias = Literal["named", "anonymous"]

TERM_MONTHS = 12

_ASSURANCE: Codec[Assurance] = choice("lab-email", "group-email", "email", "credential")
_SCOPE: Codec[Scope] = choice("lab", "group")
_SCOPE_OF: dict[Assurance, Scope | None] = {
    "lab-email": "lab",
    "group-email": "group",
    "email": None,
    "credential": "lab",
}
_REASON = matching(
    r"own|left-lab|changed-mind|removed:(?=.{1,64}\Z)[a-z0-9]+(?:-[a-z0-9]+)*",
    "own, left-lab, changed-mind or removed:<class>",
)


@record
class Affiliation:
    """A lab, and how it was shown. ``scope`` is what that proves: nothing for ``email``, where it is self-stated.

    ``day`` is when the address was checked. With a credential there is no day, which would narrow down who it is.
    """

    lab: str = member(ID)
    assurance: Assurance = member(_ASSURANCE)
    scope: Scope | None = member(optional(_SCOPE))
    day: date | None = member(DAY, default=None)

    def __post_init__(self) -> None:
        if self.scope != _SCOPE_OF[self.assurance]:
            raise MalformedError("scope must be what the assurance proves")
        if (self.day is None) != (self.assurance == "credential"):
            raise MalformedError("an affiliation has a day unless a credential shows it")


@record
class Commitments:
    """Salted hashes (``commitment.commit``) of what a named signatory says about themself."""

    name: str = member(SHA256)
    role: str | None = member(optional(SHA256))
    reason: str | None = member(optional(SHA256))


@record
class Credential:
    """A blind-signed certificate (RFC 9474) on an anonymous key; ``prefix`` is the random part of ``prepare``."""

    issuer: str = member(KEY_ID)
    epoch: str = member(EPOCH)
    purpose: str = member(PURPOSE)
    key: str = member(ED25519_KEY)
    prefix: bytes = member(octets(32, 32))
    signature: bytes = member(octets(256, 256))


@record
class PledgeReference:
    """The exact text that was signed."""

    slug: str = member(ID)
    version: int = member(VERSION)
    sha256: str = member(SHA256)


@record
class Signatory:
    """Whose signing it is: a full public key, and whether a name stands behind it in public."""

    key: str = member(SIGNATORY_KEY)
    visibility: Visibility = member(choice("named", "anonymous"))


@record
class Signing(Statement):
    """A signatory signs a pledge, for twelve months.

    ``clauses`` are all core clauses and any optional ones, in the order of the pledge, so that a choice has one
    way to be written. Without an affiliation the assurance is that of ``email``.
    """

    kind: ClassVar[str] = "signing"

    pledge: PledgeReference = member(nested(PledgeReference))
    clauses: tuple[str, ...] = member(sequence(ID, 1, 128, unique=True))
    signatory: Signatory = member(nested(Signatory))
    commitments: Commitments | None = member(optional(nested(Commitments)))
    affiliation: Affiliation | None = member(optional(nested(Affiliation)))
    credential: Credential | None = member(optional(nested(Credential)))
    until: date = member(DAY)

    def __post_init__(self) -> None:
        if self.until != months_later(self.day, TERM_MONTHS):
            raise MalformedError(f"until must be {TERM_MONTHS} months after day")
        if self.signatory.visibility == "anonymous":
            self._check_anonymous()
        else:
            self._check_named()

    @property
    def assurance(self) -> Assurance:
        """How the affiliation was shown; ``email`` when there is none."""
        return self.affiliation.assurance if self.affiliation else "email"

    @property
    def lab(self) -> str | None:
        """The slug of the lab, or None for none."""
        return self.affiliation.lab if self.affiliation else None

    def _check_named(self) -> None:
        if self.commitments is None or self.credential is not None or self.assurance == "credential":
            raise MalformedError("a named signing has commitments and no credential")
        if self.affiliation and self.affiliation.day and self.affiliation.day > self.day:
            raise MalformedError("an affiliation must not be checked after the signing's day")

    def _check_anonymous(self) -> None:
        credential = self.credential
        if self.commitments is not None or credential is None or self.assurance != "credential":
            raise MalformedError("an anonymous signing has a credential and no commitments")
        if credential.key != self.signatory.key or credential.purpose != f"signing:{self.pledge.slug}":
            raise MalformedError("a credential must be for this key and this pledge")
        if self.day != epoch_start(credential.epoch):
            raise MalformedError("the day of an anonymous signing is the first of its credential's epoch")


@record
class Renewal(Statement):
    """A signing (the SHA-256 of its payload) stands for twelve more months from this day."""

    kind: ClassVar[str] = "renewal"

    signing: str = member(SHA256)
    reason: Literal["own"] = member(choice("own"))


@record
class Withdrawal(Statement):
    """A signing (the SHA-256 of its payload) stands no longer: ``left-lab`` makes its signatory a former one."""

    kind: ClassVar[str] = "withdrawal"

    signing: str = member(SHA256)
    reason: str = member(_REASON)

    @property
    def is_removal(self) -> bool:
        """Tell whether the operator removed the signing, rather than the signatory."""
        return self.reason.startswith("removed:")
