"""Rows with a state carry their version and the row of the log that put it there; rows of the log are signed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLES = (
    "application", "document", "card", "station", "blank", "shift", "manifest", "vendor", "agency", "notice",
)  # fmt: skip
_NEW = ("audit_signature", "audit_session", "subject_head")
_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """What was there has version 0: two people take it over, and until then nobody works with it."""
    for table in _TABLES:
        op.add_column(table, sa.Column("version", _COUNT, nullable=False, server_default="0"))
        op.add_column(table, sa.Column("told_by", sa.String(64), nullable=True))
    for column in (sa.Column("kind", sa.String(16)), sa.Column("version", _COUNT), sa.Column("state", sa.String(16))):
        op.add_column("audit", column)
    op.create_index("ix_audit_told", "audit", ["kind", "subject", "version"])
    op.create_index("ix_audit_state", "audit", ["kind", "state"])
    op.create_table(
        "audit_session",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_session"),
    )
    op.create_table(
        "audit_signature",
        sa.Column("position", _COUNT, autoincrement=False, nullable=False),
        sa.Column("first", _COUNT, nullable=False),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["audit_session.id"], name="fk_audit_signature_session"),
        sa.PrimaryKeyConstraint("position", name="pk_audit_signature"),
    )
    op.create_table(
        "subject_head",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("version", _COUNT, nullable=False),
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name="pk_subject_head"),
    )


def downgrade() -> None:
    """Rows of the log that carry a version would not verify any more: fails where there are any."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM audit WHERE kind IS NOT NULL LIMIT 1")).first() is not None:
        raise RuntimeError("the audit log vouches for states by now")
    for table in _NEW:
        op.drop_table(table)
    op.drop_index("ix_audit_state", "audit")
    op.drop_index("ix_audit_told", "audit")
    for column in ("state", "version", "kind"):
        op.drop_column("audit", column)
    for table in _TABLES:
        for column in ("told_by", "version"):
            op.drop_column(table, column)
