"""Biometric information templates of CBEFF, nested as EF.DG2, DG3 and DG4 hold them (ICAO Doc 9303-10 4.7.2 to 4.7.4).

DO 7F61 holds their number and the templates 7F60, each with a header A1 and its data: a record of ISO/IEC 19794 in
5F2E, or a block of ISO/IEC 39794 in 7F2E, which readers must know since 2026 (9303-10 4.5.6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv

RECORD_19794 = 0x5F2E
BLOCK_39794 = 0x7F2E
FACE, FINGER, IRIS = 0x02, 0x08, 0x10
"""Biometric types."""

_GROUP_TEMPLATE = 0x7F61
_INFORMATION_TEMPLATE = 0x7F60
_HEADER_TEMPLATE = 0xA1
_ISSUER_CONTENT = 0x53
_JTC1_SC37 = b"\x01\x01"


class BiometricData(Protocol):
    """What a template holds: images, with what is said about them."""

    TAG: ClassVar[int]
    """``RECORD_19794`` or ``BLOCK_39794``."""

    @classmethod
    def parse(cls, data: bytes, /) -> Self:
        """The value of the data object."""

    def encode(self) -> bytes:
        """The value of the data object."""


Data = TypeVar("Data", bound=BiometricData)
Data_co = TypeVar("Data_co", bound=BiometricData, covariant=True)


@dataclass(frozen=True, slots=True)
class BiometricTemplate(Generic[Data_co]):
    """One biometric information template: the objects of its header, and its data."""

    header: tuple[Tlv, ...]
    data: Data_co

    def encode(self) -> bytes:
        """The template as data object 7F60."""
        header = tlv.encode(_HEADER_TEMPLATE, *(item.encode() for item in self.header))
        return tlv.encode(_INFORMATION_TEMPLATE, header, tlv.encode(self.data.TAG, self.data.encode()))


def header_of(biometric_type: int, subtype: int, format_type: int) -> tuple[Tlv, ...]:
    """The objects of a header: type, subtype (which finger or eye, 9303-10 4.7.3.2.1), owner and type of the format."""
    return (
        Tlv(0x81, bytes((biometric_type,))),
        Tlv(0x82, bytes((subtype,))),
        Tlv(0x87, _JTC1_SC37),
        Tlv(0x88, format_type.to_bytes(2, "big")),
    )


def read_group(item: Tlv, counts: range, kinds: tuple[type[Data], ...]) -> tuple[BiometricTemplate[Data], ...]:
    """The templates in DO 7F61, whose data are of one of the ``kinds``.

    Raises :class:`BadInput` if one is not, or if their number is wrong or not one of ``counts``.
    """
    count, *templates = tlv.parse_all(der.expect(item, _GROUP_TEMPLATE)) or (Tlv(0, b""),)
    if der.read_integer(count) != len(templates) or len(templates) not in counts:
        raise BadInput("biometric-template-count")
    return tuple(_read_template(template, kinds) for template in templates)


def encode_group(templates: Iterable[BiometricTemplate[BiometricData]]) -> bytes:
    """DO 7F61 of the templates."""
    encoded = [template.encode() for template in templates]
    return tlv.encode(_GROUP_TEMPLATE, der.integer(len(encoded)), *encoded)


def _read_template(item: Tlv, kinds: tuple[type[Data], ...]) -> BiometricTemplate[Data]:
    match tlv.parse_all(der.expect(item, _INFORMATION_TEMPLATE)):
        case (Tlv(tag=0xA1) as header, Tlv(tag=tag, value=value)):
            for kind in kinds:
                if tag == kind.TAG:
                    return BiometricTemplate(header.children(), kind.parse(value))
    raise BadInput("biometric-template-malformed")


@dataclass(frozen=True, slots=True)
class AdditionalFeature(Generic[Data_co]):
    """EF.DG3 or EF.DG4: templates, or none where a State that stores this feature could not take it.

    Without templates the file should hold something by the issuer, such as a random number, for else its hash in
    EF.SOD would tell everybody that it is empty (9303-10 4.7.3.2.2, 4.7.4.2.2).
    """

    templates: tuple[BiometricTemplate[Data_co], ...]
    issuer_content: bytes | None = None

    TAG: ClassVar[int]
    COUNTS: ClassVar[range]
    KINDS: ClassVar[tuple[type[Any], ...]]

    def __post_init__(self) -> None:
        if len(self.templates) not in self.COUNTS:
            raise BadInput("biometric-template-count")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The whole file; raises :class:`BadInput` if a template in it is malformed or the number is wrong."""
        group, *others = tlv.parse(data, cls.TAG).children() or (Tlv(0, b""),)
        # The standard names DO 53 for the file without templates, and forbids it in no other.
        if [item.tag for item in others] not in ([], [_ISSUER_CONTENT]):
            raise BadInput("biometric-group-malformed")
        return cls(read_group(group, cls.COUNTS, cls.KINDS), others[0].value if others else None)

    def encode(self) -> bytes:
        """The whole file."""
        content = b"" if self.issuer_content is None else tlv.encode(_ISSUER_CONTENT, self.issuer_content)
        return tlv.encode(self.TAG, encode_group(self.templates), content)
