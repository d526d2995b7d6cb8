"""What the emulated card remembers and when: locked for good, counters before comparisons, atomic personalization."""

from __future__ import annotations

import pytest

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.emulator.domain.security_domain import MAX_FAILURES, IssuerSecurityDomain
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.emrtd.personalizer import MEMORY_SIZE
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.security_domain import SecurityDomain
from eid_toolkit.ground.errors import AccessDenied, CardRefused
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.protocols import bac, scp03
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols import personalization_data as layout
from eid_toolkit.standards.protocols.globalplatform import ApplicationState, DomainState
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols, ChipKey
from eid_toolkit.standards.protocols.scp03 import KeySet
from support.card_states import (
    ENTROPY,
    TRANSPORT_KEY,
    TRANSPORT_KEYS,
    Line,
    NoGuard,
    authenticated,
    bac_app,
    blank_memory,
    blank_scp,
    issued_document,
    issued_memory,
    mf,
    mrz_password,
    pace_app,
)
from support.emulated import CAN

WRONG_KEYS = KeySet(gp.FACTORY_KEY_VERSION, *[Secret(bytes(16))] * 3)
PROBE = layout.write_file(ElementaryFile.DG1, 0, b"\x61")


def store(*groupings, block: int = 0, secret: bool = False, last: bool = False):
    data = b"".join(grouping.encode() for grouping in groupings)
    return gp.store_data(block, data, last=last, encrypted=secret)


def installed(line: Line | None = None) -> Line:
    line = line or blank_scp()
    line.ok(gp.install_for_personalization(EMRTD_AID))
    return line


def fill(line: Line) -> bytes:
    """Everything that a personalization brings, but the last grouping, whose data are returned."""
    files = issued_document().files
    block = 0
    for file, content in files.items():
        line.ok(store(layout.create_file(file, len(content)), layout.write_file(file, 0, content), block=block))
        block += 1
    line.ok(store(layout.access(AccessProtocols.PACE), block=block))
    secrets = {
        layout.CAN: CAN.encode(),
        layout.MRZ_SEED: mrz_password().encoded.reveal(),
        layout.CHIP_AUTHENTICATION_KEY: ChipKey(13, 0, issued_document().chip_key.key.scalar).encode(),
    }
    for number, (grouping, value) in enumerate(secrets.items(), block + 1):
        line.ok(store(layout.encrypt(grouping, value, TRANSPORT_KEY), block=number, secret=True))
    return layout.content_digest(files.items())


def personalized(line: Line) -> Line:
    digest = fill(installed(line))
    line.ok(store(layout.complete(digest), block=next_block(line), last=True))
    return line


def next_block(line: Line) -> int:
    domain = line.card._session.selected
    assert isinstance(domain, IssuerSecurityDomain) and domain._opened is not None
    return domain._opened.next_block


def test_a_card_is_personalized_grouping_by_grouping_and_then_opens() -> None:
    line = personalized(blank_scp())
    assert line.card.memory.part(EmrtdMemory).state is ApplicationState.PERSONALIZED
    reader = Line(line.card, line.session)
    open_access(reader.session, AccessPassword.from_can(CAN), ENTROPY, allow_bac=False)
    assert reader.may_read()


@pytest.mark.parametrize("secured", [False, True])
def test_nothing_writes_to_the_application_after_its_last_grouping(secured: bool) -> None:
    line = personalized(blank_scp())
    if secured:
        line.ok(gp.set_domain_state(DomainState.SECURED))
    before = image.encode(line.card.memory)
    attempts = [
        gp.install_for_personalization(EMRTD_AID),
        store(PROBE),
        store(layout.create_file(ElementaryFile.DG13, 10)),
        store(layout.access(AccessProtocols.BAC)),
        store(layout.encrypt(layout.CAN, b"999999", TRANSPORT_KEY), secret=True),
        store(layout.complete(bytes(32)), last=True),
        gp.set_domain_state(DomainState.OP_READY),
    ]
    for command in attempts:
        assert line.send(command).sw == 0x6985
    assert image.encode(line.card.memory) == before
    line.session.exchange_plain(commands.select_application(EMRTD_AID))
    assert line.session.exchange_plain(commands.update_binary(0, b"\x61")).sw == 0x6D00
    assert image.encode(line.card.memory) == before


