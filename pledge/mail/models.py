"""The table of mail budgets."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from pledge.db import Base, Sha256


class MailBudget(Base):
    """How many mails went to one address (as a keyed hash) or out of the whole site in one window."""

    __tablename__ = "mail_budget"

    key: Mapped[Sha256] = mapped_column(primary_key=True)
    window: Mapped[str] = mapped_column(String(13), primary_key=True, index=True)
    count: Mapped[int]
