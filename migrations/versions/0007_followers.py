"""Those who follow by mail

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "follower",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("who", sa.LargeBinary(length=32), nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("expires_seconds", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.Date(), nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(token_hash IS NULL) = (expires_seconds IS NULL)", name=op.f("ck_follower_expires_seconds")
        ),
        sa.CheckConstraint("(token_hash IS NULL) = (due IS NOT NULL)", name=op.f("ck_follower_due")),
        sa.CheckConstraint("(told IS NULL) = (due IS NULL)", name=op.f("ck_follower_told")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follower")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_follower_token_hash")),
        sa.UniqueConstraint("who", name=op.f("uq_follower_who")),
    )
    with op.batch_alter_table("follower", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follower_due"), ["due"], unique=False)
        batch_op.create_index(batch_op.f("ix_follower_expires_seconds"), ["expires_seconds"], unique=False)


def downgrade() -> None:
    op.drop_table("follower")
