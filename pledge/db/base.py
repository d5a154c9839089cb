"""The declarative base and the column types that every feature shares."""

from typing import Annotated, cast

from sqlalchemy import Insert, LargeBinary, MetaData, String, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, mapped_column

# One name for one thing: migrations can then drop what they made on either database.
_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

Sha256 = Annotated[bytes, mapped_column(LargeBinary(32))]
"""32 bytes: a SHA-256, a Merkle root, an HMAC or the hash of a token."""

Slug = Annotated[str, mapped_column(String(64))]
"""Lower-case ASCII words with hyphens."""

ShortText = Annotated[str, mapped_column(String(200))]
"""A line of text that a person wrote or reads."""


class Base(DeclarativeBase):
    """Base of all models. Models hold columns and constraints; no queries, no cryptography, no Flask."""

    metadata = MetaData(naming_convention=_NAMES)


def table_of(model: type[Base]) -> Table:
    """Give a model's table, for statements where loading objects would cost more than the database does."""
    return cast("Table", model.__table__)


def upserts(table: Table, *keys: str) -> dict[str, Insert]:
    """Give, by the dialect's name, the INSERT that replaces all other columns of a row that has these keys already."""
    return {
        dialect.__name__.rsplit(".", 1)[-1]: _upsert(dialect.insert(table), keys)
        for dialect in (sqlite, postgresql)
    }


def _upsert(statement: sqlite.Insert | postgresql.Insert, keys: tuple[str, ...]) -> Insert:
    others = {name: column for name, column in statement.excluded.items() if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=others)
