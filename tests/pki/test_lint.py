"""The linter: our own certificates have no finding, and each departure from the profile has its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from eid_toolkit.ground.ports import SignatureAlgorithm, SystemEntropy
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.pki import extensions as ext
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.cv_authorization import Authorization, Role
from eid_toolkit.standards.pki.cv_certificate import CvCertificate, KeyReference, issue
from eid_toolkit.standards.pki.cv_public_key import CvEcKey, identifier_of
from eid_toolkit.standards.pki.extensions import AlternativeNames, UsagePeriod
from eid_toolkit.standards.pki.issuing import Lifetime, build_csca, build_link
from eid_toolkit.standards.pki.lint import CertificateKind, lint_certificate, lint_crl, lint_cv_certificate
from eid_toolkit.standards.pki.lint.certificates import kind_of
from eid_toolkit.standards.pki.master_list import MasterList
from support.authorities import NOW, START, TEN_YEARS, Authority, new_key
from support.cv_chain import cvca
from support.outside_vectors import shared_file

ENTROPY = SystemEntropy()
Parts = list[bytes]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def codes(certificate: Certificate, kind: CertificateKind | None = None) -> set[str]:
    return {finding.code for finding in lint_certificate(certificate, kind)}


def rebuilt(certificate: Certificate, change: Callable[[Parts], None]) -> Certificate:
    """The certificate with other fields in its body; its signature is wrong then, which is another question."""
    tbs, algorithm, signature = tlv.parse(certificate.der).children()
    parts = [part.encode() for part in tbs.children()]
    change(parts)
    return Certificate.parse(der.sequence(der.sequence(*parts), algorithm.encode(), signature.encode()))


def with_extensions(
    certificate: Certificate, *, without: tuple[str, ...] = (), more: tuple[bytes, ...] = ()
) -> Certificate:
    def change(parts: Parts) -> None:
        found = tlv.parse(tlv.parse(parts[-1], 0xA3).value).children()
        kept = [item.encode() for item in found if der.read_object_identifier(item.children()[0]) not in without]
        parts[-1] = tlv.encode(0xA3, der.sequence(*kept, *more))

    return rebuilt(certificate, change)


def put(place: int, data: bytes) -> Callable[[Parts], None]:
    """Another field in that place."""
    return lambda parts: parts.__setitem__(place, data)


def swap(place: int, old: bytes, new: bytes) -> Callable[[Parts], None]:
    """Other bytes within the field in that place."""
    return lambda parts: parts.__setitem__(place, parts[place].replace(old, new))


class TestOurOwn:
    def test_csca_signer_and_list(self, authority: Authority) -> None:
        assert lint_certificate(authority.csca) == ()
        assert lint_certificate(authority.signer()) == ()
        assert lint_crl(authority.crl(authority.signer())) == ()
        assert (kind_of(authority.csca), kind_of(authority.signer())) == ("csca", "document-signer")

    @pytest.mark.parametrize("name", ["CSCA", "Another name"])
    def test_links_with_and_without_another_name(self, authority: Authority, name: str) -> None:
        later, key = START + timedelta(days=1000), new_key("brainpoolP384r1")
        lifetime = Lifetime.of_csca(later, TEN_YEARS)
        new = build_csca(key, authority._name(name), lifetime, authority.publication, ENTROPY)
        link = build_link(authority.csca, authority.key, new, authority.publication, ENTROPY)
        assert link.is_signed_by(authority.csca.spki)
        assert (kind_of(link), lint_certificate(link)) == ("csca-link", ())
        assert link.extensions.name_change is (name != "CSCA")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (put(0, tlv.encode(0xA0, der.integer(1))), "lint-version"),
        (put(1, der.integer(-5)), "lint-number-negative"),
        (put(1, der.integer(0)), "lint-number-zero"),
        (put(1, der.integer(1 << 167)), "lint-number-long"),
        (put(1, b"\x02\x02\x00\x01"), "lint-number-padded"),
        (swap(3, b"\x13\x02UT", b"\x13\x02ut"), "lint-country-lower-case"),
        (swap(3, b"\x13\x02UT", b"\x13\x02QQ"), "lint-country-unknown"),
        (
            swap(3, b"\x13\x02UT", b"\x0c\x02UT"),
            "lint-name-not-printable-string",
        ),
        (
            swap(5, b"\x0c\x04CSCA", b"\x16\x04CSCA"),
            "lint-name-string-type",
        ),
        (swap(5, b"\x0c\x04CSCA", b"\x0c\x04CSC "), "lint-name-blanks"),
        (lambda parts: parts.__setitem__(4, _generalized(parts[4])), "lint-time-kind"),
        (lambda parts: parts.insert(-1, tlv.encode(0x81, b"\x00\x01")), "lint-unique-identifier"),
    ],
)
def test_a_field_that_is_not_as_the_profile_has_it(
    authority: Authority, change: Callable[[Parts], None], code: str
) -> None:
    assert code in codes(rebuilt(authority.csca, change), CertificateKind.CSCA)


def _generalized(validity: bytes) -> bytes:
    first, last = tlv.parse(validity).children()
    return der.sequence(tlv.encode(0x18, b"20" + first.value), last.encode())


NETSCAPE = "2.16.840.1.113730.1.1"


@pytest.mark.parametrize(
    ("without", "more", "code"),
    [
        ((ext.SUBJECT_KEY_IDENTIFIER,), (), "lint-extension-missing"),
        ((ext.PRIVATE_KEY_USAGE_PERIOD,), (), "lint-extension-missing"),
        ((), (ext.extension(NETSCAPE, b"\x03\x02\x00\x01"),), "lint-extension-forbidden"),
        ((), (ext.extension("1.2.3", b"\x05\x00", critical=True),), "lint-extension-unknown-critical"),
        ((ext.KEY_USAGE,), (ext.extension(ext.KEY_USAGE, b"\x03\x02\x01\x06"),), "lint-extension-not-critical"),
        ((ext.KEY_USAGE,), (ext.key_usage("keyCertSign"),), "lint-key-usage"),
        (
            (ext.BASIC_CONSTRAINTS,),
            (ext.extension(ext.BASIC_CONSTRAINTS, b"\x30\x03\x01\x01\xff", critical=True),),
            "lint-path-length",
        ),
        (
            (ext.BASIC_CONSTRAINTS,),
            (ext.extension(ext.BASIC_CONSTRAINTS, b"\x04\x00", critical=True),),
            "lint-extension-malformed",
        ),
        (
            (ext.SUBJECT_ALTERNATIVE_NAME,),
            (ext.alternative_names(ext.SUBJECT_ALTERNATIVE_NAME, AlternativeNames(None, ("a@b.example",))),),
            "lint-alternative-name-without-state",
        ),
        (
            (ext.SUBJECT_ALTERNATIVE_NAME,),
            (ext.alternative_names(ext.SUBJECT_ALTERNATIVE_NAME, AlternativeNames("VNM")),),
            "lint-alternative-name-state",
        ),
        (
            (ext.CRL_DISTRIBUTION_POINTS,),
            (ext.crl_distribution_points(("ftp://x.example/a.crl",)),),
            "lint-crl-address",
        ),
        (
            (ext.PRIVATE_KEY_USAGE_PERIOD,),
            (ext.private_key_usage_period(UsagePeriod(START, START + timedelta(days=9000))),),
            "lint-usage-period-outside",
        ),
        (
            (ext.PRIVATE_KEY_USAGE_PERIOD,),
            (ext.private_key_usage_period(UsagePeriod(START, START + timedelta(days=100))),),
            "lint-usage-period-csca",
        ),
    ],
)
def test_an_extension_that_is_not_as_the_profile_has_it(
    authority: Authority, without: tuple[str, ...], more: tuple[bytes, ...], code: str
) -> None:
    assert code in codes(with_extensions(authority.csca, without=without, more=more), CertificateKind.CSCA)


def test_a_named_curve_is_an_error_and_another_encoding_a_warning(authority: Authority) -> None:
    def named(parts: Parts) -> None:
        parts[6] = authority.key.key.public_key.spki(explicit=False)

    assert "lint-curve-named" in codes(rebuilt(authority.csca, named))
    body = tlv.parse(authority.csca.der).value
    long_form = Certificate.parse(b"\x30\x83" + len(body).to_bytes(3, "big") + body)
    assert {finding.severity for finding in lint_certificate(long_form)} == {"warning"}


def test_lists_that_are_not_as_the_profile_has_them(authority: Authority) -> None:
    crl = authority.crl(authority.signer())
    tbs, algorithm, signature = tlv.parse(crl.der).children()

    def codes_of(change: Callable[[Parts], None]) -> set[str]:
        parts = [part.encode() for part in tbs.children()]
        change(parts)
        data = der.sequence(der.sequence(*parts), algorithm.encode(), signature.encode())
        return {finding.code for finding in lint_crl(Crl.parse(data))}

    assert codes_of(lambda parts: None) == set()
    assert codes_of(lambda parts: parts.pop(4)) == {"lint-crl-without-end"}
    assert codes_of(lambda parts: parts.pop(-1)) == {"lint-extension-missing"}
    assert codes_of(lambda parts: parts.__setitem__(5, der.sequence())) == {"lint-crl-empty-entries"}
    reason = der.sequence(ext.extension("2.5.29.21", b"\x0a\x01\x01"))
    entry = tlv.parse(tbs.children()[5].encode()).children()[0]
    with_reason = der.sequence(der.sequence(*(part.encode() for part in entry.children()), reason))
    assert codes_of(lambda parts: parts.__setitem__(5, with_reason)) == {"lint-extension-forbidden"}
    late = tlv.encode(0x17, (NOW + timedelta(days=200)).strftime("%y%m%d%H%M%SZ").encode())
    assert codes_of(lambda parts: parts.__setitem__(4, late)) == {"lint-crl-long"}


def test_real_certificates_have_findings_and_never_an_exception() -> None:
    found = MasterList.parse(shared_file("master-lists/NL_ML_2025-07-29.ml").read_bytes())
    findings = [finding for certificate in found.certificates for finding in lint_certificate(certificate)]
    assert len(found.certificates) > 300
    assert {"lint-extension-missing", "lint-signature-sha1", "lint-country-lower-case"} <= {f.code for f in findings}


class TestCv:
    """Card-verifiable certificates: what is made here has no finding, and each fault is told."""

    def made(self, days: int, role: Role) -> CvCertificate:
        root = cvca()
        found = root.certificate if role is Role.CVCA else root.issue("UTDV00001", role).certificate
        content = found.content
        return issue(replace(content, expires=content.effective + timedelta(days=days - 1)), root.signer)

    @pytest.mark.parametrize(("role", "days"), [(Role.CVCA, 1000), (Role.DV_DOMESTIC, 90), (Role.DV_FOREIGN, 14)])
    def test_what_the_profile_has_is_not_found_fault_with(self, role: Role, days: int) -> None:
        assert lint_cv_certificate(self.made(days, role)) == ()

    @pytest.mark.parametrize(
        ("role", "days", "code"),
        [
            (Role.CVCA, 1200, "lint-cv-long"),
            (Role.CVCA, 100, "lint-cv-short"),
            (Role.DV_DOMESTIC, 100, "lint-cv-long"),
            (Role.DV_FOREIGN, 3, "lint-cv-short"),
        ],
    )
    def test_a_time_that_does_not_fit_the_role_is_told(self, role: Role, days: int, code: str) -> None:
        assert [finding.code for finding in lint_cv_certificate(self.made(days, role))] == [code]

    def test_other_faults(self) -> None:
        root = cvca()
        content = root.certificate.content
        key = content.public_key
        assert isinstance(key, CvEcKey)

        def codes(**changes: object) -> list[str]:
            altered = replace(root.certificate, content=replace(content, **changes))  # type: ignore[arg-type]
            return [finding.code for finding in lint_cv_certificate(altered)]

        holder = Authorization(content.authorization.terminal_type, Role.DV_DOMESTIC, 3)
        assert "lint-cv-self-issued" in codes(authorization=holder)
        assert "lint-cv-parameters-repeated" in codes(authorization=holder)
        assert codes(public_key=replace(key, domain=None), authority_reference=KeyReference("UTCVCA00009")) == [
            "lint-cv-parameters-missing"
        ]
        assert "lint-cv-self-signature" in codes(public_key=cvca().certificate.content.public_key)
        assert "lint-cv-country" in codes(holder_reference=KeyReference("1TCVCA00001"))
        assert "lint-cv-sha1" in codes(public_key=replace(key, oid=identifier_of(SignatureAlgorithm("ecdsa", "sha1"))))
