"""Reading one card by the inspection procedure (ICAO Doc 9303-11 4.2 and 6): brings evidence, judges nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from eid_toolkit.cards.terminal.access import AccessResult, open_access
from eid_toolkit.cards.terminal.chip import authenticate_chip, challenge_chip
from eid_toolkit.cards.terminal.file_reader import FileRead, FileReader, ReadStatus, read_short_file
from eid_toolkit.cards.terminal.quirks import STANDARD, Quirks
from eid_toolkit.cards.terminal.rights import TerminalIdentity, read_trusted
from eid_toolkit.cards.terminal.selecting import select_master_file
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.errors import BadInput, CardRefused, EidError
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.standards.asn1.security_infos import ChipAuthenticationPublicKeyInfo
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.protocols import chip_authentication
from eid_toolkit.standards.protocols.chip_authentication import ChipAuthenticationChoice
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.terminal_authentication import SessionBinding, chip_name_of_bac
from eid_toolkit.work.inspection.document import Document
from eid_toolkit.work.inspection.evidence import (
    AccessEvidence,
    ActiveAuthenticationEvidence,
    ChipAuthenticationEvidence,
    ChipProof,
    Evidence,
    FileEvidence,
    FileState,
    TerminalAuthenticationEvidence,
    TerminalProof,
)
from eid_toolkit.work.inspection.policy import Policy
from eid_toolkit.work.inspection.printed_mrz import differing_fields
from eid_toolkit.work.inspection.rights import RIGHTS, prove_rights

_DG14, _DG15 = 14, 15
_UNLISTED = (1, 2, _DG14, _DG15)
"""What is read of a card whose lists cannot be read."""
_SMALL_FILES = (ElementaryFile.ATR_INFO, ElementaryFile.DIR)
"""Files of the MF that fit one short answer and need no password."""


def capture(
    transport: Transport,
    password: AccessPassword,
    policy: Policy,
    entropy: Entropy,
    clock: Clock,
    quirks: Quirks = STANDARD,
    terminals: Sequence[TerminalIdentity] = (),
    printed: Mrz | None = None,
) -> Evidence:
    """Open the card, authenticate the chip, read what it lists; DG3 and DG4 with the rights of one of ``terminals``.

    Without access it raises: :class:`AccessDenied`, :class:`CardRefused`, :class:`NoCardError`. Once access is
    gained there is evidence, whatever happens then; ``interrupted`` tells what ended the reading. ``printed`` is the
    whole MRZ that is printed, where it was given: DG1 is compared with it.
    """
    return _Capture(CardSession(transport, quirks), password, policy, entropy, clock, terminals, printed).run()


def read_small_files(transport: Transport, quirks: Quirks = STANDARD) -> dict[ElementaryFile, bytes]:
    """The files of the MF that anybody may read; the card is reset before and after."""
    session = CardSession(transport, quirks)
    session.reset()
    select_master_file(session)
    contents = {}
    for file in _SMALL_FILES:
        content = read_short_file(session, file)
        if content is not None:
            contents[file] = content
    session.reset()
    return contents


class _Capture:
    """One reading in progress."""

    def __init__(
        self,
        session: CardSession,
        password: AccessPassword,
        policy: Policy,
        entropy: Entropy,
        clock: Clock,
        terminals: Sequence[TerminalIdentity],
        printed: Mrz | None,
    ) -> None:
        self._session = session
        self._printed = printed
        self._password, self._policy, self._entropy, self._clock = password, policy, entropy, clock
        self._terminals = terminals
        self._terminal_key = b""
        """What a terminal's proof is bound to: our key of Chip Authentication, or of PACE with its mapping."""
        self._files: dict[ElementaryFile, FileEvidence] = {}
        self._chip = ChipAuthenticationEvidence(ChipProof.NOT_ATTEMPTED)
        self._active = ActiveAuthenticationEvidence(ChipProof.NOT_ATTEMPTED)
        self._terminal = TerminalAuthenticationEvidence(TerminalProof.NOT_ATTEMPTED)

    def run(self) -> Evidence:
        started, began = self._clock.now(), time.perf_counter()
        opened = self._open()
        self._keep(opened.card_access)
        if opened.card_security is not None:
            self._keep(opened.card_security)
        interrupted = None
        try:
            self._read_everything()
        except EidError as error:
            interrupted = error.code
        return Evidence(
            started=started,
            elapsed_ms=1000 * (time.perf_counter() - began),
            reader=self._session.transport.reader,
            atr=self._session.transport.atr,
            access=replace(_access(opened, self._mrz_matches()), mrz_differs=self._mrz_differs()),
            files=self._files,
            chip_authentication=self._chip,
            active_authentication=self._active,
            chip_mapping=opened.chip_proof,
            terminal_authentication=self._terminal,
            apdus=self._session.apdus,
            interrupted=interrupted,
        )

    def _open(self) -> AccessResult:
        opened = open_access(self._session, self._password, self._entropy, allow_bac=self._policy.allow_bac)
        self._reader = FileReader(self._session, opened.buffers, self._reopen)
        self._chip_name, self._terminal_key = opened.chip_name, opened.terminal_key
        return opened

    def _read_everything(self) -> None:
        for file in (ElementaryFile.COM, ElementaryFile.SOD):
            self._read(file)
        numbers = sorted(self._document().listed) or _UNLISTED
        if _DG14 in numbers:
            self._read(ElementaryFile.DG14)
            self._authenticate_chip()
        if not RIGHTS.keys().isdisjoint(numbers):
            self._authenticate_terminal()
        # What will be refused comes last: there are chips that end the session then.
        refused = RIGHTS.keys() - set(self._terminal.data_groups)
        self._read_groups(number for number in numbers if number not in refused)
        if self._state(ElementaryFile.DG15) is FileState.READ:
            self._challenge_chip()
        self._read_groups(number for number in numbers if number in refused)

    def _read_groups(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            file = ElementaryFile.of_data_group(number)
            if file not in self._files:
                self._read(file)

    def _authenticate_chip(self) -> None:
        """Chip Authentication; DG1 is read under the new keys, which is the proof.

        After a failure the card is opened anew, so that everything else can still be read and judged.
        """
        infos = self._document().dg14
        if infos is None or not infos.of_type(ChipAuthenticationPublicKeyInfo):
            return
        choices = chip_authentication.choices(infos)
        if not choices:
            self._chip = ChipAuthenticationEvidence(ChipProof.UNSUPPORTED)
            return
        choice, dg1 = choices[0], ElementaryFile.DG1
        try:
            first, terminal_key = authenticate_chip(self._session, self._reader, choice, dg1, self._entropy)
        except CardRefused as error:
            self._chip = _proof(ChipProof.REFUSED, choice, f"{error.sw:04X}")
        except BadInput as error:
            self._chip = _proof(ChipProof.WRONG, choice, error.code)
        else:
            self._chip = _proof(ChipProof.DONE, choice)
            self._terminal_key = terminal_key
            self._keep(first)
            return
        self._reopen()

    def _reopen(self) -> None:
        self._session.reset()
        self._open()

    def _authenticate_terminal(self) -> None:
        """Terminal Authentication, to a chip that was authenticated."""
        if not self._terminal_key or self._chip.outcome in (ChipProof.WRONG, ChipProof.REFUSED):
            return
        content = read_trusted(self._session, self._document().dg14)
        if content is not None:
            self._files[ElementaryFile.CVCA] = FileEvidence(FileState.READ, content)
        binding = SessionBinding(self._name_of_chip(), self._terminal_key)
        self._terminal = prove_rights(self._session, self._terminals, content, binding, self._clock.now().date())

    def _name_of_chip(self) -> bytes:
        """ID.IC: of PACE the chip's ephemeral key, of BAC the document number, by the MRZ that stands in DG1."""
        mrz = self._document().mrz
        return self._chip_name or chip_name_of_bac(mrz.information if mrz is not None else "")

    def _challenge_chip(self) -> None:
        dg15 = self._document().dg15
        try:
            transcript = challenge_chip(self._session, None if dg15 is None else dg15.spki, self._entropy)
        except CardRefused as error:
            self._active = ActiveAuthenticationEvidence(ChipProof.REFUSED, cause=f"{error.sw:04X}")
        else:
            self._active = ActiveAuthenticationEvidence(ChipProof.DONE, transcript.challenge, transcript.signature)

    def _read(self, file: ElementaryFile) -> None:
        self._keep(self._reader.read(file))

    def _keep(self, read: FileRead) -> None:
        if read.status is ReadStatus.READ:
            self._files[read.file] = FileEvidence(FileState.READ, read.data)
            return
        state = FileState(read.status.value)
        number = read.file.data_group
        if state is FileState.PROTECTED and number in RIGHTS and number not in self._terminal.data_groups:
            state = FileState.NEEDS_TERMINAL_AUTHENTICATION
        self._files[read.file] = FileEvidence(state, cause=read.reason)

    def _state(self, file: ElementaryFile) -> FileState | None:
        return self._files[file].state if file in self._files else None

    def _document(self) -> Document:
        return Document(self._files)

    def _mrz_matches(self) -> bool | None:
        mrz = self._document().mrz
        if self._password.kind is not PasswordKind.MRZ or mrz is None:
            return None
        of_dg1 = map(AccessPassword.from_mrz_information, mrz.printed_information)
        return any(password.encoded.matches(self._password.encoded) for password in of_dg1)

    def _mrz_differs(self) -> tuple[str, ...] | None:
        document = self._document()
        if self._printed is None or document.mrz is None:
            return None
        dg11 = document.dg11
        return differing_fields(self._printed, document.mrz, None if dg11 is None else dg11.full_name)


def _access(opened: AccessResult, mrz_matches: bool | None) -> AccessEvidence:
    password = opened.password.name.lower() if opened.password is not None else None
    if opened.parameters is None:
        cipher = "3des" if opened.protocol == "bac" else None
        return AccessEvidence(opened.protocol, password, cipher=cipher, mrz_matches=mrz_matches)
    protocol, domain = opened.parameters.protocol, opened.parameters.domain
    return AccessEvidence(
        opened.protocol, password, protocol.mapping, protocol.cipher, domain.parameter_id, mrz_matches
    )


def _proof(
    outcome: ChipProof, choice: ChipAuthenticationChoice, cause: str | None = None
) -> ChipAuthenticationEvidence:
    return ChipAuthenticationEvidence(outcome, choice.protocol.oid, choice.spki, choice.key_id, cause)
