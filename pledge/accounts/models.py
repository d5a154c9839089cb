"""Tables of stewards' accounts, sessions, keys and decisions.

No time finer than a day stands here but when something expires, and neither address nor browser of anybody.
"""

from datetime import date
from typing import Annotated

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from pledge.db import Base, Sha256

Id = Annotated[bytes, mapped_column(LargeBinary(16))]
"""16 random bytes, so that ids keep no order."""
OfAccount = Annotated[bytes, mapped_column(ForeignKey("account.id"), index=True)]


class Account(Base):
    """Who can sign in. With a password comes a code app, and never one without the other."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("(password_hash IS NULL) = (totp_secret IS NULL)", name="two_factors"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    day: Mapped[date]
    is_founder: Mapped[bool]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    last_totp_step: Mapped[int] = mapped_column(BigInteger)
    wrapped_bundle: Mapped[bytes | None] = mapped_column(LargeBinary)


class Passkey(Base):
    """A passkey's public half."""

    __tablename__ = "passkey"

    id: Mapped[Id] = mapped_column(primary_key=True)
    credential_sha256: Mapped[Sha256] = mapped_column(unique=True)
    account: Mapped[OfAccount]
    credential: Mapped[bytes] = mapped_column(LargeBinary)
    counter: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]


class RecoveryCode(Base):
    """A code that stands in for the code app once; gone when used."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[Sha256] = mapped_column(primary_key=True)
    account: Mapped[OfAccount]


class AccountSession(Base):
    """Somebody signed in, by the hash of the token that their cookie holds."""

    __tablename__ = "account_session"

    token_hash: Mapped[Sha256] = mapped_column(primary_key=True)
    account: Mapped[OfAccount]
    day: Mapped[date]
    expires_seconds: Mapped[int] = mapped_column(BigInteger, index=True)


class AccessToken(Base):
    """What a command line fetches and answers with, by its hash."""

    __tablename__ = "access_token"

    token_hash: Mapped[Sha256] = mapped_column(primary_key=True)
    account: Mapped[OfAccount]
    day: Mapped[date]
    expires_seconds: Mapped[int] = mapped_column(BigInteger, index=True)


class Invitation(Base):
    """A one-time link for somebody to make an account, by the hash of its token."""

    __tablename__ = "invitation"

    token_hash: Mapped[Sha256] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    is_founder: Mapped[bool]
    expires_seconds: Mapped[int] = mapped_column(BigInteger, index=True)


class Throttle(Base):
    """Failed tries by a keyed hash of the name, cut short: whether an account has this name makes no difference."""

    __tablename__ = "sign_in_throttle"

    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    failures: Mapped[int]
    until_seconds: Mapped[int] = mapped_column(BigInteger)


class UsedChallenge(Base):
    """A passkey's challenge that was answered, kept until it would have expired."""

    __tablename__ = "used_challenge"

    challenge_hash: Mapped[Sha256] = mapped_column(primary_key=True)
    expires_seconds: Mapped[int] = mapped_column(BigInteger, index=True)


class StewardEntry(Base):
    """An entry of the log, or one about to be, that admits or revokes a steward's key."""

    __tablename__ = "steward_entry"

    payload_sha256: Mapped[Sha256] = mapped_column(primary_key=True)


class StewardKey(Base):
    """A key that the log has admitted, and whose account it is. All but the account can be read from the log."""

    __tablename__ = "steward_key"

    payload_sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    account: Mapped[OfAccount]
    signing: Mapped[str] = mapped_column(String(60), unique=True)
    recipient: Mapped[str] = mapped_column(String(2000))
    from_: Mapped[date]
    until: Mapped[date] = mapped_column(index=True)
    is_founder: Mapped[bool]
    revoked_day: Mapped[date | None]
    revoked_reason: Mapped[str | None] = mapped_column(String(64))


class Proposal(Base):
    """What stewards are asked to sign: a key, the end of one, or both. ``logged`` is the day on which it was."""

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint("key_payload IS NOT NULL OR revocation_payload IS NOT NULL", name="something"),
        CheckConstraint("(key_payload IS NULL) = (possession IS NULL)", name="possession"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    account: Mapped[OfAccount]
    day: Mapped[date]
    key_payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    possession: Mapped[bytes | None] = mapped_column(LargeBinary(64))
    revocation_payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    logged: Mapped[date | None] = mapped_column(index=True)


class Approval(Base):
    """A steward's signatures on a proposal as it reads on one day."""

    __tablename__ = "approval"

    proposal: Mapped[bytes] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    account: Mapped[bytes] = mapped_column(ForeignKey("account.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    signing: Mapped[str] = mapped_column(String(60))
    key_signature: Mapped[bytes | None] = mapped_column(LargeBinary(64))
    revocation_signature: Mapped[bytes | None] = mapped_column(LargeBinary(64))
