"""The state and command table of the emulated card: the exact status word of each command in each state.

Behind each status word of a state with a secure channel stands what is left of it: ``+`` the next protected command
is answered, ``-`` it is not. Sources: ISO/IEC 7816-4 5.6 and 11, ICAO Doc 9303-11 4.3, 4.4.4, 6.1, 6.2 and 9.8.3,
GlobalPlatform Card Specification 11 and its Amendment D 7.
"""

from __future__ import annotations

import pytest

from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols.globalplatform import DomainState
from eid_toolkit.standards.protocols.scp03 import KeySet
from support.card_states import SECURE_STATES, STATES, TRANSPORT_KEY, Line

PACE = tlv.encode(0x80, der.encode_oid_value("0.4.0.127.0.7.2.2.4.2.4"))
PACE_UNKNOWN = tlv.encode(0x80, der.encode_oid_value("0.4.0.127.0.7.2.2.4.2.9"))
CA = tlv.encode(0x80, der.encode_oid_value("0.4.0.127.0.7.2.2.3.2.4"))
CA_NOT_OFFERED = tlv.encode(0x80, der.encode_oid_value("0.4.0.127.0.7.2.2.3.2.2"))
NEW_KEYS = KeySet(0x30, *[Secret(bytes(16))] * 3)

