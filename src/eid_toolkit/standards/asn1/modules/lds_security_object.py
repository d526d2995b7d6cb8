"""LDSSecurityObjectV1: the hashes of the data groups (ICAO Doc 9303-10 4.6.2.3)."""

from __future__ import annotations

from asn1crypto import core

from eid_toolkit.standards.asn1.modules.pkix import AlgorithmIdentifier


class LDSVersionInfo(core.Sequence):
    """The versions of the data structure and of Unicode."""

    _fields = [("ldsVersion", core.PrintableString), ("unicodeVersion", core.PrintableString)]


class DataGroupHash(core.Sequence):
    """The hash of one data group."""

    _fields = [("dataGroupNumber", core.Integer), ("dataGroupHashValue", core.OctetString)]


class DataGroupHashValues(core.SequenceOf):
    """The hashes of all data groups."""

    _child_spec = DataGroupHash


class LDSSecurityObject(core.Sequence):
    """What EF.SOD signs."""

    _fields = [
        ("version", core.Integer),
        ("hashAlgorithm", AlgorithmIdentifier),
        ("dataGroupHashValues", DataGroupHashValues),
        ("ldsVersionInfo", LDSVersionInfo, {"optional": True}),
    ]
