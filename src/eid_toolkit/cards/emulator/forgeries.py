"""Forged cards, made from the memory of a genuine one, for proving that an inspection detects them.

Each does what a forger can do who has read a card: copy files, change them, leave some out. None has the chip's
private keys or the signer's. All raise :class:`BadInput` for a card that lacks what they would change.
"""

from __future__ import annotations

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.image import copied
from eid_toolkit.cards.emulator.state import CardMemory, StoredFile
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.asn1.oids import PaceProtocol
from eid_toolkit.standards.asn1.security_infos import PaceInfo, SecurityInfos
from eid_toolkit.standards.codec import der
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS
from eid_toolkit.standards.crypto.domain_parameters import domain_by_id, ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.standards.protocols.key_agreement import group_of
from eid_toolkit.standards.protocols.personalization_data import DIGEST_REFERENCES, ChipKey

_WEAK = PaceInfo(PaceProtocol.of("ecdh", "gm", "3des").oid, 2, 12)
_OWN_CURVE = "brainpoolP256r1"
_IN_CONTENT, _IN_SIGNER = 1, -1
"""Where in EF.SOD an identifier of the digest stands: after the list of digests in the content, and last."""


def clone_without_chip_keys(memory: CardMemory, entropy: Entropy) -> CardMemory:
    """Every file copied; the private keys, which cannot be read, replaced by others (one of RSA is just missing)."""
    forged = copied(memory)
    application = forged.part(EmrtdMemory)
    for reference, key in application.chip_authentication_keys.items():
        application.chip_authentication_keys[reference] = _other_key(key, entropy)
    signing_key = application.active_authentication_key
    application.active_authentication_key = (
        _other_key(signing_key, entropy) if isinstance(signing_key, ChipKey) else None
    )
    return forged


def with_file(memory: CardMemory, file: ElementaryFile, content: bytes) -> CardMemory:
    """One file replaced, another portrait for example."""
    _content(memory, file)
    forged = copied(memory)
    forged.part(EmrtdMemory).files[file] = StoredFile(forged.part(EmrtdMemory).files[file].rule, content)
    return forged


def with_file_of(memory: CardMemory, other: CardMemory, file: ElementaryFile) -> CardMemory:
    """One file replaced by that of another card."""
    return with_file(memory, file, _content(other, file))


def with_weakened_card_access(memory: CardMemory) -> CardMemory:
    """EF.CardAccess, which nothing signs, offers a weaker cipher than the signed DG14."""
    return with_file(memory, ElementaryFile.CARD_ACCESS, CardAccess(SecurityInfos.of(_WEAK)).encode())


def with_downgraded_pace(memory: CardMemory) -> CardMemory:
    """EF.CardAccess and DG14 agree on a weaker cipher; but DG14 is signed."""
    infos = Dg14.parse(_content(memory, ElementaryFile.DG14)).security_infos
    others = (info for info in infos.entries if not isinstance(info, PaceInfo))
    weak = Dg14(SecurityInfos.of(_WEAK, *others)).encode()
    return with_file(with_weakened_card_access(memory), ElementaryFile.DG14, weak)


def with_own_signing_key(memory: CardMemory, entropy: Entropy) -> CardMemory:
    """DG15 has a key that the forger made, and the chip signs with it."""
    key = EcPrivateKey.generate(ec_domain_by_name(_OWN_CURVE), entropy)
    forged = with_file(memory, ElementaryFile.DG15, Dg15(key.public_key.spki()).encode())
    reference = DIGEST_REFERENCES["sha256"]
    forged.part(EmrtdMemory).active_authentication_key = ChipKey(key.domain.parameter_id, reference, key.scalar)
    return forged


def with_other_hash_algorithm(memory: CardMemory) -> CardMemory:
    """EF.SOD says that the data groups were hashed with another algorithm; the hashes stay."""
    return with_file(memory, ElementaryFile.SOD, _other_algorithm(_content(memory, ElementaryFile.SOD), _IN_CONTENT))


def with_other_signed_algorithm(memory: CardMemory) -> CardMemory:
    """EF.SOD's signer says that it hashed what it signed with another algorithm; the signature stays."""
    return with_file(memory, ElementaryFile.SOD, _other_algorithm(_content(memory, ElementaryFile.SOD), _IN_SIGNER))


def without_chip_authentication_files(memory: CardMemory) -> CardMemory:
    """A clone that hides what it cannot do: DG14 and DG15 left out, and EF.COM, which nothing signs, adapted."""
    hidden = (ElementaryFile.DG14, ElementaryFile.DG15)
    com = Com.parse(_content(memory, ElementaryFile.COM))
    remaining = [number for number in com.data_groups if ElementaryFile.of_data_group(number) not in hidden]
    forged = with_file(memory, ElementaryFile.COM, Com.of_data_groups(remaining).encode())
    for file in hidden:
        forged.part(EmrtdMemory).files.pop(file, None)
    forged.part(EmrtdMemory).chip_authentication_keys.clear()
    forged.part(EmrtdMemory).active_authentication_key = None
    return forged


def _other_key(key: ChipKey, entropy: Entropy) -> ChipKey:
    return ChipKey(key.parameter_id, key.reference, group_of(domain_by_id(key.parameter_id)).key_pair(entropy).private)


def _content(memory: CardMemory, file: ElementaryFile) -> bytes:
    stored = memory.part(EmrtdMemory).files.get(file)
    if stored is None:
        raise BadInput("forgery-not-possible", lacks=file.label)
    return stored.content


def _other_algorithm(sod: bytes, which: int) -> bytes:
    """The SOD with one identifier of its digest replaced by another of the same length."""
    digest = Sod.parse(sod).digest
    other = "sha384" if digest == "sha512" else "sha512"
    sought, put = (der.object_identifier(DIGEST_OIDS[name]) for name in (digest, other))
    parts = sod.split(sought)
    at = which % (len(parts) - 1) + 1
    return sought.join(parts[:at]) + put + sought.join(parts[at:])
