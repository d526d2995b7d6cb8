"""The lock after personalization: nothing is written any more, by nobody (ICAO Doc 9303-10 4.5.1, GlobalPlatform).

No case could do harm to a chip that is not locked: where a write would be carried out it writes the bytes that are
there already, or nothing, or what it names is not there.
"""

from __future__ import annotations

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.probe import Probe
from eid_toolkit.work.conformance.units.selecting import ABSENT_FID, OPENED, UNKNOWN_AID

case = Cases(Unit.LOCK, OPENED)
NO_SESSION = "The chip was reset; nobody has access."
NOBODY = "The chip was reset; the issuer security domain is selected if there is one, and nobody has authenticated."
REFUSED = "An error without data."

COM = ElementaryFile.COM
_WRITE_BINARY, _UPDATE_BINARY_ODD, _ERASE_BINARY = 0xD0, 0xD7, 0x0E
_CREATE_FILE, _DELETE_FILE, _PUT_DATA = 0xE0, 0xE4, 0xDA
_SECURED_CLASS, _NO_CHECKSUM = 0x84, bytes(8)
_DOMAINS = (gp.ISD_AID, bytes.fromhex("A000000003000000"))
_SIZE = 4


def _start(probe: Probe) -> bytes:
    """The first bytes of EF.COM: written again they change nothing."""
    return probe.facts.files[COM][:_SIZE]


def _refused_in_session(probe: Probe, command: CommandApdu, what: str) -> None:
    answer = probe.protected(command)
    probe.refused(probe.unprotect(command, answer, what) if answer.data else answer, what)


def _select_com(probe: Probe) -> None:
    probe.open()
    probe.ok(probe.send(commands.select_ef(COM.fid)), "SELECT of EF.COM")


def _refused_by_domain(probe: Probe, command: CommandApdu, what: str) -> None:
    """Sent to the issuer security domain, or, where there is none, to the application."""
    selected = any(probe.plain(commands.select_application(aid)).ok for aid in _DOMAINS)
    if not selected:
        probe.select_application()
    probe.refused(probe.plain(command), what)


@case(
    1,
    "9303-10 4.5.1",
    "Without access, no file can be written.",
    preconditions=NO_SESSION,
    steps=(
        "SELECT the application and EF.COM, whether or not the file is refused.",
        "UPDATE BINARY at offset 0, and by short identifier, with the bytes that EF.COM begins with.",
    ),
    expected=REFUSED,
)
def update_without_access(probe: Probe) -> None:
    probe.select_application()
    probe.plain(commands.select_ef(COM.fid))
    probe.refused(probe.plain(commands.update_binary(0, _start(probe))), "UPDATE BINARY without access")
    by_identifier = CommandApdu(0x00, commands.UPDATE_BINARY, 0x80 | COM.sfi, 0x00, _start(probe))
    probe.refused(probe.plain(by_identifier), "UPDATE BINARY by short identifier without access")


@case(
    2,
    "9303-10 4.5.1",
    "With access, no file can be written either.",
    steps=("SELECT EF.COM.", "UPDATE BINARY at offset 0 with the bytes that it begins with, protected."),
    expected=REFUSED,
)
def update_with_access(probe: Probe) -> None:
    _select_com(probe)
    _refused_in_session(probe, commands.update_binary(0, _start(probe)), "UPDATE BINARY")


@case(
    3,
    "9303-10 4.5.1",
    "UPDATE BINARY with odd INS is refused too.",
    steps=("SELECT EF.COM.", "00D70000 with DO'54' 00 and the bytes that it begins with in DO'53', protected."),
    expected=REFUSED,
)
def update_in_the_odd_form(probe: Probe) -> None:
    _select_com(probe)
    data = tlv.encode(0x54, b"\x00") + tlv.encode(0x53, _start(probe))
    _refused_in_session(probe, CommandApdu(0x00, _UPDATE_BINARY_ODD, 0x00, 0x00, data), "UPDATE BINARY, odd")


@case(
    4,
    "9303-10 4.5.1",
    "WRITE BINARY is refused.",
    steps=("SELECT EF.COM.", "WRITE BINARY at offset 0 with the bytes that it begins with, protected."),
    expected=REFUSED,
)
def write_binary(probe: Probe) -> None:
    _select_com(probe)
    _refused_in_session(probe, CommandApdu(0x00, _WRITE_BINARY, 0x00, 0x00, _start(probe)), "WRITE BINARY")


@case(
    5,
    "9303-10 4.5.1",
    "ERASE BINARY is refused.",
    steps=("SELECT EF.COM.", "ERASE BINARY from offset 7FFF to 7FFF, where EF.COM has nothing, protected."),
    expected=REFUSED,
)
def erase_binary(probe: Probe) -> None:
    _select_com(probe)
    _refused_in_session(probe, CommandApdu(0x00, _ERASE_BINARY, 0x7F, 0xFF, b"\x7f\xff"), "ERASE BINARY")


