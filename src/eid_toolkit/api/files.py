"""The files of an eMRTD as objects: each has ``parse(bytes)``, and those that can be built have ``encode()``.

``Dg1(Mrz.compose(...))``, ``Dg2.of_portrait(...)``, ``Dg11.of(...)`` and ``Dg12.of(...)`` build the usual data groups
(ICAO Doc 9303-10); ``Mrz`` here is the zone with all its fields, of which ``eid_toolkit.Mrz`` is the password.
"""

from __future__ import annotations

from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.card_security import CardSecurity
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.dates import PartialDate
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
from eid_toolkit.standards.lds.mrz import Mrz, MrzFormat
from eid_toolkit.standards.lds.opaque import OpaqueFile
from eid_toolkit.standards.lds.sod import Sod

__all__ = [
    "AtrInfo",
    "CardAccess",
    "CardSecurity",
    "Com",
    "Dg1",
    "Dg2",
    "Dg3",
    "Dg4",
    "Dg11",
    "Dg12",
    "Dg13",
    "Dg14",
    "Dg15",
    "EfDir",
    "Mrz",
    "MrzFormat",
    "OpaqueFile",
    "PartialDate",
    "Sod",
]
