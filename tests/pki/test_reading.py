"""What a file of the PKI holds, and what is wrong with it, is told the same by `eid trust import` and `eid decode`."""

from __future__ import annotations

from pathlib import Path

import pytest

from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.doors.cli.decode import decoded
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.pki.cms import ID_SIGNED_DATA, build_signed_data
from eid_toolkit.standards.pki.names import DistinguishedName
from eid_toolkit.standards.pki.objects import CertificateBag, Kind, kind_of, read_items
from eid_toolkit.standards.pki.request import CertificateRequest
from eid_toolkit.standards.pki.trust_bundle import BUNDLE_SIGNING_KEY, TrustBundle, build_trust_bundle, digest_of
from support.authorities import NOW, Authority, new_key
from support.odd_certificates import certificate_bytes
from support.trust_files import import_files

UTOPIA = Authority()
FIXTURES = Path(__file__).parents[2] / "fixtures" / "odd_files"


def bag(*certificates: bytes, crls: tuple[bytes, ...] = ()) -> bytes:
    """Signed data without signers (RFC 5652 5.1)."""
    parts = [
        der.integer(1),
        der.set_of(()),
        der.sequence(der.object_identifier("1.2.840.113549.1.7.1")),
        tlv.encode(0xA0, *certificates),
        *([tlv.encode(0xA1, *crls)] if crls else []),
        der.set_of(()),
    ]
    return der.sequence(der.object_identifier(ID_SIGNED_DATA), tlv.encode(0xA0, der.sequence(*parts)))


def signed(content_type: str) -> bytes:
    key = new_key()
    return build_signed_data(b"content", content_type, key, UTOPIA.signer(key).der, "sha256", NOW)


KINDS = {
    Kind.CERTIFICATE: UTOPIA.csca.der,
    Kind.CRL: UTOPIA.crl().der,
    Kind.REQUEST: CertificateRequest.build(UTOPIA.csca.subject, UTOPIA.key).der,
    Kind.MASTER_LIST: UTOPIA.master_list(UTOPIA.csca),
    Kind.DEVIATION_LIST: UTOPIA.deviation_list(),
    Kind.CERTIFICATES: bag(UTOPIA.csca.der),
    Kind.SIGNED: signed("1.2.3.4"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_is_told_by_its_structure(kind: Kind) -> None:
    assert kind_of(KINDS[kind]) is kind


@pytest.mark.parametrize("data", [b"", b"text", b"\x30\x00", b"\x30\x03\x02\x01\x00", b"\x30\x80" * 100])
def test_anything_else_is_nothing_known(data: bytes) -> None:
    assert kind_of(data) is None


FAULTS = {
    "an extension that stands twice": ((FIXTURES / "dup-ext.cer").read_bytes(), "certificate-extension-malformed"),
    "a name that is none": (
        certificate_bytes(UTOPIA.csca, UTOPIA.key, subject=DistinguishedName(der.sequence(der.integer(1)), ())),
        "tlv-unexpected-tag",
    ),
    "a time that is none": (UTOPIA.csca.der.replace(b"260301120000Z", b"269901120000Z"), "certificate-time-malformed"),
    "a list cut short": (UTOPIA.crl().der.replace(b"260301120000Z", b"269901120000Z"), "certificate-time-malformed"),
    "a list of another version": (der.sequence(der.integer(7), der.set_of([UTOPIA.csca.der])), "master-list-version"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_decode_can_name_import_names_too(fault: str, tmp_path: Path) -> None:
    data, code = FAULTS[fault]
    with pytest.raises(BadInput) as by_decode:
        list(decoded(data))
    with pytest.raises(BadInput) as by_import:
        import_files(TrustStore(tmp_path / "trust"), [("odd", data)], NOW, None)
    with pytest.raises(BadInput) as by_lint:
        read_items(data)
    assert {found.value.code for found in (by_decode, by_import, by_lint)} == {code}


def test_certificates_that_are_handed_out_together_are_taken(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "trust")
    import_files(store, [("u.p7b", bag(UTOPIA.csca.der, crls=(UTOPIA.crl().der,)))], NOW, None)
    assert {entry.kind for entry in store.entries()} == {"anchor", "crl"}
    assert len(read_items(bag(UTOPIA.csca.der, b"\x30\x00")).items) == 1


def test_a_bag_from_elsewhere_is_taken(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "trust")
    import_files(store, [("certs-only.p7b", (FIXTURES / "certs-only.p7b").read_bytes())], NOW, None)
    assert [entry.kind for entry in store.entries()] == ["anchor"]


def test_a_large_bag_and_one_in_ber_are_read() -> None:
    certificates = [UTOPIA.csca.der] * 4000
    assert len(CertificateBag.parse(bag(*certificates)).certificates) == len(certificates)
    oid, wrapped = tlv.parse(bag(UTOPIA.csca.der)).children()
    indefinite = b"\x30\x80" + oid.encode() + b"\xa0\x80" + wrapped.value + b"\x00\x00" * 2
    assert CertificateBag.parse(indefinite).certificates == (UTOPIA.csca.der,)


@pytest.mark.parametrize("data", [bag(), UTOPIA.csca.der, signed("1.2.3.4")])
def test_a_bag_without_certificates_and_what_is_no_bag_is_refused(data: bytes, tmp_path: Path) -> None:
    if data == bag():
        with pytest.raises(BadInput, match="trust-file-unknown"):
            import_files(TrustStore(tmp_path / "trust"), [("u.p7b", data)], NOW, None)
    else:
        with pytest.raises(BadInput, match="cms-malformed"):
            CertificateBag.parse(data)


def test_a_bundle_is_sent_where_it_belongs(tmp_path: Path) -> None:
    key, sections = new_key(), {"anchors": (UTOPIA.csca.der,)}
    signer = UTOPIA.list_signer(key, purpose=BUNDLE_SIGNING_KEY)
    made = TrustBundle("Utopia", 1, NOW, sections, digest_of(sections))
    data = build_trust_bundle(made, key, signer, (UTOPIA.csca,), NOW)
    assert kind_of(data) is Kind.BUNDLE
    with pytest.raises(BadInput, match="trust-bundle-elsewhere"):
        import_files(TrustStore(tmp_path / "trust"), [("1.bundle", data)], NOW, None)


@pytest.mark.parametrize("kind", [Kind.REQUEST, Kind.SIGNED])
def test_what_is_known_but_not_for_here_is_called_what_it_is(kind: Kind, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="trust-file-other") as caught:
        import_files(TrustStore(tmp_path / "trust"), [("file", KINDS[kind])], NOW, None)
    assert caught.value.facts["kind"] == kind.value
