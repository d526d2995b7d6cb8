"""PACE: good runs in every mapping, and what they leave (ICAO Doc 9303-11 4.4)."""

from __future__ import annotations

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.security_infos import ChipAuthenticationPublicKeyInfo
from eid_toolkit.standards.crypto.domain_parameters import EcDomain
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.card_security import CardSecurity
from eid_toolkit.standards.protocols import pace
from eid_toolkit.standards.protocols.pace import ENCRYPTED_CHIP_DATA, Step
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.references import encode_reference
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.pace_rounds import PaceRounds, Way, offered, way_with, with_mapping
from eid_toolkit.work.conformance.probe import Probe

case = Cases(Unit.PACE, "The chip was reset.", offered)


def _with_can(facts: Facts) -> str | None:
    return None if PasswordKind.CAN in facts.passwords else "no CAN was given"


def _opens(probe: Probe, way: Way, password: AccessPassword) -> None:
    """One run, and a file read under the keys that it gave."""
    what = f"{way[1].protocol.mapping.upper()} by the {password.kind.name}"
    probe.run_pace(way[0], password)
    probe.ok(probe.send(commands.select_application(EMRTD_AID)), f"SELECT of the application after PACE with {what}")
    probe.session_lives(f"PACE with {what}")
    probe.reset()


def _opens_by_every_password(probe: Probe, mapping: str) -> None:
    way = way_with(probe, mapping)
    for password in probe.facts.passwords.values():
        _opens(probe, way, password)


_STEPS = ("PACE by every password given, each after a reset.", "SELECT the application, READ BINARY of EF.COM.")
_SERVES = "9000 in every round, the chip's token is right, and the new keys protect what follows."


@case(
    1,
    "9303-11 4.4.3.3.1",
    "PACE with the generic mapping opens the chip.",
    steps=_STEPS,
    expected=_SERVES,
    condition=with_mapping("gm"),
)
def generic_mapping(probe: Probe) -> None:
    _opens_by_every_password(probe, "gm")


@case(
    2,
    "9303-11 4.4.3.3.2",
    "PACE with the integrated mapping opens the chip.",
    steps=_STEPS,
    expected=_SERVES,
    condition=with_mapping("im"),
)
def integrated_mapping(probe: Probe) -> None:
    _opens_by_every_password(probe, "im")


@case(
    3,
    "9303-11 4.4.3.5",
    "PACE with Chip Authentication Mapping authenticates the chip with the key in EF.CardSecurity.",
    steps=("PACE with CAM.", "Multiply the chip's key of EF.CardSecurity by the decrypted Chip Authentication Data."),
    expected="The product is the chip's public key of the mapping round.",
    condition=with_mapping("cam"),
)
def chip_authentication_mapping(probe: Probe) -> None:
    info, parameters = way_with(probe, "cam")
    proof, domain = probe.run_pace(info).chip_proof, parameters.domain
    public = _mapping_key(probe, info.parameter_id)
    proven = proof is not None and isinstance(domain, EcDomain) and proof.is_by(domain, public)
    probe.require(proven, "the Chip Authentication Data does not fit the key in EF.CardSecurity")


def _mapping_key(probe: Probe, reference: int | None) -> bytes:
    try:
        infos = CardSecurity.parse(probe.facts.files.get(ElementaryFile.CARD_SECURITY, b"")).security_infos
        keys = infos.of_type(ChipAuthenticationPublicKeyInfo)
        mapping_key = next((key for key in keys if key.key_id == reference), None)
        return b"" if mapping_key is None else EcPublicKey.from_spki(mapping_key.spki).point
    except BadInput:
        return b""


@case(
    4,
    "9303-11 4.4.5.6",
    "The Chip Authentication Data has as many bytes as the order of the group.",
    steps="PACE with CAM; decrypt object 8A of the last round.",
    expected="As many bytes as the order has, leading zeros included.",
    condition=with_mapping("cam"),
)
def chip_data_length(probe: Probe) -> None:
    run = PaceRounds(probe, way_with(probe, "cam"))
    run.finish()
    data = run.keys.decrypt_chip_data(run.answers[Step.AUTHENTICATE].get(ENCRYPTED_CHIP_DATA, b""))
    domain = run.parameters.domain
    expected_size = domain.scalar_size if isinstance(domain, EcDomain) else domain.size
    probe.require(len(data) == expected_size, f"{len(data)} bytes instead of {expected_size}")


@case(
    5,
    "9303-11 4.4.5",
    "Encrypted Chip Authentication Data is returned with Chip Authentication Mapping only.",
    steps="PACE in every way that the chip offers.",
    expected="Object 8A in the last answer with CAM, none with GM and IM.",
)
def chip_data_only_with_its_mapping(probe: Probe) -> None:
    for way in probe.facts.pace:
        run = PaceRounds(probe, way)
        run.finish()
        mapping = way[1].protocol.mapping
        present = ENCRYPTED_CHIP_DATA in run.answers[Step.AUTHENTICATE]
        probe.require(
            present is (mapping == "cam"), f"{mapping.upper()}: object 8A {'is' if present else 'is not'} there"
        )
        probe.reset()


@case(
    6,
    "9303-11 4.4.4.1",
    "The MRZ opens the chip with every PACE variant that it offers.",
    steps="PACE by the MRZ in every way, each after a reset; then read EF.COM.",
    expected=_SERVES,
    condition=lambda facts: None if PasswordKind.MRZ in facts.passwords else "no MRZ was given",
)
def mrz(probe: Probe) -> None:
    for way in probe.facts.pace:
        _opens(probe, way, probe.facts.passwords[PasswordKind.MRZ])


@case(
    7,
    "9303-11 9.7.3",
    "The CAN opens the chip.",
    steps="PACE by the CAN; then read EF.COM.",
    expected=_SERVES,
    condition=_with_can,
)
def can(probe: Probe) -> None:
    _opens(probe, probe.facts.pace[-1], probe.facts.passwords[PasswordKind.CAN])


@case(
    8,
    "9303-11 4.4.4.1",
    "The group may be named even if the protocol has only one.",
    steps="PACE with the number of the group in object 84 of MSE:Set AT.",
    expected=_SERVES,
    condition=lambda facts: (
        None if facts.pace and facts.pace[0][1].reference is not None else "the group has no number"
    ),
)
def named_group(probe: Probe) -> None:
    run = PaceRounds(probe)
    number = encode_reference(run.parameters.reference or 0)
    probe.ok(run.select({pace.PARAMETERS: number}), "MSE:Set AT with the group's number")
    for step in Step:
        run.do(step)
