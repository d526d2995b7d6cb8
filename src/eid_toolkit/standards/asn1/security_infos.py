"""SecurityInfos: which protocols a chip supports and with what (ICAO 9303-11 9.2; TR-03110-3 A.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1 import oids
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv


@dataclass(frozen=True, slots=True)
class PaceInfo:
    """An implementation of PACE: ``protocol`` names key agreement, mapping and cipher (9303-11 9.2.1)."""

    protocol: str
    version: int
    parameter_id: int | None = None

    def encode(self) -> bytes:
        """The SecurityInfo in DER."""
        return _encode(self.protocol, der.integer(self.version), *_optional_integer(self.parameter_id))


@dataclass(frozen=True, slots=True)
class PaceDomainParameterInfo:
    """Domain parameters for PACE as an AlgorithmIdentifier in DER (9303-11 9.2.2)."""

    protocol: str
    parameters_der: bytes
    parameter_id: int | None = None

    def encode(self) -> bytes:
        """The SecurityInfo in DER."""
        return _encode(self.protocol, self.parameters_der, *_optional_integer(self.parameter_id))


@dataclass(frozen=True, slots=True)
class ChipAuthenticationInfo:
    """An implementation of Chip Authentication; ``key_id`` picks the key if there are several (9303-11 9.2.5)."""

    protocol: str
    version: int = 1
    key_id: int | None = None

    def encode(self) -> bytes:
        """The SecurityInfo in DER."""
        return _encode(self.protocol, der.integer(self.version), *_optional_integer(self.key_id))


@dataclass(frozen=True, slots=True)
class ChipAuthenticationPublicKeyInfo:
    """The chip's static public key as SubjectPublicKeyInfo in DER (9303-11 9.2.6)."""

    protocol: str
    spki: bytes
    key_id: int | None = None

    def encode(self) -> bytes:
        """The SecurityInfo in DER."""
        return _encode(self.protocol, self.spki, *_optional_integer(self.key_id))


@dataclass(frozen=True, slots=True)
class ActiveAuthenticationInfo:
    """The signature algorithm, a dotted identifier, of Active Authentication with ECDSA (9303-11 9.2.4)."""

    signature_algorithm: str
    version: int = 1
    protocol: str = oids.AA_PROTOCOL

    def encode(self) -> bytes:
        """The SecurityInfo in DER."""
        return _encode(self.protocol, der.integer(self.version), der.object_identifier(self.signature_algorithm))


@dataclass(frozen=True, slots=True)
class FileId:
    """A file identifier, with the short one if given (TR-03110-3 A.1.1.3)."""

    fid: int
    sfi: int | None = None


@dataclass(frozen=True, slots=True)
class TerminalAuthenticationInfo:
    """Support of Terminal Authentication; ``ef_cvca`` only if EF.CVCA is not in its usual place (9303-11 9.2.8)."""

    version: int = 1
    ef_cvca: FileId | None = None
    protocol: str = oids.ID_TA

    def encode(self) -> bytes:
        """The SecurityInfo in DER."""
        return _encode(self.protocol, der.integer(self.version), *_encode_file_id(self.ef_cvca))


@dataclass(frozen=True, slots=True)
class UnknownSecurityInfo:
    """A SecurityInfo of a protocol that this toolkit does not know; ``der`` is the whole of it.

    To a patient reader also one that is malformed, whose protocol is then empty.
    """

    protocol: str
    der: bytes

    def encode(self) -> bytes:
        """The SecurityInfo as it was read."""
        return self.der


SecurityInfo = (
    PaceInfo
    | PaceDomainParameterInfo
    | ChipAuthenticationInfo
    | ChipAuthenticationPublicKeyInfo
    | ActiveAuthenticationInfo
    | TerminalAuthenticationInfo
    | UnknownSecurityInfo
)
_Kind = TypeVar("_Kind", bound=SecurityInfo)


@dataclass(frozen=True, slots=True)
class SecurityInfos:
    """The set of SecurityInfos in a file, in the file's order. Build new ones with :meth:`of`."""

    entries: tuple[SecurityInfo, ...]

    @classmethod
    def of(cls, *entries: SecurityInfo) -> SecurityInfos:
        """A new set, in the order that DER asks of a SET OF."""
        return cls(tuple(sorted(entries, key=lambda entry: entry.encode())))

    @classmethod
    def parse(cls, data: bytes, *, patient: bool = False) -> SecurityInfos:
        """The set in ``data``; raises :class:`BadInput` if one of a known protocol is malformed.

        To a ``patient`` reader one odd entry does not spoil the others: it is a :class:`UnknownSecurityInfo`.
        The order is kept, since cards in the field do not always sort: what is parsed of DER builds to the same bytes.
        """
        parse = _parse_patiently if patient else _parse_info
        return cls(tuple(map(parse, tlv.parse(data, der.SET).children())))

    def encode(self) -> bytes:
        """The SET with its entries in their present order."""
        return tlv.encode(der.SET, *(entry.encode() for entry in self.entries))

    def of_type(self, kind: type[_Kind]) -> tuple[_Kind, ...]:
        """The entries of one class."""
        return tuple(entry for entry in self.entries if isinstance(entry, kind))


