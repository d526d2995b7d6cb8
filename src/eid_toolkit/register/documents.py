"""Documents: prepared for an approved application, bound to one chip, issued or spoiled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from eid_toolkit.audit.log import AuditEvent, append, newest
from eid_toolkit.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.iso7816.files import ElementaryFile
from eid_toolkit.ports import Clock
from eid_toolkit.register.applications import Application, Applications, load_application
from eid_toolkit.register.canonical import canonical, digest
from eid_toolkit.register.database import Database
from eid_toolkit.register.decisions import decide
from eid_toolkit.register.schema import document, document_file, document_secret
from eid_toolkit.register.stored import stored
from eid_toolkit.secret import Secret
from eid_toolkit.stores.keys import KeyStore
from eid_toolkit.stores.operators import Operator

CAN = "can"
MRZ_INFORMATION = "mrz-information"
CHIP_AUTHENTICATION_KEY = "chip-authentication-key"
ACTIVE_AUTHENTICATION_KEY = "active-authentication-key"
TERMINAL_TRUST = "terminal-trust"
_CHIP_KEYS = (CHIP_AUTHENTICATION_KEY, ACTIVE_AUTHENTICATION_KEY)


class DocumentState(StrEnum):
    """Where a document stands: ``prepared`` to ``bound`` to ``issued``, and from the first two to ``spoiled``."""

    PREPARED = "prepared"
    BOUND = "bound"
    ISSUED = "issued"
    SPOILED = "spoiled"


@dataclass(frozen=True, slots=True)
class Document:
    """One document as the register lists it."""

    id: str
    application_id: str
    profile: str
    profile_hash: str
    document_code: str
    issuing_state: str
    document_number: str
    date_of_issue: str
    date_of_expiry: str | None
    signer: str
    sod_sha256: str
    state: DocumentState
    chip: str | None
    created_at: datetime

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {
            "id": self.id,
            "application": self.application_id,
            "profile": self.profile,
            "profile_hash": self.profile_hash,
            "document_code": self.document_code,
            "issuing_state": self.issuing_state,
            "document_number": self.document_number,
            "date_of_issue": self.date_of_issue,
            "date_of_expiry": self.date_of_expiry,
            "signer": self.signer,
            "sod_sha256": self.sod_sha256,
            "state": str(self.state),
            "chip": self.chip,
            "created_at": self.created_at.isoformat(),
        }


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


class Documents:
    """The documents of one register."""

    def __init__(self, database: Database, keys: KeyStore, applications: Applications, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._applications = applications
        self._clock = clock

    def add(self, prepared: PreparedDocument, operator: Operator) -> Document:
        """Keep a prepared document; raises :class:`NotPermitted` if its application has one that is not spoiled.

        The approval is verified once more in the transaction that uses it.
        """
        now = self._clock.now()
        row = {
            "id": prepared.id,
            "application_id": prepared.application.id,
            "profile": prepared.application.profile,
            "profile_hash": prepared.application.profile_hash,
            "document_code": prepared.document_code,
            "issuing_state": prepared.issuing_state,
            "document_number": prepared.document_number,
            "date_of_issue": prepared.date_of_issue.isoformat(),
            "date_of_expiry": prepared.date_of_expiry.isoformat() if prepared.date_of_expiry else None,
            "signer": prepared.signer,
            "sod_sha256": sha256(prepared.files[ElementaryFile.SOD]).hexdigest(),
            "state": DocumentState.PREPARED,
            "created_at": now,
        }
        secrets = {
            CAN: prepared.can,
            MRZ_INFORMATION: prepared.mrz_information,
            CHIP_AUTHENTICATION_KEY: prepared.chip_authentication_key,
            ACTIVE_AUTHENTICATION_KEY: prepared.active_authentication_key,
            TERMINAL_TRUST: prepared.terminal_trust,
        }
        binding = _binding(row, (file.label for file in prepared.files))
        files = [
            {"document_id": prepared.id, "label": file.label, "content": self._sealed(binding, file.label, data)}
            for file, data in prepared.files.items()
        ]
        sealed = [
            {"document_id": prepared.id, "name": name, "content": self._sealed(binding, name, key.reveal())}
            for name, key in secrets.items()
            if key
        ]
        event = AuditEvent(
            "document.prepared",
            prepared.id,
            {
                "application": prepared.application.id,
                "profile_hash": row["profile_hash"],
                "signer": prepared.signer,
                "sod_sha256": row["sod_sha256"],
            },
        )
        with self._database.write() as connection:
            application = load_application(connection, prepared.application.id)
            self._applications.verify_approval(connection, application)
            living = _living(connection, application.id)
            if living is not None:
                raise NotPermitted("application-has-document", application=application.id, document=living)
            connection.execute(insert(document), row)
            connection.execute(insert(document_file), files)
            connection.execute(insert(document_secret), sealed)
            append(connection, now, operator.name, [event])
            return _load(connection, prepared.id)

    def get(self, identifier: str) -> Document:
        """One document; raises :class:`BadInput` if there is none of that identifier."""
        with self._database.read() as connection:
            return _load(connection, identifier)

    def list(self, state: DocumentState | None = None) -> tuple[Document, ...]:
        """All documents, or those of one state, oldest first."""
        query = select(document).order_by(document.c.created_at, document.c.id)
        if state is not None:
            query = query.where(document.c.state == state)
        with self._database.read() as connection:
            return tuple(map(_document, connection.execute(query)))

    def application_of(self, found: Document) -> Application:
        """The application that the document was prepared for."""
        return self._applications.get(found.application_id)

    def living(self, application_id: str) -> str | None:
        """The identifier of an application's document that is not spoiled."""
        with self._database.read() as connection:
            return _living(connection, application_id)

    def is_number_taken(self, issuing_state: str, number: str) -> bool:
        """Whether a document of that state has the number."""
        query = select(func.count()).where(
            document.c.issuing_state == issuing_state, document.c.document_number == number
        )
        with self._database.read() as connection:
            return bool(connection.execute(query).scalar())

    def load_package(self, identifier: str) -> DocumentPackage:
        """All that is written to the chip, unsealed; raises :class:`IntegrityBroken` if any of it was changed."""
        with self._database.read() as connection:
            found = _load(connection, identifier)
            files = connection.execute(select(document_file).where(document_file.c.document_id == found.id)).all()
            rows = connection.execute(select(document_secret).where(document_secret.c.document_id == found.id)).all()
            _check_history(connection, found)
        binding = _binding({name: getattr(found, name) for name in _BOUND}, (row.label for row in files))
        opened = {row.label: self._unsealed(binding, row.label, row.content).reveal() for row in files}
        secrets = {row.name: self._unsealed(binding, row.name, row.content) for row in rows}
        content = {file: opened[file.label] for file in ElementaryFile if file.label in opened}
        sod = content.get(ElementaryFile.SOD, b"")
        if sha256(sod).hexdigest() != found.sod_sha256 or not {CAN, MRZ_INFORMATION} <= secrets.keys():
            raise IntegrityBroken("document-incomplete", document=found.id)
        return DocumentPackage(
            document_id=found.id,
            profile=found.profile,
            profile_hash=found.profile_hash,
            document_number=found.document_number,
            state=found.state,
            chip=found.chip,
            files=content,
            can=secrets[CAN],
            mrz_information=secrets[MRZ_INFORMATION],
            chip_authentication_key=secrets.get(CHIP_AUTHENTICATION_KEY),
            active_authentication_key=secrets.get(ACTIVE_AUTHENTICATION_KEY),
            terminal_trust=secrets.get(TERMINAL_TRUST),
        )

    def bind_chip(self, identifier: str, chip: str, operator: Operator) -> Document:
        """Bind the document to a chip for good; once more to the same chip changes nothing.

        Raises :class:`NotPermitted` if the document has another chip, or the chip another document.
        """
        with self._database.write() as connection:
            found = _load(connection, identifier)
            self._applications.verify_approval(connection, load_application(connection, found.application_id))
            _check_history(connection, found)
            if found.state is DocumentState.BOUND and found.chip == chip:
                return found
            _require(found, DocumentState.PREPARED)
            other = connection.execute(select(document.c.id).where(document.c.chip == chip)).scalar()
            if other is not None:
                raise NotPermitted("chip-has-document", chip=chip, document=other)
            self._change(connection, found, operator, DocumentState.BOUND, {"chip": chip}, chip=chip)
            return _load(connection, found.id)

    def issue(self, identifier: str, operator: Operator) -> Document:
        """The card is in order: the document is issued, signed for by the operator, and its chip's keys destroyed."""
        with self._database.write() as connection:
            found = _load(connection, identifier)
            self._applications.verify_approval(connection, load_application(connection, found.application_id))
            _require(found, DocumentState.BOUND)
            _check_history(connection, found)
            state = {"chip": found.chip, "sod_sha256": found.sod_sha256, "profile_hash": found.profile_hash}
            statement = decide(connection, operator, "issue", found.id, state, self._clock.now())
            self._destroy_chip_keys(connection, found, operator)
            self._change(connection, found, operator, DocumentState.ISSUED, {"statement_sha256": statement})
            return _load(connection, found.id)

    def spoil(self, identifier: str, reason: str, operator: Operator) -> Document:
        """The card is lost to the document, and the document with it; its keys never go to another chip."""
        with self._database.write() as connection:
            found = _load(connection, identifier)
            _require(found, DocumentState.PREPARED, DocumentState.BOUND)
            _check_history(connection, found)
            state = {"chip": found.chip, "sod_sha256": found.sod_sha256, "reason": reason}
            statement = decide(connection, operator, "spoil", found.id, state, self._clock.now())
            self._destroy_chip_keys(connection, found, operator)
            self._change(connection, found, operator, DocumentState.SPOILED, {"statement_sha256": statement})
            return _load(connection, found.id)

    def destroy_chip_secrets(self, identifier: str, operator: Operator) -> None:
        """Destroy the chip's private keys, on record; nothing to do if that was done."""
        with self._database.write() as connection:
            self._destroy_chip_keys(connection, _load(connection, identifier), operator)

    def _destroy_chip_keys(self, connection: Connection, found: Document, operator: Operator) -> None:
        mine = document_secret.c.document_id == found.id
        keys = connection.execute(
            select(document_secret.c.name).where(mine, document_secret.c.name.in_(_CHIP_KEYS))
        ).scalars()
        names = sorted(keys)
        if names:
            connection.execute(delete(document_secret).where(mine, document_secret.c.name.in_(_CHIP_KEYS)))
            event = AuditEvent("document.keys-destroyed", found.id, {"keys": names})
            append(connection, self._clock.now(), operator.name, [event])

    def _change(
        self,
        connection: Connection,
        found: Document,
        operator: Operator,
        state: DocumentState,
        detail: Mapping[str, object],
        **values: object,
    ) -> None:
        connection.execute(update(document).where(document.c.id == found.id).values(state=state, **values))
        append(connection, self._clock.now(), operator.name, [AuditEvent(f"document.{state}", found.id, detail)])

    def _sealed(self, binding: str, name: str, data: bytes) -> bytes:
        return self._keys.seal(data, f"document:{binding}:{name}".encode())

    def _unsealed(self, binding: str, name: str, content: bytes) -> Secret:
        return self._keys.unseal(content, f"document:{binding}:{name}".encode())


