"""PACE, the card's side: a responder with its states in a table (ICAO Doc 9303-11 4.4.1 and 4.4.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from eid_toolkit.codec import der, tlv
from eid_toolkit.errors import BadInput, ProtocolError
from eid_toolkit.ports import Entropy
from eid_toolkit.protocols import pace
from eid_toolkit.protocols.key_agreement import EcGroup, KeyPair
from eid_toolkit.protocols.pace import PaceParameters, PaceResult, SessionKeys, Step
from eid_toolkit.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.protocols.secure_messaging import SecureChannel
from eid_toolkit.secret import Secret

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
        found = tlv.as_mapping(tlv.parse_all(data))
        oid = der.decode_oid_value(found[pace.PROTOCOL])
        reference = found[pace.PASSWORD]
    except (BadInput, KeyError):
        raise ProtocolError("mse-malformed") from None
    matching = [parameters for parameters in offered if parameters.protocol.oid == oid]
    if not matching:
        raise ProtocolError("pace-unknown-protocol", oid=oid)
    if pace.PARAMETERS in found:
        wanted = int.from_bytes(found[pace.PARAMETERS], "big")
        matching = [parameters for parameters in matching if parameters.domain.parameter_id == wanted]
    by_reference = {bytes((kind,)): password for kind, password in passwords.items()}
    if len(matching) != 1 or reference not in by_reference:
        raise ReferenceNotFound("mse-reference-not-found")
    return matching[0], by_reference[reference]


@dataclass(slots=True, eq=False)
class PaceResponder:
    """One run of PACE on the card: answers the four rounds in their order.

    Any exception ends the run; the caller throws the responder away.
    """

    parameters: PaceParameters
    password: AccessPassword
    entropy: Entropy
    expected: Step = Step.NONCE
    _nonce: bytes = b""
    _group: EcGroup | None = None
    _key: KeyPair | None = None
    _terminal_public: bytes = b""
    _keys: SessionKeys | None = None

    def respond(self, data: bytes) -> tuple[bytes, PaceResult | None]:
        """The answer ``7C…`` to one round, and after the last the result.

        Raises :class:`ProtocolError` for a message out of order or malformed (6A80), :class:`TokenWrong` for a
        wrong password (6300).
        """
        step = self.expected
        found = pace.unwrap(data, step.command_tag)
        if step is Step.NONCE and found:
            raise ProtocolError("pace-out-of-order")
        value = found[step.command_tag] if step.command_tag is not None else b""
        handler = {
            Step.NONCE: self._send_nonce,
            Step.MAP: self._map,
            Step.AGREE: self._agree,
            Step.AUTHENTICATE: self._authenticate,
        }[step]
        answer = handler(value)
        result = None
        if step is Step.AUTHENTICATE:
            result = self._result()
        else:
            self.expected = Step(step + 1)
        return tlv.encode(0x7C, tlv.encode(step.response_tag, answer)), result

    def _send_nonce(self, _: bytes) -> bytes:
        self._group = EcGroup.of(self.parameters.domain)
        self._nonce = self.entropy.take(self.parameters.nonce_size)
        return pace.encrypt_nonce(self.parameters, self.password, self._nonce)

    def _map(self, terminal_public: bytes) -> bytes:
        group = _present(self._group)
        key = group.key_pair(self.entropy)
        _differ(key.public, terminal_public)
        self._group = group.mapped(self._nonce, group.agree(key.private, terminal_public))
        return key.public

    def _agree(self, terminal_public: bytes) -> bytes:
        group = _present(self._group)
        self._key = group.key_pair(self.entropy)
        _differ(self._key.public, terminal_public)
        shared = group.shared_secret(self._key.private, terminal_public)
        self._terminal_public = terminal_public
        self._keys = SessionKeys.derive(self.parameters, shared)
        return self._key.public

    def _authenticate(self, token: bytes) -> bytes:
        keys = _present(self._keys)
        if not Secret(keys.token(_present(self._key).public)).matches(token):
            raise TokenWrong("access-password-wrong", password=self.password.kind.name.lower(), protocol="pace")
        return keys.token(self._terminal_public)

    def _result(self) -> PaceResult:
        return PaceResult(SecureChannel(_present(self._keys).suite), self.parameters, self.password.kind)


def _present(value: T | None) -> T:
    if value is None:
        raise ProtocolError("pace-out-of-order")
    return value


def _differ(ours: bytes, theirs: bytes) -> None:
    if ours == theirs:
        raise ProtocolError("pace-public-keys-equal")
