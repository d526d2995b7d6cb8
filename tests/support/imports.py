"""Files of persons, imported, and what the register has of them."""

from __future__ import annotations

import json

from sqlalchemy import func, select

from eid_toolkit.books.ledger.schema import name_posting, name_variant, name_word, person
from eid_toolkit.books.ledger.schema import person_import as imports
from eid_toolkit.books.register.people.person_data import FIELDS
from eid_toolkit.books.register.people.person_import import ImportOptions, ImportReport
from eid_toolkit.books.register.people.person_source import PersonSource
from support.homes import WorkingOffice

HEADER = "primary_identifier,secondary_identifier,date_of_birth,sex,nationality,personal_number,place_of_residence\n"
CHUNKS = 5


def people(count: int, first: int = 0, letter: str = "N") -> str:
    """Rows with what a table in text has to be careful with."""
    places = ("1 Phố Mẫu", r"C:\new\table", "", r"\N", '"a, {b} ""c"""', "it's; here")
    return "".join(
        f"{letter}{n % 311}son,Anna {n % 7},19{n % 90 + 10}-01,F,UTO,{n:07},{places[n % len(places)]}\n"
        for n in range(first, first + count)
    )


def run(office: WorkingOffice, file: str, processes: int | None, options: ImportOptions | None = None) -> ImportReport:
    options = options or ImportOptions()
    with PersonSource.of_text(file) as source:
        each = {name: getattr(options, name) for name in ("keep_going", "rejects", "check", "again")}
        return office.register.persons.imports.run(source, office.clerk, ImportOptions(processes=processes, **each))


def content(office: WorkingOffice) -> dict[str, object]:
    """What the register knows of persons, without what is random."""
    with office.register.database.read() as connection:
        columns = [person.c[name] for name in (*FIELDS, "folded_name", "version")]
        order = (person.c.personal_number, person.c.folded_name)
        words = select(name_word.c.word, name_word.c.names).order_by(name_word.c.word)
        names = select(name_word.c.word, name_posting.c.folded_name).join(
            name_posting, name_posting.c.word_id == name_word.c.id
        )
        states = select(imports.c.state, imports.c.row, imports.c.imported, imports.c.rejected)
        details = [json.loads(row.detail) for row in office.register.audit_rows(None) if "persons" in row.action]
        return {
            "persons": connection.execute(select(*columns).order_by(*order)).all(),
            "words": connection.execute(words).all(),
            "names": sorted(connection.execute(names).all()),
            "variants": connection.execute(select(func.count()).select_from(name_variant)).scalar(),
            "imports": connection.execute(states).all(),
            "log": [{**detail, "digest": ""} for detail in details],
        }
