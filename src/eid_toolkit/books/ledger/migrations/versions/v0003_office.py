"""The office: population data, agencies, stock, shifts, status of documents, data keys, leases and checkpoints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SORTED_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_REMAKES = """
UPDATE document SET remake = 1 WHERE state = 'prepared' AND EXISTS (
    SELECT 1 FROM document AS other WHERE other.application_id = document.application_id AND other.state = 'spoiled'
)
"""


def upgrade() -> None:
    """Add the tables and columns."""
    op.create_table(
        "agency",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("purposes", sa.Text(), nullable=False),
        sa.Column("may_report", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("disabled_at", sa.String(27), nullable=True),
        sa.PrimaryKeyConstraint("code", name="pk_agency"),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("time", sa.String(27), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("countersigned", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_audit_checkpoint"),
        sa.UniqueConstraint("number", name="uq_audit_checkpoint_number"),
    )
    op.create_table(
        "data_key",
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("destroyed_at", sa.String(27), nullable=True),
        sa.PrimaryKeyConstraint("subject", name="pk_data_key"),
    )
    op.create_table(
        "lease",
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_lease"),
    )
    op.create_table(
        "manifest",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("signer", sa.String(64), nullable=True),
        sa.Column("blanks", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.String(27), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_manifest"),
        sa.UniqueConstraint("sha256", name="uq_manifest_sha256"),
    )
    op.create_table(
        "name_posting",
        sa.Column("word_id", sa.Integer(), nullable=False),
        sa.Column("folded_name", _SORTED_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("word_id", "folded_name", name="pk_name_posting"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "name_variant",
        sa.Column("variant", _SORTED_TEXT, nullable=False),
        sa.Column("word_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("variant", "word_id", name="pk_name_variant"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "name_word",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("word", _SORTED_TEXT, nullable=False),
        sa.Column("names", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_name_word"),
        sa.UniqueConstraint("word", name="uq_name_word_word"),
    )
    op.create_table(
        "person_import",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("file_sha256", sa.String(64), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=False),
        sa.Column("updated_at", sa.String(27), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("imported", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("rejects_size", sa.Integer(), nullable=False),
        sa.Column("rejects_sha256", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_person_import"),
    )
    op.create_index("ix_person_import_file_sha256", "person_import", ["file_sha256"])
    op.create_table(
        "shift",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened_at", sa.String(27), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_with", sa.Text(), nullable=True),
        sa.Column("counted_at_opening", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.String(27), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_with", sa.Text(), nullable=True),
        sa.Column("counted_at_closing", sa.Integer(), nullable=True),
        sa.Column("differences", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_shift"),
    )
    op.create_index("ix_shift_station", "shift", ["station"])
    op.create_table(
        "station",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("paused_at", sa.String(27), nullable=True),
        sa.Column("paused_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_station"),
    )
    op.create_table(
        "vendor",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.String(27), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_vendor"),
    )
    op.create_table(
        "blank",
        sa.Column("serial", _SORTED_TEXT, nullable=False),
        sa.Column("chip", sa.Text(), nullable=False),
        sa.Column("manifest_id", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("station", sa.Text(), nullable=True),
        sa.Column("shift_id", sa.String(16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["manifest_id"], ["manifest.id"], name="fk_blank_manifest_id"),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name="fk_blank_shift_id"),
        sa.PrimaryKeyConstraint("serial", name="pk_blank"),
        sa.UniqueConstraint("chip", name="uq_blank_chip"),
    )
    op.create_index("ix_blank_manifest_id", "blank", ["manifest_id"])
    op.create_index("ix_blank_shift_id", "blank", ["shift_id"])
    op.create_index("ix_blank_state", "blank", ["state"])
    op.create_index("ix_blank_station", "blank", ["station"])
    op.create_table(
        "person_change",
        sa.Column("person_id", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.String(27), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_person_change_person_id"),
        sa.PrimaryKeyConstraint("person_id", "version", name="pk_person_change"),
    )
    op.create_table(
        "person_pair",
        sa.Column("first", sa.String(16), nullable=False),
        sa.Column("second", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proposed_at", sa.String(27), nullable=False),
        sa.Column("operator", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(["first"], ["person.id"], name="fk_person_pair_first"),
        sa.ForeignKeyConstraint(["second"], ["person.id"], name="fk_person_pair_second"),
        sa.PrimaryKeyConstraint("first", "second", name="pk_person_pair"),
    )
    op.create_index("ix_person_pair_second", "person_pair", ["second"])
    op.create_index("ix_person_pair_state", "person_pair", ["state"])
    op.create_table(
        "blank_movement",
        sa.Column("serial", _SORTED_TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("before", sa.String(16), nullable=True),
        sa.Column("after", sa.String(16), nullable=False),
        sa.Column("station", sa.Text(), nullable=True),
        sa.Column("shift_id", sa.String(16), nullable=True),
        sa.Column("moved_at", sa.String(27), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["serial"], ["blank.serial"], name="fk_blank_movement_serial"),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name="fk_blank_movement_shift_id"),
        sa.PrimaryKeyConstraint("serial", "position", name="pk_blank_movement"),
    )
    op.create_index("ix_blank_movement_shift_id", "blank_movement", ["shift_id"])
    op.create_table(
        "card",
        sa.Column("chip", sa.Text(), nullable=False),
        sa.Column("serial", _SORTED_TEXT, nullable=True),
        sa.Column("document_id", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("updated_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_card_document_id"),
        sa.ForeignKeyConstraint(["serial"], ["blank.serial"], name="fk_card_serial"),
        sa.PrimaryKeyConstraint("chip", name="pk_card"),
    )
    op.create_index("ix_card_document_id", "card", ["document_id"])
    op.create_index("ix_card_state", "card", ["state"])
    op.create_table(
        "document_status",
        sa.Column("document_id", sa.String(16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("since", sa.String(27), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_document_status_document_id"),
        sa.PrimaryKeyConstraint("document_id", "position", name="pk_document_status"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("person_id", sa.String(16), nullable=True),
        sa.Column("document_id", sa.String(16), nullable=True),
        sa.Column("agency", sa.String(40), nullable=True),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.String(27), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.String(27), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["agency"], ["agency.code"], name="fk_notice_agency"),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_notice_document_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_notice_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
    )
    op.create_index("ix_notice_document_id", "notice", ["document_id"])
    op.create_index("ix_notice_kind", "notice", ["kind"])
    op.create_index("ix_notice_person_id", "notice", ["person_id"])
    op.add_column("application", sa.Column("kind", sa.String(16), server_default="first", nullable=False))
    op.add_column("application", sa.Column("replaces", sa.String(16), nullable=True))
    op.add_column("application", sa.Column("evidence", sa.Text(), server_default="[]", nullable=False))
    op.add_column("document", sa.Column("content_sha256", sa.String(64), nullable=True))
    op.add_column("document", sa.Column("remake", sa.Integer(), server_default="0", nullable=False))
    op.execute(_REMAKES)
    op.create_index("ix_document_queue", "document", ["state", "remake", "created_at", "id"])
    op.add_column("person", sa.Column("former_names", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("guardians", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("vital_status", sa.String(10), nullable=True))
    op.add_column("person", sa.Column("date_of_death", sa.String(10), nullable=True))
    op.add_column("person", sa.Column("source", sa.String(16), nullable=True))
    op.add_column("person", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("person", sa.Column("merged_into", sa.String(16), nullable=True))
    op.add_column("person", sa.Column("erased_at", sa.String(27), nullable=True))
    op.drop_index("ix_person_date_of_birth", table_name="person")
    op.create_index("ix_person_date_of_birth", "person", ["date_of_birth", "folded_name"])
    op.drop_index("ix_person_folded_name", table_name="person")
    op.create_index("ix_person_folded_name", "person", ["folded_name", "id"])
    op.create_index("ix_person_former_number", "person", ["former_number"])
    op.add_column("personalization_job", sa.Column("reason", sa.Text(), nullable=True))
    op.create_index("ix_personalization_job_state", "personalization_job", ["state"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_personalization_job_state", table_name="personalization_job")
    op.drop_column("personalization_job", "reason")
    op.drop_index("ix_person_former_number", table_name="person")
    op.drop_index("ix_person_folded_name", table_name="person")
    op.create_index("ix_person_folded_name", "person", ["folded_name"])
    op.drop_index("ix_person_date_of_birth", table_name="person")
    op.create_index("ix_person_date_of_birth", "person", ["date_of_birth"])
    op.drop_column("person", "erased_at")
    op.drop_column("person", "merged_into")
    op.drop_column("person", "version")
    op.drop_column("person", "source")
    op.drop_column("person", "date_of_death")
    op.drop_column("person", "vital_status")
    op.drop_column("person", "guardians")
    op.drop_column("person", "former_names")
    op.drop_index("ix_document_queue", table_name="document")
    op.drop_column("document", "remake")
    op.drop_column("document", "content_sha256")
    op.drop_column("application", "evidence")
    op.drop_column("application", "replaces")
    op.drop_column("application", "kind")
    op.drop_index("ix_notice_person_id", table_name="notice")
    op.drop_index("ix_notice_kind", table_name="notice")
    op.drop_index("ix_notice_document_id", table_name="notice")
    op.drop_table("notice")
    op.drop_table("document_status")
    op.drop_index("ix_card_state", table_name="card")
    op.drop_index("ix_card_document_id", table_name="card")
    op.drop_table("card")
    op.drop_index("ix_blank_movement_shift_id", table_name="blank_movement")
    op.drop_table("blank_movement")
    op.drop_index("ix_person_pair_state", table_name="person_pair")
    op.drop_index("ix_person_pair_second", table_name="person_pair")
    op.drop_table("person_pair")
    op.drop_table("person_change")
    op.drop_index("ix_blank_station", table_name="blank")
    op.drop_index("ix_blank_state", table_name="blank")
    op.drop_index("ix_blank_shift_id", table_name="blank")
    op.drop_index("ix_blank_manifest_id", table_name="blank")
    op.drop_table("blank")
    op.drop_table("vendor")
    op.drop_table("station")
    op.drop_index("ix_shift_station", table_name="shift")
    op.drop_table("shift")
    op.drop_index("ix_person_import_file_sha256", table_name="person_import")
    op.drop_table("person_import")
    op.drop_table("name_word")
    op.drop_table("name_variant")
    op.drop_table("name_posting")
    op.drop_table("manifest")
    op.drop_table("lease")
    op.drop_table("data_key")
    op.drop_table("audit_checkpoint")
    op.drop_table("agency")
