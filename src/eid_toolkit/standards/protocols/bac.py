"""Basic Access Control, both ends (ICAO Doc 9303-11 4.3): for reading older documents, and for testing readers."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.ground.errors import CardRefused, PasswordWrong, ProtocolError
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto import symmetric
from eid_toolkit.standards.crypto.messaging_suites import derive_suite
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.status import StatusWord, is_card_failure
from eid_toolkit.standards.protocols.flow import Flow
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel

NONCE_SIZE, KEYING_SIZE, MESSAGE_SIZE = 8, 16, 40
_ZERO_IV = bytes(8)
_WRONG_PASSWORD = (
    StatusWord.SECURITY_STATUS_NOT_SATISFIED,
    StatusWord.AUTHENTICATION_METHOD_BLOCKED,
    StatusWord.REFERENCE_DATA_NOT_USABLE,
    StatusWord.CONDITIONS_NOT_SATISFIED,
    StatusWord.SM_OBJECTS_INCORRECT,
    StatusWord.WRONG_DATA,
)
"""What chips answer, beside 63xx, where the MRZ is not theirs: 9303-11 4.3 names no status word."""


@dataclass(frozen=True, slots=True, eq=False)
class BacKeys:
    """The document basic access keys, and the messages made with them."""

    encryption: Secret
    authentication: Secret

    @classmethod
    def of(cls, password: AccessPassword) -> BacKeys:
        """The keys that follow from the MRZ."""
        return cls(*password.bac_keys())

    def seal(self, message: bytes) -> bytes:
        """E(message) followed by its checksum: 40 bytes."""
        encrypted = symmetric.des3_cbc_encrypt(self.encryption.reveal(), _ZERO_IV, message)
        return encrypted + self._mac(encrypted)

    def open(self, sealed: bytes) -> bytes | None:
        """The 32 bytes of a message, or None if the checksum does not fit."""
        encrypted, checksum = sealed[:-8], sealed[-8:]
        if len(sealed) != MESSAGE_SIZE or not Secret(self._mac(encrypted)).matches(checksum):
            return None
        return symmetric.des3_cbc_decrypt(self.encryption.reveal(), _ZERO_IV, encrypted)

    def _mac(self, encrypted: bytes) -> bytes:
        return symmetric.retail_mac(self.authentication.reveal(), symmetric.pad(encrypted, 8))


def _channel(rnd_ic: bytes, rnd_ifd: bytes, k_ic: bytes, k_ifd: bytes) -> SecureChannel:
    """Session keys from K.IC xor K.IFD, counter from the ends of both nonces (9303-11 9.8.6.3)."""
    shared = bytes(a ^ b for a, b in zip(k_ic, k_ifd, strict=True))
    return SecureChannel(derive_suite("3des", shared), int.from_bytes(rnd_ic[-4:] + rnd_ifd[-4:], "big"))


def authenticate(password: AccessPassword, entropy: Entropy) -> Flow[SecureChannel]:
    """The terminal's side; the eMRTD application is selected already.

    Raises :class:`PasswordWrong` when the card refuses the MRZ, :class:`CardRefused` when it fails or does not know
    the command, :class:`ProtocolError` when its answer is wrong.
    """
    keys = BacKeys.of(password)
    challenge = yield commands.get_challenge(NONCE_SIZE)
    rnd_ic = challenge.data
    if not challenge.ok or len(rnd_ic) != NONCE_SIZE:
        raise ProtocolError("bac-no-challenge", sw=f"{challenge.sw:04X}")
    rnd_ifd, k_ifd = entropy.take(NONCE_SIZE), entropy.take(KEYING_SIZE)
    answer = yield commands.external_authenticate(keys.seal(rnd_ifd + rnd_ic + k_ifd), ne=MESSAGE_SIZE)
    if answer.sw >> 8 == 0x63 or answer.sw in _WRONG_PASSWORD:
        raise PasswordWrong("access-password-wrong", password="mrz", protocol="bac", sw=answer.sw)
    if not answer.ok:
        raise CardRefused("card-failed" if is_card_failure(answer.sw) else "bac-refused", sw=answer.sw, step="BAC")
    message = keys.open(answer.data)
    if message is None or message[:8] != rnd_ic or not Secret(message[8:16]).matches(rnd_ifd):
        raise ProtocolError("bac-card-answer-wrong")
    return _channel(rnd_ic, rnd_ifd, message[16:], k_ifd)


def respond(keys: BacKeys, rnd_ic: bytes, sealed: bytes, entropy: Entropy) -> tuple[bytes, SecureChannel] | None:
    """The card's side of EXTERNAL AUTHENTICATE: the answer and the new channel, or None for a wrong password."""
    message = keys.open(sealed)
    if message is None or not Secret(message[8:16]).matches(rnd_ic):
        return None
    rnd_ifd, k_ifd = message[:8], message[16:]
    k_ic = entropy.take(KEYING_SIZE)
    return keys.seal(rnd_ic + rnd_ifd + k_ic), _channel(rnd_ic, rnd_ifd, k_ic, k_ifd)
