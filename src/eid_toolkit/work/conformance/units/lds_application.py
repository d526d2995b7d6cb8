"""The data groups that tell of the holder and of the document (ICAO Doc 9303-10 4.7)."""

from __future__ import annotations

from collections.abc import Callable

from eid_toolkit.ground.errors import BadInput, EidError
from eid_toolkit.ground.images.portrait import as_jpeg
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.biometric_templates import FACE
from eid_toolkit.standards.lds.dates import check_mrz_date
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.standards.lds.dg3 import Dg3
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg12 import Dg12
from eid_toolkit.standards.lds.record import Record
from eid_toolkit.work.conformance.case import Cases, Condition, Unit
from eid_toolkit.work.conformance.coding import has, parsed, read
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.outcomes import NotConforming
from eid_toolkit.work.conformance.probe import SECURITY_ERRORS, Probe
from eid_toolkit.work.conformance.terminal_rounds import TerminalRounds, testable

case = Cases(Unit.LDS, "The chip was read.")

_DG1, _DG2, _DG3, _DG4 = ElementaryFile.DG1, ElementaryFile.DG2, ElementaryFile.DG3, ElementaryFile.DG4
_DG11, _DG12 = ElementaryFile.DG11, ElementaryFile.DG12
_TYPE, _OWNER, _FORMAT = 0x81, 0x87, 0x88
_JTC1_SC37 = b"\x01\x01"
_REPEATED, _COUNT = 0xA0, 0x02
_NO_EXPIRY = "<<<<<<"
_SHOWN_AS_JPEG = ("image/jpeg", "image/jp2", "image/j2c")


@case(
    24,
    "9303-10 4.7",
    "Every data group is one object with the group's own tag.",
    steps="The first bytes of each data group that was read.",
    expected="The tag of 9303-10 table 38, and a length that ends with the file.",
)
def tags(probe: Probe) -> None:
    for file, content in probe.facts.files.items():
        if file.data_group is not None:
            tag = parsed(content, file.label, tlv.parse).tag
            probe.require(tag == file.tag, f"{file.label} begins with {tag:X} instead of {file.tag or 0:X}")


@case(
    25,
    "9303-10 4.7.1",
    "DG1 contains an MRZ of the document's size.",
    steps="Object 5F1F of DG1.",
    expected="88, 90 or 72 characters of the MRZ.",
    condition=has(_DG1),
)
def mrz_size(probe: Probe) -> None:
    read(probe, _DG1, Dg1.parse)


@case(
    26,
    "9303-3 4.9",
    "The check digits in DG1 are correct.",
    steps="Each check digit of the MRZ.",
    expected="The digit computed with the weights 7, 3 and 1.",
    condition=has(_DG1),
)
def check_digits(probe: Probe) -> None:
    wrong = read(probe, _DG1, Dg1.parse).mrz.wrong_check_digits()
    probe.require(not wrong, f"wrong check digits: {', '.join(wrong)}")


@case(
    27,
    "9303-3 4.8",
    "The dates in DG1 are valid.",
    steps="Date of birth and date of expiry in the MRZ.",
    expected="YYMMDD, with fillers for what is unknown.",
    condition=has(_DG1),
)
def mrz_dates(probe: Probe) -> None:
    mrz = read(probe, _DG1, Dg1.parse).mrz
    for name, text in (("birth", mrz.date_of_birth), ("expiry", mrz.date_of_expiry)):
        if text != _NO_EXPIRY:
            probe.require(_is_date(text), f"the date of {name} is {text}")


def _is_date(text: str) -> bool:
    try:
        check_mrz_date(text)
    except BadInput:
        return False
    return True


@case(
    28,
    "9303-10 4.7.2",
    "DG2 nests its templates as defined by CBEFF.",
    steps="The objects of DG2.",
    expected="75, 7F61 with their number and 7F60 for each, in it A1 and 5F2E or 7F2E with a face record.",
    condition=has(_DG2),
)
def face_templates(probe: Probe) -> None:
    read(probe, _DG2, Dg2.parse)


@case(
    29,
    "9303-10 4.7.2",
    "The header of a template in DG2 identifies it as a face.",
    steps="Objects 81, 87 and 88 in A1 of DG2.",
    expected="Type 02 where there is one; owner 0101 and a type of format.",
    condition=has(_DG2),
)
def face_header(probe: Probe) -> None:
    for template in read(probe, _DG2, Dg2.parse).templates:
        header = tlv.as_mapping(template.header)
        kind = header.get(_TYPE, bytes((FACE,)))
        probe.require(kind == bytes((FACE,)), f"the biometric type is {kind.hex()}")
        probe.require(header.get(_OWNER) == _JTC1_SC37, "the owner of the format is not 0101")
        probe.require(len(header.get(_FORMAT, b"")) == 2, "the type of the format does not have two bytes")


