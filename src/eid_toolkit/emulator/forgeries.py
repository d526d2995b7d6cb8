"""Forged cards, made from the memory of a genuine one, for proving that an inspection finds them out.

Each does what a forger can do who has read a card: copy files, change them, leave some out. None has the chip's
private keys or the signer's.
"""

from __future__ import annotations

from eid_toolkit.asn1.oids import PaceProtocol
from eid_toolkit.asn1.security_infos import PaceInfo, SecurityInfos
from eid_toolkit.crypto.domain_parameters import domain_by_id
from eid_toolkit.emulator import image
from eid_toolkit.emulator.state import CardMemory, StoredFile
from eid_toolkit.iso7816.files import ElementaryFile
from eid_toolkit.lds.card_access import CardAccess
from eid_toolkit.lds.com import Com
from eid_toolkit.ports import Entropy
from eid_toolkit.protocols.key_agreement import group_of
from eid_toolkit.protocols.personalization_data import ChipKey

_WEAK_GROUP = 12


def copied(memory: CardMemory) -> CardMemory:
    """The same card once more, sharing nothing with the first."""
    return image.decode(image.encode(memory))


def clone_without_chip_keys(memory: CardMemory, entropy: Entropy) -> CardMemory:
    """Every file copied; the private keys, which cannot be read, replaced by others (one of RSA is just missing)."""
    forged = copied(memory)
    application = forged.application
    for reference, key in application.chip_authentication_keys.items():
        application.chip_authentication_keys[reference] = _other_key(key, entropy)
    signing_key = application.active_authentication_key
    application.active_authentication_key = (
        _other_key(signing_key, entropy) if isinstance(signing_key, ChipKey) else None
    )
    return forged


def with_file(memory: CardMemory, file: ElementaryFile, content: bytes) -> CardMemory:
    """One file replaced, another portrait for example."""
    forged = copied(memory)
    forged.application.files[file] = StoredFile(forged.application.files[file].rule, content)
    return forged


def with_weakened_card_access(memory: CardMemory) -> CardMemory:
    """EF.CardAccess, which nothing signs, offers a weaker cipher than the signed DG14."""
    weak = PaceInfo(PaceProtocol.of("ecdh", "gm", "3des").oid, 2, _WEAK_GROUP)
    return with_file(memory, ElementaryFile.CARD_ACCESS, CardAccess(SecurityInfos.of(weak)).encode())


def without_chip_authentication_files(memory: CardMemory) -> CardMemory:
    """A clone that hides what it cannot do: DG14 and DG15 left out, and EF.COM, which nothing signs, adapted."""
    hidden = (ElementaryFile.DG14, ElementaryFile.DG15)
    com = Com.parse(memory.application.files[ElementaryFile.COM].content)
    remaining = [number for number in com.data_groups if ElementaryFile.of_data_group(number) not in hidden]
    forged = with_file(memory, ElementaryFile.COM, Com.of_data_groups(remaining).encode())
    for file in hidden:
        forged.application.files.pop(file, None)
    forged.application.chip_authentication_keys.clear()
    forged.application.active_authentication_key = None
    return forged


def _other_key(key: ChipKey, entropy: Entropy) -> ChipKey:
    return ChipKey(key.parameter_id, key.reference, group_of(domain_by_id(key.parameter_id)).key_pair(entropy).private)
