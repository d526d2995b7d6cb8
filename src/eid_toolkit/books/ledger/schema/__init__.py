"""The register's tables. A change here needs a migration beside it; a test holds both together."""

from __future__ import annotations

from eid_toolkit.books.ledger.schema.base import UtcTime, metadata
from eid_toolkit.books.ledger.schema.log import (
    audit,
    audit_checkpoint,
    audit_session,
    audit_signature,
    chain_head,
    subject_head,
)
from eid_toolkit.books.ledger.schema.office import (
    application,
    application_biometric,
    card,
    data_key,
    decision,
    document,
    document_file,
    document_secret,
    document_status,
    lease,
    personalization_job,
    personalization_step,
    portrait_print,
    station,
)
from eid_toolkit.books.ledger.schema.people import (
    agency,
    name_posting,
    name_variant,
    name_word,
    notice,
    person,
    person_change,
    person_import,
    person_pair,
)
from eid_toolkit.books.ledger.schema.stock import blank, blank_movement, manifest, shift, vendor

HEAD = "0010"
"""The newest migration."""

__all__ = [
    "HEAD", "UtcTime", "agency", "application", "application_biometric", "audit", "audit_checkpoint",
    "audit_session", "audit_signature", "blank", "blank_movement", "card", "chain_head", "data_key", "decision",
    "document", "document_file", "document_secret",
    "document_status", "lease", "manifest", "metadata", "name_posting", "name_variant", "name_word", "notice",
    "person", "person_change", "person_import", "person_pair", "personalization_job", "personalization_step",
    "portrait_print", "shift", "station", "subject_head", "vendor",
]  # fmt: skip
