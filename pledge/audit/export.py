"""``pledge export``: a static mirror of a log and what its site says of it, at the same paths as over HTTP.

    log/checkpoint  log/policy  log/tile/…  tallies.json  removals.json  pledges/<slug>/<version>.txt
    policy/<version>.json  tips/digests/<day>

Everything comes from one snapshot of the database. Full tiles, bundles and digests never change, so those that are
there are compared and left alone, and an export that was interrupted goes on. The checkpoint is written last: whatever
it covers is there.
"""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.audit.console import plain_errors, read_bounded, write_atomically
from pledge.audit.published import MAX_CLAIMS_BYTES, MAX_REMOVALS_BYTES
from pledge.core.statement import format_json
from pledge.core.tlog.bundle import parse_bundle
from pledge.core.tlog.checkpoint import Checkpoint, parse_checkpoint
from pledge.core.tlog.note import MAX_NOTE_BYTES, parse_note
from pledge.core.tlog.tile import tree_root
from pledge.core.tlog.tile_path import ENTRIES_LEVEL, HEIGHT, WIDTH, Tile, format_tile_path, tile_width
from pledge.core.tlog.tree import leaf_hash
from pledge.errors import ConflictError, UnavailableError
from pledge.founding import POLICY_VERSION, policy_document
from pledge.instance import Instance, trust_policy
from pledge.log.sequencer import read_tile
from pledge.log.service import read_bundle, read_checkpoint
from pledge.pledges.models import Text
from pledge.pledges.review import ledger
from pledge.tallies.service import claims
from pledge.tips.models import Digest


class Exported(NamedTuple):
    """What an export did: entries covered, files written, and full tiles and bundles that were there."""

    size: int
    written: int
    kept: int


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def export(open_: Callable[[], Instance], directory: Path) -> None:
    """Write a static mirror of the log into DIRECTORY, or bring one up to date."""
    with plain_errors():
        done = export_log(open_(), directory)
    click.echo(
        f"{directory}: {done.size} entries; {done.written} files written, {done.kept} left as they were."
    )


def export_log(instance: Instance, directory: Path) -> Exported:
    """Write a mirror, or bring one up to date.

    Raises:
        ConflictError: The directory holds another log, or a later state of this one, or a full tile that is not the
            database's.
        NotFoundError: The log is empty.
        OSError: A file cannot be written; what is there stays a mirror of what it was.
    """
    with instance.database.reading() as session:
        note = read_checkpoint(session)
        checkpoint = parse_checkpoint(parse_note(note).text)
        _check_target(session, directory / "log" / "checkpoint", checkpoint)
        written = kept = 0
        for tile in _tiles(checkpoint.size):
            path, data = directory / "log" / format_tile_path(tile), _read(session, tile)
            is_new = _write(path, data, never_changes=tile.width == WIDTH)
            written, kept = written + is_new, kept + (not is_new)
        for digest in session.scalars(select(Digest).order_by(Digest.day)):
            path = directory / "tips" / "digests" / digest.day.isoformat()
            is_new = _write(path, digest.leaves, never_changes=True)
            written, kept = written + is_new, kept + (not is_new)
        rest = _small_files(session, instance) | {"log/checkpoint": note}
        for name, data in rest.items():
            write_atomically(directory / name, data)
    return Exported(checkpoint.size, written + len(rest), kept)


def _check_target(session: Session, path: Path, checkpoint: Checkpoint) -> None:
    """Check that the log continues the one that a directory mirrors."""
    if not path.exists():
        return
    old = parse_checkpoint(parse_note(read_bounded(path, MAX_NOTE_BYTES)).text)
    is_continued = old.origin == checkpoint.origin and old.size <= checkpoint.size
    if not is_continued or old.root != tree_root(old.size, lambda *tile: read_tile(session, *tile)):
        raise ConflictError(
            "This directory mirrors another log, or a state of this one that the database does not have. "
            "Nothing was written.",
            code="other-mirror",
        )


def _write(path: Path, data: bytes, *, never_changes: bool) -> bool:
    """Write a file, or compare one that never changes and is there; gives whether it was written."""
    if never_changes and path.exists():
        _check_same(path, data)
        return False
    write_atomically(path, data)
    return True


def _check_same(path: Path, data: bytes) -> None:
    """Check that a file which never changes has not: one that has is evidence, and is not written over."""
    if path.stat().st_size != len(data) or path.read_bytes() != data:
        raise ConflictError(
            f"{path} is not what the database has. One of the two was changed. Keep both and find out which; without "
            "this file an export writes it anew.",
            code="other-mirror",
        )


def _tiles(size: int) -> Iterator[Tile]:
    """Name every tile and bundle of a tree, full and partial, from the entries up."""
    for level in count(ENTRIES_LEVEL):
        height = HEIGHT * max(level, 0)
        tiles = -(-(size >> height) // WIDTH)
        if not tiles:
            return
        for index in range(tiles):
            yield Tile(level, index, tile_width(level, index, size))


def _read(session: Session, tile: Tile) -> bytes:
    if tile.level != ENTRIES_LEVEL:
        return read_tile(session, *tile)
    bundle = read_bundle(session, tile.index, tile.width) or b""
    hashes = b"".join(leaf_hash(entry) for entry in parse_bundle(bundle))
    if hashes != read_tile(session, 0, tile.index, tile.width):
        raise UnavailableError(
            f"Entries from {tile.index * WIDTH} on are not those that the log's tiles stand for: "
            "the database has been damaged. Nothing more was written."
        )
    return bundle


def _small_files(session: Session, instance: Instance) -> dict[str, bytes]:
    texts = {f"pledges/{text.slug}/{text.version}.txt": text.body for text in session.scalars(select(Text))}
    return {
        **{path: body.encode() for path, body in texts.items()},
        "log/policy": trust_policy(instance).encode(),
        f"policy/{POLICY_VERSION}.json": policy_document(),
        "removals.json": format_json(ledger(session), max_bytes=MAX_REMOVALS_BYTES),
        "tallies.json": format_json(claims(session), max_bytes=MAX_CLAIMS_BYTES),
    }
