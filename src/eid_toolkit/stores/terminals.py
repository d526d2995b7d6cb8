"""The terminals of an officer's home: CV certificates, and the private keys with which fingerprints are read.

The directory holds a key store of its own, for an officer has no other, and each certificate in a file named by its
SHA-256. A certificate of a terminal is an identity if its private key is in the key store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from eid_toolkit.crypto.ec import EcPrivateKey
from eid_toolkit.errors import BadInput, IntegrityBroken
from eid_toolkit.home.atomic import write_atomic
from eid_toolkit.pki.cv_authorization import Role, TerminalType
from eid_toolkit.pki.cv_certificate import CvCertificate
from eid_toolkit.pki.cv_public_key import ALGORITHMS, CvEcKey
from eid_toolkit.ports import Entropy
from eid_toolkit.stores.keys import KeyStore
from eid_toolkit.stores.stretching import PassphraseProvider
from eid_toolkit.terminal.rights import TerminalIdentity

DIRECTORY = "terminal"
_SUFFIX = ".cvcert"


class TerminalStore:
    """The terminals in ``directory``; the key store asks for its passphrase when the keys are loaded."""

    def __init__(self, directory: Path, keys: KeyStore) -> None:
        self._directory = directory
        self._keys = keys

    @classmethod
    def open(cls, root: Path, passphrase: PassphraseProvider, entropy: Entropy) -> TerminalStore | None:
        """The terminals of the home at ``root``, or None if it has none."""
        directory = root / DIRECTORY
        if not directory.is_dir() or not any(directory.iterdir()):
            return None
        return cls(directory, KeyStore.open(directory, passphrase, entropy))

    @classmethod
    def create(cls, root: Path, passphrase: PassphraseProvider, entropy: Entropy) -> TerminalStore:
        """A store without terminals in the home at ``root``."""
        directory = root / DIRECTORY
        return cls(directory, KeyStore.create(directory, passphrase(), entropy))

    def add(self, certificates: Iterable[CvCertificate], key: EcPrivateKey) -> None:
        """Keep a terminal's key and its certificates; the key comes first, for without it they are of no use.

        Raises :class:`BadInput` unless just one of them is an inspection system's, and has this key.
        """
        found = tuple(certificates)
        owned = [certificate for certificate in found if _is_terminal(certificate)]
        if len(owned) != 1 or _point(owned[0]) != key.public_key.point:
            raise BadInput("terminal-key-mismatch")
        name = _key_name(owned[0])
        if name not in self._keys.names():
            self._keys.add_ec(name, key)
        for certificate in found:
            data = certificate.encode()
            write_atomic(self._directory / f"{hashlib.sha256(data).hexdigest()}{_SUFFIX}", data)

    def identities(self) -> tuple[TerminalIdentity, ...]:
        """Every terminal with its key, the newest certificate first; raises :class:`IntegrityBroken` for damage."""
        certificates = tuple(map(_load, sorted(self._directory.glob(f"*{_SUFFIX}"))))
        names = set(self._keys.names())
        above = tuple(certificate for certificate in certificates if not _is_terminal(certificate))
        own = [item for item in certificates if _is_terminal(item) and _key_name(item) in names]
        own.sort(key=lambda certificate: certificate.content.effective, reverse=True)
        return tuple(TerminalIdentity(item, self._keys.signer(_key_name(item), _digest(item)), above) for item in own)


def refresh(root: Path, certificates: Iterable[CvCertificate]) -> None:
    """Put newer certificates beside a terminal's, in a home that has some; no key and no passphrase is needed."""
    directory = root / DIRECTORY
    if directory.exists():
        for certificate in certificates:
            data = certificate.encode()
            write_atomic(directory / f"{hashlib.sha256(data).hexdigest()}{_SUFFIX}", data)


def _is_terminal(certificate: CvCertificate) -> bool:
    authorization = certificate.content.authorization
    return (authorization.role, authorization.terminal_type) == (Role.TERMINAL, TerminalType.INSPECTION_SYSTEM)


def _point(certificate: CvCertificate) -> bytes | None:
    key = certificate.content.public_key
    return key.point if isinstance(key, CvEcKey) else None


def _digest(certificate: CvCertificate) -> str:
    """The digest that the chip will check with: the certificate's key says it."""
    return ALGORITHMS[certificate.content.public_key.oid].digest


def _key_name(certificate: CvCertificate) -> str:
    return f"terminal-{hashlib.sha256(_point(certificate) or b'').hexdigest()[:24]}"


def _load(path: Path) -> CvCertificate:
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() == path.stem:
            return CvCertificate.parse(data)
    except (OSError, BadInput):
        pass
    raise IntegrityBroken("terminal-store-damaged", file=path.name)