# States: a blank in the MF, with the application or the domain selected, under SCP03; a finished card in the MF, with
# the application selected, after PACE in the MF and in the application, after BAC, after Chip Authentication, with the
# domain selected, under SCP03.
TABLE = """
                               blank b-app b-isd b-scp mf    app   pace  p-app bac   ca    isd   scp
SELECT MF                      9000  9000  9000  9000- 9000  9000  9000+ 9000+ 9000+ 9000+ 9000  9000-
SELECT MF, no data             9000  9000  9000  9000- 9000  9000  9000+ 9000+ 9000+ 9000+ 9000  9000-
SELECT application             9000  9000  9000  9000- 9000  9000  9000+ 9000+ 9000+ 9000+ 9000  9000-
SELECT domain                  9000  9000  9000  9000- 9000  9000  9000+ 9000+ 9000+ 9000+ 9000  9000-
SELECT unknown AID             6A82  6A82  6A82  6A82+ 6A82  6A82  6A82+ 6A82+ 6A82+ 6A82+ 6A82  6A82+
SELECT AID of 17               6700  6700  6700  6700+ 6700  6700  6700+ 6700+ 6700+ 6700+ 6700  6700+
SELECT EF.DG1                  6A82  6982  6A82  6A82- 6A82  6982  6A82+ 9000+ 9000+ 9000+ 6A82  6A82-
SELECT EF.DG3 (absent)         6A82  6982  6A82  6A82- 6A82  6982  6A82+ 6A82+ 6A82+ 6A82+ 6A82  6A82-
SELECT 011C                    6A82  6982  6A82  6A82- 9000  6982  9000+ 6A82+ 6A82+ 6A82+ 6A82  6A82-
SELECT EF.ATR/INFO             9000  6982  6A82  6A82- 9000  6982  9000+ 6A82+ 6A82+ 6A82+ 6A82  6A82-
SELECT unknown EF              6A82  6982  6A82  6A82- 6A82  6982  6A82+ 6A82+ 6A82+ 6A82+ 6A82  6A82-
SELECT by path                 6A86  6A86  6A86  6A86- 6A86  6A86  6A86+ 6A86+ 6A86+ 6A86+ 6A86  6A86-
SELECT next                    6A86  6A86  6A86  6A86+ 6A86  6A86  6A86+ 6A86+ 6A86+ 6A86+ 6A86  6A86+
READ SFI 01                    9000  6982  6A82  6A82- 9000  6982  9000+ 9000+ 9000+ 9000+ 6A82  6A82-
READ SFI 03                    6A82  6982  6A82  6A82- 6A82  6982  6A82+ 6A82+ 6A82+ 6A82+ 6A82  6A82-
READ SFI 1C                    6A82  6982  6A82  6A82- 9000  6982  9000+ 6A82+ 6A82+ 6A82+ 6A82  6A82-
READ SFI 1F                    6A82  6982  6A82  6A82- 6A82  6982  6A82+ 6A82+ 6A82+ 6A82+ 6A82  6A82-
READ SFI, P1 = E1              6A86  6A86  6A86  6A86- 6A86  6A86  6A86+ 6A86+ 6A86+ 6A86+ 6A86  6A86-
READ current                   6986  6982  6986  6986- 6986  6982  6986+ 6986+ 6986+ 6986+ 6986  6986-
READ beyond end                6B00  6982  6A82  6A82- 6B00  6982  6B00+ 6B00+ 6B00+ 6B00+ 6A82  6A82-
READ over end                  6282  6982  6A82  6A82- 6282  6982  6282+ 6282+ 6282+ 6282+ 6A82  6A82-
READ with data                 6700  6700  6700  6700- 6700  6700  6700+ 6700+ 6700+ 6700+ 6700  6700-
READ without Le                6700  6700  6700  6700- 6700  6700  6700+ 6700+ 6700+ 6700+ 6700  6700-
READ odd SFI 01                9000  6982  6A82  6A82- 9000  6982  9000+ 9000+ 9000+ 9000+ 6A82  6A82-
READ odd current               6986  6982  6986  6986- 6986  6982  6986+ 6986+ 6986+ 6986+ 6986  6986-
READ odd by FID                6A86  6A86  6A86  6A86- 6A86  6A86  6A86+ 6A86+ 6A86+ 6A86+ 6A86  6A86-
READ odd beyond                6B00  6982  6A82  6A82- 6B00  6982  6B00+ 6B00+ 6B00+ 6B00+ 6A82  6A82-
READ odd, no DO'54'            6A80  6A80  6A80  6A80- 6A80  6A80  6A80+ 6A80+ 6A80+ 6A80+ 6A80  6A80-
READ odd, Le 2                 6700  6982  6A82  6A82- 6700  6982  6700+ 6700+ 6700+ 6700+ 6A82  6A82-
GET CHALLENGE                  6985  6985  6985  6985- 6985  9000  6985+ 6985+ 6985+ 6985+ 6985  6985-
GET CHALLENGE, Le 4            6985  6985  6985  6985- 6985  6700  6985+ 6985+ 6985+ 6985+ 6985  6985-
EXTERNAL AUTHENTICATE          6985  6985  6985  6985- 6985  6985  6985+ 6985+ 6985+ 6985+ 6985  6985-
INTERNAL AUTHENTICATE          6985  6985  6985  6985- 6985  6982  6985+ 9000+ 9000+ 9000+ 6985  6985-
INTERNAL AUTHENTICATE, 7       6985  6985  6985  6985- 6985  6982  6985+ 6700+ 6700+ 6700+ 6985  6985-
MSE PACE, CAN                  6985  6985  6985  6985- 9000  9000  6985+ 6985+ 6985+ 6985+ 9000  9000-
MSE PACE, PIN                  6985  6985  6985  6985- 6A88  6A88  6985+ 6985+ 6985+ 6985+ 6A88  6A88-
MSE PACE, parameters 12        6985  6985  6985  6985- 6A88  6A88  6985+ 6985+ 6985+ 6985+ 6A88  6A88-
MSE PACE, unknown              6985  6985  6985  6985- 6A80  6A80  6985+ 6985+ 6985+ 6985+ 6A80  6A80-
MSE PACE, no password          6985  6985  6985  6985- 6A80  6A80  6985+ 6985+ 6985+ 6985+ 6A80  6A80-
MSE CA                         6985  6985  6985  6985- 6982  6982  6985+ 9000+ 9000+ 9000+ 6982  6982-
MSE CA, unknown                6985  6985  6985  6985- 6982  6982  6985+ 6A80+ 6A80+ 6A80+ 6982  6982-
MSE CA, key 5                  6985  6985  6985  6985- 6982  6982  6985+ 6A88+ 6A88+ 6A88+ 6982  6982-
MSE KAT                        6985  6985  6985  6985- 6982  6982  6985+ 6985+ 6985+ 6985+ 6982  6982-
MSE P1P2 wrong                 6985  6985  6985  6985- 6A86  6A86  6A86+ 6A86+ 6A86+ 6A86+ 6A86  6A86-
GENERAL AUTHENTICATE           6985  6985  6985  6985- 6985  6985  6985+ 6985+ 6985+ 6985+ 6985  6985-
GENERAL AUTHENTICATE, chained  6985  6985  6985  6985- 6985  6985  6985+ 6985+ 6985+ 6985+ 6985  6985-
GET RESPONSE                   6985  6985  6985  6985- 6985  6985  6985+ 6985+ 6985+ 6985+ 6985  6985-
UPDATE BINARY                  6D00  6D00  6D00  6D00- 6D00  6D00  6D00+ 6D00+ 6D00+ 6D00+ 6D00  6D00-
VERIFY                         6D00  6D00  6D00  6D00- 6D00  6D00  6D00+ 6D00+ 6D00+ 6D00+ 6D00  6D00-
INITIALIZE UPDATE              6E00  6E00  9000  6D00+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 9000  6D00+
INITIALIZE UPDATE, KVN 2       6E00  6E00  6A88  6D00+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6A88  6D00+
INITIALIZE UPDATE, 7           6E00  6E00  6700  6D00+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6700  6D00+
GP EXTERNAL AUTHENTICATE       6E00  6E00  6982  6985- 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6985-
PUT KEY                        6E00  6E00  6982  9000+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6985+
PUT KEY, KVN 2                 6E00  6E00  6982  6A88+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6985+
PUT KEY, malformed             6E00  6E00  6982  6A80+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6985+
INSTALL                        6E00  6E00  6982  9000+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6985+
INSTALL other AID              6E00  6E00  6982  6A88+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6985+
INSTALL for load               6E00  6E00  6982  6A86+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6985+
STORE DATA                     6E00  6E00  6982  6985+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6985+
SET STATUS SECURED             6E00  6E00  6982  9000+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6985+
SET STATUS OP_READY            6E00  6E00  6982  6985+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6985+
SET STATUS 55                  6E00  6E00  6982  6A86+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6A86+
SET STATUS application         6E00  6E00  6982  6A86+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6A86+
GET STATUS                     6E00  6E00  6982  9000+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  9000+
GET STATUS, P1 01              6E00  6E00  6982  6A86+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6A86+
GET DATA CPLC                  6E00  6E00  9000  9000+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 9000  9000+
GET DATA 0066                  6E00  6E00  6A88  6A88+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6A88  6A88+
DELETE                         6E00  6E00  6982  6985+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6985+
LOAD                           6E00  6E00  6982  6985+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6985+
80 unknown INS                 6E00  6E00  6D00  6D00+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6D00  6D00+
channel 1                      6881  6881  6881  6881+ 6881  6881  6881- 6881- 6881- 6881- 6881  6881+
channel 4                      6881  6881  6881  6881+ 6881  6881  6881- 6881- 6881- 6881- 6881  6881+
class 20                       6E00  6E00  6E00  6E00+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6E00  6E00+
SM 04                          6882  6882  6882  6882+ 6882  6882  6882- 6882- 6882- 6882- 6882  6882+
SM empty                       6988  6988  6988  6988+ 6988  6988  6987- 6987- 6987- 6987- 6988  6988+
SM no 8E                       6988  6988  6988  6988+ 6988  6988  6987- 6987- 6987- 6987- 6988  6988+
SM wrong 8E                    6988  6988  6988  6988+ 6988  6988  6988- 6988- 6988- 6988- 6988  6988+
SM chained                     6884  6884  6884  6884+ 6884  6884  6884- 6884- 6884- 6884- 6884  6884+
class A0                       6E00  6E00  6E00  6E00+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6E00  6E00+
class FF                       6E00  6E00  6E00  6E00+ 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6E00  6E00+
84 GET STATUS                  6E00  6E00  6982  6988- 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6982  6988-
84 EXTERNAL AUTHENTICATE       6E00  6E00  6985  6985- 6E00  6E00  6E00- 6E00- 6E00- 6E00- 6985  6985-
3 bytes                        6700  6700  6700  6700+ 6700  6700  6700- 6700- 6700- 6700- 6700  6700+
Lc too long                    6700  6700  6700  6700+ 6700  6700  6700- 6700- 6700- 6700- 6700  6700+
chain part                     9000  9000  9000  9000- 9000  9000  9000- 9000- 9000- 9000- 9000  9000-
plain READ                     9000  6982  6A82  6A82- 9000  6982  9000- 6982- 6982- 6982- 6A82  6A82-
plain SELECT                   9000  9000  9000  9000- 9000  9000  9000- 9000- 9000- 9000- 9000  9000-
"""


