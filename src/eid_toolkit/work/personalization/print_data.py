"""What a printer puts on the card: front, back, MRZ and CAN (ICAO Doc 9303-5 4)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field

from eid_toolkit.books.register.documents.documents import Document, DocumentPackage
from eid_toolkit.books.register.people.person_data import PersonData, birth_text
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg2 import Dg2

SCHEMA = "eid-print/1"


@dataclass(frozen=True, slots=True)
class PrintData:
    """One card's print; it opens the chip, so it is no more shown than the card."""

    document: Document
    holder: PersonData
    mrz_lines: tuple[str, ...] = field(repr=False)
    can: Secret
    portrait: bytes = field(repr=False)
    media_type: str
    specimen: bool

    @classmethod
    def of(cls, document: Document, package: DocumentPackage, holder: PersonData, *, specimen: bool) -> PrintData:
        """The print of a prepared document: MRZ and portrait are those of the chip."""
        portrait = Dg2.parse(package.files[ElementaryFile.DG2]).portrait
        mrz = Dg1.parse(package.files[ElementaryFile.DG1]).mrz
        return cls(document, holder, mrz.lines, package.can, portrait.data, portrait.media_type, specimen)

    @property
    def front(self) -> dict[str, object]:
        """The visual zone in national letters."""
        return {
            "issuing_state": self.document.issuing_state,
            "document_code": self.document.document_code,
            "document_number": self.document.document_number,
            "primary_identifier": self.holder.primary_identifier,
            "secondary_identifier": self.holder.secondary_identifier,
            "national_name": self.holder.national_name,
            "sex": self.holder.sex,
            "nationality": self.holder.nationality,
            "date_of_birth": birth_text(self.holder.date_of_birth),
            "personal_number": self.holder.personal_number,
            "date_of_issue": self.document.date_of_issue,
            "date_of_expiry": self.document.date_of_expiry,
        }

    @property
    def back(self) -> dict[str, object]:
        """The rest of the visual zone."""
        return {
            "place_of_birth": self.holder.place_of_birth,
            "place_of_origin": self.holder.place_of_origin,
            "place_of_residence": self.holder.place_of_residence,
            "identifying_features": self.holder.identifying_features,
        }

    def to_json(self) -> dict[str, object]:
        """Stable keys for printing software; the portrait in base64."""
        return {
            "schema": SCHEMA,
            "document": self.document.id,
            "specimen": self.specimen,
            "front": {
                **self.front,
                "portrait": {"media_type": self.media_type, "base64": b64encode(self.portrait).decode()},
            },
            "back": self.back,
            "mrz": list(self.mrz_lines),
            "can": self.can.reveal().decode(),
        }
