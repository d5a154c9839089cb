"""Statements that admit and revoke keys, and account for the credentials issued under them."""

from datetime import date
from typing import ClassVar, Literal, TypeAlias

from pledge.core.statement.members import (
    DAY,
    ED25519_KEY,
    EPOCH,
    ID,
    KEY_ID,
    TRUE,
    Codec,
    choice,
    integer,
    matching,
    member,
    nested,
    octets,
    record,
    sequence,
)
from pledge.core.statement.statement import Statement
from pledge.errors import MalformedError

Role: TypeAlias = Literal["steward", "issuer", "notary", "log"]

AGE_RECIPIENT = matching(r"age1pq1[02-9ac-hj-np-z]{1952}", "a post-quantum age recipient, age1pq1…")
ROLE: Codec[Role] = choice("steward", "issuer", "notary", "log")
PURPOSE = matching(
    r"tip-[1-4]|signing:(?=.{1,64}\Z)[a-z0-9]+(?:-[a-z0-9]+)*", "a purpose: signing:<slug> or tip-1 to tip-4"
)


@record
class KeyMaterial:
    """Public keys of one holder: the Ed25519 key that signs and, for stewards, the recipient tips are sealed to."""

    signing: str = member(ED25519_KEY)
    age: str | None = member(AGE_RECIPIENT, default=None)


@record
class Key(Statement):
    """A key enters a role, for the days ``from_`` to ``until``, both included."""

    kind: ClassVar[str] = "key"

    role: Role = member(ROLE)
    keys: KeyMaterial = member(nested(KeyMaterial))
    from_: date = member(DAY)
    until: date = member(DAY)
    founder: bool = member(TRUE, default=False)

    def __post_init__(self) -> None:
        if self.from_ > self.until:
            raise MalformedError("from must not be after until")
        if (self.keys.age is not None) != (self.role == "steward"):
            raise MalformedError("a steward's keys have an age recipient, and no other's")
        if self.founder and self.role != "steward":
            raise MalformedError("only a steward can be a founder")


@record
class KeyRevocation(Statement):
    """A key leaves its role for good, on this day."""

    kind: ClassVar[str] = "key-revocation"

    role: Role = member(ROLE)
    key: str = member(ED25519_KEY)
    reason: str = member(ID)


@record
class IssuerKey:
    """One issuer key: an RSA-2048 public key, DER SPKI, for one lab and purpose in the epoch around it."""

    lab: str = member(ID)
    purpose: str = member(PURPOSE)
    key: bytes = member(octets(256, 1024))


@record
class Issuers(Statement):
    """Every issuer key of an epoch: one each for a lab and purpose."""

    kind: ClassVar[str] = "issuers"

    epoch: str = member(EPOCH)
    issuers: tuple[IssuerKey, ...] = member(sequence(nested(IssuerKey), 1, 128))

    def __post_init__(self) -> None:
        if len({(issuer.lab, issuer.purpose) for issuer in self.issuers}) != len(self.issuers):
            raise MalformedError("must not name two issuers for one lab and purpose")
        if len({issuer.key for issuer in self.issuers}) != len(self.issuers):
            raise MalformedError("must not use one issuer key twice")


@record
class Issued:
    """How many credentials one issuer key has signed; ``key`` is its 8 hex digits."""

    key: str = member(KEY_ID)
    count: int = member(integer(0, 10_000_000))


@record
class Issuance(Statement):
    """Credentials issued in an epoch, by issuer key."""

    kind: ClassVar[str] = "issuance"

    epoch: str = member(EPOCH)
    issued: tuple[Issued, ...] = member(sequence(nested(Issued), 1, 128))

    def __post_init__(self) -> None:
        if len({issued.key for issued in self.issued}) != len(self.issued):
            raise MalformedError("must not count one issuer twice")
