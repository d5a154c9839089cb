"""Stewards: accounts, sessions, keys, decisions

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_founder", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("last_totp_step", sa.BigInteger(), nullable=False),
        sa.Column("wrapped_bundle", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(password_hash IS NULL) = (totp_secret IS NULL)", name=op.f("ck_account_two_factors")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.create_table(
        "invitation",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("is_founder", sa.Boolean(), nullable=False),
        sa.Column("expires_seconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_invitation")),
        sa.UniqueConstraint("name", name=op.f("uq_invitation_name")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_expires_seconds"), ["expires_seconds"], unique=False)

    op.create_table(
        "sign_in_throttle",
        sa.Column("bucket", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until_seconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_sign_in_throttle")),
    )
    op.create_table(
        "steward_entry",
        sa.Column("payload_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("payload_sha256", name=op.f("pk_steward_entry")),
    )
    op.create_table(
        "used_challenge",
        sa.Column("challenge_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_seconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_used_challenge")),
    )
    with op.batch_alter_table("used_challenge", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_used_challenge_expires_seconds"), ["expires_seconds"], unique=False
        )

    op.create_table(
        "access_token",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account", sa.LargeBinary(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("expires_seconds", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_access_token_account")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_access_token")),
    )
    with op.batch_alter_table("access_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_token_account"), ["account"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_access_token_expires_seconds"), ["expires_seconds"], unique=False
        )

    op.create_table(
        "account_session",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account", sa.LargeBinary(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("expires_seconds", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_account_session_account")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_account_session")),
    )
    with op.batch_alter_table("account_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_session_account"), ["account"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_account_session_expires_seconds"), ["expires_seconds"], unique=False
        )

    op.create_table(
        "passkey",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("credential_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account", sa.LargeBinary(length=16), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_passkey_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_sha256", name=op.f("uq_passkey_credential_sha256")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_account"), ["account"], unique=False)

    op.create_table(
        "proposal",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("account", sa.LargeBinary(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key_payload", sa.LargeBinary(), nullable=True),
        sa.Column("possession", sa.LargeBinary(length=64), nullable=True),
        sa.Column("revocation_payload", sa.LargeBinary(), nullable=True),
        sa.Column("logged", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(key_payload IS NULL) = (possession IS NULL)", name=op.f("ck_proposal_possession")
        ),
        sa.CheckConstraint(
            "key_payload IS NOT NULL OR revocation_payload IS NOT NULL", name=op.f("ck_proposal_something")
        ),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_proposal_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proposal_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposal_logged"), ["logged"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_recovery_code_account")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_code_account"), ["account"], unique=False)

    op.create_table(
        "steward_key",
        sa.Column("payload_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account", sa.LargeBinary(length=16), nullable=False),
        sa.Column("signing", sa.String(length=60), nullable=False),
        sa.Column("recipient", sa.String(length=2000), nullable=False),
        sa.Column("from_", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("is_founder", sa.Boolean(), nullable=False),
        sa.Column("revoked_day", sa.Date(), nullable=True),
        sa.Column("revoked_reason", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_steward_key_account")),
        sa.PrimaryKeyConstraint("payload_sha256", name=op.f("pk_steward_key")),
        sa.UniqueConstraint("signing", name=op.f("uq_steward_key_signing")),
    )
    with op.batch_alter_table("steward_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_steward_key_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_steward_key_until"), ["until"], unique=False)

    op.create_table(
        "approval",
        sa.Column("proposal", sa.LargeBinary(length=16), nullable=False),
        sa.Column("account", sa.LargeBinary(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("signing", sa.String(length=60), nullable=False),
        sa.Column("key_signature", sa.LargeBinary(length=64), nullable=True),
        sa.Column("revocation_signature", sa.LargeBinary(length=64), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_approval_account")),
        sa.ForeignKeyConstraint(["proposal"], ["proposal.id"], name=op.f("fk_approval_proposal")),
        sa.PrimaryKeyConstraint("proposal", "account", "day", name=op.f("pk_approval")),
    )


def downgrade() -> None:
    op.drop_table("approval")
    with op.batch_alter_table("steward_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_steward_key_until"))
        batch_op.drop_index(batch_op.f("ix_steward_key_account"))

    op.drop_table("steward_key")
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_code_account"))

    op.drop_table("recovery_code")
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proposal_logged"))
        batch_op.drop_index(batch_op.f("ix_proposal_account"))

    op.drop_table("proposal")
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_account"))

    op.drop_table("passkey")
    with op.batch_alter_table("account_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_session_expires_seconds"))
        batch_op.drop_index(batch_op.f("ix_account_session_account"))

    op.drop_table("account_session")
    with op.batch_alter_table("access_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_token_expires_seconds"))
        batch_op.drop_index(batch_op.f("ix_access_token_account"))

    op.drop_table("access_token")
    with op.batch_alter_table("used_challenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_used_challenge_expires_seconds"))

    op.drop_table("used_challenge")
    op.drop_table("steward_entry")
    op.drop_table("sign_in_throttle")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitation_expires_seconds"))

    op.drop_table("invitation")
    op.drop_table("account")
