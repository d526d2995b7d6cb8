"""A card's signed files made anew after a change, by a document signer of the tests' own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from eid_toolkit.books.keys.keys import EcSigner
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.standards.asn1.security_infos import ActiveAuthenticationInfo, SecurityInfo, SecurityInfos
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.card_security import CardSecurity, build_card_security
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.sod import build_sod
from eid_toolkit.standards.pki.certificate import Certificate
from support.authorities import Authority, new_key

DIGEST = "sha256"


@cache
def document_signer() -> tuple[EcSigner, Certificate]:
    key = new_key()
    return key, Authority().signer(key)


def data_groups(memory: CardMemory) -> Mapping[int, bytes]:
    """The data groups that are on the card, by their numbers."""
    files = memory.part(EmrtdMemory).files
    return {file.data_group: files[file].content for file in ElementaryFile if file in files and file.data_group}


def put(memory: CardMemory, file: ElementaryFile, content: bytes) -> None:
    """Another content of a file; nothing is signed."""
    memory.part(EmrtdMemory).files[file].content = content


def sign_again(memory: CardMemory) -> None:
    """EF.SOD over the data groups as they are now."""
    key, certificate = document_signer()
    put(memory, ElementaryFile.SOD, build_sod(data_groups(memory), DIGEST, key, certificate.der))


def replace_group(memory: CardMemory, file: ElementaryFile, content: bytes) -> None:
    """Another content of a data group, with its hash in EF.SOD."""
    put(memory, file, content)
    sign_again(memory)


def sign_card_security(memory: CardMemory, *infos: SecurityInfo) -> None:
    """EF.CardSecurity over these SecurityInfos."""
    key, certificate = document_signer()
    content = build_card_security(SecurityInfos.of(*infos), DIGEST, key, certificate.der)
    put(memory, ElementaryFile.CARD_SECURITY, content)


def infos_of(memory: CardMemory) -> tuple[SecurityInfo, ...]:
    """The SecurityInfos of DG14."""
    return Dg14.parse(memory.part(EmrtdMemory).files[ElementaryFile.DG14].content).security_infos.entries


def secured_infos_of(memory: CardMemory) -> tuple[SecurityInfo, ...]:
    """The SecurityInfos of EF.CardSecurity."""
    content = memory.part(EmrtdMemory).files[ElementaryFile.CARD_SECURITY].content
    return CardSecurity.parse(content).security_infos.entries


def put_infos(memory: CardMemory, *infos: SecurityInfo) -> None:
    """Other SecurityInfos in DG14, and in EF.CardSecurity those of them that belong there; both signed."""
    sign_card_security(memory, *(info for info in infos if not isinstance(info, ActiveAuthenticationInfo)))
    replace_group(memory, ElementaryFile.DG14, Dg14(SecurityInfos.of(*infos)).encode())
