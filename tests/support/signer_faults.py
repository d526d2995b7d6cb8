"""Oddities of document signers' certificates that no standard allows and that states write, by the table's names."""

from __future__ import annotations

from datetime import timedelta, timezone

from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.pki import extensions as ext
from eid_toolkit.standards.pki.names import COUNTRY, DistinguishedName
from support import built_sods
from support.authorities import START, Authority
from support.documents import IssuedDocument, specimen_mrz
from support.hierarchies import DAY, Hierarchy, alternative_names, fault
from support.odd_certificates import altered, extension

_UNIQUE_IDENTIFIER = "2.5.4.45"


def _of_state(h: Hierarchy, state: str) -> None:
    h.authority = Authority(state)
    h.document = IssuedDocument(h.authority, specimen_mrz(state=state))
    h.anchors, h.crls = [h.authority.csca], [h.authority.crl()]


def _with_key_usage(h: Hierarchy, bits: str) -> None:
    value = tlv.encode(der.BIT_STRING, bytes.fromhex(bits))
    h.alter_signer(extensions={ext.KEY_USAGE: extension(ext.KEY_USAGE, value, critical=True)})


@fault
def authority_unknown_and_enclosed(h: Hierarchy) -> None:
    silent = {ext.KEY_USAGE: None, ext.BASIC_CONSTRAINTS: None}
    csca = altered(h.authority.csca, h.authority.key, extensions=silent)
    h.anchors = [Authority("VNM").csca]

    def made(document: IssuedDocument) -> bytes:
        content = built_sods.content_of(document)
        signature = built_sods.signature(
            document.signer_key, built_sods.named_by(document.signer), built_sods.usual_attributes(content)
        )
        return built_sods.security_object(content, [signature], [document.signer.der, csca.der])

    h.sod = made


@fault
def signer_state_of_territory(h: Hierarchy) -> None:
    _of_state(h, "DNK")
    h.alter_signer(extensions=alternative_names("GRL"))


@fault
def signer_of_a_territory_of_another_state(h: Hierarchy) -> None:
    h.alter_signer(extensions=alternative_names("GRL"))


def _with_country(h: Hierarchy, country: str) -> None:
    attributes = ((oid, country if oid == COUNTRY else text) for oid, text in h.signer.subject.attributes)
    h.alter_signer(subject=DistinguishedName.build(*attributes))


@fault
def signer_country_of_no_state(h: Hierarchy) -> None:
    _with_country(h, "ZZ")


@fault
def two_codes_of_one_state(h: Hierarchy) -> None:
    _of_state(h, "RKS")
    _with_country(h, {"KS": "XK", "XK": "KS"}[h.authority.csca.country or ""])


@fault
def signer_for_any_purpose(h: Hierarchy) -> None:
    h.alter_signer(extensions={ext.EXTENDED_KEY_USAGE: ext.extended_key_usage(ext.ANY_PURPOSE)})


@fault
def signer_for_non_repudiation(h: Hierarchy) -> None:
    _with_key_usage(h, "0640")


@fault
def signer_usage_of_nothing(h: Hierarchy) -> None:
    _with_key_usage(h, "00")


@fault
def signer_with_critical_policies(h: Hierarchy) -> None:
    policies = der.sequence(der.sequence(der.object_identifier("1.2.3.4")))
    h.alter_signer(extensions={ext.CERTIFICATE_POLICIES: extension(ext.CERTIFICATE_POLICIES, policies, critical=True)})


@fault
def signer_valid_in_another_zone(h: Hierarchy) -> None:
    local = (START - DAY).astimezone(timezone(timedelta(hours=-5)))
    h.alter_signer(not_before=tlv.encode(0x17, f"{local:%y%m%d%H%M%S%z}".encode()))


@fault
def signer_with_unique_identifier(h: Hierarchy) -> None:
    value = der.sequence(der.object_identifier(_UNIQUE_IDENTIFIER), der.bit_string(b"\x01"))
    steps = [step.encode() for step in tlv.parse(h.signer.subject.der).children()]
    subject = DistinguishedName(der.sequence(*steps, der.set_of([value])), ())
    h.alter_signer(subject=subject)


@fault
def signer_constraints_unreadable(h: Hierarchy) -> None:
    value = der.sequence(tlv.encode(der.BOOLEAN, b""))
    h.alter_signer(extensions={ext.BASIC_CONSTRAINTS: extension(ext.BASIC_CONSTRAINTS, value)})
