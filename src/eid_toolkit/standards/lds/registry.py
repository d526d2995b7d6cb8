"""Which class reads which file, and which file some bytes are (ICAO Doc 9303-10 3.11, 4.6 and 4.7)."""

from __future__ import annotations

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.card_security import CardSecurity
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.standards.lds.dg3 import Dg3
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg12 import Dg12
from eid_toolkit.standards.lds.dg13 import Dg13
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.lds.ef_dir import EfDir
from eid_toolkit.standards.lds.opaque import OpaqueFile
from eid_toolkit.standards.lds.sod import Sod

ParsedFile = (
    AtrInfo
    | CardAccess
    | CardSecurity
    | Com
    | Dg1
    | Dg2
    | Dg3
    | Dg4
    | Dg11
    | Dg12
    | Dg13
    | Dg14
    | Dg15
    | EfDir
    | OpaqueFile
    | Sod
)

_CLASSES: dict[ElementaryFile, type[ParsedFile]] = {
    ElementaryFile.ATR_INFO: AtrInfo,
    ElementaryFile.CARD_ACCESS: CardAccess,
    ElementaryFile.CARD_SECURITY: CardSecurity,
    ElementaryFile.COM: Com,
    ElementaryFile.DG1: Dg1,
    ElementaryFile.DG2: Dg2,
    ElementaryFile.DG3: Dg3,
    ElementaryFile.DG4: Dg4,
    ElementaryFile.DG11: Dg11,
    ElementaryFile.DG12: Dg12,
    ElementaryFile.DG13: Dg13,
    ElementaryFile.DG14: Dg14,
    ElementaryFile.DG15: Dg15,
    ElementaryFile.DIR: EfDir,
    ElementaryFile.SOD: Sod,
}
_SET, _APPLICATION_TEMPLATE, _AID = 0x31, 0x61, 0x4F
_ATR_INFO_TAGS = frozenset({0x43, 0x46, 0x47, 0x7F66})
_BY_TAG = {file.tag: file for file in ElementaryFile if file.tag is not None}


def parse_file(file: ElementaryFile, data: bytes) -> ParsedFile:
    """The content of a whole EF; data groups without a class of their own pass through as they are.

    Raises :class:`BadInput` if the bytes are no such file.
    """
    parsed = _CLASSES.get(file, OpaqueFile).parse(data)
    if isinstance(parsed, OpaqueFile) and file.tag is not None and parsed.tag != file.tag:
        raise BadInput("tlv-unexpected-tag", tag=f"{parsed.tag:X}", expected=f"{file.tag:X}")
    return parsed


def recognise(data: bytes) -> ElementaryFile | None:
    """Which EF the bytes are by their first tags, or None; nothing else of them is looked at."""
    tag, value, _ = tlv.read_header(data)
    if tag == _SET:
        return ElementaryFile.CARD_ACCESS
    if tag in _ATR_INFO_TAGS:
        return ElementaryFile.ATR_INFO
    if tag == _APPLICATION_TEMPLATE and data[value : value + 1] == bytes((_AID,)):
        return ElementaryFile.DIR
    return _BY_TAG.get(tag)
