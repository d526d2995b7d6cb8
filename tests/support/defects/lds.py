"""Defects of the files: what a office writes wrongly into the master file, EF.COM and EF.SOD."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.standards.asn1.oids import LDS_SECURITY_OBJECT, PaceProtocol
from eid_toolkit.standards.asn1.security_infos import PaceInfo, SecurityInfos, UnknownSecurityInfo
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.ef_dir import EfDir
from eid_toolkit.standards.lds.security_object import LdsSecurityObject
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.standards.pki.cms import build_signed_data
from support.conformance import Defect, DefectiveCard
from support.resigning import DIGEST, document_signer, put, secured_infos_of, sign_card_security

CARD_ACCESS, CARD_SECURITY = ElementaryFile.CARD_ACCESS, ElementaryFile.CARD_SECURITY
COM, SOD = ElementaryFile.COM, ElementaryFile.SOD
TRIPLE_DES = PaceProtocol.of("ecdh", "gm", "3des").oid


def writes(file: ElementaryFile, changed: Callable[[bytes], bytes]) -> Defect:
    """The file as the office spoilt it; nothing is signed again."""

    def put_in(card: DefectiveCard) -> None:
        put(card.memory, file, changed(content_of(card.memory, file)))

    return put_in


def content_of(memory: CardMemory, file: ElementaryFile) -> bytes:
    return memory.part(EmrtdMemory).files[file].content


def with_long_length(content: bytes) -> bytes:
    """The outermost length in one byte more than it needs."""
    _, start, length = tlv.read_header(content)
    size = len(tlv.encode_length(length))
    longer = b"\x81" if size == 1 else bytes((0x80 + size,))
    return content[: start - size] + longer + length.to_bytes(size, "big") + content[start:]


def _card_access(changed: Callable[[SecurityInfos], SecurityInfos]) -> Defect:
    return writes(CARD_ACCESS, lambda content: CardAccess(changed(CardAccess.parse(content).security_infos)).encode())


def _with_pace(info: PaceInfo) -> Defect:
    return _card_access(lambda infos: SecurityInfos.of(*infos.entries, info))


def _reversed(infos: SecurityInfos) -> SecurityInfos:
    return SecurityInfos(infos.entries[::-1])


def flip_last_bit(content: bytes) -> bytes:
    """Of a CMS structure that is the last bit of the signature."""
    return content[:-1] + bytes((content[-1] ^ 1,))


def _secures_chip_alone(card: DefectiveCard) -> None:
    """EF.CardSecurity was made without the SecurityInfos of EF.CardAccess."""
    infos = (info for info in secured_infos_of(card.memory) if not isinstance(info, PaceInfo))
    sign_card_security(card.memory, *infos)


def _secures_more(card: DefectiveCard) -> None:
    """EF.CardSecurity has an entry of the maker's own that DG14 lacks."""
    own = UnknownSecurityInfo("1.3.6.1.4.1.1", der.sequence(der.object_identifier("1.3.6.1.4.1.1"), der.integer(1)))
    sign_card_security(card.memory, *secured_infos_of(card.memory), own)


def _declares_one_buffer(card: DefectiveCard) -> None:
    """EF.ATR/INFO has the size of commands alone; the chip itself takes what it took before."""
    sizes = card._session.buffers()
    writes(ElementaryFile.ATR_INFO, _without_last_size)(card)

    def on_reset(card: DefectiveCard) -> None:
        card._session.buffers = lambda: sizes

    card.defects.on_reset.append(on_reset)


