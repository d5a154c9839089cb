"""Tables of labs, their mail domains and what is known of their headcounts."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pledge.core import statement as st
from pledge.db import Base, ShortText, Slug

NO_CEILING = 10_000_000
"""More people than any lab has: as ``high`` of a headcount, it says that the source knows no upper end."""


class Lab(Base):
    """A lab as its newest log entry describes it."""

    __tablename__ = "lab"

    slug: Mapped[Slug] = mapped_column(primary_key=True)
    name: Mapped[ShortText]
    website: Mapped[str] = mapped_column(String(500))

    domains: Mapped[list["Domain"]] = relationship(
        back_populates="lab", cascade="all, delete-orphan", order_by="Domain.domain"
    )
    headcounts: Mapped[list["Headcount"]] = relationship(
        cascade="all, delete-orphan", order_by="Headcount.as_of"
    )


class Domain(Base):
    """A mail domain, and whether an address there proves the lab or only the group it belongs to."""

    __tablename__ = "domain"
    __table_args__ = (CheckConstraint("scope IN ('lab', 'group')", name="scope"),)

    domain: Mapped[str] = mapped_column(String(253), primary_key=True)
    lab_slug: Mapped[str] = mapped_column(ForeignKey("lab.slug"), primary_key=True, index=True)
    scope: Mapped[st.Scope] = mapped_column(String(5))

    lab: Mapped[Lab] = relationship(back_populates="domains")


class Headcount(Base):
    """One observation of how many people a lab has: a proposal until it is accepted into the log.

    ``proposed_by``: what a reader who proposed it calls themselves; None where it is from the operator's file of labs.
    """

    __tablename__ = "headcount"
    __table_args__ = (
        CheckConstraint("low >= 0 AND high >= low", name="low"),
        CheckConstraint("population IN ('total', 'unit', 'research', 'research_percent')", name="population"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lab_slug: Mapped[str] = mapped_column(ForeignKey("lab.slug"), index=True)
    low: Mapped[int]
    high: Mapped[int]
    population: Mapped[str] = mapped_column(String(16))
    as_of: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(1000))
    confidence: Mapped[str | None] = mapped_column(String(300))
    proposed_on: Mapped[date]
    proposed_by: Mapped[str | None] = mapped_column(String(200))
    accepted: Mapped[bool]

    @property
    def is_public(self) -> bool:
        """Whether everybody may see it: not what a reader proposed and no steward has looked at."""
        return self.accepted or self.proposed_by is None

    @property
    def has_ceiling(self) -> bool:
        """Whether the source says how many there are at most."""
        return self.high < NO_CEILING
