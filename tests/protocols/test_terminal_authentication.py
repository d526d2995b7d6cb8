"""Terminal Authentication, terminal against card; what is changed, left out, repeated or reordered is refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from eid_toolkit.ground.errors import AccessDenied, BadInput, CardRefused, EidError, ProtocolError
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.crypto.domain_parameters import EcDomain, domain_by_id, ec_domain_by_name
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, Authorization, Role
from eid_toolkit.standards.pki.cv_public_key import ALGORITHMS
from eid_toolkit.standards.pki.cv_trust import CardTrust, CertifiedKey
from eid_toolkit.standards.protocols import terminal_authentication as ta
from eid_toolkit.standards.protocols.flow import run
from eid_toolkit.standards.protocols.terminal_authentication import SessionBinding, TerminalCredentials
from eid_toolkit.standards.protocols.terminal_authentication_card import (
    AlreadyPerformed,
    KeyNotFound,
    SignatureWrong,
    TerminalAuthenticationResponder,
)
from support.cv_chain import BOTH, START, Holder, cvca, ec_signer, signer_by

BINDING = SessionBinding(bytes(range(32)), bytes(range(32, 64)))
CURVES = [domain for n in range(8, 19) if isinstance(domain := domain_by_id(n), EcDomain)]
STATUS = {KeyNotFound: 0x6A88, AlreadyPerformed: 0x6982, SignatureWrong: 0x6300}


class Card:
    """Just enough of a card to take the protocol's commands; the signed session is ``binding``."""

    def __init__(self, root: Holder, binding: SessionBinding = BINDING) -> None:
        trust = CardTrust((CertifiedKey.of_root(root.certificate),), START)
        self.responder = TerminalAuthenticationResponder(trust, SystemEntropy())
        self.binding = binding
        self.granted: Authorization | None = None
        self.seen: list[CommandApdu] = []

    def exchange(self, command: CommandApdu) -> ResponseApdu:
        self.seen.append(command)
        try:
            return ResponseApdu(self.answer(command), 0x9000)
        except BadInput as error:
            return ResponseApdu(b"", STATUS.get(type(error), 0x6A80))

    def answer(self, command: CommandApdu) -> bytes:
        responder = self.responder
        match (command.ins, command.p1, command.p2):
            case (0x22, 0x81, 0xB6):
                responder.select_issuer(command.data)
            case (0x2A, 0x00, 0xBE):
                responder.verify_certificate(command.data)
            case (0x22, 0x81, 0xA4):
                responder.select_terminal(command.data)
            case (0x84, 0x00, 0x00):
                return responder.challenge()
            case (0x82, 0x00, 0x00):
                self.granted = responder.authenticate(command.data, self.binding)
            case _:
                raise ProtocolError("ta-out-of-order")
        return b""


def credentials(*holders: Holder) -> TerminalCredentials:
    return TerminalCredentials(tuple(holder.certificate for holder in holders), holders[-1].signer)


@pytest.fixture(scope="module")
def chain() -> tuple[Holder, Holder, Holder]:
    root = cvca()
    verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
    return root, verifier, verifier.issue("UTIS00001", Role.TERMINAL)


@pytest.mark.parametrize("oid", ALGORITHMS)
def test_the_card_grants_what_the_chain_gives(oid: str) -> None:
    root = cvca(signer_by(ALGORITHMS[oid]))
    verifier = root.issue("UTDV00001", Role.DV_FOREIGN)
    card = Card(root)
    holders = verifier, verifier.issue("UTIS00001", Role.TERMINAL, rights=READ_DG3)
    run(ta.authenticate(credentials(*holders), BINDING), card.exchange)
    assert card.granted is not None
    assert card.granted.rights == READ_DG3
    assert [command.ins for command in card.seen] == [0x22, 0x2A, 0x22, 0x2A, 0x22, 0x84, 0x82]


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_the_card_verifies_chains_on_every_curve(curve: EcDomain) -> None:
    root = cvca(ec_signer(curve))
    verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
    card = Card(root)
    run(ta.authenticate(credentials(verifier, verifier.issue("UTIS00001", Role.TERMINAL)), BINDING), card.exchange)
    assert card.granted is not None
    assert card.granted.rights == BOTH


