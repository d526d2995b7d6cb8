"""What files for a trust store hold: certificates and lists one by one, master lists, deviation lists, directories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.pki.certificate import Certificate, read_pem_or_der
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.deviation_list import DeviationList
from eid_toolkit.standards.pki.ldif import Kind as Attribute
from eid_toolkit.standards.pki.ldif import directory_lines, looks_like_ldif, read_ldif
from eid_toolkit.standards.pki.master_list import MasterList
from eid_toolkit.standards.pki.objects import CertificateBag, Kind, kind_of

MAX_FILE = 16 << 20
"""The largest file in bytes that is imported, but for directories."""
_HEAD = 4096
_LABELS = {"X509 CRL": Kind.CRL, "CERTIFICATE": Kind.CERTIFICATE}
"""What PEM says; other labels say less than the structure."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was not taken: whose it is or where it stands, and the reason's code."""

    source: str
    what: str
    reason: str
    unreadable: bool = False
    facts: Mapping[str, object] = field(default_factory=dict)
    """Of the reason."""


@dataclass(frozen=True, slots=True)
class ListFound:
    """A master list."""

    source: str
    data: bytes
    found: MasterList

    @property
    def sha256(self) -> str:
        """What it is accepted by, if nobody signed it."""
        return sha256(self.data).hexdigest()


@dataclass
class Sources:
    """Everything that some files hold, before anything is decided."""

    certificates: list[tuple[str, Certificate]] = field(default_factory=list)
    crls: list[tuple[str, Crl]] = field(default_factory=list)
    lists: list[ListFound] = field(default_factory=list)
    deviation_lists: list[tuple[str, DeviationList]] = field(default_factory=list)
    directories: list[Directory] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


@dataclass
class Directory:
    """What a directory file holds beside lists: document signers and revocation lists."""

    source: str
    sha256: str
    signers: list[bytes] = field(default_factory=list)
    crls: list[Crl] = field(default_factory=list)


def read_files(paths: tuple[Path, ...]) -> Sources:
    """What stands in files; raises :class:`BadInput` for one out of which nothing can be read."""
    sources = Sources()
    for path in paths:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
            if looks_like_ldif(head):
                stream.seek(0)
                _read_directory(sources, path.name, stream)
            else:
                read_bytes(sources, path.name, head + stream.read(MAX_FILE + 1 - len(head)))
    return sources


def read_bytes(sources: Sources, name: str, data: bytes) -> None:
    """What stands in one file's bytes, added to ``sources``."""
    if len(data) > MAX_FILE:
        raise BadInput("trust-file-too-large", length=len(data), limit=MAX_FILE)
    blocks = read_pem_or_der(data)
    for position, (label, der) in enumerate(blocks):
        try:
            _read_object(sources, name, label, der)
        except BadInput as error:
            if len(blocks) == 1:
                raise
            sources.refused.append(
                Refused(name, f"object {position + 1}", error.code, unreadable=True, facts=error.facts)
            )
    if len(blocks) > 1 and len([each for each in sources.refused if each.source == name]) == len(blocks):
        raise BadInput("trust-file-unknown")


def _read_object(sources: Sources, name: str, label: str, der: bytes) -> None:
    """A certificate or a list: as the PEM label says, or by its structure. Raises what is wrong with it."""
    kind = _LABELS.get(label) or kind_of(der)
    match kind:
        case Kind.CERTIFICATE:
            sources.certificates.append((name, Certificate.parse(der)))
        case Kind.CRL:
            sources.crls.append((name, Crl.parse(der)))
        case Kind.MASTER_LIST:
            _add_list(sources, name, der)
        case Kind.DEVIATION_LIST:
            sources.deviation_lists.append((name, DeviationList.parse(der)))
        case Kind.CERTIFICATES:
            _read_bag(sources, name, CertificateBag.parse(der))
        case None:
            raise BadInput("trust-file-unknown")
        case other:
            raise BadInput("trust-bundle-elsewhere" if other is Kind.BUNDLE else "trust-file-other", kind=other.value)


def _unreadable(source: str, what: str, error: BadInput) -> Refused:
    return Refused(source, what, error.code, unreadable=True, facts=error.facts)


def _read_bag(sources: Sources, name: str, bag: CertificateBag) -> None:
    """Certificates and revocation lists that were handed out together; a bad one does not lose the others."""
    labelled = [("CERTIFICATE", data) for data in bag.certificates] + [("X509 CRL", data) for data in bag.crls]
    if not labelled:
        raise BadInput("trust-file-unknown")
    for position, (label, data) in enumerate(labelled, 1):
        try:
            _read_object(sources, name, label, data)
        except BadInput as error:
            if len(labelled) == 1:
                raise
            sources.refused.append(_unreadable(name, f"object {position}", error))


def _add_list(sources: Sources, name: str, der: bytes) -> None:
    master_list = MasterList.parse(der)
    sources.lists.append(ListFound(name, der, master_list))
    sources.refused += [
        Refused(name, f"certificate {bad.position + 1}", bad.reason, unreadable=True) for bad in master_list.unreadable
    ]


def _read_directory(sources: Sources, name: str, stream: IO[bytes]) -> None:
    digest = sha256()
    directory = Directory(name, "")
    before = len(sources.lists), len(sources.deviation_lists)
    for value in read_ldif(directory_lines(stream, digest.update)):
        try:
            if value.kind is Attribute.CERTIFICATE:
                Certificate.parse(value.data)
                directory.signers.append(value.data)
            elif value.kind is Attribute.CRL:
                directory.crls.append(Crl.parse(value.data))
            elif value.kind is Attribute.MASTER_LIST:
                _add_list(sources, name, value.data)
            else:
                sources.deviation_lists.append((name, DeviationList.parse(value.data)))
        except BadInput as error:
            sources.refused.append(_unreadable(name, f"line {value.line}", error))
    directory.sha256 = digest.hexdigest()
    if directory.signers or directory.crls:
        sources.directories.append(directory)
    elif before == (len(sources.lists), len(sources.deviation_lists)):
        raise BadInput("trust-file-unknown")