def apdu(text: str, data: bytes = b"", ne: int = 0) -> CommandApdu:
    """CLA, INS, P1 and P2 in hexadecimal; data and Ne behind."""
    return CommandApdu(*bytes.fromhex(text), data, ne)


COMMANDS = {
    "SELECT MF": apdu("00A4000C", b"\x3f\x00"),
    "SELECT MF, no data": apdu("00A40000", ne=256),
    "SELECT application": apdu("00A4040C", EMRTD_AID),
    "SELECT domain": apdu("00A40400", gp.ISD_AID, 256),
    "SELECT unknown AID": apdu("00A4040C", bytes.fromhex("A000000001")),
    "SELECT AID of 17": apdu("00A4040C", bytes(17)),
    "SELECT EF.DG1": apdu("00A4020C", b"\x01\x01"),
    "SELECT EF.DG3 (absent)": apdu("00A4020C", b"\x01\x03"),
    "SELECT 011C": apdu("00A4020C", b"\x01\x1c"),
    "SELECT EF.ATR/INFO": apdu("00A40204", b"\x2f\x01", 256),
    "SELECT unknown EF": apdu("00A4020C", b"\x01\x77"),
    "SELECT by path": apdu("00A4080C", bytes.fromhex("3F000101")),
    "SELECT next": apdu("00A4040E", EMRTD_AID),
    "READ SFI 01": apdu("00B08100", ne=4),
    "READ SFI 03": apdu("00B08300", ne=4),
    "READ SFI 1C": apdu("00B09C00", ne=4),
    "READ SFI 1F": apdu("00B09F00", ne=4),
    "READ SFI, P1 = E1": apdu("00B0E100", ne=4),
    "READ current": apdu("00B00000", ne=4),
    "READ beyond end": apdu("00B081FF", ne=4),
    "READ over end": apdu("00B08104", ne=200),
    "READ with data": apdu("00B08100", b"x", 4),
    "READ without Le": apdu("00B08100"),
    "READ odd SFI 01": apdu("00B10001", bytes.fromhex("540100"), 16),
    "READ odd current": apdu("00B10000", bytes.fromhex("540100"), 16),
    "READ odd by FID": apdu("00B10101", bytes.fromhex("540100"), 16),
    "READ odd beyond": apdu("00B10001", bytes.fromhex("54027FFF"), 16),
    "READ odd, no DO'54'": apdu("00B10001", bytes.fromhex("530100"), 16),
    "READ odd, Le 2": apdu("00B10001", bytes.fromhex("540100"), 2),
    "GET CHALLENGE": apdu("00840000", ne=8),
    "GET CHALLENGE, Le 4": apdu("00840000", ne=4),
    "EXTERNAL AUTHENTICATE": apdu("00820000", bytes(40), 40),
    "INTERNAL AUTHENTICATE": apdu("00880000", bytes(8), 256),
    "INTERNAL AUTHENTICATE, 7": apdu("00880000", bytes(7), 256),
    "MSE PACE, CAN": apdu("0022C1A4", PACE + b"\x83\x01\x02"),
    "MSE PACE, PIN": apdu("0022C1A4", PACE + b"\x83\x01\x03"),
    "MSE PACE, parameters 12": apdu("0022C1A4", PACE + b"\x83\x01\x02\x84\x01\x0c"),
    "MSE PACE, unknown": apdu("0022C1A4", PACE_UNKNOWN + b"\x83\x01\x02"),
    "MSE PACE, no password": apdu("0022C1A4", PACE),
    "MSE CA": apdu("002241A4", CA),
    "MSE CA, unknown": apdu("002241A4", CA_NOT_OFFERED),
    "MSE CA, key 5": apdu("002241A4", CA + b"\x84\x01\x05"),
    "MSE KAT": apdu("002241A6", b"\x91\x01\x04"),
    "MSE P1P2 wrong": apdu("002201B6", b"\x83\x01\x01"),
    "GENERAL AUTHENTICATE": apdu("00860000", b"\x7c\x00", 256),
    "GENERAL AUTHENTICATE, chained": apdu("10860000", b"\x7c\x00", 256),
    "GET RESPONSE": apdu("00C00000", ne=16),
    "UPDATE BINARY": apdu("00D68100", b"a"),
    "VERIFY": apdu("00200001", b"1234"),
    "INITIALIZE UPDATE": gp.initialize_update(0, bytes(8)),
    "INITIALIZE UPDATE, KVN 2": gp.initialize_update(2, bytes(8)),
    "INITIALIZE UPDATE, 7": gp.initialize_update(0, bytes(7)),
    "GP EXTERNAL AUTHENTICATE": gp.external_authenticate(0x33, bytes(8)),
    "PUT KEY": gp.put_key(0, NEW_KEYS, TRANSPORT_KEY),
    "PUT KEY, KVN 2": gp.put_key(2, NEW_KEYS, TRANSPORT_KEY),
    "PUT KEY, malformed": apdu("80D80081", bytes(5), 256),
    "INSTALL": gp.install_for_personalization(EMRTD_AID),
    "INSTALL other AID": gp.install_for_personalization(gp.ISD_AID),
    "INSTALL for load": apdu("80E60200", bytes(10), 256),
    "STORE DATA": gp.store_data(0, bytes.fromhex("01030101"), last=False, encrypted=False),
    "SET STATUS SECURED": gp.set_domain_state(DomainState.SECURED),
    "SET STATUS OP_READY": gp.set_domain_state(DomainState.OP_READY),
    "SET STATUS 55": apdu("80F08055"),
    "SET STATUS application": apdu("80F04007", EMRTD_AID),
    "GET STATUS": gp.get_status(0x80),
    "GET STATUS, P1 01": gp.get_status(0x01),
    "GET DATA CPLC": gp.get_data(gp.CPLC_TAG),
    "GET DATA 0066": gp.get_data(0x0066),
    "DELETE": apdu("80E40000", tlv.encode(0x4F, EMRTD_AID), 256),
    "LOAD": apdu("80E88000", bytes(4), 256),
    "80 unknown INS": apdu("80020000"),
}
"""Sent under the channel, where there is one for their class."""

