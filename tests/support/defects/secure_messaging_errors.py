"""Defects of secure messaging: chips that accept what is wrongly protected."""

from __future__ import annotations

from dataclasses import replace

from eid_toolkit.ground.errors import BadInput, ChannelError
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.protocols.secure_messaging import CHECKSUM, CLASS_BITS, CRYPTOGRAM, LE, PLAIN_VALUE
from support.conformance import Defect, DefectiveCard, emrtd
from support.loose_channel import LooseChannel


def _with(channel: type[LooseChannel]) -> Defect:
    def defect(card: DefectiveCard) -> None:
        card.defects.channel = channel

    return defect


class NeedsNoChecksum(LooseChannel):
    def without_checksum(self) -> None:
        pass


class ComparesWhatCame(LooseChannel):
    """Compares as many bytes of the checksum as the terminal sent."""

    def equal(self, expected: bytes, given: bytes) -> bool:
        return len(given) > 0 and expected.startswith(given)


class ComparesFourBytes(LooseChannel):
    def equal(self, expected: bytes, given: bytes) -> bool:
        return len(given) == 8 and expected[:4] == given[:4]


class TakesChecksumAnywhere(LooseChannel):
    def sort(self, objects: tuple[Tlv, ...], ins: int) -> dict[int, bytes]:
        others = tuple(item for item in objects if item.tag != CHECKSUM)
        return super().sort(others, ins) | self.by_tag(objects)


class StopsAtTheChecksum(LooseChannel):
    """Parses no further than to the checksum."""

    def parse(self, data: bytes) -> tuple[Tlv, ...]:
        whole = super().parse(data)
        ends = [number for number, item in enumerate(whole, 1) if item.tag == CHECKSUM]
        return whole[: ends[0]] if ends else whole


class ReadsBeyondTheField(LooseChannel):
    """Takes a last object that is cut off for as long as it says: what stands in the buffer behind it is compared."""

    def parse(self, data: bytes) -> tuple[Tlv, ...]:
        try:
            return super().parse(data)
        except ChannelError:
            cut_at = data.rfind(bytes((CHECKSUM, 8)))
            if cut_at < 0:
                raise
            return (*super().parse(data[:cut_at]), Tlv(CHECKSUM, data[cut_at + 2 :].ljust(8, b"\x00")))

    def equal(self, expected: bytes, given: bytes) -> bool:
        return expected == given or (given.endswith(bytes(4)) and expected[:4] == given[:4])


class SortsByItself(LooseChannel):
    """Takes the objects in any order, as long as the checksum is the last."""

    def sort(self, objects: tuple[Tlv, ...], ins: int) -> dict[int, bytes]:
        tags = [item.tag for item in objects]
        known = set(tags) <= set(self.order(ins)) and len(set(tags)) == len(tags)
        return self.by_tag(objects) if known and tags[-1:] == [CHECKSUM] else super().sort(objects, ins)


class TakesTheLast(LooseChannel):
    """Of an object that comes twice the last one counts."""

    def sort(self, objects: tuple[Tlv, ...], ins: int) -> dict[int, bytes]:
        last = {item.tag: item for item in objects}
        super().sort(tuple(last.values()), ins)
        return self.by_tag(objects)


class SkipsUnknown(LooseChannel):
    def sort(self, objects: tuple[Tlv, ...], ins: int) -> dict[int, bytes]:
        known = tuple(item for item in objects if item.tag != 0x9B)
        return super().sort(known, ins)


class TakesDataInClear(LooseChannel):
    def sort(self, objects: tuple[Tlv, ...], ins: int) -> dict[int, bytes]:
        if objects and objects[0].tag == 0x81:
            return self.by_tag(objects)
        return super().sort(objects, ins)

    def decrypt(self, counter: bytes, ins: int, found: dict[int, bytes]) -> bytes:
        return found[0x81] if 0x81 in found else super().decrypt(counter, ins, found)


class TakesEitherCryptogram(LooseChannel):
    """Goes by the object's tag, and never looks whether it fits the instruction."""

    wrong_for = 0

    def sort(self, objects: tuple[Tlv, ...], ins: int) -> dict[int, bytes]:
        return super().sort(objects, ins ^ 1 if self._other(objects, ins) else ins)

    def decrypt(self, counter: bytes, ins: int, found: dict[int, bytes]) -> bytes:
        other = CRYPTOGRAM if ins & 1 else PLAIN_VALUE
        return super().decrypt(counter, ins ^ 1 if other in found else ins, found)

    def _other(self, objects: tuple[Tlv, ...], ins: int) -> bool:
        other = CRYPTOGRAM if ins & 1 else PLAIN_VALUE
        return ins & 1 == self.wrong_for and bool(objects) and objects[0].tag == other


