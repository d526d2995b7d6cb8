"""Portraits as an office takes them: measured before anything else, compared with those of others, and what is asked.

What is refused of a picture is refused; what is odd, or equal or near-equal to another person's portrait, somebody may
take all the same: twins exist, and an office may have a reason. That it was taken knowingly is on record with the
application, by codes and identifiers alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.home.named_files import read_file
from eid_toolkit.ground.images.quality import Finding, Measures, Severity

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.portrait_prints import Alike, PortraitPrint
    from eid_toolkit.ground.images.portrait import Examined, PortraitFormat
    from eid_toolkit.work.office.office import Office

ODD, LIKE = "portrait_odd", "portrait_like"
"""In the audit log, of an application: the codes of what was odd, and the applications with such a portrait."""


class Doubts(Protocol):
    """Who is asked about a portrait; each returns if it is taken all the same, and raises if it is not."""

    def odd(self, findings: Sequence[Finding]) -> None:
        """What was measured is odd."""

    def alike(self, others: Sequence[Alike]) -> None:
        """It is equal or near-equal to portraits in applications of other persons."""


@dataclass(frozen=True, slots=True)
class CheckedPortrait:
    """What `eid portrait check` has of one file: the measures, or why there are none."""

    file: str
    measures: Measures | None
    size: tuple[int, int] | None = None
    """Pixels of the finished portrait."""
    bytes: int | None = None
    """Of the finished portrait."""
    error: BadInput | None = None

    @property
    def verdict(self) -> str:
        """``refused``, ``odd`` or ``good``."""
        if self.measures is None:
            return str(Severity.REFUSED)
        return str(self.measures.findings[0].severity) if self.measures.findings else "good"


def check_portrait(file: Path, wanted: PortraitFormat) -> CheckedPortrait:
    """Measure a file as an application would, and keep nothing of it."""
    from eid_toolkit.ground.images.portrait import MAX_FILE, examine_portrait

    try:
        done = examine_portrait(read_file(file, MAX_FILE), wanted)
    except BadInput as error:
        return CheckedPortrait(str(file), None, error=error)
    picture = done.portrait
    return CheckedPortrait(str(file), done.measures, (picture.width, picture.height), len(picture.image))


def format_of(profile: str | None, home: Path) -> PortraitFormat:
    """What a profile of the home at this place, or of the package, asks of a portrait; a usual format without one.

    There need not be a home.
    """
    from eid_toolkit.ground.images.portrait import PortraitFormat
    from eid_toolkit.standards.profiles import load_profile

    if profile is None:
        return PortraitFormat(*_USUAL)
    own = home / _PROFILES
    return load_profile(profile, [own] if own.is_dir() else []).portrait


def refuse(measures: Measures) -> None:
    """Raises :class:`BadInput` with the first thing for which the portrait is refused."""
    for finding in measures.findings:
        if finding.severity is Severity.REFUSED:
            raise BadInput(finding.code, **finding.facts())


def accepted(data: bytes, wanted: PortraitFormat) -> Examined:
    """The portrait of an image file, if it is not refused."""
    from eid_toolkit.ground.images.portrait import examine_portrait

    done = examine_portrait(data, wanted)
    refuse(done.measures)
    return done


def print_of(done: Examined) -> PortraitPrint:
    """What the portrait is compared by."""
    from eid_toolkit.books.register.documents.portrait_prints import print_of as print_of_portrait

    return print_of_portrait(done.portrait, done.fingerprint)


def others_with(office: Office, done: Examined, person: str) -> tuple[Alike, ...]:
    """The applications of other persons whose portrait is equal or near-equal."""
    return office.register.applications.alike(print_of(done), person)


def noted(findings: Sequence[Finding], others: Sequence[Alike]) -> Mapping[str, object]:
    """What goes on record with an application: codes and identifiers."""
    return noted_codes([finding.code for finding in findings], [each.application for each in others])


def noted_codes(odd: Sequence[str], like: Sequence[str]) -> Mapping[str, object]:
    """As :func:`noted`, of codes and identifiers."""
    return {name: list(told) for name, told in ((ODD, odd), (LIKE, like)) if told}


_USUAL = (413, 531, 18_000)
"""Pixels and bytes of a portrait of 35 by 45 mm at 300 dots an inch: what the profiles of the package ask for."""
_PROFILES = "profiles"
