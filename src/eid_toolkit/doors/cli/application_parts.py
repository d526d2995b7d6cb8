"""What several commands about applications share: options for what is handed in, and how an application is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from eid_toolkit.doors.cli.output import details, emit
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.ground.home.named_files import read_file

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.applications import Application, Evidence

_F = TypeVar("_F", bound=Callable[..., object])

evidence_option = click.option("--evidence", "shown", multiple=True, metavar="KIND=REFERENCE")


def biometric_options(function: _F) -> _F:
    """``--fingerprint`` and ``--iris``."""
    fingers = click.option("--fingerprint", "fingers", multiple=True, metavar="FINGER=FILE")
    eyes = click.option("--iris", "eyes", multiple=True, metavar="EYE=FILE")
    return fingers(eyes(function))


def evidence_of(shown: tuple[str, ...]) -> list[Evidence]:
    """The evidence of options ``KIND=REFERENCE``."""
    from eid_toolkit.books.register.documents.applications import Evidence

    evidence = []
    for item in shown:
        kind, equals, reference = item.partition("=")
        if not equals:
            raise UsageError("evidence-option", option=item)
        evidence.append(Evidence(kind.strip(), reference.strip()))
    return evidence


def biometrics_of(fingers: tuple[str, ...], eyes: tuple[str, ...]) -> dict[int, bytes]:
    """DG3 and DG4 of the images named, as far as there are some."""
    from eid_toolkit.standards.lds.biometric_image import fingers_of, irises_of

    data_groups = {}
    if fingers:
        data_groups[3] = fingers_of(_images(fingers))
    if eyes:
        data_groups[4] = irises_of(_images(eyes))
    return data_groups


def _images(named: tuple[str, ...]) -> dict[str, bytes]:
    from eid_toolkit.standards.lds.biometric_image import MAX_IMAGE

    images = {}
    for item in named:
        name, equals, path = item.partition("=")
        if not equals or name in images:
            raise UsageError("biometric-option", option=item)
        images[name] = read_file(Path(path), MAX_IMAGE)
    return images


def show_application(record: Application, fmt: str) -> None:
    """Print one application."""
    emit(record.to_json(), fmt, lambda: application_text(record))


def application_text(record: Application) -> str:
    """The application for a person who reads it."""
    values = record.to_json()
    if not presentation().verbose:  # of fingerprints and irises the hashes, too
        values["biometrics"] = ", ".join(f"DG{number}" for number in sorted(record.biometrics)) or None
    values["evidence"] = ", ".join(f"{item.kind}={item.reference}" for item in record.evidence) or None
    return details((name, value) for name, value in values.items() if value not in (None, {}))
