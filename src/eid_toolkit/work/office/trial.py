"""Would a document come of it? The records of an application are built and checked before anybody approves it.

What is wrong with a name, a number or a picture is told to the clerk who has the person at the counter, not to who
prepares the document days later.
"""

from __future__ import annotations

from collections.abc import Mapping

from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.ground.images.portrait import Portrait
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.issuer_time import issuer_date, zones_of
from eid_toolkit.standards.profiles import DocumentProfile
from eid_toolkit.standards.profiles.numbering import document_number
from eid_toolkit.work.cardspec.authority import SpecimenAuthority
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.personalization.record_check import check_records
from eid_toolkit.work.personalization.records import ChipKeys, Issue, biometric_files, build_records


def try_document(
    office: Office, profile: DocumentProfile, person: PersonData, portrait: Portrait, biometrics: Mapping[int, bytes]
) -> Mapping[ElementaryFile, bytes]:
    """Build all that a document of today would hold, signed by a specimen authority: the files, which nobody keeps.

    ``biometrics`` are whole files by data group. Raises :class:`BadInput` for a name without equivalent in the MRZ, a
    number that does not fit the profile, a file that is too large; :class:`CardWouldNotPass` for data that do not agree
    with each other.
    """
    now, entropy = office.clock.now(), office.entropy
    today = issuer_date(now, profile.issuing_state, zones_of(office.home.config))
    expiry = profile.validity.expiry(today, person.date_of_birth)
    number = document_number(profile, 0, person.personal_number)
    issue = Issue(number, PartialDate.of(today), expiry, office.home.config.authority, now)
    keys, files = ChipKeys.generate(profile, entropy), biometric_files(profile, biometrics, entropy)
    specimen = SpecimenAuthority.create(profile.issuing_state, profile.document_code, now, entropy)
    records = build_records(person, portrait, profile, issue, keys, specimen.signer, specimen.signer_certificate, files)
    check_records(records.files, now)
    return records.files
