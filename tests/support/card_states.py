"""An emulated card brought into each of the states that a terminal can bring it into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.security_domain import SecurityDomain
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.protocols import bac, chip_authentication
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols.globalplatform import DomainState
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols
from eid_toolkit.standards.protocols.scp03 import KeySet
from support.authorities import Authority
from support.documents import IssuedDocument, specimen_mrz
from support.emulated import CAN, card_memory

ENTROPY = SystemEntropy()
TRANSPORT_KEY = Secret(bytes(range(0x40, 0x50)))
TRANSPORT_KEYS = KeySet(gp.FACTORY_KEY_VERSION, TRANSPORT_KEY, TRANSPORT_KEY, TRANSPORT_KEY)
BOTH = AccessProtocols.PACE | AccessProtocols.BAC


class NoGuard:
    """Counts no attempts."""

    def begin(self, chip_identity: bytes, /) -> None: ...

    def succeeded(self, chip_identity: bytes, /) -> None: ...


@cache
def issued_document() -> IssuedDocument:
    return IssuedDocument(Authority(), specimen_mrz())


@cache
def _issued_image() -> bytes:
    memory = card_memory(issued_document(), protocols=BOTH)
    memory.state = DomainState.SECURED
    return image.encode(memory)


def issued_memory(*, protocols: AccessProtocols = BOTH) -> CardMemory:
    """A finished card: application personalized, domain SECURED; a copy of the test's own."""
    memory = image.decode(_issued_image())
    memory.part(EmrtdMemory).protocols = protocols
    return memory


def blank_memory() -> CardMemory:
    return make_blank((TRANSPORT_KEY,) * 3, ENTROPY)


def mrz_password() -> AccessPassword:
    return AccessPassword.from_mrz_information(issued_document().mrz.information)


@dataclass
class Line:
    """A terminal and a card in some state; ``send`` protects a command where there is a channel."""

    card: EmulatedCard
    session: CardSession
    domain: SecurityDomain | None = None

    @classmethod
    def to(cls, memory: CardMemory, save: Callable[[CardMemory], None] = lambda _: None, **options: int) -> Line:
        card = EmulatedCard(memory, ENTROPY, save, wait=lambda _: None, **options)
        return cls(card, CardSession(InProcessTransport(card, "test")))

    def send(self, command: CommandApdu) -> ResponseApdu:
        if command.cla & 0x80:
            return self.domain.exchange(command) if self.domain else self.session.exchange_plain(command)
        if self.domain is not None:
            return self.session.exchange_plain(command)
        return self.session.exchange(command)

    def send_raw(self, command: bytes) -> ResponseApdu:
        """Past the channel, as an intruder on the line would."""
        return ResponseApdu.decode(self.card.process(command))

    def ok(self, command: CommandApdu) -> bytes:
        answer = self.send(command)
        assert answer.ok, f"{answer.sw:04X}"
        return answer.data

    def is_secure(self) -> bool:
        """Whether a protected command is answered as one: asks the card, not its insides."""
        try:
            if self.domain is not None:
                return self.domain.exchange(gp.get_data(gp.CPLC_TAG)).ok
            return self.session.is_secure and self.session.exchange(commands.select_mf()).ok
        except EidError:
            return False

    def may_read(self) -> bool:
        """Whether DG1 can be read by whoever sends the next commands."""
        try:
            selected = self.session.exchange(commands.select_application(EMRTD_AID)).ok
            return selected and self.session.exchange(commands.read_binary_sfi(ElementaryFile.DG1.sfi, 0, 4)).ok
        except EidError:
            return False


def blank_mf() -> Line:
    return Line.to(blank_memory())


def blank_isd() -> Line:
    line = blank_mf()
    line.ok(commands.select_application(gp.ISD_AID))
    return line


def blank_app() -> Line:
    line = blank_mf()
    line.ok(commands.select_application(EMRTD_AID))
    return line


def authenticated(line: Line) -> Line:
    """SCP03 at level 33 with the transport keys."""
    domain = SecurityDomain(line.session, ENTROPY)
    handshake = domain.initialize(domain.select())
    domain.authenticate(handshake, TRANSPORT_KEYS, NoGuard())
    return Line(line.card, line.session, domain)


def blank_scp() -> Line:
    return authenticated(blank_mf())


def mf() -> Line:
    return Line.to(issued_memory())


def app() -> Line:
    line = mf()
    line.ok(commands.select_application(EMRTD_AID))
    return line


def isd() -> Line:
    line = mf()
    line.ok(commands.select_application(gp.ISD_AID))
    return line


def secured() -> Line:
    return authenticated(mf())


def open_with(line: Line, password: AccessPassword) -> Line:
    open_access(line.session, password, ENTROPY, allow_bac=True)
    return line


def pace_app() -> Line:
    return open_with(mf(), AccessPassword.from_can(CAN))


def pace() -> Line:
    line = pace_app()
    line.ok(commands.select_mf())
    return line


def bac_app() -> Line:
    """BAC on a card that offers both: the terminal side is driven here, for the toolkit's own would use PACE."""
    line = app()
    line.session.install(line.session.run(bac.authenticate(mrz_password(), ENTROPY)))
    return line


def after_chip_authentication() -> Line:
    line = pace_app()
    infos = Dg14.parse(issued_document().files[ElementaryFile.DG14]).security_infos
    choice = chip_authentication.choices(infos)[0]
    line.session.install(line.session.run(chip_authentication.authenticate(choice, ENTROPY)).channel)
    return line


STATES: dict[str, Callable[[], Line]] = {
    "blank": blank_mf,
    "b-app": blank_app,
    "b-isd": blank_isd,
    "b-scp": blank_scp,
    "mf": mf,
    "app": app,
    "pace": pace,
    "p-app": pace_app,
    "bac": bac_app,
    "ca": after_chip_authentication,
    "isd": isd,
    "scp": secured,
}
SECURE_STATES = ("b-scp", "pace", "p-app", "bac", "ca", "scp")
CAN_PASSWORD, MRZ_PASSWORD = PasswordKind.CAN, PasswordKind.MRZ
