"""Cards that do not understand all that is standard are read as well, and what they understand is remembered."""

from __future__ import annotations

import pytest

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.quirks import (
    CARD_QUIRKS,
    Refusal,
    asks,
    names_short_identifier,
    selects_file,
    selects_master_file,
)
from eid_toolkit.cards.emulator.state import StoredFile
from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.file_reader import FileReader, ReadStatus, read_buffers
from eid_toolkit.cards.terminal.quirks import QUIRKS, quirks_by_name
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import AccessDenied, CardRefused, UsageError
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.ef_dir import EfDir
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols, AccessRule
from support.card_states import ENTROPY, issued_document, issued_memory, mrz_password
from support.emulated import CAN
from support.quirky import WatchedCard, form

PASSWORD = AccessPassword.from_can(CAN)
FILES = {file: data for file, data in issued_document().files.items() if file.in_application}


def read_all(session: CardSession) -> dict[ElementaryFile, bytes]:
    reader = FileReader(session, open_access(session, PASSWORD, ENTROPY, allow_bac=False).buffers)
    return {file: reader.read(file).data for file in FILES}


def commands_for(card: WatchedCard) -> list[CommandApdu]:
    """The commands with which the whole card was read."""
    assert read_all(card.session()) == FILES
    return card.seen


def refuses_short_identifiers(sw: int) -> Refusal:
    return lambda command: sw if names_short_identifier(command) else None


def refuses_lengths_over(limit: int, sw: int = 0x6700) -> Refusal:
    return lambda command: sw if asks(command) > limit else None


def test_a_card_that_follows_the_standard_sees_no_other_form() -> None:
    seen = commands_for(WatchedCard(issued_memory()))
    assert [form(command) for command in seen if command.ins == commands.SELECT] == [(0, 0x0C), (4, 0x0C)]
    assert not any(selects_file(command) for command in seen)


@pytest.mark.parametrize("sw", [0x6D00, 0x6700, 0x6A82, 0x6A86, 0x6900])
def test_a_master_file_that_cannot_be_selected_is_tried_in_two_forms_and_then_left_alone(sw: int) -> None:
    card = WatchedCard(issued_memory(), lambda command: sw if selects_master_file(command) else None)
    session = card.session()
    assert read_all(session) == FILES
    session.reset()
    assert read_all(session) == FILES
    assert [form(command) for command in card.seen if selects_master_file(command)] == [(0, 0x0C), (0, 0x00)]


def test_the_master_file_without_its_identifier_is_remembered() -> None:
    card = WatchedCard(issued_memory(), lambda c: 0x6A86 if selects_master_file(c) and c.data else None)
    session = card.session()
    read_all(session)
    session.reset()
    read_all(session)
    assert [len(command.data) for command in card.seen if selects_master_file(command)] == [2, 0, 0]


@pytest.mark.parametrize("refused", [1, 2])
def test_an_application_is_selected_in_the_form_that_the_card_takes(refused: int) -> None:
    forms = [(4, 0x0C), (4, 0x00), (4, 0x04)]
    card = WatchedCard(issued_memory(), lambda command: 0x6A86 if form(command) in forms[:refused] else None)
    seen = commands_for(card)
    assert [form(command) for command in seen if command.p1 == 4] == forms[: refused + 1]


@pytest.mark.parametrize("sw", [0x6A86, 0x6A82, 0x6A88, 0x6D00, 0x6700, 0x6981])
@pytest.mark.parametrize("rung", range(1, 6))
def test_files_are_opened_in_the_form_that_the_card_takes(rung: int, sw: int) -> None:
    forms = [(2, 0x0C), (2, 0x00), (2, 0x04), (0, 0x0C), (0, 0x00)]

    def refuse(command: CommandApdu) -> int | None:
        refused = names_short_identifier(command) or (selects_file(command) and form(command) in forms[: rung - 1])
        return sw if refused else None

    seen = commands_for(WatchedCard(issued_memory(), refuse))
    by_form = [form(command) for command in seen if selects_file(command)]
    assert by_form[: rung - 1] == forms[: rung - 1]
    assert set(by_form[rung - 1 :]) == {forms[rung - 1]}, "what worked is remembered"


def test_a_vietnamese_card_is_read_without_being_told() -> None:
    commands_for(WatchedCard(issued_memory(), lambda _: None, CARD_QUIRKS["vietnam"]))


