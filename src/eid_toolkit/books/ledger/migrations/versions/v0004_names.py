"""Names of persons who are in the register already become findable by their words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from eid_toolkit.books.ledger.name_index import write_names
from eid_toolkit.books.ledger.schema.base import SORTED_TEXT

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BATCH = 1000


def upgrade() -> None:
    """Index every folded name, a batch at a time in their order."""
    connection = op.get_bind()
    person = sa.table("person", sa.column("folded_name", SORTED_TEXT))
    last = ""
    while True:
        query = sa.select(person.c.folded_name).where(person.c.folded_name > last).distinct()
        names = list(connection.execute(query.order_by(person.c.folded_name).limit(_BATCH)).scalars())
        if not names:
            return
        write_names(connection, names)
        last = names[-1]


def downgrade() -> None:
    """Forget them."""
    for table in ("name_posting", "name_variant", "name_word"):
        op.execute(f"DELETE FROM {table}")
