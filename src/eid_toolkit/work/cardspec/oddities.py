"""What an issuer may do otherwise than most, in a genuine document that a spec can ask for."""

from __future__ import annotations

from collections.abc import Callable

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory, StoredFile
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.iso7816.files import ElementaryFile

_SOD, _CERTIFICATES, _EXPLICIT = 0x77, 0xA0, 0xA0


def make_odd(name: str, memory: CardMemory) -> None:
    """Change a card that was just issued; raises :class:`BadInput` for an unknown name."""
    if name not in ODDITIES:
        raise BadInput("oddity-unknown", name=name, known=", ".join(ODDITIES))
    files = memory.part(EmrtdMemory).files
    stored = files[ElementaryFile.SOD]
    files[ElementaryFile.SOD] = StoredFile(stored.rule, ODDITIES[name](stored.content))


def _without_signer(sod: bytes) -> bytes:
    """EF.SOD without the signer's certificate, which its state publishes elsewhere (9303-10 4.6.2.2 before LDS 1.8)."""
    oid, wrapped = tlv.parse(tlv.parse(sod, _SOD).value).children()
    parts = (part for part in tlv.parse(wrapped.value).children() if part.tag != _CERTIFICATES)
    signed_data = der.sequence(*(part.encode() for part in parts))
    return tlv.encode(_SOD, der.sequence(oid.encode(), tlv.encode(_EXPLICIT, signed_data)))


ODDITIES: dict[str, Callable[[bytes], bytes]] = {"signer-left-out": _without_signer}
"""By name: what becomes of EF.SOD."""
