"""The database: declarative base, column types, engine and sessions."""

from pledge.db.base import Base, Sha256, ShortText, Slug, table_of, upserts
from pledge.db.engine import Database

__all__ = ["Base", "Database", "Sha256", "ShortText", "Slug", "table_of", "upserts"]
