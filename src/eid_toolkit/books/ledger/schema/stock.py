"""Blanks from the vendor's manifest to their end, and the shifts that count them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, PrimaryKeyConstraint, String, Table, Text

from eid_toolkit.books.ledger.schema.base import COUNT, SORTED_TEXT, UtcTime, metadata, standing

vendor = Table(
    "vendor",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("certificate", LargeBinary, nullable=False),  # whose key signs the vendor's manifests
    Column("added_at", UtcTime, nullable=False),
    Column("operator", Text, nullable=False),
    *standing(),
)

manifest = Table(
    "manifest",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("vendor", Text, nullable=False),
    Column("batch", Text, nullable=False),
    Column("signer", String(64)),  # fingerprint of the certificate; none where the vendor does not sign
    Column("blanks", COUNT, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("operator", Text, nullable=False),
    *standing(),
)

blank = Table(
    "blank",
    metadata,
    Column("serial", SORTED_TEXT, primary_key=True),
    Column("chip", Text, nullable=False, unique=True),
    Column("manifest_id", ForeignKey("manifest.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False, index=True),
    Column("station", Text, index=True),  # where it is, or was when its life ended
    Column("shift_id", ForeignKey("shift.id"), index=True),  # in which it was used or spoiled
    Column("reason", Text),
    Column("moves", COUNT, nullable=False),  # the position of its newest movement
    Column("updated_at", UtcTime, nullable=False),
    *standing(),
)

blank_movement = Table(
    "blank_movement",
    metadata,
    Column("serial", ForeignKey("blank.serial"), nullable=False),
    Column("position", COUNT, nullable=False),
    Column("action", String(16), nullable=False),
    Column("before", String(16)),  # the state; none when it was received
    Column("after", String(16), nullable=False),
    Column("station", Text),  # to which, from which, or at which
    Column("shift_id", ForeignKey("shift.id"), index=True),  # that was open there
    Column("moved_at", UtcTime, nullable=False),
    Column("operator", Text, nullable=False),
    Column("reason", Text),
    PrimaryKeyConstraint("serial", "position"),
)

shift = Table(
    "shift",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("station", Text, nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_with", Text),  # the second person; none in a demo home
    Column("counted_at_opening", COUNT, nullable=False),
    Column("closed_at", UtcTime),
    Column("closed_by", Text),
    Column("closed_with", Text),
    Column("counted_at_closing", COUNT),
    Column("differences", Text),  # JSON: serials that were missing or too many
    *standing(),
)
