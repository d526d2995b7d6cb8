"""`eid status`: what waits for me comes first, each line with its command, all of it on one screen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from eid_toolkit.books.keys.agent.client import AgentStatus
from eid_toolkit.books.keys.agent.place import KeyHolder
from eid_toolkit.books.trust.bundles import BundleStore, bundle_of
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.columns import width_of
from eid_toolkit.ground.home.home import Home
from eid_toolkit.standards.pki.cv_authorization import Role
from eid_toolkit.standards.pki.trust_bundle import BUNDLE_SIGNING_KEY, BundlePolicy, build_trust_bundle
from eid_toolkit.work.office import keeping, outlook
from eid_toolkit.work.office.outlook import Outlook
from eid_toolkit.work.office.outlook_items import Age, Ending, Waiting
from support.authorities import Authority, new_key
from support.cv_chain import cvca
from support.homes import CLOCK, ENTROPY, NOW, UTOPIAN, VIETNAMESE, FixedClock, NoQuestions, WorkingOffice
from support.offices import CommandLine
from support.real_offices import at_work, copied_real_home

__all__ = ["copied_real_home"]


@pytest.fixture
def backend() -> str:
    return "sqlite"


def data_of(root: Path, *words: str, operator: str | None = None) -> dict[str, Any]:
    named = () if operator is None else ("--operator", operator)
    data: dict[str, Any] = json.loads(CommandLine(root).call(*named, "status", *words, "--format", "json").stdout)
    return data


def text_of(root: Path, *words: str, operator: str | None = None) -> str:
    named = () if operator is None else ("--operator", operator)
    return CommandLine(root).call(*named, "status", *words).stdout


def mine(data: dict[str, Any]) -> dict[str, int]:
    return {row["stage"]: row["waiting"] for row in data["waiting"] if row["mine"]}


@pytest.fixture
def busy(real_home: Home) -> Home:
    """An office in which something waits for everybody: two applications of Anna's, one approved, one prepared."""
    with at_work(real_home) as office:
        office.application(VIETNAMESE)
        office.application({**UTOPIAN, "date_of_birth": "1975"})
        office.approved({**UTOPIAN, "date_of_birth": "1976"})
        office.document({**UTOPIAN, "date_of_birth": "1977"})
    return real_home


def test_everybody_sees_what_their_roles_may_do(busy: Home) -> None:
    wanted = {
        "alan": {"approval": 2},
        "petra": {"preparation": 1, "personalization": 1},
        "clara": {},
        "stan": {},
        "olga": {},
        "bert": {"approval": 2, "preparation": 1, "personalization": 1},
        "BERT": {"approval": 2, "preparation": 1, "personalization": 1},
    }
    assert {name: mine(data_of(busy.root, operator=name)) for name in wanted} == wanted


def test_what_somebody_created_does_not_wait_for_them(busy: Home) -> None:
    for name in ("anna", "Anna"):
        assert mine(data_of(busy.root, operator=name)) == {"preparation": 1, "personalization": 1}


def test_what_waits_comes_first_with_the_command_for_it(busy: Home) -> None:
    lines = text_of(busy.root, operator="alan").splitlines()
    assert lines[0].split() == ["WAITING", "COMMAND"]
    assert "Applications to decide on: 2." in lines[1] and "eid application list --state created" in lines[1]
    assert text_of(busy.root, operator="clara").splitlines()[0] == "Nothing waits for clara."
    data = data_of(busy.root, operator="petra")
    (document,) = [row for row in data["waiting"] if row["stage"] == "personalization"]
    assert document["command"] == f"eid card personalize {document['next']}"


@pytest.mark.parametrize(("operator", "told"), [(None, "No operator is named"), ("zoe", "zoe has no role")])
def test_without_an_operator_who_has_a_role_the_whole_office_is_told(busy: Home, operator: str, told: str) -> None:
    text = text_of(busy.root, operator=operator)
    assert told in text.splitlines()[0] and "decide on: 2." in text and "prepare: 1." in text
    data = data_of(busy.root, operator=operator)
    assert data["known"] is False and data["roles"] == [] and mine(data) == {}
    assert {row["stage"] for row in data["waiting"]} == {"approval", "preparation", "personalization"}


