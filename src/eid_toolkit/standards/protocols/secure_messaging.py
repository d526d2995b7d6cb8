"""Secure messaging of an eMRTD session, for both ends (ICAO Doc 9303-11 9.8, ISO/IEC 7816-4 10)."""

from __future__ import annotations

from collections.abc import Callable

from eid_toolkit.ground.errors import BadInput, ChannelError, ObjectsMissing, ResponseUnprotected
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.crypto.messaging_suites import MAC_SIZE, MessagingSuite
from eid_toolkit.standards.crypto.symmetric import pad, unpad
from eid_toolkit.standards.iso7816.apdu import MAX_SHORT_NC, MAX_SHORT_NE, CommandApdu, ResponseApdu

CLASS_BITS = 0x0C
"""Secure messaging with an authenticated header (7816-4 5.4.1)."""
PLAIN_VALUE, CRYPTOGRAM, LE, STATUS, CHECKSUM = 0x85, 0x87, 0x97, 0x99, 0x8E

Arrange = Callable[[tuple[Tlv, ...]], tuple[Tlv, ...]]
"""What becomes of a command's data objects before their checksum is made: for putting a card to the test."""

_RESPONSE_OVERHEAD = 4 + 2 + MAC_SIZE
"""DO'99' with the status word, and DO'8E'."""


