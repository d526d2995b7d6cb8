"""A token's PIN, and each passphrase, is asked for before a command has the register wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eid_toolkit.doors.cli.context import App
from eid_toolkit.ground.secret import Secret
from support.asking import Asked
from support.manifests import manifest
from support.offices import ENVIRONMENT, CommandLine, new_office
from support.softhsm import PIN, SoftHsm

ANSWERS = {
    "pin": PIN,
    "passphrase": ENVIRONMENT["EID_PASSPHRASE"],
    "operator_passphrase": ENVIRONMENT["EID_OPERATOR_PASSPHRASE"],
    "second_passphrase": ENVIRONMENT["EID_SECOND_PASSPHRASE"],
}


@pytest.fixture(scope="module")
def office(softhsm: SoftHsm, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """An office whose keys are in a token, with a shift that is open and a back-up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EID_PIN", PIN)
        folder = tmp_path_factory.mktemp("token")
        office = new_office(folder / "home", "--key-store", softhsm.token())
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
    asked: dict[str, Asked] = {}
    for name, answer in ANSWERS.items():
        monkeypatch.setattr(App, name, Asked(monkeypatch, Secret(answer.encode())))
        asked[name] = getattr(App, name)
    folder: Path = office.root.parent
    given: list[Any] = [folder / word if word.endswith(".backup") else word for word in words]
    office.two(*given)
    assert asked["pin"].times > 0
