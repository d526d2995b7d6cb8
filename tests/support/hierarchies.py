"""One state's hierarchy with one document, and every fault of the validation table put into it by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from eid_toolkit.asn1.oids import CSCA_MASTER_LIST_SIGNING_KEY, DOCUMENT_TYPE_LIST, NAME_CHANGE
from eid_toolkit.codec import der, tlv
from eid_toolkit.inspection.policy import policy_by_name
from eid_toolkit.inspection.verdict import Verdict, judge
from eid_toolkit.iso7816.files import ElementaryFile
from eid_toolkit.lds.dg1 import Dg1
from eid_toolkit.pki import extensions as ext
from eid_toolkit.pki.certificate import Certificate
from eid_toolkit.pki.crl import Crl
from eid_toolkit.pki.deviation_list import Concerned, Deviation, DeviationList
from eid_toolkit.pki.extensions import AlternativeNames, UsagePeriod
from eid_toolkit.pki.issuing import CRL_LIFETIME
from eid_toolkit.pki.names import COUNTRY, DistinguishedName
from eid_toolkit.pki.validation import BundleFacts, TrustMaterial
from support.authorities import NOW, START, Authority, new_key
from support.documents import IssuedDocument, specimen_mrz, with_file
from support.odd_certificates import altered, altered_crl, extension, unknown_critical

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
        self.now, self.trusted_time = NOW, NOW - DAY
        self.enclosed = True

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
        )

    def judge(self, policy: str = "officer") -> Verdict:
        """The verdict on the document."""
        evidence = self.document.evidence()
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


def _names(state: str) -> dict[str, bytes]:
    names = AlternativeNames(state)
    return {
        ext.SUBJECT_ALTERNATIVE_NAME: ext.alternative_names(ext.SUBJECT_ALTERNATIVE_NAME, names),
        ext.ISSUER_ALTERNATIVE_NAME: ext.alternative_names(ext.ISSUER_ALTERNATIVE_NAME, names),
    }


@fault
def genuine(h: Hierarchy) -> None:
    pass


@fault
def authority_unknown(h: Hierarchy) -> None:
    h.anchors = [Authority("VNM").csca]


@fault
def false_authority(h: Hierarchy) -> None:
    h.anchors = [Authority().csca]


@fault
def signer_changed(h: Hierarchy) -> None:
    data = h.signer.der
    h.signer = Certificate.parse(data[:-4] + bytes(byte ^ 1 for byte in data[-4:]))


@fault
def self_made_signer(h: Hierarchy) -> None:
    h.signer = altered(h.signer, h.document.signer_key)


@fault
def signer_of_signer(h: Hierarchy) -> None:
    key = new_key()
    other = h.authority.signer(key)
    identifier = other.extensions.subject_key_identifier or b""
    named = {ext.AUTHORITY_KEY_IDENTIFIER: ext.authority_key_identifier(identifier)}
    h.signer = altered(h.signer, key, issuer=other.subject, extensions=named)
    h.signers.append(other.der)
    h.links.append(other)


@fault
def unknown_scheme(h: Hierarchy) -> None:
    h.alter_signer(algorithm=der.sequence(der.object_identifier("1.3.6.1.4.1.2.267.7.4.4")))


@fault
def namesake(h: Hierarchy) -> None:
    h.anchors.insert(0, Authority().csca)


@fault
def name_in_other_bytes(h: Hierarchy) -> None:
    h.alter_authority(subject=Authority(name="csca ").csca.subject, issuer=Authority(name="csca ").csca.subject)


@fault
def no_key_identifiers(h: Hierarchy) -> None:
    h.alter_signer(extensions={ext.AUTHORITY_KEY_IDENTIFIER: None})


@fault
def issuer_name_other(h: Hierarchy) -> None:
    h.alter_signer(issuer=Authority(name="Another").csca.subject)


@fault
def authority_of_another_state(h: Hierarchy) -> None:
    other = Authority("VNM")
    h.anchors.append(other.csca)
    identifier = other.csca.extensions.subject_key_identifier or b""
    named = {ext.AUTHORITY_KEY_IDENTIFIER: ext.authority_key_identifier(identifier)}
    h.signer = altered(h.signer, other.key, issuer=other.csca.subject, extensions=named)


@fault
def authority_state_other(h: Hierarchy) -> None:
    h.alter_authority(extensions=_names("VNM"))


@fault
def signer_state_other(h: Hierarchy) -> None:
    h.alter_signer(extensions=_names("VNM"))


@fault
def document_of_another_state(h: Hierarchy) -> None:
    h.document.data_groups[1] = Dg1(specimen_mrz(state="VNM")).encode()


@fault
def country_in_lower_case(h: Hierarchy) -> None:
    def lowered(name: DistinguishedName) -> DistinguishedName:
        return DistinguishedName.build(
            *((oid, text.lower() if oid == COUNTRY else text) for oid, text in name.attributes)
        )

    csca = h.authority.csca
    h.alter_authority(subject=lowered(csca.subject), issuer=lowered(csca.subject))
    h.alter_signer(subject=lowered(h.signer.subject), issuer=lowered(csca.subject))


@fault
def document_type_not_listed(h: Hierarchy) -> None:
    h.alter_signer(extensions={DOCUMENT_TYPE_LIST: ext.document_type_list(["P"])})


@fault
def document_type_by_letter(h: Hierarchy) -> None:
    h.alter_signer(extensions={DOCUMENT_TYPE_LIST: ext.document_type_list(["I"])})


@fault
def document_type_list_absent(h: Hierarchy) -> None:
    h.alter_signer(extensions={DOCUMENT_TYPE_LIST: None})


def _usage(h: Hierarchy, first: timedelta, last: timedelta) -> None:
    issued = START + timedelta(days=4)
    period = ext.private_key_usage_period(UsagePeriod(issued + first, issued + last))
    h.alter_signer(extensions={ext.PRIVATE_KEY_USAGE_PERIOD: period})


@fault
def issued_before_usage(h: Hierarchy) -> None:
    _usage(h, 3 * DAY, 30 * DAY)


@fault
def issued_after_usage(h: Hierarchy) -> None:
    _usage(h, -30 * DAY, -3 * DAY)


@fault
def usage_period_absent(h: Hierarchy) -> None:
    h.alter_signer(extensions={ext.PRIVATE_KEY_USAGE_PERIOD: None})


@fault
def usage_period_over(h: Hierarchy) -> None:
    _usage(h, -30 * DAY, DAY)


@fault
def signer_expired(h: Hierarchy) -> None:
    h.alter_signer(not_after=NOW - DAY)


@fault
def signer_not_yet_valid(h: Hierarchy) -> None:
    h.alter_signer(not_before=NOW + DAY)


@fault
def authority_expired(h: Hierarchy) -> None:
    h.alter_authority(not_after=NOW - DAY)


@fault
def authority_not_yet_valid(h: Hierarchy) -> None:
    h.alter_authority(not_before=NOW + DAY)


@fault
def authority_renewed(h: Hierarchy) -> None:
    h.anchors.insert(0, altered(h.authority.csca, h.authority.key, not_after=NOW - DAY, serial=b"\x07"))


@fault
def authority_not_for_certificates(h: Hierarchy) -> None:
    h.alter_authority(extensions={ext.KEY_USAGE: ext.key_usage("digitalSignature")})


@fault
def authority_revoked(h: Hierarchy) -> None:
    h.crls.append(h.authority.crl(h.authority.csca, number=2, this_update=START + DAY))


@fault
def signer_is_authority(h: Hierarchy) -> None:
    h.alter_signer(extensions={ext.BASIC_CONSTRAINTS: ext.basic_constraints_of_csca()})


@fault
def signer_not_for_signing(h: Hierarchy) -> None:
    h.alter_signer(extensions={ext.KEY_USAGE: ext.key_usage("cRLSign")})


@fault
def signer_for_lists(h: Hierarchy) -> None:
    purpose = ext.extended_key_usage(CSCA_MASTER_LIST_SIGNING_KEY)
    h.alter_signer(extensions={ext.EXTENDED_KEY_USAGE: purpose})


@fault
def signer_critical_extension(h: Hierarchy) -> None:
    h.alter_signer(extensions=unknown_critical())


@fault
def signer_usage_unreadable(h: Hierarchy) -> None:
    h.alter_signer(extensions={ext.KEY_USAGE: extension(ext.KEY_USAGE, der.null(), critical=True)})


@fault
def link(h: Hierarchy) -> None:
    h.roll()


@fault
def link_with_new_name(h: Hierarchy) -> None:
    h.roll("New CSCA")


@fault
def two_links(h: Hierarchy) -> None:
    h.roll()
    h.roll("Newer CSCA")


@fault
def link_missing(h: Hierarchy) -> None:
    h.roll(linked=False)


@fault
def link_by_stranger(h: Hierarchy) -> None:
    h.roll()
    h.alter_link(Authority())


@fault
def link_names_another(h: Hierarchy) -> None:
    old = h.roll()
    h.alter_link(old, issuer=Authority(name="Another").csca.subject)


@fault
def link_not_for_certificates(h: Hierarchy) -> None:
    old = h.roll()
    h.alter_link(old, extensions={ext.KEY_USAGE: ext.key_usage("digitalSignature")})


@fault
def link_to_another_country(h: Hierarchy) -> None:
    old, other = h.authority, Authority("VNM")
    h.links.append(old.link(other))
    h.signer = other.signer(h.document.signer_key, document_types=("ID",))
    h.document.data_groups[1] = Dg1(specimen_mrz(state="VNM")).encode()


@fault
def link_of_another_state(h: Hierarchy) -> None:
    old = h.roll()
    h.alter_link(old, extensions=_names("VNM"))


@fault
def link_name_change_unsaid(h: Hierarchy) -> None:
    old = h.roll("New CSCA")
    h.alter_link(old, extensions={NAME_CHANGE: None})


@fault
def link_expired(h: Hierarchy) -> None:
    h.alter_link(h.roll(), not_after=NOW - DAY)


@fault
def link_not_yet_valid(h: Hierarchy) -> None:
    h.alter_link(h.roll(), not_before=NOW + DAY)


@fault
def link_revoked(h: Hierarchy) -> None:
    old = h.roll()
    h.crls.append(old.crl(h.links[-1], number=3))


@fault
def link_critical_extension(h: Hierarchy) -> None:
    h.alter_link(h.roll(), extensions=unknown_critical())


@fault
def revoked(h: Hierarchy) -> None:
    h.crls = [h.authority.crl(h.signer)]


@fault
def revoked_on_stale_list(h: Hierarchy) -> None:
    h.crls = [h.authority.crl(h.signer, this_update=NOW - 3 * CRL_LIFETIME)]


@fault
def revoked_before(h: Hierarchy) -> None:
    h.crls = [h.authority.crl(h.signer), h.authority.crl(number=2, this_update=NOW - DAY)]


@fault
def list_missing(h: Hierarchy) -> None:
    h.crls = []


@fault
def list_of_another_state(h: Hierarchy) -> None:
    other = Authority("VNM")
    h.anchors.append(other.csca)
    h.crls = [other.crl()]


@fault
def list_by_stranger(h: Hierarchy) -> None:
    h.crls = [Authority().crl()]


@fault
def list_changed(h: Hierarchy) -> None:
    h.crls = [Crl.parse(crl.der[:-4] + bytes(byte ^ 1 for byte in crl.der[-4:])) for crl in h.crls]


@fault
def list_stale(h: Hierarchy) -> None:
    h.crls = [h.authority.crl(this_update=NOW - CRL_LIFETIME - DAY)]


@fault
def list_without_end(h: Hierarchy) -> None:
    h.crls = [altered_crl(h.authority.crl(), h.authority.key, endless=True)]


@fault
def list_of_the_future(h: Hierarchy) -> None:
    h.crls = [h.authority.crl(this_update=NOW + DAY)]


@fault
def list_critical_extension(h: Hierarchy) -> None:
    h.crls = [altered_crl(h.authority.crl(), h.authority.key, extensions=unknown_critical())]


@fault
def list_by_old_key(h: Hierarchy) -> None:
    h.anchors.append(Authority(start=START + DAY).csca)
    h.crls = [h.authority.crl(this_update=NOW - DAY)]


@fault
def list_by_newest_key(h: Hierarchy) -> None:
    newest = Authority(start=START + DAY)
    h.anchors.append(newest.csca)
    h.crls = [newest.crl(this_update=NOW - DAY)]


@fault
def list_by_linked_key(h: Hierarchy) -> None:
    newest = Authority(start=START + DAY)
    h.links.append(h.authority.link(newest))
    h.crls = [newest.crl(this_update=NOW - DAY)]


@fault
def certificate_stored(h: Hierarchy) -> None:
    h.enclosed = False
    h.signers = [Authority().signer().der, h.signer.der]


@fault
def certificate_nowhere(h: Hierarchy) -> None:
    h.enclosed = False


def _deviate(h: Hierarchy, concerned: Concerned) -> None:
    deviation = Deviation(concerned, "2.23.136.1.1.7.3.2", "wrong check digit in the MRZ", None)
    h.deviation_lists.append(DeviationList.parse(h.authority.deviation_list(deviation)))


@fault
def deviation_of_signer(h: Hierarchy) -> None:
    _deviate(h, Concerned(issuer=h.signer.issuer, serial=h.signer.serial))


@fault
def deviation_of_document(h: Hierarchy) -> None:
    _deviate(h, Concerned(document_type="ID", document_numbers=frozenset({"X0000001"})))


def _bundled(h: Hierarchy, days: int) -> None:
    h.bundle = BundleFacts(3, NOW - days * DAY, "Utopia")


@fault
def bundle_old(h: Hierarchy) -> None:
    _bundled(h, 46)


@fault
def bundle_a_month_old(h: Hierarchy) -> None:
    _bundled(h, 31)


@fault
def clock_set_back(h: Hierarchy) -> None:
    h.trusted_time = NOW + DAY
