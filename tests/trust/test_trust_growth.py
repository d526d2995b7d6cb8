"""A trust store does not grow slow: each certificate is kept and read once, whatever number of lists brought it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.trust.database import FILE
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.master_list import MasterList
from eid_toolkit.standards.pki.validation import Status, validate_signer
from support.authorities import NOW, Authority
from support.odd_certificates import certificate_bytes
from support.old_trust import write_as_before
from support.people import People
from support.trust_files import import_files

STATES = ("FRA", "DEU", "NLD", "GHA", "JPN", "BRA")
UTOPIA, *OTHERS = Authority(), *map(Authority, STATES)
CSCAS = [other.csca for other in OTHERS]
PASSPHRASE = Secret(b"operator passphrase")


def edition(number: int, *without: Certificate) -> bytes:
    listed = [csca for csca in CSCAS if csca not in without]
    return UTOPIA.master_list(UTOPIA.csca, *listed, signing_time=NOW + timedelta(seconds=number))


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    store = TrustStore(tmp_path / "trust")
    import_files(store, [("utopia.cer", UTOPIA.csca.der)], NOW, Operator("anna"))
    return store


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Every certificate that is read."""
    seen: list[bytes] = []
    read = Certificate._read.__func__  # type: ignore[attr-defined]

    def counting(cls: type[Certificate], data: bytes) -> Certificate:
        seen.append(data)
        return read(cls, data)

    monkeypatch.setattr(Certificate, "_read", classmethod(counting))
    return seen


def take(store: TrustStore, number: int, *without: Certificate) -> None:
    import_files(store, [(f"edition {number}", edition(number, *without))], NOW + timedelta(days=number), None)


def test_an_inspection_reads_what_it_needs_however_many_editions_there_are(
    store: TrustStore, parsed: list[bytes]
) -> None:
    france = OTHERS[0]
    signer = france.signer()
    for number in range(4):
        take(store, number)
        fresh = TrustStore(store.directory)
        parsed.clear()
        assert validate_signer(signer, fresh.material(), NOW).status is Status.PASSED
        assert parsed == [france.csca.der]


def test_a_certificate_lies_in_the_store_once(store: TrustStore) -> None:
    for number in range(5):
        take(store, number)
    data = (store.directory / FILE).read_bytes()
    assert [data.count(csca.der[-60:]) for csca in CSCAS] == [1] * len(CSCAS)


def test_a_list_comes_out_of_the_store_as_it_was_signed(store: TrustStore) -> None:
    signed = edition(1)
    import_files(store, [("list.ml", signed)], NOW, None)
    (pack,) = TrustStore(store.directory).packs.all()
    sources = [member.data for member in pack.members if member.role == "source"]
    assert sources == [signed]
    assert len(MasterList.parse(sources[0]).certificates) == len(CSCAS) + 1


def test_where_a_certificate_came_from_is_kept_for_each_edition(store: TrustStore) -> None:
    for number in range(3):
        take(store, number)
    lists = store.packs.holding(CSCAS[0].fingerprint)
    assert [(pack.name, pack.imported_at) for pack in lists] == [
        (f"edition {number}", NOW + timedelta(days=number)) for number in range(3)
    ]
    entry = store.find(CSCAS[0].fingerprint)
    assert (entry.source, entry.imported_at) == ("edition 0", NOW)


def test_a_certificate_stays_as_long_as_a_list_has_it(store: TrustStore) -> None:
    take(store, 0)
    take(store, 1, CSCAS[0])
    first, second = store.packs.all()
    store.remove_list(second)
    assert {entry.item.der for entry in store.entries()} == {UTOPIA.csca.der, *(csca.der for csca in CSCAS)}
    store.remove_list(first)
    assert [entry.item.der for entry in store.entries()] == [UTOPIA.csca.der]
    with closing(sqlite3.connect(store.directory / FILE)) as connection:
        assert connection.execute("SELECT count(*) FROM object").fetchone() == (1,)


