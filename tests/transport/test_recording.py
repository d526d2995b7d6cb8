"""A recorded session is had again: by our own reader to the last byte, by another as far as it sends the same."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.cards.emulator.replay import ReplayedCard
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.cards.transport.recording import RecordedEntropy, Recording, RecordingTransport
from eid_toolkit.cards.transport.trace import conversation, differences
from eid_toolkit.ground.errors import BadInput, CardRefused, NoCardError
from eid_toolkit.ground.ports import Entropy, SystemEntropy
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.cardspec import CardSpec, build
from eid_toolkit.work.inspection.capture import capture, read_small_files
from eid_toolkit.work.inspection.evidence import Evidence
from eid_toolkit.work.inspection.policy import policy_by_name
from support.cards import EchoCard
from support.homes import NOW
from support.scripted import FixedClock

OFFICER = policy_by_name("officer")


def read(transport: Transport, entropy: Entropy) -> Evidence:
    """What `eid read` does."""
    read_small_files(transport)
    return capture(transport, AccessPassword.from_can("123456"), OFFICER, entropy, FixedClock(NOW))


@cache
def recorded() -> tuple[bytes, Evidence]:
    out = io.StringIO()
    card = build(CardSpec(seed="recorded", at=NOW)).card
    transport = RecordingTransport(InProcessTransport(card, "emulator:recorded"), out, SystemEntropy())
    evidence = read(transport, transport.entropy)
    return out.getvalue().encode(), evidence


def replayed() -> tuple[ReplayedCard, RecordedEntropy]:
    recording = Recording.parse(recorded()[0])
    return ReplayedCard(recording), RecordedEntropy(recording.random, SystemEntropy())


def timeless(evidence: Evidence) -> Evidence:
    return replace(evidence, elapsed_ms=0.0)


def test_our_own_reader_has_the_whole_session_again() -> None:
    card, entropy = replayed()
    transport = InProcessTransport(card, "emulator:recorded")
    assert timeless(read(transport, entropy)) == timeless(recorded()[1])


def test_the_session_can_be_had_again_and_again() -> None:
    card, _ = replayed()
    for _ in range(2):
        entropy = RecordedEntropy(Recording.parse(recorded()[0]).random, SystemEntropy())
        evidence = read(InProcessTransport(card, "emulator:recorded"), entropy)
        assert evidence.content(ElementaryFile.DG1) == recorded()[1].content(ElementaryFile.DG1)


def test_another_readers_random_numbers_end_where_they_begin_to_matter() -> None:
    card, _ = replayed()
    transport = InProcessTransport(card, "emulator:recorded")
    assert ElementaryFile.DIR in read_small_files(transport)
    with pytest.raises(CardRefused, match="card-failed"):
        read(transport, SystemEntropy())


def test_commands_may_be_left_out_and_files_read_again() -> None:
    card, _ = replayed()
    exchanges = Recording.parse(recorded()[0]).sessions[-1]
    transport = InProcessTransport(card, "test")
    for at in (0, 1, 3, 1, 0):
        assert transport.process(exchanges[at].command) == exchanges[at].response
    assert transport.process(b"\x00\xca\x00\x00\x00") == b"\x6f\x00"


def test_a_card_that_went_away_goes_away_again() -> None:
    out = io.StringIO()
    inner = InProcessTransport(EchoCard(), "emulator:echo")
    transport = RecordingTransport(inner, out, SystemEntropy())
    transport.process(b"\x00\xa4\x00\x00")
    inner.close()
    with pytest.raises(NoCardError):
        transport.process(b"\x00\xb0\x00\x00")
    again = InProcessTransport(ReplayedCard(Recording.parse(out.getvalue().encode())), "replay")
    assert again.process(b"\x00\xa4\x00\x00") == b"\x00\xa4\x00\x00\x90\x00"
    with pytest.raises(NoCardError):
        again.process(b"\x00\xb0\x00\x00")


HEAD = json.dumps({"schema": "eid-recording/1", "reader": "r", "atr": "3b00"})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "recording-malformed"),
        ("x", "recording-malformed"),
        ("[]", "recording-malformed"),
        ("{}", "recording-schema"),
        (HEAD.replace("/1", "/9"), "recording-schema"),
        (HEAD.replace("3b00", "3b"), "recording-malformed"),
        (HEAD.replace("3b00", "zz"), "recording-malformed"),
        (HEAD + "\n{}", "recording-malformed"),
        (HEAD + '\n{"command": "00", "response": "9"}', "recording-malformed"),
        (HEAD + '\n{"command": "00", "response": "90"}', "recording-malformed"),
        (HEAD + '\n{"command": 1, "response": "9000"}', "recording-malformed"),
        (HEAD + '\n{"event": "other"}', "recording-malformed"),
    ],
)
def test_what_is_no_recording_is_refused(text: str, code: str) -> None:
    with pytest.raises(BadInput, match=code):
        Recording.parse(text.encode())


@given(st.binary(max_size=200), st.integers(0, 1000))
def test_a_damaged_recording_is_refused_or_read(junk: bytes, at: int) -> None:
    data = recorded()[0]
    with suppress(BadInput):
        Recording.parse(data[:at] + junk + data[at + len(junk) :])


TRACE = """reader 'emulator:a' ATR 3B00
   1  00A4040C Nc     7 Ne     0 A0000002471001  ->      0 bytes, 9000  0.2 ms
reset
   2  00B09C00 Nc     0 Ne   256  ->     62 bytes, 9000  12.5 ms
"""


def test_traces_are_compared_without_times_numbers_and_the_readers_name() -> None:
    later = TRACE.replace("emulator:a", "Virtual PCD 00 00").replace("0.2 ms", "7.0 ms")
    assert differences(TRACE, later) == ()
    assert len(conversation(TRACE)) == 4


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (TRACE.replace("9000  12.5", "6282  12.5"), "step 3: "),
        (TRACE.replace("reset\n", ""), "step 2: "),
        (TRACE + TRACE.splitlines()[1], "step 4: expected 'nothing more'"),
    ],
)
def test_another_conversation_is_told_step_by_step(changed: str, found: str) -> None:
    assert differences(TRACE, changed)[0].startswith(found)