def test_nothing_stands_behind_the_last_grouping_in_its_own_command() -> None:
    line = installed()
    digest = fill(line)
    block = next_block(line)
    assert (
        line.send(store(layout.complete(digest), PROBE, layout.access(AccessProtocols.BAC), block=block)).sw == 0x6985
    )
    application = line.card.memory.part(EmrtdMemory)
    assert application.state is ApplicationState.PERSONALIZED
    assert application.protocols is AccessProtocols.PACE
    assert layout.content_digest((file, stored.content) for file, stored in application.files.items()) == digest


def test_the_keys_of_a_secured_card_stay() -> None:
    line = authenticated(mf())
    for version in (0, gp.FACTORY_KEY_VERSION):
        assert line.send(gp.put_key(version, KeySet(0x31, *[TRANSPORT_KEY] * 3), TRANSPORT_KEY)).sw == 0x6985


def test_the_application_closes_only_over_just_the_content_that_was_sent() -> None:
    line = installed()
    digest = fill(line)
    block = next_block(line)
    assert line.send(store(layout.complete(bytes(32)), block=block)).sw == 0x6A80
    line.ok(store(layout.write_file(ElementaryFile.DG1, 0, b"\x62"), block=block))
    assert line.send(store(layout.complete(digest), block=block + 1)).sw == 0x6A80
    line.ok(store(layout.write_file(ElementaryFile.DG1, 0, b"\x61"), block=block + 1))
    line.ok(store(layout.complete(digest), block=block + 2, last=True))


def test_the_application_does_not_close_while_something_is_missing() -> None:
    line = installed()
    assert line.send(store(layout.complete(layout.content_digest([])), last=True)).sw == 0x6985
    assert line.card.memory.part(EmrtdMemory).state is ApplicationState.SELECTABLE


WRONG_GROUPINGS = {
    "unknown grouping": (layout.Dgi(0x0199, b""), 0x6A88),
    "unknown file": (layout.Dgi(layout.CREATE_FILE, bytes.fromhex("010177010010")), 0x6A80),
    "unknown rule": (layout.Dgi(layout.CREATE_FILE, bytes.fromhex("010101040010")), 0x6A80),
    "the chip's own file": (layout.create_file(ElementaryFile.ATR_INFO, 10), 0x6985),
    "writing the chip's own file": (layout.write_file(ElementaryFile.ATR_INFO, 0, b"x"), 0x6A82),
    "a file that was not created": (layout.write_file(ElementaryFile.DG7, 0, b"x"), 0x6A82),
    "no protocol": (layout.Dgi(layout.ACCESS, b"\x00"), 0x6A80),
    "a protocol of the future": (layout.Dgi(layout.ACCESS, b"\x04"), 0x6A80),
    "a secret in the clear": (layout.Dgi(layout.CAN, b"123456"), 0x6A80),
}


@pytest.mark.parametrize("name", WRONG_GROUPINGS)
def test_a_grouping_that_does_not_fit_is_refused(name: str) -> None:
    grouping, sw = WRONG_GROUPINGS[name]
    line = installed()
    assert line.send(store(grouping)).sw == sw
    line.ok(store(layout.access(AccessProtocols.PACE)))


WRONG_SECRETS = {
    "not encrypted": layout.Dgi(layout.CAN, bytes(16)),
    "not whole blocks": layout.Dgi(layout.CAN, bytes(15)),
    "a CAN of letters": layout.encrypt(layout.CAN, b"abcdef", TRANSPORT_KEY),
    "a short MRZ seed": layout.encrypt(layout.MRZ_SEED, bytes(19), TRANSPORT_KEY),
    "a scalar of zero": layout.encrypt(layout.CHIP_AUTHENTICATION_KEY, b"\x0d\x00" + bytes(32), TRANSPORT_KEY),
    "a key of no group": layout.encrypt(layout.CHIP_AUTHENTICATION_KEY, b"\x63\x00" + bytes(32), TRANSPORT_KEY),
    "a key of a prime group": layout.encrypt(layout.CHIP_AUTHENTICATION_KEY, b"\x00\x00" + bytes(32), TRANSPORT_KEY),
    "an unknown digest": layout.encrypt(
        layout.ACTIVE_AUTHENTICATION_KEY, b"\x0d\x09" + bytes(31) + b"\x01", TRANSPORT_KEY
    ),
}


@pytest.mark.parametrize("name", WRONG_SECRETS)
def test_a_secret_that_does_not_fit_is_refused(name: str) -> None:
    assert installed().send(store(WRONG_SECRETS[name], secret=True)).sw == 0x6A80