def _without_last_size(content: bytes) -> bytes:
    objects = AtrInfo.parse(content).objects
    cut = [replace(item, value=item.value[: len(item.value) // 2]) if item.tag == 0x7F66 else item for item in objects]
    return AtrInfo(tuple(cut)).encode()


def _lists_another_application(content: bytes) -> bytes:
    return EfDir(((Tlv(0x4F, EMRTD_AID[:-1] + b"\x02"),),)).encode()


def _com(**changes: str) -> Defect:
    return writes(COM, lambda content: replace(Com.parse(content), **changes).encode())


def _com_tags(changed: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Defect:
    return writes(COM, lambda content: replace(Com.parse(content), tags=changed(Com.parse(content).tags)).encode())


def _signs(changed: Callable[[LdsSecurityObject], bytes]) -> Defect:
    """EF.SOD over another LDSSecurityObject, with a good signature."""

    def put_in(card: DefectiveCard) -> None:
        key, certificate = document_signer()
        content = changed(Sod.parse(content_of(card.memory, SOD)).security_object)
        cms = build_signed_data(content, LDS_SECURITY_OBJECT, key, certificate.der, DIGEST)
        put(card.memory, SOD, tlv.encode(0x77, cms))

    return put_in


def _signs_version(lds_version: str) -> Defect:
    return _signs(lambda found: replace(found, lds_version=lds_version).encode())


def _with_digest_parameters(found: LdsSecurityObject) -> bytes:
    version, algorithm, *rest = tlv.parse(found.encode(), der.SEQUENCE).children()
    with_null = Tlv(der.SEQUENCE, algorithm.value + der.null())
    return der.sequence(*(part.encode() for part in (version, with_null, *rest)))


def _forgets_a_group(card: DefectiveCard) -> None:
    """DG12 was hashed and listed, but not written."""
    del card.memory.part(EmrtdMemory).files[ElementaryFile.DG12]


def _signed_data(changed: Callable[[list[Tlv]], list[Tlv]]) -> Defect:
    """The parts of SignedData in EF.SOD, changed."""

    def rewritten(content: bytes) -> bytes:
        content_type, wrapped = tlv.parse(tlv.parse(content, 0x77).value, der.SEQUENCE).children()
        parts = changed(list(tlv.parse(wrapped.value, der.SEQUENCE).children()))
        signed = der.sequence(*(part.encode() for part in parts))
        return tlv.encode(0x77, der.sequence(content_type.encode(), tlv.encode(wrapped.tag, signed)))

    return writes(SOD, rewritten)


def _in_version_1(parts: list[Tlv]) -> list[Tlv]:
    return [Tlv(der.INTEGER, b"\x01"), *parts[1:]]


def _without_certificates(parts: list[Tlv]) -> list[Tlv]:
    return [part for part in parts if part.tag != 0xA0]


DEFECTS: dict[str, Defect] = {
    "LDS-01": writes(CARD_ACCESS, with_long_length),
    "LDS-02": _card_access(_reversed),
    "LDS-03": _with_pace(PaceInfo(TRIPLE_DES, 1, 13)),
    "LDS-04": _with_pace(PaceInfo(TRIPLE_DES, 2, 19)),
    "LDS-05": _with_pace(PaceInfo(TRIPLE_DES, 2, 13)),
    "LDS-06": writes(CARD_SECURITY, flip_last_bit),
    "LDS-07": _secures_chip_alone,
    "LDS-08": _secures_more,
    "LDS-09": _declares_one_buffer,
    "LDS-10": writes(ElementaryFile.DIR, _lists_another_application),
    "LDS-11": writes(COM, with_long_length),
    "LDS-12": _com(lds_version="0109"),
    "LDS-13": _com_tags(lambda tags: (*tags, 0x77)),
    "LDS-14": _com_tags(lambda tags: tuple(tag for tag in tags if tag != 0x75)),
    "LDS-15": _com_tags(lambda tags: tuple(tag for tag in tags if tag != 0x6F)),
    "LDS-16": _com(lds_version="0107"),
    "LDS-17": _signs_version("0107"),
    "LDS-18": _forgets_a_group,
    "LDS-19": _signed_data(_in_version_1),
    "LDS-20": _signed_data(_without_certificates),
    "LDS-21": writes(SOD, flip_last_bit),
    "LDS-22": writes(ElementaryFile.DG12, lambda content: content.replace(b"Specimen", b"Specimem")),
    "LDS-23": _signs(_with_digest_parameters),
}
