"""GlobalPlatform commands and their data, for both ends (Card Specification 2.3 clause 11, Amendment D clause 7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from eid_toolkit.ground.errors import BadInput, ProtocolError
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.crypto import symmetric
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.protocols import scp03
from eid_toolkit.standards.protocols.scp03 import KeySet, Options, key_check_value

ISD_AID = bytes.fromhex("A000000151000000")
"""The issuer security domain (Card Specification H.2)."""
INITIALIZE_UPDATE, EXTERNAL_AUTHENTICATE = 0x50, 0x82
PUT_KEY, INSTALL, STORE_DATA, SET_STATUS, GET_STATUS, GET_DATA, DELETE, LOAD = (
    0xD8, 0xE6, 0xE2, 0xF0, 0xF2, 0xCA, 0xE4, 0xE8,
)  # fmt: skip
FACTORY_KEY_VERSION = 0xFF
CPLC_TAG = 0x9F7F
CPLC_SIZE = 42
_KEY_TYPE_AES, _CHECK_VALUE_SIZE = 0x88, 3
_KEY_SIZES = (16, 24, 32)


class DomainState(IntEnum):
    """Life cycle of the card, coded in the issuer security domain (11.1.1)."""

    OP_READY = 0x01
    INITIALIZED = 0x07
    SECURED = 0x0F
    CARD_LOCKED = 0x7F
    TERMINATED = 0xFF


class ApplicationState(IntEnum):
    """Life cycle of the eMRTD application: the standard's two first states and its own PERSONALIZED (5.3.1)."""

    INSTALLED = 0x03
    SELECTABLE = 0x07
    PERSONALIZED = 0x0F


@dataclass(frozen=True, slots=True)
class InitializeUpdateAnswer:
    """What the card says of itself before anything is proved (Amendment D 7.1.1)."""

    chip_identity: bytes
    """The key diversification data, 10 bytes."""
    key_version: int
    card_challenge: bytes
    card_cryptogram: bytes
    sequence: bytes
    """The counter of the pseudo-random challenge (3 bytes), or empty."""
    options: Options = Options.FULL_S8

    def encode(self) -> bytes:
        """The answer's data, 29 to 48 bytes."""
        info = bytes((self.key_version, scp03.SCP03_IDENTIFIER, self.options))
        return self.chip_identity + info + self.card_challenge + self.card_cryptogram + self.sequence

    @classmethod
    def parse(cls, data: bytes, size: int = 8) -> InitializeUpdateAnswer:
        """Reads the answer to a host challenge of ``size`` bytes.

        Raises :class:`ProtocolError` for another length, protocol or mode.
        """
        ends = (13 + 2 * size, 13 + 2 * size + 3)
        if len(data) not in ends or data[11] != scp03.SCP03_IDENTIFIER or Options(data[12]).size != size:
            raise ProtocolError("scp-unexpected-protocol", length=len(data))
        challenge, cryptogram = data[13 : 13 + size], data[13 + size : ends[0]]
        return cls(data[:10], data[10], challenge, cryptogram, data[ends[0] :], Options(data[12]))


def initialize_update(key_version: int, host_challenge: bytes) -> CommandApdu:
    """INITIALIZE UPDATE; version 0 asks for the default keys."""
    return CommandApdu(0x80, INITIALIZE_UPDATE, key_version, 0x00, host_challenge, ne=256)


def external_authenticate(level: int, host_cryptogram: bytes) -> CommandApdu:
    """EXTERNAL AUTHENTICATE before its MAC is appended."""
    return CommandApdu(0x80, EXTERNAL_AUTHENTICATE, level, 0x00, host_cryptogram)


def get_data(tag: int) -> CommandApdu:
    """GET DATA of a two-byte tag."""
    return CommandApdu(0x80, GET_DATA, tag >> 8, tag & 0xFF, ne=256)


def chip_identity_from_cplc(data: bytes) -> bytes:
    """The 10 bytes that name a chip: fabricator, type, serial number and batch out of the CPLC (42 bytes)."""
    cplc = tlv.parse(data, CPLC_TAG).value
    if len(cplc) != CPLC_SIZE:
        raise ProtocolError("cplc-malformed", length=len(cplc))
    return cplc[0:4] + cplc[12:18]


def put_key(replaced_version: int, keys: KeySet, dek: Secret) -> CommandApdu:
    """PUT KEY for three AES keys of one length under the static ``dek``; ``replaced_version`` 0 adds (11.8)."""
    blocks = b"".join(_encode_key(key, dek) for key in (keys.enc, keys.mac, keys.dek))
    return CommandApdu(0x80, PUT_KEY, replaced_version, 0x81, bytes((keys.version,)) + blocks, ne=256)


