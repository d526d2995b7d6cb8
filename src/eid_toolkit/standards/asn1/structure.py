"""Any object of the standards' ASN.1 modules, field by field under the names that it has there (X.680)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from asn1crypto import core

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1 import oids
from eid_toolkit.standards.asn1.declared import FAULTS, load
from eid_toolkit.standards.asn1.modules import (
    algorithms,
    cms,
    csca_master_list,
    deviation_list,
    icao_extensions,
    lds_security_object,
    pkcs10,
    pkix,
    security_infos,
)
from eid_toolkit.standards.asn1.names import name_of
from eid_toolkit.standards.codec import ber, der, tlv

Kind = type[core.Asn1Value]

_OUTERMOST: tuple[Kind, ...] = (
    cms.ContentInfo,
    pkix.Certificate,
    pkix.CertificateList,
    pkcs10.CertificationRequest,
    csca_master_list.CscaMasterList,
    security_infos.SecurityInfos,
    lds_security_object.LDSSecurityObject,
)
_FILES: dict[int, Kind] = {
    0x77: cms.ContentInfo,  # EF.SOD
    0x6E: security_infos.SecurityInfos,  # EF.DG14
    0x6F: pkix.SubjectPublicKeyInfo,  # EF.DG15
}
"""Files of a card that hold one object under a tag of their own."""
_CONTENTS: dict[str, Kind] = {
    oids.LDS_SECURITY_OBJECT: lds_security_object.LDSSecurityObject,
    oids.CSCA_MASTER_LIST: csca_master_list.CscaMasterList,
    oids.DEVIATION_LIST: deviation_list.DeviationList,
    oids.SECURITY_OBJECT: security_infos.SecurityInfos,
}
_EXTENSIONS = pkix.EXTENSIONS | icao_extensions.EXTENSIONS
_ELEMENTS: dict[Kind, Kind] = {
    cms.CertificateSet: pkix.Certificate,
    cms.RevocationInfoChoices: pkix.CertificateList,
    csca_master_list.CertList: pkix.Certificate,
}
_TYPES: dict[Kind, str] = {
    core.Any: "ANY",
    core.BitString: "BIT STRING",
    core.Boolean: "BOOLEAN",
    core.Enumerated: "ENUMERATED",
    core.Integer: "INTEGER",
    core.Null: "NULL",
    core.ObjectIdentifier: "OBJECT IDENTIFIER",
    core.OctetBitString: "BIT STRING",
    core.OctetString: "OCTET STRING",
    core.ParsableOctetString: "OCTET STRING",
}
_WIDEST_DECIMAL = 64


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object; ``name`` is empty for the outermost one, and for an element of a series."""

    name: str
    type: str
    value: str | None = None
    fields: tuple[Field, ...] = ()


def structure(data: bytes) -> Field:
    """The whole object; raises :class:`BadInput`: ``asn1-unknown`` for what is of none of the modules.

    What begins as an object, but is cut off or beyond the limits of ``codec.ber``, is refused for that.
    """
    kinds, tag = _OUTERMOST, tlv.read_any_header(data)[0]
    if tag in _FILES:
        kinds, data = (_FILES[tag],), tlv.parse(data).value
    elif tag not in (der.SEQUENCE, der.SET):
        raise BadInput("asn1-unknown")
    definite = ber.to_definite(data)
    for kind in kinds:
        if (value := _read(kind, definite)) is not None:
            return _field("", value)
    raise BadInput("asn1-unknown")


def _read(kind: Kind, data: bytes, read: Callable[[Kind, bytes], Any] = lambda kind, data: kind.load(data)) -> Any:
    """``data`` as ``kind`` if every field of it is as declared, else None."""
    try:
        read(kind, data).dump(force=True)
        return read(kind, data)  # as it came
    except (BadInput, *FAULTS):
        return None


def _field(name: str, value: Any, contained: Kind | None = None) -> Field:
    """The field with all that lies in it, or with its octets where they are not of its type."""
    try:
        return _opened(name, value, contained)
    except FAULTS:
        return Field(name, _type(value), value.dump().hex().upper())


