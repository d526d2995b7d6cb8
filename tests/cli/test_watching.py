"""`eid verify --watch`: one card after another, with what is typed for each; files for each card; a bell."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.doors.cli import printed, watching
from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.kept_inspections import name_for_card, write_new
from eid_toolkit.doors.cli.main import main
from eid_toolkit.doors.cli.readers import open_reader
from eid_toolkit.ground.errors import CardRemoved
from support.authorities import new_key
from support.emulated import CAN, card_memory
from support.officer import Officer

WRONG = "999999"
Answer = str | Callable[[], str]


@pytest.fixture(scope="module")
def officer(tmp_path_factory: pytest.TempPathFactory) -> Officer:
    made = Officer(tmp_path_factory.mktemp("officer") / "home")
    made.add_card("genuine", card_memory(made.document))
    made.add_card("copy", card_memory(made.document, chip_key=new_key(), aa_key=new_key()))
    return made


class Pulled:
    """A card that a person can pull: from then on it answers nothing."""

    def __init__(self, transport: Transport) -> None:
        self._transport, self.gone = transport, False
        self.reader, self.atr = transport.reader, transport.atr

    def process(self, command: bytes, /) -> bytes:
        self._still_there()
        return self._transport.process(command)

    def reset(self) -> None:
        self._still_there()
        self._transport.reset()

    def close(self) -> None:
        self._transport.close()

    def _still_there(self) -> None:
        if self.gone:
            raise CardRemoved("card-removed", reader=self.reader)


class Queue:
    """Cards that come one after another into one reader, a person who types, and what was rung."""

    def __init__(self, officer: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.officer, self.events = officer, list[str]()
        self.inside: Pulled | None = None
        self.before_taken_out: Callable[[], None] = lambda: None
        self._patch = monkeypatch

    def run(
        self, cards: list[str], answers: list[Answer], *arguments: str, terminal: bool = True, empty: bool = True
    ) -> Result:
        waiting, typed, queue = iter(cards), iter(answers), self

        class Slot:
            def __init__(self, app: App, reader: str) -> None:
                self._app, self._next = app, next(waiting, None)

            def is_empty(self) -> bool:
                if self._next is None:
                    raise KeyboardInterrupt
                return empty

            @contextmanager
            def opened(self) -> Iterator[Transport]:
                name, self._next = self._next, next(waiting, None)
                queue.events.append(f"card {name}")
                with open_reader(f"emulator:{name}", self._app) as transport:
                    queue.inside = Pulled(transport)
                    yield queue.inside

            def wait_until_gone(self) -> None:
                queue.before_taken_out()
                queue.events.append("taken out")

        def prompt(question: str, **_: object) -> str:
            answer = next(typed)
            self.events.append(f"asked {question.split(maxsplit=1)[0]}")
            return answer if isinstance(answer, str) else answer()

        tty = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: terminal))
        self._patch.setattr(watching, "PcscSlot", Slot)
        self._patch.setattr(watching, "sys", tty)
        self._patch.setattr(watching, "is_terminal", lambda: terminal)
        self._patch.setattr(watching, "beep", lambda times: self.events.append("bell"))
        self._patch.setattr(watching, "_BETWEEN_BEEPS", 0.0)
        self._patch.setattr(printed, "prompt", prompt)
        command = ["--home", str(self.officer.home.root), "verify", "--reader", "1", "--watch", *arguments]
        return CliRunner().invoke(main, command)

    def pull(self) -> None:
        assert self.inside is not None
        self.inside.gone = True


@pytest.fixture
def queue(officer: Officer, monkeypatch: pytest.MonkeyPatch) -> Queue:
    return Queue(officer, monkeypatch)


def test_each_card_has_its_own_prompt_and_a_bell_by_its_verdict(queue: Queue) -> None:
    result = queue.run(["genuine", "copy"], [CAN, CAN], "--brief")
    assert result.exit_code == 130
    assert [line.split()[3] for line in result.stdout.splitlines()] == ["PASSED", "FAILED"]
    first = ["card genuine", "asked MRZ", "bell", "taken out"]
    assert queue.events == [*first, "card copy", "asked MRZ", "bell", "bell", "bell", "taken out"]


def test_undetermined_rings_twice(queue: Queue) -> None:
    lists, aside = queue.officer.home.trust, queue.officer.home.root / "aside"
    lists.rename(aside)
    try:
        queue.run(["genuine"], [CAN])
    finally:
        shutil.rmtree(lists, ignore_errors=True)
        aside.rename(lists)
    assert queue.events.count("bell") == 2


def test_quiet_rings_no_bell(queue: Queue) -> None:
    queue.run(["copy"], [CAN], "--quiet")
    assert "bell" not in queue.events


def test_a_wrong_can_is_asked_for_again_and_not_tried_on_the_next_card(queue: Queue) -> None:
    result = queue.run(["genuine", "genuine"], [WRONG, "", CAN], "--brief")
    asked = ["card genuine", "asked MRZ", "asked MRZ", "taken out", "card genuine", "asked MRZ", "bell", "taken out"]
    assert queue.events == asked
    assert len(result.stdout.splitlines()) == 1


def test_after_three_wrong_ones_the_card_has_to_be_taken_out(queue: Queue) -> None:
    result = queue.run(["genuine"], [WRONG, "no can", WRONG, CAN])
    assert queue.events == ["card genuine", *["asked MRZ"] * 3, "taken out"]
    assert result.stdout == ""
    assert result.stderr.count("Error:") == 3


def test_what_was_typed_for_a_card_that_was_pulled_is_not_used_for_the_next(queue: Queue) -> None:
    def pulled() -> str:
        queue.pull()
        return CAN

    result = queue.run(["genuine", "copy"], [pulled, ""])
    assert result.stdout == ""
    assert "removed" in result.stderr
    # PC/SC may go on for a while to tell of the card that was pulled: it is not opened again.
    first = ["card genuine", "asked MRZ", "taken out"]
    assert queue.events == [*first, "card copy", "asked MRZ", "taken out"]


def test_what_was_typed_before_a_card_came_is_forgotten(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "forget_typed", lambda: queue.events.append("forgotten"))
    queue.run(["genuine", "copy"], [WRONG, CAN, ""])
    events = [event.split()[0] for event in queue.events if event != "bell"]
    each = ["card", "forgotten", "asked"]
    assert events == [*each, "asked", "taken", *each, "taken"]


def test_what_the_command_line_says_opens_every_card_until_it_is_wrong(queue: Queue) -> None:
    assert len(queue.run(["genuine", "copy"], [], "--can", CAN, "--brief").stdout.splitlines()) == 2
    queue.events.clear()
    result = queue.run(["genuine", "genuine"], [CAN, CAN], "--can", WRONG, "--brief")
    assert queue.events.count("asked MRZ") == 2
    assert result.stderr.count("Error:") == 1


def test_without_a_terminal_something_has_to_be_given(queue: Queue) -> None:
    assert queue.run(["genuine"], [], terminal=False).exit_code == 2
    assert queue.run(["genuine"], [], "--can", CAN, "--brief", terminal=False).stdout.count("PASSED") == 1


def test_waiting_is_said_only_where_there_is_no_card(queue: Queue) -> None:
    assert queue.run(["genuine"], [CAN], empty=False).stderr.count("Waiting for a card.") == 0
    assert queue.run(["genuine"], [CAN]).stderr.count("Waiting for a card.") == 1


def test_the_lines_of_a_scanned_mrz_come_one_by_one_and_are_compared_with_the_chip(queue: Queue) -> None:
    lines = queue.officer.document.mrz.lines
    result = queue.run(["genuine"], list(lines), "--format", "jsonl")
    assert queue.events[1:4] == ["asked MRZ", "asked Line", "asked Line"]
    (check,) = (check for check in json.loads(result.stdout)["checks"] if check["id"] == "document.mrz-print")
    assert (check["status"], check["reason"]) == ("passed", None)


def test_a_print_with_another_name_fails_though_it_opens_the_card(queue: Queue) -> None:
    first, second, third = queue.officer.document.mrz.lines
    result = queue.run(["genuine"], [first, second, third.replace("SPECIMEN", "SPECIMAN")], "--format", "jsonl")
    data = json.loads(result.stdout)
    assert (data["verdict"], data["causes"]) == ("failed", ["printed-mrz-differs"])
    (check,) = (check for check in data["checks"] if check["status"] == "failed")
    assert check["detail"].endswith("in: name.")


def test_each_card_has_files_of_its_own(queue: Queue, tmp_path: Path) -> None:
    kept = ("--evidence", str(tmp_path / "seen.json"), "--report", str(tmp_path / "seen.html"))
    queue.run(["genuine", "genuine", "copy"], [CAN] * 3, *kept)
    for ending in ("json", "html"):
        names = sorted(path.name for path in tmp_path.glob(f"*.{ending}"))
        assert len(names) == 3
        assert all(name.startswith("seen-20") and "Z-X0000001" in name for name in names)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())


def test_one_page_is_a_second_screen_that_reloads_itself_and_forgets_each_card(queue: Queue, tmp_path: Path) -> None:
    page = tmp_path / "screen.html"
    while_asked, with_verdict = list[str](), list[str]()

    def look() -> str:
        while_asked.append(page.read_text())
        return CAN

    queue.before_taken_out = lambda: with_verdict.append(page.read_text())
    queue.run(["genuine", "copy"], [CAN, look], "--report", str(page), "--one-page", empty=False)
    assert [path.name for path in tmp_path.iterdir()] == ["screen.html"]
    assert ["PASSED" in with_verdict[0], "FAILED: copied chip" in with_verdict[1]] == [True, True]
    for content in (*while_asked, page.read_text()):  # also where the next card came at once, and at the end
        assert "SPECIMEN" not in content.upper()
    for content in (*while_asked, *with_verdict, page.read_text()):
        assert "http-equiv='refresh'" in content
        assert "<script" not in content


def test_a_card_that_could_not_be_read_is_told_on_the_second_screen(queue: Queue, tmp_path: Path) -> None:
    page, shown = tmp_path / "screen.html", list[str]()
    queue.before_taken_out = lambda: shown.append(page.read_text())
    queue.run(["genuine"], [], "--report", str(page), "--one-page", "--can", WRONG, terminal=False)
    assert "does not accept" in shown[0]


@pytest.mark.parametrize("wrong", [["--policy", "nobody"], ["--quirks", "none-such"], ["--can", "12345x"]])
def test_what_fits_no_card_is_told_at_once(queue: Queue, wrong: list[str]) -> None:
    assert queue.run(["genuine"], [CAN], *wrong).exit_code in (2, 9)
    assert queue.events == []


@pytest.mark.parametrize(
    "arguments",
    [["--one-page"], ["--one-page", "--report", "x.html"], ["--watch", "--evidence", "/dev/null", "--can", CAN]],
)
def test_what_fits_no_watch_is_a_mistake(
    officer: Officer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["--home", str(officer.home.root), "verify", "--reader", "1", *arguments]
    assert CliRunner().invoke(main, command).exit_code == 2


def test_no_file_is_written_over_another(tmp_path: Path) -> None:
    path = tmp_path / "a-b.json"
    written = [write_new(path, bytes([number])) for number in range(3)]
    assert [each.name for each in written] == ["a-b.json", "a-b-2.json", "a-b-3.json"]
    assert [each.read_bytes() for each in written] == [b"\0", b"\1", b"\2"]


@given(st.text(max_size=100) | st.sampled_from(("../../etc/passwd", "..", "/", "a\0b", "CON", "x" * 500, "")))
def test_a_file_stays_in_its_folder_whatever_the_number_holds(number: str) -> None:
    at = datetime(2026, 11, 30, 22, 14, 3, tzinfo=UTC)
    name = name_for_card(Path("folder/seen.json"), at, number)
    assert name.parent == Path("folder")
    assert name.name.startswith("seen-20261130T221403Z-")
    assert name.name.isascii()
    assert name.name.isprintable()
    assert len(name.name) < 80
