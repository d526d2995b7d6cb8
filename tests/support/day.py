"""An office with one person for each role, who work at terminals; what they type, and are asked, is counted."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from support.at_terminal import at_terminal
from support.offices import CommandLine

WORDS = {name: f"the words of {name}" for name in ("dora", "emil", "clara", "albert", "pat", "sam")}
ROLES = {"clara": "clerk", "albert": "approver", "pat": "personalizer", "sam": "stock-keeper"}
_PASSPHRASE = re.compile(r"Passphrase of (\w+), ")
Answer = Callable[[str], "str | None"]


class Day:
    """Such an office; ``asked`` are the passphrases, by whose they are."""

    def __init__(self, folder: Path, runtime: Path) -> None:
        self.folder, self._runtime = folder, runtime
        self.office = CommandLine(folder / "home")
        self.asked: Counter[str] = Counter()
        self.commands = self.keys = self.questions = 0
        """What was typed since :meth:`begin`, and asked beside passphrases."""

    @classmethod
    @contextmanager
    def founded(cls, folder: Path) -> Iterator[Day]:
        """Sockets have short names: their folder is not pytest's."""
        with TemporaryDirectory(prefix="eid-") as runtime:
            day = cls(folder, Path(runtime))
            two = ("--operator", "dora", "--second-operator", "emil")
            secrets = {"EID_OPERATOR_PASSPHRASE": WORDS["dora"], "EID_SECOND_PASSPHRASE": WORDS["emil"]}
            day.office.call(*two, "init", "--authority", "Ministry of Utopia", **secrets)
            for name, role in ROLES.items():
                add = ("operator", "add", name, "--role", role)
                day.office.call(*two, *add, **secrets, EID_NEW_PASSPHRASE=WORDS[name])
            yield day

    def begin(self) -> None:
        """Count anew."""
        self.commands = self.keys = self.questions = 0

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """What is done meanwhile, nobody types."""
        counted = self.commands, self.keys, self.questions
        yield
        self.commands, self.keys, self.questions = counted

    def unlocked(self, who: str, command: str, answer: Answer) -> str:
        """One command in a shell whose person has unlocked their keys: no passphrase is asked for beyond that one."""
        asked = self.asked[who]
        screen = self.at_terminal_of(who, "unlock", command, answer=answer)
        assert self.asked[who] == asked + 1, screen
        self.commands -= 1
        self.keys -= len("eid unlock\n")
        return screen

    def counts(self) -> str:
        """What was counted, for a person."""
        return f"{self.commands} commands, {self.keys} keys, {self.questions} questions"

    def at_terminal_of(
        self,
        who: str,
        *commands: str,
        code: int = 0,
        wrong: int = 0,
        answer: Answer | None = None,
    ) -> str:
        """One shell, in which a person gives these commands; the first ``wrong`` passphrases are mistyped.

        Where there is an ``answer``, questions are asked and answered by it; else ``--yes`` does.
        """
        eid = f"{shlex.quote(sys.executable)} -m eid_toolkit.doors.cli.main"
        lines = [f"{eid} {'' if answer else '--yes '}{command}" for command in commands]
        mistyped = [wrong]
        for command in commands:
            self.commands += 1
            self.keys += len(f"eid {command}\n")

        def reply(question: str) -> str | None:
            match = _PASSPHRASE.search(question)
            if match is None:
                typed = answer(question) if answer is not None else None
                if typed is not None:
                    self.questions += 1
                    self.keys += len(typed) + 1
                return typed
            self.asked[match.group(1)] += 1
            mistyped[0] -= 1
            return "something else" if mistyped[0] >= 0 else WORDS[match.group(1)]

        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EID_", "XDG_"))}
        settings = {"EID_HOME": str(self.folder / "home"), "EID_OPERATOR": who, "COLUMNS": "120"}
        environment = {**kept, **settings, "XDG_RUNTIME_DIR": str(self._runtime)}
        ended, screen = at_terminal(["/bin/sh", "-e", "-c", "\n".join(lines)], environment, reply)
        assert ended == code, screen
        assert "Traceback" not in screen
        return screen

    def told(self, name: str) -> Any:
        """JSON that a command has written to a file of the folder."""
        return json.loads((self.folder / name).read_text())
