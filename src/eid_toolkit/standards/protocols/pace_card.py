"""PACE, the card's side: a responder with its states in a table (ICAO Doc 9303-11 4.4.1 and 4.4.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from eid_toolkit.ground.errors import BadInput, ProtocolError
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.protocols import pace
from eid_toolkit.standards.protocols.key_agreement import Group, KeyPair, group_of
from eid_toolkit.standards.protocols.pace import PaceParameters, PaceResult, SessionKeys, Step
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel

T = TypeVar("T")


class ReferenceNotFound(ProtocolError):
    """MSE:Set AT names a password or domain parameters that the card does not have (6A88)."""


class TokenWrong(ProtocolError):
    """The terminal's token does not verify: the password is wrong (6300)."""


def choose(
    data: bytes, offered: tuple[PaceParameters, ...], passwords: Mapping[PasswordKind, AccessPassword]
) -> tuple[PaceParameters, AccessPassword]:
    """What MSE:Set AT asks for.

    Raises :class:`ReferenceNotFound` (6A88), or :class:`ProtocolError` (6A80) for a protocol not offered or data
    that do not parse.
    """
    try:
        objects = tlv.as_mapping(tlv.parse_all(data))
        oid = der.decode_oid_value(objects[pace.PROTOCOL])
        reference = objects[pace.PASSWORD]
    except (BadInput, KeyError):
        raise ProtocolError("mse-malformed") from None
    matching = [parameters for parameters in offered if parameters.protocol.oid == oid]
    if not matching:
        raise ProtocolError("pace-unknown-protocol", oid=oid)
    if pace.PARAMETERS in objects:
        parameter_id = int.from_bytes(objects[pace.PARAMETERS], "big")
        matching = [parameters for parameters in matching if parameters.reference == parameter_id]
    by_reference = {bytes((kind,)): password for kind, password in passwords.items()}
    if len(matching) != 1 or reference not in by_reference:
        raise ReferenceNotFound("mse-reference-not-found")
    return matching[0], by_reference[reference]


def shows_authorization(data: bytes) -> bool:
    """Whether MSE:Set AT, which :func:`choose` has taken, asks which keys the chip trusts (9303-11 4.4.4.1)."""
    return pace.CHAT in tlv.as_mapping(tlv.parse_all(data))


@dataclass(slots=True, eq=False)
class PaceResponder:
    """One run of PACE on the card: answers the four rounds in their order.

    Any exception ends the run; the caller throws the responder away. ``static_key`` is the chip's own key, which Chip
    Authentication Mapping needs; ``trusted`` are the names of the keys that the chip trusts, the newest first, for a
    terminal that has asked for them.
    """

    parameters: PaceParameters
    password: AccessPassword
    entropy: Entropy
    static_key: EcPrivateKey | None = None
    trusted: tuple[bytes, ...] = ()
    expected: Step = Step.NONCE
    _nonce: bytes = b""
    _mapping_key: KeyPair | None = None
    _group: Group | None = None
    _key: KeyPair | None = None
    _terminal_public: bytes = b""
    _keys: SessionKeys | None = None

    def respond(self, data: bytes) -> tuple[bytes, PaceResult | None]:
        """The answer ``7C…`` to one round, and after the last the result.

        Raises :class:`ProtocolError` for a message out of order or malformed (6A80), :class:`TokenWrong` for a
        wrong password (6300).
        """
        step = self.expected
        objects = pace.unwrap(data, step.command_tag)
        if step is Step.NONCE and objects:
            raise ProtocolError("pace-out-of-order")
        value = objects[step.command_tag] if step.command_tag is not None else b""
        handler = {
            Step.NONCE: self._send_nonce,
            Step.MAP: self._map,
            Step.AGREE: self._agree,
            Step.AUTHENTICATE: self._authenticate,
        }[step]
        answer = tlv.encode(step.response_tag, handler(value))
        if step is Step.AUTHENTICATE:
            names = (tlv.encode(tag, name) for tag, name in zip(pace.AUTHORITY_REFERENCES, self.trusted, strict=False))
            return tlv.encode(0x7C, answer, *names, self._chip_data()), self._result()
        self.expected = Step(step + 1)
        return tlv.encode(0x7C, answer), None

    def _send_nonce(self, _: bytes) -> bytes:
        self._nonce = self.entropy.take(self.parameters.nonce_size)
        return pace.encrypt_nonce(self.parameters, self.password, self._nonce)

    def _map(self, value: bytes) -> bytes:
        if self.parameters.protocol.mapping == "im":
            if len(value) != self.parameters.terminal_nonce_size:
                raise ProtocolError("pace-nonce-length", length=len(value))
            self._group = self.parameters.map_integrated(self._nonce, value)
            return b""
        group = group_of(self.parameters.domain)
        self._mapping_key = group.key_pair(self.entropy)
        pace.require_different(self._mapping_key.public, value)
        self._group = group.mapped(self._nonce, group.agree(self._mapping_key.private, value))
        return self._mapping_key.public

    def _agree(self, terminal_public: bytes) -> bytes:
        group = _present(self._group)
        self._key = group.key_pair(self.entropy)
        pace.require_different(self._key.public, terminal_public)
        shared = group.shared_secret(self._key.private, terminal_public)
        self._terminal_public = terminal_public
        self._keys = SessionKeys.derive(self.parameters, shared)
        return self._key.public

    def _authenticate(self, token: bytes) -> bytes:
        keys = _present(self._keys)
        if not Secret(keys.token(_present(self._key).public)).matches(token):
            raise TokenWrong("access-password-wrong", password=self.password.kind.name.lower(), protocol="pace")
        return keys.token(self._terminal_public)

    def _chip_data(self) -> bytes:
        """Encrypted Chip Authentication Data: CA_IC = SK_IC^-1 · SK_Map,IC modulo the order (9303-11 4.4.3.5.1)."""
        if self.parameters.protocol.mapping != "cam":
            return b""
        static, mapping = _present(self.static_key), _present(self._mapping_key)
        order, size = static.domain.n, static.domain.scalar_size
        inverse = pow(int.from_bytes(static.scalar.reveal(), "big"), -1, order)
        data = inverse * int.from_bytes(mapping.private.reveal(), "big") % order
        encrypted = _present(self._keys).encrypt_chip_data(data.to_bytes(size, "big"))
        return tlv.encode(pace.ENCRYPTED_CHIP_DATA, encrypted)

    def _result(self) -> PaceResult:
        channel = SecureChannel(_present(self._keys).suite)
        own = _present(self._key).public
        return PaceResult(channel, self.parameters, self.password.kind, own, self._terminal_public)


def _present(value: T | None) -> T:
    if value is None:
        raise ProtocolError("pace-out-of-order")
    return value
