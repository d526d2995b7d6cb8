"""Certificates and lists whose algorithm fields differ, and lists that are not all: what they prove, and what not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SignatureAlgorithm, SystemEntropy
from eid_toolkit.standards.asn1.oids import CSCA_MASTER_LIST_SIGNING_KEY
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS, digest
from eid_toolkit.standards.crypto.rsa import RsaPublicKey
from eid_toolkit.standards.crypto.signatures import algorithm_to_der
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.issuing import Lifetime, build_purpose_signer, distinguished_name
from eid_toolkit.standards.pki.lint import lint_certificate, lint_crl
from eid_toolkit.standards.pki.master_list import MasterList, build_master_list
from eid_toolkit.standards.pki.signature_form import is_without_null
from eid_toolkit.standards.pki.validation import Status, check_revocation, validate_list_signer, validate_signer
from support.authorities import NOW, START, TEN_YEARS, Authority
from support.odd_certificates import altered_crl, certificate_bytes, extension
from support.trust_files import import_files

UTOPIA = Authority()
ECDSA_SHA512 = algorithm_to_der(SignatureAlgorithm("ecdsa", "sha512"))
OWN = algorithm_to_der(UTOPIA.key.algorithm)
WITH_NULL = der.sequence(tlv.parse(OWN).children()[0].encode(), der.null())
DAY = timedelta(days=1)


def outside(data: bytes, algorithm: bytes) -> bytes:
    """The same signed object with another algorithm outside, where nobody signed it."""
    signed, _, signature = tlv.parse(data).children()
    return der.sequence(signed.encode(), algorithm, signature.encode())


def with_inner(genuine: Certificate, inner: bytes) -> Certificate:
    """A certificate whose issuer wrote another algorithm into it than the one it signed with, which stands outside."""
    return Certificate.parse(outside(certificate_bytes(genuine, UTOPIA.key, algorithm=inner), OWN))


class TestAlgorithmFields:
    """RFC 5280 4.1.1.2: the signature algorithm stands there twice, and only the inner one is signed."""

    def test_a_signer_with_two_algorithms_proves_nothing_and_is_not_called_forged(self) -> None:
        for odd in (
            with_inner(UTOPIA.signer(), ECDSA_SHA512),
            Certificate.parse(outside(UTOPIA.signer().der, ECDSA_SHA512)),
        ):
            result = validate_signer(odd, UTOPIA.trust(UTOPIA.crl()), NOW)
            assert (result.status, result.reason) == (Status.UNDETERMINED, "signer-signature-not-checkable")
            assert "lint-signature-algorithms-differ" in {each.code for each in lint_certificate(odd)}

    def test_absent_parameters_and_null_mean_the_same(self) -> None:
        odd = with_inner(UTOPIA.signer(), WITH_NULL)
        assert validate_signer(odd, UTOPIA.trust(UTOPIA.crl()), NOW).status is Status.PASSED
        codes = {each.code for each in lint_certificate(odd)}
        assert "lint-signature-algorithms-written-differently" in codes
        assert "lint-signature-algorithms-differ" not in codes

    def test_an_authority_with_two_algorithms_is_not_believed_and_told_why(self, tmp_path: Path) -> None:
        odd = with_inner(UTOPIA.csca, ECDSA_SHA512)
        with pytest.raises(BadInput, match="signature-algorithms-differ"):
            import_files(TrustStore(tmp_path), [("odd.cer", odd.der)], NOW, None)
        import_files(TrustStore(tmp_path), [("odd.cer", with_inner(UTOPIA.csca, WITH_NULL).der)], NOW, None)

    def test_a_revocation_list_with_two_algorithms_clears_nobody(self) -> None:
        odd = Crl.parse(outside(UTOPIA.crl().der, ECDSA_SHA512))
        assert not odd.is_signed_by(UTOPIA.csca.spki)
        result = check_revocation(UTOPIA.signer(), UTOPIA.trust(odd), NOW)
        assert (result.status, result.reason) == (Status.UNDETERMINED, "crl-signature")
        assert "lint-signature-algorithms-differ" in {each.code for each in lint_crl(odd)}
        same = Crl.parse(outside(UTOPIA.crl().der, WITH_NULL))
        assert check_revocation(UTOPIA.signer(), UTOPIA.trust(same), NOW).status is Status.PASSED


PARTIAL = {
    "delta": {"2.5.29.27": der.integer(1)},
    "user certificates only": {"2.5.29.28": der.sequence(tlv.encode(0x81, b"\xff"))},
    "some reasons only": {"2.5.29.28": der.sequence(tlv.encode(0x83, b"\x07\x80"))},
    "of a distribution point": {"2.5.29.28": der.sequence(tlv.encode(0xA0, tlv.encode(0xA0, tlv.encode(0x86, b"x"))))},
    "one that does not parse": {"2.5.29.28": b"rubbish"},
}


def partial(kind: str, *revoked: Certificate, critical: bool = False, number: int = 2, later: timedelta = DAY) -> Crl:
    extensions = {oid: extension(oid, value, critical=critical) for oid, value in PARTIAL[kind].items()}
    full = UTOPIA.crl(*revoked, number=number, this_update=START + later)
    return altered_crl(full, UTOPIA.key, extensions=extensions)


@pytest.mark.parametrize("critical", [False, True])
@pytest.mark.parametrize("kind", PARTIAL)
class TestPartialLists:
    """RFC 5280 5.2.4 and 5.2.5: a list that is a part, whether or not the extension that says so is critical."""

    def test_alone_it_clears_nobody(self, kind: str, critical: bool) -> None:
        result = check_revocation(UTOPIA.signer(), UTOPIA.trust(partial(kind, critical=critical)), NOW)
        assert (result.status, result.reason) == (Status.UNDETERMINED, "crl-partial")

    def test_what_it_names_is_revoked(self, kind: str, critical: bool) -> None:
        signer = UTOPIA.signer()
        for lists in (
            (partial(kind, signer, critical=critical),),
            (UTOPIA.crl(), partial(kind, signer, critical=critical)),
        ):
            result = check_revocation(signer, UTOPIA.trust(*lists), NOW)
            assert (result.status, result.reason) == (Status.FAILED, "signer-revoked")

    def test_it_does_not_hide_the_complete_one(self, kind: str, critical: bool) -> None:
        trust = UTOPIA.trust(UTOPIA.crl(), partial(kind, critical=critical))
        assert check_revocation(UTOPIA.signer(), trust, NOW).status is Status.PASSED


def entry(certificate: Certificate, *extensions: bytes) -> bytes:
    time = tlv.encode(0x17, b"260301120000Z")
    more = [der.sequence(*extensions)] if extensions else []
    return der.sequence(der.integer(certificate.serial), time, *more)


def listing(*entries: bytes) -> Crl:
    """A list with these entries, signed anew."""
    version, algorithm, issuer, this_update, next_update, *rest = tlv.parse(UTOPIA.crl().tbs).children()
    parts = (version, algorithm, issuer, this_update, next_update)
    tbs = der.sequence(*(part.encode() for part in parts), der.sequence(*entries), rest[-1].encode())
    return Crl.parse(der.sequence(tbs, OWN, der.bit_string(UTOPIA.key.sign(tbs))))


def reason(code: int) -> bytes:
    return extension("2.5.29.21", tlv.encode(0x0A, bytes((code,))))


class TestEntries:
    def test_an_entry_that_takes_a_revocation_back_revokes_nobody(self) -> None:
        one, other = UTOPIA.signer(), UTOPIA.signer()
        assert set(listing(entry(one, reason(8)), entry(other, reason(1))).revoked) == {other.serial}

    def test_an_entry_of_another_issuer_and_those_behind_it_are_not_the_lists_own(self) -> None:
        one, other, third = UTOPIA.signer(), UTOPIA.signer(), UTOPIA.signer()
        issuer = extension("2.5.29.29", der.sequence(tlv.encode(0xA4, UTOPIA.csca.subject.der)), critical=True)
        assert set(listing(entry(one), entry(other, issuer), entry(third)).revoked) == {one.serial}

    def test_an_entry_with_odd_extensions_still_revokes(self) -> None:
        one = UTOPIA.signer()
        for odd in (extension("2.5.29.21", b"rubbish"), der.integer(1), reason(200)):
            assert set(listing(entry(one, odd)).revoked) == {one.serial}


class RsaSigner:
    """Signs by PKCS #1 v1.5 over a DigestInfo without NULL, as two official lists of 2023 were."""

    algorithm = SignatureAlgorithm("rsa-pkcs1", "sha256")

    def __init__(self) -> None:
        numbers = rsa.generate_private_key(65537, 2048).private_numbers()
        self._d, self._n = numbers.d, numbers.public_numbers.n
        self.public_key = RsaPublicKey(self._n, 65537).spki()

    def sign(self, message: bytes) -> bytes:
        oid = der.sequence(der.object_identifier(DIGEST_OIDS["sha256"]))
        info = der.sequence(oid, der.octet_string(digest("sha256", message)))
        block = b"\x00\x01" + b"\xff" * (256 - len(info) - 3) + b"\x00" + info
        return pow(int.from_bytes(block, "big"), self._d, self._n).to_bytes(256, "big")


def test_a_list_signed_without_null_is_its_signers_and_it_is_told(tmp_path: Path) -> None:
    key = RsaSigner()
    name, lifetime = distinguished_name("UT", "Ministry", "List Signer"), Lifetime.of_signer(START, TEN_YEARS)
    purpose = CSCA_MASTER_LIST_SIGNING_KEY
    signer = build_purpose_signer(
        UTOPIA.csca, UTOPIA.key, name, key.public_key, lifetime, UTOPIA.publication, SystemEntropy(), purpose
    )
    listed = build_master_list([UTOPIA.csca], key, signer, UTOPIA.csca, "sha256", NOW)
    found = MasterList.parse(listed)
    assert validate_list_signer(found, UTOPIA.trust(), NOW).status is Status.PASSED
    assert found.signed is not None and is_without_null(found.signed)
    ordinary = MasterList.parse(UTOPIA.master_list(UTOPIA.csca)).signed
    assert ordinary is not None and not is_without_null(ordinary)
    store = TrustStore(tmp_path)
    import_files(store, [("u.cer", UTOPIA.csca.der), ("u.ml", listed)], NOW, None)
    assert [pack.basis for pack in store.packs.all()] == ["signer-chain"]
