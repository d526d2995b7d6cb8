"""Operators are keys: what they decide is signed, and checked with the key on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eid_toolkit.books.staff.operators import OperatorStore
from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken, NotPermitted, UsageError
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ENTROPY = SystemEntropy()
PASSPHRASE = Secret(b"operator passphrase")


@pytest.fixture
def store(tmp_path: Path) -> OperatorStore:
    made = OperatorStore(tmp_path, demo=False)
    made.add("anna", PASSPHRASE, NOW, ENTROPY)
    return made


def test_an_operators_signature_is_verified_by_the_key_on_record(store: OperatorStore) -> None:
    anna = store.act_as("anna", lambda: PASSPHRASE)
    signature = anna.sign(b"decision")
    assert store.verify("anna", b"decision", signature, NOW)
    assert not store.verify("anna", b"another", signature, NOW)
    assert not store.verify("anna", b"decision", None, NOW)
    store.add("bert", PASSPHRASE, NOW, ENTROPY)
    assert not store.verify("bert", b"decision", signature, NOW)


def test_nobody_acts_without_the_passphrase(store: OperatorStore) -> None:
    with pytest.raises(AccessDenied, match="passphrase-wrong"):
        store.act_as("anna", lambda: Secret(b"another passphrase"))


def test_a_disabled_operator_acts_no_more_but_earlier_decisions_stand(store: OperatorStore) -> None:
    signature = store.act_as("anna", lambda: PASSPHRASE).sign(b"decision")
    store.disable("anna", NOW + timedelta(days=1))
    with pytest.raises(NotPermitted, match="operator-disabled"):
        store.act_as("anna", lambda: PASSPHRASE)
    assert store.verify("anna", b"decision", signature, NOW)
    assert not store.verify("anna", b"decision", signature, NOW + timedelta(days=2))


def test_names_differ_by_more_than_letter_case(store: OperatorStore) -> None:
    with pytest.raises(NotPermitted, match="operator-exists"):
        store.add("Anna", PASSPHRASE, NOW, ENTROPY)
    assert store.act_as("ANNA", lambda: PASSPHRASE).name == "anna"
    with pytest.raises(BadInput, match="operator-name-malformed"):
        store.add("../anna", PASSPHRASE, NOW, ENTROPY)


def test_who_acts_must_be_named_and_known(store: OperatorStore) -> None:
    with pytest.raises(UsageError, match="operator-not-named"):
        store.act_as(None, lambda: PASSPHRASE)
    with pytest.raises(BadInput, match="operator-unknown"):
        store.act_as("carl", lambda: PASSPHRASE)


def test_in_a_demo_home_a_name_is_enough(tmp_path: Path) -> None:
    def never_asked() -> Secret:
        raise AssertionError

    operator = OperatorStore(tmp_path, demo=True).act_as("anyone", never_asked)
    assert operator.sign(b"decision") is None


def test_a_damaged_record_is_told(store: OperatorStore, tmp_path: Path) -> None:
    (tmp_path / "anna.json").write_text("{}")
    with pytest.raises(IntegrityBroken, match="operator-record-damaged"):
        store.get("anna")