def put_key_answer(keys: KeySet) -> bytes:
    """The answer to :func:`put_key`: version and the three check values."""
    return bytes((keys.version,)) + b"".join(key_check_value(key) for key in (keys.enc, keys.mac, keys.dek))


def _encode_key(key: Secret, dek: Secret) -> bytes:
    """Type, length of what follows, length of the key, the key filled up to whole blocks and encrypted, check value."""
    filled = key.reveal() + bytes(-len(key) % scp03.BLOCK)
    encrypted = symmetric.aes_cbc_encrypt(dek.reveal(), bytes(scp03.BLOCK), filled)
    block = bytes((_KEY_TYPE_AES, 1 + len(encrypted), len(key))) + encrypted
    return block + bytes((_CHECK_VALUE_SIZE,)) + key_check_value(key)


def parse_put_key(data: bytes, dek: Secret) -> KeySet:
    """The card's side of :func:`put_key`; raises :class:`BadInput` for a malformed key or a wrong check value."""
    key_size = data[3] if len(data) > 3 else 0
    whole = key_size + -key_size % scp03.BLOCK
    size = 3 + whole + 1 + _CHECK_VALUE_SIZE
    if key_size not in _KEY_SIZES or len(data) != 1 + 3 * size:
        raise BadInput("put-key-malformed")
    enc, mac, key = (_decode_key(data[at : at + size], key_size, dek) for at in range(1, len(data), size))
    return KeySet(data[0], enc, mac, key)


def _decode_key(block: bytes, key_size: int, dek: Secret) -> Secret:
    header, encrypted, check_size = block[:3], block[3:-4], block[-4]
    if header != bytes((_KEY_TYPE_AES, 1 + len(encrypted), key_size)) or check_size != _CHECK_VALUE_SIZE:
        raise BadInput("put-key-malformed")
    key = Secret(symmetric.aes_cbc_decrypt(dek.reveal(), bytes(scp03.BLOCK), encrypted)[:key_size])
    if not Secret(key_check_value(key)).matches(block[-_CHECK_VALUE_SIZE:]):
        raise BadInput("put-key-check-value-wrong")
    return key


def install_for_personalization(aid: bytes) -> CommandApdu:
    """INSTALL [for personalization]: what follows as STORE DATA goes to the application (11.5.2.3.6)."""
    data = b"\x00\x00" + bytes((len(aid),)) + aid + b"\x00\x00\x00"
    return CommandApdu(0x80, INSTALL, 0x20, 0x00, data, ne=256)


def parse_install_for_personalization(data: bytes) -> bytes:
    """The AID in :func:`install_for_personalization`."""
    if len(data) < 6 or data[:2] != b"\x00\x00" or len(data) != 6 + data[2] or any(data[-3:]):
        raise BadInput("install-malformed")
    return data[3:-3]


def store_data(block: int, data: bytes, *, last: bool, encrypted: bool) -> CommandApdu:
    """STORE DATA with DGIs; ``encrypted`` says that their data is under the DEK (11.11)."""
    p1 = (0x80 if last else 0x00) | (0x60 if encrypted else 0x00) | 0x08
    return CommandApdu(0x80, STORE_DATA, p1, block & 0xFF, data, ne=256)


def set_domain_state(state: DomainState) -> CommandApdu:
    """SET STATUS of the issuer security domain (11.10)."""
    return CommandApdu(0x80, SET_STATUS, 0x80, state)


def get_status(p1: int) -> CommandApdu:
    """GET STATUS of the domain (P1 80) or the applications (P1 40), in the TLV form (11.4)."""
    return CommandApdu(0x80, GET_STATUS, p1, 0x02, tlv.encode(0x4F), ne=256)


def status_entry(aid: bytes, state: int) -> bytes:
    """One entry of the answer to :func:`get_status`."""
    return tlv.encode(0xE3, tlv.encode(0x4F, aid), tlv.encode(0x9F70, bytes((state,))))


def parse_status(data: bytes) -> dict[bytes, int]:
    """Life-cycle state by AID; raises :class:`ProtocolError` for an answer that does not parse."""
    try:
        entries = [tlv.as_mapping(item.children()) for item in tlv.iterate(data) if item.tag == 0xE3]
        return {entry[0x4F]: entry[0x9F70][0] for entry in entries}
    except (BadInput, KeyError, IndexError):
        raise ProtocolError("get-status-malformed") from None
