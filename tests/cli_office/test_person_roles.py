"""`eid person` where operators have roles: who may look, change, import and decide."""

from __future__ import annotations

import json

import pytest

from support.offices import ENVIRONMENT, CommandLine, new_office

ERIKSSON = ("--surname", "Eriksson", "--birth", "1974-08-12", "--sex", "F", "--nationality", "UTO")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    made = new_office(tmp_path_factory.mktemp("office") / "home")
    for name, role in (("carl", "stock-keeper"), ("dora", "approver")):
        made.add(name, ENVIRONMENT["EID_OPERATOR_PASSPHRASE"], role)
    return made


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("carl", ("add", *ERIKSSON)),
        ("carl", ("search", "eriksson")),
        ("carl", ("show", "1")),
        ("carl", ("history", "1")),
        ("carl", ("export",)),
        ("carl", ("duplicates",)),
        ("dora", ("add", *ERIKSSON)),
        ("dora", ("change", "1", "--mother", "A", "--source", "paper")),
        ("dora", ("import", "-")),
    ],
)
def test_who_has_not_the_role_is_refused(office: CommandLine, name: str, command: tuple[str, ...]) -> None:
    assert "role" in office.call("--operator", name, "person", *command, code=10).stderr


def test_outside_a_demo_home_looking_takes_a_name(office: CommandLine) -> None:
    office.call("person", "search", "eriksson", code=2)
    added = json.loads(office.one("person", "add", *ERIKSSON, "--format", "json").stdout)
    (hit,) = json.loads(office.call("--operator", "dora", "person", "search", "eriksson", "--format", "json").stdout)
    assert hit["id"] == added["id"]
    changed = office.one("person", "change", added["id"], "--mother", "B", "--source", "paper", "--format", "json")
    assert json.loads(changed.stdout)["version"] == 2
    assert "paper" in office.one("person", "history", added["id"]).stdout
