"""Chip access on the card: PACE and BAC (ICAO Doc 9303-11 4)."""

from __future__ import annotations

from collections.abc import Iterator

from eid_toolkit.cards.emulator.card_application import Platform
from eid_toolkit.cards.emulator.emrtd.chip import ChipCommands
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.emrtd.status import BacChallenge, EmrtdStatus, PendingChipAuthentication
from eid_toolkit.cards.emulator.emrtd.terminal_rights import TerminalCommands
from eid_toolkit.cards.emulator.refusal import Refused, require
from eid_toolkit.cards.emulator.reply import Reply, ok
from eid_toolkit.ground.errors import BadInput, ProtocolError
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
    """The handlers, over memory and security status."""

    def __init__(
        self,
        memory: EmrtdMemory,
        status: EmrtdStatus,
        chip: ChipCommands,
        terminal: TerminalCommands,
        card: Platform,
    ) -> None:
        self._memory = memory
        self._status = status
        self._chip = chip
        self._terminal = terminal
        self._card = card
        self._session = card.session

    def manage_security_environment(self, command: CommandApdu) -> Reply:
        """MSE:Set AT for PACE, Chip and Terminal Authentication, Set KAT for the second, Set DST for the third."""
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
        self._session.under_way = PaceResponder(parameters, password, self._card.entropy, static_key, trusted)
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
        under_way = self._session.under_way
        if isinstance(under_way, PaceResponder):
            return self._pace_round(under_way, command)
        if isinstance(under_way, PendingChipAuthentication):
            return self._chip.general_authenticate(under_way, command)
        raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)

    def _pace_round(self, responder: PaceResponder, command: CommandApdu) -> Reply:
        self._session.under_way = None  # whatever fails below ends the run
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
            self._session.under_way = responder
            return ok(data)
        self._memory.failures = 0
        self._card.save()

        def install() -> None:
            self._session.select(self._session.master_file)
            domain = result.parameters.domain
            bound = compress(result.terminal_public, domain) if result.parameters.protocol.mapping == "cam" else b""
            self._status.install(result.channel, bound)
            self._session.access = AccessProtocols.PACE
            self._status.chip_name = compress(result.card_public, domain)

        return ok(data, install)

    def get_challenge(self, command: CommandApdu) -> Reply:
        """RND.IC for Basic Access Control, or r.IC for Terminal Authentication."""
        if self._terminal.is_meant:
            return self._terminal.get_challenge(command)
        self._bac_possible()
        require((command.p1, command.p2) == (0, 0), StatusWord.WRONG_P1P2)
        require(not command.data and command.ne in (bac.NONCE_SIZE, 256), StatusWord.WRONG_LENGTH)
        challenge = self._card.entropy.take(bac.NONCE_SIZE)
        self._session.under_way = BacChallenge(challenge)
        return ok(challenge)

    def external_authenticate(self, command: CommandApdu) -> Reply:
        """Terminal Authentication, or Basic Access Control with the function of mutual authentication."""
        if self._terminal.is_meant:
            return self._terminal.external_authenticate(command)
        self._bac_possible()
        issued = self._session.under_way
        if not isinstance(issued, BacChallenge):
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        self._session.under_way = None
        require((command.p1, command.p2) == (0, 0), StatusWord.WRONG_P1P2)
        require(len(command.data) == bac.MESSAGE_SIZE, StatusWord.WRONG_LENGTH)
        keys = BacKeys.of(self._memory.passwords[PasswordKind.MRZ])
        self._count_attempt()
        response = bac.respond(keys, issued.value, command.data, self._card.entropy)
        if response is None:
            raise Refused(StatusWord.AUTHENTICATION_FAILED)
        self._memory.failures = 0
        self._card.save()
        data, channel = response

        def install() -> None:
            self._status.install(channel)
            self._status.bac = True

        return ok(data, install)

    def _count_attempt(self) -> None:
        """Counts before the comparison, so that cutting the power wins no attempt, and waits after failed ones."""
        failures = self._memory.failures
        self._memory.failures = min(failures + 1, MAX_FAILURES)
        self._card.save()
        if delay := delay_after(failures):
            self._card.wait(delay)

    def _bac_possible(self) -> None:
        """BAC needs the application selected, and is never run in a session opened by PACE (9303-11 4.2)."""
        possible = (
            self._memory.protocols & AccessProtocols.BAC and self._status.is_selected and self._session.channel is None
        )
        require(possible, StatusWord.CONDITIONS_NOT_SATISFIED)


def _card_access(memory: EmrtdMemory) -> SecurityInfos:
    """What EF.CardAccess says; refuses where there is nothing that parses."""
    stored = memory.files.get(ElementaryFile.CARD_ACCESS)
    try:
        return CardAccess.parse(stored.content if stored is not None else b"").security_infos
    except BadInput:
        raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED) from None