@case(
    6,
    "9303-10 4.5.1",
    "CREATE FILE is refused.",
    steps="CREATE FILE with control parameters that name no file, without access and then protected.",
    expected=REFUSED,
)
def create_file(probe: Probe) -> None:
    _refused_everywhere(probe, CommandApdu(0x00, _CREATE_FILE, 0x00, 0x00, tlv.encode(0x62)), "CREATE FILE")


def _refused_everywhere(probe: Probe, command: CommandApdu, what: str) -> None:
    """In the master file and in the application without access, and in a session."""
    probe.refused(probe.plain(command), f"{what} in the master file")
    probe.select_application()
    probe.refused(probe.plain(command), f"{what} without access")
    probe.reset()
    probe.open()
    _refused_in_session(probe, command, f"{what} in a session")


@case(
    7,
    "9303-10 4.5.1",
    "DELETE FILE is refused.",
    steps="DELETE FILE of 01FF, which is not there, without access and then protected.",
    expected=REFUSED,
)
def delete_file(probe: Probe) -> None:
    command = CommandApdu(0x00, _DELETE_FILE, 0x00, 0x00, ABSENT_FID.to_bytes(2, "big"))
    _refused_everywhere(probe, command, "DELETE FILE")


@case(
    8,
    "9303-10 4.5.1",
    "PUT DATA is refused.",
    steps="PUT DATA of the tag 01FF without data, without access and then protected.",
    expected=REFUSED,
)
def put_data(probe: Probe) -> None:
    _refused_everywhere(probe, CommandApdu(0x00, _PUT_DATA, 0x01, 0xFF), "PUT DATA")


@case(
    9,
    "GP-2.3 11.11",
    "STORE DATA without authentication is refused.",
    preconditions=NOBODY,
    steps="STORE DATA without data; the same in the eMRTD application.",
    expected=REFUSED,
)
def store_data(probe: Probe) -> None:
    command = CommandApdu(0x80, gp.STORE_DATA, 0x00, 0x00)
    _refused_by_domain(probe, command, "STORE DATA without authentication")
    probe.select_application()
    probe.refused(probe.plain(command), "STORE DATA in the eMRTD application")


@case(
    10,
    "GP-2.3 11.8",
    "PUT KEY without authentication is refused.",
    preconditions=NOBODY,
    steps="PUT KEY with a key version and no key.",
    expected=REFUSED,
)
def put_key(probe: Probe) -> None:
    _refused_by_domain(probe, CommandApdu(0x80, gp.PUT_KEY, 0x00, 0x81, b"\x01"), "PUT KEY without authentication")


@case(
    11,
    "GP-2.3 11.5",
    "INSTALL [for personalization] without authentication is refused.",
    preconditions=NOBODY,
    steps="INSTALL 80E62000 for the eMRTD application.",
    expected=REFUSED,
)
def install(probe: Probe) -> None:
    _refused_by_domain(probe, gp.install_for_personalization(EMRTD_AID), "INSTALL without authentication")


@case(
    12,
    "GP-2.3 11.10",
    "The life cycle state cannot be changed without authentication.",
    preconditions=NOBODY,
    steps="SET STATUS of the domain to OP_READY, the state that a chip can only be in already.",
    expected=REFUSED,
)
def set_status(probe: Probe) -> None:
    command = gp.set_domain_state(gp.DomainState.OP_READY)
    _refused_by_domain(probe, command, "SET STATUS without authentication")


@case(
    13,
    "GP-2.3 11.2",
    "DELETE without authentication is refused.",
    preconditions=NOBODY,
    steps="DELETE of the application A00000024710FF, which is not there.",
    expected=REFUSED,
)
def delete(probe: Probe) -> None:
    command = CommandApdu(0x80, gp.DELETE, 0x00, 0x00, tlv.encode(0x4F, UNKNOWN_AID))
    _refused_by_domain(probe, command, "DELETE without authentication")


@case(
    14,
    "GP-2.3 10.2",
    "The class byte of a secured command does not replace authentication.",
    preconditions=NOBODY,
    steps="STORE DATA with class byte 84 and eight bytes 00 in place of a checksum.",
    expected=REFUSED,
)
def secured_class_without_channel(probe: Probe) -> None:
    command = CommandApdu(_SECURED_CLASS, gp.STORE_DATA, 0x00, 0x00, _NO_CHECKSUM)
    _refused_by_domain(probe, command, "STORE DATA with class byte 84 and no secure channel")


@case(
    15,
    "9303-10 4.5.1",
    "A refused write leaves no trace.",
    steps=(
        "UPDATE BINARY of EF.COM with the bytes that it begins with, protected.",
        "READ BINARY of EF.COM in the same session, if there still is one, and in a new one.",
    ),
    expected=("An error without data.", "The bytes of EF.COM, both times."),
)
def nothing_has_changed(probe: Probe) -> None:
    _select_com(probe)
    command = commands.update_binary(0, _start(probe))
    answer = probe.protected(command)
    if answer.data:
        probe.refused(probe.unprotect(command, answer, "UPDATE BINARY"), "UPDATE BINARY")
        probe.require(probe.read(COM) == probe.facts.files[COM], "EF.COM has changed")
    probe.reset()
    probe.open()
    probe.require(probe.read(COM) == probe.facts.files[COM], "EF.COM has changed in a new session")
