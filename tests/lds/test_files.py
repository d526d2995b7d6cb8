"""Each file builds, parses, and builds again to the same bytes."""

from __future__ import annotations

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.security_infos import PaceInfo, SecurityInfos
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg3 import Dg3
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg12 import Dg12
from eid_toolkit.standards.lds.dg13 import Dg13
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.lds.ef_dir import EfDir
from eid_toolkit.standards.lds.finger_record import Finger, FingerView
from eid_toolkit.standards.lds.iris_record import Eye
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.lds.registry import parse_file, recognise
from eid_toolkit.standards.lds.vietnam import NationalField, VietnamNationalData
from support.specimen_passport import needs_specimen, specimen_file

INFOS = SecurityInfos.of(PaceInfo("0.4.0.127.0.7.2.2.4.2.2", 2, 13))
MRZ = Mrz.of_text("IDVNM0990000176000099000017<<69901018M3901016VNM<<<<<<<<<<<8NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<")
NATIONAL = VietnamNationalData.of(
    {
        NationalField.IDENTITY_NUMBER: "000099000017",
        NationalField.FULL_NAME: "Nguyễn Văn An",
        NationalField.PLACE_OF_RESIDENCE: "Số 1, " + "Phố Thử Nghiệm, " * 20,
        NationalField.PARENTS: ("Nguyễn Văn Mẫu", "Trần Thị Ví Dụ"),
    }
)
FILES = {
    ElementaryFile.ATR_INFO: AtrInfo.of(1000, 65535),
    ElementaryFile.CARD_ACCESS: CardAccess(INFOS),
    ElementaryFile.COM: Com.of_data_groups([1, 2, 14]),
    ElementaryFile.DG1: Dg1(MRZ),
    ElementaryFile.DG3: Dg3.of_fingers(FingerView(b"raw", 1, 3, Finger.LEFT_THUMB)),
    ElementaryFile.DG4: Dg4.of_irises((Eye.RIGHT, b"raw"), width=1, height=3),
    ElementaryFile.DG11: Dg11.of(
        primary_identifier="Nguyễn",
        secondary_identifier="Văn An",
        other_names=("An", "Ẩn"),
        personal_number="1",
        date_of_birth=PartialDate(1999, 1, None),
        place_of_birth=("Hà Nội", "Việt Nam"),
    ),
    ElementaryFile.DG12: Dg12.of(
        date_of_issue=PartialDate(2026, 11, 24),
        issuing_authority="Authority",
        other_persons=("A", "B"),
        observations="none",
        personalization_time="20261124120000",
        personalization_system="1",
    ),
    ElementaryFile.DG13: Dg13(NATIONAL.encode()),
    ElementaryFile.DG14: Dg14(INFOS),
    ElementaryFile.DG15: Dg15(der.sequence(der.sequence(), der.bit_string(b"key"))),
    ElementaryFile.DIR: EfDir(),
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.label)
def test_a_built_file_is_recognised_and_parsed_back(file: ElementaryFile) -> None:
    data = FILES[file].encode()
    assert recognise(data) is file
    parsed = parse_file(file, data)
    assert parsed == FILES[file]
    assert parsed.encode() == data


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.label)
def test_bytes_behind_a_file_are_an_error(file: ElementaryFile) -> None:
    with pytest.raises(BadInput):
        parse_file(file, FILES[file].encode() + b"\0")


@pytest.mark.parametrize("number", [5, 6, 7, 8, 9, 10, 16])
def test_data_groups_without_a_class_pass_through(number: int) -> None:
    file = ElementaryFile.of_data_group(number)
    assert file.tag is not None
    data = tlv.encode(file.tag, b"whatever the State puts here")
    assert recognise(data) is file
    assert parse_file(file, data).encode() == data
    with pytest.raises(BadInput):
        parse_file(file, tlv.encode(0x61, b""))


@needs_specimen
@pytest.mark.parametrize("name", ["COM", "DG1", "DG2", "DG3", "DG4", "DG5", "DG7", "DG11", "DG12", "DG14", "DG15"])
def test_every_file_of_the_published_specimen_is_read_and_written(name: str) -> None:
    data = specimen_file(name)
    file = recognise(data)
    assert file is ElementaryFile[name]
    assert parse_file(file, data).encode() == data


