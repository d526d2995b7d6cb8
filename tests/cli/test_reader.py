"""`eid reader list`, with and without pcscd."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from eid_toolkit.doors.cli.main import main
from support.cards import EchoCard
from support.pcscd import PrivatePcscd


@pytest.mark.pcsc
def test_readers_are_listed_with_number_name_and_card(pcscd: PrivatePcscd) -> None:
    with pcscd.card_in(EchoCard(), slot=1):
        result = CliRunner().invoke(main, ["reader", "list", "--format", "json"])
    rows = json.loads(result.stdout)
    assert [(row["number"], row["name"]) for row in rows] == [
        (number, slot.reader) for number, slot in enumerate(pcscd.slots, start=1)
    ]
    assert [row["atr"] for row in rows] == [None, EchoCard.atr.hex().upper(), None, None]


@pytest.mark.pcsc
def test_without_pcscd_the_list_is_empty_and_the_cause_told(pcscd: PrivatePcscd) -> None:
    pcscd.kill()
    result = CliRunner().invoke(main, ["reader", "list", "--format", "jsonl"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "pcscd is not responding" in result.stderr


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "soon"])
def test_a_time_to_wait_is_a_number_of_seconds(seconds: str) -> None:
    result = CliRunner().invoke(main, ["verify", "--reader", "1", "--can", "123456", "--wait", seconds])
    assert (result.exit_code, "--wait" in result.stderr) == (2, True)
