"""`eid audit` as its users meet it: in a demo home, in an office with operators, and with nothing but an export."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eid_toolkit.books.audit.export import SESSION_SCHEMA, SIGNATURE_SCHEMA
from eid_toolkit.books.audit.rows import StoredRow
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import SystemClock
from eid_toolkit.ground.secret import Secret
from support.bent_logs import export_end, put_rows, rehashed, rows_in
from support.homes import ENTROPY, NoQuestions, WorkingOffice
from support.offices import ENVIRONMENT, CommandLine, new_office

OFFICERS = ("--operator", "carla", "--second-operator", "carl")
BERT = {"EID_OPERATOR_PASSPHRASE": ENVIRONMENT["EID_SECOND_PASSPHRASE"]}


@pytest.fixture(scope="module")
def office_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office whose anna is a clerk, whose bert is an auditor, and whose carla and carl are the security officers."""
    root = tmp_path_factory.mktemp("office") / "home"
    office = CommandLine(root)
    office.call(*OFFICERS, "init", "--country", "UTO", "--authority", "Ministry of Utopia")
    for name, role in (("anna", "clerk"), ("bert", "auditor")):
        passphrase = BERT["EID_OPERATOR_PASSPHRASE"] if name == "bert" else ENVIRONMENT["EID_OPERATOR_PASSPHRASE"]
        office.call(*OFFICERS, "operator", "add", name, "--role", role, EID_NEW_PASSPHRASE=passphrase)
    return root


@pytest.fixture
def office(office_template: Path, tmp_path: Path) -> CommandLine:
    shutil.copytree(office_template, tmp_path / "home")
    return CommandLine(tmp_path / "home")


def verified(office: CommandLine, *more: object, code: int = 0) -> Any:
    return json.loads(office.call("audit", "verify", "--format", "json", *more, code=code).stdout)


