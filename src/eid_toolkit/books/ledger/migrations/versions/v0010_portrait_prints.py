"""What portraits are compared by, in a table of its own: rows of applications are covered by the log as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLE = "portrait_print"
_BANDS = ("band_0", "band_1", "band_2", "band_3")


def upgrade() -> None:
    """Portraits of before are sealed, and a migration has no keys: only those from now on are compared."""
    op.create_table(
        _TABLE,
        sa.Column("application_id", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _BANDS),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name="fk_portrait_print_application_id"),
        sa.PrimaryKeyConstraint("application_id", name="pk_portrait_print"),
    )
    for name in ("sha256", *_BANDS):
        op.create_index(f"ix_{_TABLE}_{name}", _TABLE, [name])


def downgrade() -> None:
    """What is lost can be made again of the portraits, by who opens them."""
    op.drop_table(_TABLE)
