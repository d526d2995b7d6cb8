"""Writes to one card over SCP03: opens the domain with the right keys, stores data groupings, reads states."""

from __future__ import annotations

from collections.abc import Iterator

from eid_toolkit.cards.terminal.file_reader import read_buffers
from eid_toolkit.cards.terminal.security_domain import AttemptGuard, SecurityDomain
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.ground.errors import CardRefused, ProtocolError
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec.dgi import Dgi
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols import personalization_data as layout
from eid_toolkit.standards.protocols.globalplatform import DomainState
from eid_toolkit.standards.protocols.scp03 import KeySet
from eid_toolkit.work.personalization.content import CardContent, SecretItem
from eid_toolkit.work.personalization.drivers.card_keys import CardKeys

_SHORT_PAYLOAD = 239
"""Data that one short STORE DATA holds: 255 less the MAC, and padding to whole blocks."""
_EXTENDED_OVERHEAD = 48
"""A bound of header, long Lc and Le, padding and MAC of an extended command."""


class CardWriter:
    """The issuer security domain of the card in ``session``, as personalization uses it."""

    def __init__(self, session: CardSession, keys: CardKeys, guard: AttemptGuard, entropy: Entropy) -> None:
        self._session = session
        self._keys = keys
        self._guard = guard
        self._domain = SecurityDomain(session, entropy)
        self._static: KeySet | None = None
        self._block: int | None = None
        self._payload: int | None = None
        self.chip_identity = b""

    def open(self) -> None:
        """Resets the card and opens the secure channel with the keys that the card asks for.

        Raises :class:`AccessDenied` without having burnt an attempt if they are not the card's.
        """
        self._session.reset()
        if self._payload is None:
            self._session.exchange_plain(commands.select_mf())
            buffers = read_buffers(self._session)
            self._payload = max(_SHORT_PAYLOAD, buffers[0] - _EXTENDED_OVERHEAD) if buffers else _SHORT_PAYLOAD
        self.chip_identity = self._domain.select()
        handshake = self._domain.initialize(self.chip_identity)
        keys = self._keys.for_version(handshake.answer.key_version, self.chip_identity)
        if keys.version == gp.FACTORY_KEY_VERSION and not handshake.fits(keys):
            refused = self._keys.transport.refused(self.chip_identity)
            if refused is not None:
                raise refused
        self._domain.authenticate(handshake, keys, self._guard)
        self._static, self._block = keys, None

    @property
    def has_own_keys(self) -> bool:
        """Whether the transport keys are out and the chip's own keys in."""
        return self._opened.version != gp.FACTORY_KEY_VERSION

    @property
    def _opened(self) -> KeySet:
        if self._static is None:
            raise ProtocolError("scp-not-open")
        return self._static

    def states(self) -> tuple[int, int]:
        """Life-cycle states of the domain and of the eMRTD application."""
        return self._domain.states()

    def replace_keys(self) -> None:
        """PUT KEY with the chip's own keys, and a new channel opened with them."""
        keys = self._keys.of_chip(self.chip_identity)
        answer = self._domain.require(gp.put_key(0, keys, self._opened.dek), "put-key-refused")
        if answer != gp.put_key_answer(keys):
            raise ProtocolError("put-key-answer-wrong")
        self.open()
        if not self.has_own_keys:
            raise ProtocolError("put-key-without-effect")

    def write_file(self, file: ElementaryFile, content: bytes) -> int:
        """Creates the file and writes it in as few commands as its size allows; returns their number."""
        count = 0
        for groupings in _packed(file, content, self._payload or _SHORT_PAYLOAD):
            self.store(*groupings)
            count += 1
        return count

    def store_secret(self, item: SecretItem) -> None:
        """Stores a secret grouping under the data encryption key."""
        self.store(layout.encrypt(item.grouping, item.value.reveal(), self._opened.dek), secret=True)

    def store(self, *groupings: Dgi, secret: bool = False, last: bool = False) -> None:
        """STORE DATA; the first in a channel is preceded by INSTALL [for personalization]."""
        if self._block is None:
            self._domain.require(gp.install_for_personalization(EMRTD_AID), "install-refused")
            self._block = 0
        data = b"".join(grouping.encode() for grouping in groupings)
        command = gp.store_data(self._block, data, last=last, encrypted=secret)
        self._domain.require(command, "store-data-refused", block=self._block)
        self._block = None if last else self._block + 1

    def lock_application(self, content: CardContent) -> None:
        """Sends the grouping that closes the application for good."""
        self.store(layout.complete(content.files_digest), last=True)

    def secure_domain(self) -> None:
        """SET STATUS to SECURED."""
        self._domain.require(gp.set_domain_state(DomainState.SECURED), "set-status-refused")

    def attempts_to_write(self) -> Iterator[tuple[str, ResponseApdu]]:
        """What a finished card must refuse, tried for real: each attempt with the card's answer."""
        self.open()
        own = self._opened
        probe = layout.write_file(ElementaryFile.DG1, 0, b"\x61")
        forged = KeySet(own.version, *(Secret(bytes(16)) for _ in range(3)))
        attempts = {
            "store-data": gp.store_data(0, probe.encode(), last=False, encrypted=False),
            "install": gp.install_for_personalization(EMRTD_AID),
            "store-data-after-install": gp.store_data(0, probe.encode(), last=False, encrypted=False),
            "put-key": gp.put_key(own.version, forged, own.dek),
        }
        for name, command in attempts.items():
            yield name, self._domain.exchange(command)
        yield "update-binary", self._try_update()

    def _try_update(self) -> ResponseApdu:
        answer = self._session.exchange_plain(commands.select_application(EMRTD_AID))
        if not answer.ok:
            raise CardRefused("emrtd-application-missing", sw=answer.sw)
        return self._session.exchange_plain(commands.update_binary(0, b"\x61"))


def _packed(file: ElementaryFile, content: bytes, payload: int) -> Iterator[tuple[Dgi, ...]]:
    create = layout.create_file(file, len(content))
    room = payload - len(create.encode()) - layout.WRITE_OVERHEAD
    yield create, layout.write_file(file, 0, content[:room])
    offset = room
    room = payload - layout.WRITE_OVERHEAD
    while offset < len(content):
        yield (layout.write_file(file, offset, content[offset : offset + room]),)
        offset += room
