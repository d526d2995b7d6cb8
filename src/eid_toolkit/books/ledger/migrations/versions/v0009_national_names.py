"""Beside a person's Latin name there may be one in the national script."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has one yet."""
    op.add_column("person", sa.Column("national_name", sa.Text(), nullable=True))


def downgrade() -> None:
    """Forget them."""
    op.drop_column("person", "national_name")
