"""Parsed structures as plain data with stable keys, for `eid decode`: bytes in hex, dates in ISO 8601."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import singledispatch
from hashlib import sha256
from typing import Any, get_args

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SystemClock
from eid_toolkit.standards.asn1.oids import ChipAuthenticationProtocol, PaceProtocol
from eid_toolkit.standards.asn1.security_infos import (
    ActiveAuthenticationInfo,
    ChipAuthenticationInfo,
    ChipAuthenticationPublicKeyInfo,
    PaceDomainParameterInfo,
    PaceInfo,
    SecurityInfo,
    SecurityInfos,
    TerminalAuthenticationInfo,
)
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.lds.biometric_block import BiometricObject
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.standards.lds.dg3 import Dg3
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg12 import Dg12
from eid_toolkit.standards.lds.dg13 import Dg13
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.lds.ef_dir import EfDir
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.lds.opaque import OpaqueFile
from eid_toolkit.standards.lds.record import REPEATED, Record
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.standards.lds.vietnam import NationalField
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import SignedData
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.cv_certificate import CvCertificate
from eid_toolkit.standards.pki.cv_public_key import ALGORITHMS, CvEcKey, CvPublicKey
from eid_toolkit.standards.pki.cv_request import CvRequest
from eid_toolkit.standards.pki.deviation_list import DeviationList
from eid_toolkit.standards.pki.master_list import MasterList
from eid_toolkit.standards.pki.objects import CertificateBag
from eid_toolkit.standards.pki.request import CertificateRequest
from eid_toolkit.standards.pki.trust_bundle import SignedBundle
from eid_toolkit.work.decoding import describe_biometrics, describe_pki
from eid_toolkit.work.decoding.findings import findings_on

Plain = dict[str, Any]


@singledispatch
def describe(parsed: object) -> Plain:
    """What ``parsed`` says; what it does not say is None, or left out where there are many such fields."""
    raise TypeError(f"{type(parsed).__name__} has no description")


@describe.register
def _(mrz: Mrz) -> Plain:
    return {
        "format": mrz.format.name,
        "lines": list(mrz.lines),
        "document_code": mrz.document_code,
        "issuing_state": mrz.issuing_state,
        "document_number": mrz.document_number,
        "primary_identifier": mrz.primary_identifier,
        "secondary_identifier": mrz.secondary_identifier,
        "nationality": mrz.nationality,
        "date_of_birth": _mrz_date(mrz, birth=True),
        "sex": mrz.sex,
        "date_of_expiry": _mrz_date(mrz, birth=False),
        "optional_data": mrz.optional_data,
        "second_optional_data": mrz.second_optional_data,
        "wrong_check_digits": list(mrz.wrong_check_digits()),
    }


@describe.register
def _(dg1: Dg1) -> Plain:
    return describe(dg1.mrz)


describe.register(Dg2, describe_biometrics.faces)
describe.register(Dg3, describe_biometrics.fingers)
describe.register(Dg4, describe_biometrics.irises)
for _kind in get_args(BiometricObject):
    describe.register(_kind, describe_biometrics.block)


@describe.register
def _(dg11: Dg11) -> Plain:
    fields: Plain = {
        "primary_identifier": dg11.primary_identifier,
        "secondary_identifier": dg11.secondary_identifier,
        "other_names": _repeated(dg11.record, lambda: dg11.other_names),
        "personal_number": dg11.personal_number,
        "date_of_birth": dg11.date_of_birth_text,
        "place_of_birth": list(dg11.place_of_birth),
        "address": list(dg11.address),
        "telephone": dg11.telephone,
        "profession": dg11.profession,
        "title": dg11.title,
        "personal_summary": dg11.personal_summary,
        "proof_of_citizenship": dg11.proof_of_citizenship and dg11.proof_of_citizenship.hex(),
        "other_document_numbers": list(dg11.other_document_numbers),
        "custody": dg11.custody,
    }
    return _said(fields)


@describe.register
def _(dg12: Dg12) -> Plain:
    fields: Plain = {
        "issuing_authority": dg12.issuing_authority,
        "date_of_issue": dg12.date_of_issue_text,
        "other_persons": _repeated(dg12.record, lambda: dg12.other_persons),
        "observations": dg12.observations,
        "tax": dg12.tax,
        "front_image": dg12.front_image and sha256(dg12.front_image).hexdigest(),
        "rear_image": dg12.rear_image and sha256(dg12.rear_image).hexdigest(),
        "personalization_time": dg12.personalization_time,
        "personalization_system": dg12.personalization_system,
    }
    return _said(fields)


@describe.register
def _(dg13: Dg13) -> Plain:
    try:
        data = dg13.vietnam()
        fields = {field.name.lower(): list(data.texts(field)) for field in NationalField if data.texts(field)}
    except BadInput:
        return {"content": dg13.content.hex()}
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in fields.items()}


@describe.register
def _(infos: SecurityInfos) -> Plain:
    return {"security_infos": [_security_info(entry) for entry in infos.entries]}


@describe.register
def _(file: CardAccess | Dg14) -> Plain:
    return describe(file.security_infos)


@describe.register
def _(dg15: Dg15) -> Plain:
    return {"public_key": _public_key(dg15.spki)}


@describe.register
def _(com: Com) -> Plain:
    return {
        "lds_version": com.lds_version,
        "unicode_version": com.unicode_version,
        "data_groups": list(com.data_groups),
    }


@describe.register
def _(sod: Sod) -> Plain:
    signed = sod.signed_data
    signer = signed.signer_certificate
    return {
        "version": sod.version,
        "lds_version": sod.lds_version,
        "digest": sod.digest,
        "hashes": {str(number): value.hex() for number, value in sod.hashes.items()},
        "signing_time": _time(signed.signers[0].signing_time),
        "signed_by_enclosed_signer": signer is not None and _holds(sod),
        "signer": None if signer is None else describe(signer),
    }


@describe.register
def _(atr_info: AtrInfo) -> Plain:
    command, response = atr_info.extended_length or (None, None)
    return {
        "command_chaining": atr_info.supports_chaining,
        "extended_length": atr_info.supports_extended_length,
        "max_command": command,
        "max_response": response,
    }


@describe.register
def _(directory: EfDir) -> Plain:
    return {"applications": [aid.hex().upper() for aid in directory.applications]}


@describe.register
def _(cvca: EfCvca) -> Plain:
    return {"trusted_references": [reference.text for reference in cvca.references]}


@describe.register
def _(certificate: CvCertificate) -> Plain:
    content = certificate.content
    return {
        "authority_reference": content.authority_reference.text,
        "holder_reference": content.holder_reference.text,
        "terminal_type": content.authorization.terminal_type.name.lower().replace("_", "-"),
        "role": content.authorization.role_in_words,
        "rights": list(content.authorization.rights_in_words),
        "effective": content.effective.isoformat(),
        "expires": content.expires.isoformat(),
        "public_key": _cv_public_key(content.public_key),
        "extensions": [extension.oid for extension in content.extensions],
        "link": certificate.is_link,
        "findings": findings_on(certificate),
        "sha256": sha256(certificate.encode()).hexdigest(),
    }


@describe.register
def _(file: OpaqueFile) -> Plain:
    return {"tag": f"{file.tag:X}", "size": len(file.content), "sha256": sha256(file.encode()).hexdigest()}


@describe.register
def _(certificate: Certificate) -> Plain:
    extensions = certificate.extensions
    usage = extensions.private_key_usage
    return {
        "subject": certificate.subject.text,
        "issuer": certificate.issuer.text,
        "serial": f"{certificate.serial:X}",
        "country": certificate.country,
        "state": certificate.state,
        "not_before": _time(certificate.not_before),
        "not_after": _time(certificate.not_after),
        "private_key_from": _time(usage.not_before) if usage else None,
        "private_key_until": _time(usage.not_after) if usage else None,
        "is_ca": extensions.is_ca,
        "document_types": list(extensions.document_types),
        "public_key": _public_key(certificate.spki),
        "self_signed": certificate.self_signed,
        "specimen": certificate.specimen,
        "findings": findings_on(certificate),
        "sha256": certificate.fingerprint,
    }


@describe.register
def _(crl: Crl) -> Plain:
    return {
        "issuer": crl.issuer.text,
        "number": crl.number,
        "this_update": _time(crl.this_update),
        "next_update": _time(crl.next_update),
        "revoked": {f"{serial:X}": _time(time) for serial, time in crl.revoked.items()},
        "findings": findings_on(crl),
    }


@describe.register
def _(signed: SignedData) -> Plain:
    signer = signed.signer_certificate
    return {
        "content_type": signed.content_type,
        "size": len(signed.content),
        "signing_time": _time(signed.signers[0].signing_time),
        "signer": None if signer is None else describe(signer),
    }


describe.register(MasterList, describe_pki.master_list)
describe.register(CertificateBag, describe_pki.certificate_bag)
describe.register(DeviationList, describe_pki.deviation_list)
describe.register(CertificateRequest, describe_pki.request)
describe.register(CvRequest, describe_pki.cv_request)
describe.register(SignedBundle, describe_pki.bundle)


def _repeated(record: Record, read: Callable[[], tuple[str, ...]]) -> list[str]:
    """What repeats, or all of it as it stands where it cannot be taken apart."""
    try:
        return list(read())
    except BadInput:
        return [(record.value(REPEATED) or b"").hex()]


def _said(fields: Plain) -> Plain:
    return {name: value for name, value in fields.items() if value not in (None, [], "")}


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _mrz_date(mrz: Mrz, *, birth: bool) -> str | None:
    """In full; as it stands if it is no date."""
    today = SystemClock().now().date()
    try:
        date = mrz.birth(today) if birth else mrz.expiry(today)
    except BadInput:
        return mrz.date_of_birth if birth else mrz.date_of_expiry
    return None if date is None else date.iso


def _holds(sod: Sod) -> bool:
    try:
        return sod.is_signed()
    except BadInput:
        return False


def _public_key(spki: bytes) -> str:
    """The curve's name, or what kind of key it is."""
    try:
        return EcPublicKey.from_spki(spki).domain.name
    except BadInput:
        algorithm = tlv.parse(spki, der.SEQUENCE).children()[:1]
        parts = der.read_sequence(algorithm[0])[:1] if algorithm else ()
        oid = der.read_object_identifier(parts[0]) if parts else "?"
        return {"1.2.840.113549.1.1.1": "RSA", "1.2.840.113549.1.1.10": "RSA (PSS)"}.get(oid, oid)


