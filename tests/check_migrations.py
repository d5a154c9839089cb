"""``alembic check`` and more: migrations make exactly what the models say, CHECK constraints included."""

import re
import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text

from pledge.db import Database
from pledge.db.migrate import upgrade
from pledge.schema import metadata

# SQLite writes a column that is added later behind a comma, on the line before.
_PART = re.compile(r",?\s*\n|, (?=\w+ [A-Z]+\b)")


def differences(migrated: Engine, modelled: Engine) -> list[object]:
    """What differs between a migrated database and one made from the models."""
    with migrated.connect() as connection:
        found = list(compare_metadata(MigrationContext.configure(connection), metadata))
    return found + [
        (name, sql)
        for name, sql in sorted(_tables(migrated).items() ^ _tables(modelled).items())
        if name != "alembic_version"
    ]


def _tables(engine: Engine) -> dict[str, str]:
    """Each table's statement with its parts in order of the alphabet: columns and constraints may come in any order."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    return {
        name: "\n".join(sorted(part.strip().replace('"', "") for part in _PART.split(sql)))
        for name, sql in rows
    }


def main() -> int:
    """Compare, and say what differs."""
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite:///{Path(directory) / 'migrated'}")
        upgrade(database.engine)
        modelled = create_engine(f"sqlite:///{Path(directory) / 'modelled'}")
        metadata.create_all(modelled)
        found = differences(database.engine, modelled)
        modelled.dispose()
        database.close()
    for difference in found:
        sys.stderr.write(f"migrations and models differ: {difference}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
