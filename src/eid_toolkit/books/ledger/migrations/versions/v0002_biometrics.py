"""Fingerprints and irises of an application."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "application_biometric",
        sa.Column("application_id", sa.String(16), nullable=False),
        sa.Column("data_group", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name="fk_application_biometric_application_id"),
        sa.PrimaryKeyConstraint("application_id", "data_group", name="pk_application_biometric"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("application_biometric")
