"""Faults of a signer and of its authority, by the names of the validation table."""

from __future__ import annotations

from datetime import timedelta

from eid_toolkit.ground.ports import SignatureAlgorithm
from eid_toolkit.standards.asn1.oids import CSCA_MASTER_LIST_SIGNING_KEY, DOCUMENT_TYPE_LIST
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.signatures import algorithm_to_der
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.pki import extensions as ext
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.extensions import UsagePeriod
from eid_toolkit.standards.pki.names import COMMON_NAME, COUNTRY, DistinguishedName
from support.authorities import NOW, START, Authority, new_key
from support.documents import specimen_mrz
from support.hierarchies import DAY, Hierarchy, alternative_names, fault
from support.odd_certificates import altered, extension, unknown_critical


@fault
def genuine(h: Hierarchy) -> None:
    pass


@fault
def authority_unknown(h: Hierarchy) -> None:
    h.anchors = [Authority("VNM").csca]


@fault
def false_authority(h: Hierarchy) -> None:
    h.signer = altered(h.signer, Authority().key)


@fault
def authority_missing(h: Hierarchy) -> None:
    h.anchors = [Authority().csca]


@fault
def authority_missing_of_own_state(h: Hierarchy) -> None:
    authority_missing(h)
    h.complete = frozenset({"UTO"})


@fault
def authority_missing_of_other_state_than_own(h: Hierarchy) -> None:
    authority_missing(h)
    h.complete = frozenset({"VNM"})


@fault
def authority_without_identifier(h: Hierarchy) -> None:
    other = Authority()
    h.anchors = [altered(other.csca, other.key, extensions={ext.SUBJECT_KEY_IDENTIFIER: None})]


@fault
def signer_without_authority_identifier(h: Hierarchy) -> None:
    h.alter_signer(extensions={ext.AUTHORITY_KEY_IDENTIFIER: None})
    authority_missing(h)


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
def signer_with_two_algorithms(h: Hierarchy) -> None:
    signed, _, signature = tlv.parse(h.signer.der).children()
    outside = algorithm_to_der(SignatureAlgorithm("ecdsa", "sha512"))
    h.signer = Certificate.parse(der.sequence(signed.encode(), outside, signature.encode()))


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
    h.alter_authority(extensions=alternative_names("VNM"))


@fault
def signer_state_other(h: Hierarchy) -> None:
    h.alter_signer(extensions=alternative_names("VNM"))


@fault
def signer_state_code_odd(h: Hierarchy) -> None:
    h.alter_signer(extensions=alternative_names("XXX"))


@fault
def authority_state_code_odd(h: Hierarchy) -> None:
    h.alter_authority(extensions=alternative_names("XXX"))


@fault
def signer_state_unsaid(h: Hierarchy) -> None:
    nameless = DistinguishedName.build((COMMON_NAME, "Document Signer"))
    h.alter_signer(subject=nameless, extensions={**dict.fromkeys(alternative_names("UTO"))})


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
def document_type_by_letter_and_filler(h: Hierarchy) -> None:
    h.alter_signer(extensions={DOCUMENT_TYPE_LIST: ext.document_type_list(["I<"])})


@fault
def document_type_list_absent(h: Hierarchy) -> None:
    h.alter_signer(extensions={DOCUMENT_TYPE_LIST: None})


def _document_types(h: Hierarchy, value: bytes) -> None:
    h.alter_signer(extensions={DOCUMENT_TYPE_LIST: extension(DOCUMENT_TYPE_LIST, value)})


_CODES = [tlv.encode(der.PRINTABLE_STRING, code) for code in (b"P", b"ID")]


@fault
def document_type_list_without_version(h: Hierarchy) -> None:
    _document_types(h, der.sequence(der.set_of(_CODES)))


@fault
def document_type_list_of_bare_codes(h: Hierarchy) -> None:
    _document_types(h, der.sequence(*_CODES))


@fault
def document_type_list_of_bare_codes_without_the_documents(h: Hierarchy) -> None:
    _document_types(h, der.sequence(_CODES[0]))


@fault
def document_type_list_unreadable(h: Hierarchy) -> None:
    _document_types(h, der.sequence(der.octet_string(b"ID")))


@fault
def usage_period_unreadable(h: Hierarchy) -> None:
    h.alter_signer(extensions={ext.PRIVATE_KEY_USAGE_PERIOD: extension(ext.PRIVATE_KEY_USAGE_PERIOD, der.null())})


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
