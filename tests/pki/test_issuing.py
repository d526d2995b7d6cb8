"""Certificates and lists that we make: the profile of 9303-12 7.1, checked by OpenSSL and by `cryptography`."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name, explicit_ec_parameters
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.issuing import CRL_LIFETIME, CSCA_USAGE, SIGNER_USAGE, build_crl
from support.authorities import START, TEN_YEARS, Authority


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def signer(authority: Authority) -> Certificate:
    return authority.signer(document_types=("ID", "P"))


def openssl_verifies(folder: Path, spki: bytes, digest: str, signature: bytes, message: bytes) -> bool:
    for name, data in (("key", spki), ("signature", signature), ("message", message)):
        (folder / name).write_bytes(data)
    command = [
        "openssl",
        "dgst",
        f"-{digest}",
        "-keyform",
        "DER",
        "-verify",
        "key",
        "-signature",
        "signature",
        "message",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60).returncode == 0


def test_openssl_verifies_the_signatures_on_csca_signer_and_crl(
    authority: Authority, signer: Certificate, tmp_path: Path
) -> None:
    crl = authority.crl(signer)
    for made in (authority.csca, signer, crl):
        assert openssl_verifies(tmp_path, authority.csca.spki, "sha384", made.signature, made.tbs)
        assert not openssl_verifies(tmp_path, authority.csca.spki, "sha384", made.signature, made.tbs + b"\0")


def test_the_csca_has_the_extensions_of_the_profile(authority: Authority) -> None:
    csca = authority.csca
    said = csca.extensions
    assert csca.self_signed and said.is_ca and said.path_length == 0
    assert said.key_usage == {"keyCertSign", "cRLSign"}
    assert said.subject_key_identifier == said.authority_key_identifier
    assert said.subject_alternative_names == said.issuer_alternative_names
    assert said.subject_alternative_names.state == "UTO"
    assert said.crl_urls == tuple(f"https://pkddownload{n}.icao.int/CRLs/UTO.crl" for n in (1, 2))
    assert csca.signature_algorithm.digest == "sha384"
    assert csca.country == "UT"


def test_the_signer_has_the_extensions_of_the_profile(authority: Authority, signer: Certificate) -> None:
    said = signer.extensions
    assert not said.is_ca and said.path_length is None
    assert said.key_usage == {"digitalSignature"}
    assert said.document_types == ("P", "ID") or said.document_types == ("ID", "P")
    assert said.authority_key_identifier == authority.csca.extensions.subject_key_identifier
    assert signer.issuer.der == authority.csca.subject.der
    assert signer.is_signed_by(authority.csca.spki) and not signer.self_signed


def test_only_key_usage_and_basic_constraints_are_critical(authority: Authority, signer: Certificate) -> None:
    critical = {
        extension.oid.dotted_string
        for made in (authority.csca, signer)
        for extension in x509.load_der_x509_certificate(made.der).extensions
        if extension.critical
    }
    assert critical == {"2.5.29.15", "2.5.29.19"}


def test_parameters_are_explicit_with_an_uncompressed_point(authority: Authority, signer: Certificate) -> None:
    assert explicit_ec_parameters(ec_domain_by_name("brainpoolP384r1")) in authority.csca.spki
    assert explicit_ec_parameters(ec_domain_by_name("brainpoolP256r1")) in signer.spki


def test_lifetimes_hold_the_last_document_of_the_last_signer(authority: Authority, signer: Certificate) -> None:
    usage = signer.extensions.private_key_usage
    assert usage is not None and usage.not_after == START + SIGNER_USAGE
    assert signer.not_after == START + SIGNER_USAGE + TEN_YEARS
    assert authority.csca.not_after == START + CSCA_USAGE + SIGNER_USAGE + TEN_YEARS


def test_serial_numbers_are_positive_random_and_of_16_bytes(authority: Authority) -> None:
    serials = {authority.signer().serial for _ in range(3)}
    assert len(serials) == 3
    assert all(serial.bit_length() == 127 for serial in serials)


def test_a_crl_has_a_number_a_key_identifier_and_no_reasons(authority: Authority, signer: Certificate) -> None:
    data = authority.crl(signer, number=7).der
    seen = x509.load_der_x509_crl(data)
    entry = seen.get_revoked_certificate_by_serial_number(signer.serial)
    assert entry is not None and len(entry.extensions) == 0
    assert {extension.oid.dotted_string for extension in seen.extensions} == {"2.5.29.20", "2.5.29.35"}
    crl = Crl.parse(data)
    assert crl.number == 7 and crl.revoked == {signer.serial: START}
    assert crl.next_update == START + CRL_LIFETIME


def test_a_crl_of_many_thousands_is_read(authority: Authority) -> None:
    revoked = dict.fromkeys(range(1, 20001), START)
    found = Crl.parse(build_crl(authority.csca, authority.key, 8, START, revoked))
    assert found.revoked == revoked


def test_an_empty_crl_has_no_list_at_all(authority: Authority) -> None:
    assert Crl.parse(authority.crl().der).revoked == {}
    assert list(x509.load_der_x509_crl(authority.crl().der)) == []


def test_times_from_2050_on_are_generalized_time() -> None:
    late = Authority(start=START + timedelta(days=24 * 365))
    assert b"\x18\x0f20" in late.csca.tbs
    assert Certificate.parse(late.csca.der).not_after == late.csca.not_after