def test_with_its_profile_a_vietnamese_card_is_never_asked_what_it_does_not_know() -> None:
    card = WatchedCard(issued_memory())
    assert read_all(CardSession(InProcessTransport(card, "test"), quirks_by_name("vietnam"))) == FILES
    assert not any(selects_master_file(command) or names_short_identifier(command) for command in card.seen)


@pytest.mark.parametrize(("name", "limit"), [("short-length", 256), ("small-answers", 160)])
def test_a_profile_limits_the_answers(name: str, limit: int) -> None:
    card = WatchedCard(issued_memory())
    assert read_all(CardSession(InProcessTransport(card, "test"), QUIRKS[name])) == FILES
    assert max(map(asks, card.seen[3:])) <= limit
    assert not any(command.extended for command in card.seen)


def test_an_unknown_profile_is_named_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="vietnam"):
        quirks_by_name("mars")


@pytest.mark.parametrize("limit", [256, 160])
def test_a_card_that_refuses_the_length_it_declares_is_read_in_smaller_parts(limit: int) -> None:
    card = WatchedCard(issued_memory(), refuses_lengths_over(limit))
    seen = commands_for(card)
    refused = [asks(command) for command in seen if asks(command) > limit]
    assert 1 <= len(refused) <= 2, "what it takes is remembered"


def test_a_card_that_refuses_to_be_asked_beyond_the_end_of_a_file_is_read_by_its_header() -> None:
    commands_for(WatchedCard(issued_memory(), lambda _: None, CARD_QUIRKS["header-first"]))


def test_wrong_le_is_corrected_under_secure_messaging_too() -> None:
    exact = {"once": False}

    def refuse(command: CommandApdu) -> int | None:
        if command.ins == commands.READ_BINARY and command.ne not in (8, 256):
            exact["once"] = True
            return 0x6C08
        return None

    card = WatchedCard(issued_memory(), refuse)
    assert read_all(card.session())[ElementaryFile.DG1] == FILES[ElementaryFile.DG1]
    assert exact["once"]


def test_not_found_is_believed_once_a_form_has_opened_a_file() -> None:
    card = WatchedCard(issued_memory())
    session = card.session()
    reader = FileReader(session, open_access(session, PASSWORD, ENTROPY, allow_bac=False).buffers)
    assert reader.read(ElementaryFile.COM).status is ReadStatus.READ
    before = len(card.seen)
    assert reader.read(ElementaryFile.DG5).status is ReadStatus.ABSENT
    assert len(card.seen) == before + 1


def test_an_application_listed_in_full_by_ef_dir_is_found() -> None:
    full = EMRTD_AID + b"\x01"
    listed: list[bytes] = []

    def refuse(command: CommandApdu) -> int | None:
        if command.p1 == 4 and command.ins == commands.SELECT:
            listed.append(command.data)
            return 0x6A82 if command.data == EMRTD_AID else None
        return None

    memory = issued_memory()
    directory = EfDir(((Tlv(0x4F, full),),)).encode()
    memory.part(EmrtdMemory).files[ElementaryFile.DIR] = StoredFile(AccessRule.ALWAYS, directory)
    with pytest.raises(CardRefused):  # the emulated card does not know the longer name, but it was asked for it
        read_all(WatchedCard(memory, refuse).session())
    assert listed == [EMRTD_AID, full]


def test_a_card_without_pace_needs_no_more_than_the_ladder_once() -> None:
    memory = issued_memory(protocols=AccessProtocols.BAC)
    for file in (ElementaryFile.CARD_ACCESS, ElementaryFile.ATR_INFO):
        memory.part(EmrtdMemory).files.pop(file)
    card = WatchedCard(memory, lambda _: None)
    session = card.session()
    with pytest.raises(AccessDenied, match="pace-not-possible"):
        open_access(session, mrz_password(), ENTROPY, allow_bac=False)
    assert len(card.seen) <= 14
    assert open_access(session, mrz_password(), ENTROPY, allow_bac=True).protocol == "bac"


def test_buffers_are_not_read_from_a_part_of_the_file() -> None:
    card = WatchedCard(issued_memory(), refuses_lengths_over(4))
    assert read_buffers(card.session()) is None
