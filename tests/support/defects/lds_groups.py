"""Defects of the data groups: what a office writes wrongly into them, with or without a hash that fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eid_toolkit.standards.asn1.security_infos import (
    ActiveAuthenticationInfo,
    ChipAuthenticationPublicKeyInfo,
    TerminalAuthenticationInfo,
)
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg12 import Dg12
from eid_toolkit.standards.lds.ef_cvca import AUTHORITY_REFERENCE, SIZE
from eid_toolkit.standards.lds.face_record import FaceRecord
from eid_toolkit.standards.lds.mrz import Mrz, check_digit
from eid_toolkit.standards.lds.record import Record
from support.conformance import Defect, DefectiveCard
from support.defects.lds import content_of, with_long_length
from support.resigning import infos_of, put, put_infos, replace_group

DG1, DG2, DG11, DG12 = ElementaryFile.DG1, ElementaryFile.DG2, ElementaryFile.DG11, ElementaryFile.DG12
DG14, DG15, CVCA, COM = ElementaryFile.DG14, ElementaryFile.DG15, ElementaryFile.CVCA, ElementaryFile.COM
_ABSENT = 0x5F12


def _issued(file: ElementaryFile, changed: Callable[[bytes], bytes]) -> Defect:
    """A data group that was wrong from the start, so that its hash fits."""

    def put_in(card: DefectiveCard) -> None:
        replace_group(card.memory, file, changed(content_of(card.memory, file)))

    return put_in


def _with_another_tag(content: bytes) -> bytes:
    return b"\x6b" + content[1:]


def _with_line_end(content: bytes) -> bytes:
    return tlv.encode(0x61, tlv.encode(0x5F1F, Dg1.parse(content).mrz.text.encode() + b"\n"))


def _mrz(changed: Callable[[str], str]) -> Defect:
    def rewritten(content: bytes) -> bytes:
        return Dg1(Mrz.of_text(changed(Dg1.parse(content).mrz.text))).encode()

    return _issued(DG1, rewritten)


def _with_wrong_digit(text: str) -> str:
    digit = text[59]
    return text[:59] + str((int(digit) + 1) % 10) + text[60:]


def _born_in_month_13(text: str) -> str:
    """With check digits that fit; line 2 begins with the date, composite digit at its end (9303-5 4.2.2)."""
    birth = text[30:32] + "13" + text[34:36]
    changed = text[:30] + birth + check_digit(birth) + text[37:]
    composite = changed[5:37] + changed[38:45] + changed[48:59]
    return changed[:59] + check_digit(composite) + changed[60:]


def _counts_one_more(content: bytes) -> bytes:
    """The number of templates is one too high."""
    outer = tlv.parse(content)
    group, *others = outer.children()
    count, *templates = group.children()
    more = Tlv(count.tag, bytes((count.value[0] + 1,)))
    body = b"".join(item.encode() for item in (more, *templates))
    return tlv.encode(outer.tag, tlv.encode(group.tag, body), *(item.encode() for item in others))


def _of_a_finger(content: bytes) -> bytes:
    """The header of the face says that it is one of a finger."""
    (template,) = Dg2.parse(content).templates
    header = tuple(Tlv(0x81, b"\x08") if item.tag == 0x81 else item for item in template.header)
    return Dg2((replace(template, header=header),)).encode()


def _with_half_an_image(content: bytes) -> bytes:
    (template,) = Dg2.parse(content).templates
    assert isinstance(template.data, FaceRecord)
    (face,) = template.data.images
    half = replace(face, image=face.image[: len(face.image) // 2])
    return Dg2((replace(template, data=FaceRecord((half,))),)).encode()


def _with_empty_record(content: bytes) -> bytes:
    """One template, with nothing in its record."""
    first = Dg4.parse(content).templates[0]
    header = tlv.encode(0xA1, *(item.encode() for item in first.header))
    template = tlv.encode(0x7F60, header, tlv.encode(0x5F2E))
    return tlv.encode(Dg4.TAG, tlv.encode(0x7F61, der.integer(1), template))


def _record(file: ElementaryFile, changed: Callable[[Record], Record]) -> Defect:
    kind = Dg11 if file is DG11 else Dg12
    return _issued(file, lambda content: kind(changed(kind.parse(content).record)).encode())


def _announcing_more(record: Record) -> Record:
    return replace(record, tags=(*(record.tags or ()), _ABSENT))


def _announcing_less(record: Record) -> Record:
    return replace(record, tags=(record.tags or ())[:-1])


def _with_written_date(tag: int) -> Callable[[Record], Record]:
    """The date as it is printed, not as the file has it."""

    def rewritten(record: Record) -> Record:
        objects = (Tlv(tag, b"12AUG1974") if item.tag == tag else item for item in record.objects)
        return replace(record, objects=tuple(objects))

    return rewritten


def _names_curve(card: DefectiveCard) -> None:
    infos = (
        replace(info, spki=EcPublicKey.from_spki(info.spki).spki(explicit=False))
        if isinstance(info, ChipAuthenticationPublicKeyInfo)
        else info
        for info in infos_of(card.memory)
    )
    put_infos(card.memory, *infos)


def _leaves_signature_algorithm_out(card: DefectiveCard) -> None:
    infos = infos_of(card.memory)
    put_infos(card.memory, *(info for info in infos if not isinstance(info, ActiveAuthenticationInfo)))


def _key_without_algorithm(content: bytes) -> bytes:
    spki = tlv.parse(tlv.parse(content).value, der.SEQUENCE)
    return tlv.encode(0x6F, der.sequence(spki.children()[1].encode()))


def _has_rest_of_older_file(card: DefectiveCard) -> None:
    """A file that was longer before still ends with what it held then."""
    content = content_of(card.memory, COM)
    put(card.memory, COM, content + content[-4:])


def _without_padding(card: DefectiveCard) -> None:
    put(card.memory, CVCA, content_of(card.memory, CVCA).rstrip(b"\x00"))


def _names_a_key_of_seven_characters(card: DefectiveCard) -> None:
    content = content_of(card.memory, CVCA).rstrip(b"\x00")
    put(card.memory, CVCA, (content + tlv.encode(AUTHORITY_REFERENCE, b"UT00001")).ljust(SIZE, b"\x00"))


def _declares_version_2(card: DefectiveCard) -> None:
    infos = (
        replace(info, version=2) if isinstance(info, TerminalAuthenticationInfo) else info
        for info in infos_of(card.memory)
    )
    put_infos(card.memory, *infos)


DEFECTS: dict[str, Defect] = {
    "LDS-24": _issued(DG12, _with_another_tag),
    "LDS-25": _issued(DG1, _with_line_end),
    "LDS-26": _mrz(_with_wrong_digit),
    "LDS-27": _mrz(_born_in_month_13),
    "LDS-28": _issued(DG2, _counts_one_more),
    "LDS-29": _issued(DG2, _of_a_finger),
    "LDS-30": _issued(DG2, _with_half_an_image),
    "LDS-31": _issued(ElementaryFile.DG3, _counts_one_more),
    "LDS-32": _issued(ElementaryFile.DG4, _with_empty_record),
    "LDS-33": _record(DG11, _announcing_more),
    "LDS-34": _record(DG12, _announcing_less),
    "LDS-35": _record(DG11, _with_written_date(0x5F2B)),
    "LDS-36": _record(DG12, _with_written_date(0x5F26)),
    "LDS-37": _has_rest_of_older_file,
    "LDS-38": _issued(DG14, with_long_length),
    "LDS-39": _names_curve,
    "LDS-40": _leaves_signature_algorithm_out,
    "LDS-41": _issued(DG15, _key_without_algorithm),
    "LDS-42": _without_padding,
    "LDS-43": _names_a_key_of_seven_characters,
    "LDS-44": _declares_version_2,
}
