"""Where the certificates and lists of the authority's states lie: ``pki/STATE``, a number for each generation."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterable
from io import FileIO
from pathlib import Path
from typing import TypeVar

from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.atomic import private_directory
from eid_toolkit.ground.home.regular import open_regular
from eid_toolkit.ground.home.undo import change, take_away
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.cv_certificate import CvCertificate
from eid_toolkit.standards.pki.request import CertificateRequest

_Item = TypeVar("_Item")

CSCA, LINK, SIGNER, LIST_SIGNER, REQUEST = "csca", "link", "ds", "mls", "ds-request"
BUNDLE_SIGNER = "tbs"
CVCA, CVCA_LINK, VERIFIER, TERMINAL = "cvca", "cvca-link", "dv", "is"
ISSUED = {CVCA: "dv-issued", VERIFIER: "is-issued"}
"""What a CVCA and a document verifier have issued to others, by who issued."""
_MARK = b"."  # a signature in a file of counts: its size is the count, and adding to it is one step
_PARSERS: dict[str, tuple[str, Callable[[bytes], object]]] = {
    **dict.fromkeys((CSCA, LINK, SIGNER, LIST_SIGNER, BUNDLE_SIGNER), (".cer", Certificate.parse)),
    REQUEST: (".p10", CertificateRequest.parse),
    **dict.fromkeys((CVCA, CVCA_LINK, VERIFIER, TERMINAL, *ISSUED.values()), (".cvcert", CvCertificate.parse)),
}


class AuthorityFiles:
    """The files below one directory; what stands there was written here and is believed as far as it parses."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def states(self) -> tuple[str, ...]:
        """The states for which there is a CSCA certificate or a document signer's."""
        states = {path.parent.name for name in (CSCA, SIGNER) for path in self.directory.glob(f"*/{name}-*.cer")}
        return tuple(sorted(states))

    def all_states(self) -> tuple[str, ...]:
        """The states for which there is any certificate: for an authority of inspection systems alone, too."""
        states = {path.parent.name for suffix in (".cer", ".cvcert") for path in self.directory.glob(f"*/*{suffix}")}
        return tuple(sorted(states))

    def folder(self, state: str) -> Path:
        """The state's directory, made if it is not there."""
        return private_directory(self.directory / state)

    def require(self, state: str) -> None:
        """Raises :class:`BadInput` if there is nothing of that state."""
        if state not in self.states():
            raise BadInput("authority-missing", state=state)

    def generations(self, state: str, kind: str) -> tuple[int, ...]:
        """The numbers of what there is of a kind, in order."""
        suffix, _ = _PARSERS[kind]
        pattern = re.compile(rf"{kind}-(\d+){re.escape(suffix)}")
        names = (path.name for path in (self.directory / state).glob(f"{kind}-*{suffix}"))
        return tuple(sorted(int(match[1]) for name in names if (match := pattern.fullmatch(name))))

    def certificate(self, state: str, kind: str, number: int | None = None) -> Certificate:
        """An X.509 certificate, the newest unless a number is given; raises :class:`NotPermitted` if there is none."""
        certificate = self._numbered(state, kind, number)
        if not isinstance(certificate, Certificate):
            raise IntegrityBroken("authority-damaged", file=f"{state}/{kind}")
        return certificate

    def request(self, state: str, number: int) -> CertificateRequest:
        """A document signer's request; raises :class:`IntegrityBroken` if it is damaged."""
        item = self._numbered(state, REQUEST, number)
        assert isinstance(item, CertificateRequest)
        return item

    def cv_certificate(self, state: str, kind: str, number: int | None = None) -> CvCertificate:
        """A CV certificate, likewise."""
        certificate = self._numbered(state, kind, number)
        if not isinstance(certificate, CvCertificate):
            raise IntegrityBroken("authority-damaged", file=f"{state}/{kind}")
        return certificate

    def _numbered(self, state: str, kind: str, number: int | None) -> object:
        suffix, parse = _PARSERS[kind]
        if parse == Certificate.parse:
            self.require(state)
        known = self.generations(state, kind)
        if number is None and not known:
            raise NotPermitted("authority-has-none", state=state, kind=kind)
        if number is not None and number not in known:
            raise BadInput("authority-number-unknown", state=state, kind=kind, number=number)
        return self._load(parse, state, f"{kind}-{known[-1] if number is None else number}{suffix}")

    def crl(self, state: str) -> Crl:
        """The state's newest revocation list."""
        self.require(state)
        return self._load(Crl.parse, state, "crl.crl")

    def has_crl(self, state: str) -> bool:
        """Whether there is a revocation list."""
        return (self.directory / state / "crl.crl").exists()

    def write(self, state: str, kind: str, number: int, data: bytes) -> None:
        """Keep a certificate."""
        suffix, _ = _PARSERS[kind]
        change(self.folder(state) / f"{kind}-{number}{suffix}", data)

    def remove(self, state: str, kind: str, number: int) -> None:
        """Remove a file that is needed no more, if it is there."""
        suffix, _ = _PARSERS[kind]
        take_away(self.directory / state / f"{kind}-{number}{suffix}")

    def write_crl(self, state: str, data: bytes) -> None:
        """Keep a revocation list as the newest, and under its number for the record."""
        folder, number = self.folder(state), Crl.parse(data).number
        change(folder / f"crl-{number}.crl", data)
        change(folder / "crl.crl", data)

    def mark_destroyed(self, state: str, kind: str, number: int) -> None:
        """Keep on record that a private key was destroyed on purpose: so a key that is lost is told from it."""
        change(self.folder(state) / f"{kind}-{number}.destroyed", b"")

    def is_marked_destroyed(self, state: str, kind: str, number: int) -> bool:
        """Whether a private key was destroyed on purpose."""
        return (self.directory / state / f"{kind}-{number}.destroyed").exists()

    def count_signature(self, state: str, kind: str, number: int, limit: int) -> None:
        """Count one more signature of a key, also with several processes at once; :meth:`sync_signatures` is to follow.

        Raises :class:`NotPermitted` if there are as many as there may be.
        """
        with self._count(state, kind, number) as counted:
            fcntl.flock(counted, fcntl.LOCK_EX)
            if os.fstat(counted.fileno()).st_size >= limit:
                raise NotPermitted("document-signer-exhausted", state=state, limit=limit)
            counted.write(_MARK)

    def sync_signatures(self, state: str, kind: str, number: int) -> None:
        """All that were counted are on the disk when this returns."""
        with self._count(state, kind, number) as counted:
            os.fsync(counted.fileno())

    def _count(self, state: str, kind: str, number: int) -> FileIO:
        path = self.directory / state / f"{kind}-{number}.count"
        return os.fdopen(open_regular(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab", buffering=0)

    def signatures(self, state: str, kind: str, number: int) -> int:
        """How many signatures were counted."""
        try:
            return (self.directory / state / f"{kind}-{number}.count").stat().st_size
        except FileNotFoundError:
            return 0

    def _load(self, parse: Callable[[bytes], _Item], state: str, name: str) -> _Item:
        try:
            return parse((self.directory / state / name).read_bytes())
        except (FileNotFoundError, BadInput):
            raise IntegrityBroken("authority-damaged", file=f"{state}/{name}") from None


def key_name(kind: str, state: str, number: int) -> str:
    """What a private key is called in the key store."""
    return f"{kind}-{state.lower()}-{number}"


def key_numbers(names: Iterable[str], kind: str, state: str) -> set[int]:
    """The numbers of the private keys of a kind among ``names``; a token may hold others, called anything."""
    prefix = key_name(kind, state, 0).removesuffix("0")
    endings = (name.removeprefix(prefix) for name in names if name.startswith(prefix))
    return {int(number) for number in endings if number.isascii() and number.isdigit()}