@case(
    30,
    "9303-10 4.7.2",
    "The images in DG2 can be decoded.",
    steps="Each image of DG2 is decoded.",
    expected="JPEG or JPEG 2000 that decodes.",
    condition=has(_DG2),
)
def face_images(probe: Probe) -> None:
    for image in read(probe, _DG2, Dg2.parse).images:
        probe.require(image.media_type in _SHOWN_AS_JPEG, "an image is neither JPEG nor JPEG 2000")
        parsed(image.data, "an image in EF.DG2", as_jpeg)


def _listed_or_protected(file: ElementaryFile) -> Condition:
    def condition(facts: Facts) -> str | None:
        if facts.has(file):
            return None
        return testable(facts) if file in facts.protected else f"{file.label} is not there"

    return condition


def _with_rights(probe: Probe, file: ElementaryFile, parse: Callable[[bytes], object]) -> None:
    """Judges the file, read by Terminal Authentication where it has to be; if that fails, the unit TA tells why."""
    content = probe.facts.files.get(file)
    if content is None:
        try:
            TerminalRounds.opened(probe).finish()
            content = probe.read(file)
        except (EidError, NotConforming):
            return
    parsed(content, file.label, parse)


@case(
    31,
    "9303-10 4.7.3",
    "DG3 nests its templates as defined by CBEFF.",
    steps="The objects of DG3, read with the terminal's rights where it is held back.",
    expected="63, 7F61 with their number and 7F60 for each, in it A1 and 5F2E or 7F2E with a finger record.",
    condition=_listed_or_protected(_DG3),
)
def finger_templates(probe: Probe) -> None:
    _with_rights(probe, _DG3, Dg3.parse)


@case(
    32,
    "9303-10 4.7.4",
    "DG4 nests its templates as defined by CBEFF.",
    steps="The objects of DG4, read with the terminal's rights where it is held back.",
    expected="76, 7F61 with their number and 7F60 for each, in it A1 and 5F2E or 7F2E with an iris record.",
    condition=_listed_or_protected(_DG4),
)
def iris_templates(probe: Probe) -> None:
    _with_rights(probe, _DG4, Dg4.parse)


def _announced_and_there(record: Record) -> tuple[set[int], set[int]]:
    """Tags in the list and of the objects; of a template of repeated objects its contents count, and it may."""
    announced = set(record.tags or ()) - {_REPEATED}
    there = {item.tag for item in record.objects if item.tag != _REPEATED}
    repeated = record.value(_REPEATED)
    inner = {item.tag for item in tlv.parse_all(repeated)} - {_COUNT} if repeated is not None else set()
    return announced | inner, there | inner


def _tag_list(probe: Probe, file: ElementaryFile, record: Record) -> None:
    probe.require(record.tags is not None, f"{file.label} does not begin with a tag list")
    announced, there = _announced_and_there(record)
    for tag in sorted(announced ^ there):
        where = "announced, but not there" if tag in announced else "there, but not announced"
        probe.require(False, f"{file.label}: object {tag:X} is {where}")


@case(
    33,
    "9303-10 4.7.11",
    "The tag list in DG11 names the objects present.",
    steps="Object 5C of DG11 and the objects behind it.",
    expected="The same tags.",
    condition=has(_DG11),
)
def personal_details(probe: Probe) -> None:
    _tag_list(probe, _DG11, read(probe, _DG11, Dg11.parse).record)


@case(
    34,
    "9303-10 4.7.12",
    "The tag list in DG12 names the objects present.",
    steps="Object 5C of DG12 and the objects behind it.",
    expected="The same tags.",
    condition=has(_DG12),
)
def document_details(probe: Probe) -> None:
    _tag_list(probe, _DG12, read(probe, _DG12, Dg12.parse).record)


@case(
    35,
    "9303-10 4.7.11",
    "The date of birth in DG11 is a valid date.",
    steps="Object 5F2B of DG11.",
    expected="YYYYMMDD in eight digits, or four bytes of them; zeros for what is unknown.",
    condition=has(_DG11),
)
def full_date_of_birth(probe: Probe) -> None:
    read(probe, _DG11, lambda content: Dg11.parse(content).date_of_birth)


@case(
    36,
    "9303-10 4.7.12",
    "The date of issue in DG12 is a valid date.",
    steps="Object 5F26 of DG12.",
    expected="YYYYMMDD in eight digits, or four bytes of them.",
    condition=has(_DG12),
)
def date_of_issue(probe: Probe) -> None:
    read(probe, _DG12, lambda content: Dg12.parse(content).date_of_issue)


@case(
    37,
    "9303-10 4.7",
    "No data follows the object of a file.",
    preconditions="The chip was opened and the application selected.",
    steps="READ BINARY of one byte behind the end of EF.COM.",
    expected="An error, no data, or a byte of padding (00 or FF).",
)
def nothing_behind(probe: Probe) -> None:
    probe.open()
    size = len(probe.facts.files.get(ElementaryFile.COM, b""))
    answer = probe.send(commands.read_binary_sfi(ElementaryFile.COM.sfi, size, 1))
    probe.require(answer.sw not in SECURITY_ERRORS, "EF.COM cannot be read any more")
    probe.require(answer.data in (b"", b"\x00", b"\xff"), "there is something behind the end of EF.COM")
