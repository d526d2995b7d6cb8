"""`eid decode`: any EF, certificate, CV certificate, revocation list, master list or MRZ as text or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from eid_toolkit.cli.context import App, Command, format_option, pass_app
from eid_toolkit.cli.files import read_file
from eid_toolkit.cli.output import details, emit
from eid_toolkit.errors import BadInput

_MAX_FILE = 16 << 20
_SEQUENCE = 0x30


@click.command(cls=Command)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@format_option
@pass_app
def decode(app: App, file: Path, fmt: str) -> None:
    """Show what stands in a FILE of a card or of the country signing PKI.

    The kind of file is told from its first bytes: an EF by its tag; a certificate, CRL, request, master list,
    deviation list or trust bundle in DER or PEM; a card-verifiable certificate or request for one; or a machine
    readable zone as text. Nothing is judged: a signature that holds says nothing about trust.
    """
    found = [{"kind": kind, "content": content} for kind, content in decoded(read_file(file, _MAX_FILE))]
    emit(found[0] if len(found) == 1 else found, fmt, lambda: "\n\n".join(map(_as_text, found)))


def decoded(data: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and content of each structure in a file; PEM files may hold several.

    Raises :class:`BadInput` if the bytes are nothing that is known.
    """
    from eid_toolkit.cli.describe import describe
    from eid_toolkit.pki.certificate import read_pem_or_der

    for label, block in read_pem_or_der(data):
        kind, parsed = _parse(block) if label or not _is_text(block) else _parse_mrz(block)
        yield kind, describe(parsed)


def _is_text(data: bytes) -> bool:
    return data.isascii() and all(byte >= ord(" ") or byte in b"\r\n\t" for byte in data)


def _parse_mrz(data: bytes) -> tuple[str, object]:
    from eid_toolkit.lds.mrz import Mrz

    return "MRZ", Mrz.of_text("".join(data.decode("ascii").upper().split()))


def _parse(data: bytes) -> tuple[str, object]:
    from eid_toolkit.codec import tlv
    from eid_toolkit.lds.ef_cvca import AUTHORITY_REFERENCE, EfCvca
    from eid_toolkit.lds.registry import parse_file, recognise
    from eid_toolkit.pki.cv_certificate import CERTIFICATE
    from eid_toolkit.pki.cv_request import AUTHENTICATED, CvRequest

    tag = tlv.read_header(data)[0]
    if tag == CERTIFICATE:
        return _parse_cv(data)
    if tag == AUTHENTICATED and tlv.read_header(tlv.parse(data).value)[0] == CERTIFICATE:  # and not DG7
        return "CvRequest", CvRequest.parse(data)
    if tag == AUTHORITY_REFERENCE:
        return "EF.CVCA", EfCvca.parse(data)
    file = recognise(data)
    if file is not None:
        return file.label, parse_file(file, data)
    if data[0] == _SEQUENCE:
        return _parse_sequence(data)
    raise BadInput("decode-unknown")


def _parse_cv(data: bytes) -> tuple[str, object]:
    """A certificate and a request for one have the same tag."""
    from eid_toolkit.pki.cv_certificate import CvCertificate
    from eid_toolkit.pki.cv_request import CvRequest

    try:
        return "CvCertificate", CvCertificate.parse(data)
    except BadInput as error:
        try:
            return "CvRequest", CvRequest.parse(data)
        except BadInput:
            raise error from None


def _parse_sequence(data: bytes) -> tuple[str, object]:
    """Certificates, lists, requests and signed data all begin alike: they are told apart by their first part."""
    from eid_toolkit.codec import der, tlv
    from eid_toolkit.pki.certificate import Certificate
    from eid_toolkit.pki.crl import Crl
    from eid_toolkit.pki.master_list import MasterList
    from eid_toolkit.pki.request import CertificateRequest

    first = tlv.parse(data, der.SEQUENCE).children()[:1]
    if not first:
        raise BadInput("decode-unknown")
    if first[0].tag == der.OBJECT_IDENTIFIER:
        return _parse_signed(data)
    if first[0].tag == der.INTEGER:
        return "MasterList", MasterList.parse(data)
    try:
        return "Certificate", Certificate.parse(data)
    except BadInput as error:
        for kind, parse in (("CRL", Crl.parse), ("CertificateRequest", CertificateRequest.parse)):
            try:
                return kind, parse(data)
            except BadInput:
                continue
        raise error from None


def _parse_signed(data: bytes) -> tuple[str, object]:
    """Signed data, by what was signed."""
    from eid_toolkit.asn1.oids import CSCA_MASTER_LIST, DEVIATION_LIST
    from eid_toolkit.pki.cms import SignedData
    from eid_toolkit.pki.deviation_list import DeviationList
    from eid_toolkit.pki.master_list import MasterList
    from eid_toolkit.pki.trust_bundle import TRUST_BUNDLE, SignedBundle

    signed = SignedData.parse(data)
    match signed.content_type:
        case kind if kind == CSCA_MASTER_LIST:
            return "MasterList", MasterList.parse(data)
        case kind if kind == DEVIATION_LIST:
            return "DeviationList", DeviationList.parse(data)
        case kind if kind == TRUST_BUNDLE:
            return "TrustBundle", SignedBundle.parse(data)
    return "SignedData", signed


def _as_text(found: dict[str, Any]) -> str:
    return details([("kind", found["kind"]), *_pairs("", found["content"])])


def _pairs(prefix: str, content: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for name, value in content.items():
        label = f"{prefix}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            yield from _pairs(f"{label} / ", value)
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            for number, item in enumerate(value, start=1):
                yield from _pairs(f"{label} {number} / ", item)
        elif isinstance(value, list):
            yield label, ", ".join(map(str, value)) or None
        elif isinstance(value, bool):
            yield label, "yes" if value else "no"
        else:
            yield label, value
