"""SELECT of the master file and the application, class and instruction bytes (ISO/IEC 7816-4 11.2.2, 9303-10 3.6.1)."""

from __future__ import annotations

from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.pace_rounds import offered
from eid_toolkit.work.conformance.probe import SECURITY_ERRORS, Probe

case = Cases(Unit.SELECT, "The chip was reset.")
OPENED = "The chip was opened by PACE or BAC, and the application is selected."
ABSENT_FID = 0x01FF
"""An identifier that no file of an eMRTD has."""
UNKNOWN_AID = EMRTD_AID[:-1] + b"\xff"


@case(
    1,
    "9303-10 3.6.1.2",
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
    answer = probe.plain(commands.select_application(UNKNOWN_AID))
    probe.refused(answer, "SELECT of an unknown application", 0x6A82, 0x6999)


@case(
    3,
    "9303-11 4.2",
    "Without access no data group can be selected or read.",
    steps=("SELECT the application.", "SELECT EF.DG1 by identifier, then READ BINARY of its first byte."),
    expected="6982 or 6985 for the READ, whether or not the SELECT is refused.",
)
def data_group_without_access(probe: Probe) -> None:
    probe.select_application()
    probe.plain(commands.select_ef(ElementaryFile.DG1.fid))
    probe.refused(probe.plain(commands.read_binary(0, 1)), "READ BINARY without access", *SECURITY_ERRORS, 0x6986)


@case(
    4,
    "7816-4 11.2.2",
    "A SELECT with a reserved P1 is refused.",
    steps="SELECT 00A4FF0C with A0000002471001.",
    expected="6A86 or 6A81 without data.",
)
def reserved_parameter(probe: Probe) -> None:
    answer = probe.plain(CommandApdu(0x00, commands.SELECT, 0xFF, 0x0C, EMRTD_AID))
    probe.refused(answer, "SELECT with P1 FF", 0x6A86, 0x6A81)


@case(
    5,
    "9303-10 3.6.1",
    "The application can be selected from any context, including the application itself.",
    steps=("SELECT the application.", "SELECT it again."),
    expected="9000 both times.",
)
def application_again(probe: Probe) -> None:
    probe.select_application()
    probe.select_application()


@case(
    6,
    "7816-4 11.2.2",
    "A name that merely begins with the application's identifier does not select the application.",
    steps="SELECT 00A4040C with A000000247100100.",
    expected="An error without data.",
)
def longer_identifier(probe: Probe) -> None:
    answer = probe.plain(commands.select_application(EMRTD_AID + b"\x00"))
    probe.refused(answer, "SELECT of the identifier with a byte behind it")


@case(
    7,
    "7816-4 11.2.2",
    "A SELECT with a reserved P2 is refused.",
    steps="SELECT 00A404FF with A0000002471001.",
    expected="An error without data.",
)
def reserved_answer_form(probe: Probe) -> None:
    answer = probe.plain(CommandApdu(0x00, commands.SELECT, 0x04, 0xFF, EMRTD_AID))
    probe.refused(answer, "SELECT with P2 FF")


@case(
    8,
    "7816-4 11.2.2",
    "If the chip returns control information of the application, it is a series of data objects.",
    steps="SELECT 00A40400 with A0000002471001 and Le 00.",
    expected="9000 with data objects or nothing, or an error without data.",
)
def application_with_control_information(probe: Probe) -> None:
    answer = probe.plain(commands.select_application(EMRTD_AID, commands.FCI))
    if answer.ok:
        probe.objects(answer.data)
    else:
        probe.refused(answer, "SELECT with P2 00")


@case(
    10,
    "9303-10 3.6.1.1",
    "If the chip accepts SELECT of the master file, the files of the master file can then be read.",
    steps=(
        "SELECT the application.",
        "SELECT 00A4000C of the master file.",
        "READ BINARY of EF.CardAccess by its short identifier.",
    ),
    expected="9000 and the bytes of EF.CardAccess, or an error for the SELECT.",
    condition=offered,
)
def master_file(probe: Probe) -> None:
    probe.select_application()
    answer = probe.plain(commands.select_mf())
    if not answer.ok:
        probe.refused(answer, "SELECT of the master file")
        return
    start = probe.ok(probe.plain(commands.read_binary_sfi(0x1C, 0, 4)), "READ BINARY in the master file")
    known = probe.facts.files[ElementaryFile.CARD_ACCESS]
    probe.require(start == known[:4], "the short identifier 1C did not select EF.CardAccess")


@case(
    17,
    "9303-11 9.8.3",
    "SELECT of the application under secure messaging keeps access and session.",
    preconditions=OPENED,
    steps=("SELECT the application, protected.", "READ BINARY of EF.DG1."),
    expected="9000 both times, and the first byte is 61.",
)
def application_keeps_access(probe: Probe) -> None:
    probe.open()
    probe.ok(probe.send(commands.select_application(EMRTD_AID)), "SELECT of the application")
    start = probe.ok(probe.send(commands.read_binary_sfi(ElementaryFile.DG1.sfi, 0, 1)), "READ BINARY of EF.DG1")
    probe.require(start == b"\x61", "EF.DG1 does not begin with 61")


@case(
    18,
    "9303-11 9.8.3",
    "SELECT of an unknown application under secure messaging ends neither access nor session.",
    preconditions=OPENED,
    steps=("SELECT A00000024710FF, protected.", "SELECT the application and READ BINARY of EF.COM, protected."),
    expected=("An error under secure messaging.", "The session continues."),
)
def unknown_application_in_session(probe: Probe) -> None:
    probe.open()
    probe.refused(probe.send(commands.select_application(UNKNOWN_AID)), "SELECT of an unknown application")
    probe.ok(probe.send(commands.select_application(EMRTD_AID)), "SELECT of the application")
    probe.session_lives("after SELECT of an unknown application")


@case(
    20,
    "7816-4 5.4.1",
    "A reserved class byte is refused.",
    steps="SELECT of the application with CLA 20.",
    expected="An error without data.",
)
def reserved_class(probe: Probe) -> None:
    answer = probe.plain(CommandApdu(0x20, commands.SELECT, 0x04, 0x0C, EMRTD_AID))
    probe.refused(answer, "SELECT with class byte 20")


@case(
    21,
    "7816-4 5.4.1",
    "A logical channel that was not opened is refused.",
    steps="SELECT of the application with CLA 03, the fourth logical channel.",
    expected="An error without data.",
)
def closed_logical_channel(probe: Probe) -> None:
    answer = probe.plain(CommandApdu(0x03, commands.SELECT, 0x04, 0x0C, EMRTD_AID))
    probe.refused(answer, "SELECT on a logical channel that was not opened")


@case(
    22,
    "7816-4 5.6",
    "An unknown instruction is reported as unknown.",
    steps="SELECT the application, then 000A0000.",
    expected="6D00 (or 6E00) without data.",
)
def unknown_instruction(probe: Probe) -> None:
    probe.select_application()
    probe.refused(probe.plain(CommandApdu(0x00, 0x0A, 0x00, 0x00)), "the instruction 0A", 0x6D00, 0x6E00)


@case(
    23,
    "9303-11 9.8.3",
    "An unknown instruction does not end the session.",
    preconditions=OPENED,
    steps=("000A0000, protected.", "READ BINARY of EF.COM, protected."),
    expected=("6D00 (or 6E00) under secure messaging.", "The session continues."),
)
def unknown_instruction_in_session(probe: Probe) -> None:
    probe.open()
    probe.refused(probe.send(CommandApdu(0x00, 0x0A, 0x00, 0x00)), "the instruction 0A", 0x6D00, 0x6E00)
    probe.session_lives("after an unknown instruction")
