"""Decks in one file: signed by their author, sealed for a trainer's home, and hostile ones."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput, IntegrityBroken, SealBroken
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.work.training.deck import find_deck
from eid_toolkit.work.training.deck_file import (
    is_sealed,
    pack,
    read_trainer_card,
    seal,
    trainer_card,
    unpack,
    unseal,
)
from eid_toolkit.work.training.range_key import RangeKey
from eid_toolkit.work.training.template import TEMPLATE

DECKS = Path(str(files("eid_toolkit.work.training").joinpath("decks")))
ENTROPY = SystemEntropy()
AUTHOR, TRAINER, OTHER = (RangeKey.generate(ENTROPY) for _ in range(3))
FILES = {"deck.toml": (DECKS / "first-line" / "deck.toml").read_bytes(), "a.toml": TEMPLATE.encode()}
PACKED = pack("mine", FILES, AUTHOR)
SEALED = seal(PACKED, read_trainer_card(trainer_card(TRAINER)), ENTROPY)


def test_a_signed_deck_comes_back_as_it_was(tmp_path: Path) -> None:
    read = unpack(PACKED, "mine")
    assert {name: text.encode() for name, text in read.files.items()} == FILES
    assert read.author == AUTHOR.fingerprint
    packed = pack("first", {path.name: path.read_bytes() for path in (DECKS / "first-line").iterdir()}, AUTHOR)
    (tmp_path / "first.deck").write_bytes(packed)
    deck = find_deck(str(tmp_path / "first.deck"))
    assert (deck.name, deck.author, deck.digest) == ("first", AUTHOR.fingerprint, find_deck("first-line").digest)


def test_a_sealed_deck_opens_in_the_trainers_home_alone() -> None:
    assert is_sealed(SEALED) and not is_sealed(PACKED)
    assert b"clone" not in SEALED and b"threat" not in SEALED
    assert unseal(SEALED, TRAINER, "mine") == PACKED
    for key in (AUTHOR, OTHER):
        with pytest.raises(SealBroken, match="training-deck-sealed"):
            unseal(SEALED, key, "mine")


@pytest.mark.parametrize("name", ["name", "files", "author_key", "signature"])
def test_a_deck_that_was_changed_after_signing_is_refused(name: str) -> None:
    values = json.loads(PACKED)
    changed = {
        "name": "other",
        "files": {**values["files"], "a.toml": TEMPLATE.replace("true", "false")},
        "author_key": OTHER.public.hex(),
        "signature": "00" * 70,
    }
    with pytest.raises(IntegrityBroken, match="training-deck-file-changed"):
        unpack(json.dumps({**values, name: changed[name]}).encode(), "mine")


@pytest.mark.parametrize("name", ["key", "wrapping_key", "signature"])
def test_a_changed_trainers_file_is_refused(name: str) -> None:
    values = json.loads(trainer_card(TRAINER))
    changed = {"key": OTHER.public.hex(), "wrapping_key": OTHER.wrapping.hex(), "signature": "00"}
    with pytest.raises(IntegrityBroken, match="training-trainer-changed"):
        read_trainer_card(json.dumps({**values, name: changed[name]}).encode())
    with pytest.raises(BadInput, match="training-trainer-malformed"):
        read_trainer_card(json.dumps({**values, name: 7}).encode())


@given(at=st.integers(0, len(PACKED) - 1), put=st.binary(max_size=4), drop=st.integers(0, 30))
def test_a_damaged_file_is_refused(at: int, put: bytes, drop: int) -> None:
    damaged = PACKED[:at] + put + PACKED[at + drop :]
    with suppress(BadInput, IntegrityBroken):
        assert unpack(damaged, "mine") == unpack(PACKED, "mine")


@given(at=st.integers(0, len(SEALED) - 1), put=st.binary(max_size=4), drop=st.integers(0, 30))
def test_a_damaged_seal_opens_nothing(at: int, put: bytes, drop: int) -> None:
    damaged = SEALED[:at] + put + SEALED[at + drop :]
    with suppress(SealBroken):
        assert unseal(damaged, TRAINER, "mine") == PACKED


def test_author_trainer_and_officer_at_their_terminals(tmp_path: Path) -> None:
    def eid(home: str, *words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", str(tmp_path / home), "train", *words]
        return subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    written = eid("trainer", "trainer", "--output", "trainer.json")
    assert written.returncode == 0, written.stderr
    fingerprint = written.stderr.rpartition(": ")[2].strip().removesuffix(".")
    sealed = eid("author", "seal", str(DECKS / "second-line"), "--for", "trainer.json", "--output", "exam.deck")
    assert sealed.returncode == 0, sealed.stderr
    checked = eid("trainer", "check", "./exam.deck")
    assert checked.returncode == 0 and "is signed by the author" in checked.stderr, checked.stderr
    assert len(fingerprint.replace(" ", "")) == 64
    for words in (("check", "./exam.deck"), ("start", "./exam.deck"), ("check", "./trainer.json")):
        refused = eid("officer", *words)
        assert refused.returncode != 0 and "Error: " in refused.stderr and "Traceback" not in refused.stderr
