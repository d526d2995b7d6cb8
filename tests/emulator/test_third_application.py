"""A third application on the card needs one file; here it is the twenty lines of ``NoteMemory`` and ``Note``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.card_application import CardApplication, Platform
from eid_toolkit.cards.emulator.issued import ISSUED
from eid_toolkit.cards.emulator.refusal import require
from eid_toolkit.cards.emulator.reply import Reply, ok
from eid_toolkit.cards.emulator.shelf import CardStore
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.home.home import Home
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.protocols import bac
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols
from eid_toolkit.work.cardspec.faults import FailingMemory
from support.card_states import ENTROPY, STATES, Line, authenticated, issued_memory, mrz_password
from support.emulated import CAN

AID = bytes.fromhex("F0656964746F6F6C6B6974")
PUT_DATA, GET_DATA = 0xDA, 0xCA


@dataclass(slots=True, eq=False)
class NoteMemory:
    aid: ClassVar[bytes] = AID
    text: bytes = b""

    def start(self, card: Platform, /) -> Sequence[CardApplication]:
        return (Note(self, card),)

    def encode(self) -> dict[str, Any]:
        return {"text": self.text.hex()}

    @classmethod
    def decode(cls, data: dict[str, Any], /) -> Self:
        return cls(bytes.fromhex(data["text"]))


class Note(CardApplication):
    aid = AID

    def __init__(self, memory: NoteMemory, card: Platform) -> None:
        self.memory, self.card = memory, card

    def answer(self, command: CommandApdu, limit: int, /) -> Reply | None:
        if command.ins not in (PUT_DATA, GET_DATA):
            return None
        require(self.card.session.access, 0x6982)  # whoever has shown a password to the card
        if command.ins == PUT_DATA:
            self.memory.text = command.data
            self.card.save()
        return ok(self.memory.text[:limit])


KNOWN = (*ISSUED, NoteMemory)
PUT = CommandApdu(0x00, PUT_DATA, 0, 0, b"called in May")
GET = CommandApdu(0x00, GET_DATA, 0, 0, ne=256)
CAN_PASSWORD = AccessPassword.from_can(CAN)


def memory_with_note() -> CardMemory:
    memory = issued_memory()
    memory.parts[AID] = NoteMemory(b"first")
    return memory


def line_with_note() -> Line:
    return Line.to(memory_with_note())


def sw(line: Line, command: CommandApdu) -> int:
    return line.send(command).sw


def opened(line: Line) -> Line:
    open_access(line.session, CAN_PASSWORD, ENTROPY, allow_bac=False)
    return line


def test_it_is_found_by_its_name_and_by_the_beginning_of_it() -> None:
    line = line_with_note()
    for name in (AID, AID[:5]):
        assert line.ok(commands.select_application(name, commands.FCP)) == b"\x62\x0d\x84\x0b" + AID
        assert sw(line, GET) == 0x6982, "no password was shown"


def test_it_is_reached_under_the_channel_that_pace_opened_on_the_card() -> None:
    line = opened(line_with_note())
    line.ok(commands.select_application(AID))
    assert line.ok(GET) == b"first"
    assert line.ok(PUT) == line.ok(GET) == b"called in May"
    assert line.session.is_secure
    line.ok(commands.select_application(EMRTD_AID))
    assert line.may_read(), "and the way back is open"
    assert sw(line, GET) == 0x6D00


def test_pace_runs_while_it_is_selected() -> None:
    line = line_with_note()
    line.ok(commands.select_application(AID))
    opened(line)
    line.ok(commands.select_application(AID))
    assert line.ok(GET) == b"first"


def test_bac_opens_nothing_but_the_emrtd_application() -> None:
    line = line_with_note()
    line.ok(commands.select_application(EMRTD_AID))
    line.session.install(line.session.run(bac.authenticate(mrz_password(), ENTROPY)))
    line.ok(commands.select_application(AID))
    assert sw(line, GET) == 0x6982
    assert not line.may_read(), "nor that once more, after another was selected"


def test_a_plain_command_takes_its_rights_away() -> None:
    line = opened(line_with_note())
    line.ok(commands.select_application(AID))
    assert line.send_raw(GET.encode()).sw == 0x6982


def test_files_of_others_are_not_read_from_it() -> None:
    line = opened(line_with_note())
    line.ok(commands.select_application(AID))
    for file in (ElementaryFile.ATR_INFO, ElementaryFile.CARD_ACCESS, ElementaryFile.DG1):
        assert sw(line, commands.select_ef(file.fid)) == 0x6A82
        assert sw(line, commands.read_binary_sfi(file.sfi, 0, 4)) == 0x6D00
    assert sw(line, gp.get_data(gp.CPLC_TAG)) == 0x6E00


def test_its_commands_come_in_chains_and_its_long_answers_in_parts() -> None:
    memory = memory_with_note()
    line = Line.to(memory, short_response=20)
    line.ok(commands.select_application(AID))
    memory.part(NoteMemory).text = b"a text that does not fit into one answer"
    line.card._session.access = AccessProtocols.PACE
    assert line.send_raw(GET.encode()) == ResponseApdu(b"a text that does not", 0x6114)
    assert line.send_raw(commands.get_response(20).encode()) == ResponseApdu(b" fit into one answer", 0x9000)
    assert line.send_raw(bytes.fromhex("10DA0000024142")) == ResponseApdu(b"", 0x9000)
    assert line.send_raw(bytes.fromhex("00DA0000024344")) == ResponseApdu(b"ABCD", 0x9000)


def test_what_it_remembers_is_there_after_a_reset_and_in_the_store(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home", HomeConfig("UTO", "Ministry of Utopia", True, datetime.now(UTC)))
    store = CardStore(home, applications=KNOWN)
    store.create("noted", memory_with_note())
    with store.open("noted") as held:
        line = opened(Line(held.card, CardSession(InProcessTransport(held.card, "test"))))
        line.ok(commands.select_application(AID))
        line.ok(PUT)
        line.session.reset()
        assert sw(line, GET) == 0x6D00, "the master file is selected"
        opened(line).ok(commands.select_application(AID))
        assert line.ok(GET) == PUT.data
    assert store.load("noted").part(NoteMemory).text == PUT.data
    with pytest.raises(IntegrityBroken, match="card-image-unknown-application"):
        CardStore(home).load("noted")


def test_the_parts_of_the_others_are_what_they_are_without_it() -> None:
    with_it, without = (json.loads(image.encode(memory)) for memory in (memory_with_note(), issued_memory()))
    assert with_it["applications"].pop(AID.hex().upper()) == {"text": b"first".hex()}
    assert with_it == without
    assert image.decode(image.encode(memory_with_note()), KNOWN).parts.keys() == {EMRTD_AID, gp.ISD_AID, AID}


def test_a_write_that_fails_leaves_its_part_as_it_was() -> None:
    memory = memory_with_note()
    store = FailingMemory(memory)
    line = Line.to(memory, store.save)
    opened(line).ok(commands.select_application(AID))
    store.refusal = StatusWord.MEMORY_FAILURE
    assert store.during(lambda: line.send(PUT).sw.to_bytes(2, "big")) == b"\x65\x81"
    assert memory.part(NoteMemory).text == b"first"


@pytest.mark.parametrize("state", STATES)
def test_an_absent_application_leaves_the_selected_one_and_what_it_allows(state: str) -> None:
    line, untouched = STATES[state](), STATES[state]()
    session = line.card._session
    selected, file = session.selected, session.current_file
    assert sw(line, commands.select_application(AID)) == 0x6A82
    assert (session.selected, session.current_file) == (selected, file)
    assert line.is_secure() is untouched.is_secure()


def test_the_security_domain_works_beside_it() -> None:
    line = authenticated(line_with_note())
    assert line.domain is not None
    assert line.domain.states() == (gp.DomainState.SECURED, gp.ApplicationState.PERSONALIZED)
    assert sw(line, gp.install_for_personalization(AID)) == 0x6985, "of a secured card nothing is personalized"
    assert line.domain.states() == (gp.DomainState.SECURED, gp.ApplicationState.PERSONALIZED)
