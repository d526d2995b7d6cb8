"""The card's end of a secure channel in separate steps, so that a defect can leave one of them out."""

from __future__ import annotations

from typing import Self

from eid_toolkit.ground.errors import BadInput, ChannelError, ObjectsMissing
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.protocols.secure_messaging import (
    CHECKSUM,
    CLASS_BITS,
    CRYPTOGRAM,
    LE,
    PLAIN_VALUE,
    SecureChannel,
)


class LooseChannel(SecureChannel):
    """As strict as the genuine one; what a subclass overrides is its defect."""

    @classmethod
    def in_place_of(cls, channel: SecureChannel) -> Self:
        """The same session, in this hand."""
        return cls(channel._suite, channel._counter)

    def open_command(self, command: CommandApdu) -> CommandApdu:
        objects = self.parse(command.data)
        found = self.sort(objects, command.ins)
        if CHECKSUM not in found:
            self.without_checksum()
        counter = self._next_counter()
        if CHECKSUM in found:
            self.verify(counter, command, objects, found[CHECKSUM])
        data = self.decrypt(counter, command.ins, found)
        ne = self.length(command, found.get(LE))
        cla = command.cla & ~CLASS_BITS
        return CommandApdu(cla, command.ins, command.p1, command.p2, data, ne, extended=command.extended)

    # The steps.

    def parse(self, data: bytes) -> tuple[Tlv, ...]:
        try:
            return tlv.parse_all(data)
        except BadInput:
            raise ChannelError("sm-objects-incorrect") from None

    def order(self, ins: int) -> tuple[int, ...]:
        return PLAIN_VALUE if ins & 1 else CRYPTOGRAM, LE, CHECKSUM

    def sort(self, objects: tuple[Tlv, ...], ins: int) -> dict[int, bytes]:
        position, allowed = 0, self.order(ins)
        for item in objects:
            if item.tag not in allowed[position:]:
                raise ChannelError("sm-objects-incorrect")
            position = allowed.index(item.tag) + 1
        return self.by_tag(objects)

    def by_tag(self, objects: tuple[Tlv, ...]) -> dict[int, bytes]:
        return {item.tag: item.value for item in objects}

    def without_checksum(self) -> None:
        raise ObjectsMissing("sm-objects-missing")

    def verify(self, counter: bytes, command: CommandApdu, objects: tuple[Tlv, ...], given: bytes) -> None:
        covered = b"".join(item.encode() for item in objects if item.tag != CHECKSUM)
        right = any(self.equal(self._checksum(counter, header, covered), given) for header in self.headers(command))
        if not right:
            raise ChannelError("sm-objects-incorrect")

    def headers(self, command: CommandApdu) -> tuple[bytes, ...]:
        return (command.header,)

    def equal(self, expected: bytes, given: bytes) -> bool:
        return expected == given

    def decrypt(self, counter: bytes, ins: int, found: dict[int, bytes]) -> bytes:
        return self._decrypt(counter, ins, found)

    def length(self, command: CommandApdu, value: bytes | None) -> int:
        if value is None:
            return 0
        if len(value) not in (1, 2):
            raise ChannelError("sm-objects-incorrect")
        return int.from_bytes(value, "big") or 1 << (8 * len(value))
