"""The words of names, so that a name is found by any of them, by its beginning, and with a letter wrong.

Each distinct word stands in a vocabulary with about how many names hold it; each has its postings, the folded names
with it in order; and each has its variants, itself and itself without one of its letters. Two words that are one edit
apart (a letter missing, more, another, or two neighbours exchanged) have a variant in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from sqlalchemy import Connection, delete, select

from eid_toolkit.books.ledger.bulk import among, copy_rows, insert_new_rows, those_there, update_sums
from eid_toolkit.books.ledger.database import lock
from eid_toolkit.books.ledger.schema import name_posting, name_variant, name_word, person

LONGEST = 32
"""Words of more letters are found exactly and by their beginning only: their variants would fill the register."""
_MOST_WORDS = 64
"""This many words of one name are indexed."""


def words_of(folded_name: str) -> tuple[str, ...]:
    """The words under which a folded name is found, each once."""
    return tuple(dict.fromkeys(folded_name.split()))[:_MOST_WORDS]


def variants(word: str, longest: int = LONGEST) -> set[str]:
    """The word and, if it has at most ``longest`` letters, the word without one of them."""
    if len(word) > longest:
        return {word}
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def within_one_edit(first: str, second: str) -> bool:
    """Whether one letter more, less or other, or two neighbours exchanged, makes one of the other (Damerau)."""
    if abs(len(first) - len(second)) > 1:
        return False
    shorter, longer = sorted((first, second), key=len)
    at = next((i for i, letter in enumerate(shorter) if letter != longer[i]), len(shorter))
    if len(shorter) < len(longer):
        return shorter[at:] == longer[at + 1 :]
    if shorter[at + 1 :] == longer[at + 1 :]:
        return True
    exchanged = shorter[at : at + 2] == longer[at : at + 2][::-1]
    return exchanged and shorter[at + 2 :] == longer[at + 2 :]


def unknown_names(connection: Connection, names: Collection[str]) -> set[str]:
    """Those of the folded names that nobody bears: whoever adds a bearer makes them findable by :func:`write_names`.

    Asked before the bearer is written; none of the names leaves the index before the transaction ends.
    """
    lock(connection, "names", shared=True)
    return set(names) - those_there(connection, person.c.folded_name, names)


def write_names(connection: Connection, new: Collection[str], *, alone: bool = False) -> None:
    """Make folded names findable that nobody bore yet, or that were never indexed.

    Quicker for somebody who adds such names ``alone``; then :class:`ValueRefused` if others add one at the same time.
    """
    words = {name: words_of(name) for name in new}
    identifiers = _identifiers(connection, {word for group in words.values() for word in group})
    postings = [(identifiers[word], name) for name in new for word in words[name]]
    if postings:
        write = copy_rows if alone else insert_new_rows
        write(connection, name_posting, ("word_id", "folded_name"), postings)
        counts = Counter(identifiers[word] for group in words.values() for word in group)
        update_sums(connection, name_word.c.id, name_word.c.names, counts)


def forget_name(connection: Connection, folded_name: str) -> None:
    """Take a folded name that nobody bears any more out of the index, and words that no other name holds."""
    lock(connection, "names")  # nobody takes the name for known who is just adding a bearer of it
    if connection.execute(select(person.c.id).where(person.c.folded_name == folded_name).limit(1)).first() is not None:
        return
    held = select(name_posting.c.word_id).where(name_posting.c.folded_name == folded_name)
    words = select(name_word.c.id).where(name_word.c.word.in_(words_of(folded_name)), name_word.c.id.in_(held))
    for word in connection.execute(words).scalars().all():
        posting = (name_posting.c.word_id == word, name_posting.c.folded_name == folded_name)
        connection.execute(delete(name_posting).where(*posting))
        if connection.execute(select(name_posting).where(name_posting.c.word_id == word).limit(1)).first() is None:
            connection.execute(delete(name_variant).where(name_variant.c.word_id == word))
            connection.execute(delete(name_word).where(name_word.c.id == word))
        else:
            update_sums(connection, name_word.c.id, name_word.c.names, {word: -1})


def _identifiers(connection: Connection, words: set[str]) -> dict[str, int]:
    """The vocabulary's number of each word; new words are written."""
    known = among(connection, name_word.c.word, sorted(words))
    query = select(name_word.c.word, name_word.c.id).where(known)
    identifiers: dict[str, int] = {row.word: row.id for row in connection.execute(query)}
    new = sorted(words - identifiers.keys())
    if new:
        insert_new_rows(connection, name_word, ("word", "names"), [(word, 0) for word in new])
        added = select(name_word.c.word, name_word.c.id).where(among(connection, name_word.c.word, new))
        identifiers |= {row.word: row.id for row in connection.execute(added)}
        rows = [(variant, identifiers[word]) for word in new for variant in sorted(variants(word))]
        insert_new_rows(connection, name_variant, ("variant", "word_id"), rows)
    return identifiers
