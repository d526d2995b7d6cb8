"""Certificates and revocation lists read by hand say what the declared modules say, real and changed ones too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asn1crypto import core
from hypothesis import given, settings
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.declared import FAULTS, load
from eid_toolkit.standards.asn1.modules import csca_master_list, icao_extensions, pkix
from eid_toolkit.standards.asn1.oids import DOCUMENT_TYPE_LIST
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.pki import extensions
from eid_toolkit.standards.pki.certificate import Certificate, raw_objects
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.master_list import MasterList
from eid_toolkit.standards.pki.times import parse_time
from support.authorities import Authority, new_key

AUTHORITY, NEIGHBOUR = Authority(), Authority("VNM")
SIGNER, LIST_SIGNER = AUTHORITY.signer(), AUTHORITY.list_signer(new_key())
CRL = AUTHORITY.crl(SIGNER, LIST_SIGNER)
CERTIFICATES = (AUTHORITY.csca, SIGNER, LIST_SIGNER, AUTHORITY.link(Authority()), NEIGHBOUR.csca)
MASTER_LISTS = Path(__file__).parents[3] / "shared" / "data" / "master-lists"


def _same_certificate(data: bytes) -> None:
    ours = Certificate.parse(data)
    theirs = load(pkix.Certificate, data)
    tbs = theirs["tbsCertificate"]
    assert ours.tbs == tbs.dump()
    assert ours.serial == tbs["serialNumber"].native
    assert (ours.issuer.der, ours.subject.der) == (tbs["issuer"].dump(), tbs["subject"].dump())
    assert ours.spki == tbs["subjectPublicKeyInfo"].dump()
    assert ours.signature == theirs["signatureValue"].native
    assert (ours.signature_algorithm_der, ours.inner_algorithm_der) == (
        theirs["signatureAlgorithm"].dump(),
        tbs["signature"].dump(),
    )
    for name, time in (("notBefore", ours.not_before), ("notAfter", ours.not_after)):
        chosen = tbs["validity"][name].chosen
        assert parse_time(chosen.contents, generalized=isinstance(chosen, core.GeneralizedTime)) == time
    values = {each["extnID"].native: each["extnValue"].native for each in tbs["extensions"]}
    known = set(values) - set(ours.extensions.malformed)
    _same_extensions(ours.extensions, {oid: values[oid] for oid in known if _is_in_der(oid, values[oid])})


_KINDS = pkix.EXTENSIONS | icao_extensions.EXTENSIONS


def _is_in_der(oid: str, value: bytes) -> bool:
    """Whether the extension is known and written in DER; real ones are not always, and then only ours reads them."""
    try:
        return oid in _KINDS and load(_KINDS[oid], value).dump(force=True) == value
    except (BadInput, *FAULTS):
        return False


def _same_extensions(ours: extensions.Extensions, values: dict[str, bytes]) -> None:
    def read(oid: str) -> Any:
        return load(_KINDS[oid], values[oid])

    if extensions.SUBJECT_KEY_IDENTIFIER in values:
        assert ours.subject_key_identifier == read(extensions.SUBJECT_KEY_IDENTIFIER).native
    if extensions.AUTHORITY_KEY_IDENTIFIER in values:
        assert ours.authority_key_identifier == read(extensions.AUTHORITY_KEY_IDENTIFIER)["keyIdentifier"].native
    if extensions.KEY_USAGE in values:
        assert ours.key_usage == read(extensions.KEY_USAGE).native
    if extensions.BASIC_CONSTRAINTS in values:
        constraints = read(extensions.BASIC_CONSTRAINTS)
        assert (ours.is_ca, ours.path_length) == (constraints["cA"].native, constraints["pathLenConstraint"].native)
    if extensions.PRIVATE_KEY_USAGE_PERIOD in values:
        period, usage = read(extensions.PRIVATE_KEY_USAGE_PERIOD).native, ours.private_key_usage
        assert usage is not None and (usage.not_before, usage.not_after) == (period["notBefore"], period["notAfter"])
    if DOCUMENT_TYPE_LIST in values and values[DOCUMENT_TYPE_LIST][2:5] == b"\x02\x01\x00":
        assert set(ours.document_types) == set(read(DOCUMENT_TYPE_LIST)["docTypeList"].native)
    if extensions.CRL_DISTRIBUTION_POINTS in values:
        urls = [
            name.chosen.native
            for point in read(extensions.CRL_DISTRIBUTION_POINTS)
            for name in point["distributionPoint"].chosen
            if name.name == "uniformResourceIdentifier"
        ]
        assert list(ours.crl_urls) == urls
    if extensions.EXTENDED_KEY_USAGE in values:
        assert list(ours.extended_key_usage) == read(extensions.EXTENDED_KEY_USAGE).native


@pytest.mark.parametrize("certificate", CERTIFICATES, ids=["csca", "signer", "list-signer", "link", "neighbour"])
def test_a_certificate_read_by_hand_says_what_the_module_says(certificate: Certificate) -> None:
    _same_certificate(certificate.der)


@pytest.mark.skipif(not MASTER_LISTS.is_dir(), reason="the real master lists are not here")
def test_real_certificates_say_the_same_in_both_ways() -> None:
    for path in sorted(MASTER_LISTS.glob("*.ml")):
        content = MasterList.parse(path.read_bytes())
        assert content.signed is not None
        declared = load(csca_master_list.CscaMasterList, content.signed.content)
        assert [each.dump() for each in declared["certList"]] == [
            *raw_objects(tlv.parse(content.signed.content).children()[1].value)
        ]
        for certificate in content.certificates:
            _same_certificate(certificate.der)


@settings(max_examples=300)
@given(st.sampled_from(CERTIFICATES), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=3))
def test_a_changed_certificate_that_both_can_read_says_the_same(
    certificate: Certificate, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(certificate.der)
    for position, value in changes:
        data[position % len(data)] = value
    try:
        Certificate.parse(bytes(data))
        if load(pkix.Certificate, bytes(data)).dump(force=True) == data:  # BER has more than one way to write it
            _same_certificate(bytes(data))
    except (BadInput, *FAULTS):
        return  # one of them does not take it


@pytest.mark.parametrize("crl", [CRL, NEIGHBOUR.crl()])
def test_a_revocation_list_read_by_hand_says_what_the_module_says(crl: Crl) -> None:
    theirs = load(pkix.CertificateList, crl.der)
    tbs = theirs["tbsCertList"]
    assert (crl.tbs, crl.issuer.der, crl.signature) == (
        tbs.dump(), tbs["issuer"].dump(), theirs["signatureValue"].native
    )  # fmt: skip
    assert (crl.this_update, crl.next_update) == (tbs["thisUpdate"].native, tbs["nextUpdate"].native)
    entries = {each["userCertificate"].native: each["revocationDate"].native for each in tbs["revokedCertificates"]}
    assert crl.revoked == entries
    values = {each["extnID"].native: each["extnValue"].native for each in tbs["crlExtensions"]}
    assert crl.number == core.Integer.load(values[extensions.CRL_NUMBER]).native
