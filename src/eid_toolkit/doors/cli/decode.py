"""`eid decode`: any EF, certificate, CV certificate, revocation list, master list or MRZ as text or JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.output import details, emit
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.home.named_files import read_file

_MAX_FILE = 16 << 20
_HEAD = 4096
_MEANINGS = {"state": "state that issues"}
"""Of labels that mean something else elsewhere."""
_WORDS = frozenset({"eye", "finger", "rights", "role", "terminal_type"})
"""Values that are words of the standards, and have a translation where they are known."""


@click.command(cls=Command)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--asn1", is_flag=True)
@format_option
@pass_app
def decode(app: App, file: Path, asn1: bool, fmt: str) -> None:
    if asn1:
        _show_structure(file, fmt)
        return
    objects = [{"kind": kind, "content": content} for kind, content in _contents(file)]
    emit(objects[0] if len(objects) == 1 else objects, fmt, lambda: "\n\n".join(map(_as_text, objects)))


def _show_structure(file: Path, fmt: str) -> None:
    from dataclasses import asdict

    from eid_toolkit.standards.asn1.structure import Field, structure
    from eid_toolkit.standards.pki.certificate import read_pem_or_der

    def lines(field: Field, depth: int = 0) -> Iterator[str]:
        value = "" if field.value is None else f"  {harmless(field.value)}"
        label = f"{field.name}: " if field.name else "- " if depth else ""
        yield f"{'  ' * depth}{label}{field.type}{value}"
        for child in field.fields:
            yield from lines(child, depth + 1)

    objects = [structure(data) for _, data in read_pem_or_der(read_file(file, _MAX_FILE))]
    plain = [asdict(field) for field in objects]
    emit(
        plain[0] if len(plain) == 1 else plain,
        fmt,
        lambda: "\n".join(line for field in objects for line in lines(field)),
    )


def _contents(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Directories are read line by line, for they may have a hundred megabytes."""
    from eid_toolkit.standards.pki.ldif import looks_like_ldif
    from eid_toolkit.work.decoding.describe_ldif import describe_ldif

    with file.open("rb") as stream:
        directory = looks_like_ldif(stream.read(_HEAD))
        stream.seek(0)
        if directory:
            yield "LDIF", describe_ldif(stream)
    if not directory:
        yield from decoded(read_file(file, _MAX_FILE))


def decoded(data: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and content of each structure in a file; PEM files may hold several.

    Raises :class:`BadInput` if the bytes are nothing that is known.
    """
    from eid_toolkit.standards.pki.certificate import read_pem_or_der
    from eid_toolkit.work.decoding.describe import describe

    for label, block in read_pem_or_der(data):
        kind, parsed = _parse(block) if label or not _is_text(block) else _parse_mrz(block)
        yield kind, describe(parsed)


def _is_text(data: bytes) -> bool:
    return data.isascii() and all(byte >= ord(" ") or byte in b"\r\n\t" for byte in data)


def _parse_mrz(data: bytes) -> tuple[str, object]:
    from eid_toolkit.standards.lds.mrz import Mrz

    return "MRZ", Mrz.of_text("".join(data.decode("ascii").upper().split()))


def _parse(data: bytes) -> tuple[str, object]:
    from eid_toolkit.standards.codec import tlv
    from eid_toolkit.standards.lds.biometric_block import read_block
    from eid_toolkit.standards.lds.ef_cvca import AUTHORITY_REFERENCE, EfCvca
    from eid_toolkit.standards.lds.registry import parse_file, recognise
    from eid_toolkit.standards.pki.cv_certificate import CERTIFICATE
    from eid_toolkit.standards.pki.cv_request import AUTHENTICATED, CvRequest

    if (block := read_block(data)) is not None:
        return block
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
    return _parse_object(data)


def _parse_cv(data: bytes) -> tuple[str, object]:
    """A certificate and a request for one have the same tag."""
    from eid_toolkit.standards.pki.cv_certificate import CvCertificate
    from eid_toolkit.standards.pki.cv_request import CvRequest

    try:
        return "CvCertificate", CvCertificate.parse(data)
    except BadInput as error:
        try:
            return "CvRequest", CvRequest.parse(data)
        except BadInput:
            raise error from None


def _parse_object(data: bytes) -> tuple[str, object]:
    """Certificates, lists, requests and signed data all begin alike: they are told apart by their structure."""
    from eid_toolkit.standards.pki.certificate import Certificate
    from eid_toolkit.standards.pki.cms import SignedData
    from eid_toolkit.standards.pki.crl import Crl
    from eid_toolkit.standards.pki.deviation_list import DeviationList
    from eid_toolkit.standards.pki.master_list import MasterList
    from eid_toolkit.standards.pki.objects import CertificateBag, Kind, kind_of
    from eid_toolkit.standards.pki.request import CertificateRequest
    from eid_toolkit.standards.pki.trust_bundle import SignedBundle

    parsers: dict[Kind, tuple[str, Callable[[bytes], object]]] = {
        Kind.CERTIFICATE: ("Certificate", Certificate.parse),
        Kind.CRL: ("CRL", Crl.parse),
        Kind.REQUEST: ("CertificateRequest", CertificateRequest.parse),
        Kind.MASTER_LIST: ("MasterList", MasterList.parse),
        Kind.DEVIATION_LIST: ("DeviationList", DeviationList.parse),
        Kind.BUNDLE: ("TrustBundle", SignedBundle.parse),
        Kind.CERTIFICATES: ("Certificates", CertificateBag.parse),
        Kind.SIGNED: ("SignedData", SignedData.parse),
    }
    kind = kind_of(data)
    if kind is None or kind not in parsers:
        raise BadInput("decode-unknown")
    name, parse = parsers[kind]
    return name, parse(data)


def _as_text(item: dict[str, Any]) -> str:
    return details([("kind", item["kind"]), *_pairs("", item["content"])])


def _pairs(prefix: str, content: dict[str, Any]) -> Iterator[tuple[str, object]]:
    speaker = presentation().speaker
    for name, value in content.items():
        plain = name.replace("_", " ")
        told = speaker.label(plain, _MEANINGS.get(name))
        label = f"{prefix}{told}"
        if isinstance(value, dict):
            yield from _pairs(f"{label} / ", value)
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            for number, item in enumerate(value, start=1):
                yield from _pairs(f"{label} {number} / ", item)
        elif isinstance(value, list):
            yield label, ", ".join(str(_shown(name, item)) for item in value) or None
        else:
            yield label, _shown(name, value)


def _shown(name: str, value: object) -> object:
    speaker = presentation().speaker
    return speaker.value(value) if name in _WORDS and isinstance(value, str) else speaker.shown(name, value)
