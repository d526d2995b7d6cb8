"""SELECT of the files (ISO/IEC 7816-4 11.2.2, ICAO Doc 9303-10 3.6.2)."""

from __future__ import annotations

from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.pace_rounds import offered
from eid_toolkit.work.conformance.probe import Probe
from eid_toolkit.work.conformance.units.selecting import ABSENT_FID, OPENED

case = Cases(Unit.SELECT, OPENED)


@case(
    9,
    "7816-4 11.2.2",
    "If the chip returns the control parameters of a file, they are in the FCP template.",
    steps="SELECT 00A40204 of EF.COM with Le 00, protected.",
    expected="9000 with one object 62, or an error without data.",
)
def file_with_control_parameters(probe: Probe) -> None:
    probe.open()
    answer = probe.send(commands.select_ef(ElementaryFile.COM.fid, p2=commands.FCP))
    if answer.ok:
        probe.require(list(probe.objects(answer.data)) == [0x62], "the answer is not one template 62")
    else:
        probe.refused(answer, "SELECT with P2 04")


@case(
    11,
    "9303-10 3.6.2",
    "Every file of the application is selected by its identifier.",
    steps="For each file that could be read: SELECT 00A4020C by identifier, then READ BINARY of four bytes, protected.",
    expected="9000 without data, then the file's first bytes.",
)
def every_file_by_identifier(probe: Probe) -> None:
    probe.open()
    for file, content in probe.facts.files.items():
        if file.in_application:
            selected = probe.ok(probe.send(commands.select_ef(file.fid)), f"SELECT of {file.label}")
            probe.require(not selected, f"SELECT of {file.label} with P2 0C came with data")
            start = probe.ok(probe.send(commands.read_binary(0, 4)), f"READ BINARY of {file.label}")
            probe.require(start == content[:4], f"{file.label} by its identifier is another file")


@case(
    12,
    "9303-10 4.6",
    "Within the application, identifiers also used in the master file select the application's own files.",
    preconditions="The chip was opened by PACE; the master file is the current DF.",
    steps=(
        "READ BINARY by the short identifiers 1E and 01, protected, with any result.",
        "SELECT the application, protected.",
        "READ BINARY by the short identifiers 1E, 01 and 1D, protected.",
    ),
    expected="The first bytes are now 60, 61 and 77: EF.COM, EF.DG1 and EF.SOD.",
    condition=offered,
)
def same_short_identifier(probe: Probe) -> None:
    probe.run_pace()
    for file in (ElementaryFile.DIR, ElementaryFile.ATR_INFO):
        probe.send(commands.read_binary_sfi(file.sfi, 0, 1))
    probe.ok(probe.send(commands.select_application(EMRTD_AID)), "SELECT of the application")
    for file in (ElementaryFile.COM, ElementaryFile.DG1, ElementaryFile.SOD):
        start = probe.ok(probe.send(commands.read_binary_sfi(file.sfi, 0, 1)), f"READ BINARY of {file.label}")
        probe.require(start[:1] == bytes((file.tag or 0,)), f"SFI {file.sfi:02X} is not {file.label}")


@case(
    13,
    "7816-4 11.2.2",
    "With access, a missing file is reported as missing.",
    steps="SELECT 00A4020C with 01FF, protected.",
    expected=("6A82 under secure messaging.", "The session continues."),
)
def absent_file(probe: Probe) -> None:
    probe.open()
    probe.refused(probe.send(commands.select_ef(ABSENT_FID)), "SELECT of an absent file", 0x6A82)
    probe.session_lives("after SELECT of an absent file")


@case(
    14,
    "7816-4 11.2.2",
    "A file identifier has two bytes.",
    steps="SELECT 00A4020C with 01, then with 010101, protected.",
    expected="An error without data for each.",
)
def identifier_of_wrong_length(probe: Probe) -> None:
    probe.open()
    for identifier in (b"\x01", b"\x01\x01\x01"):
        answer = probe.send(CommandApdu(0x00, commands.SELECT, commands.IN_CURRENT_DF, commands.NO_ANSWER, identifier))
        probe.refused(answer, f"SELECT of an identifier of {len(identifier)} bytes")


