"""The ground floor: log, labs, pledges, tallies, mail budgets

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact",
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.CheckConstraint("purpose IN ('reminder', 'news')", name=op.f("ck_contact_purpose")),
        sa.PrimaryKeyConstraint("sha256", "purpose", name=op.f("pk_contact")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_due"), ["due"], unique=False)

    op.create_table(
        "cosigned",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_cosigned_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cosigned")),
    )
    op.create_table(
        "entry",
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("payload_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_entry")),
        sa.UniqueConstraint("payload_sha256", name=op.f("uq_entry_payload_sha256")),
    )
    op.create_table(
        "head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("checkpoint", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_head_single")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_head_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_head")),
    )
    op.create_table(
        "lab",
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("website", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_lab")),
    )
    op.create_table(
        "mail_budget",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("window", sa.String(length=13), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "window", name=op.f("pk_mail_budget")),
    )
    with op.batch_alter_table("mail_budget", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_budget_window"), ["window"], unique=False)

    op.create_table(
        "mail_link",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=6), nullable=False),
        sa.Column("seat", sa.LargeBinary(length=32), nullable=False),
        sa.Column("canonicalization", sa.Integer(), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("expires_seconds", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("purpose IN ('sign', 'change')", name=op.f("ck_mail_link_purpose")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_mail_link")),
    )
    with op.batch_alter_table("mail_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_link_expires_seconds"), ["expires_seconds"], unique=False)
        batch_op.create_index(batch_op.f("ix_mail_link_seat"), ["seat"], unique=False)

    op.create_table(
        "opening",
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("field", sa.String(length=6), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.CheckConstraint("field IN ('name', 'role', 'reason')", name=op.f("ck_opening_field")),
        sa.CheckConstraint("state IN ('shown', 'waiting', 'hidden')", name=op.f("ck_opening_state")),
        sa.PrimaryKeyConstraint("sha256", "field", name=op.f("pk_opening")),
    )
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opening_state"), ["state"], unique=False)

    op.create_table(
        "pending",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("payload_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hold", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending")),
        sa.UniqueConstraint("payload_sha256", name=op.f("uq_pending_payload_sha256")),
    )
    with op.batch_alter_table("pending", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pending_hold"), ["hold"], unique=False)

    op.create_table(
        "pledge_text",
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("slug", "version", name=op.f("pk_pledge_text")),
    )
    op.create_table(
        "receipt_link",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_receipt_link")),
    )
    with op.batch_alter_table("receipt_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receipt_link_expires"), ["expires"], unique=False)

    op.create_table(
        "removal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=7), nullable=False),
        sa.Column("action", sa.String(length=9), nullable=False),
        sa.Column("reason_class", sa.String(length=32), nullable=False),
        sa.CheckConstraint("action IN ('hidden', 'restored', 'withdrawn')", name=op.f("ck_removal_action")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal")),
    )
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("reason_class", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_public_id"), ["public_id"], unique=False)

    op.create_table(
        "seat",
        sa.Column("seat", sa.LargeBinary(length=32), nullable=False),
        sa.Column("seat_key", sa.String(length=8), nullable=False),
        sa.Column("canonicalization", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_seat")),
    )
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seat_seat"), ["seat"], unique=False)

    op.create_table(
        "signing",
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("pledge", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lab", sa.String(length=64), nullable=True),
        sa.Column("assurance", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=5), nullable=True),
        sa.Column("visibility", sa.String(length=9), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=1500), nullable=False),
        sa.Column("normal_key", sa.String(length=1500), nullable=False),
        sa.Column("clauses", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "status IN ('current', 'former', 'withdrawn', 'lapsed')", name=op.f("ck_signing_status")
        ),
        sa.CheckConstraint("visibility IN ('named', 'anonymous')", name=op.f("ck_signing_visibility")),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_signing")),
        sa.UniqueConstraint("public_id", name=op.f("uq_signing_public_id")),
        sa.UniqueConstraint("sha256", name=op.f("uq_signing_sha256")),
    )
    with op.batch_alter_table("signing", schema=None) as batch_op:
        batch_op.create_index("ix_signing_lapse", ["status", "until"], unique=False)
        batch_op.create_index("ix_signing_list", ["pledge", "status", "index"], unique=False)
        batch_op.create_index(
            "ix_signing_list_assurance", ["pledge", "assurance", "status", "index"], unique=False
        )
        batch_op.create_index(
            "ix_signing_list_both", ["pledge", "lab", "assurance", "status", "index"], unique=False
        )
        batch_op.create_index("ix_signing_list_lab", ["pledge", "lab", "status", "index"], unique=False)
        batch_op.create_index(batch_op.f("ix_signing_normal_key"), ["normal_key"], unique=False)

    op.create_table(
        "tallied_day",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_tallied_day_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tallied_day")),
    )
    op.create_table(
        "tally",
        sa.Column("pledge", sa.String(length=64), nullable=False),
        sa.Column("lab", sa.String(length=64), nullable=False),
        sa.Column("assurance", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("count >= 0", name=op.f("ck_tally_count")),
        sa.PrimaryKeyConstraint("pledge", "lab", "assurance", "status", name=op.f("pk_tally")),
    )
    with op.batch_alter_table("tally", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tally_lab"), ["lab"], unique=False)

    op.create_table(
        "tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(hashes) BETWEEN 32 AND 8192", name=op.f("ck_tile_width")),
        sa.CheckConstraint("level BETWEEN 0 AND 63", name=op.f("ck_tile_level")),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_tile")),
    )
    op.create_table(
        "witness",
        sa.Column("vkey", sa.String(length=3000), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("vkey", name=op.f("pk_witness")),
    )
    op.create_table(
        "domain",
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("lab_slug", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=5), nullable=False),
        sa.CheckConstraint("scope IN ('lab', 'group')", name=op.f("ck_domain_scope")),
        sa.ForeignKeyConstraint(["lab_slug"], ["lab.slug"], name=op.f("fk_domain_lab_slug")),
        sa.PrimaryKeyConstraint("domain", "lab_slug", name=op.f("pk_domain")),
    )
    with op.batch_alter_table("domain", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_domain_lab_slug"), ["lab_slug"], unique=False)

    op.create_table(
        "headcount",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lab_slug", sa.String(length=64), nullable=False),
        sa.Column("low", sa.Integer(), nullable=False),
        sa.Column("high", sa.Integer(), nullable=False),
        sa.Column("population", sa.String(length=16), nullable=False),
        sa.Column("as_of", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=1000), nullable=False),
        sa.Column("confidence", sa.String(length=300), nullable=True),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "population IN ('total', 'unit', 'research', 'research_percent')",
            name=op.f("ck_headcount_population"),
        ),
        sa.CheckConstraint("low >= 0 AND high >= low", name=op.f("ck_headcount_low")),
        sa.ForeignKeyConstraint(["lab_slug"], ["lab.slug"], name=op.f("fk_headcount_lab_slug")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_headcount")),
    )
    with op.batch_alter_table("headcount", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_headcount_lab_slug"), ["lab_slug"], unique=False)

    op.create_table(
        "name_token",
        sa.Column(
            "token",
            sa.String(length=100).with_variant(sa.String(length=100, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["index"], ["signing.index"], name=op.f("fk_name_token_index")),
        sa.PrimaryKeyConstraint("token", "index", name=op.f("pk_name_token")),
    )
    with op.batch_alter_table("name_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_name_token_index"), ["index"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("name_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_name_token_index"))

    op.drop_table("name_token")
    with op.batch_alter_table("headcount", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_headcount_lab_slug"))

    op.drop_table("headcount")
    with op.batch_alter_table("domain", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_domain_lab_slug"))

    op.drop_table("domain")
    op.drop_table("witness")
    op.drop_table("tile")
    with op.batch_alter_table("tally", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tally_lab"))

    op.drop_table("tally")
    op.drop_table("tallied_day")
    with op.batch_alter_table("signing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signing_normal_key"))
        batch_op.drop_index("ix_signing_list_lab")
        batch_op.drop_index("ix_signing_list_both")
        batch_op.drop_index("ix_signing_list_assurance")
        batch_op.drop_index("ix_signing_list")
        batch_op.drop_index("ix_signing_lapse")

    op.drop_table("signing")
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_seat"))

    op.drop_table("seat")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_public_id"))

    op.drop_table("report")
    op.drop_table("removal")
    with op.batch_alter_table("receipt_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_receipt_link_expires"))

    op.drop_table("receipt_link")
    op.drop_table("pledge_text")
    with op.batch_alter_table("pending", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pending_hold"))

    op.drop_table("pending")
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opening_state"))

    op.drop_table("opening")
    with op.batch_alter_table("mail_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mail_link_seat"))
        batch_op.drop_index(batch_op.f("ix_mail_link_expires_seconds"))

    op.drop_table("mail_link")
    with op.batch_alter_table("mail_budget", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mail_budget_window"))

    op.drop_table("mail_budget")
    op.drop_table("lab")
    op.drop_table("head")
    op.drop_table("entry")
    op.drop_table("cosigned")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_due"))

    op.drop_table("contact")
