"""Somebody who can write a real home's files, with a passphrase of their own, tries to do more than they may."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from click.testing import Result

from support.offices import ENVIRONMENT, CommandLine, new_office

WORDS = {
    "anna": ENVIRONMENT["EID_OPERATOR_PASSPHRASE"],
    "bert": ENVIRONMENT["EID_SECOND_PASSPHRASE"],
    "carl": "the clerk's own words",
    "olga": "the third officer's words",
}
_HELD = ("keys", "operators", "pki", "bundles")


def attacked_office(root: Path) -> CommandLine:
    """Anna and Bert with every role, Olga as a third security officer, Carl as a clerk."""
    office = new_office(root)
    office.add("olga", WORDS["olga"], "security-officer")
    office.add("carl", WORDS["carl"], "clerk")
    return office


@dataclass
class Attack:
    """A copy of an office, and what the attacker does in it."""

    office: CommandLine

    @property
    def root(self) -> Path:
        return self.office.root

    def by(self, people: str, *words: object, code: int = 0, **environment: str | None) -> Result:
        """One name or two, joined by +, each with their own words unless the environment says otherwise."""
        first, _, second = people.partition("+")
        named = ("--operator", first, *(("--second-operator", second) if second else ()), "--yes")
        given = {"EID_OPERATOR_PASSPHRASE": _words(first), "EID_SECOND_PASSPHRASE": _words(second), **environment}
        return self.office.call(*named, *words, code=code, **given)

    def fails(self, people: str, *words: object, code: int, says: str = "", **environment: str | None) -> str:
        """The command fails so, and changes nothing of what the home holds; what it says."""
        before = self.held()
        result = self.by(people, *words, code=code, **environment)
        assert says in result.stderr, result.stderr
        assert self.held() == before
        return result.stderr

    def held(self) -> dict[str, object]:
        """Keys, operators, certificates, bundles, and what is believed; what was done by the log."""
        files: dict[str, object] = {
            str(path.relative_to(self.root)): path.read_bytes()
            for name in _HELD
            for path in sorted((self.root / name).rglob("*"))
            if path.is_file()
        }
        files["trust"] = self.rows("trust/trust.sqlite", "SELECT sha256 FROM object ORDER BY sha256")
        outcomes = "SELECT action FROM audit WHERE action NOT LIKE '%.decided' AND action NOT LIKE '%.abandoned'"
        files["log"] = self.rows("register.sqlite", outcomes)
        return files

    def rows(self, name: str, statement: str, *values: object) -> list[tuple[object, ...]]:
        """What another program reads from a database of the home, or changes there."""
        with closing(sqlite3.connect(self.root / name)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def copied(self, *names: str) -> dict[str, bytes]:
        """Files of the home, as the attacker keeps them."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for pattern in names
            for path in self.root.glob(pattern)
            if path.is_file()
        }

    def put_back(self, files: dict[str, bytes]) -> None:
        for name, data in files.items():
            (self.root / name).parent.mkdir(exist_ok=True)
            (self.root / name).write_bytes(data)

    @contextmanager
    def moved_away(self, *names: str) -> Iterator[None]:
        """Files and folders are elsewhere for the moment; what has come in their place goes when they are back."""
        away = self.root.with_name(f"{self.root.name}-away")
        away.mkdir()
        for name in names:
            (self.root / name).rename(away / name.replace("/", "-"))
        yield
        for name in names:
            place = self.root / name
            if place.is_dir():
                shutil.rmtree(place)
            (away / name.replace("/", "-")).rename(place)
        away.rmdir()

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        (self.root / name).write_text(text.replace(old, new))

    def believed(self) -> set[str]:
        """The fingerprints of what the home lists as trusted."""
        listed = json.loads(self.office.call("trust", "list", "--format", "json").stdout)
        return {row["fingerprint"] for row in listed}


def _words(name: str) -> str | None:
    return WORDS.get(name.casefold(), "words that are nobody's") if name else None
