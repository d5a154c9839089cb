"""The tree: how fast it is built, and how fast inclusion is proved from a real store of a million entries."""

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from pledge.core.statement import Envelope, Signature, format_envelope
from pledge.core.tlog.tile import TileCache, append
from pledge.core.tlog.tree import Hash, leaf_hash
from pledge.db import Base, Database, table_of
from pledge.log.models import Entry, Head, Tile
from pledge.log.service import prove
from tests.bench.figures import Figure, medians, seconds
from tests.site_kit import START
from tests.testlog import make_log

ENTRIES = 1_000_000
_PROOFS = 3_000
_TOGETHER = 10_000


def measure(directory: Path) -> list[Figure]:
    """Build a tree of a million leaves, and prove entries of it, each anew from the database."""
    leaves = [leaf_hash(number.to_bytes(8, "big")) for number in range(ENTRIES)]
    built = medians(
        {"tree": lambda: seconds(lambda: append(0, leaves, _none)), "bare": lambda: seconds(_bare)}, 3
    )
    return [
        Figure(
            f"building a tree of {ENTRIES:,} leaves",
            f"{built['tree']:.2f} s",
            f"as many SHA-256 of 65 bytes with hashlib: {built['bare']:.2f} s",
            f"{built['tree'] / built['bare']:.2f} ×",
            "≤ 2 ×",
        ),
        _proofs(directory, leaves),
    ]


def _none(level: int, index: int, width: int) -> bytes:
    raise KeyError((level, index, width))


def _bare() -> None:
    """Hash as often as a tree of so many leaves has inner nodes."""
    node, sha256 = bytes(65), hashlib.sha256
    for _ in range(ENTRIES - 1):
        sha256(node).digest()


def _proofs(directory: Path, leaves: Sequence[Hash]) -> Figure:
    database = Database(f"sqlite:///{directory / 'log.sqlite3'}")
    Base.metadata.create_all(database.engine)
    _store(database, leaves)
    hashes = [_payload_sha256(random.randrange(ENTRIES)) for _ in range(_PROOFS)]  # noqa: S311  # which are proved
    tiles = TileCache(4096)

    def work() -> None:
        with database.reading() as session:
            for payload_sha256 in hashes:
                prove(session, payload_sha256, tiles)

    rate = medians({"rate": lambda: _PROOFS / seconds(work)}, 3)["rate"]
    database.close()
    return Figure(
        f"inclusion proofs of {ENTRIES:,} entries, from SQLite, entry and checkpoint read anew",
        f"{rate:,.0f}/s",
        aim="≥ 3,000/s",
    )


def _store(database: Database, leaves: Sequence[Hash]) -> None:
    """Write entries and tiles as a log of that size has them; what the entries say does not matter here."""
    appended = append(0, leaves, _none)
    with database.writing() as session:
        for start in range(0, ENTRIES, _TOGETHER):
            rows = [_entry(number) for number in range(start, min(start + _TOGETHER, ENTRIES))]
            session.execute(table_of(Entry).insert(), rows)
        session.execute(
            table_of(Tile).insert(),
            [{"level": level, "index": n, "hashes": data} for (level, n), data in appended.tiles.items()],
        )
        _write_head(session, appended.size, appended.root)
        session.commit()


def _entry(number: int) -> dict[str, object]:
    return {"index": number, "payload_sha256": _payload_sha256(number), "kind": "signing", "leaf": _LEAF}


def _payload_sha256(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


def _write_head(session: Session, size: int, root: Hash) -> None:

    session.add(Head(id=1, size=size, root=root, day=START.date(), checkpoint=make_log(0).checkpoint()))


_PAYLOAD = b'{"padding":"' + b"x" * 700 + b'"}'
_SIGNATURES = (Signature("k", bytes(64)),) * 2
_LEAF = format_envelope(Envelope(_PAYLOAD, "application/vnd.pledge.signing+json", _SIGNATURES))