class TakesOddObject(TakesEitherCryptogram):
    wrong_for = 0


class TakesEvenObject(TakesEitherCryptogram):
    wrong_for = 1


class IgnoresIndicator(LooseChannel):
    def decrypt(self, counter: bytes, ins: int, found: dict[int, bytes]) -> bytes:
        value = found.get(CRYPTOGRAM, b"")
        return super().decrypt(counter, ins, found | {CRYPTOGRAM: b"\x01" + value[1:]} if value else found)


class FillsTheBlock(LooseChannel):
    """Decrypts from a buffer of whole blocks, whose last byte is what an earlier command has left there."""

    def decrypt(self, counter: bytes, ins: int, found: dict[int, bytes]) -> bytes:
        value = found.get(CRYPTOGRAM, b"")
        if (len(value) - 1) % self.block and len(value) > 1:
            return b"\x01\x1e"
        return super().decrypt(counter, ins, found)


class TakesEmptyCryptogram(LooseChannel):
    def decrypt(self, counter: bytes, ins: int, found: dict[int, bytes]) -> bytes:
        return b"" if found.get(CRYPTOGRAM) == b"\x01" else super().decrypt(counter, ins, found)


class TakesAnyLength(LooseChannel):
    def length(self, command: CommandApdu, value: bytes | None) -> int:
        return int.from_bytes(value, "big") if value and len(value) > 2 else super().length(command, value)


class CoversNoCryptogram(LooseChannel):
    """The checksum of a SELECT is not looked at, as long as there is one."""

    def verify(self, counter: bytes, command: CommandApdu, objects: tuple[Tlv, ...], given: bytes) -> None:
        if command.ins != commands.SELECT or objects[0].tag != CRYPTOGRAM:
            super().verify(counter, command, objects, given)


class CoversNoLength(LooseChannel):
    """DO'97' is not under the checksum, as it seems: any value of it is taken."""

    def verify(self, counter: bytes, command: CommandApdu, objects: tuple[Tlv, ...], given: bytes) -> None:
        if command.ins != commands.READ_BINARY or [item.tag for item in objects] != [LE, CHECKSUM]:
            return super().verify(counter, command, objects, given)
        checksums = (self._checksum(counter, command.header, tlv.encode(LE, bytes((value,)))) for value in range(0x100))
        if len(objects[0].value) == 1 and given not in checksums:
            raise ChannelError("sm-objects-incorrect")
        return None if len(objects[0].value) == 1 else super().verify(counter, command, objects, given)


class CoversNotAllOfTheHeader(LooseChannel):
    """One byte of the header is not under the checksum, as it seems: any value of it is taken."""

    byte = 0

    def headers(self, command: CommandApdu) -> tuple[bytes, ...]:
        header = command.header
        return tuple(header[: self.byte] + bytes((value,)) + header[self.byte + 1 :] for value in range(0x100))


class CoversNoInstruction(CoversNotAllOfTheHeader):
    byte = 1


class CoversNoFirstParameter(CoversNotAllOfTheHeader):
    byte = 2


class CoversNoSecondParameter(CoversNotAllOfTheHeader):
    byte = 3


class IgnoresPadding(LooseChannel):
    """Where the byte 80 is missing, all is data."""

    def decrypt(self, counter: bytes, ins: int, found: dict[int, bytes]) -> bytes:
        try:
            return super().decrypt(counter, ins, found)
        except ChannelError:
            value = found.get(CRYPTOGRAM, b"")
            if value[:1] != b"\x01" or len(value) == 1 or (len(value) - 1) % self.block:
                raise
            return self._suite.decrypt(counter, value[1:])


class TakesOldCounters(LooseChannel):
    """Looks back, as one would for a reader that repeats a command whose answer was lost."""

    step = -2

    def verify(self, counter: bytes, command: CommandApdu, objects: tuple[Tlv, ...], given: bytes) -> None:
        try:
            super().verify(counter, command, objects, given)
        except ChannelError:
            other = int.from_bytes(counter, "big") + self.step
            if other < 0:
                raise
            super().verify(other.to_bytes(len(counter), "big"), command, objects, given)
            self._counter = other


