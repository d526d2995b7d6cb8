"""The record set of a card: every file builds, parses, and says the same as the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.images.portrait import Portrait
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.asn1.security_infos import ActiveAuthenticationInfo, ChipAuthenticationPublicKeyInfo
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg12 import Dg12
from eid_toolkit.standards.lds.dg13 import Dg13
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.standards.lds.vietnam import NationalField
from eid_toolkit.standards.pki.cms import verify_signed_data
from eid_toolkit.standards.profiles import DocumentProfile, load_profile
from eid_toolkit.work.personalization.records import ChipKeys, Issue, RecordSet, build_records
from support.authorities import NOW, Authority, new_key
from support.homes import UTOPIAN, VIETNAMESE

PORTRAIT = Portrait(b"\xff\xd8\xff\xe0 an image file \xff\xd9", 413, 531)
KEY = new_key()
ISSUE = Issue("U12345678", PartialDate(2026, 3, 11), PartialDate(2036, 3, 10), "Ministry", NOW)


def built(
    profile_name: str, values: dict[str, str], issue: Issue = ISSUE
) -> tuple[RecordSet, ChipKeys, DocumentProfile]:
    profile = load_profile(profile_name)
    keys = ChipKeys.generate(profile, SystemEntropy())
    signer = Authority(profile.issuing_state).signer(KEY)
    person = PersonData.from_text(values)
    return build_records(person, PORTRAIT, profile, issue, keys, KEY, signer), keys, profile


@pytest.mark.parametrize(
    ("profile_name", "values"), [("utopia-id", UTOPIAN), ("sgp-id", UTOPIAN), ("vn-cccd", VIETNAMESE)]
)
def test_every_file_parses_and_they_agree(profile_name: str, values: dict[str, str]) -> None:
    records, keys, profile = built(profile_name, values)
    files = records.files
    groups = {file.data_group: content for file, content in files.items() if file.data_group}
    assert tuple(sorted(groups)) == profile.data_groups == Com.parse(files[ElementaryFile.COM]).data_groups

    sod = Sod.parse(files[ElementaryFile.SOD])
    assert set(sod.hashes) == set(groups)
    assert all(sod.covers(number, content) for number, content in groups.items())
    assert sod.signer_certificate is not None and verify_signed_data(sod.signed_data, sod.signer_certificate)

    assert Dg1.parse(groups[1]).mrz == records.mrz
    assert records.mrz.wrong_check_digits() == ()
    assert Dg2.parse(groups[2]).portrait.data == PORTRAIT.image
    assert Dg12.parse(groups[12]).date_of_issue == ISSUE.date_of_issue

    signed, open_ = Dg14.parse(groups[14]).security_infos, CardAccess.parse(files[ElementaryFile.CARD_ACCESS])
    assert set(open_.security_infos.entries) < set(signed.entries)  # 9303-11 4.2
    assert keys.chip_authentication is not None and keys.active_authentication is not None
    (chip_key,) = signed.of_type(ChipAuthenticationPublicKeyInfo)
    assert EcPublicKey.from_spki(chip_key.spki) == keys.chip_authentication.public_key
    assert chip_key.spki == keys.chip_authentication.public_key.spki(explicit=True)
    assert len(signed.of_type(ActiveAuthenticationInfo)) == 1
    assert EcPublicKey.from_spki(Dg15.parse(groups[15]).spki) == keys.active_authentication.public_key


def test_personal_details_are_in_national_letters() -> None:
    records, _, _ = built("utopia-id", {**UTOPIAN, "primary_identifier": "Müller", "place_of_birth": "Zenith, Utopia"})
    details = Dg11.parse(records.files[ElementaryFile.DG11])
    assert (details.primary_identifier, details.secondary_identifier) == ("Müller", "Anna Maria")
    assert details.place_of_birth == ("Zenith", "Utopia")
    assert details.date_of_birth == PartialDate(1974, 8, None)
    assert records.mrz.date_of_birth == "7408<<"


def test_vietnamese_national_data_is_in_dg13() -> None:
    records, _, _ = built(
        "vn-cccd", {**VIETNAMESE, "former_number": "012345678"}, replace(ISSUE, document_number="000000017")
    )
    data = Dg13.parse(records.files[ElementaryFile.DG13]).vietnam()
    assert data.text(NationalField.FULL_NAME) == "Nguyễn Văn An"
    assert data.text(NationalField.DATE_OF_BIRTH) == "31/01/1990"
    assert data.texts(NationalField.PARENTS) == ("Nguyễn Văn Bình", "")
    assert data.text(NationalField.OLD_IDENTITY_NUMBER) == "012345678"
    assert data.text(NationalField.RELIGION) is None
    assert records.mrz.text[15:30] == "099000000017<<6"


def test_a_document_without_expiry_says_so_everywhere() -> None:
    profile = load_profile("vn-cccd")
    born = PartialDate.parse("1950-01-31")
    assert profile.validity.expiry(date(2026, 3, 11), born) is None
    records, _, _ = built("vn-cccd", {**VIETNAMESE, "date_of_birth": "1950-01-31"}, replace(ISSUE, date_of_expiry=None))
    assert records.mrz.date_of_expiry == "<<<<<<"
    assert (
        Dg13.parse(records.files[ElementaryFile.DG13]).vietnam().text(NationalField.DATE_OF_EXPIRY) == "Không thời hạn"
    )


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(BadInput, match="mrz-field-too-long"):
        built("sgp-id", {**UTOPIAN, "personal_number": "1" * 30})
    with pytest.raises(BadInput, match="name-not-transliterable"):
        built("utopia-id", {**UTOPIAN, "primary_identifier": "李"})


def test_nothing_of_a_record_set_is_in_its_repr() -> None:
    records, keys, _ = built("utopia-id", UTOPIAN)
    assert "ERIKSSON" not in repr(records)
    assert keys.chip_authentication is not None
    assert keys.chip_authentication.scalar.reveal().hex() not in repr(keys)
