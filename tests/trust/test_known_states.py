"""A proved list with a CSCA for the home's own state, or for one that is known: two people decide, or a link does."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from eid_toolkit.books.trust.database import FILE
from eid_toolkit.books.trust.importing import Plan
from eid_toolkit.books.trust.sources import Sources, read_bytes
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import IntegrityBroken
from support.authorities import NOW, START, Authority
from support.people import People

UTOPIA, FRANCE, GHANA = Authority(), Authority("FRA"), Authority("GHA")
OTHER_FRANCE, OTHER_UTOPIA = Authority("FRA", name="CSCA 9"), Authority(name="CSCA 9")
LATER = NOW + timedelta(days=1)


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(tmp_path / "home")


@pytest.fixture
def store(tmp_path: Path, people: People) -> TrustStore:
    """Utopia's own, which believes Ghana's CSCA and France's first one."""
    store = TrustStore(tmp_path / "trust", people.operators, frozenset({"UTO"}), authority=True)
    for authority in (UTOPIA, FRANCE, GHANA):
        store.add(authority.csca, "file", NOW, people.acting("anna"), people.acting("bert"))
    return store


def planned(store: TrustStore, *files: bytes) -> Plan:
    sources = Sources()
    for number, data in enumerate(files):
        read_bytes(sources, f"file {number}", data)
    return store.plan(sources, LATER)


@pytest.mark.parametrize("other", [OTHER_FRANCE, OTHER_UTOPIA])
def test_a_list_with_a_further_csca_of_a_known_state_is_for_two_people(store: TrustStore, other: Authority) -> None:
    plan = planned(store, GHANA.master_list(other.csca, GHANA.csca))
    assert [each.certificate for each in plan.doubtful] == [other.csca]
    assert plan.decided_by_people() == [plan.packs[0].sha256]


def test_a_list_with_the_first_csca_of_a_state_is_for_one(store: TrustStore) -> None:
    plan = planned(store, GHANA.master_list(Authority("NLD").csca, FRANCE.csca, UTOPIA.csca))
    assert (plan.doubtful, plan.decided_by_people()) == ([], [])


def test_a_csca_that_a_link_of_its_state_leads_to_is_for_one(store: TrustStore, people: People) -> None:
    successor = Authority("FRA", start=START + timedelta(days=5))
    plan = planned(store, GHANA.master_list(successor.csca, FRANCE.link(successor)))
    assert (plan.doubtful, plan.decided_by_people()) == ([], [])
    store.carry_out(plan, people.acting("anna"))
    assert successor.csca in store.material().anchors_of("FR")


def test_a_link_by_another_key_than_the_states_leads_nowhere(store: TrustStore) -> None:
    plan = planned(store, GHANA.master_list(OTHER_FRANCE.csca, Authority("FRA").link(OTHER_FRANCE)))
    assert [each.certificate for each in plan.doubtful] == [OTHER_FRANCE.csca]


@pytest.mark.parametrize("other", [OTHER_FRANCE, OTHER_UTOPIA])
def test_what_one_person_took_before_is_named_and_its_list_keeps_its_other_anchors(
    store: TrustStore, people: People, other: Authority
) -> None:
    holland = Authority("NLD")
    plan = planned(store, GHANA.master_list(other.csca, holland.csca))
    store.carry_out(plan, people.acting("anna"))
    assert store.material().anchors_of("NL") == (holland.csca,)
    with pytest.raises(IntegrityBroken, match="trust-anchor-second-missing") as caught:
        store.material().anchors_of(other.csca.country)
    assert caught.value.facts["fingerprint"] == other.csca.fingerprint
    store.remove(other.csca.fingerprint)
    store.add(other.csca, "csca.cer", LATER, people.acting("anna"), people.acting("bert"))
    assert other.csca in store.material().anchors_of(other.csca.country)


def test_two_people_take_the_whole_list(store: TrustStore, people: People) -> None:
    plan = planned(store, GHANA.master_list(OTHER_FRANCE.csca))
    store.carry_out(plan, people.acting("anna"), people.acting("bert"))
    assert OTHER_FRANCE.csca in store.material().anchors_of("FR")


def test_a_link_that_was_laid_into_the_store_helps_no_csca_of_another_key(store: TrustStore, people: People) -> None:
    store.carry_out(planned(store, GHANA.master_list(OTHER_FRANCE.csca)), people.acting("anna"))
    TrustStore(store.directory).add(Authority("FRA").link(OTHER_FRANCE), "smuggled in", NOW)
    with pytest.raises(IntegrityBroken, match="trust-anchor-second-missing"):
        store.material().anchors_of("FR")


def test_in_an_authoritys_home_no_bundle_counts(store: TrustStore) -> None:
    with closing(sqlite3.connect(store.directory / FILE)) as connection, connection:
        facts = {"version": 9, "issued_at": NOW.isoformat(), "authority": "Nobody", "state": "FR", "max_age_days": None}
        header = {"schema": "eid-trust-pack/1", "kind": "bundle", "name": "b", "sha256": "ab", "basis": "each-proved"}
        header |= {
            "imported_at": NOW.isoformat(),
            "signer": None,
            "decisions": [],
            "facts": {**facts, "allow_bac": True},
        }
        row = ("ab", "bundle", NOW.isoformat(), json.dumps(header))
        connection.execute("INSERT INTO pack VALUES (?, ?, ?, ?)", row)
    material = store.material()
    assert (material.bundle, material.complete_states) == (None, frozenset({"UTO"}))
    assert TrustStore(store.directory).material().bundle is not None
