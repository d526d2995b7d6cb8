"""The reader program against an emulated card: in this process, and in a PC/SC reader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import reader

pytestmark = pytest.mark.eid_card("card.toml")


def fields(card) -> tuple[str, str, str]:
    """What is printed on the card."""
    return card.mrz.document_number, card.mrz.date_of_birth, card.mrz.date_of_expiry


def test_the_mrz_is_read(eid_card, eid_transport) -> None:
    assert reader.mrz_of(eid_transport.process, *fields(eid_card)) == "".join(eid_card.mrz.lines)


def test_a_wrong_date_opens_nothing(eid_card, eid_transport) -> None:
    number, _, expiry = fields(eid_card)
    with pytest.raises(reader.CardError, match="00820000 answered 6300"):
        reader.mrz_of(eid_transport.process, number, "900101", expiry)


@pytest.mark.eid_card("card.toml", faults=[{"fault": "bit-error", "at": 4, "bit": 100}])
def test_a_bit_that_turns_over_on_the_line_is_noticed(eid_card, eid_transport) -> None:
    with pytest.raises(reader.CardError, match="does not verify"):
        reader.mrz_of(eid_transport.process, *fields(eid_card))


def test_the_conversation_is_as_it_always_was(eid_card, eid_transport, eid_trace) -> None:
    traced = eid_trace(eid_transport)
    reader.mrz_of(traced.transport.process, *fields(eid_card))
    traced.matches("conversation.trace")


def test_the_program_reads_the_card_in_a_pcsc_reader(eid_card, eid_reader) -> None:
    program = Path(__file__).with_name("reader.py")
    command = [sys.executable, str(program), eid_reader, *fields(eid_card)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "".join(eid_card.mrz.lines)
