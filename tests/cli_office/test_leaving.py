"""Who leaves, who forgets, and who comes: operators and the keys that they open, at the command line."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from eid_toolkit.books.keys.opening import is_authority
from eid_toolkit.books.register import register
from support.homes import portrait_file
from support.offices import CommandLine

OFFICERS = ("--operator", "dora", "--second-operator", "emil")
WORDS = {
    "EID_OPERATOR_PASSPHRASE": "the words of dora",
    "EID_SECOND_PASSPHRASE": "the words of emil",
    "EID_NEW_PASSPHRASE": "the words of others",
}
OTHERS = {"EID_OPERATOR_PASSPHRASE": "the words of others"}
HOLDER = ("--given-names", "Anna", "--birth", "1974-08-12", "--sex", "F", "--nationality", "UTO")


class Office(CommandLine):
    """Two security officers, and two clerks."""

    shares: dict[str, str]

    def officers(self, *words: object, code: int = 0, **environment: str | None) -> Any:
        result = self.call(*OFFICERS, "--yes", *words, "--format", "json", code=code, **{**WORDS, **environment})
        return json.loads(result.stdout) if code == 0 else result.stderr

    def clerk(self, name: str, *words: object, code: int = 0, **environment: str) -> str:
        return self.call("--operator", name, *words, code=code, **{**OTHERS, **environment}).output

    def keys(self) -> dict[str, Any]:
        """What `eid keys show` says, by compartment."""
        shown = json.loads(self.call("keys", "show", "--format", "json").stdout)
        return {row["name"]: row for row in shown["compartments"]} | {"reseal": shown["data_keys_to_reseal"]}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.root / "register.sqlite")) as register:
            return register.execute(query).fetchall()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    office = Office(tmp_path_factory.mktemp("office") / "home")
    made = office.call(*OFFICERS, "init", "--authority", "Ministry", "--format", "json", **WORDS)
    for name in ("clara", "carl"):
        office.officers("operator", "add", name, "--role", "clerk")
    (office.root.parent / "portrait.png").write_bytes(portrait_file())
    return office.root, json.loads(made.stdout)["recovery_shares"]


@pytest.fixture
def office(template: tuple[Path, dict[str, str]], tmp_path: Path) -> Office:
    root, shares = template
    shutil.copytree(root, tmp_path / "home")
    shutil.copy(root.parent / "portrait.png", tmp_path)
    office = Office(tmp_path / "home")
    office.shares = shares
    return office


def add_person(office: Office, name: str, by: str = "carl") -> str:
    """The identifier of a person of whose data something is sealed."""
    added = office.clerk(by, "person", "add", "--surname", name, *HOLDER, "--format", "json")
    person = str(json.loads(added)["id"])
    office.clerk(by, "person", "change", person, "--father", "Adam", "--source", "letter")
    return person


def test_a_new_generation_for_the_rest_when_somebody_leaves(office: Office) -> None:
    for number in range(3):
        add_person(office, f"Eriksson{number}", by="clara")
    before = office.keys()
    office.officers("operator", "disable", "clara")
    after = office.keys()
    changed = {name for name in before if name != "reseal" and before[name]["generation"] != after[name]["generation"]}
    assert changed == {"register", "evidence"}
    assert (after["register"]["holders"], after["reseal"]) == (["carl"], 0)
    assert {held["operator"] for held in after["register"]["could_have_copied"]} == {"clara"}
    assert "look-ups" in after["register"]["could_have_copied"][0]["keys"]
    told = office.call("keys", "show").stderr
    assert "clara could have copied" in told
    assert "disabled" in office.clerk("clara", "person", "search", "Eriksson0", code=10)


def test_old_rows_are_sealed_anew_in_portions_by_the_next_who_open_the_register(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "PORTION", 2)
    for number in range(5):
        add_person(office, f"Eriksson{number}", by="clara")
    generations = office.rows("SELECT generation, sealed_by FROM data_key")
    assert generations == [(1, 1)] * 5
    office.officers("operator", "disable", "clara")  # who have opened the register for it
    assert office.keys()["reseal"] == 3
    assert "3 data keys" in office.call("keys", "show").stderr
    for left in (1, 0, 0):
        assert "Eriksson1" in office.clerk("carl", "person", "search", "Eriksson1")
        assert office.keys()["reseal"] == left
    assert set(office.rows("SELECT generation, sealed_by FROM data_key")) == {(1, 2)}
    actions = [action for (action,) in office.rows("SELECT action FROM audit ORDER BY position")]
    assert actions.count("data-keys.resealed") == 3
    assert "Eriksson1" in office.clerk("carl", "person", "search", "Eriksson1")
    add_person(office, "Lind")
    assert (2, 2) in office.rows("SELECT generation, sealed_by FROM data_key")


def test_what_is_changed_of_a_person_later_has_a_key_that_the_leaver_never_had(office: Office) -> None:
    person = add_person(office, "Eriksson", by="clara")
    office.officers("operator", "disable", "clara")
    office.clerk("carl", "person", "change", person, "--mother", "Berta", "--source", "letter")
    keys = office.rows(f"SELECT generation FROM data_key WHERE subject = '{person}' ORDER BY generation")
    assert keys == [(1,), (2,)]
    history = office.clerk("carl", "person", "history", person, "--format", "json")
    assert "Berta" in history


def test_a_role_that_is_taken_away_takes_the_compartments_with_it(office: Office) -> None:
    office.officers("operator", "roles", "clara", "--role", "auditor")
    assert "role" in office.clerk("clara", "person", "search", "Eriksson", code=10)
    assert office.keys()["register"]["holders"] == ["carl"]
    office.officers("operator", "roles", "clara", "--role", "personalizer")
    holders = {name: row["holders"] for name, row in office.keys().items() if name != "reseal"}
    assert "clara" in holders["cards"] and "clara" in holders["document-signing"] and "clara" in holders["register"]
    assert "clara" not in holders["audit"]


def test_ones_own_passphrase_is_changed_by_oneself(office: Office) -> None:
    new = {"EID_NEW_PASSPHRASE": "other words of clara"}
    office.clerk("clara", "operator", "passphrase", code=7, EID_OPERATOR_PASSPHRASE="not hers", **new)
    office.clerk("clara", "operator", "passphrase", code=9, EID_NEW_PASSPHRASE="short")
    office.clerk("clara", "operator", "passphrase", **new)
    office.clerk("clara", "person", "search", "Eriksson", code=7)
    office.clerk("clara", "person", "search", "Eriksson", EID_OPERATOR_PASSPHRASE=new["EID_NEW_PASSPHRASE"])


def test_a_clerk_who_forgot_gets_new_keys_from_two_officers_and_earlier_decisions_stand(office: Office) -> None:
    office.officers("operator", "add", "albert", "--role", "approver")
    person = add_person(office, "Eriksson", by="clara")
    words = ("--person", person, "--profile", "utopia-id", "--portrait", office.root.parent / "portrait.png")
    application = json.loads(office.clerk("clara", "application", "create", *words, "--format", "json"))["id"]
    office.clerk("albert", "application", "approve", application)
    office.officers("operator", "re-enrol", "albert", EID_NEW_PASSPHRASE="other words of albert")
    office.clerk("albert", "application", "queue", code=0)
    office.clerk("albert", "person", "search", "Eriksson", code=7)
    office.officers("operator", "add", "pat", "--role", "personalizer")
    office.clerk("pat", "document", "prepare", application)  # the approval is verified by the key of then


def recover(office: Office, name: str, share: str, *forgotten: str, code: int = 0, **environment: str | None) -> str:
    named = [word for person in forgotten for word in ("--recovery", person)]
    given = {**WORDS, "EID_RECOVERY_SHARE": share, "EID_NEW_PASSPHRASE": "other words of emil", **environment}
    return office.call(*OFFICERS, "operator", "re-enrol", name, *named, code=code, **given).output


def test_an_officer_who_forgot_is_stood_for_by_the_recovery_share(office: Office) -> None:
    told = recover(office, "emil", office.shares["emil"], "emil", EID_SECOND_PASSPHRASE=None)
    assert "Recovery share of emil" in told or "recovery_share" in told
    office.officers("operator", "disable", "carl", code=7)
    office.officers("operator", "disable", "carl", EID_SECOND_PASSPHRASE="other words of emil")
    log = office.rows("SELECT detail FROM audit WHERE action = 'operator.re-enrol.decided'")
    assert '"by_recovery_share":["emil"]' in log[0][0].replace(" ", "")


def test_a_share_that_was_used_is_replaced_by_the_one_that_is_printed(office: Office) -> None:
    recover(office, "emil", office.shares["emil"], "emil", EID_SECOND_PASSPHRASE=None)
    assert "newest envelope" in recover(office, "emil", office.shares["emil"], "emil", code=7)


@pytest.mark.parametrize("change", ["another's", "a slip", "cut off", "nothing"])
def test_a_wrong_recovery_share_opens_nothing(office: Office, change: str) -> None:
    share = office.shares["emil"]
    typed, code = {
        "another's": (office.shares["dora"], 7),
        "a slip": (("A" if share[0] != "A" else "B") + share[1:], 9),
        "cut off": (share[:-5], 9),
        "nothing": ("", 9),
    }[change]
    told = recover(office, "emil", typed, "emil", code=code)
    assert share not in told and "the words of" not in told


def test_a_recovery_share_alone_or_beside_its_own_person_opens_nothing(office: Office) -> None:
    own = ("--operator", "dora", "--second-operator", "dora")
    given = {**WORDS, "EID_RECOVERY_SHARE": office.shares["dora"]}
    office.call(*own, "operator", "re-enrol", "emil", "--recovery", "dora", code=10, **given)


def test_shares_are_typed_as_they_are_read_aloud(office: Office) -> None:
    share = office.shares["emil"].lower().replace("-", " ")
    recover(office, "emil", share, "emil", EID_SECOND_PASSPHRASE=None)


def test_the_second_to_last_security_officer_stays(office: Office) -> None:
    for words in (("disable", "emil"), ("roles", "emil", "--role", "clerk")):
        assert "fewer than two" in office.officers("operator", *words, code=10)
    third = office.officers("operator", "add", "fred", "--role", "security-officer")
    assert len(third["recovery_share"].split("-")) == 8
    before = office.keys()
    office.officers("operator", "disable", "emil")
    after = office.keys()
    for name in ("staff", "csca", "cvca", "audit", "verifying"):
        assert after[name]["generation"] == before[name]["generation"] + 1
    pair = ("--operator", "dora", "--second-operator", "fred", "--yes")
    office.call(*pair, "pki", "csca", "roll", **{**WORDS, "EID_SECOND_PASSPHRASE": "the words of others"})
    assert "disabled" in office.officers("pki", "csca", "roll", code=10)


def test_missing_wraps_and_compartments_are_made_anew_by_two(office: Office) -> None:
    path = office.root / "keys" / "evidence.compartment"
    path.unlink()
    assert "missing" in office.call("doctor").stdout
    office.officers("keys", "rewrap")
    assert path.exists()
    assert set(office.keys()["evidence"]["holders"]) == {"dora", "emil", "clara", "carl"}


def test_doctor_says_what_to_do_about_keys(office: Office) -> None:
    findings = json.loads(office.call("doctor", "--format", "json").stdout)["findings"]
    codes = [finding["code"] for finding in findings]
    assert codes.count("doctor-holders-few") == 3
    assert all("\n" not in finding["text"] for finding in findings)
    office.officers("operator", "add", "fred", "--role", "security-officer")
    office.officers("operator", "disable", "clara")
    told = office.call("doctor").stdout
    assert "clara could have copied" in told and "have 2 holders" not in told


def test_evidence_is_signed_by_a_key_of_the_key_store(office: Office) -> None:
    assert is_authority(office.root)
    first = office.call("evidence", "key", code=10)
    assert "--operator" in first.stderr
    fingerprint = json.loads(office.clerk("clara", "evidence", "key", "--format", "json"))["fingerprint"]
    assert (office.root / "keys" / "evidence.p8").exists()
    assert not (office.root / "evidence" / "evidence-key.der").exists()
    assert json.loads(office.call("evidence", "key", "--format", "json").stdout)["fingerprint"] == fingerprint


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("init", "--authority", "M", "--country", "QQQ"), 9, "QQQ"),
        (("init", "--authority", "M", "--register", "mysql://x/y"), 9, "mysql"),
        (("init", "--authority", "M", "--key-store", "cards=pkcs11:token=x"), 9, "module-path"),
        (("init", "--authority", "M", "--key-store", "cellar=pkcs11:token=x?module-path=/y"), 2, "cellar"),
        (("init", "--authority", "x" * 60), 9, "48"),
    ],
)
def test_what_is_wrong_with_a_founding_is_told_before_any_passphrase(
    tmp_path: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    done = CommandLine(tmp_path / "home").call(*words, code=code, EID_OPERATOR_PASSPHRASE=None)
    assert "assphrase" not in done.output and "officer" not in done.output
    assert told in done.stderr or code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_is_there_is_told_before_any_passphrase(office: Office) -> None:
    told = office.call("init", "--authority", "M", code=10, EID_OPERATOR_PASSPHRASE=None).output
    assert "assphrase" not in told and "officer" not in told


def test_one_person_twice_is_no_two_officers(tmp_path: Path) -> None:
    people = ("--operator", "dora", "--second-operator", "Dora")
    CommandLine(tmp_path / "home").call(*people, "init", "--authority", "M", code=10, EID_OPERATOR_PASSPHRASE=None)
    assert list(tmp_path.iterdir()) == []
