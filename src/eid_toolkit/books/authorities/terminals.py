"""The terminals of an officer's home: CV certificates, and the private keys with which fingerprints are read.

The directory holds a key store of its own, for an officer has no other, and each certificate in a file named by its
SHA-256. A certificate of a terminal is an identity if its private key is in the key store, or in the token that the
directory names in its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from eid_toolkit.books.keys.passphrase_keys import PassphraseKeys
from eid_toolkit.books.keys.pkcs11_uri import Pkcs11Uri
from eid_toolkit.books.keys.signers import EcSigner
from eid_toolkit.books.keys.stretching import PassphraseProvider
from eid_toolkit.books.keys.token import PinProvider, Token
from eid_toolkit.cards.terminal.rights import TerminalIdentity
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.atomic import private_directory
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.ports import Entropy, Signer
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey
from eid_toolkit.standards.pki.cv_authorization import Role, TerminalType
from eid_toolkit.standards.pki.cv_certificate import CvCertificate, KeyReference
from eid_toolkit.standards.pki.cv_public_key import ALGORITHMS, CvEcKey

DIRECTORY = "terminal"
_SUFFIX, _TOKEN = ".cvcert", "token.uri"


class TerminalStore:
    """The terminals in ``directory``; passphrase or PIN are asked for when the keys are loaded."""

    def __init__(self, directory: Path, keys: PassphraseKeys | Token) -> None:
        self._directory = directory
        self._keys = keys

    @classmethod
    def open(
        cls, root: Path, passphrase: PassphraseProvider, entropy: Entropy, pin: PinProvider | None = None
    ) -> TerminalStore | None:
        """The terminals of the home at ``root``, or None if it has none."""
        directory = root / DIRECTORY
        if not directory.is_dir() or not any(directory.iterdir()):
            return None
        if (directory / _TOKEN).exists():
            return cls(directory, Token(_uri_in(directory), pin or _no_pin))
        return cls(directory, PassphraseKeys.open(directory, passphrase, entropy))

    @classmethod
    def create(cls, root: Path, passphrase: PassphraseProvider, entropy: Entropy) -> TerminalStore:
        """A store without terminals in the home at ``root``."""
        directory = root / DIRECTORY
        return cls(directory, PassphraseKeys.create(directory, passphrase(), entropy))

    @classmethod
    def create_for_token(cls, root: Path, uri: str, pin: PinProvider) -> TerminalStore:
        """A store without terminals whose keys are in the token that a `pkcs11:` URI names."""
        token, directory = Token(Pkcs11Uri.parse(uri), pin), private_directory(root / DIRECTORY)
        token.names()  # it is there, and the PIN is right
        change(directory / _TOKEN, uri.encode())
        return cls(directory, token)

    def new_key(self, curve: str, reference: KeyReference, entropy: Entropy) -> Signer:
        """A key for a terminal: made in the token, or here, where it is kept when its certificate is added."""
        if isinstance(self._keys, Token):
            return self._keys.generate_ec(_token_name(reference), curve)
        return EcSigner(EcPrivateKey.generate(ec_domain_by_name(curve), entropy))

    def discard_key(self, reference: KeyReference) -> None:
        """Take a key out of the token again that got no certificate; one that is not kept yet is just forgotten."""
        if isinstance(self._keys, Token):
            self._keys.destroy(_token_name(reference))

    def add(self, certificates: Iterable[CvCertificate], key: EcPrivateKey | Signer) -> None:
        """Keep a terminal's key and its certificates; the key comes first, for without it they are of no use.

        Raises :class:`BadInput` unless just one of them is an inspection system's, and has this key.
        """
        chain = tuple(certificates)
        owned = [certificate for certificate in chain if _is_terminal(certificate)]
        private = key.key if isinstance(key, EcSigner) else key
        public = private.public_key if isinstance(private, EcPrivateKey) else EcPublicKey.from_spki(private.public_key)
        if len(owned) != 1 or _point(owned[0]) != public.point:
            raise BadInput("terminal-key-mismatch")
        if isinstance(private, EcPrivateKey):
            if isinstance(self._keys, Token):
                raise NotPermitted("token-takes-no-key", name=owned[0].content.holder_reference.text)
            name = _key_name(owned[0])
            if name not in self._keys.names():
                self._keys.add_ec(name, private)
        for certificate in chain:
            data = certificate.encode()
            change(self._directory / f"{hashlib.sha256(data).hexdigest()}{_SUFFIX}", data)

    def identities(self) -> tuple[TerminalIdentity, ...]:
        """Every terminal with its key, the newest certificate first; raises :class:`IntegrityBroken` for damage."""
        certificates = tuple(map(_load, sorted(self._directory.glob(f"*{_SUFFIX}"))))
        names = set(self._keys.names())
        above = tuple(certificate for certificate in certificates if not _is_terminal(certificate))
        own = [item for item in certificates if _is_terminal(item)]
        own.sort(key=lambda certificate: certificate.content.effective, reverse=True)
        pairs = ((item, self._signer(item, names)) for item in own)
        return tuple(TerminalIdentity(item, signer, above) for item, signer in pairs if signer is not None)

    def _signer(self, certificate: CvCertificate, names: set[str]) -> Signer | None:
        """The private key of a certificate, if it is here."""
        if not isinstance(self._keys, Token):
            name = _key_name(certificate)
            return self._keys.signer(name, _digest(certificate)) if name in names else None
        name = _token_name(certificate.content.holder_reference)
        signer = self._keys.ec_signer(name, _digest(certificate)) if name in names else None
        if signer is None or EcPublicKey.from_spki(signer.public_key).point != _point(certificate):
            return None
        return signer


def certificates_at(root: Path) -> tuple[CvCertificate, ...]:
    """The terminals' own certificates in the home at ``root``, none in most homes; no key is opened.

    Raises :class:`IntegrityBroken` for damage.
    """
    return tuple(filter(_is_terminal, map(_load, sorted((root / DIRECTORY).glob(f"*{_SUFFIX}")))))


def refresh(root: Path, certificates: Iterable[CvCertificate]) -> None:
    """Put newer certificates beside a terminal's, in a home that has some; no key and no passphrase is needed."""
    directory = root / DIRECTORY
    if directory.exists():
        for certificate in certificates:
            data = certificate.encode()
            change(directory / f"{hashlib.sha256(data).hexdigest()}{_SUFFIX}", data)


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


def _token_name(reference: KeyReference) -> str:
    return f"terminal-{reference.text.lower()}"


def _uri_in(directory: Path) -> Pkcs11Uri:
    try:
        return Pkcs11Uri.parse((directory / _TOKEN).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, BadInput):
        raise IntegrityBroken("terminal-store-damaged", file=_TOKEN) from None


def _no_pin() -> Secret:
    raise BadInput("token-pin-needed")


def _load(path: Path) -> CvCertificate:
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() == path.stem:
            return CvCertificate.parse(data)
    except (OSError, BadInput):
        pass
    raise IntegrityBroken("terminal-store-damaged", file=path.name)
