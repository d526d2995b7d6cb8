"""Chip Authentication: good runs, and the session that follows (ICAO Doc 9303-11 6.2)."""

from __future__ import annotations

from eid_toolkit.ground.errors import CardRefused
from eid_toolkit.standards.asn1.security_infos import ChipAuthenticationInfo, ChipAuthenticationPublicKeyInfo
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols import chip_authentication
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.chip_rounds import ChipRounds, offered, with_aes, with_triple_des
from eid_toolkit.work.conformance.probe import SM_ERRORS, Probe

case = Cases(Unit.CHIP_AUTHENTICATION, "The chip was opened and the application selected.", offered)

_VERSION = 1


@case(
    1,
    "9303-11 6.2.1",
    "Every Chip Authentication variant that DG14 offers succeeds.",
    steps=("Chip Authentication by each protocol and key, each after a reset.", "READ BINARY under the new keys."),
    expected="A response with a correct checksum under keys that require the private key.",
)
def every_way(probe: Probe) -> None:
    for choice in probe.facts.chip_keys:
        probe.open()
        try:
            result = probe.session.run(chip_authentication.authenticate(choice, probe.entropy))
        except CardRefused as error:
            probe.require(False, f"the chip refused {choice.protocol.oid} ({error})")
        else:
            probe.install(result.channel)
            probe.session_lives(f"Chip Authentication by {choice.protocol.oid}")
        probe.reset()


@case(
    2,
    "9303-11 6.2.2",
    "The earlier session keys no longer work.",
    steps=("Chip Authentication.", "READ BINARY under the new keys.", "READ BINARY under the old keys."),
    expected=("9000 under the new keys.", "6987, 6988 or 6982 without secure messaging under the old."),
    condition=with_aes,
)
def old_keys(probe: Probe) -> None:
    probe.open()
    before = probe.channel
    ChipRounds(probe).finish()
    probe.session_lives("after Chip Authentication")
    probe.channel = before
    answer = probe.protected(commands.read_binary_sfi(ElementaryFile.COM.sfi, 0, 1))
    probe.refused(answer, "READ BINARY under the keys from before Chip Authentication", *SM_ERRORS)


@case(
    3,
    "9303-11 6.2.4.2",
    "GENERAL AUTHENTICATE is answered with an empty object 7C.",
    steps="MSE:Set AT and GENERAL AUTHENTICATE.",
    expected="9000 with 7C00: version 1 of the protocol has no objects for the answer.",
    condition=with_aes,
)
def empty_answer(probe: Probe) -> None:
    probe.open()
    run = ChipRounds(probe)
    run.begin()
    data = probe.ok(run.agree(), "GENERAL AUTHENTICATE")
    probe.require(data == tlv.encode(0x7C), f"GENERAL AUTHENTICATE was answered with {data.hex().upper()}")


@case(
    4,
    "9303-11 6.2.2",
    "A second Chip Authentication in a session succeeds, or is refused and changes nothing.",
    steps=("Chip Authentication.", "Chip Authentication by the last variant that DG14 offers.", "READ BINARY."),
    expected="If the second run was 9000, an answer under its keys, else one under those of the first.",
    condition=with_aes,
)
def second_run(probe: Probe) -> None:
    probe.open()
    ChipRounds(probe).finish()
    second = ChipRounds(probe, triple_des=with_triple_des(probe.facts) is None)
    if second.choice.protocol.cipher == "3des":
        answer = second.agree_at_once()
    else:
        answer = second.select()
        answer = second.agree() if answer.ok else answer
    if answer.ok:
        probe.install(second.channel())
    probe.session_lives("after Chip Authentication for the second time")


@case(
    5,
    "9303-11 9.8.3",
    "A plain command ends the session after Chip Authentication too.",
    steps=("Chip Authentication.", "GET CHALLENGE in plain.", "READ BINARY, protected and in plain."),
    expected="An error for both, without secure messaging.",
    condition=with_aes,
)
def plain_command(probe: Probe) -> None:
    probe.open()
    ChipRounds(probe).finish()
    probe.plain(commands.get_challenge())
    probe.session_is_over("after a plain command")


@case(
    6,
    "9303-11 6.2.4.1",
    "Chip Authentication with 3DES uses MSE:Set KAT.",
    steps=("MSE:Set KAT with the terminal's public key.", "READ BINARY under the new keys."),
    expected="9000 without data, then an answer under the new keys.",
    condition=with_triple_des,
)
def in_one_command(probe: Probe) -> None:
    probe.open()
    run = ChipRounds(probe, triple_des=True)
    probe.require(not probe.ok(run.agree_at_once(), "MSE:Set KAT"), "MSE:Set KAT was answered with data")
    probe.install(run.channel())
    probe.session_lives("after MSE:Set KAT")


@case(
    7,
    "9303-11 9.2.5",
    "DG14 names version 1 of the protocol.",
    steps="The ChipAuthenticationInfos of DG14.",
    expected="Version 1 in each.",
)
def version(probe: Probe) -> None:
    infos = probe.facts.dg14
    for info in infos.of_type(ChipAuthenticationInfo) if infos is not None else ():
        probe.require(info.version == _VERSION, f"{info.protocol} has version {info.version}")


@case(
    8,
    "9303-11 9.2.6",
    "Every protocol in DG14 has a key, and every key a protocol.",
    steps="ChipAuthenticationInfos and ChipAuthenticationPublicKeyInfos of DG14.",
    expected="For each protocol a key with its identifier; identifiers wherever there are several keys.",
)
def keys_and_protocols(probe: Probe) -> None:
    infos = probe.facts.dg14
    if infos is None:
        return
    keys = [key.key_id for key in infos.of_type(ChipAuthenticationPublicKeyInfo)]
    for info in infos.of_type(ChipAuthenticationInfo):
        known = info.key_id in keys or (info.key_id is None and len(keys) == 1)
        probe.require(known, f"{info.protocol} names key {info.key_id}, which is not in DG14")
    several = len(keys) > 1
    probe.require(not several or (None not in keys and len(set(keys)) == len(keys)), "the keys cannot be distinguished")