def _opened(name: str, value: Any, contained: Kind | None) -> Field:
    """``contained`` is the type of what the octets or bits hold."""
    if isinstance(value, core.Choice):
        return _field(f"{name} {value.name}".lstrip(), value.chosen)
    if contained is not None and (inner := _read(contained, value.native, load)) is not None:
        within = _field("", inner)
        return Field(name, f"{_type(value)} (CONTAINING {within.type})", within.value, within.fields)
    if isinstance(value, core.Any):
        value = _or_itself(value, _universal_type(value))
    if isinstance(value, security_infos.SecurityInfo):
        value = _or_itself(value, security_infos.type_of(value["protocol"].native))
    if isinstance(value, core.Sequence):
        return Field(name, _type(value), None, tuple(_fields(value)))
    if isinstance(value, (core.SequenceOf, core.SetOf)):
        kind = _ELEMENTS.get(type(value))
        return Field(name, _type(value), None, tuple(_field("", _or_itself(element, kind)) for element in value))
    return Field(name, _type(value), _text(value))


def _fields(value: Any) -> Iterator[Field]:
    """The fields of a SEQUENCE that are there; what ANY or octets are is told by an identifier before them."""
    names = [name for name, *_ in value._fields]
    for index in range(len(value)):
        # The library also takes fields that the module has not, behind the others.
        name = names[index] if index < len(names) else "(unknown)"
        field, contained = value[index], None
        match value, name:
            case cms.EncapsulatedContentInfo(), "eContent":
                contained = _CONTENTS.get(value["eContentType"].native)
            case pkix.Extension(), "extnValue":
                contained = _EXTENSIONS.get(value["extnID"].native)
            case pkix.SubjectPublicKeyInfo(), "subjectPublicKey":
                contained = algorithms.PUBLIC_KEYS.get(value["algorithm"]["algorithm"].native)
            case pkix.AlgorithmIdentifier(), "parameters":
                field = _or_itself(field, algorithms.PARAMETERS.get(value["algorithm"].native))
        if not isinstance(field, core.Void):
            yield _field(name, field, contained)


def _or_itself(value: Any, kind: Kind | None) -> Any:
    """``value`` as ``kind`` if it can be read as that."""
    if kind is None or isinstance(value, (core.Void, kind)):
        return value
    read = _read(kind, value.dump())
    return value if read is None else read


def _universal_type(value: Any) -> Kind | None:
    """What ANY holds, by the tag, if that is universal and its value can be shown."""
    return _UNIVERSAL.get(value.dump()[0])


class _AnySequence(core.SequenceOf):
    _child_spec = core.Any


class _AnySet(core.SetOf):
    _child_spec = core.Any


_UNIVERSAL: dict[int, Kind] = {
    0x01: core.Boolean,
    0x02: core.Integer,
    0x04: core.OctetString,
    0x05: core.Null,
    0x06: core.ObjectIdentifier,
    0x0C: core.UTF8String,
    0x13: core.PrintableString,
    0x16: core.IA5String,
    0x17: core.UTCTime,
    0x18: core.GeneralizedTime,
    0x30: _AnySequence,
    0x31: _AnySet,
}


def _type(value: Any) -> str:
    if isinstance(value, (_AnySequence, _AnySet)):
        return "SEQUENCE" if isinstance(value, _AnySequence) else "SET"
    return _TYPES.get(type(value)) or type(value).__name__


def _text(value: Any) -> str | None:
    match value:
        case core.Null():
            return None
        case core.ObjectIdentifier():
            name = name_of(value.dotted)
            return value.dotted if name is None else f"{value.dotted} ({name})"
        case core.Integer():
            number = int(value)
            return str(number) if number.bit_length() <= _WIDEST_DECIMAL else f"0x{number:X}"
        case core.Boolean():
            return "TRUE" if value.native else "FALSE"
        case pkix.KeyUsage():
            return ", ".join(bit for bit in value._map.values() if bit in value.native)
        case core.UTCTime() | core.GeneralizedTime():
            return str(value.native.isoformat())
        case core.AbstractString():
            return str(value.native)
        case core.OctetString() | core.ParsableOctetString() | core.OctetBitString():
            return bytes(value).hex().upper()
    return str(value.contents.hex().upper())