@needs_specimen
def test_what_the_published_specimen_says() -> None:
    mrz = Dg1.parse(specimen_file("DG1")).mrz
    assert (mrz.primary_identifier, mrz.secondary_identifier, mrz.issuing_state) == ("MUSTERMANN", "ERIKA", "D")
    assert mrz.wrong_check_digits() == ()
    assert Com.parse(specimen_file("COM")).data_groups == (1, 2, 3, 14)
    details = Dg11.parse(specimen_file("DG11"))
    assert details.other_names == ("William",)
    assert details.date_of_birth == PartialDate(1970, 1, 1)  # four bytes BCD
    document = Dg12.parse(specimen_file("DG12"))  # has no tag list
    assert document.date_of_issue == PartialDate(2024, 1, 1)
    assert document.personalization_time == "20240101123059"


def test_the_ef_com_of_the_standards_worked_example() -> None:
    # ICAO 9303-11 D.4
    data = bytes.fromhex("60145F0104303130365F36063034303030305C026175")
    com = Com.parse(data)
    assert (com.lds_version, com.unicode_version, com.data_groups) == ("0106", "040000", (1, 2))
    assert com.encode() == data


def test_sizes_in_atr_info_are_those_of_whole_commands_and_responses() -> None:
    info = AtrInfo.parse(AtrInfo.of(1000, 65535).encode())
    assert info.extended_length == (1000, 65535)
    assert info.supports_chaining
    assert info.supports_extended_length
    assert AtrInfo.parse(b"").extended_length is None


def test_the_directory_names_the_application() -> None:
    assert EfDir().encode() == bytes.fromhex("61094F07A0000002471001")
    assert EfDir.parse(EfDir().encode()).applications == (EMRTD_AID,)


def test_names_in_dg11_are_in_national_letters() -> None:
    details = Dg11.parse(FILES[ElementaryFile.DG11].encode())
    assert (details.primary_identifier, details.secondary_identifier) == ("Nguyễn", "Văn An")
    assert details.other_names == ("An", "Ẩn")
    assert details.place_of_birth == ("Hà Nội", "Việt Nam")
    assert details.date_of_birth == PartialDate(1999, 1, None)
    assert details.address == ()
    assert details.title is None


def test_text_that_is_no_utf_8_is_read_as_latin_1() -> None:
    data = tlv.encode(0x6B, tlv.encode(0x5C, b"\x5f\x0e"), tlv.encode(0x5F0E, "Müller<<Jörg".encode("latin-1")))
    assert Dg11.parse(data).primary_identifier == "Müller"
    assert Dg11.parse(data).encode() == data


def test_a_date_that_is_none_is_bad_input_only_where_it_is_asked_for() -> None:
    details = Dg11.parse(tlv.encode(0x6B, tlv.encode(0x5F2B, b"19991399")))
    assert details.personal_number is None
    with pytest.raises(BadInput):
        _ = details.date_of_birth


def test_the_national_data_is_read_with_and_without_an_outer_sequence() -> None:
    for outer in (True, False):
        data = VietnamNationalData(NATIONAL.elements, outer)
        assert VietnamNationalData.parse(data.encode()) == data
        assert Dg13.parse(Dg13(data.encode()).encode()).vietnam() == data
        assert data.text(NationalField.FULL_NAME) == "Nguyễn Văn An"
        assert data.texts(NationalField.PARENTS) == ("Nguyễn Văn Mẫu", "Trần Thị Ví Dụ")
        assert len(data.text(NationalField.PLACE_OF_RESIDENCE) or "") > 255
        assert data.text(NationalField.RELIGION) is None


def test_one_element_alone_is_not_taken_for_an_outer_sequence() -> None:
    one = VietnamNationalData.of({NationalField.IDENTITY_NUMBER: "1"}, outer_sequence=False)
    assert VietnamNationalData.parse(one.encode()) == one


def test_the_identity_number_is_printable_and_names_are_utf_8() -> None:
    elements = dict(NATIONAL.elements)
    assert elements[1] == (Tlv(der.PRINTABLE_STRING, b"000099000017"),)
    assert elements[2][0].tag == der.UTF8_STRING
