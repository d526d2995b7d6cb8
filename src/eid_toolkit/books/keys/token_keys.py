"""The token of one compartment: its private keys are made there, sign there, and never leave it.

The token's PIN is a secret of the compartment: it was made when the compartment was, and nobody types it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from eid_toolkit.books.keys.compartments import Compartment, compartment_of
from eid_toolkit.books.keys.key_files import check_name
from eid_toolkit.books.keys.pkcs11_uri import Pkcs11Uri
from eid_toolkit.books.keys.sealing_key import SealingKey
from eid_toolkit.books.keys.signers import RsaScheme
from eid_toolkit.books.keys.token import Token
from eid_toolkit.ground.errors import AccessDenied, EidError, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.plain_values import read_json, to_plain
from eid_toolkit.ground.ports import Entropy, Signer, SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.symmetric import aes_gcm_open, aes_gcm_seal

IN_TOKEN = ".token"
"""The mark of a key in the token, by which its name is known without the PIN."""
ACCESS = ".access"
_SCHEMA = "eid-token-access/1"
_PURPOSE = "token"
_MARK = b"in the token\n"
_PIN_SIZE = 8
"""Random bytes of a PIN that nobody types; in hex, as tokens take texts."""

_tokens: dict[tuple[str, str], Token] = {}
"""Those of this process: logging in is the process's, and costs a second on some."""


@dataclass(frozen=True, slots=True)
class Access:
    """How a token is reached."""

    uri: str
    pin: str
    former: str | None = None
    """The PIN that the token may have still: it gets the present one when it is used next."""
    shared: bool = False
    """Whether other compartments use the same token, which keeps its PIN then."""

    def renewed(self, entropy: Entropy) -> Access:
        """With another PIN, for somebody who knew this one has left."""
        return self if self.shared else Access(self.uri, entropy.take(_PIN_SIZE).hex(), self.pin)


class TokenKeys:
    """The keys of a compartment that are in a token."""

    def __init__(self, directory: Path, token: Token) -> None:
        self._directory = directory
        self._token = token

    @staticmethod
    def is_used(directory: Path, compartment: Compartment) -> bool:
        """Whether the compartment has a token."""
        return (directory / f"{compartment}{ACCESS}").exists()

    @classmethod
    def of(cls, directory: Path, compartment: Compartment, key: Callable[[], SealingKey]) -> TokenKeys | None:
        """A compartment's token; None where its keys are in files. The ``key`` is asked for where there is one."""
        if not cls.is_used(directory, compartment):
            return None
        sealing = key()
        access = read_access(directory, compartment, sealing)
        known = (str(directory), access.uri)
        if access.former is not None:
            _change_pin(known, access, access.former)
            write_access(directory, compartment, sealing, Access(access.uri, access.pin), SystemEntropy())
        if known not in _tokens:
            _tokens[known] = _token(access.uri, access.pin)
        return cls(directory, _tokens[known])

    def generate_ec(self, name: str, curve: str) -> Signer:
        """A fresh key in the token."""
        return self._marked(name, lambda: self._token.generate_ec(name, curve))

    def generate_rsa(self, name: str, bits: int, digest: str = "sha256", scheme: RsaScheme = "rsa-pss") -> Signer:
        """A fresh key in the token."""
        return self._marked(name, lambda: self._token.generate_rsa(name, bits, digest, scheme))

    def signer(self, name: str, digest: str | None = None, scheme: RsaScheme = "rsa-pss") -> Signer:
        """The private key ``name`` in the token, to sign with."""
        return self._token.signer(name, digest, scheme)

    def create_master(self, name: str, size: int) -> None:
        """A fresh AES key in the token; raises :class:`NotPermitted` if the token has no AES-CMAC."""
        check_name(name)
        self._token.generate_aes(name, size)
        try:
            self._token.cmac(name, b"")
        except NotPermitted:
            self._token.destroy(name)
            raise
        self._mark(name)

    def cmac(self, name: str) -> Callable[[bytes], bytes]:
        """AES-CMAC by the key ``name`` in the token."""
        return lambda message: self._token.cmac(name, message)

    def destroy(self, name: str) -> None:
        """Remove a key from the token for good."""
        self._token.destroy(name)

    def _marked(self, name: str, make: Callable[[], Signer]) -> Signer:
        check_name(name)
        signer = make()
        self._mark(name)
        return signer

    def _mark(self, name: str) -> None:
        change(self._directory / f"{name}{IN_TOKEN}", _MARK)


def _token(uri: str, pin: str) -> Token:
    return Token(Pkcs11Uri.parse(uri), lambda: Secret(pin.encode("utf-8", "surrogateescape")))


def _change_pin(known: tuple[str, str], access: Access, former: str) -> None:
    """Have the token take the new PIN, unless it has it already: a stop may have come in between."""
    token = _tokens.get(known) or _token(access.uri, former)
    try:
        token.change_pin(Secret(former.encode("utf-8", "surrogateescape")), Secret(access.pin.encode()))
        _tokens[known] = token
    except AccessDenied:
        _tokens.pop(known, None)


def read_access(directory: Path, compartment: Compartment, key: SealingKey) -> Access:
    """How a compartment's token is reached; raises :class:`IntegrityBroken` if that was changed."""
    sealed = (directory / f"{compartment}{ACCESS}").read_bytes()
    try:
        plain = aes_gcm_open(key.for_purpose(_PURPOSE), sealed, str(compartment).encode())
        return read_json(Access, plain, _SCHEMA)
    except ValueError:
        raise IntegrityBroken("key-store-damaged", file=f"{compartment}{ACCESS}") from None


def write_access(directory: Path, compartment: Compartment, key: SealingKey, access: Access, entropy: Entropy) -> None:
    """Keep how a compartment's token is reached."""
    plain = {"schema": _SCHEMA, **to_plain(access)}
    sealed = aes_gcm_seal(key.for_purpose(_PURPOSE), json.dumps(plain).encode(), str(compartment).encode(), entropy)
    change(directory / f"{compartment}{ACCESS}", sealed)


def discard_made(directory: Path) -> None:
    """Take what this process has made out of the tokens again, as far as they let it: its home did not come."""
    for (folder, _), token in list(_tokens.items()):
        if folder == str(directory):
            for path in directory.glob(f"*{IN_TOKEN}"):
                with suppress(EidError):
                    token.destroy(path.stem)


def adopt_token(
    directory: Path, uri: str, pin: Secret, sealing_key: Callable[[Compartment], SealingKey], entropy: Entropy
) -> None:
    """Have the one token of a home of before serve each compartment whose keys are in it.

    Its one PIN is a secret of each of them then: whoever opens one of these compartments can use the keys of all.
    """
    names = Token(Pkcs11Uri.parse(uri), lambda: pin).names()
    compartments = set()
    for name in names:
        with suppress(KeyError):
            compartments.add(compartment_of(name))
            change(directory / f"{name}{IN_TOKEN}", _MARK)
    for compartment in sorted(compartments):
        access = Access(uri, pin.reveal().decode("utf-8", "surrogateescape"), shared=len(compartments) > 1)
        write_access(directory, compartment, sealing_key(compartment), access, entropy)
