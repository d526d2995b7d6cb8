"""Images that earlier versions wrote: they open, and their cards answer every command as they did then.

``personalized-1.json`` is a card with PACE, BAC, Chip, Active and Terminal Authentication, its larger files cut short.
The transcript has the commands of a terminal with scripted randomness, and what version 1 of the memory answered.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.standards.protocols.globalplatform import DomainState
from eid_toolkit.work.cardspec.randomness import SeededEntropy

IMAGES = Path(__file__).parents[2] / "fixtures" / "card-images"
OLD = ("blank-1", "personalized-1")


def old(name: str) -> bytes:
    return (IMAGES / f"{name}.json").read_bytes()


def opened(name: str) -> CardMemory:
    return image.decode(old(name))


@pytest.mark.parametrize("name", OLD)
def test_an_old_image_says_all_that_it_said(name: str) -> None:
    before, after = json.loads(old(name)), json.loads(image.encode(opened(name)))
    state = before["domain"].pop("state")
    assert after == {
        "schema": "eid-card-memory/2",
        "atr": before["atr"],
        "cplc": before["cplc"],
        "state": state,
        "applications": {"A0000002471001": before["application"], "A000000151000000": before["domain"]},
    }


def test_the_counters_and_keys_of_an_old_card_go_on() -> None:
    memory = opened("personalized-1")
    domain, emrtd = memory.part(DomainMemory), memory.part(EmrtdMemory)
    assert (domain.sequence, domain.failures, emrtd.failures, domain.keys.version) == (7, 1, 2, 0x30)
    assert (memory.state, opened("blank-1").state) == (DomainState.SECURED, DomainState.OP_READY)


def test_an_old_card_answers_as_it_did() -> None:
    lines = (IMAGES / "personalized-1.transcript").read_text().split("\n")
    card = EmulatedCard(opened("personalized-1"), SeededEntropy("card"), lambda _: None, wait=lambda _: None)
    for command, answer in zip(lines[::2], lines[1::2], strict=False):
        if command == "reset":
            card.reset()
        else:
            assert card.process(bytes.fromhex(command)).hex() == answer, command


@pytest.mark.parametrize("name", OLD)
@pytest.mark.parametrize("key", ["atr", "domain", "application"])
def test_an_old_image_that_lacks_something_is_refused(name: str, key: str) -> None:
    document = json.loads(old(name))
    del document[key]
    with pytest.raises(IntegrityBroken, match="card-image-broken"):
        image.decode(json.dumps(document).encode())
