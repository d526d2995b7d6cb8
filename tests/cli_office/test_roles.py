"""What each role may not do: every command that takes a right of others is refused with exit code 10."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eid_toolkit.books.staff.roles import PERMISSIONS, Permission, Role
from support.homes import portrait_file
from support.offices import ENVIRONMENT, CommandLine
from support.staff import acting, staffed_office

COMMANDS: dict[Permission, tuple[tuple[str, ...], ...]] = {
    Permission.READ_PERSONS: (
        ("person", "search", "Eriksson"),
        ("person", "show", "P-0"),
        ("person", "history", "P-0"),
        ("person", "export", "--purpose", "test"),
        ("application", "list"),
        ("application", "show", "A-0"),
        ("application", "sheet", "never-written.html"),
        ("notice", "list"),
    ),
    Permission.CHANGE_PERSONS: (
        ("person", "add", "--surname", "A", "--birth", "1990", "--sex", "F", "--nationality", "UTO"),
        ("person", "change", "P-0", "--mother", "Berta", "--source", "a letter"),
        ("person", "import", "-", "--as", "csv"),
    ),
    Permission.DECIDE_DUPLICATES: (
        ("person", "duplicate", "P-0", "P-1", "--different"),
        ("person", "duplicates"),
    ),
    Permission.ERASE_PERSONS: (("person", "erase", "P-0", "--reason", "asked for"),),
    Permission.MANAGE_AGENCIES: (
        ("agency", "disable", "police"),
        ("agency", "add", "police", "--name", "Police", "--field", "id", "--purpose", "a check"),
        ("agency", "list"),
        ("agency", "show", "police"),
    ),
    Permission.REPORT_NOTICES: (
        ("notice", "add", "--kind", "wanted", "--person", "P-0", "--agency", "police"),
        ("notice", "withdraw", "N-0", "--reason", "found"),
    ),
    Permission.APPLY: (
        ("application", "withdraw", "A-0", "--reason", "asked for"),
        ("application", "create", "--person", "P-0", "--profile", "utopia-id", "--portrait", __file__),
        (
            "application",
            "create",
            "--from",
            __file__,
            "--portraits",
            str(Path(__file__).parent),
            "--profile",
            "utopia-id",
        ),
        ("document", "reissue", "D-0", "--portrait", __file__),
    ),
    Permission.DECIDE_APPLICATIONS: (
        ("application", "approve", "A-0"),
        ("application", "reject", "A-0", "--reason", "not proved"),
    ),
    Permission.PREPARE_DOCUMENTS: (("document", "prepare", "A-0"),),
    Permission.EXPORT_PRINT_DATA: (("document", "export", "D-0"),),
    Permission.PERSONALIZE: (
        ("card", "batch", "--without-print-check", "--reader", "emulator:b-*"),
        ("card", "personalize", "--without-print-check", "D-0", "--reader", "emulator:b-1"),
        ("card", "resolve", "J-0", "--resume", "--reason", "looked at"),
    ),
    Permission.SPOIL: (
        ("card", "spoil", "D-0", "--reason", "torn"),
        ("card", "resolve", "J-0", "--spoil", "--reason", "torn"),
    ),
    Permission.REPORT_DOCUMENTS: (
        ("document", "report-lost", "D-0"),
        ("document", "report-stolen", "D-0"),
    ),
    Permission.REVOKE_DOCUMENTS: (
        ("document", "revoke", "D-0"),
        ("document", "suspend", "D-0"),
        ("document", "resume", "D-0"),
        ("document", "destroy", "D-0"),
        ("document", "expire"),
    ),
    Permission.KEEP_STOCK: (("stock", "issue", "B-0"), ("stock", "return", "B-0")),
    Permission.READ_AUDIT: (("audit", "show"), ("audit", "export")),
    Permission.SIGN_AUDIT: (("audit", "checkpoint"),),
    Permission.MANAGE_KEYS: (
        ("pki", "csca", "roll", "--second-operator", "bert"),
        ("pki", "crl", "issue", "--second-operator", "bert"),
        ("pki", "ds", "create", "--second-operator", "bert"),
        ("pki", "cvca", "create", "--second-operator", "bert"),
        ("operator", "disable", "carl"),
    ),
    Permission.BACK_UP: (("register", "backup", "back-up.eid"), ("register", "restore", __file__)),
}
"""Commands for each right; what they name is not there, so that only the right is in the way."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A home with an operator for each role, beside two who have all of them."""
    return staffed_office(tmp_path_factory.mktemp("roles") / "home")


