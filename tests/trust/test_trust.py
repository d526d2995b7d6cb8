"""The trust store: what comes in, from where, and what is refused."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.trust.database import FILE
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from support.authorities import NOW, Authority
from support.people import People
from support.trust_files import import_files

UTOPIA, ATLANTIS = Authority(), Authority("VNM")


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "trust")


def pem(label: str, data: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(data) + f"-----END {label}-----\n".encode()


def test_certificates_and_lists_are_kept_with_their_origin(store: TrustStore) -> None:
    crl = UTOPIA.crl()
    bundle = pem("CERTIFICATE", UTOPIA.csca.der) + pem("X509 CRL", crl.der)
    import_files(store, [("utopia.pem", bundle), ("vnm.cer", ATLANTIS.csca.der)], NOW, Operator("anna"))
    material = store.material()
    assert {anchor.fingerprint for anchor in material.anchors} == {UTOPIA.csca.fingerprint, ATLANTIS.csca.fingerprint}
    assert [each.fingerprint for each in material.crls] == [crl.fingerprint]
    entry = store.find(UTOPIA.csca.fingerprint[:12].upper())
    assert (entry.source, entry.operator, entry.imported_at) == ("utopia.pem", "anna", NOW)


def test_a_list_needs_its_authority(store: TrustStore) -> None:
    crl = UTOPIA.crl()
    with pytest.raises(BadInput, match="trust-crl-of-unknown-authority"):
        import_files(store, [("utopia.crl", crl.der)], NOW, None)
    import_files(store, [("utopia.crl", crl.der), ("utopia.cer", UTOPIA.csca.der)], NOW, None)
    assert len(store.entries()) == 2


def test_one_bad_file_keeps_all_out(store: TrustStore) -> None:
    with pytest.raises(BadInput, match="trust-file-unknown"):
        import_files(store, [("good.cer", UTOPIA.csca.der), ("bad.cer", b"not a certificate")], NOW, None)
    assert store.entries() == ()


def test_a_document_signer_is_no_anchor(store: TrustStore) -> None:
    with pytest.raises(BadInput, match="trust-not-a-csca"):
        import_files(store, [("ds.cer", UTOPIA.signer().der)], NOW, None)


def test_what_is_removed_is_believed_no_more(store: TrustStore) -> None:
    import_files(store, [("utopia.cer", UTOPIA.csca.der)], NOW, None)
    store.remove(UTOPIA.csca.fingerprint)
    assert not store.material().anchors
    with pytest.raises(BadInput, match="trust-entry-unknown"):
        store.find(UTOPIA.csca.fingerprint)


def change(store: TrustStore, statement: str, *values: object) -> None:
    """Another program changes the store's file."""
    with closing(sqlite3.connect(store.directory / FILE)) as connection, connection:
        assert connection.execute(statement, values).rowcount == 1


def test_an_anchor_that_was_exchanged_on_the_disk_is_told(store: TrustStore) -> None:
    import_files(store, [("utopia.cer", UTOPIA.csca.der)], NOW, None)
    change(store, "UPDATE object SET data = ?", ATLANTIS.csca.der)
    with pytest.raises(IntegrityBroken, match="trust-entry-damaged"):
        store.material().anchors_of("UT")


def test_a_file_that_is_no_store_is_told_and_a_newer_one_is_not_touched(store: TrustStore) -> None:
    import_files(store, [("utopia.cer", UTOPIA.csca.der)], NOW, None)
    with closing(sqlite3.connect(store.directory / FILE)) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(BadInput, match="trust-store-newer"):
        TrustStore(store.directory).entries()
    (store.directory / FILE).write_bytes(bytes(5000))
    with pytest.raises(IntegrityBroken, match="trust-store-damaged"):
        TrustStore(store.directory).entries()


def test_a_bit_flipped_in_the_schema_is_told(store: TrustStore) -> None:
    import_files(store, [("utopia.cer", UTOPIA.csca.der)], NOW, None)
    path = store.directory / FILE
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE ", b"CREATE T\xc1BLE "))
    with pytest.raises(IntegrityBroken, match="trust-store-damaged"):
        TrustStore(store.directory).entries()


def test_in_an_authoritys_home_an_anchor_needs_two_operators_signatures(tmp_path: Path) -> None:
    people = People(tmp_path / "home")
    operators, anna, bert = people.operators, people.acting("anna"), people.acting("bert")
    store = TrustStore(tmp_path / "trust", operators)
    store.add(UTOPIA.csca, "own authority", NOW, anna, bert)
    store.add(ATLANTIS.csca, "vnm.cer", NOW, anna)
    with pytest.raises(IntegrityBroken, match="trust-decision-second-missing"):
        store.material().anchors_of("VN")
    store.remove(ATLANTIS.csca.fingerprint)
    store.add(ATLANTIS.csca, "vnm.cer", NOW, anna, anna)
    with pytest.raises(IntegrityBroken, match="trust-decision-signature"):
        store.material().anchors_of("VN")
    store.remove(ATLANTIS.csca.fingerprint)
    store.add(ATLANTIS.csca, "vnm.cer", NOW, anna, bert)
    assert len(store.material().anchors) == 2

    change(
        store,
        "UPDATE single SET origin = replace(origin, 'vnm.cer', 'another.cer') WHERE origin LIKE '%vnm%'",
    )
    with pytest.raises(IntegrityBroken, match="trust-decision-signature"):
        store.material().anchors_of("VN")
    store.remove(ATLANTIS.csca.fingerprint)
    TrustStore(tmp_path / "trust").add(ATLANTIS.csca, "smuggled in", NOW)
    with pytest.raises(IntegrityBroken, match="trust-decision-signature"):
        store.material().anchors_of("VN")
    assert store.material().anchors_of("UT") == (UTOPIA.csca,)  # what is not looked at need not be decided on
