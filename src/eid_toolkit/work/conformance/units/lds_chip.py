"""The data groups that tell of the chip: DG14 and DG15, and EF.CVCA (ICAO Doc 9303-10 4.7.14, 4.7.15; 9303-11 K.2)."""

from __future__ import annotations

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1 import oids
from eid_toolkit.standards.asn1.security_infos import (
    ActiveAuthenticationInfo,
    ChipAuthenticationPublicKeyInfo,
    TerminalAuthenticationInfo,
)
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.ec import EC_PUBLIC_KEY
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.lds.ef_cvca import SIZE, EfCvca
from eid_toolkit.standards.protocols.active_authentication import DIGEST_BY_OID
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.coding import has, is_shortest, parsed, read
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.probe import Probe

case = Cases(Unit.LDS, "The chip was read.")

_DG14, _DG15, _CVCA = ElementaryFile.DG14, ElementaryFile.DG15, ElementaryFile.CVCA
_VERSION = 1
_PUBLIC_KEYS = {oids.ID_PK_DH: "DH", oids.ID_PK_ECDH: "ECDH"}


def _algorithm(spki: bytes) -> tuple[str, int | None]:
    """The key's algorithm, and the tag of its parameters."""
    identifier, *parameters = der.read_sequence(tlv.parse(spki, der.SEQUENCE).children()[0])
    return der.read_object_identifier(identifier), parameters[0].tag if parameters else None


def _for_ecdsa(facts: Facts) -> str | None:
    try:
        named = facts.dg15 is not None and _algorithm(facts.dg15)[0] == EC_PUBLIC_KEY
    except (BadInput, IndexError):
        named = False
    return None if named else "DG15 holds no key for ECDSA"


@case(
    38,
    "9303-10 4.7.14",
    "DG14 is a SET of SecurityInfos in DER.",
    steps="The bytes of DG14.",
    expected="6E with SecurityInfos, every length in its shortest form.",
    condition=has(_DG14),
)
def dg14_coding(probe: Probe) -> None:
    read(probe, _DG14, Dg14.parse)
    probe.require(is_shortest(probe.facts.files[_DG14]), "a length in DG14 is longer than it need be")


@case(
    39,
    "9303-11 9.5.2",
    "Elliptic curve keys for Chip Authentication have explicit parameters.",
    steps="The SubjectPublicKeyInfos in DG14.",
    expected="ecPublicKey with ECParameters written out for ECDH; no named curve.",
    condition=has(_DG14),
)
def explicit_parameters(probe: Probe) -> None:
    for info in read(probe, _DG14, Dg14.parse).security_infos.of_type(ChipAuthenticationPublicKeyInfo):
        algorithm, parameters = parsed(info.spki, "a public key in DG14", _algorithm)
        if _PUBLIC_KEYS.get(info.protocol) == "ECDH":
            probe.require(algorithm == EC_PUBLIC_KEY, f"a key for ECDH has the algorithm {algorithm}")
            probe.require(parameters == der.SEQUENCE, "a key for ECDH has no explicit parameters")


@case(
    40,
    "9303-11 9.2.4",
    "DG14 names the algorithm of Active Authentication with ECDSA.",
    steps="ActiveAuthenticationInfo of DG14.",
    expected="Version 1, and a plain signature algorithm of TR-03111.",
    condition=_for_ecdsa,
)
def signature_algorithm(probe: Probe) -> None:
    infos = read(probe, _DG14, Dg14.parse).security_infos.of_type(ActiveAuthenticationInfo)
    probe.require(bool(infos), "DG14 has no ActiveAuthenticationInfo")
    for info in infos:
        probe.require(info.version == _VERSION, f"ActiveAuthenticationInfo has version {info.version}")
        known = info.signature_algorithm in DIGEST_BY_OID
        probe.require(known, f"{info.signature_algorithm} is no plain signature algorithm")


@case(
    41,
    "9303-10 4.7.15",
    "DG15 is a SubjectPublicKeyInfo in DER.",
    steps="The bytes of DG15.",
    expected="6F with a SEQUENCE of algorithm and BIT STRING, every length in its shortest form.",
    condition=has(_DG15),
)
def dg15_coding(probe: Probe) -> None:
    spki = read(probe, _DG15, Dg15.parse).spki
    parts = [item.tag for item in parsed(spki, "the key in DG15", lambda data: tlv.parse(data).children())]
    probe.require(parts == [der.SEQUENCE, der.BIT_STRING], "the key in DG15 is no SubjectPublicKeyInfo")
    probe.require(is_shortest(probe.facts.files[_DG15]), "a length in DG15 is longer than it need be")


@case(
    42,
    "9303-11 K.2",
    "EF.CVCA has a fixed size.",
    steps="READ BINARY of EF.CVCA.",
    expected="36 bytes.",
    condition=has(_CVCA),
)
def trust_size(probe: Probe) -> None:
    size = len(probe.facts.files[_CVCA])
    probe.require(size == SIZE, f"EF.CVCA has {size} bytes")


def _holds_back(facts: Facts) -> str | None:
    infos = () if facts.dg14 is None else facts.dg14.of_type(TerminalAuthenticationInfo)
    return None if infos or facts.has(_CVCA) else "the chip does not offer Terminal Authentication"


@case(
    43,
    "9303-11 K.2",
    "EF.CVCA names one or two keys, the newest first.",
    steps="READ BINARY of EF.CVCA in the application.",
    expected="One or two objects 42, each a name of 8 to 16 characters, and zeros behind them.",
    condition=has(_CVCA),
)
def trusted_names(probe: Probe) -> None:
    names = [reference.text for reference in read(probe, _CVCA, EfCvca.parse).references]
    probe.require(len(set(names)) == len(names), "EF.CVCA names one key twice")


@case(
    44,
    "9303-11 9.2.8",
    "DG14 names Terminal Authentication in version 1.",
    steps="The TerminalAuthenticationInfos of DG14.",
    expected="At least one with version 1.",
    condition=_holds_back,
)
def version(probe: Probe) -> None:
    infos = () if probe.facts.dg14 is None else probe.facts.dg14.of_type(TerminalAuthenticationInfo)
    probe.require(bool(infos), "DG14 has no TerminalAuthenticationInfo")
    probe.require(any(info.version == _VERSION for info in infos), "no TerminalAuthenticationInfo has version 1")
