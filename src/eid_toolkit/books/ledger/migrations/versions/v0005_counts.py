"""Numbers that grow as long as the register is used do not end at 2^31 on PostgreSQL."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COUNTS = {
    "audit": ("position",),
    "audit_head": ("position",),
    "audit_checkpoint": ("position", "number"),
    "document_status": ("position",),
    "person": ("version",),
    "person_change": ("version",),
    "person_import": ("row", "imported", "rejected", "rejects_size"),
    "name_word": ("id", "names"),
    "name_variant": ("word_id",),
    "name_posting": ("word_id",),
    "manifest": ("blanks",),
    "blank": ("moves",),
    "blank_movement": ("position",),
    "shift": ("counted_at_opening", "counted_at_closing"),
}


def upgrade() -> None:
    """Widen them; each table is written anew once, with its indexes."""
    _alter("bigint")


def downgrade() -> None:
    """Narrow them; fails where a number is greater than the narrow type has room for."""
    _alter("integer")


def _alter(kind: str) -> None:
    if op.get_bind().dialect.name != "postgresql":  # an INTEGER of SQLite has 8 bytes
        return
    for table, columns in _COUNTS.items():
        op.execute(f"ALTER TABLE {table} " + ", ".join(f'ALTER COLUMN "{column}" TYPE {kind}' for column in columns))
    op.execute(f"ALTER SEQUENCE name_word_id_seq AS {kind}")  # what gives out the numbers of words
