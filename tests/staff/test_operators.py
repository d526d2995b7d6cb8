"""Operators are keys: what they decide is signed, and checked with the key on record."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from eid_toolkit.books.staff.operators import OperatorStore
from eid_toolkit.books.staff.records import OperatorRecord
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.secret import Secret
from support.homes import ENTROPY, NOW, PASSPHRASE
from support.people import People


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(tmp_path / "home")


def record_file(people: People, name: str) -> Path:
    return people.home.operators / f"{name}.json"


def test_an_operators_signature_is_verified_by_the_key_on_record(people: People) -> None:
    signature = people.acting("anna").sign(b"decision")
    operators = people.operators
    assert operators.verify("anna", b"decision", signature, NOW)
    assert not operators.verify("anna", b"another", signature, NOW)
    assert not operators.verify("anna", b"decision", None, NOW)
    assert not operators.verify("bert", b"decision", signature, NOW)
    assert not operators.verify("carl", b"decision", signature, NOW)


def test_nobody_acts_without_the_passphrase(people: People) -> None:
    with pytest.raises(AccessDenied, match="operator-passphrase-wrong"):
        people.acting("anna", Secret(b"another passphrase"))


def test_a_disabled_operator_acts_no_more_but_earlier_decisions_stand(people: People) -> None:
    signature = people.acting("anna").sign(b"decision")
    people.operators.disable("anna", NOW + timedelta(days=1), people.endorse)
    with pytest.raises(NotPermitted, match="operator-disabled"):
        people.acting("anna")
    assert people.operators.verify("anna", b"decision", signature, NOW)
    assert not people.operators.verify("anna", b"decision", signature, NOW + timedelta(days=2))


def test_who_was_enrolled_anew_signs_with_the_new_key_and_earlier_decisions_stand(people: People) -> None:
    before = people.acting("anna").sign(b"decision")
    then = NOW + timedelta(days=1)
    people.operators.re_enrol("anna", Secret(b"another passphrase"), then, people.endorse, ENTROPY, b"")
    with pytest.raises(AccessDenied):
        people.acting("anna")
    after = people.acting("anna", Secret(b"another passphrase")).sign(b"decision")
    assert people.operators.verify("anna", b"decision", before, NOW)
    assert not people.operators.verify("anna", b"decision", before, then + timedelta(seconds=1))
    assert people.operators.verify("anna", b"decision", after, then + timedelta(seconds=1))


def test_ones_own_new_passphrase_leaves_the_keys_as_they_are(people: People) -> None:
    keys = people.pair("anna")
    people.operators.change_passphrase(people.operators.get("anna"), keys, Secret(b"another passphrase"), ENTROPY)
    with pytest.raises(AccessDenied):
        people.pair("anna")
    again = people.pair("anna", Secret(b"another passphrase"))
    assert (again.public_key, again.wrapping_key) == (keys.public_key, keys.wrapping_key)
    with pytest.raises(BadInput, match="passphrase-too-short"):
        people.operators.change_passphrase(people.operators.get("anna"), keys, Secret(b"1234567"), ENTROPY)


def test_names_differ_by_more_than_letter_case(people: People) -> None:
    with pytest.raises(NotPermitted, match="operator-exists"):
        people.add("Anna")
    assert people.acting("ANNA").name == "anna"
    for name in ("../anna", "#staff", "anna#recovery", "", "a" * 41):
        with pytest.raises(BadInput, match="operator-name-malformed"):
            people.add(name)


def test_in_a_demo_home_there_is_no_signature_to_check(tmp_path: Path) -> None:
    people = People(tmp_path / "home", demo=True)
    assert people.operators.verify("anyone", b"decision", None, NOW)


CHANGES: dict[str, Callable[[dict[str, object]], object]] = {
    "a role": lambda record: record.update(roles=["clerk"]),
    "the signing key": lambda record: record.update(public_key=record["wrapping_key"]),
    "the wrapping key": lambda record: record.update(wrapping_key=record["public_key"]),
    "the recovery key": lambda record: record.update(recovery_key=record["public_key"]),
    "the version": lambda record: record.update(version=9),
    "a former key": lambda record: record.update(former=[{"public_key": record["public_key"], "until": "2999-01-01"}]),
    "no endorsement": lambda record: record.update(endorsement=""),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_record_that_was_changed_is_believed_nowhere(people: People, name: str) -> None:
    path = record_file(people, "anna")
    values = json.loads(path.read_text())
    CHANGES[name](values)
    path.write_text(json.dumps(values))
    for use in (
        lambda: people.operators.get("anna"),
        people.operators.list,
        lambda: people.operators.verify("anna", b"decision", b"", NOW),
    ):
        with pytest.raises(IntegrityBroken):
            use()


def test_a_damaged_record_is_told(people: People) -> None:
    for data in ("{}", "", "[]", '{"schema": "eid-operator/2"}', "\x00"):
        record_file(people, "anna").write_text(data)
        with pytest.raises(IntegrityBroken, match="operator-record-damaged"):
            people.operators.get("anna")


def test_the_record_of_another_home_is_not_taken(people: People, tmp_path: Path) -> None:
    other = People(tmp_path / "other", ["anna", "mallory"])
    for path in other.home.operators.glob("mallory.*"):
        (people.home.operators / path.name).write_bytes(path.read_bytes())
    with pytest.raises(IntegrityBroken, match="operator-not-endorsed"):
        people.operators.get("mallory")


def test_who_acts_notices_that_the_foundation_was_exchanged(people: People, tmp_path: Path) -> None:
    """A forger's own staff key, with records endorsed by it: the passphrase does not fit them."""
    real = people.operators.get("anna")
    forger = People(tmp_path / "forged")
    forged = forger.operators.get("anna")
    mixed = OperatorRecord(**{**{name: getattr(forged, name) for name in forged.__slots__}, "lock": real.lock})
    with pytest.raises(IntegrityBroken, match="foundation-changed"):
        forger.operators.unlock(mixed, PASSPHRASE)


@pytest.mark.parametrize("suffix", [".p8", ".unwrap.p8"])
@pytest.mark.parametrize("change", ["gone", "another's", "damaged"])
def test_key_files_that_do_not_belong_to_the_record_are_told(people: People, suffix: str, change: str) -> None:
    path = people.home.operators / f"anna{suffix}"
    if change == "gone":
        path.unlink()
    else:
        path.write_bytes((people.home.operators / f"bert{suffix}").read_bytes() if change == "another's" else b"xx")
    with pytest.raises(IntegrityBroken, match="operator-keys-exchanged"):
        people.acting("anna")


def test_records_are_held_to_the_newest_one_on_record(people: People) -> None:
    """An older copy that was put back is endorsed as it should be, and refused."""
    old = record_file(people, "anna").read_bytes()
    newest = people.operators.assign("anna", frozenset({Role.AUDITOR}), people.endorse)

    def held() -> OperatorStore:
        operators = people.operators
        operators.hold_to(lambda name: (2, newest.digest(people.foundation)) if name == "anna" else None)
        return operators

    assert held().get("anna").roles == {Role.AUDITOR}
    record_file(people, "anna").write_bytes(old)
    with pytest.raises(IntegrityBroken, match="operator-record-old"):
        held().get("anna")
    assert held().get("bert").version == 1  # of whom the log knows nothing


def test_a_name_that_is_on_record_is_not_given_again(people: People) -> None:
    operators = people.operators
    operators.hold_to(lambda name: (1, "0" * 64) if name == "carl" else None)
    with pytest.raises(NotPermitted, match="operator-exists"):
        operators.require_free("carl")