def test_shifts_and_imports_that_were_left_open_are_told(real_home: Home) -> None:
    with closing(sqlite3.connect(real_home.register_path)) as register, register:
        register.execute(
            "INSERT INTO shift (id, station, state, opened_at, opened_by, counted_at_opening)"
            " VALUES ('S-1', 'hall', 'open', '2026-01-01T08:00:00.000000Z', 'stan', 3),"
            " ('S-2', 'desk', 'closed', '2026-01-01T07:00:00.000000Z', 'stan', 3)"
        )
        register.execute(
            "INSERT INTO person_import (id, file_sha256, operator, started_at, updated_at, state, row, imported,"
            " rejected, rejects_size) VALUES ('I-1', 'aa', 'clara', '2026-01-01T08:00:00.000000Z',"
            " '2026-01-01T08:00:00.000000Z', 'open', 1, 1, 0, 0)"
        )
    assert "eid stock close --station hall" in text_of(real_home.root, operator="stan")
    assert mine(data_of(real_home.root, operator="petra")) == {"shift": 1}
    assert mine(data_of(real_home.root, operator="clara")) == {"import": 1}


def test_a_card_that_needs_a_decision_is_told_to_who_may_decide(busy: Home) -> None:
    with closing(sqlite3.connect(busy.register_path)) as register, register:
        register.execute(
            "INSERT INTO personalization_job (id, document_id, reader, state, plan_hash, plan_version, operator,"
            " created_at, updated_at) SELECT 'J-1', id, 'r', 'needs-decision', 'aa', 2, 'petra', created_at, created_at"
            " FROM document"
        )
    assert mine(data_of(busy.root, operator="petra")) == {"preparation": 1, "decision": 1}
    assert mine(data_of(busy.root, operator="stan")) == {"decision": 1}
    assert "eid card jobs --state needs-decision" in text_of(busy.root, operator="stan")


@pytest.fixture
def seen(real_home: Home) -> Iterator[Any]:
    """The outlook of Olga, a number of days after the home was made."""

    def look(days: float = 0) -> Outlook:
        clock = FixedClock(NOW + timedelta(days=days))
        office = WorkingOffice.open(real_home.root, NoQuestions("olga"), CLOCK, ENTROPY)
        return outlook.outlook(real_home.root, "olga", lambda: replace(office, clock=clock), clock)

    yield look


def test_what_ends_is_told_before_it_ends_and_after(seen: Any) -> None:
    assert seen().ending == ()
    first = next(found for days in range(0, 400, 5) if (found := seen(days).ending))
    assert {each.code for each in first} & {"status-document-signer", "status-crl"}
    later = seen(40 * 366).ending
    assert list(later) == sorted(later, key=lambda each: each.at)
    assert {"status-csca", "status-document-signer", "status-crl"} <= {each.code for each in later}
    assert all(each.at < NOW + timedelta(days=40 * 366) for each in later)


def test_a_back_up_is_told_with_its_age(real_home: Home, seen: Any, tmp_path: Path) -> None:
    assert ("status-backup-missing", None) in [(age.code, age.since) for age in seen().ages]
    with at_work(real_home) as office:
        keeping.back_up(office, tmp_path / "register.backup")
    (told,) = [age for age in seen(5).ages if age.code == "status-backup"]
    assert told.since == NOW
    assert data_of(real_home.root, operator="olga")["ages"][-1]["age_days"] == (datetime.now(UTC) - NOW).days


def test_nothing_is_written_and_no_passphrase_is_asked_for(busy: Home) -> None:
    def picture() -> dict[str, bytes]:
        files = (path for path in busy.root.rglob("*") if path.is_file())
        return {path.name: path.read_bytes() for path in files if not path.name.startswith("register.sqlite-")}

    def rows() -> int:
        with closing(sqlite3.connect(busy.register_path)) as register:
            return int(register.execute("SELECT count(*) FROM audit").fetchone()[0])

    before, recorded = picture(), rows()
    line = CommandLine(busy.root)
    result: Result = line.call("--operator", "olga", "status", EID_OPERATOR_PASSPHRASE=None, EID_SECOND_PASSPHRASE=None)
    assert "Passphrase" not in result.output
    assert (picture(), rows()) == (before, recorded)


def test_a_register_that_is_away_is_told_and_the_rest_is_shown(busy: Home) -> None:
    busy.register_path.unlink()
    result = CommandLine(busy.root).call("status")
    assert "Error:" in result.stderr and "register" in result.stderr
    assert data_of(busy.root)["trouble"][0]["code"] == "register-missing"


def test_one_damaged_part_does_not_hide_the_others(busy: Home) -> None:
    next(busy.pki.glob("*/csca-1.cer")).write_bytes(b"no certificate")
    result = CommandLine(busy.root).call("--operator", "alan", "status")
    assert "Applications to decide on: 2." in result.stdout
    assert "Error:" in result.stderr


def test_in_a_demo_home_everybody_may_do_everything(office: WorkingOffice) -> None:
    office.application()
    office.register.close()
    assert mine(data_of(office.home.root, operator="bert")) == {"approval": 1}
    assert mine(data_of(office.home.root, operator="anna")) == {}
    assert "decide on: 1." in text_of(office.home.root)


