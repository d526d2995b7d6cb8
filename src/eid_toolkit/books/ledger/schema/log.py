"""The audit log, its head, its signed checkpoints, and who signed each of its rows."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, PrimaryKeyConstraint, String, Table, Text

from eid_toolkit.books.ledger.schema.base import COUNT, UtcTime, metadata

audit = Table(
    "audit",
    metadata,
    Column("position", COUNT, primary_key=True),  # of any row, whatever its chain; there may be gaps
    Column("time", UtcTime, nullable=False),
    Column("operator", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),  # canonical JSON
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("kind", String(16)),  # of a row that puts a state there: of what
    Column("version", COUNT),  # the subject's by it
    Column("state", String(16)),
    Column("chain", String(64)),  # none in rows from before there were several: they are the office's
    Column("number", COUNT),  # in its chain, from 1 without a gap
    Index("ix_audit_subject", "subject"),
    Index("ix_audit_chain", "chain", "number", unique=True),
    Index("ix_audit_told", "kind", "subject", "version"),
    Index("ix_audit_state", "kind", "state"),
)

chain_head = Table(
    "chain_head",
    metadata,
    Column("chain", String(64), primary_key=True),
    Column("number", COUNT, nullable=False),
    Column("position", COUNT, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""The newest row of each chain again, so that rows cut off at its end are missed; who writes to a chain locks it."""

audit_checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("position", COUNT, primary_key=True, autoincrement=False),  # of the last row that it covers
    Column("hash", String(64), nullable=False),  # over the heads of all chains
    Column("number", COUNT, nullable=False, unique=True),  # from 1 without a gap
    Column("time", UtcTime, nullable=False),
    Column("key", String(64), nullable=False),  # SHA-256 of the public key
    Column("countersigned", Text, nullable=False),  # JSON: the people who signed it, and their signatures
    Column("signature", LargeBinary, nullable=False),
)

audit_session = Table(
    "audit_session",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of the statement
    Column("statement", Text, nullable=False),  # canonical JSON: who acts, by which key, and until when
    Column("signature", LargeBinary, nullable=False),  # of the operator's own key
)

audit_signature = Table(
    "audit_signature",
    metadata,
    Column("chain", String(64), nullable=False),
    Column("last", COUNT, nullable=False),  # by its number in the chain, as the first is
    Column("first", COUNT, nullable=False),
    Column("position", COUNT, nullable=False, unique=True),  # of the last
    Column("session", ForeignKey("audit_session.id"), nullable=False),
    Column("signature", LargeBinary, nullable=False),
    PrimaryKeyConstraint("chain", "last"),
)

subject_head = Table(
    "subject_head",
    metadata,
    Column("kind", String(16), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("version", COUNT, nullable=False),
    Column("position", COUNT, nullable=False),
    Column("hash", String(64), nullable=False),
    PrimaryKeyConstraint("kind", "subject"),
)
"""The newest row of the log that puts a state there, for each thing that has one."""
