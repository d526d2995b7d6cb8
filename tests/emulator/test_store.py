"""Emulated cards on the disk: whole after a kill, refused when damaged, held by one process at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.emulator.shelf import MAGIC, CardStore
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NoCardError, NotPermitted, ServiceAway
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.home.home import Home
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.protocols import globalplatform as gp
from support.card_states import blank_memory, issued_memory
from support.waiting import LIMIT, next_line

SELECT_DOMAIN = commands.select_application(gp.ISD_AID).encode()
INITIALIZE = gp.initialize_update(0, bytes(8)).encode()

HAMMER = """
import sys
from pathlib import Path
from eid_toolkit.ground.home.home import Home
from eid_toolkit.cards.emulator.shelf import CardStore
select, initialize = bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[3])
with CardStore(Home.open(Path(sys.argv[1]))).open("one") as opened:
    opened.card.process(select)
    while True:
        answer = opened.card.process(initialize)
        print(int.from_bytes(answer[29:32], "big"), flush=True)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.create(tmp_path / "home", HomeConfig("UTO", "Ministry of Utopia", True, datetime.now(UTC)))


@pytest.fixture
def store(home: Home) -> CardStore:
    store = CardStore(home)
    store.create("one", blank_memory())
    return store


def hammer(home: Home) -> subprocess.Popen[str]:
    """A process that makes the card write again and again, and prints each sequence counter that the card gave out."""
    arguments = [sys.executable, "-c", HAMMER, str(home.root), SELECT_DOMAIN.hex(), INITIALIZE.hex()]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def test_what_a_card_learns_is_there_when_it_is_opened_again(store: CardStore) -> None:
    with store.open("one") as opened:
        opened.card.process(SELECT_DOMAIN)
        opened.card.process(INITIALIZE)
    assert store.load("one").part(DomainMemory).sequence == 1


@pytest.mark.parametrize("delay", [0.0, 0.013, 0.029, 0.05])
def test_a_kill_while_the_card_writes_loses_nothing_that_it_answered(
    home: Home, store: CardStore, delay: float
) -> None:
    with hammer(home) as child:
        next_line(child)
        time.sleep(delay)
        os.kill(child.pid, signal.SIGKILL)
        answered = [int(line) for line in child.communicate(timeout=LIMIT)[0].split()]
    with store.open("one") as opened:  # the lock went with its holder
        remembered = opened.card.memory.part(DomainMemory).sequence
        opened.card.process(SELECT_DOMAIN)
        assert opened.card.process(INITIALIZE)[-2:] == b"\x90\x00"
    assert remembered >= max(answered, default=1)
    assert remembered <= max(answered, default=1) + 1
    assert store.names() == ("one",)


def test_a_card_in_another_process_is_away(home: Home, store: CardStore) -> None:
    with hammer(home) as child:
        next_line(child)
        with pytest.raises(ServiceAway, match="lock-held") as caught, store.open("one"):
            pass
        assert str(child.pid) in str(caught.value)
        child.kill()
    with store.open("one"):
        pass


def test_a_card_is_held_once_in_a_process_too(store: CardStore) -> None:
    with store.open("one"), pytest.raises(ServiceAway), store.open("one"):
        pass


def test_two_cards_may_be_open_together(store: CardStore) -> None:
    store.create("two", blank_memory())
    with store.open("one"), store.open("two"):
        assert store.names() == ("one", "two")


def path_of(home: Home, name: str = "one") -> Path:
    return home.cards / f"{name}.card"


def test_every_damaged_byte_is_found(home: Home, store: CardStore) -> None:
    path = path_of(home)
    whole = path.read_bytes()
    for position in range(0, len(whole), 41):
        path.write_bytes(whole[:position] + bytes((whole[position] ^ 1,)) + whole[position + 1 :])
        with pytest.raises(IntegrityBroken) as caught, store.open("one"):
            pass
        assert caught.value.exit_code == 12


