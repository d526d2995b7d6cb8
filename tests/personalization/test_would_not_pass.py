"""What the read-back would refuse is refused before the first command reaches a blank, with its cause."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from eid_toolkit.books.register.documents.documents import Document, DocumentState
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.ground.images.portrait import make_portrait
from eid_toolkit.ground.messages.catalogue import ENGLISH
from eid_toolkit.standards.profiles import load_profile
from eid_toolkit.standards.protocols.globalplatform import FACTORY_KEY_VERSION
from eid_toolkit.work.personalization.batch import Outcome
from support.batches import Station
from support.homes import UTOPIAN, WorkingOffice, portrait_file

WITHOUT_CHIP_KEY = {r"(?s)\[chip_authentication\].*?\n\n": ""}
OTHER_LETTERS = {r"\Z": '\n[transliteration]\n"Ö" = "QX"\n'}


def application(office: WorkingOffice, changes: dict[str, str], name: str = "odd-id", **values: str):  # type: ignore[no-untyped-def]
    """An approved application for a document type that differs from Utopia's card."""
    home, register = office.home, office.register
    text = files("eid_toolkit.standards.profiles").joinpath("shipped", "utopia-id.toml").read_text("utf-8")
    for pattern, replacement in changes.items():
        text, count = re.subn(pattern, replacement, text, count=1)
        assert count == 1
    (home.profiles / f"{name}.toml").write_text(text, "utf-8")
    profile = load_profile(name, [home.profiles])
    person = office.person(UTOPIAN | values)
    made = register.applications.create(person, profile, make_portrait(portrait_file(), profile.portrait), office.clerk)
    return register.applications.approve(made.id, office.approver)


class Counting:
    """A line to a card that counts the commands."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.commands = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def process(self, command: bytes, /) -> bytes:
        self.commands += 1
        return self._inner.process(command)


def test_a_document_whose_card_would_not_pass_costs_no_command(office: WorkingOffice) -> None:
    document = office.prepare(application(office, WITHOUT_CHIP_KEY))
    lines: list[Counting] = []

    def line(transport: Transport) -> Transport:
        lines.append(Counting(transport))
        return lines[-1]  # type: ignore[return-value]

    with pytest.raises(NotPermitted) as caught:
        office.personalize(document, office.blank(), line=line)
    assert caught.value.code == "card-would-not-pass"
    assert (caught.value.facts["check"], caught.value.facts["reason"]) == ("chip.ca", "chip-key-not-offered")
    assert [each.commands for each in lines] == [0]
    told = ENGLISH.of(caught.value)
    assert "did not give this document a key" in told.text
    assert "eid card spoil" in (told.hint or "")
    assert office.register.documents.get(document.id).state is DocumentState.PREPARED


def test_records_that_contradict_each_other_are_not_even_prepared(office: WorkingOffice) -> None:
    approved = application(office, OTHER_LETTERS, primary_identifier="Jönsson")
    with pytest.raises(NotPermitted) as caught:
        office.prepare(approved)
    assert (caught.value.facts["check"], caught.value.facts["reason"]) == (
        "document.consistency",
        "name-differs-from-dg1",
    )
    assert not office.register.documents.list()


def test_a_batch_leaves_such_a_document_out_and_writes_the_next_to_the_same_blank(office: WorkingOffice) -> None:
    station = Station(office)
    odd: Document = office.prepare(application(office, WITHOUT_CHIP_KEY))
    good = next(each for each in iter(office.document, None) if each.id > odd.id)  # the queue's order
    summary = station.batch(odd.id, good.id).run([station.box(1)])
    refused, issued = summary.results
    assert (issued.document_id, issued.outcome, issued.chip is None) == (good.id, Outcome.ISSUED, False)
    assert (refused.document_id, refused.outcome, refused.chip) == (odd.id, Outcome.REFUSED, None)
    assert refused.error is not None and refused.error.facts["reason"] == "chip-key-not-offered"
    assert office.register.documents.get(odd.id).state is DocumentState.PREPARED


def test_a_blank_that_no_document_is_left_for_stays_one(office: WorkingOffice) -> None:
    station = Station(office)
    office.prepare(application(office, WITHOUT_CHIP_KEY))
    summary = station.run(station.box(1))
    assert [each.outcome for each in summary.results] == [Outcome.REFUSED]
    assert office.cards.load("b1").part(DomainMemory).keys.version == FACTORY_KEY_VERSION
