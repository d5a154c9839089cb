"""Indexes to what happened: entries that are not about signings, and counts by day

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_IS_FEW = sa.text("kind NOT IN ('signing', 'renewal', 'withdrawal')")


def upgrade() -> None:
    op.create_index(
        "ix_entry_few", "entry", ["kind", "index"], sqlite_where=_IS_FEW, postgresql_where=_IS_FEW
    )
    op.create_index("ix_tally_change_day", "tally_change", ["pledge", "day"])


def downgrade() -> None:
    op.drop_index("ix_tally_change_day", table_name="tally_change")
    op.drop_index("ix_entry_few", table_name="entry")
