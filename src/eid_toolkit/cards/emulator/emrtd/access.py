"""Chip access on the card: PACE and BAC (ICAO Doc 9303-11 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from eid_toolkit.cards.emulator.emrtd.chip import ChipCommands
from eid_toolkit.cards.emulator.emrtd.terminal_rights import TerminalCommands
from eid_toolkit.cards.emulator.refusal import Refused, require
from eid_toolkit.cards.emulator.reply import Reply, ok
from eid_toolkit.cards.emulator.session import Selected, Session
from eid_toolkit.cards.emulator.state import ApplicationMemory
from eid_toolkit.ground.errors import BadInput, ProtocolError
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.asn1.security_infos import PaceDomainParameterInfo, PaceInfo, SecurityInfos
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.protocols import bac, chip_authentication, pace, pace_card, terminal_authentication
from eid_toolkit.standards.protocols.bac import BacKeys
from eid_toolkit.standards.protocols.pace import PaceParameters
from eid_toolkit.standards.protocols.pace_card import PaceResponder
from eid_toolkit.standards.protocols.passwords import PasswordKind
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols
from eid_toolkit.standards.protocols.terminal_authentication import compress

MAX_FAILURES = 0xFFFF
FREE_FAILURES, FIRST_DELAY, LONGEST_DELAY = 3, 0.25, 10.0
"""After three wrong passwords in a row each attempt waits: a quarter of a second, then twice as long each time."""


def delay_after(failures: int) -> float:
    """Seconds that an access attempt waits after this many failed ones in a row: guessing a CAN takes months."""
    if failures < FREE_FAILURES:
        return 0.0
    doublings = min(failures - FREE_FAILURES, 16)
    return min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY)


class AccessCommands:
    """The handlers, over memory and session; ``save`` makes a change of the memory lasting at once."""

    def __init__(
        self,
        memory: ApplicationMemory,
        session: Session,
        chip: ChipCommands,
        terminal: TerminalCommands,
        entropy: Entropy,
        save: Callable[[], None],
        wait: Callable[[float], None],
    ) -> None:
        self._memory = memory
        self._session = session
        self._chip = chip
        self._terminal = terminal
        self._entropy = entropy
        self._save = save
        self._wait = wait

    def manage_security_environment(self, command: CommandApdu) -> Reply:
        """MSE:Set AT for PACE, Chip and Terminal Authentication, Set KAT for the second, Set DST for the third."""
        self._session.end_protocols()
        template = (command.p1, command.p2)
        if template == (pace.MSE_P1, pace.MSE_P2):
            return self._start_pace(command.data)
        if template == chip_authentication.MSE_AT:
            return self._chip.set_authentication_template(command.data)
        if template == chip_authentication.MSE_KAT:
            return self._chip.set_key_agreement_template(command.data)
        if template == terminal_authentication.SET_VERIFICATION_KEY:
            return self._terminal.select_issuer(command.data)
        if template == terminal_authentication.SET_AUTHENTICATION_KEY:
            return self._terminal.select_terminal(command.data)
        raise Refused(StatusWord.WRONG_P1P2)

    def _start_pace(self, data: bytes) -> Reply:
        require(self._memory.protocols & AccessProtocols.PACE, StatusWord.CONDITIONS_NOT_SATISFIED)
        require(self._session.channel is None, StatusWord.CONDITIONS_NOT_SATISFIED)
        try:
            parameters, password = pace_card.choose(data, tuple(self._offered()), self._memory.passwords)
        except pace_card.ReferenceNotFound:
            raise Refused(StatusWord.REFERENCED_DATA_NOT_FOUND) from None
        except ProtocolError:
            raise Refused(StatusWord.WRONG_DATA) from None
        static_key = self._chip.mapping_key(parameters.domain) if parameters.protocol.mapping == "cam" else None
        trust = self._memory.terminal_trust if pace_card.shows_authorization(data) else None
        trusted = () if trust is None else tuple(reference.encode() for reference in trust.references)
        self._session.pace = PaceResponder(parameters, password, self._entropy, static_key, trusted)
        return ok()

    def _offered(self) -> Iterator[PaceParameters]:
        """What EF.CardAccess names and this card can run."""
        infos = _card_access(self._memory)
        for info in infos.of_type(PaceInfo):
            try:
                parameters = PaceParameters.of(info, infos.of_type(PaceDomainParameterInfo))
            except BadInput:
                continue
            if parameters.protocol.mapping != "cam" or self._chip.mapping_key(parameters.domain) is not None:
                yield parameters

    def general_authenticate(self, command: CommandApdu) -> Reply:
        """One round of PACE, or the one of Chip Authentication."""
        require((command.p1, command.p2) == (0, 0), StatusWord.WRONG_P1P2)
        if self._session.pace is not None:
            return self._pace_round(self._session.pace, command)
        if self._session.chip_authentication is not None:
            return self._chip.general_authenticate(self._session.chip_authentication, command)
        raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)

    def _pace_round(self, responder: PaceResponder, command: CommandApdu) -> Reply:
        self._session.pace = None  # whatever fails below ends the run
        final = responder.expected is pace.Step.AUTHENTICATE
        if command.chained is final:
            raise Refused(StatusWord.LAST_COMMAND_EXPECTED if final else StatusWord.CONDITIONS_NOT_SATISFIED)
        if final:
            self._count_attempt()
        try:
            data, result = responder.respond(command.data)
        except pace_card.TokenWrong:
            raise Refused(StatusWord.AUTHENTICATION_FAILED) from None
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None
        if result is None:
            self._session.pace = responder
            return ok(data)
        self._memory.failures = 0
        self._save()

        def install() -> None:
            self._session.select(Selected.MASTER_FILE)
            domain = result.parameters.domain
            bound = compress(result.terminal_public, domain) if result.parameters.protocol.mapping == "cam" else b""
            self._session.install(result.channel, bound)
            self._session.access, self._session.chip_name = AccessProtocols.PACE, compress(result.card_public, domain)

        return ok(data, install)

    def get_challenge(self, command: CommandApdu) -> Reply:
        """RND.IC for Basic Access Control, or r.IC for Terminal Authentication."""
        if self._terminal.is_meant:
            return self._terminal.get_challenge(command)
        self._bac_possible()
        require((command.p1, command.p2) == (0, 0), StatusWord.WRONG_P1P2)
        require(not command.data and command.ne in (bac.NONCE_SIZE, 256), StatusWord.WRONG_LENGTH)
        self._session.challenge = self._entropy.take(bac.NONCE_SIZE)
        return ok(self._session.challenge)

    def external_authenticate(self, command: CommandApdu) -> Reply:
        """Terminal Authentication, or Basic Access Control with the function of mutual authentication."""
        if self._terminal.is_meant:
            return self._terminal.external_authenticate(command)
        self._bac_possible()
        challenge, self._session.challenge = self._session.challenge, None
        if challenge is None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        require((command.p1, command.p2) == (0, 0), StatusWord.WRONG_P1P2)
        require(len(command.data) == bac.MESSAGE_SIZE, StatusWord.WRONG_LENGTH)
        keys = BacKeys.of(self._memory.passwords[PasswordKind.MRZ])
        self._count_attempt()
        response = bac.respond(keys, challenge, command.data, self._entropy)
        if response is None:
            raise Refused(StatusWord.AUTHENTICATION_FAILED)
        self._memory.failures = 0
        self._save()
        data, channel = response

        def install() -> None:
            self._session.install(channel)
            self._session.access = AccessProtocols.BAC

        return ok(data, install)

    def _count_attempt(self) -> None:
        """Counts before the comparison, so that cutting the power wins no attempt, and waits after failed ones."""
        failures = self._memory.failures
        self._memory.failures = min(failures + 1, MAX_FAILURES)
        self._save()
        if delay := delay_after(failures):
            self._wait(delay)

    def _bac_possible(self) -> None:
        """BAC needs the application selected, and is never run in a session opened by PACE (9303-11 4.2)."""
        possible = (
            self._memory.protocols & AccessProtocols.BAC
            and self._session.selected is Selected.APPLICATION
            and self._session.channel is None
        )
        require(possible, StatusWord.CONDITIONS_NOT_SATISFIED)


def _card_access(memory: ApplicationMemory) -> SecurityInfos:
    """What EF.CardAccess says; refuses where there is nothing that parses."""
    stored = memory.files.get(ElementaryFile.CARD_ACCESS)
    try:
        return CardAccess.parse(stored.content if stored is not None else b"").security_infos
    except BadInput:
        raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED) from None
