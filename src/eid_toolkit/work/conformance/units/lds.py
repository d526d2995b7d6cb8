"""The files of the master file: EF.CardAccess, EF.CardSecurity, EF.ATR/INFO and EF.DIR (ICAO Doc 9303-10 3.11)."""

from __future__ import annotations

from dataclasses import replace

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.oids import PaceProtocol
from eid_toolkit.standards.asn1.security_infos import (
    ChipAuthenticationPublicKeyInfo,
    PaceDomainParameterInfo,
    PaceInfo,
    SecurityInfo,
    SecurityInfos,
)
from eid_toolkit.standards.crypto.domain_parameters import domain_by_id
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.card_security import CardSecurity
from eid_toolkit.standards.lds.ef_dir import EfDir
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.coding import has, is_shortest, read
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.outcomes import NotConforming
from eid_toolkit.work.conformance.probe import Probe

case = Cases(Unit.LDS, "The chip was read.")

_PACE_VERSION = 2
_STANDARDIZED = range(32)
_LEAST_BUFFER = 256
_CARD_ACCESS = ElementaryFile.CARD_ACCESS
_CARD_SECURITY = ElementaryFile.CARD_SECURITY


def _card_access(probe: Probe) -> SecurityInfos:
    return read(probe, _CARD_ACCESS, CardAccess.parse).security_infos


def _missing(infos: SecurityInfos, among: SecurityInfos) -> list[str]:
    """The protocols of the entries that do not stand, byte for byte, in the other set."""
    there = {entry.encode() for entry in among.entries}
    return [entry.protocol for entry in infos.entries if entry.encode() not in there]


@case(
    1,
    "9303-10 3.11.3",
    "EF.CardAccess is encoded in DER.",
    steps="The bytes of EF.CardAccess.",
    expected="A SET of SecurityInfos, every length in its shortest form.",
    condition=has(_CARD_ACCESS),
)
def card_access_coding(probe: Probe) -> None:
    _card_access(probe)
    content = probe.facts.files[_CARD_ACCESS]
    probe.require(is_shortest(content), "a length in EF.CardAccess is not minimal")


@case(
    2,
    "9303-11 9.2",
    "The SecurityInfos in EF.CardAccess are in DER order.",
    steps="The entries of EF.CardAccess.",
    expected="Encodings in ascending order, none twice (X.690 11.6).",
    condition=has(_CARD_ACCESS),
)
def card_access_order(probe: Probe) -> None:
    entries = [entry.encode() for entry in _card_access(probe).entries]
    probe.require(entries == sorted(set(entries)), "the SecurityInfos are not in order, or one is repeated")


@case(
    3,
    "9303-11 9.2.1",
    "EF.CardAccess names standard PACE protocols in version 2.",
    steps="The PACEInfos of EF.CardAccess.",
    expected="At least one; identifiers of 9303-11 9.2.3 and version 2 in each.",
    condition=has(_CARD_ACCESS),
)
def pace_versions(probe: Probe) -> None:
    infos = _card_access(probe).of_type(PaceInfo)
    probe.require(bool(infos), "EF.CardAccess has no PACEInfo")
    for info in infos:
        probe.require(_is_known(info.protocol), f"{info.protocol} is not a standard protocol")
        probe.require(info.version == _PACE_VERSION, f"{info.protocol} has version {info.version}")


@case(
    4,
    "9303-11 9.5.1",
    "Groups are named by their standard numbers.",
    steps="The numbers of the groups in the PACEInfos and PACEDomainParameterInfos of EF.CardAccess.",
    expected=(
        "At least one standardized group; no number up to 31 without a meaning.",
        "No standardized number for a group that is written out.",
    ),
    condition=has(_CARD_ACCESS),
)
def pace_groups(probe: Probe) -> None:
    infos = _card_access(probe)
    numbers = [info.parameter_id for info in infos.of_type(PaceInfo)]
    standardized = [number for number in numbers if number in _STANDARDIZED]
    probe.require(bool(standardized), "no PACEInfo uses a standardized group")
    for number in standardized:
        probe.require(_is_standardized(number), f"number {number} is reserved")
    written_out = {info.parameter_id for info in infos.of_type(PaceDomainParameterInfo)}
    probe.require(not written_out & set(_STANDARDIZED), "an explicitly given group has a standardized number")


def _is_known(protocol: str) -> bool:
    try:
        PaceProtocol.from_oid(protocol)
    except BadInput:
        return False
    return True


def _is_standardized(number: int | None) -> bool:
    try:
        domain_by_id(-1 if number is None else number)
    except BadInput:
        return False
    return True


