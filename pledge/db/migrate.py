"""Bring a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Engine


def migrations_directory() -> Path:
    """Give where the migrations are: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).parent.parent
    beside = package.parent / "migrations"
    return beside if beside.is_dir() else package / "_migrations"


def upgrade(engine: Engine) -> None:
    """Apply every migration that the database lacks."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(migrations_directory()))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
