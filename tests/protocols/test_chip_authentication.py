"""Chip Authentication, terminal against card: every group, cipher and number of keys, and what a forged chip does."""

from __future__ import annotations

import pytest

from eid_toolkit.ground.errors import BadInput, CardRefused, ChannelError
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.asn1.oids import ID_PK_DH, ID_PK_ECDH, ChipAuthenticationProtocol
from eid_toolkit.standards.asn1.security_infos import (
    ChipAuthenticationInfo,
    ChipAuthenticationPublicKeyInfo,
    SecurityInfos,
)
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.dh import X942, DhPublicKey
from eid_toolkit.standards.crypto.domain_parameters import DhDomain, EcDomain, domain_by_id
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.protocols import chip_authentication
from eid_toolkit.standards.protocols.chip_authentication import ChipStaticKey, authenticate, choices
from eid_toolkit.standards.protocols.flow import run
from eid_toolkit.standards.protocols.key_agreement import group_of
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel

ENTROPY = SystemEntropy()
GROUPS = [0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
CIPHERS = ["3des", "aes-128", "aes-192", "aes-256"]


class Chip:
    """A chip with one key, answering the commands of Chip Authentication."""

    def __init__(self, parameter_id: int, *, knows_kat: bool = True) -> None:
        self.domain = domain_by_id(parameter_id)
        pair = group_of(self.domain).key_pair(ENTROPY)
        self.key, self.public, self.knows_kat = ChipStaticKey(self.domain, pair.private), pair.public, knows_kat
        self.channel: SecureChannel | None = None
        self.commands: list[int] = []
        self.references: set[bytes | None] = set()

    @property
    def spki(self) -> bytes:
        if isinstance(self.domain, EcDomain):
            return EcPublicKey.from_point(self.domain, self.public).spki()
        return DhPublicKey(self.domain, int.from_bytes(self.public, "big")).spki()

    @property
    def agreement(self) -> str:
        return "ecdh" if isinstance(self.domain, EcDomain) else "dh"

    def infos(self, *ciphers: str, key_id: int | None = None) -> list[object]:
        protocols = [ChipAuthenticationProtocol.of(self.agreement, cipher) for cipher in ciphers]  # type: ignore[arg-type]
        public = ChipAuthenticationPublicKeyInfo(
            ID_PK_ECDH if self.agreement == "ecdh" else ID_PK_DH, self.spki, key_id
        )
        return [*(ChipAuthenticationInfo(protocol.oid, 1, key_id) for protocol in protocols), public]

    def __call__(self, command: CommandApdu) -> ResponseApdu:
        self.commands.append(command.ins << 8 | command.p2)
        if (command.p1, command.p2) == chip_authentication.MSE_KAT:
            if not self.knows_kat:
                return ResponseApdu(b"", 0x6A86)
            objects = tlv.as_mapping(tlv.parse_all(command.data))
            self.references.add(objects.get(0x84))
            self.channel = chip_authentication.respond_kat(self.key, objects).channel
        elif command.ins == 0x22:
            objects = tlv.as_mapping(tlv.parse_all(command.data))
            self.references.add(objects.get(0x84))
            self.protocol = ChipAuthenticationProtocol.from_oid(der.decode_oid_value(objects[0x80]))
        else:
            data, result = chip_authentication.respond(self.protocol, self.key, command.data)
            self.channel = result.channel
            return ResponseApdu(data, 0x9000)
        return ResponseApdu(b"", 0x9000)


def assert_works(terminal: SecureChannel, card: SecureChannel | None) -> None:
    assert card is not None
    plain = CommandApdu(0, 0xB0, 0, 0, ne=8)
    assert card.open_command(terminal.protect_command(plain)) == plain


@pytest.mark.parametrize(("key_id", "reference"), [(None, None), (0, b"\x00"), (5, b"\x05"), (300, b"\x01\x2c")])
@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("parameter_id", GROUPS)
def test_every_group_and_cipher_ends_in_a_working_channel(
    parameter_id: int, cipher: str, key_id: int | None, reference: bytes | None
) -> None:
    chip = Chip(parameter_id)
    (choice,) = choices(SecurityInfos.of(*chip.infos(cipher, key_id=key_id)))  # type: ignore[arg-type]
    result = run(authenticate(choice, ENTROPY), chip)
    assert_works(result.channel, chip.channel)
    assert chip.commands == ([0x22A6] if cipher == "3des" else [0x22A4, 0x8600])
    assert chip.references == {reference}


def test_a_chip_that_does_3des_without_its_command_is_authenticated_the_other_way() -> None:
    chip = Chip(13, knows_kat=False)
    (choice,) = choices(SecurityInfos.of(*chip.infos("3des")))  # type: ignore[arg-type]
    assert_works(run(authenticate(choice, ENTROPY), chip).channel, chip.channel)
    assert chip.commands == [0x22A6, 0x22A4, 0x8600]


def test_the_strongest_cipher_comes_first_and_keys_go_with_their_references() -> None:
    one, two = Chip(13), Chip(1)
    infos = SecurityInfos.of(*one.infos("3des", "aes-128", key_id=1), *two.infos("aes-256", key_id=2))  # type: ignore[arg-type]
    found = [(choice.protocol.cipher, choice.domain.parameter_id, choice.key_id) for choice in choices(infos)]
    assert found == [("aes-256", 1, 2), ("aes-128", 13, 1), ("3des", 13, 1)]


def test_two_keys_of_one_kind_are_told_apart_by_reference() -> None:
    one, two = Chip(13), Chip(12)
    infos = SecurityInfos.of(*one.infos("aes-128", key_id=1), *two.infos("aes-256", key_id=2))  # type: ignore[arg-type]
    for choice in choices(infos):
        chip = {1: one, 2: two}[choice.key_id or 0]
        assert_works(run(authenticate(choice, ENTROPY), chip).channel, chip.channel)


def test_a_key_alone_is_taken_for_3des() -> None:
    chip = Chip(13)
    (choice,) = choices(SecurityInfos.of(chip.infos("aes-128")[-1]))  # type: ignore[arg-type]
    assert choice.protocol.cipher == "3des"


def test_a_dh_key_by_x942_is_read_too() -> None:
    """9303-11 8.5: not compliant, but issued."""
    domain = domain_by_id(1)
    assert isinstance(domain, DhDomain)
    key = DhPublicKey(domain, int.from_bytes(group_of(domain).key_pair(ENTROPY).public, "big"))
    parameters = der.sequence(der.integer(domain.p), der.integer(domain.g), der.integer(domain.q))
    algorithm = der.sequence(der.object_identifier(X942), parameters)
    assert DhPublicKey.from_spki(der.sequence(algorithm, der.bit_string(der.integer(key.number)))) == key


@pytest.mark.parametrize("p_change", [2, 4])
def test_a_dh_group_of_the_cards_own_is_refused(p_change: int) -> None:
    domain = domain_by_id(1)
    assert isinstance(domain, DhDomain)
    algorithm = der.sequence(
        der.object_identifier("1.2.840.113549.1.3.1"),
        der.sequence(der.integer(domain.p + p_change), der.integer(domain.g)),
    )
    with pytest.raises(BadInput, match="domain-parameters-unknown"):
        DhPublicKey.from_spki(der.sequence(algorithm, der.bit_string(der.integer(4))))


@pytest.mark.parametrize("parameter_id", [1, 13])
def test_a_clone_takes_part_but_cannot_answer_afterwards(parameter_id: int) -> None:
    genuine, clone = Chip(parameter_id), Chip(parameter_id)
    (choice,) = choices(SecurityInfos.of(*genuine.infos("aes-256")))  # type: ignore[arg-type]
    terminal = run(authenticate(choice, ENTROPY), clone).channel
    assert clone.channel is not None
    with pytest.raises(ChannelError):
        clone.channel.open_command(terminal.protect_command(CommandApdu(0, 0xB0, 0, 0, ne=8)))
    with pytest.raises(ChannelError):
        terminal.open_response(0xB0, clone.channel.protect_response(0xB0, ResponseApdu(b"data", 0x9000)))


def test_a_refusal_is_named_with_its_status_word() -> None:
    (choice,) = choices(SecurityInfos.of(*Chip(13).infos("aes-128")))  # type: ignore[arg-type]
    with pytest.raises(CardRefused) as caught:
        run(authenticate(choice, ENTROPY), lambda _: ResponseApdu(b"", 0x6A88))
    assert caught.value.sw == 0x6A88


@pytest.mark.parametrize("bad", [b"", b"\x04" + bytes(64), b"\x04" + bytes(63) + b"\x01", bytes(65)])
def test_the_card_refuses_points_that_are_not_on_its_curve(bad: bytes) -> None:
    protocol = ChipAuthenticationProtocol.of("ecdh", "aes-128")
    with pytest.raises(BadInput):
        chip_authentication.respond(protocol, Chip(13).key, tlv.encode(0x7C, tlv.encode(0x80, bad)))
