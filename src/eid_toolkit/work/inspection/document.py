"""The document behind the evidence: its files parsed, each once, as far as they parse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TypeVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.security_infos import SecurityInfos
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.dates import PartialDate, check_mrz_date
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg12 import Dg12
from eid_toolkit.standards.lds.dg13 import Dg13
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import FoundSigner, StoredSigners, find_signer
from eid_toolkit.work.inspection.evidence import FileEvidence

_T = TypeVar("_T")


class Document:
    """What the files say. A file that was not read or does not parse is None here; the checks tell which it was."""

    def __init__(
        self,
        files: Mapping[ElementaryFile, FileEvidence],
        stored: StoredSigners | None = None,
        believed: Callable[[Certificate], bool] | None = None,
    ) -> None:
        self._files = files
        self._stored = stored
        self._believed = believed

    @cached_property
    def sod(self) -> Sod | None:
        return self._parse(ElementaryFile.SOD, partial(Sod.parse, patient=True))

    @cached_property
    def found_signer(self) -> FoundSigner | None:
        """The document signer's certificate that the security object carries, else one that is stored here."""
        return None if self.sod is None else find_signer(self.sod.signed_data, self._stored, self._believed)

    @property
    def signer(self) -> Certificate | None:
        """The certificate of :attr:`found_signer`."""
        return None if self.found_signer is None else self.found_signer.certificate

    @cached_property
    def mrz(self) -> Mrz | None:
        """The MRZ of DG1, with dates that are dates; its check digits may be wrong."""
        return self._parse(ElementaryFile.DG1, _mrz_of)

    @cached_property
    def com(self) -> Com | None:
        return self._parse(ElementaryFile.COM, Com.parse)

    @cached_property
    def card_access(self) -> SecurityInfos | None:
        card_access = self._parse(ElementaryFile.CARD_ACCESS, partial(CardAccess.parse, patient=True))
        return None if card_access is None else card_access.security_infos

    @cached_property
    def dg11(self) -> Dg11 | None:
        return self._parse(ElementaryFile.DG11, Dg11.parse)

    @cached_property
    def dg12(self) -> Dg12 | None:
        return self._parse(ElementaryFile.DG12, Dg12.parse)

    @cached_property
    def dg13(self) -> Dg13 | None:
        return self._parse(ElementaryFile.DG13, Dg13.parse)

    @cached_property
    def dg14(self) -> SecurityInfos | None:
        dg14 = self._parse(ElementaryFile.DG14, partial(Dg14.parse, patient=True))
        return None if dg14 is None else dg14.security_infos

    @cached_property
    def dg15(self) -> Dg15 | None:
        return self._parse(ElementaryFile.DG15, Dg15.parse)

    @property
    def date_of_issue(self) -> PartialDate | None:
        """From DG12; None also where it holds no date."""
        try:
            return None if self.dg12 is None else self.dg12.date_of_issue
        except BadInput:
            return None

    @cached_property
    def malformed(self) -> tuple[ElementaryFile, ...]:
        """The files that were read but do not parse."""
        views = {
            ElementaryFile.COM: self.com,
            ElementaryFile.DG1: self.mrz,
            ElementaryFile.DG11: self.dg11,
            ElementaryFile.DG12: self.dg12,
            ElementaryFile.DG13: self.dg13,
            ElementaryFile.DG14: self.dg14,
            ElementaryFile.DG15: self.dg15,
            ElementaryFile.CARD_ACCESS: self.card_access,
        }
        return tuple(file for file, view in views.items() if view is None and self._content(file) is not None)

    @property
    def listed(self) -> frozenset[int]:
        """The data groups that the security object or EF.COM lists."""
        signed = self.sod.hashes if self.sod is not None else ()
        return frozenset(signed) | frozenset(self.com.data_groups if self.com is not None else ())

    def is_signed(self, number: int) -> bool:
        """Whether the security object has a hash of the data group."""
        return self.sod is not None and number in self.sod.hashes

    def is_authentic(self, number: int) -> bool:
        """Whether the data group was read and has the hash that the security object lists."""
        content = self._content(ElementaryFile.of_data_group(number))
        return self.sod is not None and content is not None and self.sod.covers(number, content)

    def _content(self, file: ElementaryFile) -> bytes | None:
        file_evidence = self._files.get(file)
        return None if file_evidence is None else file_evidence.content

    def _parse(self, file: ElementaryFile, parser: Callable[[bytes], _T]) -> _T | None:
        content = self._content(file)
        if content is None:
            return None
        try:
            return parser(content)
        except BadInput:
            return None


def _mrz_of(dg1: bytes) -> Mrz:
    mrz = Dg1.parse(dg1).mrz
    for text in (mrz.date_of_birth, mrz.date_of_expiry):
        check_mrz_date(text)
    return mrz
