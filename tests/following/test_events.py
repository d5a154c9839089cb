"""What happened: read by indexes, whatever the number of signatories."""

from typing import Any

from sqlalchemy import event, insert, text

from pledge.following import events
from pledge.instance import Instance
from pledge.log.models import Entry
from pledge.pledges.texts import DEFAULT_SLUG
from pledge.tallies.service import changes_by_day


def test_events_have_keys_of_their_own_and_are_in_order(instance: Instance) -> None:
    with instance.database.reading() as session:
        found = events.newest(session, events.ALL, most=1000)
    assert len({event.key for event in found}) == len(found)
    assert found == sorted(found, key=lambda event: event.day, reverse=True)
    assert found[-1].title == "The log began"


def test_they_are_found_without_a_look_at_signings(instance: Instance) -> None:
    asked: list[tuple[str, Any]] = []
    signings = [
        {"index": 1000 + n, "payload_sha256": n.to_bytes(32), "kind": "signing", "leaf": bytes(900)}
        for n in range(5000)
    ]
    with instance.database.writing() as session:
        session.execute(insert(Entry), signings)
        session.execute(text("ANALYZE entry"))
        event.listen(session.connection(), "before_cursor_execute", lambda *each: asked.append(each[2:4]))
        events.newest(session, events.ALL, most=10)
        changes_by_day(session, DEFAULT_SLUG, most=50)
        explain = "EXPLAIN QUERY PLAN " if session.get_bind().dialect.name == "sqlite" else "EXPLAIN "
        of_log, of_counts = (
            next((query, values) for query, values in asked if f"FROM {table}" in query)
            for table in ("entry", "tally_change")
        )
        plan = [str(row) for row in session.connection().exec_driver_sql(explain + of_log[0], of_log[1])]
        assert "ix_entry_few" in "\n".join(plan)
        if session.get_bind().dialect.name == "sqlite":  # PostgreSQL scans so small a table
            rows = session.connection().exec_driver_sql(explain + of_counts[0], of_counts[1])
            assert "ix_tally_change_day" in "\n".join(str(row) for row in rows)
