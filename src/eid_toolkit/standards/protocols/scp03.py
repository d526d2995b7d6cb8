"""Secure Channel Protocol '03': keys, cryptograms and message protection (GlobalPlatform Card Spec 2.3 Amendment D).

AES keys of 16, 24 or 32 bytes, the modes S8 and S16 (challenges, cryptograms and MACs of 8 or 16 bytes), and every
security level: command MAC and encryption, response MAC and encryption.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from eid_toolkit.ground.errors import BadInput, ChannelError, ProtocolError
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto import kdf, symmetric
from eid_toolkit.standards.crypto.check_values import CheckValue, check_value
from eid_toolkit.standards.iso7816.apdu import MAX_SHORT_NC, CommandApdu, ResponseApdu

BLOCK = 16
SCP03_IDENTIFIER = 0x03
_CARD_CRYPTOGRAM, _HOST_CRYPTOGRAM, _CARD_CHALLENGE, _S_ENC, _S_MAC, _S_RMAC = 0x00, 0x01, 0x02, 0x04, 0x06, 0x07


class SecurityLevel(IntFlag):
    """What protects the messages (Amendment D table 7-5)."""

    C_MAC = 0x01
    C_DECRYPTION = 0x02
    R_MAC = 0x10
    R_ENCRYPTION = 0x20
    FULL = 0x33


LEVELS = tuple(SecurityLevel(level) for level in (0x01, 0x03, 0x11, 0x13, 0x33))
"""The combinations that EXTERNAL AUTHENTICATE may ask for (Amendment D table 7-5)."""


class Options(IntFlag):
    """The parameter i: what a card's SCP03 is like (Amendment D table 5-1)."""

    S16_MODE = 0x01
    PSEUDO_RANDOM_CHALLENGE = 0x10
    R_MAC = 0x20
    R_ENCRYPTION = 0x40
    FULL_S8 = 0x70
    FULL_S16 = 0x71

    @property
    def size(self) -> int:
        """Bytes of challenges, cryptograms and MACs: 8 or 16."""
        return 16 if self & Options.S16_MODE else 8

    def offers(self, level: SecurityLevel) -> bool:
        """Whether the card can protect its answers as ``level`` asks."""
        needed = Options.R_MAC if level & SecurityLevel.R_MAC else Options(0)
        if level & SecurityLevel.R_ENCRYPTION:
            needed |= Options.R_MAC | Options.R_ENCRYPTION
        return self & needed == needed


@dataclass(frozen=True, slots=True, eq=False)
class KeySet:
    """The static keys of one key version: for encryption, for MACs, and for data (DEK)."""

    version: int
    enc: Secret
    mac: Secret
    dek: Secret


def key_check_value(key: Secret) -> bytes:
    """KCV of an AES key: 3 bytes of the encryption of a block of 01 (GlobalPlatform Card Spec B.6)."""
    return check_value(key, CheckValue.GLOBALPLATFORM)


def card_challenge(keys: KeySet, sequence: int, aid: bytes, size: int = 8) -> bytes:
    """The pseudo-random challenge for a sequence counter and the security domain's AID (Amendment D 6.2.2.1)."""
    return kdf.counter_cmac(keys.enc, _CARD_CHALLENGE, size, sequence.to_bytes(3, "big") + aid)


@dataclass(frozen=True, slots=True, eq=False)
class SessionKeys:
    """The keys of one session and the context that they were derived from."""

    s_enc: Secret
    s_mac: Secret
    s_rmac: Secret
    context: bytes

    @classmethod
    def derive(cls, keys: KeySet, host_challenge: bytes, card_challenge: bytes) -> SessionKeys:
        """Derives the session keys of Amendment D 6.2.1; the challenges' length, 8 or 16 bytes, is the mode."""
        if len(host_challenge) != len(card_challenge) or len(host_challenge) not in (8, 16):
            raise ProtocolError("scp-challenge-length", length=len(card_challenge))
        context = host_challenge + card_challenge
        size = len(keys.enc)
        return cls(
            Secret(kdf.counter_cmac(keys.enc, _S_ENC, size, context)),
            Secret(kdf.counter_cmac(keys.mac, _S_MAC, size, context)),
            Secret(kdf.counter_cmac(keys.mac, _S_RMAC, size, context)),
            context,
        )

    @property
    def size(self) -> int:
        """Bytes of challenges, cryptograms and MACs."""
        return len(self.context) // 2

    def card_cryptogram(self) -> Secret:
        """Proves that the card holds the keys."""
        return Secret(kdf.counter_cmac(self.s_mac, _CARD_CRYPTOGRAM, self.size, self.context))

    def host_cryptogram(self) -> Secret:
        """Proves that the host holds the keys."""
        return Secret(kdf.counter_cmac(self.s_mac, _HOST_CRYPTOGRAM, self.size, self.context))