def test_every_truncated_file_is_found(home: Home, store: CardStore) -> None:
    path = path_of(home)
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(IntegrityBroken), store.open("one"):
            pass
    path.write_bytes(whole + b"\0")
    with pytest.raises(IntegrityBroken), store.open("one"):
        pass


def test_a_file_of_another_kind_is_refused(home: Home, store: CardStore) -> None:
    for content in (b"", b"PK\x03\x04", b"eid-card/2\n" + bytes(100), MAGIC, MAGIC + bytes(11), MAGIC + bytes(5 << 20)):
        path_of(home).write_bytes(content)
        with pytest.raises(IntegrityBroken), store.open("one"):
            pass


def test_a_card_is_not_another_because_its_file_was_renamed(home: Home, store: CardStore) -> None:
    path_of(home).rename(path_of(home, "two"))
    with pytest.raises(IntegrityBroken), store.open("two"):
        pass


def test_a_card_of_another_home_is_refused(home: Home, store: CardStore, tmp_path: Path) -> None:
    other = Home.create(tmp_path / "other", HomeConfig("UTO", "Ministry of Utopia", True, datetime.now(UTC)))
    CardStore(other).create("one", blank_memory())
    path_of(home).write_bytes(path_of(other).read_bytes())
    with pytest.raises(IntegrityBroken), store.open("one"):
        pass


def test_a_broken_image_key_is_named(home: Home, store: CardStore) -> None:
    (home.cards / "image.key").write_bytes(b"short")
    with pytest.raises(IntegrityBroken, match="card-image-key-broken"), store.open("one"):
        pass


def test_the_files_are_their_owners_alone_and_tell_no_keys(home: Home, store: CardStore) -> None:
    store.create("two", issued_memory())
    for path in home.cards.iterdir():
        assert path.stat().st_mode & 0o077 == 0
    content = path_of(home, "two").read_bytes()
    assert b"123456" not in content
    assert b"eid-card-memory" not in content


def test_a_name_is_given_once_and_leads_nowhere_else(store: CardStore) -> None:
    with pytest.raises(NotPermitted, match="card-exists"):
        store.create("one", blank_memory())
    for name in ("", ".", "..", "../one", "a/b", "a" * 65, "é", "one\n"):
        with pytest.raises(BadInput, match="card-name-malformed"):
            store.create(name, blank_memory())
        with pytest.raises(NoCardError, match="card-unknown"), store.open(name):
            pass
    with pytest.raises(NoCardError, match="card-unknown"), store.open("none"):
        pass


def test_memory_written_and_read_is_the_same() -> None:
    for memory in (blank_memory(), issued_memory()):
        data = image.encode(memory)
        assert image.encode(image.decode(data)) == data


@given(st.binary(max_size=200))
def test_bytes_that_are_no_memory_are_refused(data: bytes) -> None:
    with pytest.raises(IntegrityBroken):
        image.decode(data)


DOCUMENT = json.loads(image.encode(issued_memory()))
PLACES = [(), *((key,) for key in DOCUMENT)]
for aid, part in DOCUMENT["applications"].items():
    PLACES += [("applications", aid), *(("applications", aid, key) for key in part)]
MAPPINGS = ("files", "passwords", "chip_authentication_keys")
WRONG = [{}, [], "xyz", "00", 1.5, {"EF.DG1": 1}, {"CAN": "zz"}, [1, 2, 3]]


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_a_memory_with_a_wrong_value_is_refused(place: tuple[str, ...]) -> None:
    for wrong in WRONG:
        document = json.loads(json.dumps(DOCUMENT))
        if not place:
            document = wrong
        else:
            holder = document
            for key in place[:-1]:
                holder = holder[key]
            if holder[place[-1]] == wrong or (wrong == {} and place[-1] in MAPPINGS):
                continue
            if wrong == "00" and place[-1] in ("atr", "cplc"):
                continue  # sizes of these are the maker's affair
            holder[place[-1]] = wrong
        with pytest.raises(IntegrityBroken):
            image.decode(json.dumps(document).encode())
