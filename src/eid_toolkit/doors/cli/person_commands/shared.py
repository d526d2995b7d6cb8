"""What the commands about persons share: the options for a person's fields, and how persons are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

import click

from eid_toolkit.doors.cli.output import emit_values, sentence, table

if TYPE_CHECKING:
    from eid_toolkit.books.register.people.person_record import Person

_F = TypeVar("_F", bound=Callable[..., object])

_FIELD_OPTIONS = (
    ("--surname", "primary_identifier"),
    ("--given-names", "secondary_identifier"),
    ("--national-name", "national_name"),
    ("--birth", "date_of_birth"),
    ("--sex", "sex"),
    ("--nationality", "nationality"),
    ("--personal-number", "personal_number"),
    ("--place-of-birth", "place_of_birth"),
    ("--place-of-origin", "place_of_origin"),
    ("--place-of-residence", "place_of_residence"),
    ("--ethnicity", "ethnicity"),
    ("--religion", "religion"),
    ("--identifying-features", "identifying_features"),
    ("--father", "father"),
    ("--mother", "mother"),
    ("--spouse", "spouse"),
    ("--former-number", "former_number"),
    ("--former-names", "former_names"),
    ("--guardians", "guardians"),
    ("--vital-status", "vital_status"),
    ("--date-of-death", "date_of_death"),
)

purpose_option = click.option("--purpose", metavar="TEXT")


def person_options(function: _F) -> _F:
    """An option for each field of a person."""
    for names in reversed(_FIELD_OPTIONS):
        click.option(*names, metavar="TEXT")(function)
    return function


def show_person(person: Person, fmt: str) -> None:
    """Print one person."""
    values = person.to_json()
    emit_values(values, fmt, ((name, value) for name, value in values.items() if value is not None))


def people_table(people: Iterable[tuple[Person, str]]) -> str:
    """Persons in columns, each with a remark: where one was merged into another, that is the remark."""
    rows = (
        (
            person.id,
            person.data.personal_number,
            person.data.names,
            person.data.date_of_birth,
            person.data.sex,
            person.data.nationality,
            remark if person.merged_into is None else sentence("person-same-as", person=person.merged_into),
        )
        for person, remark in people
    )
    return table(("id", "number", "name", "birth", "sex", "nationality", ""), rows)
