"""The file of a home's crypto policy: signed by two, held to the audit log, refused when it is not what they set."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.books.authorities.home_policy import FILE, HomePolicy, SignedPolicy
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.standards.crypto_policy import CryptoPolicy, Use, shipped_policy
from support.crypto_policies import changed
from support.homes import NOW
from support.people import People

POLICY = changed(Use.CSCA, longest_usage_days=1000)


class Kept:
    """A home's policy file, and what the log would know of it."""

    def __init__(self, people: People) -> None:
        self.known: tuple[int, str] | None = None
        self.people, self.genuine = people, b""
        self.path: Path = people.home.root / FILE
        self.home = HomePolicy(people.home.root, people.foundation, people.operators, lambda: self.known)

    def set(self, version: int, policy: CryptoPolicy = POLICY, *names: str) -> SignedPolicy:
        deciding = [self.people.acting(name) for name in names or ("anna", "bert")]
        signed = SignedPolicy.of(replace(policy, version=version), self.people.foundation, NOW, deciding)
        self.home.keep(signed)
        self.known = (version, signed.digest)
        return signed


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(People(tmp_path / "home"))


def test_a_home_that_set_none_has_the_shipped_one(kept: Kept) -> None:
    found = kept.home.load()
    assert (found.policy, found.signed) == (shipped_policy(), None)


def test_what_two_people_set_holds(kept: Kept) -> None:
    signed = kept.set(1)
    found = kept.home.load()
    assert (found.policy, found.signed) == (replace(POLICY, version=1), signed)
    assert [each.operator for each in signed.signatures] == ["anna", "bert"]


def test_one_person_is_not_enough_not_even_twice(kept: Kept) -> None:
    for names in (("anna",), ("anna", "anna")):
        kept.set(1, POLICY, *names)
        with pytest.raises(IntegrityBroken, match="crypto-policy-unsigned"):
            kept.home.load()


def test_an_older_copy_that_is_put_back_is_refused(kept: Kept) -> None:
    kept.set(1)
    older = kept.path.read_bytes()
    kept.set(2, shipped_policy())
    assert kept.home.load().policy.version == 2
    kept.path.write_bytes(older)
    with pytest.raises(IntegrityBroken, match="crypto-policy-old") as caught:
        kept.home.load()
    assert (caught.value.facts["version"], caught.value.facts["known"]) == (1, 2)


def test_a_file_that_the_log_does_not_know_is_refused(kept: Kept) -> None:
    first = kept.set(1)
    for version in (1, 2):
        kept.set(version, shipped_policy())
        kept.known = (1, first.digest)
        with pytest.raises(IntegrityBroken, match="crypto-policy-not-on-record"):
            kept.home.load()
    kept.known = None
    with pytest.raises(IntegrityBroken, match="crypto-policy-not-on-record"):
        kept.home.load()


def test_a_removed_file_is_missed(kept: Kept) -> None:
    kept.set(3)
    kept.path.unlink()
    with pytest.raises(IntegrityBroken, match="crypto-policy-missing") as caught:
        kept.home.load()
    assert caught.value.facts["version"] == 3


def test_the_file_of_another_home_is_refused(kept: Kept, tmp_path: Path) -> None:
    other = Kept(People(tmp_path / "other"))
    other.set(1)
    kept.path.write_bytes(other.path.read_bytes())
    with pytest.raises(IntegrityBroken, match="crypto-policy-damaged"):
        kept.home.load()


def _weaker(content: dict[str, Any]) -> None:
    content["content"]["uses"]["csca"]["longest_usage_days"] = 1827


def _stranger(content: dict[str, Any]) -> None:
    content["signatures"][1]["operator"] = "carl"


def _unsigned(content: dict[str, Any]) -> None:
    content["signatures"][1]["signature"] = None


def _swapped(content: dict[str, Any]) -> None:
    first, second = content["signatures"]
    first["signature"], second["signature"] = second["signature"], first["signature"]


def _newer(content: dict[str, Any]) -> None:
    content["version"] = 9


@pytest.mark.parametrize("forge", [_weaker, _stranger, _unsigned, _swapped, _newer])
@pytest.mark.parametrize("with_log", [True, False])
def test_a_forged_file_is_refused_also_where_no_log_is_at_hand(
    kept: Kept, forge: Callable[[dict[str, Any]], None], with_log: bool
) -> None:
    kept.set(1)
    content = json.loads(kept.path.read_bytes())
    forge(content)
    kept.path.write_bytes(json.dumps(content).encode())
    people = kept.people
    home = kept.home if with_log else HomePolicy(people.home.root, people.foundation, people.operators)
    with pytest.raises(IntegrityBroken, match="crypto-policy-unsigned"):
        home.load()


def test_a_link_or_a_folder_in_its_place_is_refused(kept: Kept, tmp_path: Path) -> None:
    kept.set(1)
    data = kept.path.read_bytes()
    kept.path.unlink()
    (tmp_path / "elsewhere").write_bytes(data)
    kept.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IntegrityBroken, match="crypto-policy-damaged"):
        kept.home.load()


def test_a_demo_home_asks_for_no_signatures_but_for_the_log(tmp_path: Path) -> None:
    people = People(tmp_path / "demo", demo=True)
    known: tuple[int, str] | None = None
    home = HomePolicy(people.home.root, people.foundation, people.operators, lambda: known)
    signed = SignedPolicy.of(replace(POLICY, version=1), people.foundation, NOW, [])
    home.keep(signed)
    with pytest.raises(IntegrityBroken, match="crypto-policy-not-on-record"):
        home.load()
    known = (1, signed.digest)
    assert home.load().policy.version == 1


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    kept = Kept(People(tmp_path_factory.mktemp("policy") / "home"))
    kept.set(1)
    kept.genuine = kept.path.read_bytes()
    return kept


@given(
    name=st.sampled_from(["schema", "home", "version", "decided_at", "content", "signatures", "more"]), value=_VALUES
)
def test_no_file_makes_more_than_a_clear_error(shared: Kept, name: str, value: object) -> None:
    content = json.loads(shared.genuine)
    shared.path.write_bytes(json.dumps({**content, name: value}).encode())
    with pytest.raises(IntegrityBroken, match="crypto-policy-"):
        shared.home.load()


@given(data=st.binary(max_size=200) | st.integers(0, 4000).map(lambda depth: b"[" * depth))
def test_no_bytes_make_more_than_a_clear_error(shared: Kept, data: bytes) -> None:
    shared.path.write_bytes(data)
    with pytest.raises(IntegrityBroken, match="crypto-policy-damaged"):
        shared.home.load()