def _living(connection: Connection, application_id: str) -> str | None:
    query = select(document.c.id).where(
        document.c.application_id == application_id, document.c.state != DocumentState.SPOILED
    )
    found: str | None = connection.execute(query).scalar()
    return found


def _load(connection: Connection, identifier: str) -> Document:
    row = connection.execute(select(document).where(document.c.id == identifier.upper())).first()
    if row is None:
        raise BadInput("document-unknown", document=identifier)
    return _document(row)


def _document(row: Row[Any]) -> Document:
    return Document(**{**row._mapping, "state": stored(DocumentState, row.state, "the state of a document")})


def _require(found: Document, *states: DocumentState) -> None:
    if found.state not in states:
        raise NotPermitted("document-state", document=found.id, state=found.state)


_BOUND = (
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


def _binding(columns: Mapping[str, object], labels: Iterable[str]) -> str:
    """What all that is sealed for a document is bound to: change its row or its set of files, and nothing opens."""
    return digest({**{name: columns[name] for name in _BOUND}, "files": sorted(labels)})


def _check_history(connection: Connection, found: Document) -> None:
    """The register's row and the audit log tell the same of the document; raises :class:`IntegrityBroken` if not."""
    told = newest(connection, found.id, [f"document.{state}" for state in DocumentState])
    agree = told is not None and told.action == f"document.{found.state}"
    if agree and told is not None and found.state is DocumentState.BOUND:
        agree = told.detail == canonical({"chip": found.chip})
    if not agree:
        raise IntegrityBroken("document-history-changed", document=found.id, state=found.state)
