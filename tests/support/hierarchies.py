"""One state's hierarchy with one document, into which faults are put; and the register of faults by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki import extensions as ext
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.deviation_list import DeviationList
from eid_toolkit.standards.pki.document_status import StatusList, StolenBlanks
from eid_toolkit.standards.pki.extensions import AlternativeNames
from eid_toolkit.standards.pki.validation import BundleFacts, TrustMaterial
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.verdict import Verdict, judge
from support.authorities import NOW, Authority
from support.documents import IssuedDocument, specimen_mrz, with_file
from support.odd_certificates import altered

DAY = timedelta(days=1)
Fault = Callable[["Hierarchy"], None]
FAULTS: dict[str, Fault] = {}


class Hierarchy:
    """Everything that a verdict rests on; faults change it."""

    def __init__(self) -> None:
        self.authority = Authority()
        self.document = IssuedDocument(self.authority, specimen_mrz())
        self.anchors = [self.authority.csca]
        self.links: list[Certificate] = []
        self.crls = [self.authority.crl()]
        self.deviation_lists: list[DeviationList] = []
        self.signers: list[bytes] = []
        self.bundle: BundleFacts | None = None
        self.status_list = StatusList.of(())
        self.stolen_blanks = StolenBlanks(())
        self.now, self.trusted_time = NOW, NOW - DAY
        self.enclosed = True
        self.complete: frozenset[str] = frozenset()
        self.sod: Callable[[IssuedDocument], bytes] | None = None
        """Makes EF.SOD instead."""

    @property
    def signer(self) -> Certificate:
        return self.document.signer

    @signer.setter
    def signer(self, certificate: Certificate) -> None:
        self.document.signer = certificate

    def alter_signer(self, **parts: object) -> None:
        """The signer's certificate anew by the same authority."""
        self.signer = altered(self.signer, self.authority.key, **parts)

    def alter_authority(self, **parts: object) -> None:
        """The CSCA's certificate anew, by its own key."""
        (old,) = [anchor for anchor in self.anchors if anchor.spki == self.authority.csca.spki]
        new = altered(old, self.authority.key, **parts)
        self.anchors = [new if anchor is old else anchor for anchor in self.anchors]

    def roll(self, name: str = "CSCA", *, linked: bool = True) -> Authority:
        """The authority gets a new key, which signs the document's signer anew; only the old one is an anchor."""
        old, new = self.authority, Authority(name=name)
        if linked:
            self.links.append(old.link(new))
        self.authority = new
        self.signer = new.signer(self.document.signer_key, document_types=("ID",))
        self.crls.append(new.crl(number=2, this_update=NOW - DAY))
        return old

    def alter_link(self, old: Authority, **parts: object) -> None:
        """The last link anew by the old key."""
        self.links[-1] = altered(self.links[-1], old.key, **parts)

    @property
    def trust(self) -> TrustMaterial:
        return TrustMaterial(
            tuple(self.anchors),
            tuple(self.crls),
            tuple(self.links),
            tuple(self.deviation_lists),
            tuple(self.signers),
            self.bundle,
            (self.status_list,),
            (self.stolen_blanks,),
            self.complete,
        )

    def judge(self, policy: str = "officer") -> Verdict:
        """The verdict on the document."""
        evidence = self.document.evidence()
        if self.sod is not None:
            evidence = with_file(evidence, ElementaryFile.SOD, self.sod(self.document))
        if not self.enclosed:
            sod = self.document.files[ElementaryFile.SOD]
            evidence = with_file(evidence, ElementaryFile.SOD, without_certificates(sod))
        return judge(evidence, self.trust, policy_by_name(policy), self.now, self.trusted_time)


def without_certificates(sod: bytes) -> bytes:
    """EF.SOD without the certificates in it, which no signature covers."""
    oid, wrapped = tlv.parse(tlv.parse(sod).value).children()
    parts = [each.encode() for each in tlv.parse(wrapped.value).children() if each.tag != 0xA0]
    return tlv.encode(0x77, der.sequence(oid.encode(), tlv.encode(0xA0, der.sequence(*parts))))


def fault(function: Fault) -> Fault:
    """Enters a function as the fault of its name."""
    FAULTS[function.__name__.removesuffix("_").replace("_", "-")] = function
    return function


def alternative_names(state: str) -> dict[str, bytes]:
    names = AlternativeNames(state)
    return {
        ext.SUBJECT_ALTERNATIVE_NAME: ext.alternative_names(ext.SUBJECT_ALTERNATIVE_NAME, names),
        ext.ISSUER_ALTERNATIVE_NAME: ext.alternative_names(ext.ISSUER_ALTERNATIVE_NAME, names),
    }
