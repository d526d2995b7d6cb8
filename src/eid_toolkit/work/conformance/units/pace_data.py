"""PACE: what the chip sends in its rounds, and the session that follows (ICAO Doc 9303-11 4.4.5)."""

from __future__ import annotations

from eid_toolkit.ground.errors import EidError
from eid_toolkit.standards.asn1.security_infos import TerminalAuthenticationInfo
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.ef_cvca import AUTHORITY_REFERENCE
from eid_toolkit.standards.pki.cv_authorization import Authorization, Role, TerminalType
from eid_toolkit.standards.protocols.pace import AUTHORITY_REFERENCES, Step
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.pace_rounds import PaceRounds, offered, way_with, with_keys, with_mapping
from eid_toolkit.work.conformance.probe import Probe

_ALL_RIGHTS = 0x3F
_SESSIONS = 4

case = Cases(Unit.PACE, "The chip was reset.", offered)


def _terminal_authentication(facts: Facts) -> str | None:
    infos = facts.dg14
    named = infos is not None and infos.of_type(TerminalAuthenticationInfo) and facts.has(ElementaryFile.CVCA)
    return None if named else "the chip does not offer Terminal Authentication"


@case(
    9,
    "9303-11 4.4.5",
    "A terminal that presents its authorization learns which key the chip trusts.",
    steps="PACE with object 7F4C (inspection system, all rights) in MSE:Set AT.",
    expected="Object 87 in the last answer, with the first name of EF.CVCA.",
    condition=_terminal_authentication,
)
def authority_reference(probe: Probe) -> None:
    template = tlv.parse(Authorization(TerminalType.INSPECTION_SYSTEM, Role.TERMINAL, _ALL_RIGHTS).encode())
    run = PaceRounds(probe)
    probe.ok(run.select({template.tag: template.value}), "MSE:Set AT with 7F4C")
    for step in Step:
        run.do(step)
    named = run.answers[Step.AUTHENTICATE].get(AUTHORITY_REFERENCES[0])
    first = tlv.encode(AUTHORITY_REFERENCE, named or b"")
    trusted = probe.facts.files[ElementaryFile.CVCA].startswith(first)
    probe.require(named is not None and trusted, "object 87 does not name the first key of EF.CVCA")


@case(
    10,
    "9303-11 4.4.4.1",
    "MSE:Set AT is answered without data.",
    steps="MSE:Set AT for PACE.",
    expected="9000 without data.",
)
def selection_without_data(probe: Probe) -> None:
    probe.require(not probe.ok(PaceRounds(probe).select(), "MSE:Set AT"), "MSE:Set AT was answered with data")


@case(
    11,
    "9303-11 4.4.3.3",
    "Each run has a fresh nonce.",
    steps=("First round of two runs by the same password.", "Decrypt both nonces."),
    expected="Two nonces of the mapping's length that differ.",
)
def fresh_nonce(probe: Probe) -> None:
    nonces = {PaceRounds(probe).before(Step.NONCE).do(Step.NONCE) for _ in range(2)}
    nonce_size = probe.facts.pace[0][1].nonce_size
    probe.require(len(nonces) == 2, "two runs began with the same nonce")
    probe.require(
        all(len(nonce) == nonce_size for nonce in nonces), f"the encrypted nonce does not have {nonce_size} bytes"
    )


@case(
    12,
    "9303-11 4.4.1",
    "Each run has a fresh key pair for the mapping.",
    steps="Two rounds of two runs.",
    expected="The chip's public keys in object 82 differ.",
    condition=with_keys,
)
def fresh_mapping_key(probe: Probe) -> None:
    keys = {PaceRounds(probe, way_with(probe, "gm", "cam")).before(Step.MAP).do(Step.MAP) for _ in range(2)}
    probe.require(len(keys) == 2, "two runs had the same public key of the mapping")


@case(
    13,
    "9303-11 4.4.1",
    "A reset does not repeat earlier random numbers.",
    steps="Three rounds of two runs, with a reset between and the same data of the terminal for the mapping.",
    expected="The chip's public keys in object 84 differ.",
)
def fresh_after_reset(probe: Probe) -> None:
    probe.reset()
    first = PaceRounds(probe).before(Step.AGREE)
    key = first.do(Step.AGREE)
    probe.reset()
    second = PaceRounds(probe).map_like(first).before(Step.AGREE)
    probe.require(second.do(Step.AGREE) != key, "two runs had the same public key of the key agreement")


