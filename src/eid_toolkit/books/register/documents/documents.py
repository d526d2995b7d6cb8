"""Documents: prepared for an approved application, bound to one chip, issued or spoiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.audit.states import change, create, hold_one
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.decisions import decide
from eid_toolkit.books.ledger.kinds import APPLICATIONS, DOCUMENTS
from eid_toolkit.books.ledger.reasons import clean_reason
from eid_toolkit.books.ledger.schema import application as applications_table
from eid_toolkit.books.ledger.schema import document, document_file, document_secret
from eid_toolkit.books.ledger.workflow import DOCUMENT, DocumentState
from eid_toolkit.books.register.data_keys import DataKeys
from eid_toolkit.books.register.documents.application_rows import PREPARED, load_application, load_applications
from eid_toolkit.books.register.documents.applications import Application, Applications, check_no_document
from eid_toolkit.books.register.documents.cards import begin_card, change_card, check_spoiling, serial_of
from eid_toolkit.books.register.documents.document_rows import (
    ACTIVE_AUTHENTICATION_KEY,
    BOUND,
    CAN,
    CHIP_AUTHENTICATION_KEY,
    CHIP_KEYS,
    MRZ_INFORMATION,
    PRINT_CHECK,
    TERMINAL_TRUST,
    Document,
    DocumentPackage,
    PreparedDocument,
    PrintCheck,
    binding_of,
    document_of,
    has_document,
    holders_of,
    load_document,
    print_check_of,
)
from eid_toolkit.books.register.documents.document_status import DocumentStatuses
from eid_toolkit.books.register.documents.jobs import give_up_jobs
from eid_toolkit.books.register.stock.stock import DEFAULT_STATION, Stock
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import IntegrityBroken, NotPermitted
from eid_toolkit.ground.ports import Clock
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.sod import Sod

__all__ = ["Document", "DocumentPackage", "DocumentState", "Documents", "PreparedDocument", "PrintCheck"]

_TOLD = ("profile_hash", "signer", "sod_sha256", "content_sha256")
"""What the audit log says of a new document."""
Guard = Callable[[Connection], None]
"""Asked within a transaction whether the caller still has the right to what it does; raises if not."""


def _free(_: Connection) -> None:
    """Nobody else could have the document."""


class Documents:
    """The documents of one register."""

    def __init__(
        self,
        database: Database,
        data_keys: DataKeys,
        applications: Applications,
        statuses: DocumentStatuses,
        stock: Stock,
        clock: Clock,
    ) -> None:
        self._database = database
        self._data_keys = data_keys
        self._applications = applications
        self._statuses = statuses
        self._stock = stock
        self._clock = clock

    def add(self, group: Sequence[PreparedDocument], operator: Operator) -> tuple[Document, ...]:
        """Keep prepared documents, all or none; raises :class:`NotPermitted` if an application has one not spoiled.

        The approval is verified once more in the transaction that uses it.
        """
        operator.require(Permission.PREPARE_DOCUMENTS)
        now = self._clock.now()
        added, files, secrets, details = [], [], [], []
        with self._database.write() as connection:
            lock(connection, "application", *(prepared.application.id for prepared in group))
            lock(connection, "number", *map(_number, group))
            applications = load_applications(connection, (prepared.application.id for prepared in group))
            for prepared in group:
                identifier = prepared.application.id
                application = applications.get(identifier) or load_application(connection, identifier)
                self._applications.verify_approval(connection, application)
                check_no_document(connection, application.id)
                _check_number(connection, prepared)
                record = prepared.document(now, remake=has_document(connection, application.id))
                mine, told = {"document_id": record.id}, {name: getattr(record, name) for name in _TOLD}
                seal = self._data_keys.sealer(connection, record.id)
                binding = binding_of(asdict(record), (file.label for file in prepared.files))
                for file, data in prepared.files.items():
                    files.append({**mine, "label": file.label, "content": seal(data, _context(binding, file.label))})
                for name, key in prepared.secrets.items():
                    secrets.append({**mine, "name": name, "content": seal(key.reveal(), _context(binding, name))})
                details.append({"application": application.id, **told})
                added.append(record)
            rows = [{**asdict(record), "remake": int(record.remake)} for record in added]
            create(connection, DOCUMENTS, rows, PREPARED, operator, now, details)
            named = {record.application_id: record.id for record in added}
            change(
                connection, APPLICATIONS, list(named), {}, PREPARED, operator, now,
                lambda before: {"document": named[before["id"]]},
            )  # fmt: skip
            for into, values in ((document_file, files), (document_secret, secrets)):
                connection.execute(insert(into), values)
        return tuple(added)

    def get(self, identifier: str) -> Document:
        """One document; raises :class:`BadInput` if there is none of that identifier."""
        with self._database.read() as connection:
            return load_document(connection, identifier)

    def list(
        self, state: DocumentState | None = None, limit: int | None = None, offset: int = 0
    ) -> tuple[Document, ...]:
        """All documents, or those of one state, oldest first; ``limit`` of them from ``offset`` on."""
        query = select(document).order_by(document.c.created_at, document.c.id).limit(limit).offset(offset)
        if state is not None:
            query = query.where(document.c.state == state)
        with self._database.read() as connection:
            return tuple(map(document_of, connection.execute(query)))

    def with_chip(self, chip: str) -> Document | None:
        """The document that is bound to a chip."""
        with self._database.read() as connection:
            row = connection.execute(select(document).where(document.c.chip == chip)).first()
        return document_of(row) if row is not None else None

    def with_number(self, number: str) -> tuple[Document, ...]:
        """The documents of that number, the newest first; some states keep a person's number over a reissue."""
        return self._newest(document.c.document_number == number.upper())

    def of_person(self, person_id: str) -> tuple[Document, ...]:
        """The documents of a person, the newest first."""
        theirs = select(applications_table.c.id).where(applications_table.c.person_id == person_id)
        return self._newest(document.c.application_id.in_(theirs))

    def _newest(self, condition: ColumnElement[bool]) -> tuple[Document, ...]:
        query = select(document).where(condition).order_by(document.c.created_at.desc(), document.c.id)
        with self._database.read() as connection:
            return tuple(map(document_of, connection.execute(query)))

    def holders(self, identifiers: Sequence[str]) -> dict[str, str]:
        """The names of the persons whose documents these are, by the documents' identifiers."""
        with self._database.read() as connection:
            return holders_of(connection, identifiers)

    def application_of(self, record: Document) -> Application:
        """The application that the document was prepared for."""
        return self._applications.get(record.application_id)

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
            record = load_document(connection, identifier)
            files = connection.execute(select(document_file).where(document_file.c.document_id == record.id)).all()
            rows = connection.execute(select(document_secret).where(document_secret.c.document_id == record.id)).all()
            hold_one(connection, DOCUMENTS, record.id)
            binding = binding_of({name: getattr(record, name) for name in BOUND}, (row.label for row in files))

            def unsealed(name: str, content: bytes) -> Secret:
                return self._data_keys.unseal(connection, record.id, content, _context(binding, name))

            opened = {row.label: unsealed(row.label, row.content).reveal() for row in files}
            secrets = {row.name: unsealed(row.name, row.content) for row in rows}
        content = {file: opened[file.label] for file in ElementaryFile if file.label in opened}
        sod = content.get(ElementaryFile.SOD, b"")
        if sha256(sod).hexdigest() != record.sod_sha256 or not {CAN, MRZ_INFORMATION} <= secrets.keys():
            raise IntegrityBroken("document-incomplete", document=record.id)
        return DocumentPackage(
            document_id=record.id,
            profile=record.profile,
            profile_hash=record.profile_hash,
            document_number=record.document_number,
            state=record.state,
            chip=record.chip,
            files=content,
            can=secrets[CAN],
            mrz_information=secrets[MRZ_INFORMATION],
            chip_authentication_key=secrets.get(CHIP_AUTHENTICATION_KEY),
            active_authentication_key=secrets.get(ACTIVE_AUTHENTICATION_KEY),
            terminal_trust=secrets.get(TERMINAL_TRUST),
        )

    def bind_chip(
        self, identifier: str, chip: str, operator: Operator, station: str = DEFAULT_STATION, guard: Guard = _free
    ) -> Document:
        """Bind the document to a chip for good; once more to the same chip changes nothing.

        Where stock is kept, the blank counts as used from now on. Raises :class:`NotPermitted` if the document has
        another chip, the chip another document, or the blank is not at the ``station``.
        """
        operator.require(Permission.PERSONALIZE)
        with self._database.write() as connection:
            guard(connection)
            lock(connection, "chip", chip)
            lock(connection, "document", identifier)
            record = load_document(connection, identifier)
            again = record.state is DocumentState.BOUND and record.chip == chip
            state = record.state if again else DOCUMENT.after(record.id, record.state, "bind")
            self._applications.verify_approval(connection, load_application(connection, record.application_id))
            hold_one(connection, DOCUMENTS, record.id)
            if again:
                return record
            other = connection.execute(select(document.c.id).where(document.c.chip == chip)).scalar()
            if other is not None:
                raise NotPermitted("chip-has-document", chip=chip, document=other)
            serial = self._stock.use(connection, chip, station, operator)
            begin_card(connection, chip, record.id, serial, operator, self._clock.now())
            self._change(connection, record, operator, state, {"chip": chip}, chip=chip)
            return load_document(connection, record.id)

    def check_blank(self, chip: str, station: str) -> None:
        """Before the first write: where stock is kept, the blank is known and at the station; raises if not."""
        if self._stock.is_kept():
            self._stock.check_blank(chip, station)

    def issue(
        self,
        identifier: str,
        operator: Operator,
        guard: Guard = _free,
        print_check: PrintCheck = PrintCheck.NOT_MADE,
    ) -> Document:
        """The card is in order: the document is issued, signed for by the operator, and its chip's keys destroyed.

        Its application is completed by that, and the document that it replaces is good no more.
        """
        operator.require(Permission.PERSONALIZE)
        with self._database.write() as connection:
            guard(connection)
            application = load_application(connection, load_document(connection, identifier).application_id)
            lock(connection, "document", identifier, *([] if application.replaces is None else [application.replaces]))
            record = load_document(connection, identifier)
            after = DOCUMENT.after(record.id, record.state, "issue")
            self._applications.verify_approval(connection, application)
            hold_one(connection, DOCUMENTS, record.id)
            state = {"chip": record.chip, "sod_sha256": record.sod_sha256, "profile_hash": record.profile_hash}
            checked = {PRINT_CHECK: str(print_check)}
            statement = decide(connection, operator, "issue", record.id, {**state, **checked}, self._clock.now())
            self._destroy_chip_keys(connection, record, operator)
            change_card(connection, record.chip, "finish", operator, self._clock.now())
            self._change(connection, record, operator, after, {"statement_sha256": statement, **checked})
            self._applications.complete(connection, application, operator)
            if application.replaces is not None:
                self._statuses.replaced(connection, application.replaces, record.id, operator)
            return load_document(connection, record.id)

    def spoil(
        self,
        identifier: str,
        reason: str,
        operator: Operator,
        second: Operator | None = None,
        serial: str | None = None,
    ) -> Document:
        """The card is lost to the document, and the document with it, and its jobs; its keys never go to another chip.

        Where stock is kept, a card that was written to is spoiled by two people, who have its ``serial`` before their
        eyes: raises :class:`NotPermitted` if the second is missing, or the card is another.
        """
        operator.require(Permission.SPOIL)
        reason = clean_reason(reason)
        with self._database.write() as connection:
            lock(connection, "document", identifier)
            record = load_document(connection, identifier)
            after = DOCUMENT.after(record.id, record.state, "spoil")
            hold_one(connection, DOCUMENTS, record.id)
            printed = serial_of(connection, record.chip) if record.chip is not None else None
            if printed is not None:
                check_spoiling(printed, serial, operator, second)
            state = {"chip": record.chip, "sod_sha256": record.sod_sha256, "reason": reason}
            witness = {"serial": printed, "witness": second.name if second is not None else None} if printed else {}
            statement = decide(connection, operator, "spoil", record.id, {**state, **witness}, self._clock.now())
            signature = second.sign(statement.encode()) if second is not None else None
            self._destroy_chip_keys(connection, record, operator)
            change_card(connection, record.chip, "spoil", operator, self._clock.now())
            if record.chip is not None:
                self._stock.spoil_used(connection, record.chip, operator, reason, printed)
            detail = {"statement_sha256": statement, **witness}
            if signature is not None:
                detail["witness_signature"] = signature.hex()
            self._change(connection, record, operator, after, detail)
            self._give_up_jobs(connection, record.id, operator)
            return load_document(connection, record.id)

    def give_up_jobs(self, spoiled: Document, operator: Operator) -> None:
        """End the jobs of a document that a version before this one has spoiled, and was stopped."""
        with self._database.write() as connection:
            self._give_up_jobs(connection, spoiled.id, operator)

    def _give_up_jobs(self, connection: Connection, identifier: str, operator: Operator) -> None:
        now = self._clock.now()
        append(connection, now, operator, give_up_jobs(connection, identifier, now, {}))

    def serial(self, record: Document) -> str | None:
        """The number printed on the blank of the document's card, where stock is kept."""
        if record.chip is None:
            return None
        with self._database.read() as connection:
            return serial_of(connection, record.chip)

    def print_check(self, record: Document) -> PrintCheck | None:
        """How the print of the document's card was checked when it was issued; None where that is not known."""
        with self._database.read() as connection:
            return print_check_of(connection, record.id)

    def content_sha256(self, identifier: str) -> str:
        """Of what the document's EF.SOD signs, for a row of an earlier version, which leaves it open."""
        return Sod.parse(self.load_package(identifier).files[ElementaryFile.SOD]).content_sha256

    def export(self, identifier: str, operator: Operator) -> DocumentPackage:
        """What is printed of a document, on record: it opens the chip."""
        operator.require(Permission.EXPORT_PRINT_DATA)
        package = self.load_package(identifier)
        with self._database.write() as connection:
            event = AuditEvent("document.exported", package.document_id, {})
            append(connection, self._clock.now(), operator, [event])
        return package

    def _destroy_chip_keys(self, connection: Connection, record: Document, operator: Operator) -> None:
        mine = document_secret.c.document_id == record.id
        keys = connection.execute(
            select(document_secret.c.name).where(mine, document_secret.c.name.in_(CHIP_KEYS))
        ).scalars()
        names = sorted(keys)
        if names:
            connection.execute(delete(document_secret).where(mine, document_secret.c.name.in_(CHIP_KEYS)))
            event = AuditEvent("document.keys-destroyed", record.id, {"keys": names})
            append(connection, self._clock.now(), operator, [event])

    def _change(
        self,
        connection: Connection,
        record: Document,
        operator: Operator,
        state: DocumentState,
        detail: Mapping[str, object],
        **values: object,
    ) -> None:
        new = {"state": state, **values}
        change(connection, DOCUMENTS, [record.id], new, str(state), operator, self._clock.now(), detail)


def _number(prepared: PreparedDocument) -> str:
    return f"{prepared.issuing_state}/{prepared.document_number}"


def _check_number(connection: Connection, prepared: PreparedDocument) -> None:
    """Raises :class:`NotPermitted` if another person's document has got the number meanwhile."""
    theirs = (
        select(document.c.id)
        .join(applications_table, applications_table.c.id == document.c.application_id)
        .where(
            document.c.issuing_state == prepared.issuing_state,
            document.c.document_number == prepared.document_number,
            applications_table.c.person_id != prepared.application.person.id,
        )
    )
    other = connection.execute(theirs.limit(1)).scalar()
    if other is not None:
        raise NotPermitted("document-number-taken", document=other)


def _context(binding: str, name: str) -> bytes:
    """What a sealed part of a document is bound to."""
    return f"document:{binding}:{name}".encode()