def test_what_an_earlier_version_kept_is_taken_over_at_the_first_opening(store: TrustStore, tmp_path: Path) -> None:
    take(store, 0)
    take(store, 1, CSCAS[0])
    import_files(store, [("utopia.crl", UTOPIA.crl().der)], NOW, None)
    old = tmp_path / "old"
    write_as_before(store, old)
    (old / f"{CSCAS[2].fingerprint}.removed").write_bytes(b"")
    (old / "bundle-authority.json").write_text("{}")

    opened = TrustStore(old)
    expected = [entry.to_json() for entry in store.entries() if entry.item != CSCAS[2]]
    assert [entry.to_json() for entry in opened.entries()] == expected
    assert opened.packs.all() == store.packs.all()
    assert sorted(path.name for path in old.iterdir()) == ["bundle-authority.json", FILE]
    assert [entry.to_json() for entry in TrustStore(old).entries()] == expected


def test_one_decision_in_the_file_itself_is_read_too(store: TrustStore, tmp_path: Path) -> None:
    """As it was written before lists and second operators came."""
    old = tmp_path / "old"
    write_as_before(store, old)
    (origin,) = old.glob("*.json")
    kept = json.loads(origin.read_text())
    del kept["decisions"]
    origin.write_text(json.dumps(kept))
    (read,) = TrustStore(old).entries()
    assert (read.kind, read.operator, read.source) == ("anchor", "anna", "utopia.cer")


def test_decisions_that_an_earlier_version_kept_still_count(tmp_path: Path) -> None:
    people = People(tmp_path / "home")
    operators, anna, bert = people.operators, people.acting("anna"), people.acting("bert")
    store = TrustStore(tmp_path / "trust", operators)
    store.add(UTOPIA.csca, "own authority", NOW, anna, bert)
    store.add(CSCAS[0], "fra.cer", NOW, anna, bert)
    import_files(store, [("list.ml", edition(0))], NOW, anna)
    write_as_before(store, tmp_path / "old")
    opened = TrustStore(tmp_path / "old", operators)
    assert {anchor.der for anchor in opened.material().anchors} == {UTOPIA.csca.der, *(csca.der for csca in CSCAS)}


def test_a_damaged_file_of_an_earlier_version_is_told_and_nothing_is_lost(store: TrustStore, tmp_path: Path) -> None:
    take(store, 0)
    old = tmp_path / "old"
    write_as_before(store, old)
    before = {path.name: path.read_bytes() for path in old.iterdir()}
    (pack,) = old.glob("*.pack")
    pack.write_bytes(pack.read_bytes()[:-1] + b"\x00")
    with pytest.raises(IntegrityBroken, match="trust-entry-damaged"):
        TrustStore(old).entries()
    pack.write_bytes(before[pack.name])
    assert {path.name for path in old.iterdir()} >= set(before)
    assert len(TrustStore(old).entries()) == len(CSCAS) + 1


STOP = """
import os, sys
from pathlib import Path
from eid_toolkit.books.trust import database as trust_database, files as trust_files
from eid_toolkit.books.trust.store import TrustStore

left = int(sys.argv[2])

def die_in(function):
    def wrapped(*arguments, **named):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return function(*arguments, **named)
    return wrapped

trust_files.keep = die_in(trust_files.keep)
trust_files.insert = die_in(trust_files.insert)
Path.unlink = die_in(Path.unlink)
trust_database.sync_directory = die_in(trust_database.sync_directory)
print(len(TrustStore(Path(sys.argv[1])).entries()))
"""


def test_the_power_may_fail_at_any_place_while_it_is_taken_over(store: TrustStore, tmp_path: Path) -> None:
    take(store, 0)
    expected = [entry.to_json() for entry in store.entries()]
    for stop in range(1, 50):
        old = tmp_path / str(stop)
        write_as_before(store, old)
        ended = subprocess.run([sys.executable, "-c", STOP, str(old), str(stop)], timeout=60, check=False)
        assert [entry.to_json() for entry in TrustStore(old).entries()] == expected
        assert [path.name for path in old.iterdir()] == [FILE]
        if ended.returncode == 0:
            break
        assert ended.returncode == 9
    assert stop > 5


