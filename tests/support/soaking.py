"""A register under load for a while: stations, importers and an auditor, some of whom are killed, and a server that is.

What a process was about to do when it was killed is lost or done, never half; it is started again and goes on.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.context import ForkProcess
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from eid_toolkit.books.register.people.person_import import ImportOptions
from eid_toolkit.books.register.people.person_source import PersonSource
from eid_toolkit.ground.errors import IntegrityBroken, NotPermitted, ServiceAway
from eid_toolkit.ground.home.home import Home
from support.homes import ANNA, BERT, UTOPIAN, WorkingOffice

STATIONS, IMPORTERS = 8, 2
BLANKS = 400
"""At each station."""
_PATIENCE = 90.0
Body = Callable[[WorkingOffice, int, "random.Random", "Callable[[], bool]"], None]


@dataclass
class Soak:
    """What runs in one home until its time is over."""

    home: Home
    folder: Path
    seconds: float
    seed: int
    killed: int = 0
    _stop: Synchronized[int] = field(default_factory=lambda: multiprocessing.get_context("fork").Value("i", 0))

    def run(self, server_dies: Callable[[], None] | None) -> None:
        """All of them, with kills, and the server's death in the middle; ends when every process has."""
        bodies: list[tuple[Body, int]] = [(station, number) for number in range(1, STATIONS + 1)]
        bodies += [(importer, number) for number in range(1, IMPORTERS + 1)] + [(auditor, 1)]
        running = {place: self._start(*place) for place in bodies}
        try:
            self._kill_some(running, server_dies)
            self._stop.value = 1
            for place, process in running.items():
                process.join(_PATIENCE)
                assert process.exitcode == 0, (place[0].__name__, place[1], process.exitcode)
        finally:
            self._stop.value = 1
            for process in running.values():
                process.kill()
                process.join(_PATIENCE)

    def _kill_some(self, running: dict[tuple[Body, int], ForkProcess], server_dies: Callable[[], None] | None) -> None:
        chance = random.Random(self.seed)
        began, died = time.monotonic(), server_dies is None
        while time.monotonic() - began < self.seconds:
            time.sleep(self.seconds / 25)
            if not died and time.monotonic() - began > self.seconds / 2 and server_dies is not None:
                server_dies()
                died = True
                continue
            victim = chance.choice(list(running))
            if victim[0] is auditor:
                continue
            running[victim].kill()
            running[victim].join(_PATIENCE)
            assert running[victim].exitcode == -signal.SIGKILL, (victim[0].__name__, victim[1], "ended before")
            self.killed += 1
            running[victim] = self._start(*victim)

    def _start(self, body: Body, number: int) -> ForkProcess:
        process = multiprocessing.get_context("fork").Process(target=self._live, args=(body, number))
        process.start()
        return process

    def _live(self, body: Body, number: int) -> None:
        office = WorkingOffice.at(self.home)
        chance = random.Random(f"{self.seed} {body.__name__} {number} {os.getpid()}")
        os.chdir(self.folder)
        started_by = os.getppid()
        while not self._stop.value and os.getppid() == started_by:
            try:
                body(office, number, chance, lambda: bool(self._stop.value))
            except ServiceAway:  # the server is away, or busy
                time.sleep(0.05)


def station(office: WorkingOffice, number: int, chance: random.Random, over: Callable[[], bool]) -> None:
    """Cards from the application to the holder; one in four is reported afterwards, one in eight given up before."""
    name = f"s{number}"
    values = {**UTOPIAN, "secondary_identifier": f"Anna {_word(chance, 12)}"}
    application = office.approved(values)
    document = office.prepare(application)
    blanks = office.register.stock.blanks(station=name, limit=1)
    free = [each for each in blanks if each.state == "at-station"]
    if not free:
        return
    office.register.documents.bind_chip(document.id, free[0].chip, ANNA, name)
    if chance.random() < 1 / 8:
        office.register.documents.spoil(document.id, "the chip is silent", ANNA, BERT, free[0].serial)
        return
    office.register.documents.issue(document.id, ANNA)
    if chance.random() < 1 / 4:
        office.register.statuses.change(document.id, "report-stolen", BERT)


def importer(office: WorkingOffice, number: int, chance: random.Random, over: Callable[[], bool]) -> None:
    """One file after another; one that was begun by a process that was killed goes on."""
    mine = sorted(Path().glob(f"people-{number}-*.csv"))
    path = mine[-1] if mine and not mine[-1].with_suffix(".done").exists() else _file(number, len(mine), chance)
    with PersonSource.open(path) as source:
        try:
            office.register.persons.imports.run(source, ANNA, ImportOptions(keep_going=True))
        except NotPermitted as error:  # the process that did it was killed before it could say so
            if error.code != "import-done-already":
                raise
    path.with_suffix(".done").touch()


def auditor(office: WorkingOffice, number: int, chance: random.Random, over: Callable[[], bool]) -> None:
    """Walks the log while others write."""
    result = office.register.audit.verify()
    if result.reason is not None:
        raise IntegrityBroken(result.reason, row=result.broken_at)
    time.sleep(0.2)


def _file(number: int, place: int, chance: random.Random) -> Path:
    path = Path(f"people-{number}-{place:04}.csv")
    rows = [
        f"9{number}{place:04}{line:05},{_word(chance, 2)}son,Anna {_word(chance, 2)},1990-01-01,F,UTO"
        for line in range(2500)
    ]
    head = "personal_number,primary_identifier,secondary_identifier,date_of_birth,sex,nationality"
    path.write_text("\n".join([head, *rows]) + "\n", "utf-8")
    return path


def _word(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(string.ascii_uppercase, k=length)).capitalize()


def chips_of(number: int) -> list[int]:
    """The blanks that a station has at the beginning, by their numbers."""
    return list(range(1 + BLANKS * (number - 1), 1 + BLANKS * number))
