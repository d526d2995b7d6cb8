"""Terminal Authentication: what it opens, and for how long (ICAO Doc 9303-11 7.1)."""

from __future__ import annotations

from eid_toolkit.cards.terminal.rights import effective_authorization
from eid_toolkit.ground.errors import CardRefused
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, READ_DG4
from eid_toolkit.standards.protocols.terminal_authentication import SessionBinding
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.probe import Probe
from eid_toolkit.work.conformance.terminal_rounds import TerminalRounds, authenticate_chip, testable

_RIGHTS = {ElementaryFile.DG3: READ_DG3, ElementaryFile.DG4: READ_DG4}
_OPENED = "The chip was opened and authenticated by Chip Authentication."


def _with_chip_mapping(facts: Facts) -> str | None:
    return None if facts.pace_with("cam") else "PACE with Chip Authentication Mapping is not offered"


def _without_chip_mapping(facts: Facts) -> str | None:
    named = facts.pace_with("gm") or facts.pace_with("im")
    return None if named else "the chip cannot be opened by PACE without authenticating itself"


case = Cases(Unit.TERMINAL_AUTHENTICATION, _OPENED, testable)


@case(
    1,
    "9303-11 7.1.5.1",
    "The chip knows every key that EF.CVCA names.",
    steps="MSE:Set DST with each name.",
    expected="9000 for each.",
)
def known_keys(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    for reference in EfCvca.parse(probe.facts.files[ElementaryFile.CVCA]).references:
        probe.ok(run.select_issuer(reference.encode()), f"MSE:Set DST with {reference.text}")


@case(
    2,
    "9303-11 7.1.3",
    "The terminal reads exactly what its certificates allow.",
    steps=("Terminal Authentication.", "READ BINARY of each protected data group."),
    expected="9000 where every certificate of the chain gives the right, an error elsewhere.",
)
def rights(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    run.finish()
    allowed = effective_authorization(run.credentials)
    for file in probe.facts.protected:
        answer = run.read(file)
        if allowed.allows(_RIGHTS[file]):
            probe.require(bool(probe.ok(answer, f"READ BINARY of {file.label}")), f"{file.label} is empty")
        else:
            probe.refused(answer, f"READ BINARY of {file.label} without the right")


@case(
    3,
    "9303-11 7.1",
    "Without Terminal Authentication, protected data groups cannot be read.",
    steps="READ BINARY of each protected data group.",
    expected="An error without data.",
)
def without(probe: Probe) -> None:
    TerminalRounds.opened(probe).closed("without Terminal Authentication")


@case(
    4,
    "9303-11 7.1",
    "The chip must be authenticated first.",
    preconditions="The chip was reset.",
    steps=("PACE with GM or IM, SELECT of the application.", "Terminal Authentication bound to the key of PACE."),
    expected="An error for one of the commands, and the data groups stay closed.",
    condition=_without_chip_mapping,
)
def before_chip_authentication(probe: Probe) -> None:
    run = TerminalRounds.after_pace(probe, "gm" if probe.facts.pace_with("gm") else "im")
    probe.refused(run.attempt(), "Terminal Authentication before Chip Authentication")
    run.closed("Terminal Authentication before Chip Authentication")


@case(
    5,
    "9303-11 7.1.2",
    "After Chip Authentication Mapping, the PACE key is used.",
    preconditions="The chip was reset.",
    steps=("PACE with CAM, SELECT of the application.", "Terminal Authentication bound to the key of PACE."),
    expected="9000 for every command.",
    condition=_with_chip_mapping,
)
def after_chip_mapping(probe: Probe) -> None:
    TerminalRounds.after_pace(probe, "cam").finish()


@case(
    6,
    "9303-11 7.1.5.4",
    "Every challenge is fresh.",
    steps="The certificates, then MSE:Set AT and GET CHALLENGE twice.",
    expected="Two challenges of 8 bytes that differ.",
)
def fresh_challenge(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    run.import_chain()
    probe.require(run.challenge() != run.challenge(), "two challenges are identical")


@case(
    7,
    "9303-11 7.1.3",
    "The rights survive selection of the master file.",
    steps=("Terminal Authentication.", "SELECT of the master file, then of the application.", "READ BINARY."),
    expected="9000 for the data groups that the certificates open.",
)
def after_selection(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    run.finish()
    probe.send(commands.select_mf())
    probe.ok(probe.send(commands.select_application(EMRTD_AID)), "SELECT of the application")
    allowed = effective_authorization(run.credentials)
    for file in probe.facts.protected:
        if allowed.allows(_RIGHTS[file]):
            probe.ok(run.read(file), f"READ BINARY of {file.label} after a selection")


@case(
    8,
    "9303-11 9.8.3",
    "A plain command ends the rights.",
    steps=("Terminal Authentication.", "READ BINARY in plain.", "Access and Chip Authentication again, READ BINARY."),
    expected="An error for both.",
)
def after_plain_command(probe: Probe) -> None:
    TerminalRounds.opened(probe).finish()
    file = probe.facts.protected[0]
    answer = probe.plain(commands.read_binary_sfi(file.sfi, 0, 1))
    probe.refused(answer, f"READ BINARY of {file.label} in plain")
    probe.session.exchange_plain(commands.select_mf())
    TerminalRounds.opened(probe).closed("in the session after a plain command")


@case(
    9,
    "9303-11 7.1.3",
    "A reset ends the rights.",
    steps=("Terminal Authentication.", "Reset, access and Chip Authentication again, READ BINARY."),
    expected="An error without data.",
)
def after_reset(probe: Probe) -> None:
    TerminalRounds.opened(probe).finish()
    probe.reset()
    TerminalRounds.opened(probe).closed("after a reset")


def _authenticates_chip_again(probe: Probe) -> bytes | None:
    """The terminal's new key, or None: a chip may refuse Chip Authentication for the second time."""
    try:
        return authenticate_chip(probe)
    except CardRefused:
        return None


@case(
    10,
    "9303-11 7.1.3",
    "New session keys end the rights, which were bound to the old ones.",
    steps=("Terminal Authentication.", "Chip Authentication again.", "READ BINARY."),
    expected="An error without data, unless Chip Authentication was refused.",
)
def after_new_keys(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    run.finish()
    if _authenticates_chip_again(probe) is not None:
        run.closed("after Chip Authentication for the second time")


@case(
    11,
    "9303-11 7.1.3",
    "A session allows one Terminal Authentication.",
    steps="Terminal Authentication twice.",
    expected="An error for one of the commands of the second.",
)
def second_run(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    run.finish()
    probe.refused(run.attempt(), "Terminal Authentication for the second time")


@case(
    12,
    "9303-11 7.1.3",
    "New session keys do not start a new session: a second Terminal Authentication under them is refused.",
    steps=("Terminal Authentication.", "Chip Authentication again.", "Terminal Authentication bound to the new key."),
    expected="An error for one of the commands of the second, unless Chip Authentication was refused.",
)
def second_run_under_new_keys(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    run.finish()
    key = _authenticates_chip_again(probe)
    if key is not None:
        run.binding = SessionBinding(run.binding.chip, key)
        probe.refused(run.attempt(), "Terminal Authentication for the second time, under new keys")


@case(
    13,
    "9303-11 9.8.3",
    "The session continues with its keys after Terminal Authentication.",
    steps=("Terminal Authentication.", "READ BINARY of EF.COM."),
    expected="9000 under the keys of Chip Authentication.",
)
def session_goes_on(probe: Probe) -> None:
    TerminalRounds.opened(probe).finish()
    probe.session_lives("after Terminal Authentication")
