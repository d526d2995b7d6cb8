"""What opens a chip: the MRZ information and the CAN as access passwords (ICAO Doc 9303-11 9.7.2 and 9.7.3)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto import kdf
from eid_toolkit.standards.crypto.kdf import KeyUse


class PasswordKind(IntEnum):
    """The password references of MSE:Set AT (9303-11 4.4.4.1)."""

    MRZ = 1
    CAN = 2


@dataclass(frozen=True, slots=True, eq=False)
class AccessPassword:
    """A password in the form f(π) of 9303-11 table 14, which both ends hold instead of the text."""

    kind: PasswordKind
    encoded: Secret
    """MRZ: SHA-1 of the MRZ information, 20 bytes. CAN: its digits in ISO/IEC 8859-1."""

    @classmethod
    def from_can(cls, can: str) -> AccessPassword:
        """The CAN printed on the card: six digits, or up to 16 on cards of others."""
        if not (can.isascii() and can.isdigit() and 6 <= len(can) <= 16):
            raise BadInput("can-malformed")
        return cls(PasswordKind.CAN, Secret(can.encode("latin-1")))

    @classmethod
    def from_mrz_information(cls, information: str) -> AccessPassword:
        """Document number, date of birth and date of expiry, each with its check digit."""
        return cls(PasswordKind.MRZ, Secret(hashlib.sha1(information.encode("ascii")).digest()))

    def pace_key(self, cipher: str) -> Secret:
        """K_π for the nonce's cipher (9303-11 9.7.3)."""
        return kdf.derive(self.encoded.reveal(), KeyUse.PASSWORD, cipher)

    def bac_keys(self) -> tuple[Secret, Secret]:
        """K_Enc and K_MAC of Basic Access Control (9303-11 9.7.2); the password must be the MRZ."""
        if self.kind is not PasswordKind.MRZ:
            raise BadInput("bac-needs-mrz")
        seed = self.encoded.reveal()[:16]
        return kdf.derive(seed, KeyUse.ENCRYPTION, "3des"), kdf.derive(seed, KeyUse.MAC, "3des")
