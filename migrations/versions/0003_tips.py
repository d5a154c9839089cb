"""The tip line: threads, envelopes, digests

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tip_thread",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("mailbox", sa.String(length=32), nullable=False),
        sa.Column("mailbox_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("opened", sa.Date(), nullable=False),
        sa.Column("moved", sa.Date(), nullable=False),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("label", sa.String(length=10), nullable=False),
        sa.Column("assigned", sa.LargeBinary(length=16), nullable=True),
        sa.CheckConstraint(
            "label IN ('new', 'working', 'waiting', 'verified', 'duplicate', 'not-for-us')",
            name=op.f("ck_tip_thread_label"),
        ),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_tip_thread_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_thread")),
        sa.UniqueConstraint("mailbox", name=op.f("uq_tip_thread_mailbox")),
    )
    with op.batch_alter_table("tip_thread", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tip_thread_expires"), ["expires"], unique=False)
        batch_op.create_index(batch_op.f("ix_tip_thread_moved"), ["moved"], unique=False)

    op.create_table(
        "tip_message",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("thread", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sender", sa.String(length=7), nullable=False),
        sa.Column("way", sa.String(length=9), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=True),
        sa.Column("settled", sa.Date(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("number BETWEEN 1 AND 9999", name=op.f("ck_tip_message_number")),
        sa.CheckConstraint("sender IN ('source', 'steward')", name=op.f("ck_tip_message_sender")),
        sa.CheckConstraint("way IN ('sealed', 'by-server')", name=op.f("ck_tip_message_way")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_message")),
        sa.UniqueConstraint("leaf", name=op.f("uq_tip_message_leaf")),
        sa.UniqueConstraint("sha256", name=op.f("uq_tip_message_sha256")),
        sa.UniqueConstraint("thread", "number", name=op.f("uq_tip_message_thread")),
    )
    with op.batch_alter_table("tip_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tip_message_settled"), ["settled"], unique=False)

    op.create_table(
        "tip_budget",
        sa.Column("hour", sa.String(length=13), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_tip_budget")),
    )
    op.create_table(
        "tip_digest",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.Column("payload_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_tip_digest")),
    )
    op.create_table(
        "tip_dummy",
        sa.Column("r", sa.LargeBinary(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("r", name=op.f("pk_tip_dummy")),
    )
    with op.batch_alter_table("tip_dummy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tip_dummy_day"), ["day"], unique=False)


def downgrade() -> None:
    for table in ("tip_dummy", "tip_digest", "tip_budget", "tip_message", "tip_thread"):
        op.drop_table(table)