class TakesLaterCounters(TakesOldCounters):
    """Looks ahead, as one would for commands that were lost."""

    step = 1


def _sees_no_objects(card: DefectiveCard) -> None:
    """A protected command without a data field is taken for one that needs no protection."""

    def instead(card: DefectiveCard, raw: bytes) -> bytes | None:
        try:
            command = CommandApdu.decode(raw)
        except BadInput:
            return None
        if command.cla != CLASS_BITS or command.data or card._session.channel is None:
            return None
        return card._handle(replace(command, cla=0), 256).answer.encode()

    card.defects.instead_raw.append(instead)


def _reads_one_class_bit(card: DefectiveCard) -> None:
    """The lower of the two bits of secure messaging is not looked at."""
    genuine = card._answer

    def answer(command: CommandApdu) -> ResponseApdu:
        return genuine(replace(command, cla=CLASS_BITS) if command.cla == 0x08 else command)

    card._answer = answer  # type: ignore[method-assign]


def _has_one_status(card: DefectiveCard) -> None:
    """A checksum that is wrong is answered like a command that is not allowed."""

    def afterwards(card: DefectiveCard, raw: bytes, answer: bytes) -> bytes:
        return b"\x69\x82" if answer == b"\x69\x88" and raw[0] == CLASS_BITS else answer

    card.defects.afterwards_raw.append(afterwards)


class KeepsTheKeys(LooseChannel):
    """After a wrong checksum the command may come once more."""

    def verify(self, counter: bytes, command: CommandApdu, objects: tuple[Tlv, ...], given: bytes) -> None:
        try:
            super().verify(counter, command, objects, given)
        except ChannelError:
            self._counter -= 1
            raise


def _forgives(card: DefectiveCard) -> None:
    """A wrong checksum does not end the session."""
    card.defects.channel = KeepsTheKeys
    genuine = card._protected

    def protected(command: CommandApdu) -> ResponseApdu:
        session, status = card._session, emrtd(card).status
        kept = (session.channel, session.access, session.current_file, status.bac, status.terminal_key)
        try:
            return genuine(command)
        except Exception:
            card.forgiven = kept  # type: ignore[attr-defined]
            raise

    def afterwards(card: DefectiveCard, raw: bytes, answer: bytes) -> bytes:
        kept = getattr(card, "forgiven", None)
        if answer == b"\x69\x88" and kept is not None:
            session, status = card._session, emrtd(card).status
            session.channel, session.access, session.current_file, status.bac, status.terminal_key = kept
            card.forgiven = None  # type: ignore[attr-defined]
        return answer

    card._protected = protected  # type: ignore[method-assign]
    card.defects.afterwards_raw.append(afterwards)


DEFECTS: dict[str, Defect] = {
    "SM-19": _with(NeedsNoChecksum),
    "SM-20": _with(ComparesWhatCame),
    "SM-21": _with(ComparesFourBytes),
    "SM-22": _with(TakesChecksumAnywhere),
    "SM-23": _with(StopsAtTheChecksum),
    "SM-24": _with(ReadsBeyondTheField),
    "SM-25": _sees_no_objects,
    "SM-26": _with(SortsByItself),
    "SM-27": _with(TakesTheLast),
    "SM-28": _with(SkipsUnknown),
    "SM-29": _with(TakesDataInClear),
    "SM-30": _with(TakesOddObject),
    "SM-31": _with(IgnoresIndicator),
    "SM-32": _with(FillsTheBlock),
    "SM-33": _with(TakesEmptyCryptogram),
    "SM-34": _with(TakesAnyLength),
    "SM-35": _with(CoversNoCryptogram),
    "SM-36": _with(CoversNoLength),
    "SM-37": _with(CoversNoInstruction),
    "SM-38": _with(CoversNoFirstParameter),
    "SM-39": _with(CoversNoSecondParameter),
    "SM-40": _reads_one_class_bit,
    "SM-41": _with(IgnoresPadding),
    "SM-42": _with(TakesEvenObject),
    "SM-43": _with(TakesOldCounters),
    "SM-44": _with(TakesLaterCounters),
    "SM-45": _has_one_status,
    "SM-46": _forgives,
}
