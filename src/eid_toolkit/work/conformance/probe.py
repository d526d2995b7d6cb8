"""What the body of a case works with: a fresh conversation with the chip, and the words to judge its answers by."""

from __future__ import annotations

from collections.abc import Callable

from eid_toolkit.cards.terminal.access import AccessResult, open_access
from eid_toolkit.cards.terminal.file_reader import FileReader, ReadStatus
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.errors import EidError, NoCardError, ServiceAway
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.asn1.security_infos import PaceDomainParameterInfo, PaceInfo
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.iso7816.status import describe
from eid_toolkit.standards.protocols import bac, pace_terminal
from eid_toolkit.standards.protocols.pace import PaceResult
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.secure_messaging import Arrange, SecureChannel
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.outcomes import NotConforming

OK = 0x9000
EXECUTION_ERRORS = range(0x6400, 0x6600)
CHECKING_ERRORS = range(0x6700, 0x7000)
"""Status words by which a chip refuses a command (ISO/IEC 7816-4 table 5)."""
SECURITY_ERRORS = (0x6982, 0x6985)
"""What a chip may answer to one who has no access (9303-11 4.2)."""
SM_ERRORS = (0x6987, 0x6988, 0x6982)
"""What a chip may answer to a command whose protection is wrong, or whose session has ended (9303-11 9.8.3)."""


