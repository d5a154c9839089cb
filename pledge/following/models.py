"""Tables of those who follow: by mail, and programs that are posted to (W3C WebSub)."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from pledge.db import Base, Sha256


class Follower(Base):
    """An address that asked for a letter each month; it counts once the link that was mailed to it is used.

    ``who`` is a keyed hash of address and topic. ``told`` is the last day that a letter has told of, ``due`` the day on
    which the next may go.
    """

    __tablename__ = "follower"
    __table_args__ = (
        CheckConstraint("(token_hash IS NULL) = (expires_seconds IS NULL)", name="expires_seconds"),
        CheckConstraint("(token_hash IS NULL) = (due IS NOT NULL)", name="due"),
        CheckConstraint("(told IS NULL) = (due IS NULL)", name="told"),
    )

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    who: Mapped[Sha256] = mapped_column(unique=True)
    topic: Mapped[str] = mapped_column(String(80))
    address: Mapped[bytes] = mapped_column(LargeBinary)
    token_hash: Mapped[Sha256 | None] = mapped_column(unique=True)
    expires_seconds: Mapped[int | None] = mapped_column(BigInteger, index=True)
    told: Mapped[date | None]
    due: Mapped[date | None] = mapped_column(index=True)


class HubRequest(Base):
    """A program asked that feeds be posted to it, or no more, and was not asked yet whether it did.

    ``who`` is a keyed hash of topic and callback, ``host`` one of the callback's host. Callback and secret are
    encrypted.
    """

    __tablename__ = "hub_request"
    __table_args__ = (CheckConstraint("mode IN ('subscribe', 'unsubscribe')", name="mode"),)

    who: Mapped[Sha256] = mapped_column(primary_key=True)
    host: Mapped[Sha256]
    mode: Mapped[str] = mapped_column(String(11))
    topic: Mapped[str] = mapped_column(String(80))
    callback: Mapped[bytes] = mapped_column(LargeBinary)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    lease_seconds: Mapped[int]
    asked_seconds: Mapped[int] = mapped_column(BigInteger)


class Subscription(Base):
    """A program that confirmed.

    ``delivered`` is the SHA-256 of the feed that it has, ``seen`` the state of log and counts when that was looked at.
    """

    __tablename__ = "subscription"

    who: Mapped[Sha256] = mapped_column(primary_key=True)
    host: Mapped[Sha256]
    topic: Mapped[str] = mapped_column(String(80))
    callback: Mapped[bytes] = mapped_column(LargeBinary)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    until_seconds: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[str] = mapped_column(String(40))
    delivered: Mapped[Sha256]
    tries: Mapped[int]
    next_seconds: Mapped[int] = mapped_column(BigInteger)
