"""A run ends with its report whatever the chip lacks, refuses or answers: what cannot be decided says so itself."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from xml.etree import ElementTree

import pytest

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.quirks import selects_file
from eid_toolkit.cards.emulator.reply import Reply
from eid_toolkit.cards.emulator.state import StoredFile
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.errors import NoCardError
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import AccessRule
from eid_toolkit.work.cardspec.randomness import SeededEntropy
from eid_toolkit.work.conformance.case import Case, Unit
from eid_toolkit.work.conformance.facts import gather
from eid_toolkit.work.conformance.report import junit_xml, report_data
from eid_toolkit.work.conformance.runner import Result, Status, run_cases
from eid_toolkit.work.conformance.suite import all_cases
from support.conformance import complete_card, complete_memory, seeded
from support.quirky import WatchedCard

READS = (commands.READ_BINARY, commands.READ_BINARY_ODD)
INSIDE = tuple(file for file in complete_memory().part(EmrtdMemory).files if file.in_application)


def results_of(card: Card, cases: tuple[Case, ...] = tuple(all_cases())) -> tuple[Result, ...]:
    made = complete_card()
    assert made.mrz is not None
    passwords = [AccessPassword.from_mrz_information(made.mrz.information), AccessPassword.from_can("123456")]
    transport, entropy = InProcessTransport(card, "broken"), SeededEntropy("terminal")
    facts = gather(transport, passwords, made.terminals, entropy)
    own = card.entropy if isinstance(card, WatchedCard) else SeededEntropy("nobody's")
    results = run_cases(seeded(cases, own, entropy), transport, facts, entropy)
    assert [result.case for result in results] == list(cases)
    assert ElementTree.fromstring(junit_xml(results)).findall(".//testcase")
    counts = report_data(results, "broken", b"")["totals"]
    assert isinstance(counts, dict) and sum(counts.values()) == len(cases)
    return results


def numbers(results: tuple[Result, ...], status: Status) -> dict[str, str | None]:
    return {result.case.number: result.detail for result in results if result.status is status}


@pytest.mark.parametrize("missing", INSIDE, ids=lambda file: file.label)
def test_a_chip_that_lacks_a_file_gets_its_report(missing: Ef) -> None:
    memory = complete_memory()
    memory.part(EmrtdMemory).files.pop(missing)
    results = results_of(WatchedCard(memory))
    assert numbers(results, Status.ERROR) == {}
    assert len(numbers(results, Status.PASSED)) > 100


def test_a_case_that_needs_a_file_that_cannot_be_read_does_not_apply_and_names_it() -> None:
    memory = complete_memory()
    memory.part(EmrtdMemory).files.pop(Ef.COM)
    results = results_of(WatchedCard(memory))
    assert "EF.COM could not be read" in numbers(results, Status.NOT_APPLICABLE).values()
    assert "LDS-18" in numbers(results, Status.FAILED)  # that EF.COM has to be there is a case of its own


@pytest.mark.parametrize("sw", [0x6A82, 0x6982, 0x6985, 0x6D00, 0x6F00])
def test_a_chip_that_refuses_every_file_gets_its_report(sw: int) -> None:
    """In the application: PACE begins with EF.CardAccess."""
    is_inside = False

    def refuse(command: CommandApdu) -> int | None:
        nonlocal is_inside
        if command.ins == commands.SELECT and command.p1 in (0, 4):
            is_inside = command.p1 == 4
        return sw if is_inside and (command.ins in READS or selects_file(command)) else None

    results = results_of(WatchedCard(complete_memory(), refuse))
    assert numbers(results, Status.ERROR) == {}
    assert numbers(results, Status.FAILED)


class NonsenseCard(WatchedCard):
    """Reads under the secure channel are answered by what a function makes of the right answer."""

    def __init__(self, change: Callable[[bytes], bytes]) -> None:
        super().__init__(complete_memory())
        self._change_data = change

    def _dispatch(self, command: CommandApdu, limit: int) -> Reply:
        reply = super()._dispatch(command, limit)
        if command.ins not in READS or not self._session.channel:
            return reply
        return Reply(ResponseApdu(self._change_data(reply.answer.data), reply.answer.sw))


RANDOM = Random(18)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: RANDOM.randbytes(len(data)),
        lambda data: b"",
        lambda data: data[:1],
        lambda data: bytes(len(data)),
        lambda data: b"\xff" * len(data),
        lambda data: data[:2] + RANDOM.randbytes(max(0, len(data) - 2)),
    ],
    ids=["random", "nothing", "one byte", "zeros", "ones", "right header"],
)
def test_a_chip_that_answers_nonsense_gets_its_report(change: Callable[[bytes], bytes]) -> None:
    results = results_of(NonsenseCard(change))
    assert numbers(results, Status.ERROR) == {}
    assert numbers(results, Status.FAILED)


@pytest.mark.parametrize("file", INSIDE, ids=lambda file: file.label)
@pytest.mark.parametrize("content", [b"", b"\x30\x80", b"\x6e\x04\x31\x02\x30\x00"])
def test_a_file_that_holds_nonsense_costs_no_other_case(file: Ef, content: bytes) -> None:
    memory = complete_memory()
    tag = bytes((file.tag,)) if file.tag is not None and content[1:] else content[:1]
    memory.part(EmrtdMemory).files[file] = StoredFile(AccessRule.CHIP_ACCESS, tag + content[1:])
    cases = tuple(case for case in all_cases() if case.unit in (Unit.LDS, Unit.CHIP_AUTHENTICATION, Unit.LOCK))
    assert numbers(results_of(WatchedCard(memory), cases), Status.ERROR) == {}


class Removed:
    """A card that is taken away after a number of commands."""

    def __init__(self, card: Card, left: int) -> None:
        self._card, self._left = card, left

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def process(self, command: bytes, /) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise NoCardError("card-removed", reader="broken")
        return self._card.process(command)

    def reset(self) -> None:
        if self._left < 0:
            raise NoCardError("card-removed", reader="broken")
        self._card.reset()

    def power_off(self) -> None:
        self._card.power_off()


def test_a_chip_that_is_taken_away_leaves_the_report_of_what_was_done() -> None:
    results = results_of(Removed(WatchedCard(complete_memory()), 200))
    assert len(numbers(results, Status.PASSED)) > 5
    first, *others = numbers(results, Status.ERROR).values()
    assert first == "the connection to the chip was lost: card-removed (reader=broken)"
    assert set(others) == {"not run: the chip was already gone"}
    assert [result.gone.code for result in results if result.gone is not None] == ["card-removed"]


def test_a_case_that_stumbles_is_an_error_and_costs_no_other() -> None:
    """What a case did not think of is our fault, and says nothing of the chip."""

    def stumble(probe: object) -> None:
        raise IndexError("of the case's own")

    good, *_ = all_cases()
    bad = Case("SEL-00", "none", Unit.SELECT, "", "", (), (), lambda _: None, stumble)
    results = results_of(WatchedCard(complete_memory()), (bad, good))
    assert [result.status for result in results] == [Status.ERROR, Status.PASSED]
    assert results[0].detail == "the case could not be decided: IndexError"
    report = report_data(results, "broken", b"")
    assert report["conforming"] is False
    assert ElementTree.fromstring(junit_xml(results)).find(".//error") is not None
