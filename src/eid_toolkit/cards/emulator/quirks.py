"""The ways of kinds of real cards: what they do not understand of ISO/IEC 7816-4 11 and 9303-10 3.6, and what they add.

Each is one departure from the standard's own forms, found in cards in the field; a card can have several. What a card
refuses it refuses under secure messaging too, and only to whom it would otherwise have answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.refusal import Refused
from eid_toolkit.cards.emulator.reply import Reply
from eid_toolkit.cards.emulator.session import SHORT_RESPONSE
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.crypto.ec import plain_to_der
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import MF_FID
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.protocols.personalization_data import ChipKey

_PARTS, _SMALL = 64, 160
_READS = (commands.READ_BINARY, commands.READ_BINARY_ODD)

Refusal = Callable[[CommandApdu], int | None]
"""The status word with which a card refuses a command, or None."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that the card has answered, and what the answer was about."""

    command: CommandApdu
    left: int | None
    """For READ BINARY: the bytes that an answer with the whole rest of the file has."""
    signs_with_ec: bool
    """Whether the chip's key of Active Authentication is one of ECDSA."""

    @property
    def over_end(self) -> bool:
        """Whether more was asked for than the file holds from there on."""
        return self.left is not None and asks(self.command) > self.left


Change = Callable[[Asked, ResponseApdu], ResponseApdu]
"""The answer that a card gives in place of the standard's; may raise :class:`Refused`."""


@dataclass(frozen=True, slots=True)
class CardQuirk:
    """One way of a kind of cards."""

    name: str
    summary: str
    refuse: Refusal = lambda _: None
    change: Change = lambda _, answer: answer
    short_response: int = SHORT_RESPONSE
    """The most data in a short answer; the rest waits for GET RESPONSE."""
    question: str | None = None
    """What it is an answer to: a card has but one quirk for each question."""


class QuirkyCard(EmulatedCard):
    """A card with ``quirks``; otherwise as :class:`EmulatedCard`."""

    def __init__(
        self,
        memory: CardMemory,
        entropy: Entropy,
        save: Callable[[CardMemory], None],
        quirks: Sequence[CardQuirk],
        *,
        wait: Callable[[float], None],
    ) -> None:
        self._quirks = tuple(quirks)
        short_response = min((quirk.short_response for quirk in quirks), default=SHORT_RESPONSE)
        super().__init__(memory, entropy, save, short_response=short_response, wait=wait)

    def _dispatch(self, command: CommandApdu, limit: int) -> Reply:
        if not self._quirks:
            return super()._dispatch(command, limit)
        for quirk in self._quirks:
            sw = quirk.refuse(command)
            if sw is not None:
                raise Refused(sw)
        reply = super()._dispatch(command, limit)
        if not reply.answer.ok and reply.answer.sw != StatusWord.END_OF_FILE:
            return reply
        asked, answer = self._asked(command), reply.answer
        for quirk in self._quirks:
            answer = quirk.change(asked, answer)
        return replace(reply, answer=answer)

    def _asked(self, command: CommandApdu) -> Asked:
        key = self.memory.part(EmrtdMemory).active_authentication_key
        return Asked(command, self._left(command), isinstance(key, ChipKey))

    def _left(self, command: CommandApdu) -> int | None:
        file = self._session.current_file
        stored = self.memory.part(EmrtdMemory).files.get(file) if file is not None else None
        if stored is None or command.ins not in _READS:
            return None
        if command.ins == commands.READ_BINARY:
            offset = command.p2 if command.p1 & 0x80 else command.p1 << 8 | command.p2
            return max(0, len(stored.content) - offset)
        rest = max(0, len(stored.content) - int.from_bytes(tlv.parse(command.data, 0x54).value, "big"))
        return 1 + len(tlv.encode_length(rest)) + rest


def selects_master_file(command: CommandApdu) -> bool:
    """Whether it is a SELECT of the master file."""
    return command.ins == commands.SELECT and command.p1 == 0 and command.data in (b"", MF_FID.to_bytes(2, "big"))


def selects_file(command: CommandApdu) -> bool:
    """Whether it is a SELECT of an EF by its identifier."""
    return command.ins == commands.SELECT and len(command.data) == 2 and not selects_master_file(command)


def names_short_identifier(command: CommandApdu) -> bool:
    """Whether it is a READ BINARY that names its file by the short identifier."""
    odd = command.ins == commands.READ_BINARY_ODD and command.p2 != 0
    return odd or (command.ins == commands.READ_BINARY and bool(command.p1 & 0x80))


def asks(command: CommandApdu) -> int:
    """How many bytes a READ BINARY asks for; 0 for any other command."""
    return command.ne if command.ins in _READS else 0


