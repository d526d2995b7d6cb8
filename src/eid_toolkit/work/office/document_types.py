"""Document types: which there are, what speaks against issuing by one, and new ones out of those there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, EidError, NotPermitted
from eid_toolkit.ground.home import undo
from eid_toolkit.standards.profiles import list_profiles
from eid_toolkit.standards.profiles.drafting import draft_profile
from eid_toolkit.standards.profiles.loading import is_profile_name, profile_bytes, read_profile
from eid_toolkit.work.office.act import act, by_one
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.standards.profiles import DocumentProfile


@dataclass(frozen=True, slots=True)
class DocumentType:
    """A profile, whether it is the home's own, and whether the home issues for its state."""

    profile: DocumentProfile
    own: bool
    issued_here: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """What speaks against issuing documents by a profile today; nothing does if there is no objection."""

    profile: DocumentProfile
    objections: tuple[EidError, ...]
    tried_with: str | None
    """The specimen person of whom a document was built for trial; None where none fits the profile's numbers."""
    size: int | None
    """Bytes of the files that were built."""


def document_types(office: Office) -> Iterator[DocumentType | BadInput]:
    """Each profile, by name; why one cannot be read, where it cannot."""
    shipped = set(list_profiles())
    states = office.authorities.states()
    for name in list_profiles([office.home.profiles]):
        try:
            profile = office.profile(name)
        except BadInput as error:
            yield error
        else:
            yield DocumentType(profile, name not in shipped, profile.issuing_state in states)


def check(office: Office, name: str, data: bytes | None) -> Checked:
    """Check a profile by its name, or one in a file; raises :class:`BadInput` for one that cannot be read at all."""
    from eid_toolkit.standards.lds.issuer_time import issuer_date, zones_of

    profile = office.profile(name) if data is None else read_profile(name, data)
    objections: list[EidError] = []
    today = issuer_date(office.clock.now(), profile.issuing_state, zones_of(office.home.config))
    if profile.issuing_state not in office.authorities.states():
        objections.append(NotPermitted("profile-of-another-state", profile=name, state=profile.issuing_state))
    try:
        profile.check_issue_date(today)
    except BadInput as error:
        objections.append(error)
    try:
        tried, size = _tried(office, profile)
    except EidError as error:
        return Checked(profile, (*objections, error), None, None)
    return Checked(profile, tuple(objections), tried, size)


def _tried(office: Office, profile: DocumentProfile) -> tuple[str | None, int | None]:
    """Build a document of the first specimen person whose number the profile lets one have."""
    from eid_toolkit.books.register.people.person_data import PersonData
    from eid_toolkit.ground.images.portrait import make_portrait
    from eid_toolkit.work.office.trial import try_document
    from eid_toolkit.work.specimens import persons

    for specimen in persons():
        data = PersonData.from_text(specimen.record)
        try:
            profile.check_identity_number(data.personal_number)
        except BadInput:
            continue
        files = try_document(office, profile, data, make_portrait(specimen.portrait(), profile.portrait), {})
        return data.name, sum(map(len, files.values()))
    return None, None


def new(office: Office, name: str, source: str, changes: Mapping[str, str], years: int | None) -> DocumentProfile:
    """A new profile of the home, like ``source`` but for the ``changes``; on record.

    Raises :class:`BadInput` if it would be none, or the name is taken or not one.
    """
    if not is_profile_name(name):
        raise BadInput("profile-name-malformed", profile=name)
    if name in list_profiles([office.home.profiles]):
        raise BadInput("profile-name-taken", profile=name)
    text = profile_bytes(source, [office.home.profiles]).decode()
    data = draft_profile(text, changes, years=years).encode()
    profile = read_profile(name, data)
    told = {"profile_hash": profile.hash, "like": source}
    with act(office, by_one(Permission.MANAGE_KEYS), "profile.add", name, told) as doing:
        undo.change(office.home.profiles / f"{name}.toml", data)
        doing.done("profile.added", told)
    return profile
