"""The corpus of what a trust store takes: lists, directories, bundles and requests of a throw-away authority."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from eid_toolkit.books.keys.signers import EcSigner
from eid_toolkit.books.trust.bundles import bundle_of
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.asn1.oids import CSCA_MASTER_LIST_SIGNING_KEY, DEVIATION_LIST_SIGNING_KEY
from eid_toolkit.standards.codec import der
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.pki.cv_certificate import KeyReference
from eid_toolkit.standards.pki.cv_public_key import CvEcKey, identifier_of
from eid_toolkit.standards.pki.cv_request import CvRequest
from eid_toolkit.standards.pki.deviation_list import Concerned, Deviation
from eid_toolkit.standards.pki.document_status import BlankRange, DocumentStatus, Report, StatusList, StolenBlanks
from eid_toolkit.standards.pki.issuing import (
    Lifetime,
    Publication,
    build_crl,
    build_csca,
    build_purpose_signer,
    distinguished_name,
)
from eid_toolkit.standards.pki.master_list import build_master_list
from eid_toolkit.standards.pki.request import CertificateRequest
from eid_toolkit.standards.pki.trust_bundle import BUNDLE_SIGNING_KEY, build_trust_bundle
from support.deviation_lists import build_deviation_list

_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_YEAR = timedelta(days=365)
_ENTROPY = SystemEntropy()


def trust_seeds() -> dict[str, dict[str, bytes]]:
    """By target and name."""
    key, signer = _key(), _key()
    name, publication = distinguished_name("UT", "Ministry", "CSCA"), Publication("UTO")
    csca = build_csca(key, name, Lifetime.of_csca(_NOW, _YEAR), publication, _ENTROPY)
    lifetime = Lifetime.of_signer(_NOW, _YEAR)
    common = (
        csca,
        key,
        distinguished_name("UT", "Ministry", "Signer"),
        signer.public_key,
        lifetime,
        publication,
        _ENTROPY,
    )
    list_signer = build_purpose_signer(*common, CSCA_MASTER_LIST_SIGNING_KEY)
    deviation_signer = build_purpose_signer(*common, DEVIATION_LIST_SIGNING_KEY)
    bundle_signer = build_purpose_signer(*common, BUNDLE_SIGNING_KEY)
    concerned = Concerned("ID", csca.subject, 5, issued_from=_NOW.date(), issued_until=_NOW.date())
    deviations = (
        Deviation(concerned, "2.23.136.1.1.7.2.2", "hash of DG2", b"\x02\x01\x02"),
        Deviation(
            Concerned(key_identifier=bytes(20), document_numbers=frozenset({"X1"})), "2.23.136.1.1.7.4", None, None
        ),
    )
    signed = build_master_list([csca], signer, list_signer, csca, "sha256", _NOW)
    bare = der.sequence(der.integer(0), der.set_of([csca.der]))
    deviating = build_deviation_list(deviations, signer, deviation_signer, csca, "sha256", _NOW)
    crl = build_crl(csca, key, 1, _NOW, {5: _NOW})
    bundle = bundle_of("Utopia", 1, _NOW, {"anchors": (csca.der,), "crls": (crl,), "deviation_lists": (deviating,)})
    values = [("pkdMasterListContent", signed), ("userCertificate;binary", list_signer.der)]
    values.append(("certificateRevocationList;binary", crl))
    directory = _ldif(values)
    public = CvEcKey(identifier_of(key.algorithm), key.key.public_key.point, key.key.public_key.domain)
    cv = CvRequest.build(public, key, KeyReference("UTIS00001"), KeyReference("UTCVCA00001"))
    return {
        "master-list": {"signed": signed, "bare": bare},
        "deviation-list": {"signed": deviating},
        "ldif": {"directory": directory},
        "trust-bundle": {
            "signed": build_trust_bundle(bundle, signer, bundle_signer, (csca,), _NOW),
            "content": bundle.encode(),
        },
        "status-tables": {
            "reports": b"issuing_state,document_number,status,since\nUTO,U1,stolen,2026-11-01\n",
            "blanks": b"issuing_state,first,last,since\nUTO,U1,U9,2026-11-01\n",
            "list": StatusList((Report("UTO", "U1", DocumentStatus.LOST, _NOW.date()),)).encode(),
            "ranges": StolenBlanks((BlankRange("UTO", "U1", "U9", _NOW.date()),)).encode(),
        },
        "trust-file": {"signed": signed, "bare": bare, "deviations": deviating},
        "certificate-request": {"specimen": CertificateRequest.build(csca.subject, key).der},
        "cv-request": {
            "first": cv.encode(),
            "authenticated": cv.authenticated(signer, KeyReference("UTIS00000")).encode(),
        },
    }


def _key() -> EcSigner:
    return EcSigner(EcPrivateKey.generate(ec_domain_by_name("secp256r1"), _ENTROPY))


def _ldif(values: list[tuple[str, bytes]]) -> bytes:
    lines = ["version: 1", "# a directory"]
    for number, (attribute, data) in enumerate(values):
        text = base64.b64encode(data).decode()
        lines += ["", f"dn: cn={number},dc=data", f"{attribute}:: {text[:60]}"]
        lines += [f" {text[at : at + 76]}" for at in range(60, len(text), 76)]
    return "\n".join(lines).encode()
