"""What a chip is and offers, read once before the cases: by it a case tells whether it applies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from eid_toolkit.cards.terminal.access import AccessResult, open_access
from eid_toolkit.cards.terminal.file_reader import FileReader, ReadStatus, read_short_file
from eid_toolkit.cards.terminal.quirks import STANDARD, Quirks
from eid_toolkit.cards.terminal.rights import TerminalIdentity
from eid_toolkit.cards.terminal.selecting import select_master_file
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.errors import BadInput, ChannelError, EidError
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.asn1.security_infos import PaceDomainParameterInfo, PaceInfo, SecurityInfos
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.standards.protocols import chip_authentication
from eid_toolkit.standards.protocols.chip_authentication import ChipAuthenticationChoice
from eid_toolkit.standards.protocols.pace import PaceParameters
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.work.conformance.outcomes import NotAtHand


class _Files(dict[ElementaryFile, bytes]):
    """What could be read: a case that needs another file does not apply, and need not ask before."""

    def __missing__(self, file: ElementaryFile) -> bytes:
        raise NotAtHand(f"{file.label} could not be read")


_MF_FILES = (ElementaryFile.ATR_INFO, ElementaryFile.DIR)


@dataclass(frozen=True, slots=True)
class Facts:
    """A chip as it showed itself to an ordinary reading, and what the tester has for it."""

    passwords: Mapping[PasswordKind, AccessPassword]
    mrz: Mrz | None
    """The MRZ in DG1."""
    terminals: Sequence[TerminalIdentity]
    buffers: tuple[int, int] | None
    """Bytes of a whole command and response, where EF.ATR/INFO declares them."""
    files: Mapping[ElementaryFile, bytes]
    """Every file that could be read, those of the MF too; to ask for another raises :class:`NotAtHand`."""
    statuses: Mapping[ElementaryFile, ReadStatus]
    """How the reading of each file of the application ended."""
    bac: bool = False
    """Whether the application gives a challenge to one who has no access, and the MRZ is at hand."""
    reads_odd: bool = False
    """Whether READ BINARY is understood in its odd form too."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", _Files(self.files))

    @property
    def password(self) -> AccessPassword:
        """The password that cases use which have no wish of their own: the MRZ, which every chip takes, or the CAN."""
        return self.passwords.get(PasswordKind.MRZ) or self.passwords[PasswordKind.CAN]

    @property
    def card_access(self) -> SecurityInfos | None:
        """EF.CardAccess, if it is there and parses."""
        return _parsed(self.files.get(ElementaryFile.CARD_ACCESS), CardAccess.parse)

    @property
    def pace(self) -> tuple[tuple[PaceInfo, PaceParameters], ...]:
        """The ways to run PACE that the chip offers and the tester can run."""
        infos = self.card_access
        if infos is None:
            return ()
        ways = []
        for info in infos.of_type(PaceInfo):
            try:
                ways.append((info, PaceParameters.of(info, infos.of_type(PaceDomainParameterInfo))))
            except BadInput:
                continue
        return tuple(ways)

    def pace_with(self, mapping: str) -> tuple[PaceInfo, PaceParameters] | None:
        """The first offered way with a mapping (``gm``, ``im``, ``cam``)."""
        return next((way for way in self.pace if way[1].protocol.mapping == mapping), None)

    @property
    def dg14(self) -> SecurityInfos | None:
        """The SecurityInfos of DG14."""
        return _parsed(self.files.get(ElementaryFile.DG14), Dg14.parse)

    @property
    def chip_keys(self) -> tuple[ChipAuthenticationChoice, ...]:
        """The ways to run Chip Authentication, the strongest first."""
        return () if self.dg14 is None else chip_authentication.choices(self.dg14)

    @property
    def dg15(self) -> bytes | None:
        """The public key of Active Authentication (SubjectPublicKeyInfo)."""
        content = self.files.get(ElementaryFile.DG15)
        try:
            return None if content is None else Dg15.parse(content).spki
        except BadInput:
            return None

    @property
    def protected(self) -> tuple[ElementaryFile, ...]:
        """The data groups that are there and were refused: fingerprints and irises."""
        groups = (ElementaryFile.DG3, ElementaryFile.DG4)
        return tuple(file for file in groups if self.statuses.get(file) is ReadStatus.PROTECTED)

    def has(self, file: ElementaryFile) -> bool:
        """Whether the file could be read."""
        return file in self.files


