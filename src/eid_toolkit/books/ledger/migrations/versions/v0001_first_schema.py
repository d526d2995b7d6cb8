"""The first schema: persons, applications, decisions, documents, personalization journal, audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SORTED_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "audit",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("time", sa.String(27), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_audit"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])
    op.create_table(
        "audit_head",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "decision",
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("decided_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("subject", "action", name="pk_decision"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("personal_number", sa.Text(), nullable=True),
        sa.Column("primary_identifier", sa.Text(), nullable=False),
        sa.Column("secondary_identifier", sa.Text(), nullable=True),
        sa.Column("folded_name", _SORTED_TEXT, nullable=False),
        sa.Column("date_of_birth", sa.String(10), nullable=False),
        sa.Column("sex", sa.String(1), nullable=False),
        sa.Column("nationality", sa.String(3), nullable=False),
        sa.Column("place_of_birth", sa.Text(), nullable=True),
        sa.Column("place_of_origin", sa.Text(), nullable=True),
        sa.Column("place_of_residence", sa.Text(), nullable=True),
        sa.Column("ethnicity", sa.Text(), nullable=True),
        sa.Column("religion", sa.Text(), nullable=True),
        sa.Column("identifying_features", sa.Text(), nullable=True),
        sa.Column("father", sa.Text(), nullable=True),
        sa.Column("mother", sa.Text(), nullable=True),
        sa.Column("spouse", sa.Text(), nullable=True),
        sa.Column("former_number", sa.Text(), nullable=True),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("personal_number", name="uq_person_personal_number"),
    )
    op.create_index("ix_person_date_of_birth", "person", ["date_of_birth"])
    op.create_index("ix_person_folded_name", "person", ["folded_name"])
    op.create_table(
        "application",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("person_id", sa.String(16), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("profile_hash", sa.String(64), nullable=False),
        sa.Column("portrait", sa.LargeBinary(), nullable=False),
        sa.Column("portrait_sha256", sa.String(64), nullable=False),
        sa.Column("portrait_width", sa.Integer(), nullable=False),
        sa.Column("portrait_height", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("creator", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_application_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_application"),
    )
    op.create_index("ix_application_person_id", "application", ["person_id"])
    op.create_index("ix_application_state", "application", ["state"])
    op.create_table(
        "document",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("application_id", sa.String(16), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("profile_hash", sa.String(64), nullable=False),
        sa.Column("document_code", sa.String(2), nullable=False),
        sa.Column("issuing_state", sa.String(3), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("date_of_issue", sa.String(10), nullable=False),
        sa.Column("date_of_expiry", sa.String(10), nullable=True),
        sa.Column("signer", sa.String(64), nullable=False),
        sa.Column("sod_sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("chip", sa.Text(), nullable=True),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name="fk_document_application_id"),
        sa.PrimaryKeyConstraint("id", name="pk_document"),
        sa.UniqueConstraint("chip", name="uq_document_chip"),
    )
    op.create_index("ix_document_application_id", "document", ["application_id"])
    op.create_index("ix_document_document_number", "document", ["document_number"])
    op.create_index("ix_document_state", "document", ["state"])
    op.create_table(
        "document_file",
        sa.Column("document_id", sa.String(16), nullable=False),
        sa.Column("label", sa.String(16), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_document_file_document_id"),
        sa.PrimaryKeyConstraint("document_id", "label", name="pk_document_file"),
    )
    op.create_table(
        "document_secret",
        sa.Column("document_id", sa.String(16), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_document_secret_document_id"),
        sa.PrimaryKeyConstraint("document_id", "name", name="pk_document_secret"),
    )
    op.create_table(
        "personalization_job",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("document_id", sa.String(16), nullable=False),
        sa.Column("chip", sa.Text(), nullable=True),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("plan_hash", sa.String(64), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("updated_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_personalization_job_document_id"),
        sa.PrimaryKeyConstraint("id", name="pk_personalization_job"),
    )
    op.create_index("ix_personalization_job_document_id", "personalization_job", ["document_id"])
    op.create_table(
        "personalization_step",
        sa.Column("job_id", sa.String(16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=True),
        sa.Column("finished_at", sa.String(27), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["personalization_job.id"], name="fk_personalization_step_job_id"),
        sa.PrimaryKeyConstraint("job_id", "position", name="pk_personalization_step"),
    )


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("personalization_step")
    op.drop_table("personalization_job")
    op.drop_table("document_secret")
    op.drop_table("document_file")
    op.drop_table("document")
    op.drop_table("application")
    op.drop_table("person")
    op.drop_table("decision")
    op.drop_table("audit_head")
    op.drop_table("audit")