def capacity(size: int, block: int) -> int:
    """The most plain bytes that a protected answer of at most ``size`` data bytes holds, by the cipher's block."""
    room = size - _RESPONSE_OVERHEAD
    cryptogram = room - len(tlv.encode_length(room)) - 2  # tag, length, padding indicator
    return max(0, cryptogram // block * block - 1)


class SecureChannel:
    """Session keys and the send sequence counter.

    A channel serves one end: a terminal calls :meth:`protect_command` and :meth:`open_response`, a card
    :meth:`open_command` and :meth:`protect_response`. After any :class:`ChannelError` it must be thrown away.
    """

    def __init__(self, suite: MessagingSuite, counter: int = 0) -> None:
        self._suite = suite
        self._counter = counter

    @property
    def block(self) -> int:
        """The cipher's block length in bytes."""
        return self._suite.block

    def _next_counter(self) -> bytes:
        self._counter += 1
        return self._counter.to_bytes(self._suite.block, "big")

    def _checksum(self, counter: bytes, header: bytes, objects: bytes) -> bytes:
        """The checksum over counter, padded header (commands only) and the objects; 9303-11 figures 5 and 6."""
        block = self._suite.block
        message = counter + (pad(header, block) if header else b"")
        return self._suite.mac(message + pad(objects, block) if objects else message)

    def protect_command(self, command: CommandApdu, arrange: Arrange | None = None) -> CommandApdu:
        """The command as it goes over the line; ``arrange`` may spoil it on purpose, under a checksum that fits."""
        counter = self._next_counter()
        objects = self._encrypt(counter, command.ins, command.data)
        if command.ne:
            wide = command.ne > MAX_SHORT_NE or command.is_extended
            objects += tlv.encode(LE, (command.ne % (1 << (16 if wide else 8))).to_bytes(2 if wide else 1, "big"))
        if arrange is not None:
            objects = b"".join(item.encode() for item in arrange(tlv.parse_all(objects)))
        cla = command.cla | CLASS_BITS
        header = bytes((cla,)) + command.header[1:]
        data = objects + tlv.encode(CHECKSUM, self._checksum(counter, header, objects))
        extended = command.is_extended or len(data) > MAX_SHORT_NC
        return CommandApdu(
            cla, command.ins, command.p1, command.p2, data, ne=65536 if extended else MAX_SHORT_NE, extended=extended
        )

    def open_command(self, command: CommandApdu) -> CommandApdu:
        """The plain command; the checksum is verified before anything is decrypted.

        Raises :class:`ChannelError` with code ``sm-objects-missing`` (6987) or ``sm-objects-incorrect`` (6988).
        """
        objects, covered = _parse(command.data)
        by_tag = _in_order(objects, (PLAIN_VALUE if command.ins & 1 else CRYPTOGRAM, LE, CHECKSUM))
        if CHECKSUM not in by_tag:
            raise ObjectsMissing("sm-objects-missing")
        counter = self._next_counter()
        expected = Secret(self._checksum(counter, command.header, covered))
        if not expected.matches(by_tag[CHECKSUM]):
            raise ChannelError("sm-objects-incorrect")
        data = self._decrypt(counter, command.ins, by_tag)
        ne = _read_le(by_tag.get(LE))
        return CommandApdu(
            command.cla & ~CLASS_BITS, command.ins, command.p1, command.p2, data, ne, extended=command.extended
        )

    def protect_response(self, ins: int, response: ResponseApdu) -> ResponseApdu:
        """The answer to a command with instruction ``ins`` as it goes over the line."""
        counter = self._next_counter()
        objects = self._encrypt(counter, ins, response.data)
        objects += tlv.encode(STATUS, response.sw.to_bytes(2, "big"))
        checksum = self._checksum(counter, b"", objects)
        return ResponseApdu(objects + tlv.encode(CHECKSUM, checksum), response.sw)

    def open_response(self, ins: int, response: ResponseApdu) -> ResponseApdu:
        """The plain answer, its checksum verified before anything is decrypted.

        The status word is the protected one. Raises :class:`ChannelError` for an answer that is not protected,
        incomplete or not authentic.
        """
        counter = self._next_counter()
        if not response.data:
            raise ResponseUnprotected("sm-response-unprotected", sw=response.sw)
        objects, covered = _parse(response.data)
        by_tag = _in_order(objects, (PLAIN_VALUE if ins & 1 else CRYPTOGRAM, STATUS, CHECKSUM))
        if STATUS not in by_tag or CHECKSUM not in by_tag or len(by_tag[STATUS]) != 2:
            raise ObjectsMissing("sm-objects-missing")
        if not Secret(self._checksum(counter, b"", covered)).matches(by_tag[CHECKSUM]):
            raise ChannelError("sm-objects-incorrect")
        return ResponseApdu(self._decrypt(counter, ins, by_tag), int.from_bytes(by_tag[STATUS], "big"))

    def _encrypt(self, counter: bytes, ins: int, data: bytes) -> bytes:
        if not data:
            return b""
        encrypted = self._suite.encrypt(counter, pad(data, self._suite.block))
        return tlv.encode(PLAIN_VALUE, encrypted) if ins & 1 else tlv.encode(CRYPTOGRAM, b"\x01", encrypted)

    def _decrypt(self, counter: bytes, ins: int, by_tag: dict[int, bytes]) -> bytes:
        value = by_tag.get(PLAIN_VALUE if ins & 1 else CRYPTOGRAM)
        if value is None:
            return b""
        if not ins & 1:
            if value[:1] != b"\x01":
                raise ChannelError("sm-objects-incorrect")
            value = value[1:]
        if not value:
            raise ChannelError("sm-objects-incorrect")
        try:
            return unpad(self._suite.decrypt(counter, value))
        except BadInput:
            raise ChannelError("sm-objects-incorrect") from None


def _parse(data: bytes) -> tuple[tuple[Tlv, ...], bytes]:
    """The objects, and what stands before the last of them as it was sent: the checksum is over those bytes."""
    try:
        objects = tlv.parse_all(data)
        offset = 0
        for _ in objects[:-1]:
            _, value_at, length = tlv.read_header(data, offset)
            offset = value_at + length
    except BadInput:
        raise ChannelError("sm-objects-incorrect") from None
    return objects, data[:offset]


def _in_order(objects: tuple[Tlv, ...], allowed: tuple[int, ...]) -> dict[int, bytes]:
    """The objects by tag; each at most once, in the order of ``allowed``."""
    position = 0
    for item in objects:
        if item.tag not in allowed[position:]:
            raise ChannelError("sm-objects-incorrect")
        position = allowed.index(item.tag) + 1
    return {item.tag: item.value for item in objects}


def _read_le(value: bytes | None) -> int:
    if value is None:
        return 0
    if len(value) not in (1, 2):
        raise ChannelError("sm-objects-incorrect")
    return int.from_bytes(value, "big") or 1 << (8 * len(value))
