"""What each day added to the counts, made from the log for days that are past

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from pledge.core.statement import parse_envelope, parse_statement
from pledge.core.tally import Tally

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AT_ONCE = 1000


def upgrade() -> None:
    table = op.create_table(
        "tally_change",
        sa.Column("pledge", sa.String(length=64), nullable=False),
        sa.Column("lab", sa.String(length=64), nullable=False),
        sa.Column("assurance", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("pledge", "lab", "assurance", "status", "day", name=op.f("pk_tally_change")),
    )
    with op.batch_alter_table("tally_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tally_change_lab"), ["lab"], unique=False)
    rows = _recount()
    for start in range(0, len(rows), _AT_ONCE):
        op.bulk_insert(table, rows[start : start + _AT_ONCE])


def _recount() -> list[dict[str, object]]:
    connection = op.get_bind()
    day = connection.scalar(sa.select(sa.table("tallied_day", sa.column("day", sa.Date)).c.day))
    if day is None:
        return []
    tally = Tally()
    entries = sa.table("entry", sa.column("index", sa.BigInteger), sa.column("leaf", sa.LargeBinary))
    for leaf in connection.execute(sa.select(entries.c.leaf).order_by(entries.c.index)).scalars():
        envelope = parse_envelope(leaf)
        if envelope.kind in {"signing", "renewal", "withdrawal"}:
            tally.apply(envelope.payload_sha256, parse_statement(envelope))
    return [
        {**cell._asdict(), "lab": cell.lab or "", "day": on, "change": change}
        for (on, cell), change in tally.daily(day).items()
    ]


def downgrade() -> None:
    op.drop_table("tally_change")