def _parsed(content: bytes | None, parse: object) -> SecurityInfos | None:
    if content is None:
        return None
    try:
        return parse(content).security_infos  # type: ignore[operator,no-any-return]
    except BadInput:
        return None


def gather(
    transport: Transport,
    passwords: Sequence[AccessPassword],
    terminals: Sequence[TerminalIdentity],
    entropy: Entropy,
    quirks: Quirks = STANDARD,
) -> Facts:
    """An ordinary reading of the chip with the first of the passwords; it is reset before.

    Raises what :func:`open_access` raises where the chip cannot be opened at all.
    """
    session = CardSession(transport, quirks)

    def open_anew() -> AccessResult:
        session.reset()
        return open_access(session, passwords[0], entropy, allow_bac=True)

    session.reset()
    select_master_file(session)
    files: dict[ElementaryFile, bytes] = {}
    for file in _MF_FILES:
        _read_short(session, file, files)
    opened = open_access(session, passwords[0], entropy, allow_bac=True)
    reader = FileReader(session, opened.buffers, open_anew)
    statuses = {}
    with suppress(ChannelError):  # what could be read before is known all the same
        for file in (ElementaryFile.COM, ElementaryFile.SOD, *_data_groups()):
            if file in (ElementaryFile.COM, ElementaryFile.SOD) or file.data_group in _listed(files):
                read = reader.read(file)
                statuses[file] = read.status
                if read.status is ReadStatus.READ:
                    files[file] = read.data
    _read_short(session, ElementaryFile.CVCA, files)
    for outside in (opened.card_access, opened.card_security):
        if outside is not None and outside.status is ReadStatus.READ:
            files[outside.file] = outside.data
    return Facts(
        {password.kind: password for password in passwords},
        _mrz(files.get(ElementaryFile.DG1)),
        tuple(terminals),
        opened.buffers,
        files,
        statuses,
        reads_odd=_reads_odd(session),
        bac=any(password.kind is PasswordKind.MRZ for password in passwords) and _gives_challenge(session),
    )


def _read_short(session: CardSession, file: ElementaryFile, files: dict[ElementaryFile, bytes]) -> None:
    with suppress(BadInput):
        content = read_short_file(session, file)
        if content is not None:
            files[file] = content


def _reads_odd(session: CardSession) -> bool:
    """Whether the odd READ BINARY is answered, in the session that has read the files."""
    if not session.is_secure:
        return False
    with suppress(EidError):
        return session.exchange(commands.read_binary_odd(0, 8, ElementaryFile.COM.sfi)).ok
    return False


def _gives_challenge(session: CardSession) -> bool:
    """Whether BAC can begin, by all that shows (9303-11 4.3.4.1)."""
    session.reset()
    with suppress(EidError):
        selected = session.exchange(commands.select_application(EMRTD_AID))
        return selected.ok and session.exchange(commands.get_challenge()).ok
    return False


def _data_groups() -> tuple[ElementaryFile, ...]:
    return tuple(map(ElementaryFile.of_data_group, range(1, 17)))


def _listed(files: Mapping[ElementaryFile, bytes]) -> set[int]:
    """The data groups that EF.COM or EF.SOD list; the two that every chip has, whatever these say."""
    listed = {1, 2}
    with suppress(BadInput):
        listed |= set(Com.parse(files.get(ElementaryFile.COM, b"")).data_groups)
    with suppress(BadInput):
        listed |= set(Sod.parse(files.get(ElementaryFile.SOD, b"")).hashes)
    return listed


def _mrz(dg1: bytes | None) -> Mrz | None:
    try:
        return None if dg1 is None else Dg1.parse(dg1).mrz
    except BadInput:
        return None
