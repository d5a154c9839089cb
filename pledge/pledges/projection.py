"""What the log says about signings, kept as rows: applied to each new entry inside the sequencing transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.core import tally
from pledge.core.names import name_tokens
from pledge.core.tally import Standing, Step
from pledge.db import table_of
from pledge.errors import VerificationError
from pledge.log.sequencer import Sequenced
from pledge.pledges.contacts import drop_contacts, move_reminder
from pledge.pledges.models import TOKEN_CHARACTERS, NameToken, Shown, Signing

Steps = list[Step]
_KINDS = ("signing", "renewal", "withdrawal")
_MAX_LAPSES = 1000

_SIGNING, _SHOWN, _NAME_TOKEN = (table_of(model) for model in (Signing, Shown, NameToken))
_SHOWN_NAMES = select(_SHOWN.c.sha256, _SHOWN.c.value).where(
    _SHOWN.c.sha256.in_(bindparam("hashes", expanding=True)),
    _SHOWN.c.field == "name",
    _SHOWN.c.state == "shown",
)


def apply_entries(session: Session, entries: Sequence[Sequenced]) -> Steps:
    """Store what new entries say about signings, and give by which steps the counts change."""
    steps: Steps = []
    new: list[tuple[Sequenced, st.Signing]] = []
    for entry in entries:
        if entry.envelope.kind not in _KINDS:
            continue
        statement = st.parse_statement(entry.envelope)
        if isinstance(statement, st.Signing):
            new.append((entry, statement))
        elif isinstance(statement, st.Renewal | st.Withdrawal):
            steps += _add(session, new)  # what this entry changes may be among them
            steps += _move(session, statement)
            new = []
    return steps + _add(session, new)


def lapse(session: Session, day: date) -> Steps:
    """Mark signings whose term ended before ``day`` as lapsed, at most a thousand; gives the steps of the counts.

    One that lapsed while the clock was wrong, and has not, is current again. The caller repeats until nothing is given.
    """
    has_lapsed = (Signing.status == "current") & (Signing.until < day)
    has_not = (Signing.status == "lapsed") & (Signing.until >= day)
    steps: Steps = []
    for row in session.scalars(select(Signing).where(has_lapsed | has_not).limit(_MAX_LAPSES)).all():
        steps += _relapse(row, day)
        if row.status == "lapsed":
            drop_contacts(session, row.sha256)
    return steps


def standing_of(row: Signing) -> Standing:
    """Give how a signing stands, in the shape of the fold."""
    return Standing(
        signing=row.sha256.hex(),
        pledge=row.pledge,
        lab=row.lab,
        assurance=row.assurance,
        visibility=row.visibility,
        status=row.status,
        until=row.until,
    )


def index_name(session: Session, index: int, sha256: bytes) -> None:
    """Make the search know a signing's name, if and only if it is shown."""
    session.execute(delete(NameToken).where(NameToken.index == index))
    _index_names(session, {sha256: index})


def _index_names(session: Session, indexes: Mapping[bytes, int]) -> None:
    names = session.execute(_SHOWN_NAMES, {"hashes": list(indexes)})
    tokens = [
        {"token": token, "index": indexes[sha256]}
        for sha256, name in names
        for token in sorted({word[:TOKEN_CHARACTERS] for word in name_tokens(name)})
    ]
    if tokens:
        session.execute(insert(_NAME_TOKEN), tokens)


def _add(session: Session, new: Sequence[tuple[Sequenced, st.Signing]]) -> Steps:
    if not new:
        return []
    standings = [tally.stand(entry.envelope.payload_sha256, signing) for entry, signing in new]
    rows = [_row(*each, standing) for each, standing in zip(new, standings, strict=True)]
    session.execute(insert(_SIGNING), rows)
    _index_names(session, {row["sha256"]: row["index"] for row in rows})
    return [
        step
        for (_, signing), standing in zip(new, standings, strict=True)
        for step in tally.steps(None, standing, signing.day)
    ]


def _row(entry: Sequenced, signing: st.Signing, standing: Standing) -> dict[str, Any]:
    sha256 = entry.envelope.payload_sha256
    return {
        "index": entry.index,
        "sha256": bytes.fromhex(sha256),
        "public_id": sha256[:32],
        "pledge": signing.pledge.slug,
        "version": signing.pledge.version,
        "lab": signing.lab,
        "assurance": signing.assurance,
        "scope": None if signing.affiliation is None else signing.affiliation.scope,
        "visibility": signing.signatory.visibility,
        "status": standing.status,
        "day": signing.day,
        "until": standing.until,
        "key": signing.signatory.key,
        "normal_key": st.normal_key(signing.signatory.key),
        "clauses": list(signing.clauses),
    }


def _move(session: Session, statement: st.Renewal | st.Withdrawal) -> Steps:
    row = session.scalar(select(Signing).where(Signing.sha256 == bytes.fromhex(statement.signing)))
    if row is None:
        raise VerificationError("a renewal or withdrawal names a signing that the log does not have")
    steps = _relapse(row, statement.day) if row.status == "lapsed" else []
    before = standing_of(row)
    if isinstance(statement, st.Renewal):
        after = tally.renew(before, statement.day)
        move_reminder(session, row.sha256, until=after.until)
    else:
        after = tally.withdraw(before, statement.reason)
        drop_contacts(session, row.sha256)
    return steps + _store(row, before, after, statement.day)


def _relapse(row: Signing, day: date) -> Steps:
    """Let a signing that is current or lapsed be what it is on ``day``, whatever an earlier clock said."""
    before = standing_of(row)
    after = tally.lapse(replace(before, status="current"), day)
    return _store(row, before, after, tally.day_after(after))


def _store(row: Signing, before: Standing, after: Standing, day: date) -> Steps:
    row.status = after.status
    row.until = after.until
    return tally.steps(before, after, day)
