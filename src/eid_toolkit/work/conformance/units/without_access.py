"""What one without access reads, and what not (ICAO Doc 9303-11 4.2, 9303-10 3.11)."""

from __future__ import annotations

from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.work.conformance.case import Cases, Condition, Unit
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.probe import SECURITY_ERRORS, Probe
from eid_toolkit.work.conformance.units.selecting import ABSENT_FID

case = Cases(Unit.SELECT, "The chip was reset; nobody has access.")
_NOT_SELECTED = 0x6986


def _has(*files: ElementaryFile) -> Condition:
    def condition(facts: Facts) -> str | None:
        missing = next((file for file in files if not facts.has(file)), None)
        return None if missing is None else f"{missing.label} is missing"

    return condition


@case(
    26,
    "9303-10 3.11.3",
    "EF.CardAccess is freely readable.",
    steps="READ BINARY by short identifier 1C in the master file.",
    expected="9000 and its bytes.",
    condition=_has(ElementaryFile.CARD_ACCESS),
)
def card_access_is_free(probe: Probe) -> None:
    _reads_freely(probe, ElementaryFile.CARD_ACCESS)


@case(
    27,
    "9303-10 3.11.2",
    "EF.DIR is freely readable.",
    steps="READ BINARY by short identifier 1E in the master file.",
    expected="9000 and its bytes.",
    condition=_has(ElementaryFile.DIR),
)
def directory_is_free(probe: Probe) -> None:
    _reads_freely(probe, ElementaryFile.DIR)


@case(
    28,
    "9303-10 3.11.1",
    "EF.ATR/INFO is freely readable.",
    steps="READ BINARY by short identifier 01 in the master file.",
    expected="9000 and its bytes.",
    condition=_has(ElementaryFile.ATR_INFO),
)
def capabilities_are_free(probe: Probe) -> None:
    _reads_freely(probe, ElementaryFile.ATR_INFO)


def _reads_freely(probe: Probe, file: ElementaryFile) -> None:
    probe.plain(commands.select_mf())
    content = probe.facts.files[file]
    data = probe.ok(probe.plain(commands.read_binary_sfi(file.sfi, 0, min(len(content), 256))), f"reading {file.label}")
    probe.require(data == content[:256], f"{file.label} has changed since it was first read")


@case(
    29,
    "9303-11 4.3.2",
    "EF.COM and EF.SOD are refused like the data groups.",
    steps="SELECT the application, then READ BINARY by the short identifiers 1E and 1D.",
    expected="6982 or 6985 without data.",
)
def presence_files_are_refused(probe: Probe) -> None:
    probe.select_application()
    for file in (ElementaryFile.COM, ElementaryFile.SOD):
        answer = probe.plain(commands.read_binary_sfi(file.sfi, 0, 1))
        probe.refused(answer, f"READ BINARY of {file.label} without access", *SECURITY_ERRORS)


@case(
    30,
    "9303-11 4.3.2",
    "No data group can be read by its short identifier.",
    steps="SELECT the application, then READ BINARY by short identifier of each data group that is there.",
    expected="6982 or 6985 without data.",
)
def data_groups_by_short_identifier(probe: Probe) -> None:
    probe.select_application()
    for file in _data_groups(probe.facts):
        answer = probe.plain(commands.read_binary_sfi(file.sfi, 0, 1))
        probe.refused(answer, f"READ BINARY of {file.label} without access", *SECURITY_ERRORS)


@case(
    31,
    "9303-11 4.3.2",
    "No data group can be read by its file identifier.",
    steps="SELECT the application, then each data group that is there, then READ BINARY after each SELECT.",
    expected="6982, 6985 or 6986 without data for the READ.",
)
def data_groups_by_identifier(probe: Probe) -> None:
    probe.select_application()
    for file in _data_groups(probe.facts):
        probe.plain(commands.select_ef(file.fid))
        answer = probe.plain(commands.read_binary(0, 1))
        probe.refused(answer, f"READ BINARY of {file.label} without access", *SECURITY_ERRORS, _NOT_SELECTED)


