"""A CVCA certificate is a home's own by rows of the log that two security officers signed, and by nothing else."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eid_toolkit.books.audit.made import Made, in_detail
from eid_toolkit.books.authorities.verifying import VerifyingStore
from eid_toolkit.books.authorities.vouched import is_own_root, made_before, made_of, own_chains
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.home.home import Home
from eid_toolkit.standards.pki.cv_certificate import CvCertificate
from support.homes import ENTROPY, NOW, PASSPHRASE, WorkingOffice, build_home, person


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("real") / "home", demo=False).root


@pytest.fixture
def office(template: Path, tmp_path: Path) -> Iterator[WorkingOffice]:
    shutil.copytree(template, tmp_path / "home")
    opened = WorkingOffice.at(Home.open(tmp_path / "home"))
    yield opened
    opened.register.close()


def store_of(office: WorkingOffice) -> VerifyingStore:
    return VerifyingStore(office.home.pki, office.keys)


def root_of(office: WorkingOffice) -> CvCertificate:
    """Made by Anna and Bert, and not on record yet."""
    for name in ("anna", "bert"):
        person(office, name)
    return store_of(office).create_root("UTO", "CVCA", 3, NOW.date(), 1095, "ec")


def record(office: WorkingOffice, made: Made, *people: Operator, action: str = "cvca.created") -> None:
    office.register.record("anna", action, "UTO", in_detail(office.keys.foundation, people, [made]))


def test_two_security_officers_vouch_for_it(office: WorkingOffice) -> None:
    root, anna, bert = root_of(office), person(office, "anna"), person(office, "bert")
    made = made_of("cvca", "UTO", root, NOW)
    assert not is_own_root(office.register.made, "UTO", root)
    record(office, made)
    record(office, made, anna)
    record(office, made, anna, anna)
    record(office, made, anna, Operator("bert", anna.keys))
    record(office, replace(made, kind="dv"), anna, bert)
    record(office, replace(made, sha256=hashlib.sha256(b"another").hexdigest()), anna, bert)
    record(office, made, anna, bert, action="cvca.decided")
    assert not is_own_root(office.register.made, "UTO", root)
    with pytest.raises(IntegrityBroken, match="own-certificate-not-proved"):
        own_chains(store_of(office), office.register.made, "UTO")
    record(office, made, anna, bert)
    assert is_own_root(office.register.made, "UTO", root)
    assert own_chains(store_of(office), office.register.made, "UTO") == (root,)


def test_two_others_do_not(office: WorkingOffice) -> None:
    root, people = root_of(office), []
    for name in ("carl", "dora"):
        office.operators.enrol(name, PASSPHRASE, frozenset({Role.PERSONALIZER}), NOW, office.keys.staff.sign, ENTROPY)
        standing = {"version": 1, "record_sha256": office.operators.get(name).digest(office.keys.foundation)}
        office.register.record("anna", "operator.added", name, {**standing, "roles": ["personalizer"]})
        people.append(person(office, name))
    record(office, made_of("cvca", "UTO", root, NOW), *people)
    assert not is_own_root(office.register.made, "UTO", root)


@pytest.mark.parametrize("detail", [{"made": None}, {"made": 3}, {"made": [1]}, {"made": [{"kind": "cvca"}]}, {}])
def test_a_row_that_says_something_else_says_nothing(office: WorkingOffice, detail: dict[str, object]) -> None:
    root = root_of(office)
    office.register.record("anna", "cvca.created", "UTO", detail)
    assert not is_own_root(office.register.made, "UTO", root)


def test_of_a_home_of_before_that_is_its_own_of_which_it_has_the_key(office: WorkingOffice, tmp_path: Path) -> None:
    root = root_of(office)
    other = WorkingOffice.at(build_home(tmp_path / "other", demo=False))
    theirs = root_of(other)
    other.register.close()
    (office.home.pki / "UTO/cvca-2.cvcert").write_bytes(theirs.encode())
    places = [("UTO", "cvca", 1), ("UTO", "cvca", 2)]
    assert made_before(store_of(office), places, NOW) == [made_of("cvca", "UTO", root, NOW)]
    (office.home.pki / "UTO/cvca-1.cvcert").write_bytes(theirs.encode())
    assert made_before(store_of(office), places, NOW) == []
