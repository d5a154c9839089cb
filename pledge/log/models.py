"""Tables of the transparency log."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from pledge.db import Base, Sha256


class Pending(Base):
    """An entry that was accepted and not yet sequenced.

    Ids are random, so that the table keeps no order of arrival. A batch that is held back (``hold`` set) stays
    here until it is released.
    """

    __tablename__ = "pending"

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    payload_sha256: Mapped[Sha256] = mapped_column(unique=True)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    day: Mapped[date]
    hold: Mapped[str | None] = mapped_column(String(200), index=True)


IS_FEW = text("kind NOT IN ('signing', 'renewal', 'withdrawal')")
"""Says of entries that they are not about signings. Queries that have it, word for word, read only those."""


class Entry(Base):
    """A sequenced entry. Indexes come from the head, without gaps."""

    __tablename__ = "entry"
    __table_args__ = (Index("ix_entry_few", "kind", "index", sqlite_where=IS_FEW, postgresql_where=IS_FEW),)

    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    payload_sha256: Mapped[Sha256] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(64))
    leaf: Mapped[bytes] = mapped_column(LargeBinary)


class Tile(Base):
    """The hashes of one tile, 1 to 256 of them; the last of each level grows."""

    __tablename__ = "tile"
    __table_args__ = (
        CheckConstraint("level BETWEEN 0 AND 63", name="level"),
        CheckConstraint("length(hashes) BETWEEN 32 AND 8192", name="width"),
    )

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class Head(Base):
    """The one row that says how long the log is; it changes only by compare-and-swap on ``size``."""

    __tablename__ = "head"
    __table_args__ = (CheckConstraint("id = 1", name="single"), CheckConstraint("size >= 0", name="size"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[Sha256]
    day: Mapped[date]
    checkpoint: Mapped[bytes] = mapped_column(LargeBinary)


class Cosigned(Base):
    """The one row with the newest checkpoint that a quorum of witnesses has cosigned."""

    __tablename__ = "cosigned"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    checkpoint: Mapped[bytes] = mapped_column(LargeBinary)


class WitnessState(Base):
    """The tree size that a witness has last cosigned, from which the next proof begins."""

    __tablename__ = "witness"

    vkey: Mapped[str] = mapped_column(String(3000), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
