"""Tables of pledge texts, signings, what is shown of them, and the links that mail carries."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pledge.core import statement as st
from pledge.core.tally import Status
from pledge.db import Base, Sha256, ShortText, Slug


class Text(Base):
    """One published version of a pledge; it never changes."""

    __tablename__ = "pledge_text"

    slug: Mapped[Slug] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[ShortText]
    body: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    published_on: Mapped[date]


class Signing(Base):
    """A logged signing and how it stands now. Everything here can be read from the log."""

    __tablename__ = "signing"
    __table_args__ = (
        CheckConstraint("status IN ('current', 'former', 'withdrawn', 'lapsed')", name="status"),
        CheckConstraint("visibility IN ('named', 'anonymous')", name="visibility"),
        # Each list that a reader can ask for is a range of one of these.
        Index("ix_signing_list", "pledge", "status", "index"),
        Index("ix_signing_list_lab", "pledge", "lab", "status", "index"),
        Index("ix_signing_list_assurance", "pledge", "assurance", "status", "index"),
        Index("ix_signing_list_both", "pledge", "lab", "assurance", "status", "index"),
        Index("ix_signing_lapse", "status", "until"),
    )

    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sha256: Mapped[Sha256] = mapped_column(unique=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    pledge: Mapped[Slug]
    version: Mapped[int]
    lab: Mapped[str | None] = mapped_column(String(64))
    assurance: Mapped[st.Assurance] = mapped_column(String(16))
    scope: Mapped[st.Scope | None] = mapped_column(String(5))
    visibility: Mapped[st.Visibility] = mapped_column(String(9))
    status: Mapped[Status] = mapped_column(String(9))
    day: Mapped[date]
    until: Mapped[date]
    key: Mapped[str] = mapped_column(String(1500))
    normal_key: Mapped[str] = mapped_column(String(1500), index=True)
    clauses: Mapped[list[str]] = mapped_column(JSON)

    openings: Mapped[list["Shown"]] = relationship(
        primaryjoin="foreign(Shown.sha256) == Signing.sha256", viewonly=True, lazy="selectin"
    )


class Shown(Base):
    """An opening of a commitment, kept beside the log for as long as the person wishes it.

    ``state``: ``shown``; ``waiting`` for review; ``hidden`` by the operator.
    """

    __tablename__ = "opening"
    __table_args__ = (
        CheckConstraint("field IN ('name', 'role', 'reason')", name="field"),
        CheckConstraint("state IN ('shown', 'waiting', 'hidden')", name="state"),
    )

    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    field: Mapped[st.Field] = mapped_column(String(6), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    value: Mapped[str]
    state: Mapped[str] = mapped_column(String(7), index=True)


TOKEN_CHARACTERS = 100
"""Longer words of a name are cut: some letters become two when they are folded."""


class NameToken(Base):
    """A word of a shown name, folded, so that a search is a range of an index and never a scan."""

    __tablename__ = "name_token"

    # Sorted by code points on both databases, or a range would not be the words that begin alike.
    token: Mapped[str] = mapped_column(
        String(TOKEN_CHARACTERS).with_variant(String(TOKEN_CHARACTERS, collation="C"), "postgresql"),
        primary_key=True,
    )
    index: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("signing.index"), primary_key=True, autoincrement=False, index=True
    )


class Seat(Base):
    """Whose a signing is: a keyed hash of pledge and address, the same for all signings of one person.

    A row goes when its signing stands no longer and nothing is shown beside it.
    """

    __tablename__ = "seat"

    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    seat: Mapped[Sha256] = mapped_column(index=True)
    seat_key: Mapped[str] = mapped_column(String(8))
    canonicalization: Mapped[int]


class MailLink(Base):
    """A one-time link that was mailed, by the hash of its token. ``draft`` is what the person has typed."""

    __tablename__ = "mail_link"
    __table_args__ = (CheckConstraint("purpose IN ('sign', 'change')", name="purpose"),)

    token_hash: Mapped[Sha256] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(6))
    seat: Mapped[Sha256] = mapped_column(index=True)
    canonicalization: Mapped[int]
    draft: Mapped[dict[str, Any]] = mapped_column(JSON)
    expires_seconds: Mapped[int] = mapped_column(BigInteger, index=True)


class ReceiptLink(Base):
    """The private page of a fresh receipt, by the hash of its token."""

    __tablename__ = "receipt_link"

    token_hash: Mapped[Sha256] = mapped_column(primary_key=True)
    sha256: Mapped[Sha256]
    expires: Mapped[date] = mapped_column(index=True)


class Contact(Base):
    """An address that somebody asked us to keep, encrypted, for a reminder or for news."""

    __tablename__ = "contact"
    __table_args__ = (CheckConstraint("purpose IN ('reminder', 'news')", name="purpose"),)

    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(8), primary_key=True)
    address: Mapped[bytes] = mapped_column(LargeBinary)
    due: Mapped[date | None] = mapped_column(index=True)


class Removal(Base):
    """A line of the public removals ledger. It names a signing and a class of reason, never what was hidden."""

    __tablename__ = "removal"
    __table_args__ = (CheckConstraint("action IN ('hidden', 'restored', 'withdrawn')", name="action"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    public_id: Mapped[str] = mapped_column(String(32))
    field: Mapped[str] = mapped_column(String(7))
    action: Mapped[str] = mapped_column(String(9))
    reason_class: Mapped[str] = mapped_column(String(32))


class Report(Base):
    """A reader's word that something about a signatory's page is wrong; for the operator's review."""

    __tablename__ = "report"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), index=True)
    reason_class: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(String(2000))
    day: Mapped[date]
