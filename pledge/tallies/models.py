"""The table of counts."""

from datetime import date

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from pledge.db import Base, Slug


class Count(Base):
    """How many signings of a pledge stand in one way. ``lab`` is empty for signatories of no lab."""

    __tablename__ = "tally"
    __table_args__ = (CheckConstraint("count >= 0", name="count"),)

    pledge: Mapped[Slug] = mapped_column(primary_key=True)
    lab: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    assurance: Mapped[str] = mapped_column(String(16), primary_key=True)
    status: Mapped[str] = mapped_column(String(9), primary_key=True)
    count: Mapped[int]


class DailyChange(Base):
    """What one day added to one count; all days up to one add up to the counts of that day."""

    __tablename__ = "tally_change"
    __table_args__ = (Index("ix_tally_change_day", "pledge", "day"),)

    pledge: Mapped[Slug] = mapped_column(primary_key=True)
    lab: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    assurance: Mapped[str] = mapped_column(String(16), primary_key=True)
    status: Mapped[str] = mapped_column(String(9), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    change: Mapped[int]


class TalliedDay(Base):
    """The one row that says up to which day lapses are counted."""

    __tablename__ = "tallied_day"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date]