def _encode(protocol: str, *parts: bytes) -> bytes:
    return der.sequence(der.object_identifier(protocol), *parts)


def _optional_integer(number: int | None) -> tuple[bytes, ...]:
    return () if number is None else (der.integer(number),)


def _encode_file_id(file_id: FileId | None) -> tuple[bytes, ...]:
    if file_id is None:
        return ()
    parts = [der.octet_string(file_id.fid.to_bytes(2, "big"))]
    if file_id.sfi is not None:
        parts.append(der.octet_string(bytes((file_id.sfi,))))
    return (der.sequence(*parts),)


def _parse_patiently(item: Tlv) -> SecurityInfo:
    try:
        return _parse_info(item)
    except BadInput:
        return UnknownSecurityInfo("", item.encode())


def _parse_info(item: Tlv) -> SecurityInfo:
    protocol_item, *fields = der.read_sequence(item) or (item,)
    protocol = der.read_object_identifier(protocol_item)
    reader = _reader_for(protocol)
    if reader is None:
        return UnknownSecurityInfo(protocol, item.encode())
    # Every SecurityInfo is { protocol, required, optional }.
    if not 1 <= len(fields) <= 2:
        raise BadInput("security-info-malformed", protocol=protocol)
    return reader(protocol, fields[0], fields[1] if len(fields) > 1 else None)


_Reader = Callable[[str, Tlv, Tlv | None], SecurityInfo]


def _reader_for(protocol: str) -> _Reader | None:
    if protocol in _READERS:
        return _READERS[protocol]
    family, _, last = protocol.rpartition(".")
    if family.rpartition(".")[0] in _FAMILIES and last.isdigit():
        return _FAMILIES[family.rpartition(".")[0]]
    return None


def _read_optional_integer(item: Tlv | None) -> int | None:
    return None if item is None else der.read_integer(item)


def _read_pace(protocol: str, version: Tlv, parameter_id: Tlv | None) -> PaceInfo:
    return PaceInfo(protocol, der.read_integer(version), _read_optional_integer(parameter_id))


def _read_pace_parameters(protocol: str, parameters: Tlv, parameter_id: Tlv | None) -> PaceDomainParameterInfo:
    der.expect(parameters, der.SEQUENCE)
    return PaceDomainParameterInfo(protocol, parameters.encode(), _read_optional_integer(parameter_id))


def _read_chip_authentication(protocol: str, version: Tlv, key_id: Tlv | None) -> ChipAuthenticationInfo:
    return ChipAuthenticationInfo(protocol, der.read_integer(version), _read_optional_integer(key_id))


def _read_public_key(protocol: str, spki: Tlv, key_id: Tlv | None) -> ChipAuthenticationPublicKeyInfo:
    der.expect(spki, der.SEQUENCE)
    return ChipAuthenticationPublicKeyInfo(protocol, spki.encode(), _read_optional_integer(key_id))


def _read_active_authentication(protocol: str, version: Tlv, algorithm: Tlv | None) -> ActiveAuthenticationInfo:
    if algorithm is None:
        raise BadInput("security-info-malformed", protocol=protocol)
    return ActiveAuthenticationInfo(der.read_object_identifier(algorithm), der.read_integer(version), protocol)


def _read_terminal_authentication(protocol: str, version: Tlv, ef_cvca: Tlv | None) -> TerminalAuthenticationInfo:
    file_id = None if ef_cvca is None else _read_file_id(ef_cvca)
    return TerminalAuthenticationInfo(der.read_integer(version), file_id, protocol)


def _read_file_id(item: Tlv) -> FileId:
    match [der.expect(part, der.OCTET_STRING) for part in der.read_sequence(item)]:
        case [bytes(fid)] if len(fid) == 2:
            return FileId(int.from_bytes(fid, "big"))
        case [bytes(fid), bytes(sfi)] if (len(fid), len(sfi)) == (2, 1):
            return FileId(int.from_bytes(fid, "big"), sfi[0])
    raise BadInput("security-info-malformed", protocol=oids.ID_TA)


_READERS: dict[str, _Reader] = {
    oids.AA_PROTOCOL: _read_active_authentication,
    oids.ID_TA: _read_terminal_authentication,
    **{f"{oids.ID_PK}.{agreement}": _read_public_key for agreement in (1, 2)},
    **{f"{oids.ID_PACE}.{mapping}": _read_pace_parameters for mapping in (1, 2, 3, 4, 6)},
}
_FAMILIES: dict[str, _Reader] = {oids.ID_PACE: _read_pace, oids.ID_CA: _read_chip_authentication}
"""Protocols with two more arcs: key agreement and cipher."""
