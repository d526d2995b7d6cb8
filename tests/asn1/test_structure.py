"""`eid decode --asn1`: every field under the name that the standard gives it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.names import name_of
from eid_toolkit.standards.asn1.structure import Field, structure
from eid_toolkit.standards.codec import ber, der
from eid_toolkit.standards.crypto.rsa import RsaPublicKey
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.pki.deviation_list import Concerned, Deviation
from eid_toolkit.standards.pki.names import COMMON_NAME, DistinguishedName
from eid_toolkit.standards.pki.request import CertificateRequest
from support.authorities import Authority, new_key
from support.documents import IssuedDocument, specimen_mrz
from support.odd_certificates import certificate_bytes, extension
from support.odd_sods import in_ber

AUTHORITY = Authority()
DOCUMENT = IssuedDocument(AUTHORITY, specimen_mrz())
SIGNER = DOCUMENT.signer
NAMED = Concerned(issuer=SIGNER.issuer, serial=SIGNER.serial)
DEVIATION = Deviation(NAMED, "2.23.136.1.1.7.2.1", "wrong", b"\x02\x01\x05")


def at(field: Field, path: str) -> Field:
    """The field at a path of names; a number is the place of an element in a series."""
    for step in path.split("/"):
        field = field.fields[int(step)] if step.isdigit() else next(each for each in field.fields if each.name == step)
    return field


def all_of(field: Field) -> Iterator[Field]:
    yield field
    for each in field.fields:
        yield from all_of(each)


SOD = "content/encapContentInfo/eContent/"
SIGNATURE = "content/signerInfos/0/"
CERTIFICATE = "content/certificates/0/tbsCertificate/"


@pytest.mark.parametrize("sod", [DOCUMENT.files[Ef.SOD], in_ber(DOCUMENT.files[Ef.SOD])], ids=["DER", "BER"])
@pytest.mark.parametrize(
    ("path", "type_", "value"),
    [
        ("contentType", "OBJECT IDENTIFIER", "1.2.840.113549.1.7.2 (id-signedData)"),
        (SOD + "version", "INTEGER", "1"),
        (SOD + "hashAlgorithm/algorithm", "OBJECT IDENTIFIER", "2.16.840.1.101.3.4.2.1 (id-sha256)"),
        (SOD + "dataGroupHashValues/0/dataGroupNumber", "INTEGER", "1"),
        (SOD + "ldsVersionInfo/ldsVersion", "PrintableString", "0108"),
        (CERTIFICATE + "issuer/0/0/value", "PrintableString", "UT"),
        (CERTIFICATE + "validity/notBefore utcTime", "UTCTime", "2026-03-01T12:00:00+00:00"),
        (CERTIFICATE + "extensions/2/extnValue", "OCTET STRING (CONTAINING KeyUsage)", "digitalSignature"),
        (CERTIFICATE + "extensions/2/critical", "BOOLEAN", "TRUE"),
        (CERTIFICATE + "extensions/3/extnValue/docTypeList/0", "PrintableString", "ID"),
        (CERTIFICATE + "subjectPublicKeyInfo/algorithm/parameters specifiedCurve/version", "INTEGER", "1"),
        pytest.param(
            SIGNATURE + "sid issuerAndSerialNumber/serialNumber", "INTEGER", f"0x{SIGNER.serial:X}", id="serial-number"
        ),
        (SIGNATURE + "signedAttrs/0/attrType", "OBJECT IDENTIFIER", "1.2.840.113549.1.9.3 (id-contentType)"),
    ],
)
def test_the_fields_of_a_security_object_have_their_names(sod: bytes, path: str, type_: str, value: str) -> None:
    field = at(structure(sod), path)
    assert (field.type, field.value) == (type_, value)


@pytest.mark.parametrize(
    ("data", "outermost", "path", "value"),
    [
        (SIGNER.der, "Certificate", "tbsCertificate/version", "2"),
        (
            AUTHORITY.crl(SIGNER).der,
            "CertificateList",
            "tbsCertList/revokedCertificates/0/userCertificate",
            f"0x{SIGNER.serial:X}",
        ),
        (
            AUTHORITY.master_list(AUTHORITY.csca),
            "ContentInfo",
            "content/encapContentInfo/eContent/certList/0/tbsCertificate/subject/2/0/value",
            "CSCA",
        ),
        (
            AUTHORITY.deviation_list(DEVIATION),
            "ContentInfo",
            "content/encapContentInfo/eContent/deviations/0/descriptions/0/parameters/value",
            "5",
        ),
        (
            CertificateRequest.build(SIGNER.subject, new_key()).der,
            "CertificationRequest",
            "certificationRequestInfo/subject/0/0/type",
            "2.5.4.6 (countryName)",
        ),
        (DOCUMENT.files[Ef.DG14], "SecurityInfos", "0/version", "1"),
        (
            Dg15(RsaPublicKey((1 << 1023) + 1, 65537).spki()).encode(),
            "SubjectPublicKeyInfo",
            "subjectPublicKey/publicExponent",
            "65537",
        ),
        (
            der.sequence(der.integer(0), der.set_of([SIGNER.der])),
            "CscaMasterList",
            "certList/0/signatureAlgorithm/algorithm",
            "1.2.840.10045.4.3.3 (ecdsa-with-SHA384)",
        ),
    ],
    ids=("certificate", "crl", "master-list", "deviation-list", "request", "dg14", "dg15", "bare-master-list"),
)  # fmt: skip
def test_each_kind_of_object_is_known(data: bytes, outermost: str, path: str, value: str) -> None:
    found = structure(data)
    assert (found.type, at(found, path).value) == (outermost, value)


def test_what_does_not_fit_its_type_is_shown_as_octets() -> None:
    certificate = certificate_bytes(
        SIGNER,
        AUTHORITY.key,
        extensions={oid: extension(oid, value) for oid, value in (("2.5.29.15", b"\x05\x00"), ("2.999", b"\x01"))},
    )
    odd = [each for each in all_of(structure(certificate)) if each.name == "extnValue" and each.type == "OCTET STRING"]
    assert [(each.type, each.value) for each in odd] == [("OCTET STRING", "0500"), ("OCTET STRING", "01")]


def test_identifiers_have_the_names_of_their_standards() -> None:
    assert name_of("0.4.0.127.0.7.2.2.4.2.4") == "id-PACE-ECDH-GM-AES-CBC-CMAC-256"
    assert name_of("0.4.0.127.0.7.2.2.3.1.1") == "id-CA-DH-3DES-CBC-CBC"
    assert name_of("2.23.136.1.1.1") == "id-icao-mrtd-security-ldsSecurityObject"
    assert name_of("2.999") is None


@settings(max_examples=200)
@given(
    st.sampled_from([DOCUMENT.files[Ef.SOD], SIGNER.der, DOCUMENT.files[Ef.DG14], AUTHORITY.deviation_list(DEVIATION)]),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=6),
    st.integers(0, 3000),
)
def test_any_bytes_are_shown_or_refused(data: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    changed = bytearray(data)
    for position, value in changes:
        changed[position % len(changed)] = value
    for hostile in (bytes(changed), bytes(changed[:cut])):
        try:
            assert all(isinstance(each.type, str) for each in all_of(structure(hostile)))
        except BadInput:
            continue


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (SIGNER.der[:-1], "tlv-truncated"),
        (DOCUMENT.files[Ef.SOD][:-1], "tlv-truncated"),
        (b"\x30\x80\x30", "tlv-truncated"),
        (SIGNER.der + b"\x00", "tlv-trailing-bytes"),
        (b"\x30\x80" + b"\x05\x00" * ber.MAX_OBJECTS + b"\x00\x00", "tlv-too-many-objects"),
        (b"\x30\x80" * 40 + b"\x00\x00" * 40, "ber-too-deep"),
        (b"\x30\x03\x02\x01\x05", "asn1-unknown"),
        (b"identity", "asn1-unknown"),
    ],
)
def test_what_is_cut_off_or_too_large_is_refused_for_that(data: bytes, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        structure(data)
    assert caught.value.code == code


@given(st.binary(max_size=100))
def test_rubbish_is_refused(data: bytes) -> None:
    try:
        structure(data)
    except BadInput as error:
        assert error.code.startswith(("asn1-", "tlv-", "ber-", "der-"))


def _decode(tmp_path: Path, data: bytes, *options: str) -> Result:
    (tmp_path / "file").write_bytes(data)
    return CliRunner().invoke(main, ["decode", str(tmp_path / "file"), "--asn1", *options])


def test_the_command_prints_the_fields_as_a_tree(tmp_path: Path) -> None:
    lines = _decode(tmp_path, DOCUMENT.files[Ef.SOD]).stdout.splitlines()
    assert lines[:4] == [
        "ContentInfo",
        "  contentType: OBJECT IDENTIFIER  1.2.840.113549.1.7.2 (id-signedData)",
        "  content: SignedData",
        "    version: INTEGER  3",
    ]
    assert "          - DataGroupHash" in lines
    whole = json.loads(_decode(tmp_path, DOCUMENT.files[Ef.SOD], "--format", "json").stdout)
    assert whole["type"] == "ContentInfo"
    assert whole["fields"][0] == {
        "name": "contentType",
        "type": "OBJECT IDENTIFIER",
        "value": "1.2.840.113549.1.7.2 (id-signedData)",
        "fields": [],
    }


def test_what_is_no_object_of_the_modules_is_refused_with_what_to_do(tmp_path: Path) -> None:
    for data in (DOCUMENT.files[Ef.DG1], b"P<UTO", b"", b"\x30\x00"):
        result = _decode(tmp_path, data)
        assert (result.exit_code, result.stdout) == (9, ""), result.output
        assert "Hint:" in result.stderr


def test_names_that_would_move_the_cursor_are_made_harmless(tmp_path: Path) -> None:
    name = DistinguishedName.build((COMMON_NAME, "\x1b[2J\x1b[1;1HPASSED"))
    result = _decode(tmp_path, CertificateRequest.build(name, new_key()).der)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "PASSED" in result.stdout
