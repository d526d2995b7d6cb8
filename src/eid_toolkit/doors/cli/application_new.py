"""`eid application new`: somebody who is not in the register yet, and their application, in one go."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.application_parts import (
    biometric_options,
    biometrics_of,
    evidence_of,
    evidence_option,
    show_application,
)
from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.defaults import default_option
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import note, prompt, sentence, tell
from eid_toolkit.doors.cli.person_commands.shared import person_options
from eid_toolkit.doors.cli.portrait_doubts import ClerkDoubts
from eid_toolkit.ground.errors import BadInput, SeveralFit
from eid_toolkit.ground.home.named_files import read_file
from eid_toolkit.work.office import applying
from eid_toolkit.work.office.finding import told_of_person

if TYPE_CHECKING:
    from eid_toolkit.books.register.people.person_data import PersonData
    from eid_toolkit.books.register.people.person_record import Person

_ASKED = {
    "primary_identifier": "ask-applicant-surname",
    "secondary_identifier": "ask-applicant-given-names",
    "date_of_birth": "ask-applicant-birth",
    "sex": "ask-applicant-sex",
    "nationality": "ask-applicant-nationality",
    "personal_number": "ask-applicant-personal-number",
}
"""What is asked for at a terminal where it was not given, and by which question."""
_OPTIONAL = ("secondary_identifier", "personal_number")


@click.command("new", cls=Command)
@person_options
@default_option("--profile", setting="profile", required=True)
@click.option("--portrait", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@biometric_options
@evidence_option
@click.option("--source", metavar="TEXT", default="")
@format_option
@pass_app
def new(
    app: App,
    profile: str,
    portrait: Path,
    fingers: tuple[str, ...],
    eyes: tuple[str, ...],
    shown: tuple[str, ...],
    source: str,
    fmt: str,
    **values: str | None,
) -> None:
    from eid_toolkit.ground.images.portrait import MAX_FILE

    picture = read_file(portrait, MAX_FILE)
    with open_office(app) as office:
        nationality = office.profile(profile).nationality
        data = _person(app, values, nationality)
        record, alike = applying.apply_for_new(
            office,
            data,
            source,
            profile,
            picture,
            lambda: biometrics_of(fingers, eyes),
            evidence=lambda: evidence_of(shown),
            doubts=ClerkDoubts(app),
            known=lambda others: _known(app, data, others),
            confirm_age=lambda years: app.confirm(
                "confirm-date-of-birth", name=data.name, date=data.date_of_birth.iso, years=years
            ),
        )
    show_application(record, fmt)
    if alike:
        tell("person-perhaps-known", alike=alike)


def _person(app: App, values: dict[str, str | None], nationality: str) -> PersonData:
    """The person as given, or typed; what is wrong is asked for again."""
    from eid_toolkit.books.register.people.person_data import PersonData

    if not sys.stdin.isatty():
        return PersonData.from_text({**values, "nationality": values["nationality"] or nationality})
    for name in _ASKED:
        if values[name] is None:
            values[name] = _typed(name, nationality)
    while True:
        try:
            return PersonData.from_text(values)
        except BadInput as error:
            field = str(error.facts.get("field"))
            if field not in _ASKED:
                raise
            app.tell(error)
            values[field] = _typed(field, nationality)


def _typed(name: str, nationality: str) -> str:
    if name == "nationality":
        return prompt(sentence(_ASKED[name], nationality=nationality), optional=True).strip() or nationality
    return prompt(sentence(_ASKED[name]), optional=name in _OPTIONAL)


def _known(app: App, data: PersonData, others: Sequence[Person]) -> str | None:
    """Which of those who are in the register already is meant; None for somebody else."""
    if not sys.stdin.isatty():
        told = "; ".join(f"{each.id} ({told_of_person(each)})" for each in others)
        raise SeveralFit("person-known", choices=told)
    tell("applicant-known", name=data.name)
    for number, each in enumerate(others, start=1):
        note(f"{number:>3}  {each.id}  {told_of_person(each)}")
    while True:
        answer = prompt(sentence("ask-applicant-which", count=len(others))).strip().lower()
        if answer == "n":
            return None
        if answer.isdecimal() and 1 <= int(answer) <= len(others):
            return others[int(answer) - 1].id
