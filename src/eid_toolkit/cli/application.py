"""`eid application`: applications for documents, and the decision on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.cli.files import OutputFile, read_file, write_file
from eid_toolkit.cli.office import open_office
from eid_toolkit.cli.output import details, emit, table
from eid_toolkit.errors import NotPermitted, UsageError

if TYPE_CHECKING:
    from eid_toolkit.register.applications import Application

_STATES = ("created", "approved", "rejected")


@click.group(cls=Group)
def application() -> None:
    """Applications for documents."""


@application.command("create")
@click.option("--person", "person_id", required=True, metavar="ID", help="The person, by identifier or number.")
@click.option("--profile", required=True, metavar="NAME", help="The document type.")
@click.option(
    "--portrait",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An image file; it is checked, cropped and compressed as the profile says.",
)
@click.option("--fingerprint", "fingers", multiple=True, metavar="FINGER=FILE", help="For example right-index=ri.wsq.")
@click.option("--iris", "eyes", multiple=True, metavar="EYE=FILE", help="For example right=r.jp2.")
@format_option
@pass_app
def create(
    app: App,
    person_id: str,
    profile: str,
    portrait: Path,
    fingers: tuple[str, ...],
    eyes: tuple[str, ...],
    fmt: str,
) -> None:
    """Apply for a document."""
    from eid_toolkit.lds.portrait import MAX_FILE, make_portrait

    with open_office(app) as office:
        document_profile = office.profile(profile)
        if document_profile.issuing_state not in office.authorities.states():
            state = document_profile.issuing_state
            raise NotPermitted("profile-of-another-state", profile=profile, state=state)
        picture = make_portrait(read_file(portrait, MAX_FILE), document_profile.portrait)
        found = office.register.persons.get(person_id)
        taken = _biometrics(fingers, eyes)
        made = office.register.applications.create(found, document_profile, picture, office.act(), taken)
    _show(made, fmt)


@application.command("list")
@click.option("--state", type=click.Choice(_STATES), help="Only applications in this state.")
@list_format_option
@pass_app
def list_(app: App, state: str | None, fmt: str) -> None:
    """List applications."""
    from eid_toolkit.register.applications import ApplicationState

    with open_office(app) as office:
        found = office.register.applications.list(ApplicationState(state) if state else None)
    rows = [each.to_json() for each in found]
    columns = ("id", "name", "profile", "state", "creator", "decided_by")
    emit(rows, fmt, lambda: table(columns, ([row[column] for column in columns] for row in rows)))


@application.command("show")
@click.argument("application_id", metavar="APPLICATION")
@click.option("--portrait", type=OutputFile(), help="Write the portrait to this file, to look at.")
@format_option
@pass_app
def show(app: App, application_id: str, portrait: Path | None, fmt: str) -> None:
    """Show one application."""
    with open_office(app) as office:
        found = office.register.applications.get(application_id)
        if portrait is not None:
            write_file(portrait, office.register.applications.portrait(found).image)
    _show(found, fmt)


@application.command("approve")
@click.argument("application_id", metavar="APPLICATION")
@format_option
@pass_app
def approve(app: App, application_id: str, fmt: str) -> None:
    """Approve an application that somebody else made.

    The approval is the operator's signature over person, profile and portrait as they are now.
    """
    with open_office(app) as office:
        _show(office.register.applications.approve(application_id, office.act()), fmt)


@application.command("reject")
@click.argument("application_id", metavar="APPLICATION")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@format_option
@pass_app
def reject(app: App, application_id: str, reason: str, fmt: str) -> None:
    """Reject an application."""
    with open_office(app) as office:
        _show(office.register.applications.reject(application_id, office.act(), reason), fmt)


def _biometrics(fingers: tuple[str, ...], eyes: tuple[str, ...]) -> dict[int, bytes]:
    """DG3 and DG4 of the images named, as far as there are some."""
    from eid_toolkit.lds.biometric_image import fingers_of, irises_of

    found = {}
    if fingers:
        found[3] = fingers_of(_images(fingers))
    if eyes:
        found[4] = irises_of(_images(eyes))
    return found


def _images(named: tuple[str, ...]) -> dict[str, bytes]:
    from eid_toolkit.lds.biometric_image import MAX_IMAGE

    images = {}
    for item in named:
        name, equals, path = item.partition("=")
        if not equals or name in images:
            raise UsageError("biometric-option", option=item)
        images[name] = read_file(Path(path), MAX_IMAGE)
    return images


def _show(found: Application, fmt: str) -> None:
    values = found.to_json()
    emit(values, fmt, lambda: details((name, value) for name, value in values.items() if value is not None))
