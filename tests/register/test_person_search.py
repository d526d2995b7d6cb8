"""The search: what clerks type finds whom it should, in a stable order, and just as a plain search of all would."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.ledger.name_index import unknown_names, variants, within_one_edit, write_names
from eid_toolkit.books.ledger.schema import name_posting, name_variant, name_word, person
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.person_record import Person, insert_people, load_person
from eid_toolkit.books.register.people.person_search import search_persons
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.transliteration import fold, folded_spellings
from support.homes import NOW, UTOPIAN, VIETNAMESE, WorkingOffice


def found(office: WorkingOffice, text: str, birth: str | None = None) -> list[str]:
    date = PartialDate.parse(birth) if birth else None
    return [hit.person.data.name for hit in office.register.persons.search(text, date_of_birth=date)]


def add(office: WorkingOffice, *names: str, birth: str = "1990-01-31") -> list[Person]:
    return [
        office.person({**UTOPIAN, "primary_identifier": n, "secondary_identifier": "", "date_of_birth": birth})
        for n in names
    ]


@pytest.mark.parametrize(
    "text",
    ["nguyen", "NGUYỄN", "văn nguyễn", "an van nguyen", "Nguye\u0302\u0303n", "099000000017", " ng  v ", "nguyen-van"],
)  # fmt: skip
def test_a_search_finds_with_and_without_diacritics(office: WorkingOffice, text: str) -> None:
    added = office.person(VIETNAMESE)
    office.person(UTOPIAN)
    (hit,) = office.register.persons.search(text)
    assert (hit.person, hit.similar) == (added, False)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Süßmühl", "SUESSMUEHL"),
        ("Süßmühl", "SUXXSSMUXXHL"),
        ("Süßmühl", "SUSSMUHL"),
        ("Süßmühl", "SUESSM"),
        ("Ångström", "AANGSTROEM"),
        ("Muñoz", "MUNXXOZ"),
        ("Jørgensen", "JOERGENSEN"),
        ("Þórsdóttir", "THORSDOTTIR"),
        ("Sauer", "SAUER"),
        ("Đặng", "DANG"),
    ],
)
def test_a_search_finds_what_stands_on_the_card(office: WorkingOffice, name: str, typed: str) -> None:
    added = office.person({**UTOPIAN, "primary_identifier": name})
    hits = office.register.persons.search(typed)
    assert [(hit.person.id, hit.similar) for hit in hits] == [(added.id, False)]


@pytest.mark.parametrize(
    "text", ["nguyne van", "nguyn", "ngyuen an", "nguyeen", "nguyex", "vam nguyen", "nguyenn vann"]
)
def test_one_letter_wrong_finds_similar_names(office: WorkingOffice, text: str) -> None:
    added = office.person(VIETNAMESE)
    office.person(UTOPIAN)
    (hit,) = office.register.persons.search(text)
    assert (hit.person, hit.similar) == (added, True)


@pytest.mark.parametrize("text", ["ngueyne", "nugyne", "x", "nguyen eriksson", "%", "_", "099", "' OR 1=1", "\\"])
def test_what_is_in_no_name_finds_nobody(office: WorkingOffice, text: str) -> None:
    office.person(VIETNAMESE)
    office.person(UTOPIAN)
    assert office.register.persons.search(text) == ()


def test_whole_words_come_before_beginnings_and_those_before_nothing_else(office: WorkingOffice) -> None:
    add(office, "Ann Zorn", "Annabel Abel", "Ann Berg", "Bann Ann", "Anm Carl")
    assert found(office, "ann") == ["Ann Berg", "Ann Zorn", "Bann Ann", "Annabel Abel"]
    assert found(office, "anm") == ["Anm Carl"]
    assert found(office, "anx") == ["Anm Carl", "Ann Berg", "Ann Zorn", "Bann Ann"]


def test_a_date_of_birth_narrows_a_search_and_stands_alone(office: WorkingOffice) -> None:
    add(office, "Berg Anna", birth="1990-01-31")
    add(office, "Berg Bo", birth="1990-02")
    add(office, "Carl Anna", birth="1990-01-31")
    assert found(office, "berg", "1990-01-31") == ["Berg Anna"]
    assert found(office, "berh", "1990-01-31") == ["Berg Anna"]
    assert found(office, "", "1990-01-31") == ["Berg Anna", "Carl Anna"]
    assert found(office, "", "1990") == ["Berg Anna", "Berg Bo", "Carl Anna"]
    assert found(office, "berg", "1990-02") == ["Berg Bo"]
    assert found(office, "berg", "1991") == []


def test_numbers_find_by_identifier_number_and_former_number(office: WorkingOffice) -> None:
    added = office.person({**UTOPIAN, "personal_number": "ZE-1", "former_number": "0001"})
    for text in (added.id, added.id.lower(), "ZE-1", "0001"):
        assert [hit.person for hit in office.register.persons.search(f" {text} ")] == [added]


def test_pages_follow_each_other_without_gaps(office: WorkingOffice) -> None:
    for number in range(5):
        add(office, f"Eriksson{number}", "Eriksson", "Berg Eriksson")
    search = office.register.persons.search
    for text in ("eriksson", "erikson", "eriksso", ""):
        whole = search(text, limit=100)
        pages = [search(text, limit=4, offset=offset) for offset in range(0, 20, 4)]
        assert len(whole) in (10, 15)
        assert tuple(hit for page in pages for hit in page) == whole
        assert search(text, limit=4, offset=100) == ()


def test_a_name_of_many_and_of_long_words_is_kept_and_found(office: WorkingOffice) -> None:
    long = "A" * 150
    add(office, long, " ".join(f"w{number}" for number in range(50)))
    assert found(office, long[:140]) == [long]
    assert found(office, "w7 w49") != []
    assert found(office, "B" + long[1:]) == []
    with office.register.database.read() as connection:
        assert connection.execute(select(func.max(func.length(name_variant.c.variant)))).scalar() == 150
        assert connection.execute(select(func.count()).select_from(name_variant)).scalar() < 300


def test_commonest_words_of_a_beginning_are_enough_for_a_page(office: WorkingOffice) -> None:
    """More words begin so than are looked at, and some of them are common."""
    with office.register.database.write() as connection:
        insert_people(connection, [new(f"N{number:04} Berg", number) for number in range(1200)])
    hits = office.register.persons.search("n", limit=300)
    assert [hit.person.data.name for hit in hits] == sorted(hit.person.data.name for hit in hits)
    assert len(hits) == 300
    assert len(office.register.persons.search("n b", limit=1000)) == 400
    assert len(office.register.persons.search("berg n1", limit=1000)) == 200


def new(name: str, number: int, birth: str = "1990") -> Person:
    data = PersonData.from_text({"primary_identifier": name, "date_of_birth": birth, "sex": "F", "nationality": "UTO"})
    return Person(f"P-{number:012}", data, NOW)


syllables = st.sampled_from(["an", "ann", "anna", "na", "van", "vann", "ban", "bann", "abn", "nguyen", "ngyen", "x y"])
names = st.lists(syllables | st.text("abn", min_size=1, max_size=4), min_size=1, max_size=4).map(" ".join)
births = st.sampled_from(["1990-01-31", "1990-01", "1990", "1991-05-05"])


@pytest.fixture(scope="module")
def plain_database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return Database.open(f"sqlite:///{tmp_path_factory.mktemp('search') / 'register.sqlite'}")


@pytest.fixture
def database(backend: str, plain_database: Database, request: pytest.FixtureRequest) -> Database:
    return plain_database if backend == "sqlite" else request.getfixturevalue("office").register.database


@given(
    people=st.lists(st.tuples(names, births), max_size=12),
    typed=names,
    birth=st.none() | births,
    limit=st.integers(1, 5),
    offset=st.integers(0, 4),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_search_finds_what_looking_at_everybody_finds(
    database: Database, people: list[tuple[str, str]], typed: str, birth: str | None, limit: int, offset: int
) -> None:
    added = [new(name, number, born) for number, (name, born) in enumerate(people)]
    date = PartialDate.parse(birth) if birth else None
    with database.write() as connection:
        for table in (name_posting, name_variant, name_word, person):
            connection.execute(delete(table))
        insert_people(connection, added)
        page = search_persons(connection, typed, date, limit, offset)
        connection.rollback()
    expected, similar = by_looking_at_everybody(added, fold(typed).split(), birth)
    assert [hit.person.id for hit in page] == expected[offset : offset + limit]
    assert all(hit.similar == similar for hit in page)


def by_looking_at_everybody(people: list[Person], typed: list[str], birth: str | None) -> tuple[list[str], bool]:
    typed = list(dict.fromkeys(typed))
    born = [
        each
        for each in people
        if birth is None or each.data.to_text()["date_of_birth"] == birth
        or str(each.data.to_text()["date_of_birth"]).startswith(f"{birth}-")
    ]  # fmt: skip
    born.sort(key=lambda each: (each.data.folded_name, each.id))

    def whole(word: str, name: list[str]) -> bool:
        return word in name

    def begun(word: str, name: list[str]) -> bool:
        return any(each.startswith(word) for each in name)

    def edited(word: str, name: list[str]) -> bool:
        return any(damerau(each, word) == 1 for each in name)

    def spelled(fits: Callable[[str, list[str]], bool]) -> Callable[[str, list[str]], bool]:
        return lambda word, name: any(fits(each, name) for each in folded_spellings(word))

    steps = [[spelled(whole)] * len(typed), [spelled(begun)] * len(typed)]
    for kinds in (steps, [[edited if i == at else begun for i in range(len(typed))] for at in range(len(typed))]):
        hits: dict[str, None] = {}
        for kind in kinds:
            for each in born:
                words = each.data.folded_name.split()
                if all(fits(word, words) for fits, word in zip(kind, typed, strict=True)):
                    hits[each.id] = None
        if hits:
            return list(hits), kinds is not steps
    return [
        each.id
        for each in born
        if all(
            begun(word, each.data.folded_name.split()) or edited(word, each.data.folded_name.split()) for word in typed
        )
    ], True


def damerau(first: str, second: str) -> int:
    """The optimal string alignment distance, by its textbook table."""
    table = {(i, 0): i for i in range(len(first) + 1)} | {(0, j): j for j in range(len(second) + 1)}
    for i in range(1, len(first) + 1):
        for j in range(1, len(second) + 1):
            same = first[i - 1] == second[j - 1]
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (not same))
            if i > 1 and j > 1 and first[i - 1] == second[j - 2] and first[i - 2] == second[j - 1]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(first), len(second)]


@given(typed=st.text(st.characters(), max_size=30) | st.text("\x00 ab%_\\/'\"\ud800", max_size=8))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_somebody_or_nobody_is_found(database: Database, typed: str) -> None:
    with database.read() as connection:
        assert isinstance(search_persons(connection, typed, None, 5, 0), tuple)
        with pytest.raises(BadInput, match="person-unknown"):
            load_person(connection, typed)


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_one_edit_is_a_distance_of_at_most_one(first: str, second: str) -> None:
    assert within_one_edit(first, second) == (damerau(first, second) <= 1)
    if within_one_edit(first, second):
        assert variants(first) & variants(second)


def test_an_index_that_knows_a_name_does_not_count_it_again(office: WorkingOffice) -> None:
    add(office, "Berg", "Berg")
    with office.register.database.write() as connection:
        write_names(connection, unknown_names(connection, {"BERG"}))
        assert connection.execute(select(name_word.c.names)).scalars().all() == [1]


def test_erased_persons_are_not_found_and_merged_ones_are(office: WorkingOffice) -> None:
    gone, merged = add(office, "Berg Anna", "Berg Bo")
    with office.register.database.write() as connection:
        connection.execute(person.update().where(person.c.id == gone.id).values(erased_at=NOW))
        connection.execute(person.update().where(person.c.id == merged.id).values(merged_into="P-OTHER"))
    assert found(office, "berg") == found(office, "") == found(office, "berh") == ["Berg Bo"]
    assert found(office, gone.id) == []
    assert [each.id for each in office.register.persons.all()] == [merged.id]


def test_names_of_a_register_of_an_earlier_version_become_findable(office: WorkingOffice) -> None:
    add(office, *(f"Berg{number % 3} Name{number}" for number in range(30)))
    with office.register.database.write() as connection:
        indexed = [sorted(connection.execute(select(table)).all()) for table in (name_posting, name_variant)]
        words = sorted(connection.execute(select(name_word.c.word, name_word.c.names)).all())
        for table in (name_posting, name_variant, name_word):
            connection.execute(delete(table))
        migration = importlib.import_module("eid_toolkit.books.ledger.migrations.versions.v0004_names")
        with Operations.context(MigrationContext.configure(connection)), pytest.MonkeyPatch.context() as patch:
            patch.setattr(migration, "_BATCH", 7)
            migration.upgrade()
        assert sorted(connection.execute(select(name_word.c.word, name_word.c.names)).all()) == words
        assert [len(connection.execute(select(table)).all()) for table in (name_posting, name_variant)] == [
            len(rows) for rows in indexed
        ]
    assert len(found(office, "berg1")) == 10