def _cv_public_key(key: CvPublicKey) -> str:
    algorithm = ALGORITHMS[key.oid]
    if isinstance(key, CvEcKey):
        curve = key.domain.name if key.domain is not None else "curve of the issuer"
        return f"EC {curve}, {algorithm.family} with {algorithm.digest}"
    return f"RSA {key.key.n.bit_length()} bits, {algorithm.family} with {algorithm.digest}"


def _security_info(info: SecurityInfo) -> Plain:
    described: Plain = {"type": type(info).__name__, "protocol": info.protocol}
    match info:
        case PaceInfo():
            described |= {**_pace(info.protocol), "version": info.version, "parameter_id": info.parameter_id}
        case PaceDomainParameterInfo():
            described |= {"parameter_id": info.parameter_id}
        case ChipAuthenticationInfo():
            described |= {**_chip_authentication(info.protocol), "version": info.version, "key_id": info.key_id}
        case ChipAuthenticationPublicKeyInfo():
            described |= {"public_key": _public_key(info.spki), "key_id": info.key_id}
        case ActiveAuthenticationInfo():
            described |= {"signature_algorithm": info.signature_algorithm, "version": info.version}
        case TerminalAuthenticationInfo():
            described |= {"version": info.version}
    return described


def _pace(oid: str) -> Plain:
    try:
        protocol = PaceProtocol.from_oid(oid)
    except BadInput:
        return {"mapping": None, "cipher": None}
    return {"mapping": protocol.mapping, "cipher": protocol.cipher}


def _chip_authentication(oid: str) -> Plain:
    try:
        return {"cipher": ChipAuthenticationProtocol.from_oid(oid).cipher}
    except BadInput:
        return {"cipher": None}
