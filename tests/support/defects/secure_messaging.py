"""Defects of secure messaging: answers that are not protected as they should, and sessions that do not end."""

from __future__ import annotations

from dataclasses import replace

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.ground.errors import BadInput, ChannelError
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import MAX_EXTENDED_NE, MAX_SHORT_NE, CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols.secure_messaging import CHECKSUM, CLASS_BITS, CRYPTOGRAM, STATUS, SecureChannel
from support.conformance import Defect, DefectiveCard
from support.loose_channel import LooseChannel

_SHORT = 64


def _decoded(raw: bytes) -> CommandApdu | None:
    try:
        return CommandApdu.decode(raw)
    except BadInput:
        return None


def _with(channel: type[LooseChannel]) -> Defect:
    def defect(card: DefectiveCard) -> None:
        card.defects.channel = channel

    return defect


class RepeatsWithoutProtection(LooseChannel):
    """SELECT of the file that was just selected is answered at once, without the layer of secure messaging."""

    last = b""
    repeated = False

    def open_command(self, command: CommandApdu) -> CommandApdu:
        plain = super().open_command(command)
        self.repeated = plain.p1 == commands.IN_CURRENT_DF and self.last == plain.encode()
        self.last = plain.encode()
        return plain

    def protect_response(self, ins: int, response: ResponseApdu) -> ResponseApdu:
        protected = super().protect_response(ins, response)
        return response if ins == commands.SELECT and self.repeated else protected


class PadsNoWholeBlock(LooseChannel):
    """What READ BINARY gives is not padded where it fills one block by itself."""

    def protect_response(self, ins: int, response: ResponseApdu) -> ResponseApdu:
        data = response.data
        if ins != commands.READ_BINARY or len(data) != self.block:
            return super().protect_response(ins, response)
        counter = self._next_counter()
        objects = tlv.encode(CRYPTOGRAM, b"\x01", self._suite.encrypt(counter, data))
        objects += tlv.encode(STATUS, response.sw.to_bytes(2, "big"))
        return ResponseApdu(objects + tlv.encode(CHECKSUM, self._checksum(counter, b"", objects)), response.sw)


class SaysAllIsWell(LooseChannel):
    """The status word outside the protection is always 9000."""

    def protect_response(self, ins: int, response: ResponseApdu) -> ResponseApdu:
        return ResponseApdu(super().protect_response(ins, response).data, 0x9000)


class CountsInOneByte(LooseChannel):
    """With AES the counter has one byte; with 3DES it has all eight."""

    def _next_counter(self) -> bytes:
        if self.block == 8:
            return super()._next_counter()
        self._counter = self._counter + 1 & 0xFF
        return self._counter.to_bytes(self.block, "big")


class NeedsNoLength(LooseChannel):
    """READ BINARY without DO'97' gives all there is."""

    def length(self, command: CommandApdu, value: bytes | None) -> int:
        whole = value is None and command.ins == commands.READ_BINARY
        return MAX_SHORT_NE if whole else super().length(command, value)


def _refuses_past_protection(card: DefectiveCard) -> None:
    """Whether P1 of a SELECT is known is looked at after the protection was opened, and answered without it."""
    genuine = card._protected

    def protected(command: CommandApdu) -> ResponseApdu:
        answer = genuine(command)
        return ResponseApdu(b"", answer.sw) if answer.sw == 0x6A86 and command.ins == commands.SELECT else answer

    card._protected = protected  # type: ignore[method-assign]


