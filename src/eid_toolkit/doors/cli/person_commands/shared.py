"""What the commands about persons share: the options for a person's fields, and how persons are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

import click

from eid_toolkit.doors.cli.output import emit_values, table

if TYPE_CHECKING:
    from eid_toolkit.books.register.people.person_record import Person

_F = TypeVar("_F", bound=Callable[..., object])

_FIELD_OPTIONS = (
    (("--surname", "primary_identifier"), "The primary identifier: surname."),
    (("--given-names", "secondary_identifier"), "The secondary identifier: given names."),
    (
        ("--national-name", "national_name"),
        "The whole name in the national script; a comma parts surname and given names.",
    ),
    (("--birth", "date_of_birth"), "Date of birth: YYYY-MM-DD, or YYYY-MM or YYYY if the rest is unknown."),
    (("--sex", "sex"), "F, M, or X for unspecified."),
    (("--nationality", "nationality"), "Code as in the MRZ, for example UTO."),
    (("--personal-number", "personal_number"), "The person's personal number."),
    (("--place-of-birth", "place_of_birth"), "Place of birth, with parts separated by commas."),
    (("--place-of-origin", "place_of_origin"), "Place of origin."),
    (("--place-of-residence", "place_of_residence"), "Address, with parts separated by commas."),
    (("--ethnicity", "ethnicity"), "Ethnicity."),
    (("--religion", "religion"), "Religion."),
    (("--identifying-features", "identifying_features"), "Identifying features."),
    (("--father", "father"), "The father's name."),
    (("--mother", "mother"), "The mother's name."),
    (("--spouse", "spouse"), "The spouse's name."),
    (("--former-number", "former_number"), "An earlier personal number."),
    (("--former-names", "former_names"), "Earlier names, separated by semicolons."),
    (("--guardians", "guardians"), "The guardians' names, separated by semicolons."),
    (("--vital-status", "vital_status"), "alive, deceased or missing."),
    (("--date-of-death", "date_of_death"), "Date of death, for a deceased person."),
)

purpose_option = click.option(
    "--purpose", metavar="TEXT", help="Purpose; kept in the audit log permanently, so do not name anyone."
)


def person_options(function: _F) -> _F:
    """An option for each field of a person."""
    for names, text in reversed(_FIELD_OPTIONS):
        click.option(*names, metavar="TEXT", help=text)(function)
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
            remark if person.merged_into is None else f"same as {person.merged_into}",
        )
        for person, remark in people
    )
    return table(("id", "number", "name", "birth", "sex", "nationality", ""), rows)
