"""The log as the rest of the server sees it: write through it, read from it."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from sqlalchemy import bindparam, select, true
from sqlalchemy.orm import Session

from pledge.core.policy import Policy
from pledge.core.tlog.proof import TlogProof
from pledge.core.tlog.tile import TileCache, format_bundle, inclusion_proof
from pledge.db import Database, table_of
from pledge.errors import ConflictError, NotFoundError, UnavailableError
from pledge.log import witnesses
from pledge.log.committer import Committer, Item, Together
from pledge.log.models import Cosigned, Entry, Head, Pending
from pledge.log.published import PublishedCheckpoint, check_head
from pledge.log.sequencer import LogKeys, OnSequenced, read_tile, sequence
from pledge.log.witness_client import Post, post_over_http

T = TypeVar("T")
logger = logging.getLogger(__name__)

_TILES = 4096  # all that a million entries have, in 64 MiB at most

_ENTRY, _HEAD, _WITH_COSIGNATURES = (table_of(model) for model in (Entry, Head, Cosigned))
_ENTRIES = select(_ENTRY.c.payload_sha256, _ENTRY.c.index, _ENTRY.c.leaf).where(
    _ENTRY.c.payload_sha256.in_(bindparam("hashes", expanding=True))
)
_CHECKPOINTS = select(
    _HEAD.c.size,
    _HEAD.c.checkpoint,
    _WITH_COSIGNATURES.c.size.label("cosigned_size"),
    _WITH_COSIGNATURES.c.checkpoint.label("cosigned"),
).join(_WITH_COSIGNATURES, true(), isouter=True)


class Log:
    """Writes to the database and the log in one transaction, and refuses to sign a fork.

    Args:
        database: Where the log lives.
        keys: What signs checkpoints.
        published: The last published checkpoint, kept apart from the database.
        on_sequenced: Applied to new entries inside the sequencing transaction.
        clock: Gives the time, in UTC.
        policy: Its witnesses are asked before anything is signed, and about all that is.
    """

    def __init__(
        self,
        database: Database,
        *,
        keys: LogKeys,
        published: PublishedCheckpoint,
        on_sequenced: OnSequenced,
        clock: Callable[[], datetime],
        policy: Policy,
    ) -> None:
        self.database = database
        self._keys = keys
        self._published = published
        self._on_sequenced = on_sequenced
        self._clock = clock
        self._committer = Committer(database, self._sequence, self._publish)
        self.tiles = TileCache(_TILES)
        self._refusal: str | None = None
        self._witnesses = witnesses.Witnesses(database, policy, self.tiles)
        self._asking = threading.Lock()
        self._has_asked = False
        self._signed: bytes | None = None
        self.check()

    @property
    def refusal(self) -> str | None:
        """Why nothing is signed now; None where all is well."""
        return self._refusal or self._witnesses.refusal

    def run(self, work: Callable[[Session], T]) -> T:
        """Run a work that may add entries, in a shared transaction; return once it is durable and published.

        Raises:
            UnavailableError: The log may not be extended, or not before a later day.
            PledgeError: Whatever the work raised; nothing of it was kept.
        """
        self._check_may_write()
        with self._naming_a_wrong_clock():
            return self._committer.run(work)

    def run_together(self, together: Together[Item, T], item: Item) -> T:
        """Write an item as ``run`` does, sharing statements with others that wait for the same function."""
        self._check_may_write()
        with self._naming_a_wrong_clock():
            return self._committer.run_together(together, item)

    def _check_may_write(self) -> None:
        self._ask_first()
        if self._refusal is not None:
            self.check()
        if self.refusal is not None:
            raise UnavailableError(self.refusal, code="log-refused")

    @contextmanager
    def _naming_a_wrong_clock(self) -> Iterator[None]:
        """Tell a day that has changed, where loading again helps, from a clock that is behind the log."""
        try:
            yield
        except ConflictError as error:
            if error.code == "day":
                self._check_clock()
            raise

    def _check_clock(self) -> None:
        today = self._clock().date()
        with self.database.reading() as session:
            last_day = session.scalar(select(Head.day)) or today
        if today < last_day:
            logger.error(
                "the log has an entry of %s, and the clock says %s: one of them is wrong", last_day, today
            )
            raise UnavailableError(
                "The log has an entry of %(last)s already, and the clock of this server says %(today)s. The clock is "
                "wrong, or was. Nothing can be signed before %(last)s.",
                code="log-ahead",
                last=last_day,
                today=today,
            )

    def _ask_first(self) -> None:
        """Ask all witnesses before this process signs: they know what a machine that was set back has forgotten."""
        if not self._has_asked:
            with self._asking:
                if not self._has_asked:
                    self._ask(post_over_http)

    def _ask(self, post: Post) -> witnesses.Cosignatures | None:
        found = self._witnesses.ask(again=not self._has_asked, post=post)
        self._has_asked = True
        return found

    def ask_witnesses(self, *, post: Post = post_over_http) -> bool:
        """Have the newest checkpoint cosigned, where it is not; tells whether a quorum has done so now."""
        with self._asking:
            found = self._ask(post)
        if found is None or self.refusal is not None:
            return False
        self.run(lambda session: witnesses.store(session, found))
        return found.has_quorum

    def check(self) -> None:
        """Compare the head with what was published, and publish it here too; remember why, where signing must stop.

        A checkpoint that was committed just before a crash counts as published from here on: somebody may have read it.
        So does one that another host has signed, since this one serves it.
        """
        try:
            with self.database.reading() as session:
                check_head(session, self._published)
                checkpoint = session.scalar(select(Head.checkpoint))
            if checkpoint is not None:
                self._published.advance(checkpoint)
            self._refusal = None
        except UnavailableError as error:
            self._refuse(str(error))

    def _sequence(self, session: Session) -> None:
        """Sequence what waits, and remember the new checkpoint until it is durable: there is one leader at a time."""
        entries = sequence(
            session,
            keys=self._keys,
            on_sequenced=self._on_sequenced,
            now=self._clock(),
            check=self._check_head,
        )
        self._signed = session.scalar(select(Head.checkpoint)) if entries else None

    def _check_head(self, session: Session) -> None:
        try:
            check_head(session, self._published)
        except UnavailableError as error:
            self._refuse(str(error))
            raise

    def _publish(self) -> None:
        """Write the durable checkpoint to its file; where that fails, answer those who are in it and sign no more."""
        if self._signed is None:
            return
        try:
            self._published.advance(self._signed)
        except UnavailableError as error:
            self._refuse(str(error))

    def _refuse(self, why: str) -> None:
        """Sign nothing, because it could fork the log, until a check finds that it could not."""
        if why != self._refusal:
            logger.critical("%s", why)
        self._refusal = why


def read_checkpoint(session: Session) -> bytes:
    """Give the newest signed checkpoint, a C2SP note; with cosignatures, once a quorum has given them.

    Raises:
        NotFoundError: The log is empty.
    """
    checkpoint: bytes | None = session.scalar(select(Head.checkpoint))
    if checkpoint is None:
        raise NotFoundError("The log has no entry yet.")
    cosigned: bytes | None = session.scalar(
        select(Cosigned.checkpoint).join(Head, Head.size == Cosigned.size)
    )
    return cosigned or checkpoint


def read_tile_prefix(session: Session, level: int, index: int, width: int) -> bytes | None:
    """Give ``width * 32`` bytes of a tile, or None where the published tree has fewer."""
    size = session.scalar(select(Head.size)) or 0
    if width > min(256, (size >> (8 * level)) - 256 * index):
        return None
    return read_tile(session, level, index, width)


def read_bundle(session: Session, index: int, width: int) -> bytes | None:
    """Give the entry bundle of ``width`` entries, or None where the published tree has fewer."""
    size = session.scalar(select(Head.size)) or 0
    if width > min(256, size - 256 * index):
        return None
    first = 256 * index
    leaves = session.scalars(
        select(Entry.leaf).where(Entry.index >= first, Entry.index < first + width).order_by(Entry.index)
    ).all()
    return format_bundle(leaves)


def prove(session: Session, payload_sha256: bytes, tiles: TileCache) -> tuple[bytes, TlogProof]:
    """Give an entry's leaf and the proof that a checkpoint includes it: the newest cosigned one, else the newest.

    Cost: one entry and the tiles of its path and of the right edge, log n.

    Args:
        session: Reads.
        payload_sha256: By which the entry is known.
        tiles: What is remembered of this log's tiles (``Log.tiles``).

    Raises:
        NotFoundError: The log has no such payload; it may still be pending (``is_pending``).
    """
    return prove_all(session, [payload_sha256], tiles)[0]


def prove_all(session: Session, hashes: Sequence[bytes], tiles: TileCache) -> list[tuple[bytes, TlogProof]]:
    """Do as ``prove`` for several entries at once, in their order."""
    entries = {row.payload_sha256: row for row in session.execute(_ENTRIES, {"hashes": hashes})}
    if len(entries) != len(set(hashes)):
        raise NotFoundError("The log has no such entry.")
    newest = session.execute(_CHECKPOINTS).one()

    def proof(index: int) -> TlogProof:
        size, checkpoint = newest.size, newest.checkpoint
        if newest.cosigned is not None and newest.cosigned_size > index:
            size, checkpoint = newest.cosigned_size, newest.cosigned
        path = inclusion_proof(
            index, size, lambda level, n, width: read_tile(session, level, n, width), tiles
        )
        return TlogProof(index=index, path=tuple(path), checkpoint=checkpoint, extra=None)

    found = [entries[payload_sha256] for payload_sha256 in hashes]
    return [(leaf, proof(index)) for _, index, leaf in found]


def is_witnessed(session: Session, index: int) -> bool:
    """Whether a quorum of witnesses has cosigned a checkpoint that includes an entry."""
    return (session.scalar(select(Cosigned.size)) or 0) > index


def is_pending(session: Session, payload_sha256: bytes) -> bool:
    """Whether an entry was accepted and waits for its place."""
    return session.scalar(select(Pending.id).where(Pending.payload_sha256 == payload_sha256)) is not None


def tree_size(session: Session) -> int:
    """Give the number of entries, 0 for a new log."""
    return session.scalar(select(Head.size)) or 0
