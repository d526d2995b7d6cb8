"""Chip Authentication driven to its proof (ICAO Doc 9303-11 6.2)."""

from __future__ import annotations

from eid_toolkit.iso7816.files import ElementaryFile
from eid_toolkit.ports import Entropy
from eid_toolkit.protocols import chip_authentication
from eid_toolkit.protocols.chip_authentication import ChipAuthenticationChoice
from eid_toolkit.terminal.reading import FileRead, FileReader
from eid_toolkit.terminal.session import CardSession


def authenticate_chip(
    session: CardSession, reader: FileReader, choice: ChipAuthenticationChoice, first: ElementaryFile, entropy: Entropy
) -> FileRead:
    """Runs Chip Authentication and reads ``first`` under the new keys.

    That reading is the proof: only a chip with the private key can answer it, so when this returns the chip is
    authenticated (given that its public key is). Raises :class:`ChannelError` if the answer does not verify,
    :class:`CardRefused` if the card does not take part.
    """
    session.install(session.run(chip_authentication.authenticate(choice, entropy)).channel)
    return reader.read(first)
