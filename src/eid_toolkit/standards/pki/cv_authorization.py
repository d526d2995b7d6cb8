"""Role and rights of a CV certificate's holder: the template CHAT (ICAO Doc 9303-12 7, TR-03110-3 C.1.5 and C.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, IntEnum

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.oids import BSI_DE
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv

TEMPLATE, DISCRETIONARY_DATA = 0x7F4C, 0x53
_ROLES = f"{BSI_DE}.3.1.2"
_ROLE_BITS = 2
READ_DG3, READ_DG4 = 1 << 0, 1 << 1
"""The rights of an inspection system (TR-03110-4 2.1.2)."""


class TerminalType(Enum):
    """What kind of terminal the public key infrastructure is for: identifier, bytes of the template's field."""

    INSPECTION_SYSTEM = (f"{_ROLES}.1", 1)
    AUTHENTICATION_TERMINAL = (f"{_ROLES}.2", 5)
    SIGNATURE_TERMINAL = (f"{_ROLES}.3", 1)

    def __init__(self, oid: str, size: int) -> None:
        self.oid = oid
        self.size = size
        """Bytes of role and rights together."""


class Role(IntEnum):
    """The two leading bits of the field."""

    TERMINAL = 0
    DV_FOREIGN = 1
    DV_DOMESTIC = 2
    """Trusted to give its certificates the right effective date (9303-11 7.1.4.3.3)."""
    CVCA = 3

    def may_issue(self, other: Role) -> bool:
        """A CVCA issues for itself (link certificates) and for DVs, a DV for terminals."""
        if self is Role.CVCA:
            return other is not Role.TERMINAL
        return self is not Role.TERMINAL and other is Role.TERMINAL


VALIDITY_DAYS = {
    Role.CVCA: (183, 3 * 366),
    Role.DV_DOMESTIC: (14, 93),
    Role.DV_FOREIGN: (14, 93),
    Role.TERMINAL: (1, 31),
}
"""How many days certificates are good, at least and at most, by the holder's role (9303-12 table 2)."""
_ROLE_WORDS = {
    Role.TERMINAL: "terminal",
    Role.DV_FOREIGN: "document verifier, foreign",
    Role.DV_DOMESTIC: "document verifier, domestic",
    Role.CVCA: "country verifying authority",
}
_INSPECTION_RIGHTS = {0: "read DG3 (fingerprints)", 1: "read DG4 (irises)"}
_SPECIAL_FUNCTIONS = (
    "age verification",
    "community ID verification",
    "restricted identification",
    "privileged terminal",
    "CAN allowed",
    "PIN management",
    "install certificate",
    "install qualified certificate",
)
_AUTHENTICATION_RIGHTS = {
    **dict(enumerate(_SPECIAL_FUNCTIONS)),
    **{7 + number: f"read DG{number}" for number in range(1, 23)},
    30: "PSA",
    **{54 - number: f"write DG{number}" for number in range(17, 23)},
}
_SIGNATURE_RIGHTS = {0: "generate electronic signature", 1: "generate qualified electronic signature"}
_RIGHT_WORDS = {
    TerminalType.INSPECTION_SYSTEM: _INSPECTION_RIGHTS,
    TerminalType.AUTHENTICATION_TERMINAL: _AUTHENTICATION_RIGHTS,
    TerminalType.SIGNATURE_TERMINAL: _SIGNATURE_RIGHTS,
}


@dataclass(frozen=True, slots=True)
class Authorization:
    """Terminal type, role, and the rights as a number whose bit n is the right n of TR-03110-4."""

    terminal_type: TerminalType
    role: Role
    rights: int

    def __post_init__(self) -> None:
        if not 0 <= self.rights < 1 << (8 * self.terminal_type.size - _ROLE_BITS):
            raise BadInput("cvc-rights-out-of-range", rights=f"{self.rights:X}")

    def encode(self) -> bytes:
        """The template ``7F4C``."""
        size = self.terminal_type.size
        field = self.role << (8 * size - _ROLE_BITS) | self.rights
        oid = der.object_identifier(self.terminal_type.oid)
        return tlv.encode(TEMPLATE, oid, tlv.encode(DISCRETIONARY_DATA, field.to_bytes(size, "big")))

    @classmethod
    def parse(cls, template: Tlv) -> Authorization:
        """Raises :class:`BadInput` for another structure, terminal type or length."""
        parts = tlv.parse_all(der.expect(template, TEMPLATE))
        if len(parts) != 2:
            raise BadInput("cvc-malformed", reason="the holder's authorization has other parts than two")
        oid, field = der.read_object_identifier(parts[0]), der.expect(parts[1], DISCRETIONARY_DATA)
        for terminal_type in TerminalType:
            if (terminal_type.oid, terminal_type.size) == (oid, len(field)):
                number, bits = int.from_bytes(field, "big"), 8 * len(field) - _ROLE_BITS
                return cls(terminal_type, Role(number >> bits), number & (1 << bits) - 1)
        raise BadInput("cvc-unknown-terminal-type", oid=oid)

    def limited_by(self, issuer: Authorization) -> Authorization:
        """The same holder with only those rights that ``issuer`` has too (9303-11 7.1.4.3.6)."""
        return replace(self, rights=self.rights & issuer.rights)

    def allows(self, right: int) -> bool:
        """Whether the holder has ``right`` (a mask such as ``READ_DG3``)."""
        return bool(self.rights & right)

    @property
    def role_in_words(self) -> str:
        """The role, for a person."""
        return _ROLE_WORDS[self.role]

    @property
    def rights_in_words(self) -> tuple[str, ...]:
        """Each right that is set, the lowest bit first; bits without a meaning are named by their number."""
        words = _RIGHT_WORDS[self.terminal_type]
        bits = range(8 * self.terminal_type.size - _ROLE_BITS)
        return tuple(words.get(bit, f"reserved bit {bit}") for bit in bits if self.rights >> bit & 1)
