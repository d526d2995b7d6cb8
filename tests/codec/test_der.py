"""DER values are bounded: a number that no decimal form can be had of never comes in."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.der import MAX_INTEGER
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.lds.atr_info import AtrInfo
from support.authorities import Authority

HUGE = b"\x01" + bytes(4000)


@pytest.mark.parametrize("value", [b"\x7f" + b"\xff" * (MAX_INTEGER - 1), b"\x80" + bytes(MAX_INTEGER - 1)])
def test_the_largest_integers_can_be_shown(value: bytes) -> None:
    number = der.read_integer(Tlv(der.INTEGER, value))
    assert int(str(number)) == number
    assert tlv.parse(der.integer(number)).value == value


def test_a_larger_one_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        der.read_integer(Tlv(der.INTEGER, bytes(MAX_INTEGER + 1)))
    assert caught.value.code == "der-integer-too-large"


def test_an_arc_of_an_identifier_can_be_shown_and_a_long_one_is_refused() -> None:
    longest = b"\x2a" + b"\xff" * 62 + b"\x7f"
    assert der.encode_oid_value(der.decode_oid_value(longest)) == longest
    with pytest.raises(BadInput, match="oid-malformed"):
        der.decode_oid_value(b"\x2a" + b"\xff" * 63 + b"\x7f")


def test_sizes_of_a_card_are_unsigned_and_bounded() -> None:
    def info(size: bytes) -> bytes:
        return tlv.encode(0x7F66, tlv.encode(der.INTEGER, size), tlv.encode(der.INTEGER, b"\xff\xff"))

    assert AtrInfo.parse(info(b"\xff\xff")).extended_length == (0xFFFF, 0xFFFF)
    with pytest.raises(BadInput, match="der-integer-too-large"):
        AtrInfo.parse(info(HUGE))


def with_serial(certificate: bytes, serial: bytes) -> bytes:
    to_be_signed, *rest = tlv.parse(certificate, der.SEQUENCE).children()
    parts = [Tlv(der.INTEGER, serial) if part.tag == der.INTEGER else part for part in to_be_signed.children()]
    changed = der.sequence(*(part.encode() for part in parts))
    return der.sequence(changed, *(part.encode() for part in rest))


@pytest.mark.parametrize("command", [("decode",), ("trust", "import")])
def test_a_certificate_with_such_a_serial_number_is_refused_by_name(command: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "serial.cer"
    file.write_bytes(with_serial(Authority().csca.der, HUGE))
    run = CliRunner().invoke(main, ["--home", str(tmp_path / "officer"), *command, str(file)])
    assert run.exit_code not in (0, 1)
    assert "internal" not in run.stderr.lower()
    listed = CliRunner().invoke(main, ["--home", str(tmp_path / "officer"), "trust", "list"])
    assert "internal" not in listed.stderr.lower()
