"""The key store of a home whose keys are in a token: what signs and what cards' keys follow from never leave it.

What the register is sealed with, and the transport keys of blanks, lie in the home as in any other, under a passphrase.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.keys.pkcs11_uri import Pkcs11Uri
from eid_toolkit.books.keys.signers import RsaScheme
from eid_toolkit.books.keys.stretching import PassphraseLock, PassphraseProvider
from eid_toolkit.books.keys.token import PinProvider, Token
from eid_toolkit.ground.errors import EidError, NotPermitted
from eid_toolkit.ground.ports import Entropy, Signer
from eid_toolkit.standards.crypto.ec import EcPrivateKey


class TokenKeyStore(KeyStore):
    """A key store in ``directory`` whose signing and master keys are in a token."""

    def __init__(
        self, directory: Path, lock: PassphraseLock, passphrase: PassphraseProvider, entropy: Entropy, token: Token
    ) -> None:
        super().__init__(directory, lock, passphrase, entropy)
        self._token = token
        self._made: list[str] = []

    @classmethod
    def around(cls, store: KeyStore, uri: str, pin: PinProvider) -> TokenKeyStore:
        """The files of ``store``, and the token that ``uri`` names, whose ``pin`` is asked for when it is used."""
        token_store = cls(
            store._directory, store._lock, store._passphrase, store._entropy, Token(Pkcs11Uri.parse(uri), pin)
        )
        token_store._opened = store._opened
        return token_store

    @property
    def signs_unasked(self) -> bool:
        """Whether the token was given its PIN."""
        return self._token.is_open

    def names(self) -> tuple[str, ...]:
        """The names of all keys, in the files and in the token."""
        return tuple(sorted({*super().names(), *self._token.names()}))

    def add_ec(self, name: str, key: EcPrivateKey) -> None:
        """Not possible: keys are made in the token."""
        raise NotPermitted("token-takes-no-key", name=name)

    def generate_ec(self, name: str, curve: str) -> Signer:
        """A fresh key in the token."""
        self._check_name(name)
        signer = self._token.generate_ec(name, curve)
        self._made.append(name)
        return signer

    def generate_rsa(self, name: str, bits: int, digest: str = "sha256", scheme: RsaScheme = "rsa-pss") -> Signer:
        """A fresh key in the token."""
        self._check_name(name)
        signer = self._token.generate_rsa(name, bits, digest, scheme)
        self._made.append(name)
        return signer

    def signer(self, name: str, digest: str | None = None, scheme: RsaScheme = "rsa-pss") -> Signer:
        """The private key ``name`` in the token, to sign with."""
        return self._token.signer(name, digest, scheme)

    def create_master(self, name: str, size: int) -> None:
        """A fresh AES key in the token; raises :class:`NotPermitted` if the token has no AES-CMAC."""
        self._check_name(name)
        self._token.generate_aes(name, size)
        try:
            self._token.cmac(name, b"")
        except NotPermitted:
            self._token.destroy(name)
            raise
        self._made.append(name)

    def cmac(self, name: str) -> Callable[[bytes], bytes]:
        """AES-CMAC by the key ``name`` in the token."""
        return lambda message: self._token.cmac(name, message)

    def destroy(self, name: str) -> None:
        """Remove a key from the token, or from the files, for good; recording that is the caller's part."""
        if self._is_symmetric(name):
            super().destroy(name)
        else:
            self._token.destroy(name)

    def discard_made(self) -> None:
        """Take what this object has made out of the token again, as far as the token lets it: its home did not come."""
        for name in self._made:
            with suppress(EidError):
                self._token.destroy(name)
