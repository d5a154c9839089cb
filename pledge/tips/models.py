"""Tables of the tip line. Envelopes are ciphertext; nothing here is finer than a day, and nothing says who."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pledge.db import Base, Sha256


class Thread(Base):
    """A source's mailbox with something in it.

    ``mailbox_key`` is the public half of what the codename gives. ``expires`` is drawn anew at each movement.
    """

    __tablename__ = "tip_thread"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'closed')", name="state"),
        CheckConstraint(
            "label IN ('new', 'working', 'waiting', 'verified', 'duplicate', 'not-for-us')", name="label"
        ),
    )

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    mailbox: Mapped[str] = mapped_column(String(32), unique=True)
    mailbox_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    opened: Mapped[date]
    moved: Mapped[date] = mapped_column(index=True)
    expires: Mapped[date] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(6))
    label: Mapped[str] = mapped_column(String(10))
    assigned: Mapped[bytes | None] = mapped_column(LargeBinary(16))


class Message(Base):
    """An envelope of a thread, numbered from 1.

    Attributes:
        content: The envelope, where it is small; a larger one is a file named by ``id``.
        leaf: What stands for it in the day's digest; none for a steward's answer.
        way: Where it was sealed, as far as the server knows: before it came, or by the server itself.
        settled: The day of the nightly pass that put it into a digest and among the others in random order; none yet.
    """

    __tablename__ = "tip_message"
    __table_args__ = (
        UniqueConstraint("thread", "number", name="uq_tip_message_thread"),
        CheckConstraint("sender IN ('source', 'steward')", name="sender"),
        CheckConstraint("way IN ('sealed', 'by-server')", name="way"),
        CheckConstraint("number BETWEEN 1 AND 9999", name="number"),
    )

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    thread: Mapped[bytes] = mapped_column(LargeBinary(16))
    number: Mapped[int]
    sender: Mapped[str] = mapped_column(String(7))
    way: Mapped[str] = mapped_column(String(9))
    sha256: Mapped[Sha256] = mapped_column(unique=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]
    leaf: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    settled: Mapped[date | None] = mapped_column(index=True)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)


class Budget(Base):
    """How many messages without proof of work came in an hour; forgotten with the day."""

    __tablename__ = "tip_budget"

    hour: Mapped[str] = mapped_column(String(13), primary_key=True)
    count: Mapped[int]


class Digest(Base):
    """A day's leaves, as the log commits to them: 32 bytes each, sorted."""

    __tablename__ = "tip_digest"

    day: Mapped[date] = mapped_column(primary_key=True)
    leaves: Mapped[bytes] = mapped_column(LargeBinary)
    payload_sha256: Mapped[Sha256]


class Dummy(Base):
    """What fills a day's digest up: told to the stewards, who can so account for every leaf."""

    __tablename__ = "tip_dummy"

    r: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
