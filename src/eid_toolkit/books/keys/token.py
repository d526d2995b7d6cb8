"""Keys in a PKCS #11 token: they are made there, they sign there, and they never leave it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from eid_toolkit.books.keys.pkcs11_uri import Pkcs11Uri
from eid_toolkit.books.keys.signers import DIGEST_SIZES, RSA_SIZES, RsaScheme, fitting_digest
from eid_toolkit.books.keys.token_module import load, loading, need_package, translated
from eid_toolkit.books.keys.token_signers import TokenEcSigner, TokenRsaSigner
from eid_toolkit.ground.errors import BadInput, EidError, KeyMissing, NotPermitted, ServiceAway
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name, ec_domain_from_parameters
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.crypto.rsa import RsaPublicKey

PinProvider = Callable[[], Secret]
"""Asks for the user PIN when the token is used for the first time."""


class Token:
    """One token, logged in to when it is first used; every call may raise :class:`ServiceAway` if it is gone."""

    def __init__(self, uri: Pkcs11Uri, pin: PinProvider) -> None:
        need_package()
        self._uri = uri
        self._pin = pin
        self._sessions = threading.local()
        self._logged_in = False

    @property
    def is_open(self) -> bool:
        """Whether the PIN was given, and was right."""
        return self._logged_in

    def names(self) -> tuple[str, ...]:
        """The labels of the private and secret keys in the token, sorted."""
        from pkcs11 import Attribute, ObjectClass

        with self._session() as session:
            labels = []
            for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY):
                labels += [str(key.label) for key in session.get_objects({Attribute.CLASS: kind})]
        return tuple(sorted(labels))

    def generate_ec(self, name: str, curve: str) -> TokenEcSigner:
        """A fresh key on a named curve; raises :class:`NotPermitted` if the name is taken."""
        from pkcs11 import Attribute, KeyType

        domain = ec_domain_by_name(curve)
        with self._new(name) as session:
            parameters = session.create_domain_parameters(
                KeyType.EC, {Attribute.EC_PARAMS: der.object_identifier(domain.oid)}, local=True
            )
            parameters.generate_keypair(store=True, label=name, id=_id(name), private_template=_private())
        return self.ec_signer(name)

    def generate_rsa(self, name: str, bits: int, digest: str, scheme: RsaScheme) -> TokenRsaSigner:
        """A fresh RSA key; raises :class:`NotPermitted` if the name is taken."""
        from pkcs11 import KeyType

        if bits not in RSA_SIZES:
            raise BadInput("rsa-size-unsupported", bits=bits)
        with self._new(name) as session:
            session.generate_keypair(
                KeyType.RSA, bits, store=True, label=name, id=_id(name), private_template=_private()
            )
        return self.rsa_signer(name, digest, scheme)

    def generate_aes(self, name: str, size: int) -> None:
        """A fresh AES key of ``size`` bytes, to derive from by CMAC; raises :class:`NotPermitted` if it is there."""
        from pkcs11 import Attribute, KeyType, MechanismFlag

        with self._new(name) as session:
            template = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
            flags = MechanismFlag.SIGN | MechanismFlag.VERIFY
            session.generate_key(
                KeyType.AES, 8 * size, store=True, label=name, id=_id(name), capabilities=flags, template=template
            )

    def signer(self, name: str, digest: str | None, scheme: RsaScheme) -> TokenEcSigner | TokenRsaSigner:
        """The private key ``name``, to sign with."""
        from pkcs11 import KeyType

        with self._session() as session:
            kind = self._public(session, name).key_type
        if kind == KeyType.RSA:
            return self.rsa_signer(name, digest or "sha256", scheme)
        return self.ec_signer(name, digest)

    def ec_signer(self, name: str, digest: str | None = None) -> TokenEcSigner:
        """An EC key; raises :class:`IntegrityBroken` if it is not there or not such a key."""
        from pkcs11 import Attribute

        with self._session() as session:
            public = self._public(session, name)
            domain = ec_domain_from_parameters(public[Attribute.EC_PARAMS])
            point = der.expect(tlv.parse(public[Attribute.EC_POINT]), der.OCTET_STRING)
        key = EcPublicKey.from_point(domain, point)
        return TokenEcSigner(self, name, key, digest or fitting_digest(domain.n.bit_length()))

    def rsa_signer(self, name: str, digest: str, scheme: RsaScheme) -> TokenRsaSigner:
        """An RSA key; raises :class:`IntegrityBroken` if it is not there."""
        from pkcs11 import Attribute

        if digest not in DIGEST_SIZES:
            raise BadInput("signature-algorithm-unknown", oid=f"{scheme}, {digest}")
        with self._session() as session:
            public = self._public(session, name)
            numbers = [int.from_bytes(public[name], "big") for name in (Attribute.MODULUS, Attribute.PUBLIC_EXPONENT)]
        return TokenRsaSigner(self, name, RsaPublicKey(*numbers), digest, scheme)

    def cmac(self, name: str, message: bytes) -> bytes:
        """AES-CMAC by the key ``name``: 16 bytes; raises :class:`NotPermitted` if the token lacks the mechanism."""
        from pkcs11 import Mechanism, ObjectClass

        with self._session() as session:
            key = self._key(session, name, ObjectClass.SECRET_KEY)
            mac: bytes = key.sign(message, mechanism=Mechanism.AES_CMAC)
            return mac

    def sign_ecdsa(self, name: str, digest: bytes) -> bytes:
        """r ‖ s over a digest."""
        from pkcs11 import Mechanism, ObjectClass

        with self._session() as session:
            signature: bytes = self._key(session, name, ObjectClass.PRIVATE_KEY).sign(digest, mechanism=Mechanism.ECDSA)
            return signature

    def sign_rsa(self, name: str, message: bytes, digest: str, scheme: RsaScheme) -> bytes:
        """A signature by PSS or PKCS #1 v1.5 over ``message``, hashed in the token."""
        from pkcs11 import MGF, Mechanism, ObjectClass

        size = digest.removeprefix("sha")
        with self._session() as session:
            key = self._key(session, name, ObjectClass.PRIVATE_KEY)
            mechanism, parameters = Mechanism[f"SHA{size}_RSA_PKCS"], None
            if scheme == "rsa-pss":
                mechanism = Mechanism[f"SHA{size}_RSA_PKCS_PSS"]
                parameters = (Mechanism[f"SHA{size}"], MGF[f"SHA{size}"], DIGEST_SIZES[digest])
            signature: bytes = key.sign(message, mechanism=mechanism, mechanism_param=parameters)
            return signature

    def change_pin(self, present: Secret, new: Secret) -> None:
        """Give the token another user PIN; raises :class:`AccessDenied` if the present one is wrong."""
        with self._session() as session:
            session.set_pin(_text(present), _text(new))

    def destroy(self, name: str) -> None:
        """Removes the key ``name`` for good, with its public half."""
        from pkcs11 import Attribute

        with self._session() as session:
            objects = list(session.get_objects({Attribute.LABEL: name}))
            if not objects:
                raise KeyMissing("key-missing", name=name)
            for item in objects:
                item.destroy()
            self._sessions.known.clear()

    @contextmanager
    def _new(self, name: str) -> Iterator[Any]:
        if name in self.names():
            raise NotPermitted("key-exists", name=name)
        with self._session() as session:
            yield session

    def _public(self, session: Any, name: str) -> Any:
        from pkcs11 import ObjectClass

        return self._key(session, name, ObjectClass.PUBLIC_KEY)

    def _key(self, session: Any, name: str, kind: Any) -> Any:
        """The object, looked up once in each session."""
        from pkcs11 import Attribute

        known = self._sessions.known
        if (name, kind) not in known:
            objects = list(session.get_objects({Attribute.LABEL: name, Attribute.CLASS: kind}))
            if len(objects) != 1:
                raise KeyMissing("key-missing", name=name)
            known[name, kind] = objects[0]
        return known[name, kind]

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """This thread's session; what the token says is translated, and after an error another one is opened."""
        with translated(self._uri.token or self._uri.serial):
            session = getattr(self._sessions, "session", None)
            if session is None:
                session, self._sessions.known = self._open(), {}
                self._sessions.session = session
            try:
                yield session
            except EidError:
                raise
            except Exception:
                self._sessions.session = None
                raise

    def _open(self) -> Any:
        from pkcs11 import exceptions

        token = self._find()
        with loading:  # the login is the process's: one thread logs in for all
            if self._logged_in:
                return token.open(rw=True)
            pin = self._pin()  # a wrong one is never tried twice by itself
            try:
                session = token.open(rw=True, user_pin=_text(pin))
            except exceptions.UserAlreadyLoggedIn:
                session = token.open(rw=True)
            self._logged_in = True
            return session

    def _find(self) -> Any:
        uri = self._uri
        criteria = {"token_label": uri.token, "token_serial": uri.serial.encode() if uri.serial else None}
        tokens = list(load(uri.module).get_tokens(**{name: value for name, value in criteria.items() if value}))
        fitting = [token for token in tokens if uri.manufacturer in (None, token.manufacturer_id)]
        if len(fitting) != 1:
            raise ServiceAway("token-missing", token=uri.token or uri.serial, found=len(fitting))
        return fitting[0]


def _text(pin: Secret) -> str:
    return pin.reveal().decode("utf-8", "surrogateescape")


def _private() -> dict[Any, Any]:
    """A private key stays in the token, whatever the token's defaults."""
    from pkcs11 import Attribute

    return {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True}


def _id(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:16]
