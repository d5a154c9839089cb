"""The table of those who follow by mail."""

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
