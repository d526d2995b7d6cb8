"""Requests for certificates, X.509 and card-verifiable: whoever asks proves the private key, and perhaps who it is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SignatureAlgorithm
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.pki.cv_certificate import KeyReference
from eid_toolkit.standards.pki.cv_public_key import CvEcKey
from eid_toolkit.standards.pki.cv_request import CvRequest
from eid_toolkit.standards.pki.issuing import distinguished_name
from eid_toolkit.standards.pki.request import CertificateRequest
from support.authorities import new_key
from support.cv_chain import CvRsaSigner, CvSigner, ec_signer

NAME = distinguished_name("UT", "Ministry", "Document Signer 7")
HOLDER, AUTHORITY = KeyReference("UTDV00002"), KeyReference("UTCVCA00001")
SIGNERS = [ec_signer(), CvRsaSigner(SignatureAlgorithm("rsa-pss", "sha256", 32))]


class TestPkcs10:
    def test_a_request_is_read_as_it_was_made(self) -> None:
        key = new_key()
        found = CertificateRequest.parse(CertificateRequest.build(NAME, key).der)
        assert (found.subject.text, found.spki) == (NAME.text, key.public_key)

    def test_openssl_reads_and_checks_it(self, tmp_path: Path) -> None:
        (tmp_path / "request.der").write_bytes(CertificateRequest.build(NAME, new_key("secp256r1")).der)
        command = ["openssl", "req", "-inform", "DER", "-in", "request.der", "-noout", "-verify", "-subject"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        assert "Document Signer 7" in done.stdout

    def test_one_made_by_openssl_is_read(self, tmp_path: Path) -> None:
        command = ["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-outform", "DER"]
        subprocess.run(
            [*command, "-subj", "/C=UT/CN=Signer", "-out", "r"],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            timeout=60,
        )
        assert CertificateRequest.parse((tmp_path / "r").read_bytes()).subject.country == "UT"

    def test_every_changed_byte_is_found(self) -> None:
        data = CertificateRequest.build(NAME, new_key()).der
        for position in range(0, len(data), 3):
            changed = data[:position] + bytes((data[position] ^ 1,)) + data[position + 1 :]
            with pytest.raises(BadInput):
                CertificateRequest.parse(changed)


@pytest.mark.parametrize("signer", SIGNERS, ids=["ec", "rsa"])
class TestCv:
    def request(self, signer: CvSigner, authority: KeyReference | None = AUTHORITY) -> CvRequest:
        return CvRequest.build(signer.certified(True), signer, HOLDER, authority)

    @pytest.mark.parametrize("authority", [None, AUTHORITY])
    def test_a_request_is_read_as_it_was_made(self, signer: CvSigner, authority: KeyReference | None) -> None:
        made = self.request(signer, authority)
        assert CvRequest.parse(made.encode()) == made

    def test_every_changed_byte_is_found(self, signer: CvSigner) -> None:
        data = self.request(signer).encode()
        for position in range(len(data)):
            changed = data[:position] + bytes((data[position] ^ 1,)) + data[position + 1 :]
            with pytest.raises(BadInput):
                CvRequest.parse(changed)

    def test_an_outer_signature_says_who_asks(self, signer: CvSigner) -> None:
        known, stranger = ec_signer(), ec_signer()
        made = self.request(signer).authenticated(known, KeyReference("UTDV00001"))
        found = CvRequest.parse(made.encode())
        assert found == made
        assert found.authenticated_by == KeyReference("UTDV00001")
        assert found.is_authenticated(known.certified(True))
        assert not found.is_authenticated(stranger.certified(True))
        assert not self.request(signer).is_authenticated(known.certified(True))

    def test_the_outer_signature_covers_request_and_name(self, signer: CvSigner) -> None:
        known = ec_signer()
        data = bytearray(self.request(signer).authenticated(known, KeyReference("UTDV00001")).encode())
        at = data.rindex(b"UTDV00001")
        data[at + 8 : at + 9] = b"2"
        assert not CvRequest.parse(bytes(data)).is_authenticated(known.certified(True))


def test_a_key_without_its_curve_needs_that_of_its_authority() -> None:
    signer = ec_signer(ec_domain_by_name("secp256r1"))
    data = CvRequest.build(signer.certified(False), signer, HOLDER).encode()
    with pytest.raises(BadInput, match="cvc-domain-parameters-missing"):
        CvRequest.parse(data)
    key = CvRequest.parse(data, signer.key.domain).public_key
    assert isinstance(key, CvEcKey)
    assert key.domain == signer.key.domain
