"""Statements about the log and the site as a whole."""

from datetime import date
from typing import ClassVar

from pledge.core.statement.members import (
    DAY,
    ED25519_KEY,
    SHA256,
    VERSION,
    integer,
    line,
    mapping,
    matching,
    member,
    record,
    sequence,
)
from pledge.core.statement.statement import Statement
from pledge.errors import MalformedError

_VKEY = matching(
    r"[!-*,-~]{1,255}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{4,4000}={0,2}", "a vkey (c2sp.org/signed-note)"
)
_PATH = matching(r"(?=.{1,200}\Z)[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", "a path")
_RELEASE_VERSION = matching(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,63}", "a version")


@record
class Genesis(Statement):
    """The first entry: who runs the log, the keys it begins with, and how many stewards a decision takes."""

    kind: ClassVar[str] = "genesis"

    operator: str = member(line(200))
    contact: str = member(line(200))
    log: tuple[str, ...] = member(sequence(_VKEY, 1, 8, unique=True))
    notary: str = member(ED25519_KEY)
    quorum: int = member(integer(1, 16))


@record
class PolicyText(Statement):
    """A version of the one rule by which findings are decided; it never takes effect before its day."""

    kind: ClassVar[str] = "policy"

    version: int = member(VERSION)
    sha256: str = member(SHA256)
    effective: date = member(DAY)

    def __post_init__(self) -> None:
        if self.effective < self.day:
            raise MalformedError("effective must not be before day")


@record
class Release(Statement):
    """The exact files that the signing and tip pages serve: path → SHA-256."""

    kind: ClassVar[str] = "release"

    version: str = member(_RELEASE_VERSION)
    files: dict[str, str] = member(mapping(_PATH, SHA256, 1, 256))


@record
class TipDigest(Statement):
    """The root of a day's digest tree, padded to a multiple of 64 leaves."""

    kind: ClassVar[str] = "tip-digest"

    root: str = member(SHA256)
    leaves: int = member(integer(64, 1_000_000))

    def __post_init__(self) -> None:
        if self.leaves % 64:
            raise MalformedError("leaves must be a multiple of 64")
