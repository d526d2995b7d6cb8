"""What fits a protected answer, and what a channel makes of messages that are not as they should be."""

from __future__ import annotations

import pytest

from eid_toolkit.ground.errors import ChannelError
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.crypto.messaging_suites import derive_suite
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel, capacity

CIPHERS = ["3des", "aes-128", "aes-192", "aes-256"]
READ = CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=256)


def channel(cipher: str = "aes-128") -> SecureChannel:
    return SecureChannel(derive_suite(cipher, bytes(32)))


@pytest.mark.parametrize("size", [32, 142, 143, 256, 257, 258, 259, 1000, 16382])
@pytest.mark.parametrize("cipher", CIPHERS)
def test_the_capacity_of_an_answer_is_exact(cipher: str, size: int) -> None:
    fits = capacity(size, channel(cipher).block)
    lengths = [
        len(channel(cipher).protect_response(0xB0, ResponseApdu(bytes(n), 0x9000)).data) for n in (fits, fits + 1)
    ]
    assert lengths[0] <= size < lengths[1]


def test_the_short_answers_of_the_field() -> None:
    assert (capacity(256, 16), capacity(256, 8)) == (223, 231)


@pytest.mark.parametrize("sw", [0x9000, 0x6282, 0x6A82, 0x6982])
@pytest.mark.parametrize("cipher", CIPHERS)
def test_an_answer_of_a_status_word_alone_is_protected_too(cipher: str, sw: int) -> None:
    terminal, card = channel(cipher), channel(cipher)
    card.open_command(terminal.protect_command(READ))
    assert terminal.open_response(0xB0, card.protect_response(0xB0, ResponseApdu(b"", sw))) == ResponseApdu(b"", sw)


@pytest.mark.parametrize("ne", [0, 1, 255, 256])
def test_a_command_keeps_its_le(ne: int) -> None:
    command = CommandApdu(0x00, 0xA4, 0x02, 0x0C, b"\x01\x1e", ne=ne)
    assert channel().open_command(channel().protect_command(command)) == command


@pytest.mark.parametrize("ne", [257, 65535, 65536])
def test_a_long_command_keeps_its_le(ne: int) -> None:
    command = CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=ne, extended=True)
    assert channel().open_command(channel().protect_command(command)) == command


def test_a_status_word_that_was_changed_on_the_way_does_not_count() -> None:
    terminal, card = channel(), channel()
    card.open_command(terminal.protect_command(READ))
    answer = card.protect_response(0xB0, ResponseApdu(b"", 0x6A82))
    assert terminal.open_response(0xB0, ResponseApdu(answer.data, 0x9000)).sw == 0x6A82


@pytest.mark.parametrize("cipher", CIPHERS)
def test_the_checksum_is_over_the_bytes_as_they_were_sent(cipher: str) -> None:
    """A card may write lengths with more bytes than it must (ISO/IEC 7816-4 5.2.2.2)."""
    terminal, card = channel(cipher), channel(cipher)
    card.open_command(terminal.protect_command(READ))
    cryptogram, status, _ = tlv.parse_all(channel_answer(card))
    long = bytes((0x87, 0x81, len(cryptogram.value))) + cryptogram.value + bytes((0x99, 0x82, 0, 2)) + status.value
    checksum = card._checksum(card._counter.to_bytes(card.block, "big"), b"", long)
    sent = long + tlv.encode(0x8E, checksum)
    other = channel(cipher)
    other.protect_command(READ)
    assert other.open_response(0xB0, ResponseApdu(sent, 0x9000)).data == b"data"
    short = cryptogram.encode() + status.encode() + tlv.encode(0x8E, checksum)
    with pytest.raises(ChannelError, match="sm-objects-incorrect"):
        terminal.open_response(0xB0, ResponseApdu(short, 0x9000))


def channel_answer(card: SecureChannel) -> bytes:
    return card.protect_response(0xB0, ResponseApdu(b"data", 0x9000)).data


def rebuilt(data: bytes, change: str) -> bytes:
    objects = list(tlv.parse_all(data))
    if change == "no checksum":
        objects.pop()
    elif change == "checksum first":
        objects.insert(0, objects.pop())
    elif change == "twice":
        objects.insert(0, objects[0])
    elif change == "unknown object":
        objects.insert(0, tlv.Tlv(0x80, b"x"))
    elif change == "short checksum":
        objects[-1] = tlv.Tlv(0x8E, objects[-1].value[:7])
    return b"".join(item.encode() for item in objects)


@pytest.mark.parametrize("change", ["no checksum", "checksum first", "twice", "unknown object", "short checksum"])
def test_a_rebuilt_message_is_refused_by_either_end(change: str) -> None:
    terminal, card = channel(), channel()
    command = terminal.protect_command(CommandApdu(0x00, 0xA4, 0x02, 0x0C, b"\x01\x1e"))
    with pytest.raises(ChannelError):
        card.open_command(CommandApdu(0x0C, 0xA4, 0x02, 0x0C, rebuilt(command.data, change), 256))
    answer = channel().protect_response(0xB0, ResponseApdu(b"data", 0x9000))
    with pytest.raises(ChannelError):
        channel().open_response(0xB0, ResponseApdu(rebuilt(answer.data, change), 0x9000))


def test_the_answer_to_another_command_is_refused() -> None:
    terminal, card = channel(), channel()
    card.open_command(terminal.protect_command(READ))
    old = card.protect_response(0xB0, ResponseApdu(b"old", 0x9000))
    terminal.open_response(0xB0, old)
    card.open_command(terminal.protect_command(READ))
    with pytest.raises(ChannelError, match="sm-objects-incorrect"):
        terminal.open_response(0xB0, old)


def test_an_unprotected_answer_ends_the_session_with_its_status_word() -> None:
    with pytest.raises(ChannelError, match="6988"):
        channel().open_response(0xB0, ResponseApdu(b"", 0x6988))


def test_objects_that_were_rearranged_on_purpose_have_a_checksum_that_fits() -> None:
    command = CommandApdu(0x00, 0xA4, 0x04, 0x00, b"\x01\x1e", ne=256)
    assert channel().open_command(channel().protect_command(command, lambda objects: objects)) == command
    without_le = channel().protect_command(command, lambda objects: objects[:1])
    assert channel().open_command(without_le).ne == 0
    with pytest.raises(ChannelError, match="sm-objects-incorrect"):
        channel().open_command(channel().protect_command(command, lambda objects: objects[::-1]))
