"""The state tables, and a whole office that is driven at random: no sequence of commands reaches a forbidden state."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from eid_toolkit.books.ledger.schema import card
from eid_toolkit.books.ledger.workflow import (
    APPLICATION,
    BLANK,
    CARD,
    DOCUMENT,
    TABLES,
    ApplicationState,
    CardState,
    DocumentState,
)
from eid_toolkit.books.register.documents.applications import Application, ApplicationKind, Evidence
from eid_toolkit.books.register.documents.document_status import PERMISSIONS
from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.ground.errors import EidError, NotPermitted
from support.homes import ANNA, BERT, HomeCopies, WorkingOffice


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.kind)
def test_every_state_is_reached_and_every_transition_is_between_states(table) -> None:  # type: ignore[no-untyped-def]
    states = set(type(table.initial))
    reached, new = set(), {table.initial}
    while new:
        reached |= new
        new = {target for sources, target in table.actions.values() if reached & set(sources)} - reached
    assert reached == states
    assert table.final
    for action, (sources, target) in table.actions.items():
        assert sources and set(sources) <= states and target in states, action
        for state in states - set(sources):
            with pytest.raises(NotPermitted, match="state-forbids"):
                table.after("X-1", state, action)


def test_what_must_never_happen_is_in_no_table() -> None:
    assert "issue" not in DOCUMENT.possible(DocumentState.SPOILED)
    assert DOCUMENT.sources(DocumentState.ISSUED) == {DocumentState.BOUND, DocumentState.SUSPENDED}
    assert APPLICATION.final == {ApplicationState.REJECTED, ApplicationState.WITHDRAWN, ApplicationState.COMPLETED}
    assert CARD.final == {CardState.DESTROYED}
    assert not any("use" in BLANK.possible(state) for state in BLANK.final)


OWN = {  # which document states an application in each state may have
    ApplicationState.CREATED: set(),
    ApplicationState.APPROVED: {DocumentState.PREPARED, DocumentState.BOUND, DocumentState.SPOILED},
    ApplicationState.REJECTED: {DocumentState.SPOILED},
    ApplicationState.WITHDRAWN: {DocumentState.SPOILED},
    ApplicationState.COMPLETED: set(DocumentState) - {DocumentState.PREPARED, DocumentState.BOUND},
}
CARDS = {  # and in which state the card of a document is
    DocumentState.BOUND: {CardState.WRITING},
    DocumentState.SPOILED: {CardState.SPOILED},
    DocumentState.DESTROYED: {CardState.DESTROYED},
}


_Thing = TypeVar("_Thing", Application, Document)


class Office(RuleBasedStateMachine):
    """Two clerks who do anything in any order, with two persons."""

    copies: HomeCopies
    refused: ClassVar[Counter[str]]
    reached: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.office = WorkingOffice.at(self.copies.copy(self.folder / "home"))
        self.people = []
        self.chips = 0
        self.order: dict[str, int] = {}
        self.seen: dict[str, DocumentState | ApplicationState] = {}

    def teardown(self) -> None:
        self.office.register.close()
        shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        from eid_toolkit.ground.images.portrait import make_portrait
        from eid_toolkit.standards.profiles import load_profile
        from support.homes import UTOPIAN, portrait_file

        self.profile = load_profile("utopia-id")
        self.portrait = make_portrait(portrait_file(), self.profile.portrait)
        self.people = [self.office.person({**UTOPIAN, "secondary_identifier": name}) for name in ("Anna", "Maria")]

    def applications(self) -> list[Application]:
        """In the order in which they came: their identifiers are random, and the clock stands still."""
        return self.ordered(self.office.register.applications.list())

    def documents(self) -> list[Document]:
        return self.ordered(self.office.register.documents.list())

    def ordered(self, found: Iterable[_Thing]) -> list[_Thing]:
        for each in found:  # never more than one that is new
            self.order.setdefault(each.id, len(self.order))
        return sorted(found, key=lambda each: self.order[each.id])

    def attempt(self, what: Callable[[], object]) -> None:
        """Anything may be refused; only in the ways that are meant for it."""
        try:
            what()
        except EidError as error:
            assert error.exit_code in (9, 10), error
            self.refused[error.code] += 1

    @rule(who=st.integers(0, 1), kind=st.sampled_from(ApplicationKind))
    def apply(self, who: int, kind: ApplicationKind) -> None:
        self.attempt(partial(self.apply_for, who, kind))
        self.applications()

    def apply_for(self, who: int, kind: ApplicationKind) -> None:
        shown = [Evidence("former-document", "X"), Evidence("certificate-of-change", "Y")]
        create = self.office.register.applications.create
        create(self.people[who], self.profile, self.portrait, ANNA, kind=kind, evidence=shown)

    @precondition(lambda self: self.applications())
    @rule(number=st.integers(0, 20), action=st.sampled_from(("approve", "reject", "withdraw", "prepare")))
    def decide(self, number: int, action: str) -> None:
        found = self.applications()
        chosen, applications = found[number % len(found)], self.office.register.applications
        steps: dict[str, Callable[[], object]] = {
            "approve": lambda: applications.approve(chosen.id, BERT),
            "reject": lambda: applications.reject(chosen.id, BERT, "test"),
            "withdraw": lambda: applications.withdraw(chosen.id, ANNA, "test"),
            "prepare": lambda: self.office.prepare(chosen),
        }
        self.attempt(steps[action])
        self.documents()

    @rule(steps=st.integers(1, 5))
    def go_on(self, steps: int) -> None:
        """What the office would do next: so that a run gets to issued documents."""
        for _ in range(steps):
            self.attempt(self.next_step())
            self.documents()
            self.applications()
            self.nothing_forbidden()

    def next_step(self) -> Callable[[], object]:
        register = self.office.register
        living = [each for each in self.documents() if each.state in (DocumentState.PREPARED, DocumentState.BOUND)]
        waiting = [each for each in self.applications() if not APPLICATION.final & {each.state}]
        self.chips += 1
        if living and living[0].state is DocumentState.BOUND:
            return partial(register.documents.issue, living[0].id, ANNA)
        if living:
            return partial(register.documents.bind_chip, living[0].id, f"C{self.chips}", ANNA)
        if waiting and waiting[0].state is ApplicationState.CREATED:
            return partial(register.applications.approve, waiting[0].id, BERT)
        if waiting:
            return partial(self.office.prepare, waiting[0])
        return partial(self.apply_for, self.chips % 2, ApplicationKind.FIRST)

    @precondition(lambda self: self.documents())
    @rule(number=st.integers(0, 20), action=st.sampled_from(("bind", "bind", "issue", "issue", "spoil")))
    def make(self, number: int, action: str) -> None:
        found = self.documents()
        chosen, documents = found[number % len(found)], self.office.register.documents
        self.chips += 1
        steps: dict[str, Callable[[], object]] = {
            "bind": lambda: documents.bind_chip(chosen.id, f"C{self.chips}", ANNA),
            "issue": lambda: documents.issue(chosen.id, ANNA),
            "spoil": lambda: documents.spoil(chosen.id, "test", ANNA),
        }
        self.attempt(steps[action])

    @precondition(lambda self: self.documents())
    @rule(number=st.integers(0, 20), action=st.sampled_from(sorted(PERMISSIONS)))
    def report(self, number: int, action: str) -> None:
        found = self.documents()
        self.attempt(lambda: self.office.register.statuses.change(found[number % len(found)].id, action, ANNA))

    @invariant()
    def nothing_forbidden(self) -> None:
        register = self.office.register
        documents, applications = self.documents(), self.applications()
        of: dict[str, list[DocumentState]] = {}
        for each in documents:
            of.setdefault(each.application_id, []).append(each.state)
            self.has_stepped(each.id, each.state, DOCUMENT)
        for each in applications:
            states = of.get(each.id, [])
            assert set(states) <= OWN[each.state], (each.state, states)
            assert sum(state is not DocumentState.SPOILED for state in states) <= 1
            self.has_stepped(each.id, each.state, APPLICATION)
        owners = {each.id: each.person.id for each in applications}
        good = Counter(owners[each.application_id] for each in documents if each.state is DocumentState.ISSUED)
        assert all(count == 1 for count in good.values())
        opened = Counter(each.person.id for each in applications if not APPLICATION.final & {each.state})
        assert all(count == 1 for count in opened.values())
        with register.database.read() as connection:
            cards = {row.document_id: row.state for row in connection.execute(select(card))}
        for document in documents:
            if document.chip is not None:
                assert cards[document.id] in CARDS.get(document.state, {CardState.FINISHED}), document.state

    def has_stepped(self, identifier: str, state, table) -> None:  # type: ignore[no-untyped-def]
        before = self.seen.get(identifier)
        if before not in (None, state):
            assert any(state == table.actions[action][1] for action in table.possible(before)), (before, state)
        if before is not state:
            self.reached[state] += 1
        self.seen[identifier] = state


def test_no_sequence_of_commands_reaches_a_forbidden_state(home_copies: HomeCopies, backend: str) -> None:
    class Here(Office):
        copies = home_copies
        refused: ClassVar[Counter[str]] = Counter()
        reached: ClassVar[Counter[str]] = Counter()

    try:
        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=15 if backend == "sqlite" else 6,
                derandomize=True,  # so that what is counted below is always reached
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        home_copies.drop()
    assert Here.reached["issued"] > 3
    assert Here.reached["completed"] and Here.reached["lost"] + Here.reached["stolen"] + Here.reached["revoked"] > 0
    if backend == "sqlite":  # which has the more examples
        assert all(Here.reached[state] for state in ("reissued", "spoiled", "withdrawn", "rejected")), Here.reached
    assert Here.refused["state-forbids"] > 3
