"""SELECT of the master file, the application and the files (ISO/IEC 7816-4 11.2.2, ICAO Doc 9303-10 3.6)."""

from __future__ import annotations

from eid_toolkit.conformance.case import Cases, Unit
from eid_toolkit.conformance.probe import SECURITY_ERRORS, Probe
from eid_toolkit.iso7816 import commands
from eid_toolkit.iso7816.apdu import CommandApdu
from eid_toolkit.iso7816.files import EMRTD_AID, ElementaryFile

case = Cases(Unit.SELECT, "The chip was reset.")


@case(
    1,
    "9303-10 3.6.3",
    "The eMRTD application is selected by its identifier.",
    steps="SELECT 00A4040C with A0000002471001.",
    expected="9000 without data.",
)
def application_by_identifier(probe: Probe) -> None:
    answer = probe.plain(commands.select_application(EMRTD_AID))
    probe.require(not probe.ok(answer, "SELECT of the application"), "SELECT with P2 0C came with data")


@case(
    2,
    "7816-4 11.2.2",
    "An application that the chip does not have is not selected.",
    steps="SELECT 00A4040C with A00000024710FF.",
    expected="6A82 (or 6999) without data.",
)
def unknown_application(probe: Probe) -> None:
    answer = probe.plain(commands.select_application(EMRTD_AID[:-1] + b"\xff"))
    probe.refused(answer, "SELECT of an unknown application", 0x6A82, 0x6999)


@case(
    3,
    "9303-11 4.2",
    "Without access no data group can be selected or read.",
    steps=("SELECT the application.", "SELECT EF.DG1 by identifier, then READ BINARY of its first byte."),
    expected="6982 or 6985 for the READ, whether or not the SELECT is refused.",
)
def data_group_without_access(probe: Probe) -> None:
    probe.ok(probe.plain(commands.select_application(EMRTD_AID)), "SELECT of the application")
    probe.plain(commands.select_ef(ElementaryFile.DG1.fid))
    probe.refused(probe.plain(commands.read_binary(0, 1)), "READ BINARY without access", *SECURITY_ERRORS, 0x6986)


@case(
    4,
    "7816-4 11.2.2",
    "A SELECT with a parameter that is reserved is refused.",
    steps="SELECT 00A4FF0C with A0000002471001.",
    expected="6A86 or 6A81 without data.",
)
def reserved_parameter(probe: Probe) -> None:
    answer = probe.plain(CommandApdu(0x00, commands.SELECT, 0xFF, 0x0C, EMRTD_AID))
    probe.refused(answer, "SELECT with P1 FF", 0x6A86, 0x6A81)