def _data_groups(facts: Facts) -> tuple[ElementaryFile, ...]:
    return tuple(file for file in ElementaryFile if file.data_group and (facts.has(file) or file in facts.protected))


@case(
    32,
    "9303-11 4.3.2",
    "READ BINARY with odd INS gives no more access than with even INS.",
    steps="SELECT the application, then 00B1001E with an offset of 0 in a DO'54'.",
    expected="An error without data.",
)
def odd_form_without_access(probe: Probe) -> None:
    probe.select_application()
    answer = probe.plain(commands.read_binary_odd(0, 8, ElementaryFile.COM.sfi))
    probe.refused(answer, "READ BINARY in the odd form without access")


@case(
    33,
    "9303-11 4.3.2",
    "An extended Le gives no more access than a short one.",
    steps="SELECT the application, then READ BINARY of EF.DG2 by short identifier with an extended Le.",
    expected="An error without data.",
)
def extended_length_without_access(probe: Probe) -> None:
    probe.select_application()
    answer = probe.plain(commands.read_binary_sfi(ElementaryFile.DG2.sfi, 0, 512))
    probe.refused(answer, "READ BINARY with an extended Le without access")


@case(
    34,
    "9303-11 4.2",
    "Access to a missing file is refused too, with any status word.",
    steps="SELECT the application, then 00A4020C with 01FF and READ BINARY.",
    expected="An error without data for both.",
)
def absent_file_without_access(probe: Probe) -> None:
    probe.select_application()
    probe.refused(probe.plain(commands.select_ef(ABSENT_FID)), "SELECT of an absent file without access")
    probe.refused(probe.plain(commands.read_binary(0, 1)), "READ BINARY after it")


@case(
    35,
    "9303-10 3.11.4",
    "EF.CardSecurity can be read only after PACE.",
    steps="READ BINARY by short identifier 1D in the master file; SELECT 011D and READ BINARY.",
    expected="An error without data for each READ.",
    condition=_has(ElementaryFile.CARD_SECURITY),
)
def card_security_without_access(probe: Probe) -> None:
    probe.plain(commands.select_mf())
    probe.refused(probe.plain(commands.read_binary_sfi(ElementaryFile.CARD_SECURITY.sfi, 0, 1)), "READ BINARY")
    probe.plain(commands.select_ef(ElementaryFile.CARD_SECURITY.fid))
    probe.refused(probe.plain(commands.read_binary(0, 1)), "READ BINARY after SELECT")


@case(
    36,
    "9303-10 4.6",
    "Within the application, the short identifiers of the master file's freely readable files do not select them.",
    steps="SELECT the application, then READ BINARY by the short identifiers 1C, 1E and 01, and of 011C by identifier.",
    expected="An error without data for each READ.",
)
def free_files_stay_behind(probe: Probe) -> None:
    probe.select_application()
    for sfi in (0x1C, 0x1E, 0x01):
        probe.refused(probe.plain(commands.read_binary_sfi(sfi, 0, 1)), f"SFI {sfi:02X} in the application")
    probe.plain(commands.select_ef(ElementaryFile.CARD_ACCESS.fid))
    probe.refused(probe.plain(commands.read_binary(0, 1)), "the identifier 011C in the application")


@case(
    37,
    "9303-11 4.2",
    "Without access, the files of the application cannot be reached from the master file either.",
    steps="In the master file: SELECT 00A4020C and 00A4000C with 0101, each with READ BINARY.",
    expected="An error without data for each READ.",
)
def data_group_from_the_master_file(probe: Probe) -> None:
    probe.plain(commands.select_mf())
    for p1 in (commands.IN_CURRENT_DF, commands.ANYWHERE):
        probe.plain(commands.select_ef(ElementaryFile.DG1.fid, p1))
        probe.refused(probe.plain(commands.read_binary(0, 1)), f"READ BINARY after SELECT with P1 {p1:02X}")