class Scp03Channel:
    """Message protection after (and, for its MAC, in) EXTERNAL AUTHENTICATE; serves one end.

    After any :class:`ChannelError` the channel must be thrown away.
    """

    def __init__(self, keys: SessionKeys, level: SecurityLevel) -> None:
        self._keys = keys
        self._mac_size = keys.size
        self.level = level
        self._chaining = bytes(BLOCK)
        self._counter = 0

    def protect_authentication(self, command: CommandApdu) -> CommandApdu:
        """EXTERNAL AUTHENTICATE itself: MAC, never encryption (Amendment D 7.1.2)."""
        return self._append_mac(command)

    def open_authentication(self, command: CommandApdu) -> CommandApdu:
        """The card's side of :meth:`protect_authentication`."""
        return self._strip_mac(command)

    def protect_command(self, command: CommandApdu) -> CommandApdu:
        """The command as it goes over the line."""
        self._counter += 1
        data = command.data
        if data and self.level & SecurityLevel.C_DECRYPTION:
            data = symmetric.aes_cbc_encrypt(self._enc, self._command_iv(), symmetric.pad(data, BLOCK))
        return self._append_mac(
            CommandApdu(command.cla, command.ins, command.p1, command.p2, data, command.ne, command.extended)
        )

    def open_command(self, command: CommandApdu) -> CommandApdu:
        """The plain command, its MAC verified before anything is decrypted; the class byte keeps its bit."""
        stripped = self._strip_mac(command)
        self._counter += 1
        data = stripped.data
        if data and self.level & SecurityLevel.C_DECRYPTION:
            data = self._decrypt(self._command_iv(), data)
        return CommandApdu(stripped.cla, stripped.ins, stripped.p1, stripped.p2, data, stripped.ne, stripped.extended)

    def protect_response(self, response: ResponseApdu) -> ResponseApdu:
        """The answer as it goes over the line; errors go bare (Amendment D 6.2.5)."""
        if not _is_protected(response.sw) or not self.level & SecurityLevel.R_MAC:
            return response
        data = response.data
        if data and self.level & SecurityLevel.R_ENCRYPTION:
            data = symmetric.aes_cbc_encrypt(self._enc, self._response_iv(), symmetric.pad(data, BLOCK))
        return ResponseApdu(data + self._response_mac(data, response.sw), response.sw)

    def open_response(self, response: ResponseApdu) -> ResponseApdu:
        """The plain answer, its MAC verified before anything is decrypted."""
        if not _is_protected(response.sw) or not self.level & SecurityLevel.R_MAC:
            if response.data and not _is_protected(response.sw):
                raise ChannelError("scp-response-unprotected", sw=f"{response.sw:04X}")
            return response
        if len(response.data) < self._mac_size:
            raise ChannelError("scp-response-unprotected", sw=f"{response.sw:04X}")
        data, mac = response.data[: -self._mac_size], response.data[-self._mac_size :]
        if not Secret(self._response_mac(data, response.sw)).matches(mac):
            raise ChannelError("scp-mac-wrong")
        if data and self.level & SecurityLevel.R_ENCRYPTION:
            data = self._decrypt(self._response_iv(), data)
        return ResponseApdu(data, response.sw)

    @property
    def _enc(self) -> bytes:
        return self._keys.s_enc.reveal()

    def _command_iv(self) -> bytes:
        return symmetric.aes_block(self._enc, self._counter.to_bytes(BLOCK, "big"))

    def _response_iv(self) -> bytes:
        return symmetric.aes_block(self._enc, b"\x80" + self._counter.to_bytes(BLOCK - 1, "big"))

    def _decrypt(self, iv: bytes, data: bytes) -> bytes:
        try:
            return symmetric.unpad(symmetric.aes_cbc_decrypt(self._enc, iv, data))
        except BadInput:
            raise ChannelError("scp-padding-wrong") from None

    def _append_mac(self, command: CommandApdu) -> CommandApdu:
        cla = command.cla | 0x04
        size = len(command.data) + self._mac_size
        extended = command.is_extended or size > MAX_SHORT_NC
        self._chaining = self._command_mac(cla, command, size, extended, command.data)
        data = command.data + self._chaining[: self._mac_size]
        return CommandApdu(cla, command.ins, command.p1, command.p2, data, command.ne, extended)

    def _strip_mac(self, command: CommandApdu) -> CommandApdu:
        if not command.cla & 0x04 or len(command.data) < self._mac_size:
            raise ChannelError("scp-mac-missing")
        data, mac = command.data[: -self._mac_size], command.data[-self._mac_size :]
        full = self._command_mac(command.cla, command, len(command.data), command.extended, data)
        if not Secret(full[: self._mac_size]).matches(mac):
            raise ChannelError("scp-mac-wrong")
        self._chaining = full
        return CommandApdu(command.cla, command.ins, command.p1, command.p2, data, command.ne, command.extended)

    def _command_mac(self, cla: int, command: CommandApdu, size: int, extended: bool, data: bytes) -> bytes:
        """CMAC over chaining value, header, Lc with the MAC counted in, and data (Amendment D 6.2.4)."""
        lc = b"\x00" + size.to_bytes(2, "big") if extended else bytes((size,))
        header = bytes((cla, command.ins, command.p1, command.p2))
        return symmetric.aes_cmac(self._keys.s_mac.reveal(), self._chaining + header + lc + data)

    def _response_mac(self, data: bytes, sw: int) -> bytes:
        message = self._chaining + data + sw.to_bytes(2, "big")
        return symmetric.aes_cmac(self._keys.s_rmac.reveal(), message)[: self._mac_size]


def _is_protected(sw: int) -> bool:
    """Success and warnings carry data and a MAC; errors carry neither (Amendment D 6.2.5)."""
    return sw == 0x9000 or sw >> 8 in (0x62, 0x63)
