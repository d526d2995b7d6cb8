"""Vendors' keys in the key store: what is read back, what was changed, and people who type at the same time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.register.stock.manifests import Manifest, encode_manifest
from eid_toolkit.books.register.stock.vendor_keys import (
    Batch,
    DestroyedKey,
    KeptComponent,
    KeyRequest,
    Terms,
    UnfinishedImport,
    VendorKey,
    VendorKeys,
)
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.check_values import CheckValue, check_value
from eid_toolkit.standards.crypto.key_components import combine
from eid_toolkit.standards.protocols.key_diversification import DiversificationVector, Scheme
from eid_toolkit.work.office import vendor_keys
from support.homes import ANNA, WorkingOffice
from support.people import People

OF = Batch("Cards Ltd", "2026/17")
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
TERMS = Terms(b"\x01\x02\x03", CheckValue.ZEROS, Scheme.KDF3)
PARTS = [Secret(bytes([n]) * 8 + bytes([7 * n]) * 8) for n in (1, 2, 4)]
RECORDS = (
    VendorKey(OF, TERMS, Secret(b"k" * 32), "wrapped", NOW, ("anna", "bert")),
    KeyRequest(OF, "p-256", Secret(b"private"), b"public", NOW, "anna"),
    UnfinishedImport(OF, TERMS, 3, NOW, "anna"),
)


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(tmp_path / "home")


@pytest.fixture
def keys(people: People) -> KeyStore:
    return people.keys


def reopened(people: People) -> VendorKeys:
    return VendorKeys(people.opened_by("anna"))


def test_records_are_read_as_they_were_kept(keys: KeyStore, people: People) -> None:
    records = VendorKeys(keys)
    for record in RECORDS:
        records.keep(record)
        with pytest.raises(NotPermitted, match="key-exists"):
            records.keep(record)
    records.keep_component(OF, KeptComponent(2, PARTS[0], "bert", NOW))
    gone = DestroyedKey(OF, TERMS, 16, "components", NOW, ("anna",), NOW, ("anna", "bert"))
    records.keep_destroyed(gone)
    again = reopened(people)
    key, request = again.find(OF), again.request_of(OF)
    assert key is not None
    assert request is not None
    assert (key.of, key.terms, key.way, key.imported_at, key.operators) == (OF, TERMS, "wrapped", NOW, ("anna", "bert"))
    assert key.key.matches(b"k" * 32)
    assert request.private.matches(b"private")
    assert again.import_of(OF) == RECORDS[2]
    (part,) = again.components_of(OF)
    assert (part.number, part.operator, part.component.matches(PARTS[0])) == (2, "bert", True)
    assert {type(record) for record in again.all()} == {VendorKey, KeyRequest, UnfinishedImport, DestroyedKey}
    assert gone in list(again.all())
    assert len(again.names_of(OF)) == 4
    assert repr(key).count("Secret of") == 1


@pytest.mark.parametrize("other", [Batch("cards LTD", "2026/17"), Batch("Cards Ltd", "2026/17".upper())])
def test_a_batch_is_found_in_any_letter_case(keys: KeyStore, other: Batch) -> None:
    VendorKeys(keys).keep(RECORDS[0])
    assert VendorKeys(keys).find(other) is not None
    assert VendorKeys(keys).known_as(other) == OF


@pytest.mark.parametrize("other", [Batch("Cards Ltd2026/17", ""), Batch("2026/17", "Cards Ltd"), Batch("Cards", "Ltd")])
def test_another_batch_is_another(keys: KeyStore, other: Batch) -> None:
    VendorKeys(keys).keep(RECORDS[0])
    assert VendorKeys(keys).find(other) is None
    assert VendorKeys(keys).opening(other) is None


def test_a_record_in_the_place_of_another_batchs_opens_nothing(keys: KeyStore, people: People) -> None:
    """Whoever exchanges files in the key store without its passphrase."""
    records, other = VendorKeys(keys), Batch("Cards Ltd", "2026/18")
    records.keep(RECORDS[0])
    (name,) = records.names_of(OF)
    folder = people.home.keys
    (folder / f"{name}.wrapped").rename(folder / f"{name.replace(OF.digits, other.digits)}.wrapped")
    with pytest.raises(IntegrityBroken):
        reopened(people).find(other)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"x" * 16, b'{"schema": "eid-vendor-key/2"}', b"\xff\xfe"])
def test_what_is_no_record_is_damage(keys: KeyStore, content: bytes) -> None:
    keys.create_symmetric(f"vendor-key-{OF.digits}", Secret(content))
    with pytest.raises(IntegrityBroken, match="key-store-damaged"):
        VendorKeys(keys).find(OF)


def test_a_destroyed_symmetric_key_is_gone_and_forgotten(keys: KeyStore) -> None:
    keys.create_symmetric("vendor-key-x", Secret(b"k" * 16))
    assert keys.symmetric("vendor-key-x").matches(b"k" * 16)
    keys.destroy("vendor-key-x")
    assert "vendor-key-x" not in keys.names()
    for call in (keys.symmetric, keys.destroy):
        with pytest.raises(IntegrityBroken, match="key-missing"):
            call("vendor-key-x")


def typing(office: WorkingOffice, number: int) -> vendor_keys.Custodian:
    """Somebody is asked for a component; the terms are told, as the first one has to."""
    return vendor_keys.custodian(office, OF, number, len(PARTS), Terms(check_value(combine(PARTS))))


def keep(office: WorkingOffice, who: vendor_keys.Custodian) -> None:
    part = PARTS[who.number - 1]
    vendor_keys.keep_component(office, who, part, check_value(part))


def test_two_who_type_at_the_same_time_complete_the_key(office: WorkingOffice) -> None:
    keep(office, typing(office, 1))
    second, third = typing(office, 2), typing(office, 3)
    keep(office, third)
    keep(office, second)
    key = VendorKeys(office.keys).find(OF)
    assert key is not None
    assert key.key.matches(combine(PARTS))


def test_of_two_who_begin_at_the_same_time_the_later_one_is_told(office: WorkingOffice) -> None:
    first, other = typing(office, 1), typing(office, 2)
    keep(office, first)
    with pytest.raises(NotPermitted, match="vendor-key-import-open"):
        keep(office, other)
    keep(office, typing(office, 2))
    keep(office, typing(office, 3))
    assert VendorKeys(office.keys).find(OF) is not None


def test_a_component_typed_twice_at_the_same_time_is_kept_once(office: WorkingOffice) -> None:
    keep(office, typing(office, 1))
    both = [typing(office, 2), typing(office, 2)]
    keep(office, both[0])
    with pytest.raises(NotPermitted, match="vendor-key-component-there"):
        keep(office, both[1])


def test_an_import_that_is_given_up_while_somebody_types_stays_given_up(office: WorkingOffice) -> None:
    keep(office, typing(office, 1))
    keep(office, typing(office, 2))
    last = typing(office, 3)
    vendor_keys.destroy_key(office, OF, "given up")
    with pytest.raises(NotPermitted, match="vendor-key-unknown"):
        keep(office, last)
    assert VendorKeys(office.keys).names_of(OF) == ()
    abandoned = [row.action for row in office.register.audit_rows(OF.subject)]
    assert abandoned[-1] == "stock.key-component.abandoned"


@pytest.mark.parametrize("key", [Secret(b"k" * 24), Secret(b"k" * 32)])
def test_a_key_that_the_diversification_cannot_use_is_refused(key: Secret) -> None:
    vector = DiversificationVector(bytes(10), b"123", b"123", b"123")
    for scheme in (Scheme.EMV, Scheme.VISA2):
        with pytest.raises(BadInput, match="master-key-length"):
            Terms(check_value(key), diversification=scheme, vector=vector).require(key, specimen=False)
        with pytest.raises(BadInput, match="key-vector-needed"):
            Terms(check_value(key), diversification=scheme)


def test_a_blank_tells_whose_it_is_and_a_batch_how_many_are_left(office: WorkingOffice) -> None:
    stock = office.register.stock
    for vendor, batch, numbers in (
        ("Cards Ltd", "2026/17", (1, 2)), ("CARDS LTD", "2026/17", (3,)), ("Cards Ltd", "2026/18", (4,)),
    ):  # fmt: skip
        listed = [(f"S-{number}", f"e1d0{number:016x}") for number in numbers]
        stock.receiving.receive(Manifest.read(encode_manifest(vendor, batch, listed)), ANNA)
    assert stock.origin_of(f"E1D0{1:016X}") == OF
    assert stock.origin_of(f"e1d0{4:016x}") == Batch("Cards Ltd", "2026/18")
    assert stock.origin_of("00" * 10) is None
    assert stock.unused_of(OF) == 3
    stock.miss(["S-2"], "gone", [ANNA])
    assert (stock.unused_of(OF), stock.unused_of(Batch("Other", "1"))) == (2, 0)
