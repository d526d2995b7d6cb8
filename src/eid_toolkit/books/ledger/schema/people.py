"""Persons, their history and names for search; agencies and police notices."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, PrimaryKeyConstraint, String, Table, Text

from eid_toolkit.books.ledger.schema.base import COUNT, SORTED_TEXT, UtcTime, metadata, standing

person = Table(
    "person",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("personal_number", Text, unique=True),
    Column("primary_identifier", Text, nullable=False),
    Column("secondary_identifier", Text),
    Column("folded_name", SORTED_TEXT, nullable=False),  # for search with and without diacritics
    Column("date_of_birth", String(10), nullable=False),
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
    Column("former_number", Text, index=True),
    Column("former_names", Text),
    Column("guardians", Text),
    Column("vital_status", String(10)),
    Column("date_of_death", String(10)),
    Column("national_name", Text),  # the whole name in the national script
    Column("created_at", UtcTime, nullable=False),
    Column("source", String(16)),  # the import that brought the person; none for one typed in
    Column("version", COUNT, nullable=False, server_default="1"),  # counts the changes
    Column("merged_into", String(16)),  # found to be the same person as another
    Column("erased_at", UtcTime),
    Index("ix_person_folded_name", "folded_name", "id"),  # the order of lists
    Index("ix_person_date_of_birth", "date_of_birth", "folded_name"),
)

person_change = Table(
    "person_change",
    metadata,
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("version", COUNT, nullable=False),  # the person's after the change
    Column("changed_at", UtcTime, nullable=False),
    Column("operator", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),  # sealed: each field before and after; empty for an addition
    PrimaryKeyConstraint("person_id", "version"),
)

person_import = Table(
    "person_import",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("file_sha256", String(64), nullable=False, index=True),
    Column("operator", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("row", COUNT, nullable=False),  # rows of the file that are dealt with
    Column("imported", COUNT, nullable=False),
    Column("rejected", COUNT, nullable=False),
    Column("rejects_size", COUNT, nullable=False),  # bytes of the rejects file that belong to these rows
    Column("rejects_sha256", String(64)),  # of those bytes
)

person_pair = Table(
    "person_pair",
    metadata,
    Column("first", ForeignKey("person.id"), nullable=False),
    Column("second", ForeignKey("person.id"), nullable=False, index=True),
    Column("reason", String(32), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("proposed_at", UtcTime, nullable=False),
    Column("operator", Text),  # who decided
    Column("decided_at", UtcTime),
    PrimaryKeyConstraint("first", "second"),
)

name_word = Table(
    "name_word",
    metadata,
    Column("id", COUNT, primary_key=True),
    Column("word", SORTED_TEXT, nullable=False, unique=True),
    Column("names", COUNT, nullable=False),  # how many folded names hold it, about
)

name_variant = Table(
    "name_variant",
    metadata,
    Column("variant", SORTED_TEXT, nullable=False),  # a word, or one without one of its letters
    Column("word_id", COUNT, nullable=False),
    PrimaryKeyConstraint("variant", "word_id"),
    sqlite_with_rowid=False,
)

name_posting = Table(
    "name_posting",
    metadata,
    Column("word_id", COUNT, nullable=False),  # no foreign key: its checks would double the time of an import
    Column("folded_name", SORTED_TEXT, nullable=False),
    PrimaryKeyConstraint("word_id", "folded_name"),
    sqlite_with_rowid=False,
)

agency = Table(
    "agency",
    metadata,
    Column("code", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("fields", Text, nullable=False),  # JSON: what of a person it may see
    Column("purposes", Text, nullable=False),  # JSON: what it may look up for
    Column("may_report", Integer, nullable=False, server_default="0"),  # notices, as the police does
    Column("created_at", UtcTime, nullable=False),
    Column("disabled_at", UtcTime),
    *standing(),
)

notice = Table(
    "notice",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("kind", String(16), nullable=False),  # lost, stolen, wanted
    Column("person_id", ForeignKey("person.id"), index=True),
    Column("document_id", ForeignKey("document.id"), index=True),
    Column("agency", ForeignKey("agency.code")),
    Column("operator", Text, nullable=False),
    Column("reported_at", UtcTime, nullable=False),
    Column("reason", Text),
    Column("withdrawn_at", UtcTime),
    Column("withdrawn_by", Text),
    Column("withdrawal_reason", Text),
    *standing(),
    Index("ix_notice_kind", "kind"),
)