def test_link_certificates_lead_to_the_new_key(chain: tuple[Holder, Holder, Holder]) -> None:
    card = Card(chain[0])
    second = chain[0].issue("UTCVCA00002", Role.CVCA)
    third = second.issue("UTCVCA00003", Role.CVCA)
    verifier = third.issue("UTDV00001", Role.DV_DOMESTIC)
    run(ta.authenticate(credentials(second, third, verifier, verifier.issue("UTIS00001", Role.TERMINAL)), BINDING),
        card.exchange)  # fmt: skip
    assert card.granted is not None
    assert card.granted.rights == BOTH
    assert [reference.text for reference in card.responder.trust.references] == ["UTCVCA00003", "UTCVCA00002"]


def test_the_commands_are_those_of_the_standard(chain: tuple[Holder, Holder, Holder]) -> None:
    card = Card(chain[0])
    run(ta.authenticate(credentials(*chain[1:]), BINDING), card.exchange)
    select, verify, *_, select_own, challenge, authenticate = card.seen
    assert select.encode().hex() == "002281b60d830b" + b"UTCVCA00001".hex()
    assert verify.header.hex() == "002a00be"
    assert [item.tag for item in tlv.parse_all(verify.data)] == [0x7F4E, 0x5F37]
    assert select_own.encode().hex() == "002281a40b8309" + b"UTIS00001".hex()
    assert challenge.encode().hex() == "0084000008"
    assert (authenticate.header.hex(), len(authenticate.data), authenticate.ne) == ("00820000", 64, 0)


@pytest.mark.parametrize(
    "other",
    [
        SessionBinding(BINDING.chip, BINDING.chip),
        SessionBinding(BINDING.terminal, BINDING.terminal),
        SessionBinding(b"", BINDING.terminal),
    ],
)
def test_a_signature_for_another_session_is_refused(
    chain: tuple[Holder, Holder, Holder], other: SessionBinding
) -> None:
    card = Card(chain[0], other)
    with pytest.raises(AccessDenied, match="ta-refused"):
        run(ta.authenticate(credentials(*chain[1:]), BINDING), card.exchange)
    assert card.granted is None


def test_a_terminal_without_its_key_is_refused(chain: tuple[Holder, Holder, Holder]) -> None:
    card = Card(chain[0])
    stolen = TerminalCredentials(credentials(*chain[1:]).chain, ec_signer())
    with pytest.raises(AccessDenied, match="ta-refused"):
        run(ta.authenticate(stolen, BINDING), card.exchange)
    run(ta.authenticate(credentials(*chain[1:]), BINDING), card.exchange)  # nothing has been executed yet
    assert card.granted is not None


def test_one_execution_is_all_that_a_session_gets(chain: tuple[Holder, Holder, Holder]) -> None:
    card = Card(chain[0])
    run(ta.authenticate(credentials(*chain[1:]), BINDING), card.exchange)
    with pytest.raises(CardRefused) as caught:
        run(ta.authenticate(credentials(*chain[1:]), BINDING), card.exchange)
    assert caught.value.sw == 0x6982


def test_an_unknown_issuer_is_named(chain: tuple[Holder, Holder, Holder]) -> None:
    card = Card(cvca(name="XXCVCA00001"))
    with pytest.raises(CardRefused, match="ta-issuer-unknown"):
        run(ta.authenticate(credentials(*chain[1:]), BINDING), card.exchange)


