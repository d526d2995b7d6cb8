"""A subject has a data key for each generation of the key store's: what a leaver copied opens nothing sealed later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEPT = "subject, wrapped, created_at, destroyed_at"
_OLD, _NEW = ("subject",), ("subject", "generation")


def upgrade() -> None:
    """All keys of before are of the first generation."""
    if op.get_bind().dialect.name == "postgresql":
        for column in ("generation", "sealed_by"):
            op.execute(f"ALTER TABLE data_key ADD COLUMN {column} bigint NOT NULL DEFAULT 1")
            op.execute(f"ALTER TABLE data_key ALTER COLUMN {column} DROP DEFAULT")
        _replace_key(_NEW)
    else:
        op.rename_table("data_key", "data_key_before")
        _create(*(sa.Column(name, sa.Integer(), nullable=False) for name in ("generation", "sealed_by")))
        op.execute(f"INSERT INTO data_key (generation, sealed_by, {_KEPT}) SELECT 1, 1, {_KEPT} FROM data_key_before")
        op.drop_table("data_key_before")
    op.create_index("ix_data_key_sealed_by", "data_key", ["sealed_by"])


def downgrade() -> None:
    """Keep the keys of the first generation; fails where there are later ones, without which rows are lost."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM data_key WHERE generation > 1 LIMIT 1")).first() is not None:
        raise RuntimeError("there are data keys of later generations")
    op.drop_index("ix_data_key_sealed_by", "data_key")
    if op.get_bind().dialect.name == "postgresql":
        _replace_key(_OLD)
        for column in ("generation", "sealed_by"):
            op.execute(f"ALTER TABLE data_key DROP COLUMN {column}")
    else:
        op.rename_table("data_key", "data_key_after")
        _create()
        op.execute(f"INSERT INTO data_key ({_KEPT}) SELECT {_KEPT} FROM data_key_after")
        op.drop_table("data_key_after")


def _replace_key(columns: tuple[str, ...]) -> None:
    op.execute("ALTER TABLE data_key DROP CONSTRAINT pk_data_key")
    op.execute(f"ALTER TABLE data_key ADD CONSTRAINT pk_data_key PRIMARY KEY ({', '.join(columns)})")


def _create(*more: sa.Column[int]) -> None:
    op.create_table(
        "data_key",
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("destroyed_at", sa.String(27), nullable=True),
        *more,
        sa.PrimaryKeyConstraint(*(_NEW if more else _OLD), name="pk_data_key"),
    )
