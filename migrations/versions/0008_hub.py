"""Programs that are posted to when feeds change

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hub_request",
        sa.Column("who", sa.LargeBinary(length=32), nullable=False),
        sa.Column("host", sa.LargeBinary(length=32), nullable=False),
        sa.Column("mode", sa.String(length=11), nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("callback", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("lease_seconds", sa.Integer(), nullable=False),
        sa.Column("asked_seconds", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("mode IN ('subscribe', 'unsubscribe')", name=op.f("ck_hub_request_mode")),
        sa.PrimaryKeyConstraint("who", name=op.f("pk_hub_request")),
    )
    op.create_table(
        "subscription",
        sa.Column("who", sa.LargeBinary(length=32), nullable=False),
        sa.Column("host", sa.LargeBinary(length=32), nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("callback", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("until_seconds", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.String(length=40), nullable=False),
        sa.Column("delivered", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_seconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("who", name=op.f("pk_subscription")),
    )


def downgrade() -> None:
    op.drop_table("subscription")
    op.drop_table("hub_request")