def test_a_verifier_cannot_pass_for_a_terminal(chain: tuple[Holder, Holder, Holder]) -> None:
    card = Card(chain[0])
    with pytest.raises(CardRefused, match="ta-key-not-selected"):
        run(ta.authenticate(credentials(chain[1]), BINDING), card.exchange)


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(9)])
def test_a_challenge_of_another_length_is_not_signed(chain: tuple[Holder, Holder, Holder], data: bytes) -> None:
    card = Card(chain[0])

    def exchange(command: CommandApdu) -> ResponseApdu:
        answer = card.exchange(command)
        return ResponseApdu(data, 0x9000) if command.ins == commands.GET_CHALLENGE else answer

    with pytest.raises(ProtocolError, match="ta-challenge-length"):
        run(ta.authenticate(credentials(*chain[1:]), BINDING), exchange)


def outcome(root: Holder, holders: tuple[Holder, ...], change: Callable[[int, CommandApdu], list[CommandApdu]]) -> Card:
    """Runs the flow with ``change`` between the ends; the terminal sees the last of the answers."""
    card = Card(root)
    count = iter(range(100))

    def exchange(command: CommandApdu) -> ResponseApdu:
        answers = [card.exchange(sent) for sent in change(next(count), command)]
        return answers[-1] if answers else ResponseApdu(b"", 0x9000)

    with suppress(EidError):
        run(ta.authenticate(credentials(*holders), BINDING), exchange)
    return card


@pytest.mark.parametrize("at", range(7))
def test_every_changed_byte_of_every_command_is_refused(chain: tuple[Holder, Holder, Holder], at: int) -> None:
    whole = Card(chain[0])
    run(ta.authenticate(credentials(*chain[1:]), BINDING), whole.exchange)
    size = len(whole.seen[at].data)
    for position in range(0, size, 1 if size < 80 else 5):

        def change(number: int, command: CommandApdu, position: int = position) -> list[CommandApdu]:
            if number != at:
                return [command]
            data = bytearray(command.data)
            data[position] ^= 0x01
            return [CommandApdu(command.cla, command.ins, command.p1, command.p2, bytes(data), command.ne)]

        assert outcome(chain[0], chain[1:], change).granted is None


@pytest.mark.parametrize("at", range(7))
def test_a_dropped_command_grants_nothing(chain: tuple[Holder, Holder, Holder], at: int) -> None:
    card = outcome(chain[0], chain[1:], lambda number, command: [] if number == at else [command])
    assert card.granted is None


@pytest.mark.parametrize("at", range(6))
def test_a_repeated_command_never_grants_more(chain: tuple[Holder, Holder, Holder], at: int) -> None:
    card = outcome(chain[0], chain[1:], lambda number, command: [command] * (2 if number == at else 1))
    assert card.granted is None or card.granted.rights == BOTH


def test_commands_out_of_order_are_refused(chain: tuple[Holder, Holder, Holder]) -> None:
    whole = Card(chain[0])
    run(ta.authenticate(credentials(*chain[1:]), BINDING), whole.exchange)
    for first in range(7):
        for second in range(7):
            if first == second:
                continue
            order = list(whole.seen)
            order[first], order[second] = order[second], order[first]
            card = Card(chain[0])
            for command in order:
                card.exchange(command)
            assert card.granted is None  # the recorded signature is for another challenge, too


@pytest.mark.parametrize("data", ["", "83", "8300", "8401AA", "830155544356434130303030", "83020000FF"])
def test_a_malformed_reference_is_refused(chain: tuple[Holder, Holder, Holder], data: str) -> None:
    card = Card(chain[0])
    for p2 in (0xB6, 0xA4):
        assert card.exchange(CommandApdu(0x00, 0x22, 0x81, p2, bytes.fromhex(data))).sw in (0x6A80, 0x6A88)


def test_keys_are_compressed_as_the_standard_has_it() -> None:
    curve = ec_domain_by_name("secp521r1")
    point = ec_signer(curve).key.public_key.point
    assert ta.compress(point, curve) == point[1:67]
    assert ta.compress(b"abc", domain_by_id(2)).hex() == "a9993e364706816aba3e25717850c26c9cd0d89d"
