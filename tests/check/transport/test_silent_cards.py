"""A card that never answers is given up by name, and what waits for it ends (pcsc-lite knows no limit)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from eid_toolkit.cards.transport.bounded import BoundedCalls
from eid_toolkit.cards.transport.pcsc import PcscTransport
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import NoCardError
from support.cards import EchoCard
from support.pcscd import PrivatePcscd
from support.waiting import LIMIT, wait_for

SELECT = bytes.fromhex("00A4040C07A0000002471001")


class SilentCard(EchoCard):
    """Answers no command until it is released."""

    def process(self, command: bytes, /) -> bytes:
        self.entered.set()
        self.released.wait(LIMIT)
        return command + b"\x90\x00"


@pytest.fixture
def silent() -> Iterator[SilentCard]:
    card = SilentCard()
    card.released.clear()
    yield card
    card.released.set()


@pytest.mark.pcsc
def test_a_card_that_does_not_answer_is_given_up_and_closing_does_not_wait_for_it(
    pcscd: PrivatePcscd, silent: SilentCard
) -> None:
    with pcscd.card_in(silent) as reader:
        transport = PcscTransport(reader, limit=0.3)
        with pytest.raises(NoCardError) as caught:
            transport.process(SELECT)
        assert (caught.value.code, caught.value.facts) == ("card-silent", {"reader": reader, "seconds": "0.3"})
        with pytest.raises(NoCardError, match="card-silent"):
            transport.reset()
        transport.close()
        assert not silent.released.is_set()
        silent.released.set()  # it answers at last: only then PC/SC gives the reader free
        wait_for(lambda: "off" in silent.events, "the card keeps its power")
        again = PcscTransport(reader)
        assert again.process(SELECT).endswith(b"\x90\x00")
        again.close()


@pytest.mark.pcsc
@pytest.mark.parametrize(
    "command",
    [
        ["verify", "--can", "123456"],
        ["read", "--can", "123456", "--output", "files"],
        ["conformance", "--can", "123456"],
    ],
    ids=lambda command: command[0],
)
def test_no_command_waits_for_ever_for_a_card(
    pcscd: PrivatePcscd, silent: SilentCard, command: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("eid_toolkit.cards.transport.pcsc.ANSWER_LIMIT", 0.3)
    monkeypatch.chdir(tmp_path)
    with pcscd.card_in(silent) as reader:
        result = CliRunner().invoke(main, ["--home", str(tmp_path / "home"), *command, "--reader", reader])
        silent.released.set()
    assert (result.exit_code, "has not answered" in result.stderr) == (5, True), result.stderr


def test_a_call_is_given_up_and_the_last_is_made_when_it_returns() -> None:
    calls, gate, left = BoundedCalls("test"), threading.Event(), threading.Event()
    assert calls.run(lambda: 7, LIMIT) == 7
    with pytest.raises(ZeroDivisionError):
        calls.run(lambda: 1 // 0, LIMIT)
    with pytest.raises(TimeoutError):
        calls.run(lambda: gate.wait(LIMIT), 0.01)
    with pytest.raises(TimeoutError):
        calls.run(lambda: 7, LIMIT)
    began = time.monotonic()
    calls.leave(left.set, LIMIT)
    assert time.monotonic() - began < LIMIT / 2 and not left.is_set()
    gate.set()
    assert left.wait(LIMIT)


def test_the_last_call_is_waited_for_and_ends_the_thread() -> None:
    calls, left = BoundedCalls("to end"), threading.Event()
    calls.leave(left.set, LIMIT)
    assert left.is_set()
    wait_for(lambda: "to end" not in {thread.name for thread in threading.enumerate()})
