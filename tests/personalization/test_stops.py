"""A stop at every point of a personalization, then a rerun: each time exactly one issued card, nothing twice."""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from eid_toolkit.errors import EidError, NoCardError
from eid_toolkit.home.home import Home
from eid_toolkit.personalization.journal import JobState, Journal
from eid_toolkit.personalization.plan import Plan, Step
from eid_toolkit.protocols.globalplatform import ApplicationState, DomainState
from eid_toolkit.register.documents import DocumentState
from support.bureau import Bureau, CutLine
from support.homes import Desk

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture(scope="module")
def prepared(demo_home_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    """A home with one prepared document and one blank, and the document's plan."""
    root = tmp_path_factory.mktemp("prepared") / "home"
    shutil.copytree(demo_home_template, root)
    office = Desk.open(Home.open(root))
    bureau = Bureau(office)
    document = office.document()
    bureau.blank()
    plan = bureau.service.plan(document.id)
    office.register.close()
    return root, plan


class Trial:
    """One copy of the prepared home, in which a personalization is stopped and started again."""

    def __init__(self, template: Path, root: Path) -> None:
        shutil.copytree(template, root)
        self.root = root

    def open(self) -> Bureau:
        return Bureau(Desk.open(Home.open(self.root)))

    def killed_at(self, position: int, *, done: bool) -> bool:
        """Runs in a child that kills itself at a step; whether it came to that."""
        child = os.fork()
        if child == 0:
            try:
                bureau = self.open()
                document = bureau.office.register.documents.list()[0]

                def watch(step: Step, is_done: bool) -> None:
                    if (step.position, is_done) == (position, done):
                        os.kill(os.getpid(), signal.SIGKILL)

                bureau.personalize(document, "blank", watch)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    def finish(self) -> str:
        """The rerun: what became of card and document; asserts that they agree."""
        bureau = self.open()
        register = bureau.office.register
        (document,) = register.documents.list()
        if document.state is not DocumentState.ISSUED or _open_jobs(bureau.service.journal):
            bureau.personalize(document, "blank")
        (document,) = register.documents.list()
        (job,) = bureau.service.journal.list()
        memory = bureau.cards.load("blank")
        issued = [row for row in register.audit_rows() if row.action == "document.issued"]
        assert (document.state, job.state, len(issued)) == (DocumentState.ISSUED, JobState.DONE, 1)
        assert document.chip == memory.chip_identity.hex()
        assert (memory.application.state, memory.domain.state) == (ApplicationState.PERSONALIZED, DomainState.SECURED)
        package = register.documents.load_package(document.id)
        assert package.chip_authentication_key is None
        assert {file: memory.application.files[file].content for file in package.files} == dict(package.files)
        assert register.verify_audit().broken_at is None
        register.close()
        return "issued"


def _open_jobs(journal: Journal) -> int:
    return sum(job.state is not JobState.DONE for job in journal.list())


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_kill_at_every_step_ends_in_one_issued_card(
    prepared: tuple[Path, Plan], tmp_path: Path, capsys: pytest.CaptureFixture[str], done: bool
) -> None:
    template, plan = prepared
    counts: Counter[str] = Counter()
    for step in plan.steps:
        trial = Trial(template, tmp_path / str(step.position))
        assert trial.killed_at(step.position, done=done), step.name
        counts[trial.finish()] += 1
        shutil.rmtree(trial.root)
    with capsys.disabled():
        print(f"\nSIGKILL {'after' if done else 'before'} each of {len(plan.steps)} steps: {dict(counts)}")
    assert counts == {"issued": len(plan.steps)}


PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_a_power_cut_at_every_command_ends_in_one_issued_card(
    prepared: tuple[Path, Plan], tmp_path: Path, capsys: pytest.CaptureFixture[str], part: int
) -> None:
    """The card has worked on the command, but its answer is lost; each eighth time it has not even seen it."""
    template, _ = prepared
    counts: Counter[str] = Counter()
    command = part + 1
    while not counts["finished"]:
        trial = Trial(template, tmp_path / str(command))
        bureau = trial.open()
        (document,) = bureau.office.register.documents.list()
        try:
            bureau.personalize(document, "blank", line=lambda inner, n=command: CutLine(inner, n, after=n % 8 > 0))
        except NoCardError as error:
            counts[error.code] += 1
        else:
            counts["finished"] += 1
        bureau.office.register.close()
        counts[trial.finish()] += 1
        shutil.rmtree(trial.root)
        command += PARTS
    with capsys.disabled():
        print(f"\npower cut at commands {part + 1}, {part + 1 + PARTS}, … {command - 1}: {dict(counts)}")
    assert counts["issued"] == sum(counts.values()) - counts["issued"] > 15


def test_after_a_stop_the_operator_may_spoil_instead(prepared: tuple[Path, Plan], tmp_path: Path) -> None:
    template, plan = prepared
    for step in plan.steps[:-1]:
        trial = Trial(template, tmp_path / str(step.position))
        assert trial.killed_at(step.position, done=True)
        bureau = trial.open()
        (document,) = bureau.office.register.documents.list()
        (job,) = bureau.service.journal.list()
        bureau.service.spoil(job, "test", bureau.office.clerk)
        with pytest.raises(EidError):
            bureau.personalize(document, "blank")
        renewed = bureau.office.prepare(bureau.office.register.applications.list()[0])
        bureau.personalize(renewed, bureau.blank("fresh"))
        states = Counter(found.state for found in bureau.office.register.documents.list())
        assert states == {DocumentState.SPOILED: 1, DocumentState.ISSUED: 1}
        bureau.office.register.close()
        shutil.rmtree(trial.root)