@case(
    14,
    "9303-11 4.4.5.2.2",
    "With the integrated mapping the chip sends an empty object 82.",
    steps="Two rounds of PACE with IM.",
    expected="7C with object 82 of no bytes.",
    condition=with_mapping("im"),
)
def empty_mapping_data(probe: Probe) -> None:
    value = PaceRounds(probe, way_with(probe, "im")).before(Step.MAP).do(Step.MAP)
    probe.require(not value, f"object 82 holds {len(value)} bytes")


@case(
    15,
    "9303-11 4.4.1",
    "The chip never answers with the terminal's own public key.",
    steps="PACE in every way that the chip offers.",
    expected="The public keys in 82 and 84 are not those of 81 and 83.",
)
def no_mirror(probe: Probe) -> None:
    for way in probe.facts.pace:
        run = PaceRounds(probe, way).before(Step.MAP)
        for step in (Step.MAP, Step.AGREE):
            own = run.value(step)
            probe.require(run.do(step) != own, f"{way[1].protocol.mapping.upper()}: the chip sent our own key back")


@case(
    16,
    "9303-11 4.4.3.4",
    "The chip's token is the checksum over the terminal's public key.",
    steps="PACE in every way that the chip offers.",
    expected="Object 86 is the 8 bytes computed from the terminal's ephemeral key.",
)
def chip_token(probe: Probe) -> None:
    for way in probe.facts.pace:
        run = PaceRounds(probe, way).before(Step.AUTHENTICATE)
        token = run.do(Step.AUTHENTICATE)
        right = token == run.keys.token(run.sent[Step.AGREE])
        probe.require(right, f"{way[1].protocol.mapping.upper()}: the chip's token is wrong")
        probe.reset()


@case(
    17,
    "9303-11 9.8.3",
    "A plain MSE:Set AT ends the session.",
    steps=(
        "PACE, SELECT of the application.",
        "MSE:Set AT for PACE in plain.",
        "READ BINARY of EF.COM, protected and in plain.",
    ),
    expected=("Any answer to MSE:Set AT.", "An error for both, without secure messaging."),
)
def plain_selection_ends_session(probe: Probe) -> None:
    probe.run_pace()
    probe.ok(probe.send(commands.select_application(EMRTD_AID)), "SELECT of the application")
    PaceRounds(probe).select()
    probe.session_is_over("after a plain MSE:Set AT")


@case(
    18,
    "9303-11 9.8.3",
    "PACE opens the chip again after any number of ended sessions.",
    steps=("PACE, then SELECT of the master file in plain, which ends the session: four times.", "PACE, read EF.COM."),
    expected="9000 in every round, and the last keys protect what follows.",
)
def again_after_sessions(probe: Probe) -> None:
    for _ in range(_SESSIONS):
        probe.run_pace()
        probe.session.exchange_plain(commands.select_mf())
    probe.run_pace()
    probe.ok(probe.send(commands.select_application(EMRTD_AID)), "SELECT of the application after PACE")
    probe.session_lives("after the last PACE")


@case(
    19,
    "9303-10 3.11.4",
    "EF.CardSecurity can be read after PACE with any mapping.",
    steps="PACE in every way that the chip offers, then READ BINARY of EF.CardSecurity in the master file.",
    expected="9000 with its first bytes.",
    condition=with_mapping("cam"),
)
def card_security(probe: Probe) -> None:
    for info, _ in probe.facts.pace:
        probe.run_pace(info)
        answer = probe.send(commands.read_binary_sfi(ElementaryFile.CARD_SECURITY.sfi, 0, 8))
        probe.require(bool(probe.ok(answer, f"EF.CardSecurity after {info.protocol}")), "EF.CardSecurity is empty")
        probe.reset()


@case(
    20,
    "9303-11 4.4.4.2",
    "After a failed run, the next one succeeds without a reset.",
    steps=("Three rounds of PACE, then a wrong token.", "PACE as it should be."),
    expected=("An error.", "9000 in every round."),
)
def again_after_failure(probe: Probe) -> None:
    probe.refused(PaceRounds(probe).before(Step.AUTHENTICATE).send(Step.AUTHENTICATE, bytes(8)), "a wrong token")
    try:
        PaceRounds(probe).finish()
    except EidError as error:
        probe.require(False, f"the run after a failed one did not succeed ({error})")