class Probe:
    """One case's conversation: the chip was just reset, nothing is selected or opened."""

    def __init__(self, transport: Transport, facts: Facts, entropy: Entropy) -> None:
        self.transport = transport
        self.facts = facts
        self.entropy = entropy
        self.session = CardSession(transport)
        self.channel: SecureChannel | None = None
        """The secure channel, once there is one; the session uses it too."""
        self.session.reset()

    # Ways into the chip.

    def open(self, password: AccessPassword | None = None) -> AccessResult:
        """Opens the chip as a reader would, and selects the application."""
        opened = open_access(self.session, password or self.facts.password, self.entropy, allow_bac=True)
        self._adopt()
        return opened

    def run_pace(self, info: PaceInfo | None = None, password: AccessPassword | None = None) -> PaceResult:
        """PACE by one of the ways offered (the first), named where its protocol has several; nothing is selected."""
        pace_info = info or self.facts.pace[0][0]
        infos = self.facts.card_access
        beside = () if infos is None else infos.of_type(PaceDomainParameterInfo)
        named = sum(offered.protocol == pace_info.protocol for offered, _ in self.facts.pace) > 1
        flow = pace_terminal.establish(password or self.facts.password, pace_info, self.entropy, beside, named)
        result = self.session.run(flow)
        self.install(result.channel)
        return result

    def run_bac(self, password: AccessPassword) -> None:
        """BAC in the application, which it selects before."""
        self.ok(self.plain(commands.select_application(EMRTD_AID)), "SELECT of the application")
        self.install(self.session.run(bac.authenticate(password, self.entropy)))

    def select_application(self) -> None:
        """Selects the application without secure messaging; fails the case if that is refused."""
        self.ok(self.plain(commands.select_application(EMRTD_AID)), "SELECT of the application")

    def install(self, channel: SecureChannel) -> None:
        """Puts the conversation under ``channel``."""
        self.session.install(channel)
        self._adopt()

    def reset(self) -> None:
        """Resets the chip."""
        self.session.reset()
        self.channel = None

    def _adopt(self) -> None:
        self.channel = self.session.channel

    # Ways to talk to it.

    def send(self, command: CommandApdu) -> ResponseApdu:
        """Under secure messaging if there is a channel; an answer whose protection is wrong fails the case."""
        return self.session.exchange(command)

    def plain(self, command: CommandApdu) -> ResponseApdu:
        """Without secure messaging, whatever there is; the channel is kept, for the chip's conduct is in question."""
        return self.raw(command.encode())

    def raw(self, command: bytes) -> ResponseApdu:
        """Bytes as they are, and the answer as it comes."""
        return ResponseApdu.decode(self.transport.process(command))

    def protected(
        self,
        command: CommandApdu,
        change: Callable[[CommandApdu], CommandApdu] | None = None,
        arrange: Arrange | None = None,
    ) -> ResponseApdu:
        """``command`` protected, then changed on the line; the answer as it comes, still protected if it is.

        ``arrange`` changes the data objects before their checksum is made, so that it fits.
        """
        if self.channel is None:
            raise NotConforming("there is no secure channel")
        message = self.channel.protect_command(command, arrange)
        return self.plain(message if change is None else change(message))

    def unprotect(self, command: CommandApdu, answer: ResponseApdu, what: str) -> ResponseApdu:
        """The plain answer in a protected one to ``command``; fails the case if its protection is wrong."""
        if self.channel is None:
            raise NotConforming("there is no secure channel")
        try:
            return self.channel.open_response(command.ins, answer)
        except EidError as error:
            raise NotConforming(f"{what}: the secure messaging of the response is wrong ({error})") from None

    def read(self, file: ElementaryFile) -> bytes:
        """A whole file in the current DF, as a reader would read it; fails the case if that is not possible."""
        result = FileReader(self.session, self.facts.buffers).read(file)
        if result.status is not ReadStatus.READ:
            raise NotConforming(f"{file.label} could not be read ({result.status.value}, {result.reason})")
        return result.data

    # Words to judge by.

    def ok(self, answer: ResponseApdu, what: str) -> bytes:
        """The data of an answer that has to be 9000."""
        self.expect(answer, what, OK)
        return answer.data

    def expect(self, answer: ResponseApdu, what: str, *allowed: int | range) -> None:
        """The answer's status word has to be one of these."""
        if not any(answer.sw in item if isinstance(item, range) else answer.sw == item for item in allowed):
            expected = ", ".join(
                f"{item[0]:04X}..{item[-1]:04X}" if isinstance(item, range) else f"{item:04X}" for item in allowed
            )
            raise NotConforming(f"{what}: answered {answer.sw:04X} ({describe(answer.sw)}), expected {expected}")

    def refused(self, answer: ResponseApdu, what: str, *allowed: int | range) -> None:
        """The answer has to be an error without data: one of these, or else any error."""
        self.expect(answer, what, *(allowed or (EXECUTION_ERRORS, CHECKING_ERRORS, range(0x6300, 0x6400))))
        self.require(not answer.data, f"{what}: an error came with {len(answer.data)} bytes of data")

    def require(self, condition: bool, complaint: str) -> None:
        """``condition`` has to hold."""
        if not condition:
            raise NotConforming(complaint)

    def session_is_over(self, what: str) -> None:
        """The channel may not work any more: a protected READ gets an unprotected error, and access is gone."""
        answer = self.protected(commands.read_binary_sfi(ElementaryFile.COM.sfi, 0, 1))
        self.require(not answer.ok and not answer.data, f"{what}: the chip still answers under the session keys")
        self.no_access(what)

    def no_access(self, what: str) -> None:
        """Nothing in the application can be read without secure messaging."""
        self.plain(commands.select_application(EMRTD_AID))
        answer = self.plain(commands.read_binary_sfi(ElementaryFile.COM.sfi, 0, 1))
        self.refused(answer, f"{what}: reading EF.COM without access")

    def aborted(self, answer: ResponseApdu, what: str, *allowed: int | range) -> None:
        """A secure messaging error: refused without protection, and the session is over (9303-11 9.8.3, 9.8.5)."""
        self.refused(answer, what, *allowed)
        self.session_is_over(what)

    def session_lives(self, what: str) -> None:
        """The channel still works: a protected READ of EF.COM is answered under it."""
        try:
            answer = self.session.exchange(commands.read_binary_sfi(ElementaryFile.COM.sfi, 0, 1))
        except (NoCardError, ServiceAway):
            raise
        except EidError as error:
            raise NotConforming(f"{what}: the session had ended ({error})") from None
        self.ok(answer, f"{what}: reading EF.COM")

    def objects(self, data: bytes) -> dict[int, bytes]:
        """Data objects by tag; fails the case where the bytes are none."""
        try:
            return tlv.as_mapping(tlv.parse_all(data))
        except EidError as error:
            raise NotConforming(f"not a series of data objects ({error})") from None
