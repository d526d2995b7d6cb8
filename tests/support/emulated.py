"""Emulated cards with the document of a test on them, put there without the ceremony of personalization."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from eid_toolkit.books.keys.keys import EcSigner
from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory, StoredFile
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols.globalplatform import ApplicationState
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.personalization_data import (
    DIGEST_REFERENCES,
    AccessProtocols,
    ChipKey,
    access_rule,
)
from support.documents import IssuedDocument

CAN = "123456"
PACE_ONLY, BAC_ONLY = AccessProtocols.PACE, AccessProtocols.BAC


def card_memory(
    document: IssuedDocument,
    *,
    protocols: AccessProtocols = PACE_ONLY,
    leave_out: Iterable[ElementaryFile] = (),
    chip_key: EcSigner | None = None,
    aa_key: EcSigner | None = None,
) -> CardMemory:
    """The memory of a card with ``document`` on it, perhaps without some files or with other keys than its own."""
    transport_key = Secret(bytes(range(0x40, 0x50)))
    memory = make_blank((transport_key,) * 3, SystemEntropy())
    application = memory.part(EmrtdMemory)
    missing = set(leave_out)
    for file, content in document.files.items():
        if file not in missing:
            application.files[file] = StoredFile(access_rule(file), content)
    application.passwords = {
        PasswordKind.CAN: AccessPassword.from_can(CAN),
        PasswordKind.MRZ: AccessPassword.from_mrz_information(document.mrz.information),
    }
    application.protocols = protocols
    application.chip_authentication_keys = {0: ChipKey(13, 0, (chip_key or document.chip_key).key.scalar)}
    application.active_authentication_key = ChipKey(
        13, DIGEST_REFERENCES["sha256"], (aa_key or document.aa_key).key.scalar
    )
    application.state = ApplicationState.PERSONALIZED
    return memory


def emulated_card(memory: CardMemory) -> EmulatedCard:
    """A card with power that keeps what it learns to itself."""
    return EmulatedCard(memory, SystemEntropy(), lambda memory: None)


class Tampered:
    """A card whose exchange number ``at`` runs through ``change`` instead."""

    def __init__(self, card: EmulatedCard, at: int, change: Callable[[bytes], bytes]) -> None:
        self._card, self._left, self._change = card, at, change

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def process(self, command: bytes, /) -> bytes:
        self._left -= 1
        return self._change(command) if self._left < 0 else self._card.process(command)

    def reset(self) -> None:
        self._card.reset()

    def power_off(self) -> None:
        self._card.power_off()
