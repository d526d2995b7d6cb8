"""Takes the data groupings of a personalization into the eMRTD application (``docs/personalization.md``)."""

from __future__ import annotations

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.refusal import Refused, require
from eid_toolkit.cards.emulator.state import StoredFile
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec.dgi import Dgi
from eid_toolkit.standards.crypto.domain_parameters import EcDomain, domain_by_id
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.protocols import personalization_data as layout
from eid_toolkit.standards.protocols.globalplatform import ApplicationState
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.personalization_data import ChipKey, RsaSigningKey

MEMORY_SIZE = 160 * 1024
"""Bytes of file content that the card has room for."""
_REQUIRED = (ElementaryFile.COM, ElementaryFile.DG1, ElementaryFile.DG2, ElementaryFile.SOD)


def store(memory: EmrtdMemory, groupings: tuple[Dgi, ...], dek: Secret) -> None:
    """Takes each grouping in; raises :class:`Refused` at the first that does not fit."""
    for dgi in groupings:
        require(memory.state is not ApplicationState.PERSONALIZED, StatusWord.CONDITIONS_NOT_SATISFIED)
        try:
            _store_one(memory, dgi.identifier, layout.decrypt(dgi, dek) if dgi.is_secret else dgi.data)
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None


def _store_one(memory: EmrtdMemory, identifier: int, data: bytes) -> None:
    if identifier == layout.CREATE_FILE:
        _create(memory, data)
    elif identifier == layout.WRITE_FILE:
        _write(memory, data)
    elif identifier == layout.ACCESS:
        require(len(data) == 1 and data[0] in range(1, 4), StatusWord.WRONG_DATA)
        memory.protocols = layout.AccessProtocols(data[0])
    elif identifier == layout.TERMINAL_TRUST:
        memory.trust_terminals_by(layout.parse_terminal_trust(data))
    elif identifier == layout.CHIP_AUTHENTICATION_KEY:
        chip_key = _checked_key(data)
        memory.chip_authentication_keys[chip_key.reference] = chip_key
    elif identifier == layout.ACTIVE_AUTHENTICATION_KEY:
        key = _checked_key(data)
        require(key.reference in layout.DIGEST_REFERENCES.values(), StatusWord.WRONG_DATA)
        memory.active_authentication_key = key
    elif identifier == layout.RSA_SIGNING_KEY:
        memory.active_authentication_key = RsaSigningKey.parse(data)
    elif identifier == layout.CAN:
        memory.passwords[PasswordKind.CAN] = AccessPassword.from_can(data.decode("latin-1"))
    elif identifier == layout.MRZ_SEED:
        require(len(data) == 20, StatusWord.WRONG_DATA)
        memory.passwords[PasswordKind.MRZ] = AccessPassword(PasswordKind.MRZ, Secret(data))
    elif identifier == layout.COMPLETE:
        _complete(memory, data)
    else:
        raise Refused(StatusWord.REFERENCED_DATA_NOT_FOUND)


def _create(memory: EmrtdMemory, data: bytes) -> None:
    file, rule, size = layout.parse_create_file(data)
    require(file not in layout.PLATFORM_FILES, StatusWord.CONDITIONS_NOT_SATISFIED)
    stored = memory.files.get(file)
    if stored is not None and (stored.rule, len(stored.content)) == (rule, size):
        return  # sent again after an interruption: what was written stays
    used = sum(len(other.content) for name, other in memory.files.items() if name is not file)
    require(used + size <= MEMORY_SIZE, StatusWord.NOT_ENOUGH_MEMORY)
    memory.files[file] = StoredFile(rule, bytes(size))


def _write(memory: EmrtdMemory, data: bytes) -> None:
    file, offset, content = layout.parse_write_file(data)
    stored = memory.files.get(file)
    if stored is None or file in layout.PLATFORM_FILES:
        raise Refused(StatusWord.FILE_NOT_FOUND)
    end = offset + len(content)
    require(end <= len(stored.content), StatusWord.WRONG_OFFSET)
    stored.content = stored.content[:offset] + content + stored.content[end:]


def _checked_key(data: bytes) -> ChipKey:
    """A private key that is in the range of its group."""
    key = ChipKey.parse(data)
    domain = domain_by_id(key.parameter_id)
    order = domain.n if isinstance(domain, EcDomain) else domain.q
    in_range = 0 < int.from_bytes(key.scalar.reveal(), "big") < order
    require(in_range and len(key.scalar) == (order.bit_length() + 7) // 8, StatusWord.WRONG_DATA)
    return key


def _complete(memory: EmrtdMemory, digest: bytes) -> None:
    written = layout.content_digest((file, stored.content) for file, stored in memory.files.items())
    require(Secret(written).matches(digest), StatusWord.WRONG_DATA)
    complete = all(file in memory.files for file in _REQUIRED) and PasswordKind.MRZ in memory.passwords
    require(complete and memory.protocols, StatusWord.CONDITIONS_NOT_SATISFIED)
    memory.state = ApplicationState.PERSONALIZED