def _vietnam(command: CommandApdu) -> int | None:
    if selects_master_file(command):
        return StatusWord.INS_NOT_SUPPORTED
    other_form = selects_file(command) and command.p1 != commands.IN_CURRENT_DF
    return StatusWord.WRONG_P1P2 if other_form or names_short_identifier(command) else None


def _select_anywhere(command: CommandApdu) -> int | None:
    other_form = selects_file(command) and command.p1 != commands.ANYWHERE
    return StatusWord.WRONG_P1P2 if other_form or names_short_identifier(command) else None


def _fci(command: CommandApdu) -> int | None:
    without = command.ins == commands.SELECT and command.p2 not in (commands.FCI, commands.FCP)
    return StatusWord.WRONG_P1P2 if without else None


def _wrong_le(asked: Asked, answer: ResponseApdu) -> ResponseApdu:
    if asked.over_end and asked.left:
        raise Refused(StatusWord.WRONG_LE | (min(asked.left, 256) & 0xFF))
    return answer


def _end_of_file(asked: Asked, answer: ResponseApdu) -> ResponseApdu:
    whole = asked.over_end and len(answer.data) == asked.left
    return ResponseApdu(answer.data, StatusWord.END_OF_FILE) if whole else answer


def _header_first(asked: Asked, answer: ResponseApdu) -> ResponseApdu:
    if asked.over_end:
        raise Refused(StatusWord.WRONG_LENGTH)
    return answer


def _signature_in_der(asked: Asked, answer: ResponseApdu) -> ResponseApdu:
    signature = asked.command.ins == commands.INTERNAL_AUTHENTICATE and asked.signs_with_ec
    return ResponseApdu(plain_to_der(answer.data), answer.sw) if signature else answer


def _refused_if(condition: Callable[[CommandApdu], bool], sw: StatusWord) -> Refusal:
    return lambda command: sw if condition(command) else None


_OPENING, _END = "how a file is opened", "what is answered to a reading over the end of a file"
CARD_QUIRKS = {
    quirk.name: quirk
    for quirk in (
        CardQuirk(
            "vietnam",
            "SELECT of the master file is answered 6D00, there are no short identifiers, and files are selected with"
            " P1 = 02 only",
            _vietnam,
            question=_OPENING,
        ),
        CardQuirk(
            "no-master-file",
            "SELECT of the master file is answered 6A82",
            _refused_if(selects_master_file, StatusWord.FILE_NOT_FOUND),
        ),
        CardQuirk(
            "no-short-identifiers",
            "READ BINARY with a short identifier is answered 6A82",
            _refused_if(names_short_identifier, StatusWord.FILE_NOT_FOUND),
        ),
        CardQuirk(
            "short-length",
            "extended length is declared, and answered 6700",
            _refused_if(lambda command: command.is_extended, StatusWord.WRONG_LENGTH),
        ),
        CardQuirk(
            "small-answers",
            f"READ BINARY for more than {_SMALL} bytes is answered 6700",
            _refused_if(lambda command: asks(command) > _SMALL, StatusWord.WRONG_LENGTH),
        ),
        CardQuirk(
            "wrong-le",
            "READ BINARY for more than the file holds is answered 6Cxx with what it holds",
            change=_wrong_le,
            question=_END,
        ),
        CardQuirk(
            "end-of-file",
            "READ BINARY for more than the file holds is answered with what it holds and 6282, also without a length",
            change=_end_of_file,
            question=_END,
        ),
        CardQuirk(
            "header-first",
            "READ BINARY for more than the file holds is answered 6700: its header has to be read first",
            change=_header_first,
            question=_END,
        ),
        CardQuirk(
            "select-anywhere",
            "files are selected with P1 = 00 only, and there are no short identifiers",
            _select_anywhere,
            question=_OPENING,
        ),
        CardQuirk("fci", "SELECT needs P2 = 00 or 04, and is answered with control information", _fci),
        CardQuirk(
            "get-response",
            f"short answers come in parts of {_PARTS} bytes, by 61xx and GET RESPONSE",
            short_response=_PARTS,
        ),
        CardQuirk("aa-der", "Active Authentication with ECDSA is answered in DER", change=_signature_in_der),
    )
}
"""By name."""


def quirks_named(names: Iterable[str]) -> tuple[CardQuirk, ...]:
    """The quirks with these names.

    Raises :class:`BadInput` for an unknown name, and for two that answer the same question in different ways.
    """
    quirks: dict[str, CardQuirk] = {}
    for name in names:
        if name not in CARD_QUIRKS:
            raise BadInput("card-quirk-unknown", name=name, known=", ".join(CARD_QUIRKS))
        quirk = CARD_QUIRKS[name]
        for other in quirks.values():
            if quirk.question is not None and quirk.question == other.question and quirk is not other:
                raise BadInput("card-quirks-contradict", first=other.name, second=name)
        quirks[name] = quirk
    return tuple(quirks.values())
