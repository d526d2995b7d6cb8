"""Cards that answer READ by short identifier with a refusal, another file, or the end of the channel, as some do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.quirks import names_short_identifier
from eid_toolkit.cards.emulator.state import StoredFile
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.protocols.personalization_data import AccessRule
from eid_toolkit.work.cardspec import SpecimenCard
from eid_toolkit.work.inspection.evidence import ChipProof, Evidence, FileState
from eid_toolkit.work.inspection.verdict import Decision, judge
from support.quirky import WatchedCard
from support.spec_cards import NOW, OFFICER, copy_of, read

UNDER_CHANNEL = 0x0C


class PlainRefusal:
    """A card that ends the secure channel by a plain status word at commands that it does not know."""

    def __init__(self, card: EmulatedCard, sw: int, refuses: Callable[[CommandApdu], bool]) -> None:
        self._card, self._sw, self._refuses = card, sw, refuses
        self.refused = 0

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def process(self, command: bytes, /) -> bytes:
        parsed = CommandApdu.decode(command)
        if parsed.cla & UNDER_CHANNEL and self._refuses(parsed):
            self.refused += 1
            self._card.reset()  # its channel and its selection are gone
            return self._sw.to_bytes(2, "big")
        return self._card.process(command)

    def reset(self) -> None:
        self._card.reset()

    def power_off(self) -> None:
        self._card.power_off()


def served(card: object, made: SpecimenCard) -> Evidence:
    return read(replace(made, card=card))  # type: ignore[arg-type]


def watched(made: SpecimenCard, sw: int) -> WatchedCard:
    """Refuses short identifiers in the application, under the channel."""
    is_inside = False

    def refuse(command: CommandApdu) -> int | None:
        nonlocal is_inside
        is_inside = is_inside or (command.ins == commands.SELECT and command.p1 == 4)
        return sw if is_inside and names_short_identifier(command) else None

    return WatchedCard(made.memory, refuse)


def passes(made: SpecimenCard, evidence: Evidence) -> bool:
    return judge(evidence, made.trust, OFFICER, NOW).decision is Decision.PASSED


@pytest.mark.parametrize("sw", [0x6982, 0x6985, 0x6A82, 0x6986, 0x6D00])
def test_a_refusal_of_a_form_that_has_opened_no_file_of_the_application_is_not_believed(sw: int) -> None:
    """Short identifiers worked in the master file, for EF.CardAccess."""
    made = copy_of()
    card = watched(made, sw)
    evidence = served(card, made)
    assert passes(made, evidence)
    assert {state.state for file, state in evidence.files.items() if file.in_application} == {FileState.READ}
    assert sum(map(names_short_identifier, card.seen)) < 5  # it is tried once, and not for each file


@pytest.mark.parametrize("sw", [0x6985, 0x6982, 0x6988, 0x6A86, 0x6700])
def test_a_card_that_ends_the_channel_at_a_form_is_opened_anew_and_asked_in_the_next(sw: int) -> None:
    made = copy_of()
    card = PlainRefusal(made.card, sw, names_short_identifier)
    evidence = served(card, made)
    assert passes(made, evidence)
    assert evidence.interrupted is None
    assert evidence.chip_authentication.outcome is ChipProof.DONE
    assert card.refused == 1  # and remembered


def test_a_card_that_ends_the_channel_at_every_form_is_given_up() -> None:
    made = copy_of()
    card = PlainRefusal(made.card, 0x6985, lambda c: c.ins != commands.SELECT or c.p1 != 4)
    evidence = served(card, made)
    assert evidence.interrupted == "sm-response-unprotected"
    assert not [file for file in evidence.files if file.in_application]


class ShadowedCard(WatchedCard):
    """The short identifier of EF.COM opens EF.DIR, as where the card looks in its master file (both are 1E)."""

    def _dispatch(self, command: CommandApdu, limit: int):  # type: ignore[no-untyped-def]
        files = self.memory.part(EmrtdMemory).files
        if command.ins != commands.READ_BINARY or command.p1 != 0x80 | Ef.COM.sfi or not self._session.channel:
            return super()._dispatch(command, limit)
        com, files[Ef.COM] = files[Ef.COM], StoredFile(AccessRule.CHIP_ACCESS, bytes.fromhex("61094F07A0000002471001"))
        try:
            return super()._dispatch(command, limit)
        finally:
            files[Ef.COM] = com


def test_a_file_with_another_tag_is_not_taken_for_the_one_that_was_asked_for() -> None:
    made = copy_of()
    evidence = served(ShadowedCard(made.memory), made)
    assert evidence.files[Ef.COM].content == made.memory.part(EmrtdMemory).files[Ef.COM].content
    assert passes(made, evidence)


def test_a_file_whose_tag_is_wrong_in_every_form_is_what_the_card_has() -> None:
    made = copy_of()
    wrong = b"\x6f" + made.memory.part(EmrtdMemory).files[Ef.SOD].content[1:]
    made.memory.part(EmrtdMemory).files[Ef.SOD] = StoredFile(AccessRule.CHIP_ACCESS, wrong)
    evidence = served(made.card, made)
    assert evidence.files[Ef.SOD].content == wrong


def test_a_file_that_is_not_there_is_absent_though_the_first_form_says_something_else() -> None:
    made = copy_of()
    made.memory.part(EmrtdMemory).files.pop(Ef.COM)
    card = watched(made, StatusWord.CONDITIONS_NOT_SATISFIED)
    assert served(card, made).files[Ef.COM].state is FileState.ABSENT
