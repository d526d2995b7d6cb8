"""Reading by hand beside reading by the declared ASN.1 modules: why what an inspection reads is read by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from asn1crypto import core

from benchmarks.measures import Measure, once
from benchmarks.office import BusyOffice
from eid_toolkit.standards.asn1.modules import cms, icao_extensions, lds_security_object, pkix, security_infos
from eid_toolkit.standards.asn1.security_infos import SecurityInfos
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.security_object import LdsSecurityObject
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import SignedData


def measure_asn1(office: BusyOffice, seconds: float) -> list[Measure]:
    """Each object of an inspection read by hand, and as the floor the same values by ``asn1crypto``."""
    files = office.build_records().files
    sod = tlv.parse(files[ElementaryFile.SOD]).value
    signed = SignedData.parse(sod)
    infos = tlv.parse(files[ElementaryFile.DG14]).value
    objects: tuple[tuple[str, bytes, Callable[[bytes], object], Callable[[bytes], object]], ...] = (
        ("CMS of EF.SOD read", sod, SignedData.parse, _signed_data),
        ("LDSSecurityObject read", signed.content, LdsSecurityObject.parse, _security_object),
        ("certificate read", signed.certificates[0], Certificate.parse, _certificate),
        ("SecurityInfos read", infos, SecurityInfos.parse, _security_infos),
    )
    return [
        Measure(name, once(partial(by_hand, data), seconds), once(partial(declared, data), seconds))
        for name, data, by_hand, declared in objects
    ]


def _signed_data(data: bytes) -> object:
    signed = cms.ContentInfo.load(data)["content"]
    encapsulated = signed["encapContentInfo"]
    return (
        encapsulated["eContentType"].native,
        encapsulated["eContent"].native,
        [each.dump() for each in signed["certificates"]],
        [_signer(info) for info in signed["signerInfos"]],
    )


def _signer(info: Any) -> object:
    named = info["sid"].chosen
    return (
        _name(named["issuer"]),
        named["serialNumber"].native,
        info["digestAlgorithm"]["algorithm"].native,
        info["signedAttrs"].native,
        info["signatureAlgorithm"].dump(),
        info["signature"].native,
    )


def _name(name: Any) -> object:
    return [(each["type"].native, each["value"].native) for step in name for each in step]


def _security_object(data: bytes) -> object:
    return lds_security_object.LDSSecurityObject.load(data).native


def _certificate(data: bytes) -> object:
    certificate = pkix.Certificate.load(data)
    tbs = certificate["tbsCertificate"]
    return (
        tbs["serialNumber"].native,
        _name(tbs["issuer"]),
        _name(tbs["subject"]),
        tbs["validity"].native,
        tbs["subjectPublicKeyInfo"].dump(),
        [_extension(each) for each in tbs["extensions"]],
        certificate["signatureAlgorithm"].dump(),
        certificate["signatureValue"].native,
    )


def _extension(extension: Any) -> object:
    oid, value = extension["extnID"].native, extension["extnValue"].native
    kind = _EXTENSIONS.get(oid)
    return oid, extension["critical"].native, value if kind is None else kind.load(value).native


_EXTENSIONS = pkix.EXTENSIONS | icao_extensions.EXTENSIONS


def _security_infos(data: bytes) -> object:
    infos = security_infos.SecurityInfos.load(data)
    return [_security_info(info["protocol"].native, info.dump()) for info in infos]


def _security_info(protocol: str, data: bytes) -> object:
    info = security_infos.type_of(protocol).load(data)
    return [info[index].dump() if isinstance(info[index], core.Sequence) else info[index].native for index in (1, 2)]
