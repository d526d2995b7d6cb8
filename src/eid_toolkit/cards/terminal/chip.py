"""Chip Authentication driven to its proof, and Active Authentication (ICAO Doc 9303-11 6)."""

from __future__ import annotations

from eid_toolkit.cards.terminal.file_reader import FileRead, FileReader
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.iso7816.apdu import MAX_SHORT_NE
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols import active_authentication, chip_authentication
from eid_toolkit.standards.protocols.active_authentication import ActiveAuthenticationTranscript
from eid_toolkit.standards.protocols.chip_authentication import ChipAuthenticationChoice
from eid_toolkit.standards.protocols.terminal_authentication import compress


def authenticate_chip(
    session: CardSession, reader: FileReader, choice: ChipAuthenticationChoice, first: ElementaryFile, entropy: Entropy
) -> tuple[FileRead, bytes]:
    """Runs Chip Authentication and reads ``first`` under the new keys; that, and our ephemeral key, compressed.

    The reading is the proof: only a chip with the private key can answer it, so when this returns the chip is
    authenticated (given that its public key is). Raises :class:`ChannelError` if the answer does not verify,
    :class:`CardRefused` if the card does not take part.
    """
    terminal_key = agree_on_keys(session, choice, entropy)
    return reader.read(first), terminal_key


def agree_on_keys(session: CardSession, choice: ChipAuthenticationChoice, entropy: Entropy) -> bytes:
    """Runs Chip Authentication and puts the session under the new keys, which still have to prove the chip.

    Returns our ephemeral key, compressed, to which Terminal Authentication binds itself. Raises
    :class:`CardRefused` if the card does not take part.
    """
    result = session.run(chip_authentication.authenticate(choice, entropy))
    session.install(result.channel)
    return compress(result.terminal_public, choice.domain)


def challenge_chip(session: CardSession, spki: bytes | None, entropy: Entropy) -> ActiveAuthenticationTranscript:
    """Active Authentication, in the long form where a signature by the key of DG15 fits no short answer.

    A card that was found not to take the long form is asked in the short one, and may answer in parts.
    Raises :class:`CardRefused` if the chip does not sign.
    """
    takes_long = session.habits.largest_answer > MAX_SHORT_NE
    long = takes_long and _signature_size(spki) > session.capacity(MAX_SHORT_NE)
    return session.run(active_authentication.challenge_chip(entropy, extended=long))


def _signature_size(spki: bytes | None) -> int:
    """The bytes of a signature by that key; none for a key that nobody can read."""
    try:
        return active_authentication.signature_size(active_authentication.public_key(spki or b""))
    except BadInput:
        return 0
