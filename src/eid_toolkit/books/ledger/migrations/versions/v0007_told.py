"""Rows with a state carry their version and the row of the log that put it there; the log is signed, in chains."""

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
_NEW = ("audit_signature", "audit_session", "subject_head", "chain_head")
_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TOLD = (
    ("kind", sa.String(16)), ("version", _COUNT), ("state", sa.String(16)), ("chain", sa.String(64)),
    ("number", _COUNT),
)  # fmt: skip
_SEQUENCE = (
    "CREATE SEQUENCE audit_position_seq AS bigint OWNED BY audit.position",
    "ALTER TABLE audit ALTER COLUMN position SET DEFAULT nextval('audit_position_seq')",
    "SELECT setval('audit_position_seq', (SELECT coalesce(max(position), 0) + 1 FROM audit), false)",
)


def upgrade() -> None:
    """What was there has version 0: two people take it over, and until then nobody works with it."""
    for table in _TABLES:
        op.add_column(table, sa.Column("version", _COUNT, nullable=False, server_default="0"))
        op.add_column(table, sa.Column("told_by", sa.String(64), nullable=True))
    for name, kind in _TOLD:
        op.add_column("audit", sa.Column(name, kind))
    op.create_index("ix_audit_chain", "audit", ["chain", "number"], unique=True)
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
        sa.Column("chain", sa.String(64), nullable=False),
        sa.Column("last", _COUNT, nullable=False),
        sa.Column("first", _COUNT, nullable=False),
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["audit_session.id"], name="fk_audit_signature_session"),
        sa.PrimaryKeyConstraint("chain", "last", name="pk_audit_signature"),
        sa.UniqueConstraint("position", name="uq_audit_signature_position"),
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
    op.create_table(
        "chain_head",
        sa.Column("chain", sa.String(64), nullable=False),
        sa.Column("number", _COUNT, nullable=False),
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name="pk_chain_head"),
    )
    op.execute("INSERT INTO chain_head SELECT 'office', position, position, hash FROM audit_head")
    op.drop_table("audit_head")
    if op.get_bind().dialect.name == "postgresql":
        for statement in _SEQUENCE:
            op.execute(statement)


def downgrade() -> None:
    """Rows of the log that carry a version would not verify any more: fails where there are any."""
    bind = op.get_bind()
    if bind.execute(sa.text("SELECT 1 FROM audit WHERE chain IS NOT NULL LIMIT 1")).first() is not None:
        raise RuntimeError("the audit log has chains by now")
    op.create_table(
        "audit_head",
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.execute("INSERT INTO audit_head SELECT position, hash FROM chain_head")
    if bind.dialect.name == "postgresql":
        op.execute("ALTER TABLE audit ALTER COLUMN position DROP DEFAULT")
        op.execute("DROP SEQUENCE audit_position_seq")
    for table in _NEW:
        op.drop_table(table)
    op.drop_index("ix_audit_state", "audit")
    op.drop_index("ix_audit_told", "audit")
    op.drop_index("ix_audit_chain", "audit")
    for name, _ in _TOLD:
        op.drop_column("audit", name)
    for table in _TABLES:
        for column in ("told_by", "version"):
            op.drop_column(table, column)
