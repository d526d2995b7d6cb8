"""SecurityInfos: read, written, and written again to the same bytes."""

from __future__ import annotations

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.security_infos import (
    ActiveAuthenticationInfo,
    ChipAuthenticationInfo,
    ChipAuthenticationPublicKeyInfo,
    FileId,
    PaceDomainParameterInfo,
    PaceInfo,
    SecurityInfos,
    TerminalAuthenticationInfo,
    UnknownSecurityInfo,
)

PACE_ECDH_GM_AES_128 = "0.4.0.127.0.7.2.2.4.2.2"
ALL_KINDS = (
    PaceInfo(PACE_ECDH_GM_AES_128, 2, 13),
    PaceInfo(PACE_ECDH_GM_AES_128, 2),
    PaceDomainParameterInfo("0.4.0.127.0.7.2.2.4.2", bytes.fromhex("300c060704007f0007010202010d"), 13),
    ChipAuthenticationInfo("0.4.0.127.0.7.2.2.3.2.4", 1, 300),
    ChipAuthenticationPublicKeyInfo("0.4.0.127.0.7.2.2.1.2", bytes.fromhex("30050603550401")),
    ActiveAuthenticationInfo("0.4.0.127.0.7.1.1.4.1.3"),
    TerminalAuthenticationInfo(1, FileId(0x011C, 0x1C)),
    TerminalAuthenticationInfo(2),
    UnknownSecurityInfo("2.999.7", bytes.fromhex("3008060388370702010a")),
)


def test_every_kind_is_read_back_as_it_was_built() -> None:
    infos = SecurityInfos.of(*ALL_KINDS)
    assert set(infos.entries) == set(ALL_KINDS)
    assert SecurityInfos.parse(infos.encode()) == infos


def test_the_pace_info_of_the_standards_worked_example() -> None:
    # ICAO 9303-11 G.1: EF.CardAccess with one PACEInfo
    data = bytes.fromhex("31143012060A04007F0007020204020202010202010D")
    infos = SecurityInfos.parse(data)
    assert infos.entries == (PaceInfo(PACE_ECDH_GM_AES_128, 2, 13),)
    assert infos.encode() == data


def test_an_unsorted_set_keeps_its_order_and_a_new_one_is_sorted() -> None:
    one, other = PaceInfo(PACE_ECDH_GM_AES_128, 2, 13).encode(), PaceInfo(PACE_ECDH_GM_AES_128, 2, 12).encode()
    unsorted = b"\x31" + bytes((len(one) * 2,)) + one + other
    parsed = SecurityInfos.parse(unsorted)
    assert parsed.encode() == unsorted
    assert SecurityInfos.of(*parsed.entries).encode() == b"\x31" + bytes((len(one) * 2,)) + other + one


def test_entries_are_found_by_type() -> None:
    infos = SecurityInfos.of(*ALL_KINDS)
    assert infos.of_type(ActiveAuthenticationInfo) == (ActiveAuthenticationInfo("0.4.0.127.0.7.1.1.4.1.3"),)
    assert len(infos.of_type(PaceInfo)) == 2


@pytest.mark.parametrize(
    "data",
    [
        "",
        "3000",
        "31023000",
        "310c300a06082a8648ce3d030107ff",
        "310e300c060a04007f00070202040202",
        "3111300f060a04007f00070202040202040101",
        "311330110606678108010105020101020101020101",
        "310a30080604883780810201",
        "310430020600",
    ],
)
def test_malformed_data_is_bad_input(data: str) -> None:
    with pytest.raises(BadInput):
        SecurityInfos.parse(bytes.fromhex(data))
