"""Faults of links, of revocation lists and of what else is believed, by the names of the validation table."""

from __future__ import annotations

from eid_toolkit.standards.asn1.oids import NAME_CHANGE
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.pki import extensions as ext
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.deviation_list import Concerned, Deviation, DeviationList
from eid_toolkit.standards.pki.document_status import BlankRange, DocumentStatus, Report, StatusList, StolenBlanks
from eid_toolkit.standards.pki.issuing import CRL_LIFETIME
from eid_toolkit.standards.pki.validation import BundleFacts
from support.authorities import NOW, START, Authority
from support.documents import specimen_mrz
from support.hierarchies import DAY, Hierarchy, alternative_names, fault
from support.odd_certificates import altered_crl, extension, unknown_critical

_DELTA, _ISSUING_POINT = "2.5.29.27", "2.5.29.28"


def _partial(h: Hierarchy, crl: Crl, oid: str, value: bytes) -> Crl:
    return altered_crl(crl, h.authority.key, extensions={oid: extension(oid, value)})


def _with_last(h: Hierarchy, crl: Crl, old: bytes, new: bytes) -> Crl:
    """The list with other bytes in the last place where these stand, signed anew."""
    before, _, behind = crl.tbs.rpartition(old)
    tbs = before + new + behind
    return Crl.parse(der.sequence(tbs, crl.signature_algorithm_der, der.bit_string(h.authority.key.sign(tbs))))


@fault
def revoked_at_no_time(h: Hierarchy) -> None:
    h.crls = [_with_last(h, h.authority.crl(h.signer), b"260301120000Z", b"269901120000Z")]


@fault
def list_number_unreadable(h: Hierarchy) -> None:
    h.crls = [_with_last(h, h.authority.crl(), der.octet_string(der.integer(1)), der.octet_string(b"\x05\x01\x00"))]


@fault
def list_with_critical_names(h: Hierarchy) -> None:
    oid = ext.ISSUER_ALTERNATIVE_NAME
    names = {oid: extension(oid, der.sequence(), critical=True)}
    h.crls = [altered_crl(h.authority.crl(), h.authority.key, extensions=names)]


@fault
def list_is_a_delta(h: Hierarchy) -> None:
    h.crls = [_partial(h, h.authority.crl(), _DELTA, der.integer(1))]


@fault
def list_beside_a_delta(h: Hierarchy) -> None:
    h.crls.append(_partial(h, h.authority.crl(number=2, this_update=NOW - DAY), _DELTA, der.integer(1)))


@fault
def revoked_by_a_delta(h: Hierarchy) -> None:
    h.crls.append(_partial(h, h.authority.crl(h.signer, number=2, this_update=NOW - DAY), _DELTA, der.integer(1)))


@fault
def list_of_a_part(h: Hierarchy) -> None:
    h.crls = [_partial(h, h.authority.crl(), _ISSUING_POINT, der.sequence(tlv.encode(0x81, b"\xff")))]


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
    h.alter_link(old, extensions=alternative_names("VNM"))


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
def bundle_older_than_its_maker_wants(h: Hierarchy) -> None:
    h.bundle = BundleFacts(3, NOW - 3 * DAY, "Utopia", 2 * DAY)


@fault
def bundle_a_month_old(h: Hierarchy) -> None:
    _bundled(h, 31)


def _report(h: Hierarchy, status: DocumentStatus, number: str = "X0000001") -> None:
    h.status_list = StatusList.of((Report("UTO", number, status, START.date()),))


@fault
def reported_stolen(h: Hierarchy) -> None:
    _report(h, DocumentStatus.STOLEN)


@fault
def reported_lost(h: Hierarchy) -> None:
    _report(h, DocumentStatus.LOST)


@fault
def reported_revoked(h: Hierarchy) -> None:
    _report(h, DocumentStatus.REVOKED)


@fault
def reported_suspended(h: Hierarchy) -> None:
    _report(h, DocumentStatus.SUSPENDED)


@fault
def reported_another(h: Hierarchy) -> None:
    _report(h, DocumentStatus.STOLEN, "X0000002")


@fault
def reported_blank(h: Hierarchy) -> None:
    h.stolen_blanks = StolenBlanks((BlankRange("UTO", "X0000000", "X0000099", START.date()),))


@fault
def clock_set_back(h: Hierarchy) -> None:
    h.trusted_time = NOW + DAY
