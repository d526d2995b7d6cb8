"""What a card remembers without power: its memory as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.pki.cv_trust import CardTrust
from eid_toolkit.standards.protocols.globalplatform import ApplicationState, DomainState
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols, AccessRule, ChipKey, RsaSigningKey
from eid_toolkit.standards.protocols.scp03 import KeySet, Options


@dataclass(slots=True, eq=False)
class StoredFile:
    """An EF: who may read it, and its bytes."""

    rule: AccessRule
    content: bytes


@dataclass(slots=True, eq=False)
class DomainMemory:
    """The issuer security domain: its one key set, life cycle, counters, and what its SCP03 is like."""

    keys: KeySet
    state: DomainState = DomainState.OP_READY
    sequence: int = 0
    """Of the pseudo-random challenge; counts every INITIALIZE UPDATE."""
    failures: int = 0
    """Failed authentications in a row."""
    options: Options = Options.FULL_S8


@dataclass(slots=True, eq=False)
class ApplicationMemory:
    """The eMRTD application, with the files of the MF that belong to it."""

    state: ApplicationState = ApplicationState.SELECTABLE
    files: dict[ElementaryFile, StoredFile] = field(default_factory=dict)
    passwords: dict[PasswordKind, AccessPassword] = field(default_factory=dict)
    protocols: AccessProtocols = field(default_factory=lambda: AccessProtocols(0))
    chip_authentication_keys: dict[int, ChipKey] = field(default_factory=dict)
    """By reference; 0 is the key without one."""
    active_authentication_key: ChipKey | RsaSigningKey | None = None
    failures: int = 0
    """Failed access attempts in a row."""
    terminal_trust: CardTrust | None = None
    """For Terminal Authentication, if it is offered; to be changed by :meth:`trust_terminals_by`."""

    def trust_terminals_by(self, trust: CardTrust) -> None:
        """Takes ``trust`` over, and names its keys in EF.CVCA."""
        self.terminal_trust = trust
        names = EfCvca(trust.references).encode()
        self.files[ElementaryFile.CVCA] = StoredFile(AccessRule.CHIP_ACCESS, names)


@dataclass(slots=True, eq=False)
class CardMemory:
    """The whole card."""

    atr: bytes
    cplc: bytes
    domain: DomainMemory
    application: ApplicationMemory

    @property
    def chip_identity(self) -> bytes:
        """The 10 bytes that name the chip: fabricator, type, serial number and batch."""
        return self.cplc[0:4] + self.cplc[12:18]
