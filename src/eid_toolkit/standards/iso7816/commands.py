"""Command APDUs by name (ISO/IEC 7816-4, 7816-8; ICAO Doc 9303-10 3.6 and 9303-11)."""

from __future__ import annotations

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816.apdu import MAX_SHORT_NE, CommandApdu

SELECT, READ_BINARY, READ_BINARY_ODD, UPDATE_BINARY = 0xA4, 0xB0, 0xB1, 0xD6
GET_CHALLENGE, EXTERNAL_AUTHENTICATE, INTERNAL_AUTHENTICATE = 0x84, 0x82, 0x88
MANAGE_SECURITY_ENVIRONMENT, PERFORM_SECURITY_OPERATION, GENERAL_AUTHENTICATE = 0x22, 0x2A, 0x86
GET_RESPONSE = 0xC0

NO_ANSWER, FCI, FCP = 0x0C, 0x00, 0x04
"""P2 of SELECT: what the card shall answer (7816-4 table 63)."""
IN_CURRENT_DF, ANYWHERE, BY_NAME = 0x02, 0x00, 0x04
"""P1 of SELECT: an EF under the current DF, any file by its identifier, or a DF by its name (7816-4 table 62)."""
MAX_EVEN_OFFSET = 0x7FFF
"""READ BINARY with INS B0 reaches no further; beyond, INS B1 carries the offset (9303-10 3.6.4.2)."""


def select_application(aid: bytes, p2: int = NO_ANSWER) -> CommandApdu:
    """SELECT by AID; without answer data, or with those that ``p2`` asks for."""
    return CommandApdu(0x00, SELECT, BY_NAME, p2, aid, _select_ne(p2))


def select_mf() -> CommandApdu:
    """SELECT of the master file, no answer data."""
    return CommandApdu(0x00, SELECT, 0x00, NO_ANSWER, b"\x3f\x00")


def select_ef(fid: int, p1: int = IN_CURRENT_DF, p2: int = NO_ANSWER) -> CommandApdu:
    """SELECT of an EF by its identifier."""
    return CommandApdu(0x00, SELECT, p1, p2, fid.to_bytes(2, "big"), _select_ne(p2))


def _select_ne(p2: int) -> int:
    return 0 if p2 == NO_ANSWER else MAX_SHORT_NE


def read_binary(offset: int, ne: int) -> CommandApdu:
    """READ BINARY of the current EF; from offset 8000 on in the odd form, whose answer is a DO'53'."""
    if offset > MAX_EVEN_OFFSET:
        return read_binary_odd(offset, ne)
    return CommandApdu(0x00, READ_BINARY, offset >> 8, offset & 0xFF, ne=ne)


def read_binary_sfi(sfi: int, offset: int, ne: int) -> CommandApdu:
    """READ BINARY that selects by short identifier; ``offset`` 0 to 255."""
    return CommandApdu(0x00, READ_BINARY, 0x80 | sfi, offset, ne=ne)


def read_binary_odd(offset: int, ne: int, sfi: int = 0) -> CommandApdu:
    """READ BINARY with INS B1: the offset in a DO'54', the answer in a DO'53' whose header counts in ``ne``."""
    size = max(1, (offset.bit_length() + 7) // 8)
    return CommandApdu(0x00, READ_BINARY_ODD, 0x00, sfi, tlv.encode(0x54, offset.to_bytes(size, "big")), ne=ne)


def update_binary(offset: int, data: bytes) -> CommandApdu:
    """UPDATE BINARY of the current EF."""
    return CommandApdu(0x00, UPDATE_BINARY, offset >> 8, offset & 0xFF, data)


def get_challenge(length: int = 8) -> CommandApdu:
    """GET CHALLENGE for ``length`` random bytes."""
    return CommandApdu(0x00, GET_CHALLENGE, 0x00, 0x00, ne=length)


def external_authenticate(data: bytes, ne: int) -> CommandApdu:
    """EXTERNAL AUTHENTICATE (BAC: mutual, 9303-11 4.3.4.3; Terminal Authentication 7.1.5.5)."""
    return CommandApdu(0x00, EXTERNAL_AUTHENTICATE, 0x00, 0x00, data, ne=ne)


def internal_authenticate(challenge: bytes, ne: int = 256) -> CommandApdu:
    """INTERNAL AUTHENTICATE (Active Authentication, 9303-11 6.1.2)."""
    return CommandApdu(0x00, INTERNAL_AUTHENTICATE, 0x00, 0x00, challenge, ne=ne)


def mse_set(p1: int, p2: int, data: bytes) -> CommandApdu:
    """MANAGE SECURITY ENVIRONMENT: SET."""
    return CommandApdu(0x00, MANAGE_SECURITY_ENVIRONMENT, p1, p2, data)


def perform_security_operation(p1: int, p2: int, data: bytes) -> CommandApdu:
    """PERFORM SECURITY OPERATION (7816-8 11), no answer data."""
    return CommandApdu(0x00, PERFORM_SECURITY_OPERATION, p1, p2, data)


def general_authenticate(data: bytes, *, last: bool) -> CommandApdu:
    """GENERAL AUTHENTICATE with dynamic authentication data ``7C``; all but the last are chained (9303-11 4.4.4)."""
    return CommandApdu(0x00 if last else 0x10, GENERAL_AUTHENTICATE, 0x00, 0x00, tlv.encode(0x7C, data), ne=256)


def get_response(length: int, cla: int = 0x00) -> CommandApdu:
    """GET RESPONSE for ``length`` waiting bytes."""
    return CommandApdu(cla, GET_RESPONSE, 0x00, 0x00, ne=length)
