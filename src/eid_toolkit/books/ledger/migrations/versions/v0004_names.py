"""Names of persons who are in the register already become findable by their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BATCH = 1000
_MOST_WORDS, _LONGEST = 64, 32
_SORTED_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_PERSON = sa.table("person", sa.column("folded_name", _SORTED_TEXT))
_WORD = sa.table("name_word", sa.column("id", sa.Integer), sa.column("word", _SORTED_TEXT), sa.column("names"))
_POSTING = sa.table("name_posting", sa.column("word_id"), sa.column("folded_name", _SORTED_TEXT))
_VARIANT = sa.table("name_variant", sa.column("variant", _SORTED_TEXT), sa.column("word_id"))


def upgrade() -> None:
    """Index every folded name, a batch at a time in their order."""
    connection = op.get_bind()
    last = ""
    while True:
        query = sa.select(_PERSON.c.folded_name).where(_PERSON.c.folded_name > last).distinct()
        names = list(connection.execute(query.order_by(_PERSON.c.folded_name).limit(_BATCH)).scalars())
        if not names:
            return
        _index(connection, names)
        last = names[-1]


def downgrade() -> None:
    """Forget them."""
    for table in ("name_posting", "name_variant", "name_word"):
        op.execute(f"DELETE FROM {table}")


def _index(connection: sa.Connection, names: Sequence[str]) -> None:
    words = {name: tuple(dict.fromkeys(name.split()))[:_MOST_WORDS] for name in names}
    counts = Counter(word for group in words.values() for word in group)
    if not counts:
        return
    known = _identifiers(connection, counts)
    new = sorted(counts.keys() - known.keys())
    if new:
        connection.execute(sa.insert(_WORD), [{"word": word, "names": 0} for word in new])
        known |= _identifiers(connection, new)
        rows = [{"variant": variant, "word_id": known[word]} for word in new for variant in sorted(_variants(word))]
        connection.execute(sa.insert(_VARIANT), rows)
    postings = [{"word_id": known[word], "folded_name": name} for name in names for word in words[name]]
    connection.execute(sa.insert(_POSTING), postings)
    count = sa.update(_WORD).where(_WORD.c.id == sa.bindparam("word_id"))
    more = [{"word_id": known[word], "more": number} for word, number in counts.items()]
    connection.execute(count.values(names=_WORD.c.names + sa.bindparam("more")), more)


def _identifiers(connection: sa.Connection, words: Counter[str] | Sequence[str]) -> dict[str, int]:
    query, wanted = sa.select(_WORD.c.word, _WORD.c.id), sorted(words)
    parts = (wanted[at : at + _BATCH] for at in range(0, len(wanted), _BATCH))
    rows = (row for part in parts for row in connection.execute(query.where(_WORD.c.word.in_(part))))
    return {row.word: row.id for row in rows}


def _variants(word: str) -> set[str]:
    """The word and, if it is not too long, the word without one of its letters."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word) if len(word) <= _LONGEST else 0))}