PAST_THE_CHANNEL = {
    "channel 1": "01A4000C",
    "channel 4": "40A4000C",
    "class 20": "20A4000C",
    "SM 04": "04A4000C",
    "SM empty": "0CA4000C",
    "SM no 8E": "0CB0810003 970104 00",
    "SM wrong 8E": "0CB081000D 970104 8E080000000000000000 00",
    "SM chained": "1CA4040C0A 8E080000000000000000 00",
    "class A0": "A0A40000",
    "class FF": "FFA40000",
    "84 GET STATUS": "84F280020A 4F00 0000000000000000 00",
    "84 EXTERNAL AUTHENTICATE": "8482330010" + 16 * "00",
    "3 bytes": "00A404",
    "Lc too long": "00A4040C09A0",
    "chain part": "10A4040C04A0000002",
    "plain READ": "00B0810004",
    "plain SELECT": "00A4000C023F00",
}
"""Sent as they are."""


def expectations() -> dict[str, dict[str, str]]:
    header, *lines = TABLE.strip("\n").splitlines()
    states = header.split()
    rows = {line[:31].strip(): line[31:].split() for line in lines}
    return {state: {name: cells[at] for name, cells in rows.items()} for at, state in enumerate(states)}


def answered(line: Line, name: str, state: str) -> str:
    raw = PAST_THE_CHANNEL.get(name)
    answer = line.send(COMMANDS[name]) if raw is None else line.send_raw(bytes.fromhex(raw))
    left = ("+" if line.is_secure() else "-") if state in SECURE_STATES else ""
    return f"{answer.sw:04X}{left}"


EXPECTED = expectations()


def test_the_table_is_whole() -> None:
    names = {*COMMANDS, *PAST_THE_CHANNEL}
    assert set(EXPECTED) == set(STATES)
    assert all(set(rows) == names for rows in EXPECTED.values())


@pytest.mark.parametrize("state", STATES)
def test_every_command_is_answered_as_the_table_says(state: str) -> None:
    assert {name: answered(STATES[state](), name, state) for name in EXPECTED[state]} == EXPECTED[state]


def test_no_command_of_the_table_opens_the_application() -> None:
    """In the states without access, DG1 stays closed whatever came before."""
    for state in ("mf", "app", "isd", "scp"):
        for name in EXPECTED[state]:
            line = STATES[state]()
            answered(line, name, state)
            assert not line.may_read(), (state, name)


def test_a_reset_leaves_what_a_new_card_has() -> None:
    for state in STATES:
        line = STATES[state]()
        line.session.reset()
        fresh = STATES["blank" if state.startswith("b-") or state == "blank" else "mf"]()
        for raw in PAST_THE_CHANNEL.values():
            command = bytes.fromhex(raw)
            line.card.reset()
            fresh.card.reset()
            assert line.send_raw(command) == fresh.send_raw(command)
        assert not line.is_secure()