@case(
    5,
    "9303-11 9.2.11",
    "DG14 repeats every SecurityInfo of EF.CardAccess, which is not signed.",
    steps="The entries of EF.CardAccess and of DG14.",
    expected="Each of the first is among the second, byte for byte.",
    condition=has(_CARD_ACCESS, ElementaryFile.DG14),
)
def card_access_in_dg14(probe: Probe) -> None:
    signed = probe.facts.dg14
    if signed is None:
        raise NotConforming("EF.DG14 is malformed")
    missing = _missing(_card_access(probe), signed)
    probe.require(not missing, f"DG14 does not have {', '.join(missing)}")


def _card_security_expected(facts: Facts) -> str | None:
    required = facts.pace_with("cam") or facts.has(_CARD_SECURITY)
    return None if required else "EF.CardSecurity is neither required nor present"


@case(
    6,
    "9303-11 9.2.11",
    "EF.CardSecurity is signed with the key of its own signer's certificate.",
    steps="The CMS structure in EF.CardSecurity.",
    expected="SignedData over SecurityInfos (0.4.0.127.0.7.3.2.1) with the signer's certificate and a good signature.",
    condition=_card_security_expected,
)
def card_security_signature(probe: Probe) -> None:
    good = read(probe, _CARD_SECURITY, lambda content: CardSecurity.parse(content).is_signed())
    probe.require(good, "the signature of EF.CardSecurity is wrong")


@case(
    7,
    "9303-11 9.2.11",
    "EF.CardSecurity repeats every SecurityInfo of EF.CardAccess.",
    steps="The entries of EF.CardAccess and of EF.CardSecurity.",
    expected="Each of the first is among the second, byte for byte.",
    condition=_card_security_expected,
)
def card_access_in_card_security(probe: Probe) -> None:
    signed = read(probe, _CARD_SECURITY, CardSecurity.parse).security_infos
    missing = _missing(_card_access(probe), signed)
    probe.require(not missing, f"EF.CardSecurity does not have {', '.join(missing)}")


@case(
    8,
    "9303-11 9.2.11",
    "DG14 has the full set of SecurityInfos.",
    steps="The entries of EF.CardSecurity and of DG14.",
    expected="Each of the first is among the second; the group of a key may be numbered or written out.",
    condition=has(_CARD_SECURITY, ElementaryFile.DG14),
)
def card_security_in_dg14(probe: Probe) -> None:
    signed = probe.facts.dg14
    if signed is None:
        raise NotConforming("EF.DG14 is malformed")
    infos = read(probe, _CARD_SECURITY, CardSecurity.parse).security_infos
    missing = _missing(_with_one_form_of_key(infos), _with_one_form_of_key(signed))
    probe.require(not missing, f"DG14 does not have {', '.join(missing)}")


def _with_one_form_of_key(infos: SecurityInfos) -> SecurityInfos:
    """Keys with their groups numbered: written out in DG14 by 9303-11 9.2, and not in EF.CardSecurity by I.1."""
    return SecurityInfos(tuple(_numbered(info) for info in infos.entries))


def _numbered(info: SecurityInfo) -> SecurityInfo:
    if not isinstance(info, ChipAuthenticationPublicKeyInfo):
        return info
    try:
        return replace(info, spki=EcPublicKey.from_spki(info.spki).numbered_spki)
    except BadInput:
        return info


@case(
    9,
    "9303-10 3.11.1",
    "EF.ATR/INFO is a series of data objects, and gives the buffer sizes.",
    steps="The bytes of EF.ATR/INFO.",
    expected="Data objects; if the capabilities say extended length, two INTEGERs in 7F66, of 256 or more.",
    condition=has(ElementaryFile.ATR_INFO),
)
def capabilities(probe: Probe) -> None:
    info = read(probe, ElementaryFile.ATR_INFO, AtrInfo.parse)
    if info.supports_extended_length:
        sizes = info.extended_length
        probe.require(sizes is not None, "extended length without the two sizes of object 7F66")
        probe.require(min(sizes or (0,)) >= _LEAST_BUFFER, f"buffers of {sizes} bytes")


@case(
    10,
    "9303-10 3.11.2",
    "EF.DIR lists the eMRTD application.",
    steps="The bytes of EF.DIR.",
    expected="Application templates 61, one of them with A0000002471001 in object 4F.",
    condition=has(ElementaryFile.DIR),
)
def directory(probe: Probe) -> None:
    ef_dir = read(probe, ElementaryFile.DIR, _directory)
    probe.require(EMRTD_AID in ef_dir.applications, "EF.DIR does not list the eMRTD application")


def _directory(content: bytes) -> EfDir:
    return EfDir.parse(content.rstrip(b"\x00"))
