"""Persons as a clerk asks for them: number, name without diacritics, words in any order, beginnings, one letter wrong.

What is typed is tried in steps, and a step that finds nobody makes way for the next:

1. whoever has the text as identifier, personal number or former number;
2. names that hold every typed word, then names that hold or begin each of their words with every typed word; a word
   may be typed as a card's MRZ has it (SUESSMUEHL for Süßmühl);
3. one typed word is one edit away from a word of the name (:mod:`eid_toolkit.books.ledger.name_index`);
4. several words are.

Hits of the last two are ``similar``. Each step is driven by its rarest word, whose names come in order, so that reading
stops with the page. Of beginnings and edits that fit very many words, the commonest words are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, not_, or_, select, true

from eid_toolkit.books.audit.walk import RESTORED
from eid_toolkit.books.ledger.canonical import digest
from eid_toolkit.books.ledger.name_index import LONGEST, variants, within_one_edit
from eid_toolkit.books.ledger.schema import audit, name_posting, name_variant, name_word, person
from eid_toolkit.books.register.people.person_data import birth_text
from eid_toolkit.books.register.people.person_record import Person, person_of
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.transliteration import fold, folded_spellings

_BATCH = 500
_LAST = "\U0010ffff"
_MOST_TYPED = 12
"""This many typed words count."""
_MOST_WORDS = 400
"""This many of the commonest words of a beginning are looked at."""
_COMMON = 400
"""A word that about this many names hold is read by itself and in order; rarer ones are read together and sorted."""

_OTHER_WAYS = ("sort", "bitmapscan", "mergejoin", "hashjoin")
"""In which a server may read what it is to read in the order of an index."""

_ORDER = (person.c.folded_name, person.c.id)

Key = tuple[str, str]
"""Folded name and identifier: the order of every list."""
Condition = Callable[[ColumnElement[str]], ColumnElement[bool]]
"""What is asked of a folded name, in whichever column it stands."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A person found, and whether only something similar to what was typed stands in the name."""

    person: Person
    similar: bool

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {**self.person.to_json(), "match": "similar" if self.similar else "exact"}


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of the vocabulary, and about how many names hold it."""

    id: int
    text: str
    names: int


@dataclass(frozen=True, slots=True)
class _Fit:
    """What one typed word is compared with: the words of the vocabulary that fit, and the condition on a name."""

    words: Sequence[_Word]
    condition: Condition

    @property
    def names(self) -> int:
        """About how many names fit."""
        return sum(word.names for word in self.words)


def search_persons(
    connection: Connection, text: str, date_of_birth: PartialDate | None, limit: int, offset: int
) -> tuple[Hit, ...]:
    """A page of hits, in the order of the steps and then of the names; all persons for no text and no date.

    A partial ``date_of_birth`` fits every date in it. Erased persons are not found, merged ones are.
    """
    need = offset + limit
    born = _born(date_of_birth)
    text = "".join(character if character.isprintable() else " " for character in text)
    typed = tuple(dict.fromkeys(fold(text).split()))[:_MOST_TYPED]
    if not typed:
        page = _in_order(connection, born, need)[offset:]
        return _hits(connection, page, similar=False)
    keys = _by_number(connection, text.strip(), born)
    if not keys:
        keys = _by_name(connection, typed, date_of_birth, need)
    if keys:
        return _hits(connection, keys[offset:need], similar=False)
    return _hits(connection, _by_similar_name(connection, typed, date_of_birth, need)[offset:], similar=True)


def stream_persons(connection: Connection, after: str | None = None) -> Iterator[Person]:
    """Every person in the order of names, those ``after`` one person if given, a batch at a time."""
    query = select(person).where(person.c.erased_at.is_(None)).order_by(person.c.folded_name, person.c.id)
    if after is not None:
        name = select(person.c.folded_name).where(person.c.id == after).scalar_subquery()
        query = query.where(or_(person.c.folded_name > name, and_(person.c.folded_name == name, person.c.id > after)))
    with connection.execution_options(yield_per=_BATCH).execute(query) as rows:
        for row in rows.mappings():
            yield person_of(row)


def state_of_persons(connection: Connection) -> str:
    """What is another whenever any person was added, changed, merged or erased, or a back-up was restored."""
    facts = select(func.count(), func.coalesce(func.sum(person.c.version), 0), func.count(person.c.erased_at))
    numbers = tuple(connection.execute(facts.select_from(person)).one())
    restored = select(audit.c.hash).where(audit.c.action == RESTORED).order_by(audit.c.position.desc()).limit(1)
    return digest({"persons": list(map(int, numbers)), "restored": connection.execute(restored).scalar()})


def count_persons(connection: Connection) -> int:
    """How many :func:`stream_persons` gives."""
    return connection.execute(select(func.count()).select_from(person).where(person.c.erased_at.is_(None))).scalar_one()


def _by_number(connection: Connection, text: str, born: ColumnElement[bool]) -> list[Key]:
    number = or_(
        *(column == text.upper() for column in (person.c.id, person.c.personal_number, person.c.former_number))
    )
    query = select(person.c.folded_name, person.c.id).where(number, born, person.c.erased_at.is_(None))
    return _keys(connection, query.order_by(*_ORDER))


def _by_name(connection: Connection, typed: tuple[str, ...], birth: PartialDate | None, need: int) -> list[Key]:
    """Names with the words as they are, then those that begin with them."""
    whole = [_any_spelling(connection, word, _whole) for word in typed]
    keys = _matching(connection, whole, birth, need)
    if len(keys) < need:
        begun = [_any_spelling(connection, word, _begun) for word in typed]
        keys += _matching(connection, begun, birth, need - len(keys), but=whole)
    return keys


def _by_similar_name(connection: Connection, typed: tuple[str, ...], birth: PartialDate | None, need: int) -> list[Key]:
    begun = [_begun(connection, word) for word in typed]
    edited = [_edited(connection, word) for word in typed]
    keys: list[Key] = []
    for at, wrong in enumerate(edited):
        # No name fits all words as they begin: the steps for two different wrong words have no name in common.
        keys += _matching(connection, [*begun[:at], wrong, *begun[at + 1 :]], birth, need - len(keys))
        if len(keys) >= need:
            return keys
    if keys or len(typed) == 1:
        return keys
    either = [
        _Fit([*right.words, *wrong.words], _either(right, wrong)) for right, wrong in zip(begun, edited, strict=True)
    ]
    return _matching(connection, either, birth, need)


def _matching(
    connection: Connection,
    fits: Sequence[_Fit],
    birth: PartialDate | None,
    need: int,
    but: Sequence[_Fit] = (),
) -> list[Key]:
    """The first persons whose names fulfil every one of ``fits``, but not every one of ``but``."""
    if not all(fit.words for fit in fits):
        return []

    def condition(name: ColumnElement[str], given: Sequence[_Fit]) -> ColumnElement[bool]:
        others = not_(and_(*(fit.condition(name) for fit in but))) if but else true()
        return and_(true(), *(fit.condition(name) for fit in given), others)

    born = _born(birth)
    if birth is not None and birth.day is not None:
        return _in_order(connection, and_(born, condition(person.c.folded_name, fits)), need)
    driver = min(fits, key=lambda fit: fit.names)
    asked = [fit for fit in fits if fit is not driver]  # names that hold the driver's words fit it
    common = [word.id for word in driver.words if word.names > _COMMON]
    rare = [word.id for word in driver.words if word.names <= _COMMON]
    groups = [[word] for word in common] + ([rare] if rare else [])
    keys: set[Key] = set()
    for group in groups:
        here = name_posting.c.word_id == group[0] if len(group) == 1 else name_posting.c.word_id.in_(group)
        query = (
            select(person.c.folded_name, person.c.id)
            .join(name_posting, _first(connection, name_posting.c.folded_name) == person.c.folded_name)
            .where(here, condition(name_posting.c.folded_name, asked), born, person.c.erased_at.is_(None))
        )
        if len(group) > 1:
            query = query.distinct()
        order = (name_posting.c.folded_name, person.c.id) if len(group) == 1 else _ORDER
        with _by_index(connection) if group[0] in common else nullcontext():
            keys.update(_keys(connection, query.order_by(*order).limit(need)))
    return sorted(keys)[:need]


def _first(connection: Connection, name: ColumnElement[str]) -> ColumnElement[str]:
    """The name, of which a server does not know that persons in the order of names have it in order, too.

    It would read everybody up to the first who has the word, believing that such names lie everywhere.
    """
    return name if connection.dialect.name == "sqlite" else name + ""


@contextmanager
def _by_index(connection: Connection) -> Iterator[None]:
    """Have a server read in the order of an index, and stop with the page.

    It cannot know how many names hold one word and others, and else reads and sorts all of the word's.
    """
    if connection.dialect.name == "sqlite":
        yield
        return
    settings = ", ".join(f"set_config('enable_{each}', '{{0}}', true)" for each in _OTHER_WAYS)
    connection.exec_driver_sql(f"SELECT {settings.format('off')}")
    yield
    connection.exec_driver_sql(f"SELECT {settings.format('on')}")


def _in_order(connection: Connection, condition: ColumnElement[bool], need: int) -> list[Key]:
    query = select(*_ORDER).where(condition, person.c.erased_at.is_(None)).order_by(*_ORDER).limit(need)
    return _keys(connection, query)


def _keys(connection: Connection, query: Select[str, str]) -> list[Key]:
    return [(name, identifier) for name, identifier in connection.execute(query)]


def _hits(connection: Connection, keys: Sequence[Key], *, similar: bool) -> tuple[Hit, ...]:
    """The persons, in the order of the keys."""
    by_identifier: dict[str, Person] = {}
    identifiers = iter([identifier for _, identifier in keys])
    while batch := list(islice(identifiers, _BATCH)):
        for row in connection.execute(select(person).where(person.c.id.in_(batch))).mappings():
            by_identifier[row[person.c.id]] = person_of(row)
    return tuple(Hit(by_identifier[identifier], similar) for _, identifier in keys)


def _born(birth: PartialDate | None) -> ColumnElement[bool]:
    if birth is None:
        return true()
    text = birth_text(birth)
    if birth.day is not None:
        return person.c.date_of_birth == text
    return or_(person.c.date_of_birth == text, person.c.date_of_birth.startswith(f"{text}-"))


def _whole(connection: Connection, word: str) -> _Fit:
    return _Fit(_vocabulary(connection, name_word.c.word == word), lambda name: _holds(name, f" {word} "))


def _begun(connection: Connection, word: str) -> _Fit:
    words = _vocabulary(connection, and_(name_word.c.word >= word, name_word.c.word < word + _LAST))
    return _Fit(words, lambda name: _holds(name, f" {word}"))


def _any_spelling(connection: Connection, word: str, fit: Callable[[Connection, str], _Fit]) -> _Fit:
    """A typed word, or what stands in the register where a card says it."""
    fits = [fit(connection, spelling) for spelling in folded_spellings(word)]
    return (
        fits[0]
        if len(fits) == 1
        else _Fit(
            list({found.id: found for each in fits for found in each.words}.values()),
            lambda name: or_(*(each.condition(name) for each in fits)),
        )
    )


def _edited(connection: Connection, word: str) -> _Fit:
    """The words one edit away; none for a word that is too long to have variants."""
    if len(word) > LONGEST:
        return _Fit((), lambda _: false())
    candidates = select(name_variant.c.word_id).where(name_variant.c.variant.in_(sorted(variants(word))))
    vocabulary = _vocabulary(connection, name_word.c.id.in_(candidates))
    words = [each for each in vocabulary if each.text != word and within_one_edit(each.text, word)]
    return _Fit(words, lambda name: or_(false(), *(_holds(name, f" {each.text} ") for each in words)))


def _either(first: _Fit, second: _Fit) -> Condition:
    return lambda name: or_(first.condition(name), second.condition(name))


def _vocabulary(connection: Connection, condition: ColumnElement[bool]) -> list[_Word]:
    query = select(name_word.c.id, name_word.c.word, name_word.c.names).where(condition)
    rows = connection.execute(query.order_by(name_word.c.names.desc(), name_word.c.id).limit(_MOST_WORDS))
    return [_Word(row.id, row.word, row.names) for row in rows]


def _holds(name: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """Whether the folded name, between two blanks, holds the text."""
    return (" " + name + " ").contains(part, autoescape=True)
