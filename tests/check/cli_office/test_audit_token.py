"""Keys in tokens: each passphrase is asked for before a command has the register wait, and no PIN is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eid_toolkit.books.keys import token_keys
from eid_toolkit.doors.cli.context import App
from eid_toolkit.ground.secret import Secret
from eid_toolkit.work.office.credentials import Purpose
from support.asking import Asked
from support.manifests import manifest
from support.offices import ENVIRONMENT, CommandLine, new_office
from support.softhsm import PIN, SoftHsm

WORDS = {"anna": ENVIRONMENT["EID_OPERATOR_PASSPHRASE"], "bert": ENVIRONMENT["EID_SECOND_PASSPHRASE"]}


@pytest.fixture(scope="module")
def office(softhsm: SoftHsm, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """An office whose keys are in tokens, with a shift that is open and a back-up."""
    folder = tmp_path_factory.mktemp("token")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EID_PIN", PIN)
        places = (f"{compartment}={softhsm.token()}" for compartment in ("audit", "cards", "document-signing"))
        office = new_office(folder / "home", *(word for place in places for word in ("--key-store", place)))
    (folder / "manifest.json").write_bytes(manifest(1, 2))
    office.one("stock", "receive", folder / "manifest.json")
    office.one("stock", "issue", "--station", "main", "--count", 2)
    office.two("stock", "open", "--counted", 2)
    office.one("register", "backup", folder / "register.backup")
    return office


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("audit", "checkpoint"),
    ("stock", "close", "--counted", "2"),
    ("register", "restore", "--replace", "register.backup"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[1])
def test_no_question_is_asked_in_a_transaction(
    office: CommandLine, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    pin, passphrases = Asked(monkeypatch, Secret(b"")), Asked(monkeypatch, Secret(b""))

    def answered(app: App, name: str, purpose: Purpose) -> Iterator[Secret]:
        passphrases()
        yield Secret(WORDS[name].encode())

    monkeypatch.setattr(App, "token_pin", pin)
    monkeypatch.setattr(App, "pin", pin)
    monkeypatch.setattr(App, "passphrases", answered)
    monkeypatch.setattr(token_keys, "_tokens", {})  # as in a process of its own, which has not logged in yet
    folder: Path = office.root.parent
    given: list[Any] = [folder / word if word.endswith(".backup") else word for word in words]
    office.two(*given)
    assert (passphrases.times, pin.times) == (2, 0)
    assert token_keys._tokens
