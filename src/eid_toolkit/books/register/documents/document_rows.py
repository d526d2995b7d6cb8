"""Documents as the register has them, and how they are read out of its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any

from sqlalchemy import Connection, Row, select

from eid_toolkit.books.ledger.canonical import digest
from eid_toolkit.books.ledger.decisions import decision_of
from eid_toolkit.books.ledger.schema import application, decision, document, person
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.ledger.workflow import DOCUMENT, DocumentState
from eid_toolkit.books.register.documents.applications import Application
from eid_toolkit.books.register.people.person_record import person_of
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import Named, to_plain
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.sod import Sod

CAN = "can"
MRZ_INFORMATION = "mrz-information"
CHIP_AUTHENTICATION_KEY = "chip-authentication-key"
ACTIVE_AUTHENTICATION_KEY = "active-authentication-key"
TERMINAL_TRUST = "terminal-trust"
_CHUNK = 500
PRINT_CHECK = "print_check"
"""Where the decision to issue a document says how the print was checked."""
CHIP_KEYS = (CHIP_AUTHENTICATION_KEY, ACTIVE_AUTHENTICATION_KEY)


class PrintCheck(StrEnum):
    """How it was found out that what is on a chip and what is printed on its card are one document."""

    TYPED = "typed"
    """What is printed was typed when the chip had been written."""
    TYPED_FIRST = "typed-first"
    """What is printed was typed before: it said which document was written."""
    NOT_MADE = "not-made"


@dataclass(frozen=True, slots=True)
class Document:
    """One document as the register lists it."""

    id: str
    application_id: Annotated[str, Named("application")]
    profile: str
    profile_hash: str
    document_code: str
    issuing_state: str
    document_number: str
    date_of_issue: str
    date_of_expiry: str | None
    signer: str
    sod_sha256: str
    content_sha256: str | None
    state: DocumentState
    chip: str | None
    remake: bool
    """Whether an earlier document for the same application was given up."""
    created_at: datetime

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return to_plain(self, without=("content_sha256", "remake"))


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """What the preparation of a document gives: all that goes onto the card, and what is printed on it."""

    id: str
    application: Application
    document_code: str
    issuing_state: str
    document_number: str
    date_of_issue: date
    date_of_expiry: date | None
    signer: str
    """The fingerprint of the document signer's certificate."""
    files: Mapping[ElementaryFile, bytes] = field(repr=False)
    can: Secret
    mrz_information: Secret
    chip_authentication_key: Secret | None
    active_authentication_key: Secret | None
    terminal_trust: Secret | None = None
    """What the chip is told of whose terminals to trust: no secret, but sealed like what is one."""

    @property
    def secrets(self) -> dict[str, Secret]:
        """What there is of it that is sealed beside the files, by its name in the register."""
        named = {
            CAN: self.can,
            MRZ_INFORMATION: self.mrz_information,
            CHIP_AUTHENTICATION_KEY: self.chip_authentication_key,
            ACTIVE_AUTHENTICATION_KEY: self.active_authentication_key,
            TERMINAL_TRUST: self.terminal_trust,
        }
        return {name: secret for name, secret in named.items() if secret}

    def document(self, now: datetime, *, remake: bool) -> Document:
        """The document as the register lists it from now on."""
        sod = self.files[ElementaryFile.SOD]
        return Document(
            id=self.id,
            application_id=self.application.id,
            profile=self.application.profile,
            profile_hash=self.application.profile_hash,
            document_code=self.document_code,
            issuing_state=self.issuing_state,
            document_number=self.document_number,
            date_of_issue=self.date_of_issue.isoformat(),
            date_of_expiry=self.date_of_expiry.isoformat() if self.date_of_expiry else None,
            signer=self.signer,
            sod_sha256=sha256(sod).hexdigest(),
            content_sha256=Sod.parse(sod).content_sha256,
            state=DOCUMENT.initial,
            chip=None,
            remake=remake,
            created_at=now,
        )


@dataclass(frozen=True, slots=True)
class DocumentPackage:
    """What is written to a chip; the chip's keys are None once they were destroyed."""

    document_id: str
    profile: str
    profile_hash: str
    document_number: str
    state: DocumentState
    chip: str | None
    files: Mapping[ElementaryFile, bytes] = field(repr=False)
    can: Secret
    mrz_information: Secret
    chip_authentication_key: Secret | None
    active_authentication_key: Secret | None
    terminal_trust: Secret | None = None


def has_document(connection: Connection, application_id: str) -> bool:
    """Whether an application has a document, if only a spoiled one."""
    query = select(document.c.id).where(document.c.application_id == application_id).limit(1)
    return connection.execute(query).first() is not None


def load_document(connection: Connection, identifier: str) -> Document:
    """The document within the caller's transaction; raises :class:`BadInput` if there is none."""
    row = connection.execute(select(document).where(document.c.id == identifier.upper())).first()
    if row is None:
        raise BadInput("document-unknown", document=identifier)
    return document_of(row)


def print_check_of(connection: Connection, identifier: str) -> PrintCheck | None:
    """How the print of a document's card was checked; None if it was not issued, or in a version before this one."""
    query = select(decision).where(decision.c.subject == identifier, decision.c.action == "issue")
    row = connection.execute(query).mappings().first()
    issued = decision_of(row) if row is not None else None
    told = issued.state.get(PRINT_CHECK) if issued is not None else None
    return stored(PrintCheck, str(told), "a print check") if told is not None else None


def holders_of(connection: Connection, identifiers: Sequence[str]) -> dict[str, str]:
    """The holders' names by the documents' identifiers."""
    query = select(document.c.id, person).join(application, application.c.id == document.c.application_id)
    query = query.join(person, person.c.id == application.c.person_id)
    names: dict[str, str] = {}
    for start in range(0, len(identifiers), _CHUNK):
        some = query.where(document.c.id.in_(identifiers[start : start + _CHUNK]))
        for row in connection.execute(some).mappings():
            names[row[document.c.id]] = person_of(row).data.names
    return names


def document_of(row: Row[Any]) -> Document:
    """The document of a row."""
    state = stored(DocumentState, row.state, "the state of a document")
    columns = {name: getattr(row, name) for name in Document.__slots__}
    return Document(**{**columns, "state": state, "remake": bool(row.remake)})


BOUND = (
    "id",
    "application_id",
    "profile",
    "profile_hash",
    "document_code",
    "issuing_state",
    "document_number",
    "date_of_issue",
    "date_of_expiry",
    "signer",
    "sod_sha256",
)


def binding_of(columns: Mapping[str, object], labels: Iterable[str]) -> str:
    """What all that is sealed for a document is bound to: change its row or its set of files, and nothing opens."""
    return digest({**{name: columns[name] for name in BOUND}, "files": sorted(labels)})