@case(
    15,
    "7816-4 11.2.2",
    "A failed SELECT never changes the current file to a different one.",
    steps=("SELECT EF.DG1.", "SELECT 01FF, which is not there.", "READ BINARY of the current file."),
    expected="The first byte of EF.DG1, or an error because no file is selected any more.",
)
def failed_select_keeps_the_file(probe: Probe) -> None:
    probe.open()
    probe.ok(probe.send(commands.select_ef(ElementaryFile.DG1.fid)), "SELECT of EF.DG1")
    probe.refused(probe.send(commands.select_ef(ABSENT_FID)), "SELECT of an absent file")
    answer = probe.send(commands.read_binary(0, 1))
    if answer.ok:
        probe.require(answer.data == b"\x61", "after a failed SELECT the current file is another one")
    else:
        probe.refused(answer, "READ BINARY after a failed SELECT")


@case(
    16,
    "7816-4 11.2.2",
    "SELECT of the application leaves no file selected.",
    steps=("SELECT EF.DG1.", "SELECT the application, protected.", "READ BINARY of the current file."),
    expected="An error without data.",
)
def application_forgets_the_file(probe: Probe) -> None:
    probe.open()
    probe.ok(probe.send(commands.select_ef(ElementaryFile.DG1.fid)), "SELECT of EF.DG1")
    probe.ok(probe.send(commands.select_application(EMRTD_AID)), "SELECT of the application")
    probe.refused(probe.send(commands.read_binary(0, 1)), "READ BINARY with no file selected")


@case(
    19,
    "7816-4 11.2.2",
    "P1 02 selects only files of the current DF.",
    preconditions="The chip was opened by PACE; the master file is the current DF.",
    steps="SELECT 00A4020C with 0101, then READ BINARY of one byte, protected.",
    expected="An error for the SELECT or for the READ.",
    condition=offered,
)
def file_of_another_df(probe: Probe) -> None:
    probe.run_pace()
    if probe.send(commands.select_ef(ElementaryFile.DG1.fid)).ok:
        probe.refused(probe.send(commands.read_binary(0, 1)), "READ BINARY of EF.DG1 from the master file")


@case(
    24,
    "9303-10 3.6.2",
    "The freely readable files of the master file are selected by their identifiers.",
    preconditions="The chip was reset.",
    steps=(
        "SELECT the master file, whether or not the chip accepts it.",
        "For each of EF.CardAccess, EF.DIR and EF.ATR/INFO that is there: SELECT 00A4020C, then READ BINARY.",
    ),
    expected="9000 and the bytes that the short identifier gives.",
)
def free_files_by_identifier(probe: Probe) -> None:
    probe.plain(commands.select_mf())
    for file in (ElementaryFile.CARD_ACCESS, ElementaryFile.DIR, ElementaryFile.ATR_INFO):
        content = probe.facts.files.get(file)
        if content is not None:
            probe.ok(probe.plain(commands.select_ef(file.fid)), f"SELECT of {file.label}")
            start = probe.ok(probe.plain(commands.read_binary(0, 8)), f"READ BINARY of {file.label}")
            probe.require(start == content[:8], f"{file.label} by its identifier is another file")


@case(
    25,
    "7816-4 11.2.2",
    "SELECT of a file replaces the selection made by READ BINARY with a short identifier.",
    steps=("READ BINARY of EF.DG1 from offset 4 by short identifier.", "SELECT EF.COM.", "READ BINARY at offset 0."),
    expected="The first byte is 60: the selection has changed.",
)
def selection_changes(probe: Probe) -> None:
    probe.open()
    probe.ok(probe.send(commands.read_binary_sfi(ElementaryFile.DG1.sfi, 4, 1)), "READ BINARY of EF.DG1")
    probe.ok(probe.send(commands.select_ef(ElementaryFile.COM.fid)), "SELECT of EF.COM")
    start = probe.ok(probe.send(commands.read_binary(0, 1)), "READ BINARY of EF.COM")
    probe.require(start == b"\x60", "SELECT did not change the current file")
