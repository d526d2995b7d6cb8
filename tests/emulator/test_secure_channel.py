"""SCP03 between the terminal's security domain and the emulated card's, in every mode, level and key length."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.terminal.security_domain import SecurityDomain
from eid_toolkit.ground.errors import CardRefused, ChannelError, ProtocolError
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols.scp03 import LEVELS, KeySet, Options, SecurityLevel, key_check_value
from support.card_states import ENTROPY, TRANSPORT_KEYS, Line, NoGuard, blank_memory

ALL_OPTIONS = [0x60, 0x61, 0x70, 0x71]


def opened(options: int, level: SecurityLevel = SecurityLevel.FULL, keys: KeySet = TRANSPORT_KEYS) -> SecurityDomain:
    memory = blank_memory()
    memory.part(DomainMemory).options, memory.part(DomainMemory).keys = Options(options), keys
    return authenticated(Line.to(memory), level, keys)


def authenticated(line: Line, level: SecurityLevel, keys: KeySet) -> SecurityDomain:
    domain = SecurityDomain(line.session, ENTROPY)
    size = line.card.memory.part(DomainMemory).options.size
    handshake = domain.initialize(domain.select(), challenge_size=size)
    domain.authenticate(handshake, keys, NoGuard(), level)
    return domain


@pytest.mark.parametrize("options", ALL_OPTIONS)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("size", [16, 24, 32])
def test_a_channel_opens_and_carries_commands(options: int, level: SecurityLevel, size: int) -> None:
    keys = KeySet(gp.FACTORY_KEY_VERSION, *(Secret(bytes([n]) * size) for n in (1, 2, 3)))
    domain = opened(options, level, keys)
    assert domain.states() == (gp.DomainState.OP_READY, gp.ApplicationState.SELECTABLE)


@pytest.mark.parametrize("size", [16, 24, 32])
def test_longer_keys_replace_the_transport_keys(size: int) -> None:
    memory = blank_memory()
    line = Line.to(memory)
    domain = authenticated(line, SecurityLevel.FULL, TRANSPORT_KEYS)
    new = KeySet(0x30, *(Secret(bytes([n]) * size) for n in (1, 2, 3)))
    answer = domain.require(gp.put_key(0, new, TRANSPORT_KEYS.dek), "put-key-refused")
    assert answer == b"\x30" + b"".join(key_check_value(key) for key in (new.enc, new.mac, new.dek))
    again = authenticated(line, SecurityLevel.FULL, new)
    told = again.require(gp.get_data(0x00E0), "get-data-refused")
    assert told.hex() == "e012" + "".join(f"c004{number:02x}3088{size:02x}" for number in (1, 2, 3))


def test_a_random_challenge_is_fresh_and_counts_nothing() -> None:
    memory = blank_memory()
    memory.part(DomainMemory).options = Options(0x60)
    domain = SecurityDomain(Line.to(memory).session, ENTROPY)
    identity = domain.select()
    answers = [domain.initialize(identity).answer for _ in range(3)]
    assert len({answer.card_challenge for answer in answers}) == 3
    assert {answer.sequence for answer in answers} == {b""}
    assert memory.part(DomainMemory).sequence == 0


@pytest.mark.parametrize(("options", "size"), [(0x70, 16), (0x71, 8)])
def test_a_challenge_of_the_other_mode_has_a_wrong_length(options: int, size: int) -> None:
    memory = blank_memory()
    memory.part(DomainMemory).options = Options(options)
    domain = SecurityDomain(Line.to(memory).session, ENTROPY)
    with pytest.raises(CardRefused) as caught:
        domain.initialize(domain.select(), challenge_size=size)
    assert caught.value.sw == 0x6700


@pytest.mark.parametrize(("options", "level"), [(0x00, 0x11), (0x10, 0x33), (0x30, 0x33)])
def test_a_level_that_the_card_does_not_offer_is_not_tried(options: int, level: int) -> None:
    memory = blank_memory()
    memory.part(DomainMemory).options = Options(options)
    line = Line.to(memory)
    with pytest.raises(ProtocolError, match="scp-level-not-offered"):
        authenticated(line, SecurityLevel(level), TRANSPORT_KEYS)
    assert memory.part(DomainMemory).failures == 0


@pytest.mark.parametrize("p1", [0x00, 0x02, 0x10, 0x23, 0x31, 0x33])
def test_the_card_refuses_a_level_that_it_does_not_offer(p1: int) -> None:
    memory = blank_memory()
    memory.part(DomainMemory).options = Options(0x10)
    line = Line.to(memory)
    domain = SecurityDomain(line.session, ENTROPY)
    domain.initialize(domain.select())
    answer = line.session.exchange_plain(replace(gp.external_authenticate(p1, bytes(16)), cla=0x84))
    assert answer.sw == 0x6A86


def test_a_channel_without_response_macs_is_still_ended_by_a_wrong_command() -> None:
    memory = blank_memory()
    line = Line.to(memory)
    domain = authenticated(line, SecurityLevel.C_MAC, TRANSPORT_KEYS)
    assert line.session.exchange_plain(replace(gp.get_status(0x80), cla=0x84, data=bytes(16))).sw == 0x6988
    assert domain.exchange(gp.get_status(0x80)).sw == 0x6982
    with pytest.raises(CardRefused):
        domain.states()


def test_a_closed_channel_stays_closed() -> None:
    domain = SecurityDomain(Line.to(blank_memory()).session, ENTROPY)
    with pytest.raises(ChannelError, match="scp-not-open"):
        domain.states()


@pytest.mark.parametrize("options", ALL_OPTIONS)
def test_the_image_keeps_what_the_channel_is_like(options: int) -> None:
    memory = blank_memory()
    memory.part(DomainMemory).options = Options(options)
    assert image.decode(image.encode(memory)).part(DomainMemory).options == options
    older = image.encode(blank_memory()).replace(b'"options":112,', b"")
    assert image.decode(older).part(DomainMemory).options == Options.FULL_S8
