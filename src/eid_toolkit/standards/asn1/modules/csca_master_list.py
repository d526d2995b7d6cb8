"""CscaMasterList: the CSCA certificates that one state knows (ICAO Doc 9303-12 9.2)."""

from __future__ import annotations

from asn1crypto import core


class CertList(core.SequenceOf):
    """A SET OF certificates, each just as it came, in the order in which they came."""

    tag = core.SetOf.tag
    _child_spec = core.Any


class CscaMasterList(core.Sequence):
    """What a master list signs."""

    _fields = [("version", core.Integer), ("certList", CertList)]
