"""What is fuzzed: for each kind of outside bytes, the parser and whatever looks into its result.

A target takes any bytes. It returns, or raises an :class:`EidError`; everything else is a bug.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from eid_toolkit.books.register.people import person_files
from eid_toolkit.books.register.people.person_source import Kind, PersonSource
from eid_toolkit.books.trust.entry import kind_of_certificate
from eid_toolkit.books.trust.importing import Planner
from eid_toolkit.books.trust.sources import Sources, read_bytes
from eid_toolkit.cards.emulator import image
from eid_toolkit.doors.cli.decode import decoded
from eid_toolkit.ground.errors import BadInput, EidError
from eid_toolkit.standards.asn1.security_infos import SecurityInfos
from eid_toolkit.standards.asn1.structure import structure
from eid_toolkit.standards.codec import dgi, tlv
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.card_security import CardSecurity
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.lds.registry import parse_file
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import SignedData
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.cv_certificate import CvCertificate
from eid_toolkit.standards.pki.cv_request import CvRequest
from eid_toolkit.standards.pki.deviation_list import DeviationList
from eid_toolkit.standards.pki.document_status import StatusList, StolenBlanks
from eid_toolkit.standards.pki.ldif import read_ldif
from eid_toolkit.standards.pki.lint import lint_certificate
from eid_toolkit.standards.pki.master_list import MasterList
from eid_toolkit.standards.pki.request import CertificateRequest
from eid_toolkit.standards.pki.trust_bundle import SignedBundle, TrustBundle
from eid_toolkit.standards.pki.trust_material import TrustMaterial
from eid_toolkit.standards.profiles.loading import read_profile
from eid_toolkit.work.cardspec import parse_spec
from eid_toolkit.work.decoding.describe import describe
from eid_toolkit.work.inspection.evidence_format import decode_evidence

Target = Callable[[bytes], None]
_NOW = datetime(2026, 3, 10, tzinfo=UTC)


def _tlv(data: bytes) -> None:
    """A series of objects, to its innermost."""
    todo = list(tlv.parse_all(data))
    while todo:
        item = todo.pop()
        item.encode()
        if item.constructed:
            with suppress(BadInput):
                todo += item.children()


def _command(data: bytes) -> None:
    command = CommandApdu.decode(data)
    assert CommandApdu.decode(command.encode()) == command


def _response(data: bytes) -> None:
    assert ResponseApdu.decode(data).encode() == data


def _dgi(data: bytes) -> None:
    for grouping in dgi.parse_all(data):
        grouping.encode()


def _file(file: ElementaryFile) -> Target:
    def target(data: bytes) -> None:
        parsed = parse_file(file, data)
        parsed.encode()
        if isinstance(parsed, Sod | CardSecurity):
            parsed.is_signed()
        if not isinstance(parsed, CardSecurity):
            describe(parsed)

    return target


def _cms(data: bytes) -> None:
    describe(SignedData.parse(data))


def _certificate(data: bytes) -> None:
    describe(Certificate.parse(data))


def _crl(data: bytes) -> None:
    describe(Crl.parse(data))


def _decode(data: bytes) -> None:
    """All that ``eid decode`` takes, PEM included."""
    for _ in decoded(data):
        pass


def _asn1(data: bytes) -> None:
    """All that ``eid decode --asn1`` takes."""
    structure(data)


def _mrz(data: bytes) -> None:
    describe(Mrz.of_text(data.decode("latin-1")))


def _card_image(data: bytes) -> None:
    image.encode(image.decode(data))


def _profile(data: bytes) -> None:
    read_profile("fuzzed", data)


def _card_spec(data: bytes) -> None:
    for yaml in (False, True):
        with suppress(EidError):
            parse_spec(data, yaml=yaml)


def _persons(data: bytes) -> None:
    kinds: tuple[Kind, ...] = ("csv", "jsonl")
    for kind in kinds:
        with suppress(EidError), PersonSource.open(None, io.BytesIO(data), kind) as source:
            list(person_files.read_rows(source.text(lambda share: None), source.kind))


def _security_infos(data: bytes) -> None:
    infos = SecurityInfos.parse(data)
    assert SecurityInfos.parse(infos.encode()) == infos
    describe(infos)


def _evidence(data: bytes) -> None:
    decode_evidence(data)


def _cv_certificate(data: bytes) -> None:
    CvCertificate.parse(data)


def _master_list(data: bytes) -> None:
    found = MasterList.parse(data)
    describe(found)
    for certificate in found.certificates:
        kind_of_certificate(certificate)
        lint_certificate(certificate)


def _deviation_list(data: bytes) -> None:
    found = DeviationList.parse(data)
    describe(found)
    if found.signer is not None:
        found.about(found.signer, "ID", "X1", None)


def _ldif(data: bytes) -> None:
    for value in read_ldif(data.splitlines(keepends=True)):
        with suppress(EidError):
            read_bytes(Sources(), "fuzzed", value.data)


def _trust_bundle(data: bytes) -> None:
    """A signed one; and what is signed, which a fuzzer cannot sign."""
    for parse in (SignedBundle.parse, TrustBundle.parse):
        with suppress(EidError):
            parse(data)


def _status_tables(data: bytes) -> None:
    for parse in (StatusList.parse, StolenBlanks.parse):
        with suppress(EidError):
            parse(data)
    for read in (StatusList.read_csv, StolenBlanks.read_csv):
        with suppress(EidError):
            read(data.decode("utf-8", "replace"))


def _trust_file(data: bytes) -> None:
    """All that ``eid trust import`` takes but for directories, up to its plan."""
    sources = Sources()
    read_bytes(sources, "fuzzed", data)
    Planner(TrustMaterial(), frozenset(), frozenset(), frozenset()).plan(sources, _NOW)


def _certificate_request(data: bytes) -> None:
    describe(CertificateRequest.parse(data))


def _cv_request(data: bytes) -> None:
    found = CvRequest.parse(data)
    assert CvRequest.parse(found.encode()) == found
    describe(found)


def _ef_cvca(data: bytes) -> None:
    EfCvca.parse(data).encode()


_UNINTERPRETED = range(5, 11)
"""Data groups that pass through as they are, as DG16 does."""
_FILES = {
    file.file_name.removesuffix(".bin").lower().replace("_", "-"): _file(file)
    for file in ElementaryFile
    if file is not ElementaryFile.CVCA and file.data_group not in _UNINTERPRETED
}
TARGETS: dict[str, Target] = {
    "tlv": _tlv,
    "command-apdu": _command,
    "response-apdu": _response,
    "dgi": _dgi,
    **_FILES,
    "ef-cvca": _ef_cvca,
    "security-infos": _security_infos,
    "cms": _cms,
    "certificate": _certificate,
    "crl": _crl,
    "cv-certificate": _cv_certificate,
    "cv-request": _cv_request,
    "certificate-request": _certificate_request,
    "master-list": _master_list,
    "deviation-list": _deviation_list,
    "ldif": _ldif,
    "trust-file": _trust_file,
    "trust-bundle": _trust_bundle,
    "status-tables": _status_tables,
    "decode": _decode,
    "asn1": _asn1,
    "mrz": _mrz,
    "evidence": _evidence,
    "card-image": _card_image,
    "profile": _profile,
    "card-spec": _card_spec,
    "persons": _persons,
}


def run(name: str, data: bytes) -> None:
    """One input through one target."""
    with suppress(EidError):
        TARGETS[name](data)