def test_a_card_has_no_room_for_more_than_its_memory() -> None:
    line = installed()
    sizes = [line.send(store(layout.create_file(ElementaryFile.of_data_group(n), 65535), block=n - 1)) for n in (1, 2)]
    assert [answer.sw for answer in sizes] == [0x9000, 0x9000]
    assert line.send(store(layout.create_file(ElementaryFile.DG3, MEMORY_SIZE - 2 * 65535), block=2)).sw == 0x6A84


def test_writing_over_the_end_of_a_file_is_refused() -> None:
    line = installed()
    line.ok(store(layout.create_file(ElementaryFile.DG1, 4)))
    assert line.send(store(layout.write_file(ElementaryFile.DG1, 2, b"abc"), block=1)).sw == 0x6B00


def test_what_stands_before_a_refused_grouping_is_saved_as_it_is_remembered() -> None:
    saved: list[bytes] = []
    line = installed(authenticated(Line.to(blank_memory(), lambda memory: saved.append(image.encode(memory)))))
    assert line.send(store(layout.access(AccessProtocols.PACE), layout.Dgi(0x0199, b""))).sw == 0x6A88
    assert saved[-1] == image.encode(line.card.memory)


def test_blocks_must_come_in_their_order() -> None:
    line = installed()
    assert line.send(store(layout.access(AccessProtocols.PACE), block=1)).sw == 0x6A86


class PowerCut(Exception):
    """The supply fails while the card writes."""


def cut_at_save(memory: CardMemory, number: int) -> tuple[Line, list[CardMemory]]:
    """A card whose write number ``number`` is its last; what it had written till then, and with it, is kept."""
    written: list[CardMemory] = []

    def save(state: CardMemory) -> None:
        written.append(image.decode(image.encode(state)))
        if len(written) == number:
            raise PowerCut

    return Line.to(memory, save), written


@pytest.mark.parametrize("password", [AccessPassword.from_can(CAN), AccessPassword.from_can("654321")])
def test_a_failure_of_pace_is_counted_before_the_token_is_compared(password: AccessPassword) -> None:
    line, written = cut_at_save(issued_memory(), 1)
    with pytest.raises((AccessDenied, CardRefused)) as caught:
        open_access(line.session, password, ENTROPY, allow_bac=False)
    assert caught.value.facts["sw"] == "6F00"  # the same for the right password and the wrong one
    assert written[0].part(EmrtdMemory).failures == 1


def test_a_failure_of_bac_is_counted_before_the_checksum_is_compared() -> None:
    line, written = cut_at_save(issued_memory(), 1)
    line.ok(commands.select_application(EMRTD_AID))
    line.ok(commands.get_challenge())
    assert line.send(commands.external_authenticate(bytes(40), 40)).sw == 0x6F00
    assert written[0].part(EmrtdMemory).failures == 1


class CutAtRandomness:
    """Randomness whose ``number``-th request is the last moment of power."""

    def __init__(self, number: int) -> None:
        self.left = number

    def take(self, length: int, /) -> bytes:
        self.left -= 1
        if not self.left:
            raise PowerCut
        return bytes(length)


def test_bac_counts_before_it_compares_also_where_the_power_goes_in_between() -> None:
    """Only after the comparison does the card draw a number for its answer."""
    written: list[int] = []
    card = EmulatedCard(
        issued_memory(), CutAtRandomness(2), lambda memory: written.append(memory.part(EmrtdMemory).failures)
    )
    card.process(commands.select_application(EMRTD_AID).encode())
    challenge = card.process(commands.get_challenge().encode())[:8]
    right = bac.BacKeys.of(mrz_password()).seal(bytes(8) + challenge + bytes(16))
    assert card.process(commands.external_authenticate(right, 40).encode()) == b"\x6f\x00"
    assert written == [1]


def test_a_failure_of_scp03_is_counted_before_the_mac_is_compared() -> None:
    for command in ("wrong", "right"):
        line, written = cut_at_save(blank_memory(), 2)
        domain = SecurityDomain(line.session, ENTROPY)
        handshake = domain.initialize(domain.select())
        if command == "right":
            with pytest.raises(AccessDenied):
                domain.authenticate(handshake, TRANSPORT_KEYS, NoGuard())
        else:
            assert line.send_raw(bytes.fromhex("8482330010") + bytes(16)).sw == 0x6F00
        assert [memory.part(DomainMemory).failures for memory in written] == [0, 1]


