"""Manifests of blanks: what is read, what is refused where, and whose signature counts."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.books.register.stock.manifests import MAX_BLANKS, Manifest, encode_manifest, read_serials
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.standards.pki.cms import build_signed_data, verify_signed_data
from support.authorities import Authority, new_key
from support.homes import ANNA, BERT, WorkingOffice
from support.manifests import SigningVendor, chip_of, manifest, serial_of

CSV = f"serial,chip\r\n{serial_of(1)},{chip_of(1)}\r\n\r\n{serial_of(2).lower()}, {chip_of(2).upper()}\r\n".encode()


def edited(**changes: object) -> bytes:
    return json.dumps({**json.loads(manifest(1, 2)), **changes}).encode()


def test_a_manifest_in_json_and_in_csv_say_the_same() -> None:
    as_json = Manifest.read(manifest(1, 2, batch="7/2"))
    as_csv = Manifest.read(b"\xef\xbb\xbf" + CSV, vendor="Cards Ltd", batch="7/2")
    for found in (as_json, as_csv):
        assert (found.vendor, found.batch, found.signed) == ("Cards Ltd", "7/2", None)
        assert [(each.serial, each.chip) for each in found.blanks] == [(serial_of(n), chip_of(n)) for n in (1, 2)]
    assert [each.place for each in as_csv.blanks] == ["line 2", "line 4"]


def test_what_is_written_is_read() -> None:
    blanks = [(serial_of(number), chip_of(number)) for number in range(3)]
    found = Manifest.read(encode_manifest("emulator", "B 1", blanks))
    assert [(each.serial, each.chip) for each in found.blanks] == blanks


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"", "manifest-malformed", None),
        (b"\xff\xfe", "manifest-not-utf8", None),
        (b"{", "manifest-malformed", None),
        (b"{" * 100_000, "manifest-malformed", None),
        (edited(schema="eid-blank-manifest/2"), "manifest-malformed", None),
        (edited(vendor=7), "manifest-malformed", None),
        (edited(vendor="\x1b[31m"), "stock-name-malformed", None),
        (edited(batch="x" * 41), "stock-name-malformed", None),
        (edited(blanks=[]), "manifest-empty", None),
        (edited(blanks=[{"serial": "BL-1"}]), "manifest-row-malformed", "blank 1"),
        (edited(blanks=[{"serial": "BL-1", "chip": "xyz"}]), "blank-chip-malformed", "blank 1"),
        (edited(blanks=[{"serial": "a b", "chip": chip_of(1)}]), "blank-serial-malformed", "blank 1"),
        (b"chip,serial\n", "manifest-malformed", None),
        (b"serial,chip\n", "manifest-empty", None),
        (b"serial,chip\nBL-1\n", "manifest-row-malformed", "line 2"),
        (b'serial,chip\n"BL-1,00\n', "manifest-row-malformed", "line 2"),
        (b"serial,chip\nBL-1,0011223344,\n", "manifest-row-malformed", "line 2"),
        (b"serial,chip\n=1+1,0011223344\n", "blank-serial-malformed", "line 2"),
    ],
)
def test_what_is_no_manifest_is_refused_with_its_place(data: bytes, code: str, place: str | None) -> None:
    given = {} if data.startswith(b"{") else {"vendor": "V", "batch": "B"}
    with pytest.raises(BadInput) as caught:
        Manifest.read(data, **given)
    assert caught.value.code == code
    assert caught.value.facts.get("place") == place


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | st.binary(max_size=40).map(manifest(1).__add__)
)
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    for vendor, batch in ((None, None), ("V", "B")):
        with suppress(BadInput):
            Manifest.read(data, vendor=vendor, batch=batch)
    with suppress(BadInput, IntegrityBroken):
        Manifest.read(manifest(1), signature=data)
    with suppress(BadInput):
        read_serials(data)


SIGNER = SigningVendor()
SIGNATURE = SIGNER.sign(manifest(1, 2))


@given(st.integers(0, len(SIGNATURE) - 1), st.integers(1, 255), st.booleans())
def test_a_signature_with_a_byte_changed_is_refused_or_none(place: int, change: int, cut: bool) -> None:
    changed = SIGNATURE[:place] + (b"" if cut else bytes((SIGNATURE[place] ^ change,))) + SIGNATURE[place + 1 :]
    with suppress(BadInput, IntegrityBroken):
        read = Manifest.read(manifest(1, 2), signature=changed)
        assert read.signed is not None
        verify_signed_data(read.signed, SIGNER.der)


def test_blanks_that_stand_twice_are_named_by_their_lines() -> None:
    rows = [(serial_of(1), chip_of(1)), (serial_of(2), chip_of(2)), (serial_of(1), chip_of(3)), ("BL-9", chip_of(2))]
    text = "serial,chip\n" + "".join(f"{serial},{chip}\n" for serial, chip in rows)
    with pytest.raises(BadInput) as caught:
        Manifest.read(text.encode(), vendor="V", batch="B")
    assert caught.value.code == "manifest-duplicates"
    assert caught.value.facts == {"count": 2, "places": "line 4 (as line 2), line 5 (as line 3)"}


def test_a_manifest_has_a_largest_size() -> None:
    text = "serial,chip\n" + "".join(f"S{n:06},{chip_of(n)}\n" for n in range(MAX_BLANKS + 1))
    with pytest.raises(BadInput, match="manifest-too-long"):
        Manifest.read(text.encode(), vendor="V", batch="B")
    with pytest.raises(BadInput, match="manifest-too-large"):
        Manifest.read(b" " * (33 << 20))


def test_vendor_and_batch_are_said_once() -> None:
    with pytest.raises(BadInput, match="manifest-without"):
        Manifest.read(CSV, vendor="V")
    with pytest.raises(BadInput, match="manifest-of-another"):
        Manifest.read(manifest(1), vendor="Another")
    assert Manifest.read(manifest(1), vendor="CARDS LTD").vendor == "Cards Ltd"


def test_a_scanner_reads_each_serial_once() -> None:
    assert read_serials(b"bl-00001\r\n\r\n BL-00002 \n") == ("BL-00001", "BL-00002")
    with pytest.raises(BadInput) as caught:
        read_serials(b"BL-00001\nBL-00002\nbl-00001\n")
    assert caught.value.facts["places"] == "line 3 (as line 1)"


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
@pytest.mark.parametrize("detached", [True, False])
def test_a_signing_vendors_manifest_is_taken_by_its_signature(
    office: WorkingOffice, detached: bool, encoding: Encoding
) -> None:
    receiving, vendor, data = office.register.stock.receiving, SigningVendor(), manifest(1, 2)
    receiving.add_vendor("Cards Ltd", vendor.certificate, [ANNA])
    proof = vendor.sign(data, detached=detached, encoding=encoding)
    read = Manifest.read(data, signature=proof) if detached else Manifest.read(proof)
    receipt = receiving.receive(read, ANNA)
    assert (receipt.signer, receipt.blanks) == (vendor.certificate.fingerprint, 2)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
@pytest.mark.parametrize("options", [(), ("-nodetach",), ("-keyid",), ("-noattr",), ("-md", "sha512")])
def test_what_openssl_signs_is_taken(office: WorkingOffice, tmp_path: Path, options: tuple[str, ...]) -> None:
    receiving, vendor, data = office.register.stock.receiving, SigningVendor(), manifest(1, 2)
    receiving.add_vendor("Cards Ltd", vendor.certificate, [ANNA])
    files = {name: tmp_path / name for name in ("manifest", "certificate", "key", "signature")}
    files["manifest"].write_bytes(data)
    files["certificate"].write_bytes(vendor.issued.public_bytes(Encoding.PEM))
    files["key"].write_bytes(vendor.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    command = ["openssl", "cms", "-sign", "-binary", "-outform", "DER", "-in", files["manifest"], *options]
    command += ["-signer", files["certificate"], "-inkey", files["key"], "-out", files["signature"]]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=60)
    proof = files["signature"].read_bytes()
    read = Manifest.read(proof) if "-nodetach" in options else Manifest.read(data, signature=proof)
    assert receiving.receive(read, ANNA).signer == vendor.certificate.fingerprint


def test_no_other_signature_counts(office: WorkingOffice) -> None:
    receiving, vendor, data = office.register.stock.receiving, SigningVendor(), manifest(1, 2)
    receiving.add_vendor("cards ltd", vendor.certificate, [ANNA])
    proof = vendor.sign(data)
    with pytest.raises(NotPermitted, match="manifest-not-signed"):
        receiving.receive(Manifest.read(data), ANNA)
    with pytest.raises(IntegrityBroken, match="manifest-signature-wrong"):  # over another manifest
        receiving.receive(Manifest.read(manifest(1, 3), signature=proof), ANNA)
    with pytest.raises(IntegrityBroken, match="manifest-signature-wrong"):  # another's key
        receiving.receive(Manifest.read(data, signature=SigningVendor().sign(data)), ANNA)
    with pytest.raises(IntegrityBroken, match="manifest-signature-wrong"):  # around another manifest
        Manifest.read(data, signature=vendor.sign(manifest(4), detached=False))
    with pytest.raises(NotPermitted, match="vendor-unknown"):
        other = manifest(1, vendor="Nobody")
        receiving.receive(Manifest.read(other, signature=vendor.sign(other)), ANNA)
    assert not office.register.stock.is_kept()


def test_a_signature_for_something_else_is_none(office: WorkingOffice) -> None:
    authority = Authority()
    key = new_key("secp256r1")
    signed = build_signed_data(manifest(1), "2.23.136.1.1.2", key, authority.signer(key).der, "sha256")
    with pytest.raises(BadInput, match="manifest-wrong-content"):
        Manifest.read(signed)
    with pytest.raises(BadInput, match="cms-"):
        Manifest.read(manifest(1), signature=b"0\x03\x02\x01\x00")


def test_a_vendors_certificate_is_decided_by_two_and_replaced_on_purpose(office: WorkingOffice) -> None:
    receiving, first, second = office.register.stock.receiving, SigningVendor(), SigningVendor()
    receiving.add_vendor("Cards Ltd", first.certificate, [ANNA, BERT])
    with pytest.raises(NotPermitted, match="vendor-exists"):
        receiving.add_vendor("CARDS Ltd", second.certificate, [ANNA, BERT])
    receiving.add_vendor("CARDS Ltd", second.certificate, [ANNA, BERT], instead=True)
    (found,) = receiving.vendors()  # who keeps the name by which the log knows of the first certificate too
    assert (found.name, found.certificate.fingerprint) == ("Cards Ltd", second.certificate.fingerprint)
    told = [row.action for row in office.register.audit_rows("Cards Ltd") if row.kind is not None]
    assert told == ["vendor.added", "vendor.replaced"]
    with pytest.raises(NotPermitted, match="second-person-same"):
        receiving.add_vendor("Other", first.certificate, [ANNA, Operator("Anna")])
    with pytest.raises(NotPermitted, match="role-missing"):
        receiving.add_vendor("Other", first.certificate, [Operator("carl", roles=frozenset({Role.CLERK})), BERT])
    with pytest.raises(NotPermitted, match="vendor-certificate-not-valid"):
        old = SigningVendor(end=datetime(2026, 2, 1, tzinfo=UTC))
        receiving.add_vendor("Old", old.certificate, [ANNA, BERT])


def test_a_manifest_is_received_once_and_whole(office: WorkingOffice) -> None:
    receiving, stock = office.register.stock.receiving, office.register.stock
    receipt = receiving.receive(Manifest.read(manifest(1, 2)), ANNA)
    with pytest.raises(NotPermitted, match="manifest-received-already"):
        receiving.receive(Manifest.read(manifest(1, 2)), ANNA)
    with pytest.raises(BadInput) as caught:
        receiving.receive(Manifest.read(manifest(3, 2, 1)), ANNA)
    assert caught.value.facts == {"count": 2, "places": "blank 2, blank 3"}
    swapped = json.dumps({**json.loads(manifest(5)), "blanks": [{"serial": "BL-77", "chip": chip_of(1)}]}).encode()
    with pytest.raises(BadInput, match="manifest-blanks-known"):
        receiving.receive(Manifest.read(swapped), ANNA)
    assert [each.serial for each in stock.blanks()] == [serial_of(1), serial_of(2)]
    rows = office.register.audit_rows(receipt.id)
    assert [row.action for row in rows] == ["manifest.received", "stock.received", "stock.receive"]
    assert json.loads(rows[2].detail)["serials"] == [serial_of(1), serial_of(2)]
    for serial in (serial_of(1), serial_of(2)):
        assert [row.action for row in office.register.audit_rows(serial)] == ["blank.receive"]


def test_a_large_delivery_goes_to_a_station_at_once(office: WorkingOffice) -> None:
    receiving, stock = office.register.stock.receiving, office.register.stock
    receiving.receive(Manifest.read(manifest(*range(1, 1402))), ANNA, "main")
    assert stock.counts() == {"main": {"at-station": 1401}}
    assert [each.action for each in stock.history(serial_of(1401))] == ["receive", "hand-out"]
