"""The trace tells what went over the line, and no secret."""

from __future__ import annotations

import io

import pytest

from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.trace import TracingTransport
from eid_toolkit.ground.errors import NoCardError
from support.cards import EchoCard

PUT_KEY = bytes.fromhex("80D8018110") + bytes(range(0x40, 0x50))


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def traced(out: io.StringIO) -> TracingTransport:
    return TracingTransport(InProcessTransport(EchoCard(), "emulator:echo"), out)


def test_headers_lengths_and_status_words_are_shown(traced: TracingTransport, out: io.StringIO) -> None:
    traced.process(PUT_KEY)
    assert "80D80181 Nc    16 Ne     0" in out.getvalue()
    assert "21 bytes, 9000" in out.getvalue()


def test_data_of_commands_and_responses_is_not_shown(traced: TracingTransport, out: io.StringIO) -> None:
    traced.process(PUT_KEY)
    traced.process(bytes.fromhex("0CA4020C") + b"\x10" + bytes(range(0x40, 0x50)))
    assert "4041" not in out.getvalue()


def test_what_is_selected_is_shown(traced: TracingTransport, out: io.StringIO) -> None:
    traced.process(bytes.fromhex("00A4040C07A0000002471001"))
    assert "A0000002471001" in out.getvalue()


def test_a_command_without_a_response_is_shown_too(traced: TracingTransport, out: io.StringIO) -> None:
    traced.close()
    with pytest.raises(NoCardError):
        traced.process(PUT_KEY)
    assert "no response" in out.getvalue()


def test_a_malformed_command_is_passed_on_as_it_is(traced: TracingTransport, out: io.StringIO) -> None:
    assert traced.process(b"\x00\xa4") == b"\x00\xa4\x90\x00"
    assert "malformed, 2 bytes" in out.getvalue()
