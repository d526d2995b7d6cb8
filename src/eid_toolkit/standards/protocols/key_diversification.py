"""A chip's own SCP03 keys from a master key and the chip's identity, by the schemes that are in use.

The issuer's own scheme is SP 800-108 in the form of SCP03 (``docs/personalization.md``). The others are those of cards
bought elsewhere, known by the names that GlobalPlatformPro and others give them; a vendor's transport key names one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import Hex
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto import kdf, symmetric
from eid_toolkit.standards.crypto.check_values import SHORTEST, CheckValue, has_check_value
from eid_toolkit.standards.protocols.scp03 import BLOCK, KeySet

IDENTITY_SIZE = 10
_ENC, _MAC, _DEK = 1, 2, 3
_OWN_CONSTANTS = {_ENC: 0xE1, _MAC: 0xE2, _DEK: 0xE3}


class Scheme(StrEnum):
    """How keys follow from the master key and the 10 bytes of key diversification data."""

    NONE = "none"
    """They do not: every chip has the key itself, as ENC, MAC and DEK."""
    SP800_108 = "sp800-108"
    """The derivation of SCP03 with constants E1, E2 and E3, over the identity and the key version."""
    KDF3 = "kdf3"
    """SP 800-108 in counter mode with CMAC: counter, 000000, key number, 00, identity."""
    EMV = "emv"
    """EMV Card Personalization Specification 4.1: triple DES over the last six bytes of the identity."""
    VISA2 = "visa2"
    """Visa's: triple DES over the first two and the four middle bytes of the identity."""

    @property
    def needs_vector(self) -> bool:
        """Whether vendors do it so differently that it counts only with a vector of theirs."""
        return self in (Scheme.EMV, Scheme.VISA2)


@dataclass(frozen=True, slots=True)
class DiversificationVector:
    """What a vendor says becomes of the key: the identity of one chip, and the check values of its three keys."""

    chip: Hex
    enc: Hex
    mac: Hex
    dek: Hex
    method: CheckValue = CheckValue.GLOBALPLATFORM
    """How the three check values are computed."""

    def __post_init__(self) -> None:
        if len(self.chip) != IDENTITY_SIZE or min(map(len, (self.enc, self.mac, self.dek))) < SHORTEST:
            raise BadInput("key-vector-malformed")

    def require(self, master: Secret, scheme: Scheme, version: int) -> None:
        """Raises :class:`BadInput` unless the keys that follow from ``master`` have these check values."""
        keys = diversify(master, self.chip, version, scheme)
        pairs = ((keys.enc, self.enc), (keys.mac, self.mac), (keys.dek, self.dek))
        if not all(has_check_value(key, told, self.method) for key, told in pairs):
            raise BadInput("key-vector-differs", scheme=str(scheme))


def diversify(master: Secret, chip_identity: bytes, version: int, scheme: Scheme = Scheme.SP800_108) -> KeySet:
    """The key set of one chip, its keys as long as ``master``.

    Raises :class:`BadInput` for an identity of other than 10 bytes, or a master key that is not of 16 bytes where
    the scheme is one with triple DES.
    """
    if len(chip_identity) != IDENTITY_SIZE:
        raise BadInput("chip-identity-length", length=len(chip_identity))
    enc, mac, dek = (_derive(scheme, master, number, chip_identity, version) for number in (_ENC, _MAC, _DEK))
    return KeySet(version, enc, mac, dek)


def diversify_by(cmac: Callable[[bytes], bytes], size: int, chip_identity: bytes, version: int) -> KeySet:
    """The key set by the issuer's own scheme, its keys of ``size`` bytes, where the master key is in a token.

    ``cmac`` is AES-CMAC by that key. Raises :class:`BadInput` for an identity of other than 10 bytes.
    """
    if len(chip_identity) != IDENTITY_SIZE:
        raise BadInput("chip-identity-length", length=len(chip_identity))
    context = chip_identity + bytes((version,))
    keys = (Secret(kdf.counter_cmac_by(cmac, _OWN_CONSTANTS[n], size, context)) for n in (_ENC, _MAC, _DEK))
    return KeySet(version, *keys)


def _derive(scheme: Scheme, master: Secret, number: int, identity: bytes, version: int) -> Secret:
    match scheme:
        case Scheme.NONE:
            return master
        case Scheme.SP800_108:
            context = identity + bytes((version,))
            return Secret(kdf.counter_cmac(master, _OWN_CONSTANTS[number], len(master), context))
        case Scheme.KDF3:
            return _kdf3(master, bytes((0, 0, 0, number, 0)) + identity)
        case Scheme.EMV:
            return _triple_des(master, identity[4:], number)
        case Scheme.VISA2:
            return _triple_des(master, identity[:2] + identity[4:8], number)


def _kdf3(master: Secret, fixed: bytes) -> Secret:
    blocks = range(1, -(-len(master) // BLOCK) + 1)
    derived = b"".join(symmetric.aes_cmac(master.reveal(), bytes((counter,)) + fixed) for counter in blocks)
    return Secret(derived[: len(master)])


def _triple_des(master: Secret, six: bytes, number: int) -> Secret:
    """Both halves of the key: the six bytes with F0 and the key's number, and with 0F and the number."""
    if len(master) != 16:
        raise BadInput("master-key-length", length=len(master))
    halves = (six + bytes((mark, number)) for mark in (0xF0, 0x0F))
    return Secret(b"".join(symmetric.des3_cbc_encrypt(master.reveal(), bytes(8), half) for half in halves))
