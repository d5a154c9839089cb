"""Each day's digest: what came is committed to in the public log, so that none of it can be dropped quietly."""

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.core.statement.canonical import Value, format_base64, format_json
from pledge.core.tip.digest import Leaf, build_digest, digest_root, format_leaves
from pledge.core.tlog.proof import format_tlog_proof
from pledge.core.tlog.tile import TileCache
from pledge.db import Database, table_of
from pledge.log.notary import Notary, log_statement
from pledge.log.service import is_pending, prove
from pledge.tips.models import Digest, Dummy
from pledge.web.prepared import Answer

DUMMY_DAYS = 90
_PATH = re.compile(r"/tips/digests/([0-9]{4}-[0-9]{2}-[0-9]{2})(/proof)?")
_LIST = "/tips/digests.json"
_FOR_EVER = "public, max-age=31536000, immutable"
_FRESH = "public, max-age=60"


def add_digest(
    session: Session,
    leaves: Sequence[Leaf],
    *,
    day: date,
    notary: Notary,
    random_bytes: Callable[[int], bytes],
) -> None:
    """Commit to leaves in the log, on a day that has no digest yet, and keep what fills them up for the stewards."""
    digest = build_digest(leaves, random_bytes=random_bytes)
    statement = st.TipDigest(
        origin=notary.origin, day=day, root=digest_root(digest.leaves).hex(), leaves=len(digest.leaves)
    )
    sha256 = log_statement(session, statement, notary=notary, random_bytes=random_bytes)
    session.execute(
        insert(Digest), {"day": day, "leaves": format_leaves(digest.leaves), "payload_sha256": sha256}
    )
    if digest.dummies:
        session.execute(insert(table_of(Dummy)), [{"r": r, "day": day} for r in sorted(digest.dummies)])


def where_logged(session: Session, day: date, tiles: TileCache) -> dict[str, Value] | None:
    """Give where the log commits to a day, its entry and the proof of it; None where it is not there yet."""
    sha256 = session.scalar(select(Digest.payload_sha256).where(Digest.day == day))
    if sha256 is None or is_pending(session, sha256):
        return None
    leaf, proof = prove(session, sha256, tiles)
    return {
        "day": day.isoformat(),
        "leaf_entry": format_base64(leaf),
        "proof": format_tlog_proof(proof).decode(),
    }


def answer(database: Database, tiles: TileCache, path: str) -> Answer | None:
    """Answer a path under ``/tips/digests``: the days there are, one day's leaves, or where the log has them."""
    match = _PATH.fullmatch(path)
    with database.reading() as session:
        if path == _LIST:
            days = session.scalars(select(Digest.day).order_by(Digest.day)).all()
            body = format_json(
                {"days": [day.isoformat() for day in days], "type": "tip-digests/v1"}, max_bytes=1 << 24
            )
            return Answer(body, "application/json", _FRESH)
        if match is None or (day := _day(match[1])) is None:
            return None
        if match[2] is not None:
            where = where_logged(session, day, tiles)
            body = (
                b""
                if where is None
                else format_json(where | {"type": "tip-digest-proof/v1"}, max_bytes=1 << 20)
            )
            return Answer(body, "application/json", _FRESH) if body else None
        leaves = session.scalar(select(Digest.leaves).where(Digest.day == day))
    return None if leaves is None else Answer(leaves, "application/octet-stream", _FOR_EVER)


def dummies_by_day(session: Session, *, today: date) -> dict[date, list[bytes]]:
    """Give what fills up the digest of each day for which it is still kept; of a day that nothing fills up, nothing."""
    kept = Digest.day >= today - timedelta(days=DUMMY_DAYS)
    rows = select(Digest.day, Dummy.r).outerjoin(Dummy, Dummy.day == Digest.day).where(kept)
    days: dict[date, list[bytes]] = {}
    for day, r in session.execute(rows.order_by(Digest.day, Dummy.r)):
        days.setdefault(day, []).extend([] if r is None else [r])
    return days


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