def _takes_long_length_for_short(card: DefectiveCard) -> None:
    """DO'97' 0000 is read like 00: 256 bytes."""

    def afterwards(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        long = command.ins == commands.READ_BINARY and command.ne == MAX_EXTENDED_NE
        return replace(answer, data=answer.data[:MAX_SHORT_NE]) if long and card._session.channel else answer

    card.defects.afterwards.append(afterwards)


def _wastes_the_answer(card: DefectiveCard) -> None:
    """In the short form no more than 200 bytes leave the card at once."""

    def afterwards(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        short = command.ins == commands.READ_BINARY and not command.extended and card._session.channel
        return replace(answer, data=answer.data[:200]) if short and command.ne != MAX_SHORT_NE else answer

    card.defects.afterwards.append(afterwards)


def _wants_the_short_form(card: DefectiveCard) -> None:
    """What fits the short form is refused in the long one."""

    def instead_raw(card: DefectiveCard, raw: bytes) -> bytes | None:
        command = _decoded(raw)
        protected = command is not None and command.cla == CLASS_BITS and command.extended
        return b"\x67\x00" if protected and raw[7:11] in (b"\x97\x02\x00\x04",) else None

    card.defects.instead_raw.append(instead_raw)


def _goes_on_after(card: DefectiveCard, ins: int) -> None:
    """A plain command with this instruction does not end the session."""
    genuine_end, genuine_answer = card._end_channels, card._answer

    def answer(command: CommandApdu) -> ResponseApdu:
        card.plain_goes_on = command.ins == ins  # type: ignore[attr-defined]
        return genuine_answer(command)

    def end(command: CommandApdu) -> None:
        if not card.plain_goes_on:  # type: ignore[attr-defined]
            genuine_end(command)

    card._answer, card._end_channels = answer, end  # type: ignore[method-assign]


def _survives_plain_read(card: DefectiveCard) -> None:
    """A plain READ BINARY is refused, but the session goes on after it."""
    _goes_on_after(card, commands.READ_BINARY)

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        plain = card.plain_goes_on and card._session.channel is not None  # type: ignore[attr-defined]
        return ResponseApdu(b"", 0x6982) if plain and card.comes_plain else None  # type: ignore[attr-defined]

    def instead_raw(card: DefectiveCard, raw: bytes) -> None:
        card.comes_plain = not raw[0] & CLASS_BITS  # type: ignore[attr-defined]

    card.defects.instead.append(instead)
    card.defects.instead_raw.append(instead_raw)


def _survives_plain_select(card: DefectiveCard) -> None:
    _goes_on_after(card, commands.SELECT)


def _goes_by_the_objects(card: DefectiveCard) -> None:
    """What looks like a protected command is taken for one, whatever its class byte says."""
    genuine = card._answer

    def answer(command: CommandApdu) -> ResponseApdu:
        looks_so = command.data[-10:-8] == bytes((CHECKSUM, 8)) and card._session.channel is not None
        return genuine(replace(command, cla=CLASS_BITS) if looks_so and command.cla == 0 else command)

    card._answer = answer  # type: ignore[method-assign]


def _keeps_the_file_open(card: DefectiveCard) -> None:
    """The file that was selected when the session ended can still be read."""

    def afterwards(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        if card._session.channel is not None:
            card.left_open = card._session.current_file  # type: ignore[attr-defined]
        return answer

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        file = getattr(card, "left_open", None)
        plain = card._session.channel is None and command.ins == commands.READ_BINARY and not command.p1 & 0x80
        if file is None or not plain:
            return None
        return ResponseApdu(card.memory.part(EmrtdMemory).files[file].content[: command.ne], 0x9000)

    def reset(card: DefectiveCard) -> None:
        card.left_open = None  # type: ignore[attr-defined]

    card.defects.afterwards.append(afterwards)
    card.defects.instead.append(instead)
    card.defects.on_reset.append(reset)


def _keeps_the_keys_over_resets(card: DefectiveCard) -> None:
    """The session keys stand in memory that a reset does not clear."""

    def afterwards(card: DefectiveCard, raw: bytes, answer: bytes) -> bytes:
        session = card._session
        card.kept = (session.channel, session.access, session.selected.aid)  # type: ignore[attr-defined]
        return answer

    def reset(card: DefectiveCard) -> None:
        session = card._session
        channel, access, selected = getattr(card, "kept", (None, None, b""))
        if channel is not None:
            session.select(session.named(selected) if selected else session.master_file)
            session.channel, session.access = channel, access

    card.defects.afterwards_raw.append(afterwards)
    card.defects.on_reset.append(reset)


def _keeps_the_last_file(card: DefectiveCard) -> None:
    """A reset leaves the file that was read last in a buffer, and only the first command to come clears it."""
    buffered: list[ElementaryFile] = []

    def afterwards(card: DefectiveCard, raw: bytes, answer: bytes) -> bytes:
        file = card._session.current_file
        buffered[:] = [] if file is None or card._session.channel is None else [file]
        return answer

    def instead_raw(card: DefectiveCard, raw: bytes) -> bytes | None:
        command = _decoded(raw)
        files, buffered[:] = tuple(buffered), []
        if not files or command is None or card._session.channel is not None:
            return None
        reads = command.cla == 0 and command.ins == commands.READ_BINARY and command.p1 == 0x80 | files[0].sfi
        return card.memory.part(EmrtdMemory).files[files[0]].content[: command.ne] + b"\x90\x00" if reads else None

    card.defects.afterwards_raw.append(afterwards)
    card.defects.instead_raw.append(instead_raw)


def _answers_under_old_keys(card: DefectiveCard, *, over_resets: bool) -> None:
    """The keys of a session that has ended stay in their slot, and every slot is tried."""
    slots: list[SecureChannel] = []
    current: list[SecureChannel | None] = [None]

    def notice() -> None:
        last, current[0] = current[0], card._session.channel
        if last is not None and current[0] is None:
            slots.append(last)

    def afterwards_raw(card: DefectiveCard, raw: bytes, answer: bytes) -> bytes:
        notice()
        return answer

    def reset(card: DefectiveCard) -> None:
        notice()
        if not over_resets:
            slots.clear()

    def instead_raw(card: DefectiveCard, raw: bytes) -> bytes | None:
        command = _decoded(raw)
        if command is None or command.cla != CLASS_BITS or card._session.channel is None:
            return None
        for old in slots:
            counter = old._counter
            try:
                plain = old.open_command(command)
            except ChannelError:
                old._counter = counter
            else:
                return old.protect_response(command.ins, card._handle(plain, _SHORT).answer).encode()
        return None

    card.defects.instead_raw.append(instead_raw)
    card.defects.afterwards_raw.append(afterwards_raw)
    card.defects.on_reset.append(reset)


def _keeps_old_keys(card: DefectiveCard) -> None:
    _answers_under_old_keys(card, over_resets=True)


def _keeps_old_keys_until_reset(card: DefectiveCard) -> None:
    _answers_under_old_keys(card, over_resets=False)


def _takes_unprotected_for_protected(card: DefectiveCard) -> None:
    """Without a session the bits of secure messaging in the class byte are not looked at."""
    genuine = card._answer

    def answer(command: CommandApdu) -> ResponseApdu:
        ignored = command.cla == CLASS_BITS and card._session.channel is None
        return genuine(replace(command, cla=0) if ignored else command)

    card._answer = answer  # type: ignore[method-assign]


DEFECTS: dict[str, Defect] = {
    "SM-01": _with(RepeatsWithoutProtection),
    "SM-02": _with(PadsNoWholeBlock),
    "SM-03": _with(SaysAllIsWell),
    "SM-04": _refuses_past_protection,
    "SM-05": _with(NeedsNoLength),
    "SM-06": _takes_long_length_for_short,
    "SM-07": _wastes_the_answer,
    "SM-08": _wants_the_short_form,
    "SM-09": _with(CountsInOneByte),
    "SM-10": _survives_plain_read,
    "SM-11": _survives_plain_select,
    "SM-12": _goes_by_the_objects,
    "SM-13": _keeps_the_file_open,
    "SM-14": _keeps_the_keys_over_resets,
    "SM-15": _keeps_the_last_file,
    "SM-16": _keeps_old_keys,
    "SM-17": _keeps_old_keys_until_reset,
    "SM-18": _takes_unprotected_for_protected,
}
