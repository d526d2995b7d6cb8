"""Homes that are no demo: two operators with passphrases of their own, who work at the command line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from eid_toolkit.doors.cli.main import main
from support.homes import portrait_file

ENVIRONMENT = {
    "EID_OPERATOR_PASSPHRASE": "the first one's words",
    "EID_SECOND_PASSPHRASE": "the second one's words",
    "EID_NEW_PASSPHRASE": "the third one's words",
    "EID_TERMINAL_PASSPHRASE": "the officer's passphrase",
    "EID_COMPONENT": "8f3a8f3a8f3a8f3a8f3a8f3a8f3a8f3a",
}
PEOPLE = {"anna": "EID_OPERATOR_PASSPHRASE", "bert": "EID_SECOND_PASSPHRASE"}


@dataclass
class CommandLine:
    """A home with two operators that is no demo."""

    root: Path

    def call(self, *arguments: object, code: int = 0, typed: str = "", **environment: str | None) -> Result:
        """``typed`` is what is answered to questions; a variable of the environment that is None is not set."""
        words = ["--home", str(self.root), *map(str, arguments)]
        result = CliRunner().invoke(main, words, env={**ENVIRONMENT, **environment}, input=typed)
        assert result.exit_code == code, (result.output, result.exception)
        assert "Traceback" not in result.output
        return result

    def one(self, *arguments: object, code: int = 0) -> Result:
        """By Anna alone."""
        return self.call("--operator", "anna", *arguments, code=code)

    def two(self, *arguments: object, code: int = 0, **environment: str | None) -> Any:
        """By Anna and Bert together; what it prints as JSON."""
        people = ("--operator", "anna", "--second-operator", "bert", "--yes")
        result = self.call(*people, *arguments, "--format", "json", code=code, **environment)
        return json.loads(result.stdout) if code == 0 else result.stderr

    def both(self, *arguments: object, code: int = 0) -> Result:
        """By Anna and Bert together."""
        return self.call("--operator", "anna", "--second-operator", "bert", *arguments, code=code)

    def add(self, name: str, passphrase: str, *roles: str) -> None:
        """Somebody new, with these roles."""
        given = [word for role in roles for word in ("--role", role)]
        self.two("operator", "add", name, *given, EID_NEW_PASSPHRASE=passphrase)

    def shown(self) -> dict[str, Any]:
        """What `eid pki show` says of the state."""
        return json.loads(self.call("pki", "show", "--format", "json").stdout)["states"][0]


def new_office(root: Path, *options: str) -> CommandLine:
    office = CommandLine(root)
    people = ("--operator", "anna", "--second-operator", "bert")
    office.call(*people, "init", "--country", "UTO", "--authority", "Ministry of Utopia", *options)
    for name in PEOPLE:
        office.two("operator", "roles", name, "--role", "all")
    return office


_PORTRAITS = count(1)
"""Of each person another one."""


def new_application(office: CommandLine, folder: Path, profile: str = "utopia-id", *more: str) -> str:
    portrait = folder / "portrait.png"
    portrait.write_bytes(portrait_file(next(_PORTRAITS)))
    holder = ("--surname", "Eriksson", "--given-names", "Anna", "--birth", "1974-08-12", "--sex", "F")
    added = office.one("person", "add", *holder, "--nationality", "UTO", "--format", "json")
    person = json.loads(added.stdout)["id"]
    words = ("--person", person, "--profile", profile, "--portrait", portrait, "--format", "json")
    application: str = json.loads(office.one("application", "create", *words, *more).stdout)["id"]
    second = {"EID_OPERATOR_PASSPHRASE": ENVIRONMENT["EID_SECOND_PASSPHRASE"]}
    office.call("--operator", "bert", "application", "approve", application, **second)
    return application


def prepared(office: CommandLine, folder: Path, profile: str = "utopia-id", *more: str) -> Any:
    application = new_application(office, folder, profile, *more)
    (document,) = json.loads(office.one("document", "prepare", application, "--format", "json").stdout)
    return document
