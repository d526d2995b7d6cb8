"""A blank as it comes from the chip's maker: transport keys, an empty eMRTD application, EF.ATR/INFO."""

from __future__ import annotations

from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory, StoredFile
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.protocols.globalplatform import FACTORY_KEY_VERSION
from eid_toolkit.standards.protocols.personalization_data import AccessRule
from eid_toolkit.standards.protocols.scp03 import KeySet

MAX_COMMAND, MAX_RESPONSE = 2048, 16384
"""The sizes in bytes of whole APDUs that the card takes and gives, as its EF.ATR/INFO says."""

# 7816-4 12.1.1: compact TLV with card service data (selection by full DF name, EF.DIR and EF.ATR/INFO by
# READ BINARY) and card capabilities (chaining, extended length, sizes in EF.ATR/INFO).
_HISTORICAL = bytes.fromhex("8031B8739401E0")
_FABRICATOR, _CHIP_TYPE, _OPERATING_SYSTEM = b"\xe1\xd0", b"\x00\x01", b"\xe1\xd0"


def make_atr(historical: bytes) -> bytes:
    """The ATR that PC/SC part 3 gives a contactless card: direct convention, T=1, historical bytes, check byte."""
    body = bytes((0x80 | len(historical), 0x80, 0x01)) + historical
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes((check,))


def make_blank(transport_keys: tuple[Secret, Secret, Secret], entropy: Entropy) -> CardMemory:
    """A blank with a random serial number, and ``transport_keys`` (ENC, MAC, DEK) as key version FF."""
    serial = entropy.take(6)
    cplc = _FABRICATOR + _CHIP_TYPE + _OPERATING_SYSTEM + bytes(6) + serial
    cplc += bytes(42 - len(cplc))
    atr_info = AtrInfo.of(MAX_COMMAND, MAX_RESPONSE).encode()
    emrtd = EmrtdMemory(files={ElementaryFile.ATR_INFO: StoredFile(AccessRule.ALWAYS, atr_info)})
    domain = DomainMemory(KeySet(FACTORY_KEY_VERSION, *transport_keys))
    return CardMemory(make_atr(_HISTORICAL), cplc, parts={part.aid: part for part in (emrtd, domain)})
