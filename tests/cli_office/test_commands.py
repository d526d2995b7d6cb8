"""The issuing office on the command line: results on stdout, reasons on stderr, and the exit codes."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.home.home import Home
from support.authorities import Authority
from support.homes import UTOPIAN, VIETNAMESE, portrait_file

Run = Callable[..., Result]
HOLDER = ["--surname", "Eriksson", "--given-names", "Anna Maria", "--birth", "1974-08-12", "--sex", "F"]


@pytest.fixture
def run(demo_home: Home, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command in a demo home, as the clerk Anna unless another operator is named."""
    monkeypatch.setenv("EID_HOME", str(demo_home.root))
    monkeypatch.setenv("EID_OPERATOR", "anna")

    def call(*arguments: object, code: int = 0, **extra: Any) -> Result:
        result = CliRunner().invoke(main, [str(each) for each in arguments], **extra)
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return call


def as_json(result: Result) -> Any:
    return json.loads(result.stdout)


def add_person(run: Run) -> str:
    return as_json(run("person", "add", *HOLDER, "--nationality", "UTO", "--format", "json"))["id"]


def apply(run: Run, person: str, portrait: Path, profile: str = "utopia-id") -> str:
    created = run(
        "application", "create", "--person", person, "--profile", profile, "--portrait", portrait, "--format", "json"
    )
    return as_json(created)["id"]


def test_from_person_to_print_data(run: Run, portrait: Path) -> None:
    application = apply(run, add_person(run), portrait)
    approved = as_json(run("application", "approve", application, "--operator", "bert", "--format", "json"))
    assert (approved["state"], approved["decided_by"]) == ("approved", "bert")
    (document,) = as_json(run("document", "prepare", application, "--format", "json"))
    assert document["specimen"] and document["state"] == "prepared"

    printed = as_json(run("document", "export", document["id"], "--format", "json"))
    assert printed["mrz"][2] == "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
    assert len(printed["can"]) == 6
    assert printed["front"]["document_number"] == document["document_number"]
    assert base64.b64decode(printed["front"]["portrait"]["base64"]).startswith(b"\xff\xd8\xff")

    shown = as_json(run("document", "show", document["id"], "--format", "json"))
    assert shown == {**document, "print_check": None}
    assert not {"can", "mrz"} & shown.keys()
    actions = [row["action"] for row in as_json(run("audit", "show", "--subject", document["id"], "--format", "json"))]
    assert actions == ["document.prepared", "document.exported"]


def test_prepare_all_takes_what_waits(run: Run, portrait: Path) -> None:
    application = apply(run, add_person(run), portrait)
    portrait.write_bytes(portrait_file(1))
    apply(run, add_person(run), portrait)
    run("application", "approve", application, "--operator", "bert")
    assert len(as_json(run("document", "prepare", "--all", "--format", "json"))) == 1
    assert as_json(run("document", "prepare", "--all", "--format", "json")) == []
    run("document", "prepare", code=2)


def test_the_creator_may_not_approve(run: Run, portrait: Path) -> None:
    application = apply(run, add_person(run), portrait)
    refused = run("application", "approve", application, code=10)
    assert "may not approve" in refused.stderr
    assert refused.stdout == ""


def test_bad_rows_are_told_with_line_and_field(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("surname;date_of_birth;sex;nationality\nGood;1990;F;UTO\nBad;1990;Z;UTO\n", "utf-8-sig")
    report = as_json(run("person", "import", path, "--format", "json", code=9))
    assert (report["written"], report["imported"]) == (False, 0)
    assert [(row["line"], row["field"]) for row in report["rejected"]] == [(3, "sex")]
    run("person", "import", path, "--dry-run", code=9)
    assert as_json(run("person", "search", "--format", "json")) == []

    report = as_json(run("person", "import", path, "--keep-going", "--format", "json"))
    assert (report["written"], report["imported"]) == (True, 1)
    rejects = tmp_path / "people.rejects.csv"
    assert rejects.read_text("utf-8").splitlines()[1] == "Bad,1990,Z,UTO"
    rejects.write_text(rejects.read_text("utf-8").replace("Z", "X"), "utf-8")
    run("person", "import", rejects)
    assert len(as_json(run("person", "search", "--format", "json"))) == 2


def test_a_search_takes_words_as_a_clerk_types_them(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "people.jsonl"
    source.write_text("\n".join(json.dumps(values, ensure_ascii=False) for values in (VIETNAMESE, UTOPIAN)), "utf-8")
    run("person", "import", source)
    for words in (("nguyen", "an"), ("Nguyễn", "Văn"), ("nguyen van",), (VIETNAMESE["personal_number"],)):
        found = as_json(run("person", "search", *words, "--format", "json"))
        assert [person["primary_identifier"] for person in found] == [VIETNAMESE["primary_identifier"]]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_an_export_is_imported_again(run: Run, tmp_path: Path, kind: str) -> None:
    source = tmp_path / "people.jsonl"
    source.write_text("\n".join(json.dumps(values, ensure_ascii=False) for values in (VIETNAMESE, UTOPIAN)), "utf-8")
    run("person", "import", source)
    exported = run("person", "export", "--as", kind).stdout
    with sqlite3.connect(tmp_path / "home" / "register.sqlite") as connection:
        connection.execute("DELETE FROM person")
    connection.close()
    again = tmp_path / f"again.{kind}"
    again.write_text(exported, "utf-8")
    run("person", "import", again)
    assert run("person", "export", "--as", kind).stdout == exported


def test_hostile_names_are_refused_or_shown_harmlessly(run: Run) -> None:
    for name in ("A\x1b[31mB", "A\u202eB", "A\x00B"):
        refused = run("person", "add", "--surname", name, *HOLDER[4:], "--nationality", "UTO", code=9)
        assert name not in refused.output
    shown = run("person", "show", "no\x1b[2Jbody", code=9)
    assert "\x1b" not in shown.output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("person", "show", "P-UNKNOWN"), 9),
        (("application", "show", "A-UNKNOWN"), 9),
        (("document", "export", "D-UNKNOWN"), 9),
        (("trust", "show", "abcdef"), 9),
        (("operator", "add", "carl", "--role", "clerk"), 10),
        (("person", "frobnicate"), 2),
    ],
)
def test_what_is_not_there_or_not_allowed_has_its_exit_code(run: Run, arguments: tuple[str, ...], code: int) -> None:
    refused = run(*arguments, code=code)
    assert refused.stdout == ""
    assert "Traceback" not in refused.output


