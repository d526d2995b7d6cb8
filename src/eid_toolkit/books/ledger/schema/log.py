"""The audit log, its head and its signed checkpoints."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table, Text

from eid_toolkit.books.ledger.schema.base import COUNT, UtcTime, metadata

audit = Table(
    "audit",
    metadata,
    Column("position", COUNT, primary_key=True, autoincrement=False),
    Column("time", UtcTime, nullable=False),
    Column("operator", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),  # canonical JSON
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_subject", "subject"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("position", COUNT, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""One row: the newest audit row again, so that rows cut off at the end are missed."""

audit_checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("position", COUNT, primary_key=True, autoincrement=False),  # of the last row that it covers
    Column("hash", String(64), nullable=False),
    Column("number", COUNT, nullable=False, unique=True),  # from 1 without a gap
    Column("time", UtcTime, nullable=False),
    Column("key", String(64), nullable=False),  # SHA-256 of the public key
    Column("countersigned", Text, nullable=False),  # JSON: the people who signed it, and their signatures
    Column("signature", LargeBinary, nullable=False),
)
