"""Checks certificates and revocation lists against the profiles of ICAO Doc 9303-12, naming the section."""

from __future__ import annotations

from eid_toolkit.standards.pki.lint.certificates import lint_certificate
from eid_toolkit.standards.pki.lint.cv_certificates import lint_cv_certificate
from eid_toolkit.standards.pki.lint.finding import CertificateKind, Finding, Severity
from eid_toolkit.standards.pki.lint.lists import lint_crl

__all__ = ["CertificateKind", "Finding", "Severity", "lint_certificate", "lint_crl", "lint_cv_certificate"]