def test_a_portrait_that_is_none_is_refused(run: Run, tmp_path: Path) -> None:
    text = tmp_path / "portrait.jpg"
    text.write_text("no image")
    person = add_person(run)
    arguments = ("--person", person, "--profile", "utopia-id", "--portrait", text)
    assert "not an image" in run("application", "create", *arguments, code=9).stderr


def test_who_acts_must_be_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EID_OPERATOR")
    refused = run("person", "add", *HOLDER, "--nationality", "UTO", code=2)
    assert "EID_OPERATOR" in refused.stderr


def test_a_tampered_log_is_named_and_exits_12(run: Run, demo_home: Home) -> None:
    add_person(run)
    assert as_json(run("audit", "verify", "--format", "json"))["intact"]
    with sqlite3.connect(demo_home.register_path) as connection:
        connection.execute("UPDATE audit SET operator = 'nobody' WHERE position = 2")
    connection.close()
    broken = as_json(run("audit", "verify", "--format", "json", code=12))
    assert (broken["intact"], broken["broken_at"], broken["reason"]) == (False, 2, "audit-row-changed")


def test_a_register_that_another_process_writes_to_exits_11(
    run: Run, demo_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eid_toolkit.books.ledger import database

    monkeypatch.setattr(database, "_PRAGMAS", ("PRAGMA busy_timeout = 50",))
    other = sqlite3.connect(demo_home.register_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        refused = run("person", "add", *HOLDER, "--nationality", "UTO", code=11)
        assert "Another process" in refused.stderr
    finally:
        other.close()


def test_trust_is_imported_listed_and_removed(run: Run, tmp_path: Path) -> None:
    other = Authority("FRA")
    path = tmp_path / "fra.cer"
    path.write_bytes(other.csca.der)
    (entry,) = as_json(run("trust", "import", path, "--format", "json"))
    assert (entry["country"], entry["source"], entry["operator"]) == ("FR", "fra.cer", "anna")
    assert entry["fingerprint"] in {row["fingerprint"] for row in as_json(run("trust", "list", "--format", "json"))}
    run("trust", "remove", entry["fingerprint"], code=130, input="n\n")
    run("trust", "remove", entry["fingerprint"], "--yes")
    run("trust", "show", entry["fingerprint"], code=9)
    log = as_json(run("audit", "show", "--subject", entry["fingerprint"], "--format", "json"))
    assert [row["action"] for row in log] == ["trust.imported", "trust.remove.decided", "trust.removed"]


def test_an_officer_needs_no_home_for_trust(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "uto.cer"
    path.write_bytes(Authority().csca.der)
    officer = tmp_path / "officer"
    run("--home", officer, "trust", "import", path)
    assert len(as_json(run("--home", officer, "trust", "list", "--format", "json"))) == 1
    assert [each.name for each in officer.iterdir()] == ["trust"]


def test_the_hierarchy_is_shown_with_its_dates(run: Run) -> None:
    shown = as_json(run("pki", "show", "--format", "json"))
    assert [state["state"] for state in shown["states"]] == ["SGP", "UTO", "VNM"]
    assert shown["specimen"]
    assert "document signer" in run("pki", "show").stdout


def test_a_demo_home_is_made_without_a_question_and_marked(run: Run, tmp_path: Path) -> None:
    made = run("--home", tmp_path / "new", "init", "--demo", "--format", "json")
    assert as_json(made)["specimen"]
    assert "SPECIMEN" in made.stderr
    run("--home", tmp_path / "new", "init", "--demo", code=10)
    run("--home", tmp_path / "other", "init", "--demo", "--country", "QQQ", code=9)
    assert not (tmp_path / "other").exists()
    run("--home", tmp_path / "other", "init", code=2)


@pytest.mark.parametrize("compartment", ["register", "staff", "evidence", "nothing"])
def test_a_compartment_whose_keys_stay_in_files_takes_no_token(tmp_path: Path, compartment: str) -> None:
    words = ["--home", str(tmp_path / "home"), "init", "--demo"]
    refused = CliRunner().invoke(main, [*words, "--key-store", f"{compartment}=pkcs11:token=T?module-path=/m.so"])
    assert (refused.exit_code, "document-signing" in refused.stderr) == (2, True), refused.output
    assert not (tmp_path / "home").exists()