def test_a_home_that_cannot_be_written_to_is_read_as_it_is(
    store: TrustStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(store, 0)
    old = tmp_path / "old"
    write_as_before(store, old)
    before = sorted(path.name for path in old.iterdir())
    monkeypatch.setattr("eid_toolkit.books.trust.database.os.access", lambda *_: False)
    assert len(TrustStore(old).entries()) == len(CSCAS) + 1
    assert len(TrustStore(old).material().anchors_of("FR")) == 1
    assert sorted(path.name for path in old.iterdir()) == before


def test_a_process_that_dies_while_it_imports_leaves_nothing_of_the_list(store: TrustStore) -> None:
    (store.directory.parent / "list.ml").write_bytes(edition(0))
    script = """
import os, sys
from datetime import datetime
from pathlib import Path
from eid_toolkit.books.trust import store as trust
from eid_toolkit.books.trust.sources import Sources, read_bytes
trust.sweep = lambda connection: os._exit(9)
data = Path(sys.argv[2]).read_bytes()
sources = Sources()
read_bytes(sources, "list.ml", data)
store = trust.TrustStore(Path(sys.argv[1]))
store.carry_out(store.plan(sources, datetime.fromisoformat(sys.argv[3])), None)
"""
    arguments = [str(store.directory), str(store.directory.parent / "list.ml"), NOW.isoformat()]
    assert subprocess.run([sys.executable, "-c", script, *arguments], timeout=60, check=False).returncode == 9
    assert [entry.item.der for entry in store.entries()] == [UTOPIA.csca.der]
    take(store, 0)
    assert len(store.entries()) == len(CSCAS) + 1


def test_in_an_authoritys_home_one_list_is_held_against_its_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People(tmp_path / "home")
    operators, anna, bert = people.operators, people.acting("anna"), people.acting("bert")
    store = TrustStore(tmp_path / "trust", operators)
    store.add(UTOPIA.csca, "own authority", NOW, anna, bert)
    for number in range(4):
        import_files(store, [(f"{number}.ml", edition(number))], NOW, anna)
    looked: list[int] = []
    read = MasterList.signed_content
    monkeypatch.setattr(MasterList, "signed_content", lambda data: looked.append(len(data)) or read(data))
    material = store.material()
    assert validate_signer(OTHERS[0].signer(), material, NOW).status is Status.PASSED
    assert len(looked) == 1
    assert len(material.anchors) == len(tuple(material.anchors)) == len(CSCAS) + 1
    assert len(looked) == 1  # the others stand in the same list


def test_a_list_that_vouches_for_another_lists_signer_is_found(tmp_path: Path) -> None:
    """Of two lists that prove each other only, none is good; with a third that proves one, all are."""
    people = People(tmp_path / "home")
    operators, anna, bert = people.operators, people.acting("anna"), people.acting("bert")
    france, germany = OTHERS[:2]
    by_utopia = UTOPIA.master_list(france.csca)
    by_france, by_germany = france.master_list(germany.csca), germany.master_list(france.csca)
    store = TrustStore(tmp_path / "trust", operators)
    store.add(UTOPIA.csca, "own authority", NOW, anna, bert)
    for name, data in (("u.ml", by_utopia), ("f.ml", by_france), ("d.ml", by_germany)):
        import_files(store, [(name, data)], NOW, anna)
    assert len(store.material().anchors_of("DE")) == len(store.material().anchors_of("FR")) == 1
    (first,) = (pack for pack in store.packs.all() if pack.name == "u.ml")
    store.remove_list(first)
    for country in ("DE", "FR"):
        with pytest.raises(IntegrityBroken, match="trust-list-not-proved"):
            store.material().anchors_of(country)


def test_nobody_else_may_read_the_store(store: TrustStore) -> None:
    assert (store.directory / FILE).stat().st_mode & 0o777 == 0o600
    assert store.directory.stat().st_mode & 0o777 == 0o700


def test_what_an_earlier_version_took_and_this_one_cannot_read_is_told_and_can_be_removed(tmp_path: Path) -> None:
    """A serial number of two thousand bytes: once it was taken, `trust list` ended with an internal error for good."""
    huge = certificate_bytes(UTOPIA.csca, UTOPIA.key, serial=b"\x7f" * 2000)
    fingerprint = sha256(huge).hexdigest()
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / f"{fingerprint}.cer").write_bytes(huge)
    (tmp_path / "trust" / f"{fingerprint}.json").write_text('{"kind": "anchor"}')
    store = TrustStore(tmp_path / "trust")
    store.add(UTOPIA.csca, "a file", NOW)
    assert [entry.fingerprint for entry in store.entries()] == [UTOPIA.csca.fingerprint]
    assert store.unreadable() == (fingerprint,)
    assert validate_signer(UTOPIA.signer(), store.material(), NOW).csca == UTOPIA.csca
    store.remove(fingerprint)
    assert store.unreadable() == ()
