"""Applications, decisions, documents and cards; data keys, leases and the journal of personalization."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, PrimaryKeyConstraint, String, Table, Text

from eid_toolkit.books.ledger.schema.base import COUNT, UtcTime, metadata, standing

application = Table(
    "application",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("profile", Text, nullable=False),
    Column("profile_hash", String(64), nullable=False),
    Column("portrait", LargeBinary, nullable=False),  # sealed
    Column("portrait_sha256", String(64), nullable=False),
    Column("portrait_width", Integer, nullable=False),
    Column("portrait_height", Integer, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("kind", String(16), nullable=False, server_default="first"),
    Column("replaces", String(16)),  # for a renewal, replacement or change
    Column("evidence", Text, nullable=False, server_default="[]"),  # JSON: what was shown, by kind and reference
    Column("creator", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    *standing(),
)

application_biometric = Table(
    "application_biometric",
    metadata,
    Column("application_id", ForeignKey("application.id"), nullable=False),
    Column("data_group", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),  # sealed: the whole file
    Column("sha256", String(64), nullable=False),
    PrimaryKeyConstraint("application_id", "data_group"),
)

portrait_print = Table(
    "portrait_print",
    metadata,
    Column("application_id", ForeignKey("application.id"), primary_key=True),
    Column("sha256", String(64), nullable=False),  # of the finished portrait
    # The 64 bits of its fingerprint in four parts; of two that differ in three bits one part is the same.
    Column("band_0", Integer, nullable=False),
    Column("band_1", Integer, nullable=False),
    Column("band_2", Integer, nullable=False),
    Column("band_3", Integer, nullable=False),
    Index("ix_portrait_print_sha256", "sha256"),
    Index("ix_portrait_print_band_0", "band_0"),
    Index("ix_portrait_print_band_1", "band_1"),
    Index("ix_portrait_print_band_2", "band_2"),
    Index("ix_portrait_print_band_3", "band_3"),
)
"""What portraits are compared by; not of ``application``, whose rows the log covers. Erased with the portrait."""

decision = Table(
    "decision",
    metadata,
    Column("subject", String(16), nullable=False),
    Column("action", String(16), nullable=False),
    Column("statement", Text, nullable=False),  # canonical JSON: the state that was decided on
    Column("operator", Text, nullable=False),
    Column("signature", LargeBinary),  # none in a demo home
    Column("decided_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("subject", "action"),
)

document = Table(
    "document",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("application_id", ForeignKey("application.id"), nullable=False, index=True),
    Column("profile", Text, nullable=False),
    Column("profile_hash", String(64), nullable=False),
    Column("document_code", String(2), nullable=False),
    Column("issuing_state", String(3), nullable=False),
    Column("document_number", Text, nullable=False, index=True),  # not unique: some states keep it over a reissue
    Column("date_of_issue", String(10), nullable=False),
    Column("date_of_expiry", String(10)),
    Column("signer", String(64), nullable=False),  # fingerprint of the document signer's certificate
    Column("sod_sha256", String(64), nullable=False),
    Column("content_sha256", String(64)),  # of what EF.SOD signs; none for documents of earlier versions
    Column("state", String(16), nullable=False, index=True),
    Column("chip", Text, unique=True),
    Column("remake", Integer, nullable=False, server_default="0"),  # 1 where an earlier one for it was given up
    Column("created_at", UtcTime, nullable=False),
    *standing(),
    Index("ix_document_queue", "state", "remake", "created_at", "id"),  # what is written next
)

document_status = Table(
    "document_status",
    metadata,
    Column("document_id", ForeignKey("document.id"), nullable=False),
    Column("position", COUNT, nullable=False),
    Column("action", String(16), nullable=False),
    Column("state", String(16), nullable=False),  # after it
    Column("since", UtcTime, nullable=False),
    Column("operator", Text, nullable=False),
    Column("reason", Text),
    Column("statement", Text, nullable=False),  # canonical JSON: what was decided
    Column("signature", LargeBinary),  # none in a demo home
    PrimaryKeyConstraint("document_id", "position"),
)

document_file = Table(
    "document_file",
    metadata,
    Column("document_id", ForeignKey("document.id"), nullable=False),
    Column("label", String(16), nullable=False),
    Column("content", LargeBinary, nullable=False),  # sealed
    PrimaryKeyConstraint("document_id", "label"),
)

document_secret = Table(
    "document_secret",
    metadata,
    Column("document_id", ForeignKey("document.id"), nullable=False),
    Column("name", String(32), nullable=False),
    Column("content", LargeBinary, nullable=False),  # sealed
    PrimaryKeyConstraint("document_id", "name"),
)

card = Table(
    "card",
    metadata,
    Column("chip", Text, primary_key=True),
    Column("serial", ForeignKey("blank.serial")),  # none where no stock is kept
    Column("document_id", ForeignKey("document.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False, index=True),
    Column("updated_at", UtcTime, nullable=False),
    *standing(),
)

data_key = Table(
    "data_key",
    metadata,
    Column("subject", String(16), primary_key=True),  # a person or a document
    Column("wrapped", LargeBinary),  # by the key store; none once it is destroyed
    Column("created_at", UtcTime, nullable=False),
    Column("destroyed_at", UtcTime),
    Column("generation", COUNT, primary_key=True, autoincrement=False),  # of the key store's data key when it was made
    Column("sealed_by", COUNT, nullable=False, index=True),  # the generation that wraps it now
)

personalization_job = Table(
    "personalization_job",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("document_id", ForeignKey("document.id"), nullable=False, index=True),
    Column("chip", Text),
    Column("reader", Text, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("plan_hash", String(64), nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("reason", Text),  # why somebody last let it go on
    Column("operator", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

personalization_step = Table(
    "personalization_step",
    metadata,
    Column("job_id", ForeignKey("personalization_job.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("detail", Text),  # JSON
    PrimaryKeyConstraint("job_id", "position"),
)

lease = Table(
    "lease",
    metadata,
    Column("subject", String(80), primary_key=True),
    Column("holder", Text, nullable=False),  # machine, process and what tells it from others
    Column("token", String(32), nullable=False),
    Column("expires_at", Float, nullable=False),  # seconds since 1970, by the database's clock
)

station = Table(
    "station",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("paused_at", UtcTime),
    Column("paused_by", Text),
    *standing(),
)
