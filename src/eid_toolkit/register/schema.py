"""The register's tables. A change here needs a migration beside it; a test holds both together."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
)

from eid_toolkit.register.stored import stored

HEAD = "0002"
"""The newest migration."""

_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class UtcTime(TypeDecorator[datetime]):
    """A time in UTC as sortable ISO text, the same on every database."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else value.astimezone(UTC).strftime(_TIME_FORMAT)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else stored(_read_time, value, "a time")


def _read_time(text: str) -> datetime:
    return datetime.strptime(text, _TIME_FORMAT).replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

person = Table(
    "person",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("personal_number", Text, unique=True),
    Column("primary_identifier", Text, nullable=False),
    Column("secondary_identifier", Text),
    Column("folded_name", Text, nullable=False, index=True),  # for search with and without diacritics
    Column("date_of_birth", String(10), nullable=False, index=True),
    Column("sex", String(1), nullable=False),
    Column("nationality", String(3), nullable=False),
    Column("place_of_birth", Text),
    Column("place_of_origin", Text),
    Column("place_of_residence", Text),
    Column("ethnicity", Text),
    Column("religion", Text),
    Column("identifying_features", Text),
    Column("father", Text),
    Column("mother", Text),
    Column("spouse", Text),
    Column("former_number", Text),
    Column("created_at", UtcTime, nullable=False),
)

application = Table(
    "application",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("profile", Text, nullable=False),
    Column("profile_hash", String(64), nullable=False),
    Column("portrait", LargeBinary, nullable=False),  # sealed
    Column("portrait_sha256", String(64), nullable=False),
    Column("portrait_width", Integer, nullable=False),
    Column("portrait_height", Integer, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("creator", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

application_biometric = Table(
    "application_biometric",
    metadata,
    Column("application_id", ForeignKey("application.id"), nullable=False),
    Column("data_group", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),  # sealed: the whole file
    Column("sha256", String(64), nullable=False),
    PrimaryKeyConstraint("application_id", "data_group"),
)

decision = Table(
    "decision",
    metadata,
    Column("subject", String(16), nullable=False),
    Column("action", String(16), nullable=False),
    Column("statement", Text, nullable=False),  # canonical JSON: the state that was decided on
    Column("operator", Text, nullable=False),
    Column("signature", LargeBinary),  # none in a demo home
    Column("decided_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("subject", "action"),
)

document = Table(
    "document",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("application_id", ForeignKey("application.id"), nullable=False, index=True),
    Column("profile", Text, nullable=False),
    Column("profile_hash", String(64), nullable=False),
    Column("document_code", String(2), nullable=False),
    Column("issuing_state", String(3), nullable=False),
    Column("document_number", Text, nullable=False, index=True),  # not unique: some states keep it over a reissue
    Column("date_of_issue", String(10), nullable=False),
    Column("date_of_expiry", String(10)),
    Column("signer", String(64), nullable=False),  # fingerprint of the document signer's certificate
    Column("sod_sha256", String(64), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("chip", Text, unique=True),
    Column("created_at", UtcTime, nullable=False),
)

document_file = Table(
    "document_file",
    metadata,
    Column("document_id", ForeignKey("document.id"), nullable=False),
    Column("label", String(16), nullable=False),
    Column("content", LargeBinary, nullable=False),  # sealed
    PrimaryKeyConstraint("document_id", "label"),
)

document_secret = Table(
    "document_secret",
    metadata,
    Column("document_id", ForeignKey("document.id"), nullable=False),
    Column("name", String(32), nullable=False),
    Column("content", LargeBinary, nullable=False),  # sealed
    PrimaryKeyConstraint("document_id", "name"),
)

personalization_job = Table(
    "personalization_job",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("document_id", ForeignKey("document.id"), nullable=False, index=True),
    Column("chip", Text),
    Column("reader", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("plan_hash", String(64), nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("operator", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

personalization_step = Table(
    "personalization_step",
    metadata,
    Column("job_id", ForeignKey("personalization_job.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("detail", Text),  # JSON
    PrimaryKeyConstraint("job_id", "position"),
)

audit = Table(
    "audit",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("time", UtcTime, nullable=False),
    Column("operator", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),  # canonical JSON
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_subject", "subject"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("position", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""One row: the newest audit row again, so that rows cut off at the end are missed."""