def bend(office: CommandLine, *statements: str) -> None:
    connection = sqlite3.connect(office.root / "register.sqlite", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def add_dora(office: CommandLine) -> Result:
    words = (*OFFICERS, "operator", "add", "dora", "--role", "clerk")
    return office.call(*words, EID_NEW_PASSPHRASE="another's words")


def rewrite(office: CommandLine, place: int = 0) -> None:
    """Change a row and make all hashes anew, as one does who has the database."""
    register = office.root / "register.sqlite"
    rows = rows_in(register)
    rows[place] = rows[place]._replace(operator="nobody")
    put_rows(register, rehashed(rows))


def test_a_new_home_has_a_signed_log_that_is_verified_without_a_passphrase(office: CommandLine) -> None:
    result = verified(office)
    assert (result["schema"], result["intact"], result["reason"]) == ("eid-audit-verify/1", True, None)
    assert (result["checkpoints"], result["signed_up_to"], result["unsigned_rows"]) == (1, 3, 6)
    key = office.root / "audit" / "audit-key.pem"
    words = ["openssl", "pkey", "-pubin", "-in", key, "-noout", "-text"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    assert "prime256v1" in shown.stdout
    assert result["key_proved"] is False
    assert verified(office, "--key", key)["key_proved"] is True


def test_who_may_not_read_or_sign_the_log_is_told(office: CommandLine) -> None:
    office.one("audit", "show", code=10)
    office.one("audit", "export", code=10)
    office.call("audit", "show", code=2)
    office.one("audit", "checkpoint", code=10)
    office.call("--operator", "bert", "audit", "checkpoint", code=10, **BERT)
    rows = json.loads(office.call("--operator", "bert", "audit", "show", "--format", "json", **BERT).stdout)
    added = ["operator.add.decided", "operator.add.decided", "operator.added"]
    assert [row["action"] for row in rows] == ["operator.added", "operator.added", "authority.created", *added * 2]


def test_two_people_sign_the_log(office: CommandLine) -> None:
    people = ("--operator", "carla", "--second-operator", "bert")
    made = json.loads(office.call(*people, "audit", "checkpoint", "--format", "json").stdout)
    assert (made["position"], [each["operator"] for each in made["countersigned"]]) == (9, ["carla", "bert"])
    assert verified(office)["unsigned_rows"] == 0
    bend(office, "UPDATE audit_checkpoint SET countersigned = '{\"people\":[]}' WHERE position = 9")
    assert verified(office, code=12)["reason"] == "audit-checkpoint-broken"


def test_an_operator_record_that_was_exchanged_shows_at_the_countersignature(office: CommandLine) -> None:
    office.call("--operator", "carla", "audit", "checkpoint")
    record = office.root / "operators" / "carla.json"
    other = json.loads((office.root / "operators" / "anna.json").read_text())
    record.write_text(json.dumps({**json.loads(record.read_text()), "public_key": other["public_key"]}))
    assert "endorsed" in office.call("audit", "verify", code=12).stderr


def test_a_log_that_was_rewritten_whole_is_found_and_never_signed(office: CommandLine) -> None:
    rewrite(office)
    result = verified(office, code=12)
    assert (result["reason"], result["broken_at"], result["broken_through"]) == ("audit-rows-rewritten", 1, 3)
    shown = office.call("audit", "verify", code=12)
    assert "Rows 1 to 3 are not the ones that were signed" in shown.output
    refused = office.call("--operator", "carla", "audit", "checkpoint", code=12)
    assert "row 3" in refused.stderr


@pytest.mark.parametrize("place", [3, 5, 8])
def test_a_row_that_was_rewritten_behind_the_last_checkpoint_shows_at_its_signature(
    office: CommandLine, place: int
) -> None:
    rewrite(office, place)
    result = verified(office, code=12)
    assert (result["reason"], result["broken_at"]) == ("audit-signature-wrong", place + 1)


def test_a_key_that_was_exchanged_shows_against_a_copy_and_the_key_store(office: CommandLine, tmp_path: Path) -> None:
    copy = tmp_path / "kept-elsewhere.pem"
    shutil.copy(office.root / "audit" / "audit-key.pem", copy)
    forger = new_office(tmp_path / "forger")
    for name in ("register.sqlite", *(f"audit/{name}" for name in ("audit-key.pem", "head.json", "newest.json"))):
        shutil.copy(forger.root / name, office.root / name)
    result = verified(office, code=12)
    assert (result["reason"], result["broken_at"]) == ("audit-endorsement-wrong", 1)  # by another staff key
    for name in ("audit/newest.json", "keys/foundation.json"):
        shutil.copy(forger.root / name, office.root / name)
    assert verified(office)["intact"]  # whoever may write all of the home can put another log in its place
    office.call("audit", "verify", "--key", copy, code=12)
    office.call("--operator", "carla", "audit", "checkpoint", code=12)


def test_a_home_without_the_key_file_says_what_to_do(office: CommandLine) -> None:
    (office.root / "audit" / "audit-key.pem").unlink()
    (office.root / "audit" / "head.json").unlink()
    told = office.call("audit", "verify", code=12)
    assert "eid audit checkpoint" in told.stderr
    office.call("--operator", "carla", "audit", "checkpoint")
    assert verified(office)["intact"]


def test_an_older_home_without_a_key_is_signed_when_it_is_first_asked(office: CommandLine) -> None:
    shutil.rmtree(office.root / "audit")
    (office.root / "keys" / "audit.p8").unlink()
    bend(office, "DELETE FROM audit_checkpoint")
    assert "There is no checkpoint yet" in office.call("audit", "verify").output
    office.call("--operator", "carla", "audit", "checkpoint")
    assert verified(office)["signed_up_to"] == 9


def test_many_rows_are_signed_by_themselves_when_the_key_store_is_open(office: CommandLine) -> None:
    credentials = NoQuestions("carla", given=lambda: Secret(ENVIRONMENT["EID_OPERATOR_PASSPHRASE"].encode()))
    working = WorkingOffice.open(office.root, credentials, SystemClock(), ENTROPY)
    working.register.record_all([(working.operator(), "operator.passphrase-changed", "carla", {})] * 100)
    working.register.close()
    assert verified(office)["signed_up_to"] == 3
    office.call("--operator", "carla", "audit", "checkpoint")
    assert verified(office)["signed_up_to"] == 109
    head = json.loads((office.root / "audit" / "head.json").read_text())
    assert head["position"] == 109


def test_a_command_that_meets_a_bent_log_says_so_and_does_its_work(office: CommandLine) -> None:
    rewrite(office)
    done = add_dora(office)
    assert "eid audit verify" in done.stderr
    assert "dora" in office.call("operator", "list").stdout


def test_filters_show_what_is_asked_for(office: CommandLine) -> None:
    def shown(*more: str) -> list[dict[str, Any]]:
        words = ("--operator", "bert", "audit", "show", "--format", "json", *more)
        rows: list[dict[str, Any]] = json.loads(office.call(*words, **BERT).stdout)
        return rows

    assert [row["position"] for row in shown("--limit", "2")] == [8, 9]
    assert [row["position"] for row in shown("--action", "operator.added", "--limit", "1")] == [9]
    assert [row["position"] for row in shown("--action", "operator.added")] == [1, 2, 6, 9]
    assert [row["subject"] for row in shown("--subject", "bert")] == ["bert"] * 3
    assert len(shown("--since", "2020-01-01")) == 9
    assert shown("--since", "2999-01-01") == []
    lines = office.call("--operator", "bert", "audit", "show", "--format", "jsonl", **BERT).stdout.splitlines()
    assert [json.loads(line)["position"] for line in lines] == list(range(1, 10))


def test_a_filter_that_is_no_text_is_told_before_anything_is_shown(demo_home: Home) -> None:
    """Also on a server; an argument may hold bytes that are no text."""
    result = CommandLine(demo_home.root).call("audit", "show", "--subject", "\udcff", code=2)
    assert result.stdout == ""


@pytest.fixture
def exported(office: CommandLine, tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    office.call("--operator", "carla", "audit", "checkpoint")
    add_dora(office)
    office.call("--operator", "bert", "audit", "export", "--output", path, **BERT)
    return path


def test_an_export_is_verified_where_there_is_no_home(exported: Path, office: CommandLine, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    shutil.copy(office.root / "audit" / "audit-key.pem", key)
    shutil.rmtree(office.root)
    nowhere = CommandLine(tmp_path / "nowhere")
    result = verified(nowhere, "--file", exported)
    assert (result["intact"], result["rows"], result["signed_up_to"], result["key_proved"]) == (True, 12, 9, False)
    assert "was not verified" in nowhere.call("audit", "verify", "--file", exported).output
    assert verified(nowhere, "--file", exported, "--key", key)["key_proved"] is True


def row_of(line: dict[str, Any]) -> StoredRow:
    return StoredRow(**{**line, "detail": canonical(line["detail"])})


def cut(exported: Path, tmp_path: Path, rows: int) -> Path:
    """An export of the first rows alone, with an end that fits."""
    lines = [json.loads(line) for line in exported.read_text("utf-8").splitlines()]
    kept = [line for line in lines[:-1] if line.get("position", 0) <= rows]
    kept.append({**lines[-1], **export_end([row_of(line) for line in kept if "schema" not in line])})
    path = tmp_path / "cut.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in kept), "utf-8")
    return path


@pytest.mark.parametrize("rows", [5, 3])
def test_an_export_that_was_cut_off_is_found_by_a_checkpoint_that_was_kept(
    exported: Path, office: CommandLine, tmp_path: Path, rows: int
) -> None:
    """Without it nothing shows, and the verdict says so."""
    head, nowhere = tmp_path / "head.json", CommandLine(tmp_path / "nowhere")
    shutil.copy(office.root / "audit" / "head.json", head)
    short = cut(exported, tmp_path, rows)
    alone = nowhere.call("audit", "verify", "--file", short)
    assert "could have been cut off without a trace" in alone.output
    assert verified(nowhere, "--file", short)["kept_head"] is None
    result = verified(nowhere, "--file", short, "--head", head, code=12)
    assert (result["reason"], result["broken_at"], result["kept_head"]) == ("audit-rows-cut-off", rows + 1, 9)
    whole = nowhere.call("audit", "verify", "--file", exported, "--head", head)
    assert "The checkpoint of row 9 kept elsewhere is in the log" in whole.output
    assert "could have been" not in whole.output


def test_a_home_that_was_rolled_back_whole_is_found_by_a_checkpoint_that_was_kept(
    office: CommandLine, tmp_path: Path
) -> None:
    before = tmp_path / "before"
    shutil.copytree(office.root, before)
    add_dora(office)
    kept = tmp_path / "kept.json"
    kept.write_text(office.call("--operator", "carla", "audit", "checkpoint", "--format", "json").stdout)
    told = verified(office, "--head", kept)
    assert (told["kept_head"], told["kept_head_lost"]) == (12, False)
    shutil.rmtree(office.root)
    shutil.copytree(before, office.root)
    assert verified(office)["intact"] is True
    result = verified(office, "--head", kept, code=12)
    assert (result["reason"], result["broken_at"]) == ("audit-rows-cut-off", 10)


def test_a_checkpoint_of_another_log_or_none_at_all_is_told(
    office: CommandLine, exported: Path, tmp_path: Path
) -> None:
    other = new_office(tmp_path / "other")
    foreign = other.root / "audit" / "head.json"
    assert "not signed with this log's key" in office.call("audit", "verify", "--head", foreign, code=12).stderr
    office.call("audit", "verify", "--file", exported, "--head", foreign, code=12)
    lines = exported.read_text("utf-8").splitlines(keepends=True)
    bare = tmp_path / "bare.jsonl"
    bare.write_text(
        "".join(line for line in lines if "eid-audit-key" not in line and "checkpoint/1" not in line), "utf-8"
    )
    own = office.root / "audit" / "head.json"
    assert "--key" in office.call("audit", "verify", "--file", bare, "--head", own, code=12).stderr
    copy = tmp_path / "key.pem"
    shutil.copy(office.root / "audit" / "audit-key.pem", copy)
    bare.write_text("".join(line for line in lines if "checkpoint/1" not in line), "utf-8")
    told = verified(office, "--file", bare, "--head", own, "--key", copy, code=12)
    assert told["reason"] == "audit-checkpoint-missing"
    path = tmp_path / "x"
    for content in (b"", b"{}", b"[" * 60_000, b"\xff", (office.root / "audit" / "audit-key.pem").read_bytes()):
        path.write_bytes(content)
        assert "not an audit log checkpoint" in office.call("audit", "verify", "--head", path, code=9).stderr


def test_an_export_signed_by_somebody_else_is_found_by_the_key(exported: Path, tmp_path: Path) -> None:
    other = new_office(tmp_path / "other")
    key = other.root / "audit" / "audit-key.pem"
    result = verified(CommandLine(tmp_path / "nowhere"), "--file", exported, "--key", key, code=12)
    assert (result["reason"], result["broken_at"]) == ("audit-checkpoint-broken", 3)


def test_a_file_that_is_no_export_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for content in (b"", b"\xff\xfe", b"[1]\n", b'{"a": 1}\n', b"{" * 2_000_000):
        path.write_bytes(content)
        CommandLine(tmp_path / "nowhere").call("audit", "verify", "--file", path, code=9)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_export_that_was_bent_is_found_and_the_row_is_named(
    exported: Path, tmp_path: Path, data: st.DataObject
) -> None:
    lines = [json.loads(line) for line in exported.read_text("utf-8").splitlines()]
    places = [place for place, line in enumerate(lines) if "schema" not in line]
    place = data.draw(st.sampled_from(places))
    row = lines[place]
    edit = data.draw(
        st.sampled_from(["operator", "subject", "action", "detail", "hash", "remove", "swap", "cut", "flip"])
    )
    if edit == "remove":
        del lines[place]
    elif edit == "cut":
        del lines[place:]
    elif edit == "swap":
        other = data.draw(st.sampled_from([found for found in places if found != place]))
        lines[place], lines[other] = lines[other], lines[place]
        row = min(row, lines[place], key=lambda line: line["position"])
    elif edit == "flip":
        row["time"] = row["time"].replace("2", "3", 1)
    else:
        row[edit] = {"x": 1} if edit == "detail" else "x"
    path = tmp_path / "bent.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    result = verified(CommandLine(tmp_path / "nowhere"), "--file", path, code=12)
    assert result["broken_at"] == row["position"]


@pytest.mark.parametrize("signed", [True, False])
def test_an_export_rewritten_with_all_its_hashes_is_found(exported: Path, tmp_path: Path, signed: bool) -> None:
    """By the signature of whoever acted, and by the next checkpoint if all signatures are taken out."""
    lines = [json.loads(line) for line in exported.read_text("utf-8").splitlines()]
    places = [place for place, line in enumerate(lines) if "schema" not in line]
    rows = [row_of(lines[place]) for place in places]
    made = rehashed([*rows[:3], rows[3]._replace(operator="nobody"), *rows[4:]])
    for place, row in zip(places, made, strict=True):
        lines[place] = {name: value for name, value in row._asdict().items() if name in lines[place]}
        lines[place]["detail"] = json.loads(row.detail)
    lines[-1] |= export_end(made)
    if not signed:
        lines = [line for line in lines if line.get("schema") not in (SESSION_SCHEMA, SIGNATURE_SCHEMA)]
    path = tmp_path / "bent.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    result = verified(CommandLine(tmp_path / "nowhere"), "--file", path, code=12)
    expected = ("audit-signature-wrong", 4, None) if signed else ("audit-rows-rewritten", 4, 9)
    assert (result["reason"], result["broken_at"], result["broken_through"]) == expected


@pytest.mark.parametrize("processes", [1, 2])
def test_the_number_of_processes_is_no_part_of_a_finding(office: CommandLine, tmp_path: Path, processes: int) -> None:
    exported = tmp_path / "log.jsonl"
    office.call("audit", "export", "--output", exported, "--operator", "carla")
    whole = verified(office)
    assert verified(office, "--processes", processes) == whole
    assert verified(office, "--processes", processes, "--from-start") == whole
    registered = json.loads(office.call("register", "verify", "--format", "json", "--operator", "carla").stdout)
    said = office.call("register", "verify", "--processes", processes, "--format", "json", "--operator", "carla")
    assert json.loads(said.stdout) == registered
    bend(office, "UPDATE audit SET subject = 'another' WHERE position = 4")
    for where in ((), ("--file", exported)):
        found = verified(office, *where, "--processes", processes, code=0 if where else 12)
        assert (found["broken_at"], found["resumed"], found["note_refused"]) == (None if where else 4, None, False)


def test_a_verification_that_was_interrupted_is_continued_and_says_what_it_has_not_read_again(
    office: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(text: str) -> None:
        if text.startswith("row 4"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("eid_toolkit.books.audit.verifying._PAUSE", 1)
        patch.setattr("eid_toolkit.doors.cli.walking.is_terminal", lambda: True)
        patch.setattr("eid_toolkit.doors.cli.walking.progress", interrupted)
        words = ("--operator", "carla", "audit", "verify", "--resumable")
        stopped = office.call(*words, code=130)
    assert "The next verification continues from here." in stopped.stderr
    assert "Rows up to 4 were verified" in office.call("audit", "verify").stdout
    assert "were verified" not in office.call("audit", "verify").stdout


def test_a_note_that_somebody_has_written_is_told_and_not_used(office: CommandLine) -> None:
    (office.root / "audit" / "walk.json").write_text('00\n{"schema": "eid-audit-walk/1"}\n', encoding="utf-8")
    told = office.call("audit", "verify")
    assert "is not signed with the log's key, and was not used" in told.stderr
    assert "all intact" in told.stdout
