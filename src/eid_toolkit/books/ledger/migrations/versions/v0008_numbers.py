"""Personal numbers that differ in nothing but the case of their letters are one: they are kept in capitals."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Numbers that are two persons' today stay as they are: whose each is takes a decision."""
    op.execute(
        "UPDATE person SET personal_number = upper(personal_number) WHERE personal_number <> upper(personal_number)"
        " AND NOT EXISTS (SELECT 1 FROM person AS other WHERE other.id <> person.id"
        " AND upper(other.personal_number) = upper(person.personal_number))"
    )
    op.execute("UPDATE person SET former_number = upper(former_number) WHERE former_number <> upper(former_number)")


def downgrade() -> None:
    """Nothing to undo: how a number was typed is in the history."""
