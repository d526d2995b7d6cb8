"""What a linter says of certificates and lists, with a sentence for each finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eid_toolkit.ground.messages.catalogue import Sentence

if TYPE_CHECKING:
    from eid_toolkit.standards.pki.certificate import Certificate
    from eid_toolkit.standards.pki.crl import Crl
    from eid_toolkit.standards.pki.cv_certificate import CvCertificate


def findings_on(item: Certificate | Crl | CvCertificate | object) -> list[dict[str, Any]]:
    """The findings with stable keys; none for what has no profile."""
    from eid_toolkit.standards.pki.certificate import Certificate
    from eid_toolkit.standards.pki.crl import Crl
    from eid_toolkit.standards.pki.cv_certificate import CvCertificate
    from eid_toolkit.standards.pki.lint import lint_certificate, lint_crl, lint_cv_certificate

    match item:
        case Certificate():
            findings = lint_certificate(item)
        case Crl():
            findings = lint_crl(item)
        case CvCertificate():
            findings = lint_cv_certificate(item)
        case _:
            findings = ()
    return [{**finding.to_json(), "detail": Sentence.of(finding.code, finding.facts)} for finding in findings]