@pytest.mark.parametrize("opener", [pace_app, bac_app])
def test_success_sets_the_count_of_access_attempts_back(opener) -> None:
    line = mf()
    with pytest.raises(AccessDenied):
        open_access(line.session, AccessPassword.from_can("654321"), ENTROPY, allow_bac=False)
    assert line.card.memory.part(EmrtdMemory).failures == 1
    assert opener().card.memory.part(EmrtdMemory).failures == 0


def attack(line: Line) -> int:
    """One EXTERNAL AUTHENTICATE with wrong keys."""
    line.session.exchange_plain(commands.select_application(gp.ISD_AID))
    answer = line.session.exchange_plain(gp.initialize_update(0, bytes(8)))
    if not answer.ok:
        return answer.sw
    return line.send_raw(bytes.fromhex("8482330010") + bytes(16)).sw


def test_the_domain_dies_of_wrong_keys_and_only_of_so_many_in_a_row() -> None:
    line = Line.to(blank_memory())
    assert [attack(line) for _ in range(MAX_FAILURES - 1)] == [0x6300] * (MAX_FAILURES - 1)
    authenticated(line)
    assert [attack(line) for _ in range(MAX_FAILURES)] == [0x6300] * MAX_FAILURES
    assert attack(line) == 0x6983
    with pytest.raises(CardRefused, match="6983"):
        authenticated(line)


def test_wrong_keys_are_noticed_by_the_terminal_before_an_attempt_is_burnt() -> None:
    line = Line.to(blank_memory())
    domain = SecurityDomain(line.session, ENTROPY)
    handshake = domain.initialize(domain.select())
    with pytest.raises(AccessDenied, match="scp-card-cryptogram-wrong"):
        domain.authenticate(handshake, WRONG_KEYS, NoGuard())
    assert line.card.memory.part(DomainMemory).failures == 0


def test_the_sequence_counter_is_written_before_the_challenge_made_of_it_leaves() -> None:
    line, written = cut_at_save(blank_memory(), 1)
    line.ok(commands.select_application(gp.ISD_AID))
    assert line.send(gp.initialize_update(0, bytes(8))).sw == 0x6F00
    assert written[0].part(DomainMemory).sequence == 1


def test_new_keys_take_effect_at_once_and_the_old_ones_are_gone() -> None:
    line = blank_scp()
    keys = KeySet(0x30, *(Secret(bytes([number]) * 16) for number in range(3)))
    assert line.ok(gp.put_key(0, keys, TRANSPORT_KEY)) == gp.put_key_answer(keys)
    assert line.is_secure()  # the session goes on under its own keys
    domain = SecurityDomain(line.session, ENTROPY)
    handshake = domain.initialize(domain.select())
    assert handshake.answer.key_version == 0x30
    assert not handshake.fits(TRANSPORT_KEYS)
    domain.authenticate(handshake, keys, NoGuard())
    assert Line(line.card, line.session, domain).send(gp.put_key(0, keys, keys.dek)).sw == 0x6A88


def test_keys_under_another_dek_are_refused_by_their_check_values() -> None:
    line = blank_scp()
    assert line.send(gp.put_key(0, KeySet(0x30, *[TRANSPORT_KEY] * 3), Secret(bytes(16)))).sw == 0x6A80
    assert line.card.memory.part(DomainMemory).keys.version == gp.FACTORY_KEY_VERSION


def test_the_pseudo_random_challenge_is_that_of_the_sequence_counter() -> None:
    line = Line.to(blank_memory())
    domain = SecurityDomain(line.session, ENTROPY)
    identity = domain.select()
    for sequence in (1, 2):
        answer = domain.initialize(identity).answer
        assert int.from_bytes(answer.sequence, "big") == sequence
        assert answer.card_challenge == scp03.card_challenge(TRANSPORT_KEYS, sequence, gp.ISD_AID)


def test_the_card_says_what_it_is_before_anything_is_written() -> None:
    card = EmulatedCard(blank_memory(), ENTROPY, lambda _: None)
    assert card.atr[0] == 0x3B
    check = 0
    for byte in card.atr[1:]:
        check ^= byte
    assert check == 0
    content = card.memory.part(EmrtdMemory).files[ElementaryFile.ATR_INFO].content
    assert AtrInfo.parse(content).supports_extended_length
