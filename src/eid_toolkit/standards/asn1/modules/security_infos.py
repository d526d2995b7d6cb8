"""SecurityInfos: the protocols of a chip (ICAO Doc 9303-11 9.2, BSI TR-03110-3 A.1.1).

A SecurityInfo is one of the types here by its protocol: see :func:`type_of`.
"""

from __future__ import annotations

from asn1crypto import core

from eid_toolkit.standards.asn1 import oids
from eid_toolkit.standards.asn1.modules.pkix import AlgorithmIdentifier, SubjectPublicKeyInfo


class SecurityInfo(core.Sequence):
    """A protocol with what it needs."""

    _fields = [
        ("protocol", core.ObjectIdentifier),
        ("requiredData", core.Any),
        ("optionalData", core.Any, {"optional": True}),
    ]


class SecurityInfos(core.SetOf):
    """Every protocol."""

    _child_spec = SecurityInfo


class PACEInfo(core.Sequence):
    """9303-11 9.2.1."""

    _fields = [
        ("protocol", core.ObjectIdentifier),
        ("version", core.Integer),
        ("parameterId", core.Integer, {"optional": True}),
    ]


class PACEDomainParameterInfo(core.Sequence):
    """9303-11 9.2.2."""

    _fields = [
        ("protocol", core.ObjectIdentifier),
        ("domainParameter", AlgorithmIdentifier),
        ("parameterId", core.Integer, {"optional": True}),
    ]


class ActiveAuthenticationInfo(core.Sequence):
    """9303-11 9.2.4."""

    _fields = [
        ("protocol", core.ObjectIdentifier),
        ("version", core.Integer),
        ("signatureAlgorithm", core.ObjectIdentifier),
    ]


class ChipAuthenticationInfo(core.Sequence):
    """9303-11 9.2.5."""

    _fields = [
        ("protocol", core.ObjectIdentifier),
        ("version", core.Integer),
        ("keyId", core.Integer, {"optional": True}),
    ]


class ChipAuthenticationPublicKeyInfo(core.Sequence):
    """9303-11 9.2.6."""

    _fields = [
        ("protocol", core.ObjectIdentifier),
        ("chipAuthenticationPublicKey", SubjectPublicKeyInfo),
        ("keyId", core.Integer, {"optional": True}),
    ]


class FileID(core.Sequence):
    """A file by its identifier, and its short one."""

    _fields = [("fid", core.OctetString), ("sfid", core.OctetString, {"optional": True})]


class TerminalAuthenticationInfo(core.Sequence):
    """9303-11 9.2.8; TR-03110-3 A.1.1.3 has the file."""

    _fields = [
        ("protocol", core.ObjectIdentifier),
        ("version", core.Integer),
        ("efCVCA", FileID, {"optional": True}),
    ]


_BY_PROTOCOL: dict[str, type[core.Sequence]] = {
    oids.AA_PROTOCOL: ActiveAuthenticationInfo,
    oids.ID_TA: TerminalAuthenticationInfo,
    **{f"{oids.ID_PK}.{agreement}": ChipAuthenticationPublicKeyInfo for agreement in (1, 2)},
    **{f"{oids.ID_PACE}.{mapping}": PACEDomainParameterInfo for mapping in (1, 2, 3, 4, 6)},
}
_FAMILIES: dict[str, type[core.Sequence]] = {oids.ID_PACE: PACEInfo, oids.ID_CA: ChipAuthenticationInfo}


def type_of(protocol: str) -> type[core.Sequence]:
    """The type of a SecurityInfo by its protocol; :class:`SecurityInfo` for one that is not known."""
    family = protocol.rpartition(".")[0].rpartition(".")[0]
    return _BY_PROTOCOL.get(protocol) or _FAMILIES.get(family, SecurityInfo)
