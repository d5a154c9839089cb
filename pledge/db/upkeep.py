"""What a database needs besides transactions: deleted words gone from its journal, and figures for its planner."""

from pledge.db.engine import Database


def tidy(database: Database) -> None:
    """Empty SQLite's write-ahead log, which may hold what was deleted, and let it count its rows for its planner.

    Where readers keep the journal busy it is emptied next time. PostgreSQL does both by itself, in its own time.
    """
    if database.engine.dialect.name != "sqlite":
        return
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("PRAGMA optimize")
        cursor.close()
    finally:
        connection.close()
