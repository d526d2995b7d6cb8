"""What the card answers is never longer than the terminal has room for (ISO/IEC 7816-4 5.1)."""

from __future__ import annotations

import pytest

from eid_toolkit.standards.iso7816 import commands
from support.card_states import pace_app

SIGNATURE = 64


@pytest.mark.parametrize("le", [1, SIGNATURE - 1])
def test_a_le_too_short_for_the_signature_is_told_the_right_one(le: int) -> None:
    line = pace_app()
    command = commands.internal_authenticate(bytes(8), le)
    channel = line.session.channel
    assert channel is not None
    answer = channel.open_response(command.ins, line.send_raw(channel.protect_command(command).encode()))
    assert (answer.data, answer.sw) == (b"", 0x6C00 | SIGNATURE)


@pytest.mark.parametrize("le", [SIGNATURE, SIGNATURE + 1, 256])
def test_a_le_that_is_long_enough_gets_the_signature(le: int) -> None:
    assert len(pace_app().ok(commands.internal_authenticate(bytes(8), le))) == SIGNATURE
