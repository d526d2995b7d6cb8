"""A card in memory with the content of one to be: it is read back before a blank is touched."""

from __future__ import annotations

from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.emrtd.personalizer import store
from eid_toolkit.cards.emulator.refusal import Refused
from eid_toolkit.cards.emulator.state import CardMemory, StoredFile
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import CardRefused
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.protocols import personalization_data as layout
from eid_toolkit.standards.protocols.globalplatform import ApplicationState, DomainState
from eid_toolkit.standards.protocols.personalization_data import access_rule
from eid_toolkit.work.personalization.content import CardContent


def rehearsed(content: CardContent, entropy: Entropy) -> CardSession:
    """A session with a finished card that has ``content``; it lives and dies in this process.

    Raises :class:`CardRefused` for what no chip takes, such as a key outside its group.
    """
    card = EmulatedCard(_finished(content, entropy), entropy, lambda _: None, wait=lambda _: None)
    return CardSession(InProcessTransport(card, "rehearsal"))


def _finished(content: CardContent, entropy: Entropy) -> CardMemory:
    key = Secret(entropy.take(16))
    memory = make_blank((key, key, key), entropy)
    application = memory.part(EmrtdMemory)
    for file, data in content.files.items():
        application.files[file] = StoredFile(access_rule(file), data)
    trust = () if content.terminal_trust is None else (content.terminal_trust,)
    secrets = (layout.encrypt(item.grouping, item.value.reveal(), key) for item in content.secrets)
    try:
        store(application, (layout.access(content.protocols), *trust, *secrets), key)
    except Refused as refused:
        raise CardRefused("store-data-refused", sw=refused.sw, block=0) from None
    application.state, memory.state = ApplicationState.PERSONALIZED, DomainState.SECURED
    return memory
