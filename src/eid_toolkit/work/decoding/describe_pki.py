"""Lists, bundles and requests of the PKI as plain data, for `eid decode`; nothing is judged."""

from __future__ import annotations

from collections import Counter
from datetime import date
from hashlib import sha256
from typing import Any

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import SignedData
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.cv_request import CvRequest
from eid_toolkit.standards.pki.deviation_list import Deviation, DeviationList
from eid_toolkit.standards.pki.lint.certificates import kind_of
from eid_toolkit.standards.pki.master_list import MasterList
from eid_toolkit.standards.pki.objects import CertificateBag
from eid_toolkit.standards.pki.request import CertificateRequest
from eid_toolkit.standards.pki.signature_form import is_without_null
from eid_toolkit.standards.pki.trust_bundle import SECTIONS, SignedBundle

Plain = dict[str, Any]


def signature_of(signed: SignedData | None) -> Plain:
    """Who signed, by the certificate that came along, and when by the signer's own claim."""
    if signed is None:
        return {"signed": False, "signer": None, "signing_time": None}
    signer, time = signed.signer_certificate, signed.signers[0].signing_time
    return {
        "signed": True,
        "signer": None if signer is None else _named(signer),
        "signing_time": None if time is None else time.isoformat(),
        **({"digest_info": "without NULL"} if is_without_null(signed) else {}),
    }


def master_list(parsed: MasterList) -> Plain:
    """The certificates by country, each with what it is."""
    countries = Counter(certificate.country or "?" for certificate in parsed.certificates)
    return {
        **signature_of(parsed.signed),
        "certificates": len(parsed.certificates) + len(parsed.unreadable),
        "countries": dict(sorted(countries.items())),
        "listed": [{"kind": kind_of(certificate).value, **_named(certificate)} for certificate in parsed.certificates],
        "unreadable": [{"position": bad.position, "reason": bad.reason} for bad in parsed.unreadable],
    }


def certificate_bag(bag: CertificateBag) -> Plain:
    """Each certificate and revocation list; what cannot be read is told with its place (from 0)."""
    listed: list[Plain] = []
    unreadable: list[Plain] = []
    for position, data in enumerate((*bag.certificates, *bag.crls)):
        try:
            if position < len(bag.certificates):
                certificate = Certificate.parse(data)
                listed.append({"kind": kind_of(certificate).value, **_named(certificate)})
            else:
                crl = Crl.parse(data)
                issued = {"country": crl.country, "issuer": crl.issuer.text, "this_update": crl.this_update.isoformat()}
                listed.append({"kind": "crl", **issued, "sha256": crl.fingerprint})
        except BadInput as error:
            unreadable.append({"position": position, "reason": error.code})
    return {
        "certificates": len(bag.certificates),
        "crls": len(bag.crls),
        "listed": listed,
        "unreadable": unreadable,
    }


def deviation_list(parsed: DeviationList) -> Plain:
    """Each deviation with the documents that it is about."""
    return {
        **signature_of(parsed.signed),
        "country": parsed.country,
        "digest": parsed.digest,
        "sha256": parsed.fingerprint,
        "deviations": [_deviation(deviation) for deviation in parsed.deviations],
    }


def request(parsed: CertificateRequest) -> Plain:
    """A request for a document signer's certificate; its signature, which proves the key, was checked."""
    return {
        "subject": parsed.subject.text,
        "country": parsed.subject.country,
        "public_key_sha256": sha256(parsed.spki).hexdigest(),
        "sha256": sha256(parsed.der).hexdigest(),
    }


def cv_request(parsed: CvRequest) -> Plain:
    """A request for a card-verifiable certificate; its inner signature was checked."""
    return {
        "holder_reference": parsed.holder_reference.text,
        "authority_reference": parsed.authority_reference.text if parsed.authority_reference else None,
        "authenticated_by": parsed.authenticated_by.text if parsed.authenticated_by else None,
        "public_key_oid": parsed.public_key.oid,
        "sha256": sha256(parsed.encode()).hexdigest(),
    }


def bundle(signed: SignedBundle) -> Plain:
    """A trust bundle, whose signature holds."""
    content = signed.bundle
    return {
        "authority": content.authority,
        "version": content.version,
        "issued_at": content.issued_at.isoformat(),
        "base": content.base,
        "max_age_days": content.policy.max_age_days,
        "allow_bac": content.policy.allow_bac,
        "signer": _named(signed.signer),
        **{name: len(content.sections.get(name, ())) for name in SECTIONS},
        "removed": len(content.removed),
        "sha256": signed.sha256,
    }


def _deviation(deviation: Deviation) -> Plain:
    concerned = deviation.concerned
    fields = {
        "kind": deviation.kind,
        "type": deviation.oid,
        "description": deviation.text,
        "parameters": deviation.parameters.hex() if deviation.parameters is not None else None,
        "document_type": concerned.document_type,
        "issuer": concerned.issuer.text if concerned.issuer else None,
        "serial": f"{concerned.serial:X}" if concerned.serial is not None else None,
        "key_identifier": concerned.key_identifier.hex() if concerned.key_identifier else None,
        "certificate_digest": concerned.certificate_digest.hex() if concerned.certificate_digest else None,
        "issued_from": _date(concerned.issued_from),
        "issued_until": _date(concerned.issued_until),
        "document_numbers": sorted(concerned.document_numbers) or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _named(certificate: Certificate) -> Plain:
    return {
        "country": certificate.country,
        "subject": certificate.subject.text,
        "not_after": certificate.not_after.isoformat(),
        "sha256": certificate.fingerprint,
    }


def _date(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