def test_each_right_has_its_command() -> None:
    assert set(Permission) - COMMANDS.keys() == {Permission.WITNESS_STOCK}  # of second persons: see the stock's tests
    assert set().union(*PERMISSIONS.values()) == set(Permission)


@pytest.mark.parametrize("role", Role)
def test_what_a_role_may_not_do(office: CommandLine, role: Role) -> None:
    operator = ("--operator", str(role), "--yes")
    for permission in COMMANDS.keys() - PERMISSIONS[role]:
        for words in COMMANDS[permission]:
            told = office.call(*operator, *words, code=10).stderr
            assert f"({permission})" in told, (words, told)


@pytest.mark.parametrize("role", Role)
def test_what_a_role_may_do_is_not_refused_for_the_role(office: CommandLine, role: Role) -> None:
    from click.testing import CliRunner

    from eid_toolkit.doors.cli.main import main

    for permission in PERMISSIONS[role] & COMMANDS.keys() - {Permission.MANAGE_KEYS, Permission.BACK_UP}:
        for command in COMMANDS[permission]:
            words = ["--home", str(office.root), "--operator", str(role), "--yes", *command]
            done = CliRunner().invoke(main, words, env=ENVIRONMENT, input="")
            assert f"({permission})" not in done.output, words


def test_roles_are_given_by_two_security_officers(office: CommandLine) -> None:
    new = {"EID_NEW_PASSPHRASE": "the new one's words"}
    add = ("operator", "add", "carl", "--role", "auditor")
    assert "role" in office.call("--operator", "clerk", *add, code=10, **new).stderr
    office.call(*add, code=2, **new)  # nobody acts
    assert "two people" in office.call("--operator", "security-officer", *add, code=10, **new).stderr
    office.call("--operator", "security-officer", "--second-operator", "bert", *add, **new)
    shown = json.loads(office.call("operator", "list", "--format", "json").stdout)
    assert {each["name"]: each["roles"] for each in shown}["carl"] == ["auditor"]
    office.call("--operator", "clerk", "operator", "roles", "clerk", "--role", "approver", code=10)


def test_an_operator_without_a_role_is_refused_before_anybody_is_asked(office: CommandLine) -> None:
    words = ("--operator", "anna", "--second-operator", "bert", "operator", "add", "dora")
    told = office.call(*words, code=2, EID_OPERATOR_PASSPHRASE=None, EID_SECOND_PASSPHRASE=None)
    assert "--role" in told.stderr and "Passphrase" not in told.output


def test_a_role_written_into_the_record_by_hand_is_found_out(office: CommandLine, tmp_path: Path) -> None:
    path = office.root / "operators" / "auditor.json"
    before = path.read_text()
    path.write_text(before.replace('  "auditor"', '  "clerk"'))
    try:
        (tmp_path / "p.png").write_bytes(portrait_file())
        for words in (("person", "search", "Eriksson"), ("audit", "checkpoint"), ("application", "list")):
            done = office.call("--operator", "auditor", *words, code=12, EID_OPERATOR_PASSPHRASE=None)
            assert "endorsed" in done.stderr and "Passphrase" not in done.output
    finally:
        path.write_text(before)


def test_whose_evidence_an_office_believes_is_decided_by_two_and_on_record(office: CommandLine) -> None:
    key = "5d" * 32
    enrol = ("evidence", "enrol", key, "--name", "Gate 4")
    acting(office, Role.SECURITY_OFFICER, *enrol, code=10)
    acting(office, Role.CLERK, *enrol, code=10, second="bert")
    acting(office, Role.SECURITY_OFFICER, *enrol, second="bert")
    assert key in acting(office, Role.CLERK, "evidence", "list").stdout
    log = json.loads(acting(office, Role.AUDITOR, "audit", "show", "--subject", key, "--format", "json").stdout)
    assert [(row["operator"], row["action"]) for row in log] == [
        ("security-officer", "evidence.enrol.decided"),
        ("bert", "evidence.enrol.decided"),
        ("security-officer", "evidence.enrolled"),
    ]
    acting(office, Role.SECURITY_OFFICER, "evidence", "forget", key, second="bert")
    assert key not in acting(office, Role.CLERK, "evidence", "list").stdout
