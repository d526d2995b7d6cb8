"""Which document a card is for by what is printed on it: document number, CAN or MRZ.

Cards that come from a printer lie in any order. What is typed, or scanned, before a blank is written to says whose it
is; the CAN has six digits (9303-11 9.5.2), so that of many documents two may have the same: then the number is wanted.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from contextlib import suppress

from eid_toolkit.books.register.documents.documents import Document, Documents
from eid_toolkit.ground.errors import BadInput, EidError, NotPermitted, SeveralFit
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.work.personalization.work import WorkQueue

MOST_BY_CAN = 500
"""One of this many documents, the oldest that wait, is found by its CAN."""
_CAN_DIGITS = 6
_LONGEST = 90
"""Characters of an MRZ of the size TD1, the longest of all (9303-5 4.2)."""


class PrintedDocuments:
    """The documents that wait for a blank, by what is printed."""

    def __init__(self, documents: Documents, work: WorkQueue) -> None:
        self._documents, self._work = documents, work
        self._cans: dict[str, Secret] = {}
        self._claimed: set[str] = set()
        """Found, and not taken yet."""
        self._lock = threading.Lock()

    def is_any_left(self, avoid: Collection[str]) -> bool:
        """Whether a document waits that nobody has taken or found, but for those to ``avoid``."""
        with self._lock:
            claimed = set(self._claimed)
        return self._work.free([*avoid, *claimed]).blanks > 0

    def release(self, document_id: str) -> None:
        """What was found is taken, or is not to be."""
        with self._lock:
            self._claimed.discard(document_id)

    def find(self, typed: str) -> Document:
        """The document with this number, CAN or MRZ; it is claimed until :meth:`release`.

        Raises :class:`BadInput` if none that waits has it, :class:`SeveralFit` if more than one does,
        :class:`NotPermitted` if the one that has it waits for no blank, because it is written already, say.
        """
        text = "".join(typed.split()).upper()
        if not 0 < len(text) <= _LONGEST:
            raise BadInput("print-unknown")
        mrz = _mrz_in(text)
        numbered = self._documents.with_number(text if mrz is None else mrz.document_number)
        waiting = {each.id: each for each in numbered if self._work.is_waiting(each.id)}
        if text.isdigit() and len(text) == _CAN_DIGITS:
            waiting |= {each.id: each for each in self._with_can(text)}
        if len(waiting) > 1:
            raise SeveralFit("print-not-alone", count=len(waiting))
        for document in waiting.values():
            if mrz is not None:
                self._check_mrz(document, mrz)
            with self._lock:
                self._claimed.add(document.id)
            return document
        if numbered:
            raise NotPermitted("document-state", document=numbered[0].id, state=numbered[0].state)
        raise BadInput("print-unknown")

    def _check_mrz(self, document: Document, mrz: Mrz) -> None:
        """Raises :class:`BadInput` for a print with the right number and another MRZ."""
        if not self._documents.load_package(document.id).mrz_information.matches(mrz.information.encode()):
            raise BadInput("print-differs", document=document.id)

    def _with_can(self, can: str) -> list[Document]:
        identifiers = self._work.in_turn(MOST_BY_CAN)
        with self._lock:
            for identifier in identifiers:
                if identifier not in self._cans:
                    with suppress(EidError):  # a document that is damaged is refused when it is written
                        self._cans[identifier] = self._documents.load_package(identifier).can
            having = [each for each in identifiers if each in self._cans and self._cans[each].matches(can.encode())]
        return [self._documents.get(identifier) for identifier in having]


def _mrz_in(text: str) -> Mrz | None:
    try:
        return Mrz.parse(text)
    except EidError:
        return None
