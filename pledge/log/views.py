"""Checkpoint, tiles and entry bundles over HTTP (C2SP tlog-tiles), with the headers that formats.md fixes."""

from sqlalchemy.orm import Session

from pledge.core.tlog.tile_path import ENTRIES_LEVEL, Tile, parse_tile_path
from pledge.db import Database
from pledge.errors import MalformedError, NotFoundError
from pledge.log.service import read_bundle, read_checkpoint, read_tile_prefix
from pledge.web.prepared import Answer

_WIDTH = 256
_FOR_EVER = "public, max-age=31536000, immutable"
_CHECKPOINT_SECONDS = 2
_NOT_FOUND = Answer(
    b"There is nothing here, or not yet.\n", "text/plain; charset=utf-8", "no-store", "404 Not Found"
)


def answer(database: Database, path: str) -> Answer | None:
    """Answer a path under ``/log/``; None leaves it to Flask."""
    what = path.removeprefix("/log/")
    if what != "checkpoint" and not what.startswith("tile/"):
        return None
    with database.reading() as session:
        try:
            return _checkpoint(session) if what == "checkpoint" else _tile(session, parse_tile_path(what))
        except (MalformedError, NotFoundError):
            return _NOT_FOUND


def _checkpoint(session: Session) -> Answer:
    return Answer(
        read_checkpoint(session),
        "text/plain; charset=utf-8",
        f"public, max-age={_CHECKPOINT_SECONDS}",
        may_lag=False,
    )


def _tile(session: Session, tile: Tile) -> Answer:
    """Give a tile or bundle. A partial one never changes either, but it is superseded, so it is kept for a day."""
    if tile.level == ENTRIES_LEVEL:
        body = read_bundle(session, tile.index, tile.width)
    else:
        body = read_tile_prefix(session, tile.level, tile.index, tile.width)
    if body is None:
        return _NOT_FOUND
    return Answer(
        body, "application/octet-stream", _FOR_EVER if tile.width == _WIDTH else "public, max-age=86400"
    )