def test_an_officers_home_tells_of_its_lists(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authority = Authority(start=now - timedelta(days=100))
    store = TrustStore(tmp_path / "trust")
    store.add(authority.csca, "test", now)
    assert "No revocation lists are here." in text_of(tmp_path)
    store.add(authority.crl(this_update=now - timedelta(days=80)), "test", now)
    data = data_of(tmp_path, operator="otto")
    assert (data["home"], data["waiting"]) == ("officer", [])
    (age,) = data["ages"]
    assert (age["what"], age["age_days"], age["count"]) == ("trusted-lists", 80, 1)
    assert age["command"] == "eid trust import FILE"
    (ending,) = data["ending"]
    assert (ending["what"], ending["ended"]) == ("trusted-crl", False)
    lines = text_of(tmp_path).splitlines()
    assert lines[0].split() == ["ENDS", "SOON", "COMMAND"] and "Imported CRL of" in lines[1]


def test_an_officer_is_told_when_the_bundle_and_the_terminal_end(tmp_path: Path) -> None:
    now, key = datetime.now(UTC).replace(microsecond=0), new_key()
    authority = Authority(start=now - timedelta(days=100))
    signer = authority.list_signer(key, now - timedelta(days=99), BUNDLE_SIGNING_KEY)
    sections, issued = {"anchors": (authority.csca.der,)}, now - timedelta(days=5)
    content = bundle_of("Utopia", 7, issued, sections, BundlePolicy(max_age_days=9))
    data = build_trust_bundle(content, key, signer, (authority.csca,), issued)
    BundleStore(TrustStore(tmp_path / "trust")).take(data, "bundle", now, authority.csca.fingerprint, None)
    root = cvca()
    terminal = root.issue("UTDVUTO00001", Role.DV_DOMESTIC).issue(
        "UTIS00001", Role.TERMINAL, effective=now.date() - timedelta(days=40), days=20
    )
    for certificate in (root.certificate, terminal.certificate):
        (tmp_path / "terminal").mkdir(exist_ok=True)
        der = certificate.encode()
        (tmp_path / "terminal" / f"{sha256(der).hexdigest()}.cvcert").write_bytes(der)
    data_shown = data_of(tmp_path)
    ending = [(row["what"], row["subject"], row["ended"]) for row in data_shown["ending"]]
    assert ending == [("terminal", "UTIS00001", True), ("bundle-ends", "7", False)]
    assert datetime.fromisoformat(data_shown["ending"][1]["at"]) == issued + timedelta(days=9)
    assert [(row["what"], row["subject"], row["age_days"]) for row in data_shown["ages"]][:1] == [("bundle", "7", 5)]
    assert "Terminal UTIS00001 ended" in text_of(tmp_path)


def test_only_ones_own_unlocked_keys_are_told(real_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def of_anna(holder: KeyHolder) -> AgentStatus | None:
        return AgentStatus(b"", b"", 3600) if holder.operator == "anna" else None

    monkeypatch.setattr("eid_toolkit.books.keys.agent.client.agent_status", of_anna)
    assert "Unlocking of your keys ends" in text_of(real_home.root, operator="Anna")
    for name in ("bert", None):
        assert "Unlocking" not in text_of(real_home.root, operator=name)


def test_where_there_is_no_home_that_is_told(tmp_path: Path) -> None:
    assert "no home" in CommandLine(tmp_path / "nowhere").call("status", code=9).stderr


def test_the_fullest_status_fits_a_screen_of_24_lines(busy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """80 columns by 24 lines, with one line left for the prompt."""
    now = datetime.now(UTC)
    stages = [
        Waiting(stage, code, 9999, now, "D-ABCDEFGHJKMN" if stage != "shift" else "counter-1", True)
        for stage, (code, _) in outlook._STAGES.items()
    ]
    ending = [
        Ending(code, "UTO", now + timedelta(hours=hours))
        for hours, code in enumerate(("status-agent", "status-csca", "status-document-signer", "status-list-signer"))
    ] + [Ending("status-verifier", "UTDVUTO000010000", now + timedelta(days=20)) for _ in range(150)]
    codes = ("bundle", "trusted-master-list", "deviation-list", "directory", "trusted-lists", "reports-behind")
    ages = [
        Age(f"status-{code}", "12", now - timedelta(days=1000), 9999)
        for code in (*codes, "backup", "bundle-exported", "master-list")
    ]
    full = Outlook("office", "bert", True, ("approver",), tuple(stages), tuple(ending), tuple(ages))
    monkeypatch.setattr("eid_toolkit.work.office.outlook.outlook", lambda *_: full)
    lines = CommandLine(busy.root).call("--operator", "bert", "status").stdout.splitlines()
    assert len(lines) < 24, "\n".join(lines)
    assert [line for line in lines if width_of(line) > 80] == []
    assert "and 150 more." in "\n".join(lines)
