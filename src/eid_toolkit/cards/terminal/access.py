"""The chip access procedure (ICAO Doc 9303-11 4.2): PACE where the chip offers it, BAC only where the policy allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eid_toolkit.cards.terminal.file_reader import FileRead, FileReader, ReadStatus, read_buffers
from eid_toolkit.cards.terminal.selecting import select_application, select_master_file
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.ground.errors import AccessDenied, BadInput, CardRefused
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.asn1.security_infos import PaceDomainParameterInfo, PaceInfo
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord, is_card_failure
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.protocols import bac, pace_terminal
from eid_toolkit.standards.protocols.pace import ChipMappingProof, PaceParameters
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.terminal_authentication import compress

_CIPHER_STRENGTH = {"3des": 0, "aes-128": 1, "aes-192": 2, "aes-256": 3}


@dataclass(frozen=True, slots=True)
class AccessResult:
    """How the chip was opened; the eMRTD application is selected."""

    protocol: Literal["pace", "bac", "none"]
    password: PasswordKind | None
    card_access: FileRead
    """The reading of EF.CardAccess, which nobody signed."""
    buffers: tuple[int, int] | None
    parameters: PaceParameters | None = None
    downgraded: bool = False
    """Whether BAC was used although the chip offers PACE."""
    chip_proof: ChipMappingProof | None = None
    """With Chip Authentication Mapping: to be verified with the chip's signed public key."""
    card_security: FileRead | None = None
    """With Chip Authentication Mapping: the reading of EF.CardSecurity."""
    chip_name: bytes = b""
    """With PACE: what Terminal Authentication calls the chip."""
    terminal_key: bytes = b""
    """With Chip Authentication Mapping: our ephemeral key, to which Terminal Authentication can bind itself."""


def open_access(session: CardSession, password: AccessPassword, entropy: Entropy, *, allow_bac: bool) -> AccessResult:
    """Opens the chip with ``password`` and selects the eMRTD application.

    Raises :class:`AccessDenied` for a wrong password, or where only BAC is possible and not allowed or not with
    this password; :class:`CardRefused` where the card has no eMRTD application, or fails. A failed PACE is never
    followed by BAC.
    """
    select_master_file(session)
    buffers = read_buffers(session)
    card_access = FileReader(session).read(ElementaryFile.CARD_ACCESS)
    content = card_access.data if card_access.status is ReadStatus.READ else None
    chosen = _choose_pace(content)
    if chosen is not None:
        pace_result = session.run(
            pace_terminal.establish(password, chosen.info, entropy, chosen.beside, chosen.ambiguous)
        )
        session.install(pace_result.channel)
        card_security = None
        if pace_result.chip_proof is not None:
            card_security = FileReader(session, buffers).read(ElementaryFile.CARD_SECURITY)
        _select_application(session)
        return AccessResult(
            "pace",
            pace_result.password,
            card_access,
            buffers,
            pace_result.parameters,
            chip_proof=pace_result.chip_proof,
            card_security=card_security,
            chip_name=compress(pace_result.card_public, pace_result.parameters.domain),
            terminal_key=compress(pace_result.terminal_public, pace_result.parameters.domain)
            if pace_result.chip_proof
            else b"",
        )
    offers_pace = content is not None and _offers_pace(content)
    if not allow_bac:
        raise AccessDenied("pace-not-possible", offered=offers_pace)
    if password.kind is not PasswordKind.MRZ:
        raise AccessDenied("bac-needs-mrz")
    _select_application(session)
    session.install(session.run(bac.authenticate(password, entropy)))
    return AccessResult("bac", password.kind, card_access, buffers, downgraded=offers_pace)


@dataclass(frozen=True, slots=True)
class _PaceChoice:
    """One PACEInfo, the domain parameters written out beside it, and whether the card offers its protocol twice."""

    info: PaceInfo
    beside: tuple[PaceDomainParameterInfo, ...]
    ambiguous: bool


def _choose_pace(card_access: bytes | None) -> _PaceChoice | None:
    """The strongest usable PACEInfo.

    Stronger groups come first, then stronger ciphers, then the mapping that authenticates the chip too.
    """
    if card_access is None:
        return None
    try:
        infos = CardAccess.parse(card_access, patient=True).security_infos
    except BadInput:
        return None
    offered, beside = infos.of_type(PaceInfo), infos.of_type(PaceDomainParameterInfo)
    usable = []
    for info in offered:
        try:
            parameters = PaceParameters.of(info, beside)
        except BadInput:
            continue
        proves_chip = parameters.protocol.mapping == "cam"
        usable.append((parameters.domain.security, _CIPHER_STRENGTH[parameters.protocol.cipher], proves_chip, info))
    if not usable:
        return None
    best = max(usable, key=lambda entry: entry[:3])[3]
    return _PaceChoice(best, beside, sum(info.protocol == best.protocol for info in offered) > 1)


def _offers_pace(card_access: bytes) -> bool:
    try:
        return bool(CardAccess.parse(card_access).security_infos.of_type(PaceInfo))
    except BadInput:
        return True  # there is a file for it, and it was spoilt


def _select_application(session: CardSession) -> None:
    sw = select_application(session, EMRTD_AID)
    if sw in (StatusWord.FILE_NOT_FOUND, StatusWord.REFERENCED_DATA_NOT_FOUND):
        raise CardRefused("emrtd-application-missing", sw=sw)
    if sw != StatusWord.OK:
        raise CardRefused("card-failed" if is_card_failure(sw) else "emrtd-application-refused", sw=sw, step="SELECT")
