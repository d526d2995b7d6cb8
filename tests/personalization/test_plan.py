"""A plan is what is done with what: its hash covers no sentence, and plans of the first form still go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from eid_toolkit.books.ledger.schema import personalization_job
from eid_toolkit.doors.cli.desk import step_text
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.messages.catalogue import ENGLISH, Speaker
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.protocols import personalization_data as layout
from eid_toolkit.work.personalization import plan_v1
from eid_toolkit.work.personalization.content import CardContent, SecretItem
from eid_toolkit.work.personalization.journal import JobState
from eid_toolkit.work.personalization.plan import VERSION, Action, Plan, Step
from support.homes import WorkingOffice

CONTENT = CardContent(
    "D-1",
    {Ef.DG1: b"one", Ef.SOD: b"sod", Ef.DG2: b"two"},
    layout.AccessProtocols.PACE | layout.AccessProtocols.BAC,
    "123456",
    "X" * 24,
    (
        SecretItem(layout.CAN, "can", Secret(b"1")),
        SecretItem(layout.CHIP_AUTHENTICATION_KEY, "chip-authentication-key", Secret(b"2"), "AB12"),
    ),
)
FIRST_FORM = "74b53d3662b27a2a5f1ee970fed80dd469645bb7dc82e697316b87db2ee0d7c2"
"""What the software that knew no other form made of :data:`CONTENT`."""


class Stopped(Exception):
    """The station lost its power."""


def reworded(plan: Plan) -> Plan:
    return replace(plan, steps=tuple(replace(step, title=f"bước {step.position}") for step in plan.steps))


def test_another_wording_is_the_same_plan() -> None:
    assert reworded(Plan.of(CONTENT)).hash == Plan.of(CONTENT).hash


@pytest.mark.parametrize(
    "other",
    [
        replace(CONTENT, document_id="D-2"),
        replace(CONTENT, files={**CONTENT.files, Ef.DG1: b"onf"}),
        replace(CONTENT, files={Ef.DG1: b"one", Ef.SOD: b"sod"}),
        replace(CONTENT, protocols=layout.AccessProtocols.PACE),
        replace(CONTENT, secrets=CONTENT.secrets[:1]),
        replace(CONTENT, secrets=CONTENT.secrets[::-1]),
        replace(CONTENT, secrets=(CONTENT.secrets[0], replace(CONTENT.secrets[1], check_value="AB13"))),
    ],
)
def test_another_content_or_order_is_another_plan(other: CardContent) -> None:
    plan, usual = Plan.of(other), Plan.of(CONTENT)
    assert plan.hash != usual.hash
    assert not plan.began_as(VERSION, usual.hash)
    assert not plan.began_as(plan_v1.VERSION, FIRST_FORM)


def test_the_first_form_of_the_hash_is_known_and_does_not_change() -> None:
    plan = Plan.of(CONTENT)
    assert plan.began_as(plan_v1.VERSION, FIRST_FORM)
    assert reworded(plan).began_as(plan_v1.VERSION, FIRST_FORM)
    assert not plan.began_as(VERSION, FIRST_FORM)
    assert not plan.began_as(3, plan.hash)


@contextmanager
def half_written(office: WorkingOffice, document_id: str) -> Iterator[None]:
    """A card whose station stops before the lock."""

    def stop(step: Step, done: bool) -> None:
        if step.name == "lock-application":
            raise Stopped

    with pytest.raises(Stopped):
        office.personalize(office.register.documents.get(document_id), office.blank(), stop)
    yield


def test_a_card_that_was_begun_under_the_first_form_goes_on(office: WorkingOffice) -> None:
    document = office.document()
    with half_written(office, document.id):
        plan = office.personalization.plan(document.id)
        steps = [(str(step.action), step.subject, step.content) for step in plan.steps]
        values = {"plan_version": plan_v1.VERSION, "plan_hash": plan_v1.plan_hash(document.id, steps)}
        with office.register.database.write() as connection:
            connection.execute(update(personalization_job).values(**values))
    assert office.personalize(office.register.documents.get(document.id), "blank").state is JobState.DONE
    with office.register.database.read() as connection:
        row = connection.execute(select(personalization_job)).one()
    assert (row.plan_version, row.plan_hash) == (values["plan_version"], values["plan_hash"])


def test_a_card_that_was_begun_under_another_plan_does_not_go_on(office: WorkingOffice) -> None:
    document = office.document()
    with half_written(office, document.id), office.register.database.write() as connection:
        connection.execute(update(personalization_job).values(plan_hash=FIRST_FORM))
    with pytest.raises(IntegrityBroken, match="job-plan-changed"):
        office.personalize(office.register.documents.get(document.id), "blank")


def test_a_person_is_told_each_step_in_a_sentence() -> None:
    """In English in the words of the plan's JSON, and in another language in none of them."""
    trusted = Step(0, Action.TRUST_TERMINALS, "", "trust the terminals of A, B", {"references": ["A", "B"]})
    steps = (*Plan.of(CONTENT).steps, trusted)
    assert {step.action for step in steps} == set(Action)
    for step in steps:
        told = step_text(step, ENGLISH)
        assert (told[0].lower() + told[1:]).removesuffix(".") == step.title
        assert step_text(step, Speaker("vi")) not in (told, step.title)
