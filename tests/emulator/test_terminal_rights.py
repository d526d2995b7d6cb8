"""Terminal Authentication between the terminal and the emulated card: what opens DG3 and DG4, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.emrtd import personalizer
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.refusal import Refused
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.chip import agree_on_keys
from eid_toolkit.ground.errors import AccessDenied, BadInput, CardRefused
from eid_toolkit.ground.ports import SignatureAlgorithm
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.asn1.security_infos import PaceInfo
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, READ_DG4, Authorization, Role, TerminalType
from eid_toolkit.standards.pki.cv_certificate import KeyReference
from eid_toolkit.standards.pki.cv_trust import CardTrust
from eid_toolkit.standards.protocols import bac, chip_authentication, pace_terminal
from eid_toolkit.standards.protocols import personalization_data as layout
from eid_toolkit.standards.protocols.flow import run
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.terminal_authentication import SessionBinding, chip_name_of_bac
from support.card_states import ENTROPY, Line, issued_document, issued_memory, mrz_password
from support.cv_chain import BOTH, START, CvRsaSigner, Holder, cvca, ec_signer
from support.emulated import CAN
from support.terminals import identity, prove, put_protected, terminal_of, trust_terminals, trusted_by

FINGERPRINTS, IRISES = bytes.fromhex("6304010203FF"), bytes.fromhex("7604040506FF")
CONTENT = {ElementaryFile.DG3: FINGERPRINTS, ElementaryFile.DG4: IRISES}


@pytest.fixture(scope="module")
def root() -> Holder:
    return cvca()


def memory_trusting(*roots: Holder) -> CardMemory:
    memory = trust_terminals(issued_memory(), *roots)
    for file, content in CONTENT.items():
        put_protected(memory, file, content)
    return memory


def chip_authenticated(line: Line) -> bytes:
    infos = Dg14.parse(issued_document().files[ElementaryFile.DG14]).security_infos
    return agree_on_keys(line.session, chip_authentication.choices(infos)[0], ENTROPY)


def pace_data(memory: CardMemory, objects: bytes) -> dict[int, bytes]:
    """The objects of the last round of PACE by the CAN, with these objects in MSE:Set AT beside its own."""
    card = Line.to(memory)
    answers = []

    def exchange(command: CommandApdu) -> ResponseApdu:
        if command.ins == commands.MANAGE_SECURITY_ENVIRONMENT:
            command = replace(command, data=command.data + objects)
        answers.append(card.send(command))
        return answers[-1]

    infos = CardAccess.parse(memory.part(EmrtdMemory).files[ElementaryFile.CARD_ACCESS].content).security_infos
    info = infos.of_type(PaceInfo)[0]
    run(pace_terminal.establish(AccessPassword.from_can(CAN), info, ENTROPY), exchange)
    return tlv.as_mapping(tlv.parse(answers[-1].data, 0x7C).children())


def after_pace(memory: CardMemory) -> tuple[Line, SessionBinding]:
    line = Line.to(memory)
    opened = open_access(line.session, AccessPassword.from_can(CAN), ENTROPY, allow_bac=False)
    return line, SessionBinding(opened.chip_name, chip_authenticated(line))


def after_bac(memory: CardMemory) -> tuple[Line, SessionBinding]:
    line = Line.to(memory)
    line.ok(commands.select_application(EMRTD_AID))
    line.session.install(line.session.run(bac.authenticate(mrz_password(), ENTROPY)))
    name = chip_name_of_bac(issued_document().mrz.information)
    return line, SessionBinding(name, chip_authenticated(line))


def readable(line: Line) -> set[ElementaryFile]:
    found = set()
    for file, content in CONTENT.items():
        answer = line.send(commands.read_binary_sfi(file.sfi, 0, len(content)))
        assert (answer.sw == 0x9000) == (answer.data == content)
        assert answer.sw in (0x9000, 0x6982)
        found |= {file} if answer.ok else set()
    return found


def test_a_terminal_that_shows_its_authorization_in_pace_learns_which_keys_the_card_trusts(root: Holder) -> None:
    chat = Authorization(TerminalType.INSPECTION_SYSTEM, Role.TERMINAL, 0x3F).encode()
    found = pace_data(memory_trusting(root), chat)
    assert found[0x87] == root.reference.encode()
    assert 0x88 not in found
    newer = root.issue("UTCVCA00002", Role.CVCA, effective=START + timedelta(days=1))
    found = pace_data(memory_trusting(newer, root), chat)
    assert (found[0x87], found[0x88]) == (newer.reference.encode(), root.reference.encode())


def test_a_terminal_that_does_not_ask_in_pace_learns_no_names(root: Holder) -> None:
    assert list(pace_data(memory_trusting(root), b"")) == [0x86]


def test_a_card_without_terminal_authentication_has_no_names_to_tell_in_pace() -> None:
    chat = Authorization(TerminalType.INSPECTION_SYSTEM, Role.TERMINAL, 0x3F).encode()
    assert list(pace_data(issued_memory(), chat)) == [0x86]


@pytest.mark.parametrize("opened", [after_pace, after_bac])
@pytest.mark.parametrize("rights", [0, READ_DG3, READ_DG4, BOTH])
def test_each_right_opens_its_own_file(
    root: Holder, opened: Callable[[CardMemory], tuple[Line, SessionBinding]], rights: int
) -> None:
    line, binding = opened(memory_trusting(root))
    assert readable(line) == set()
    prove(line.session, terminal_of(root, rights), binding)
    expected = {ElementaryFile.DG3} if rights & READ_DG3 else set()
    assert readable(line) == expected | ({ElementaryFile.DG4} if rights & READ_DG4 else set())


def test_the_document_number_of_bac_has_its_check_digit() -> None:
    assert chip_name_of_bac("L898902C<369080619406236") == b"L898902C<3"
    assert chip_name_of_bac("D23145890734934071279507122") == b"D231458907349"


@pytest.mark.parametrize(
    "algorithm",
    [
        SignatureAlgorithm("rsa-pkcs1", "sha256"),
        SignatureAlgorithm("rsa-pss", "sha256", 32),
        SignatureAlgorithm("rsa-pss", "sha512", 64),
    ],
)
@pytest.mark.parametrize("bits", [2048, 3072])
def test_a_terminal_with_rsa_gets_its_rights(algorithm: SignatureAlgorithm, bits: int) -> None:
    root = cvca(CvRsaSigner(algorithm, bits))
    line, binding = after_pace(memory_trusting(root))
    prove(line.session, terminal_of(root), binding)
    assert readable(line) == set(CONTENT)


def test_links_are_followed_and_kept_over_a_reset(root: Holder) -> None:
    memory = memory_trusting(root)
    second = root.issue("UTCVCA00002", Role.CVCA, effective=START + timedelta(days=7))
    verifier = second.issue("UTDV00001", Role.DV_FOREIGN, effective=START + timedelta(days=9))
    chain = (root, second, verifier, verifier.issue("UTIS00001", Role.TERMINAL, effective=START + timedelta(days=9)))
    line, binding = after_pace(memory)
    prove(line.session, identity(*chain), binding)
    assert [reference.text for reference in trusted_by(line.session)] == ["UTCVCA00002", "UTCVCA00001"]
    kept = image.decode(image.encode(memory)).part(EmrtdMemory)
    assert kept.terminal_trust == memory.part(EmrtdMemory).terminal_trust
    assert kept.terminal_trust is not None
    assert kept.terminal_trust.current_date == START + timedelta(days=9)
    again, binding = after_pace(image.decode(image.encode(memory)))
    prove(again.session, identity(*chain), binding)  # now without the link
    assert readable(again) == set(CONTENT)


def test_a_change_of_trust_is_kept_before_its_answer_leaves(root: Holder) -> None:
    memory = memory_trusting(root)
    line, binding = after_pace(memory)
    written: list[CardTrust | None] = []
    line.card._save = lambda changed: written.append(changed.part(EmrtdMemory).terminal_trust)
    prove(line.session, terminal_of(root), binding)
    assert written == []  # certificates of the day of personalization change nothing
    line, binding = after_pace(memory)
    line.card._save = lambda changed: written.append(changed.part(EmrtdMemory).terminal_trust)
    verifier = root.issue("UTDV00002", Role.DV_DOMESTIC, effective=START + timedelta(days=3))
    terminal = verifier.issue("UTIS00002", Role.TERMINAL, effective=START + timedelta(days=5))
    prove(line.session, identity(root, verifier, terminal), binding)
    assert [trust.current_date for trust in written if trust] == [START + timedelta(days=3), START + timedelta(days=5)]


def test_one_execution_per_session(root: Holder) -> None:
    line, binding = after_pace(memory_trusting(root))
    prove(line.session, terminal_of(root, READ_DG3), binding)
    with pytest.raises(CardRefused) as caught:
        prove(line.session, terminal_of(root, BOTH), binding)
    assert caught.value.sw == 0x6982
    assert readable(line) == {ElementaryFile.DG3}


def test_new_session_keys_take_the_rights_away(root: Holder) -> None:
    line, binding = after_pace(memory_trusting(root))
    prove(line.session, terminal_of(root), binding)
    fresh = SessionBinding(binding.chip, chip_authenticated(line))
    assert readable(line) == set()
    with pytest.raises(CardRefused):  # the session has had its execution
        prove(line.session, terminal_of(root), fresh)


def test_selecting_leaves_the_rights_and_a_plain_command_takes_them(root: Holder) -> None:
    line, binding = after_pace(memory_trusting(root))
    prove(line.session, terminal_of(root), binding)
    line.ok(commands.select_mf())
    line.ok(commands.select_application(EMRTD_AID))
    assert readable(line) == set(CONTENT)
    line.send_raw(commands.select_application(EMRTD_AID).encode())
    assert line.send_raw(commands.read_binary_sfi(3, 0, 4).encode()).sw == 0x6982


@pytest.mark.parametrize("wrong", ["chip", "terminal"])
def test_a_signature_for_another_session_is_refused_and_the_channel_stays(root: Holder, wrong: str) -> None:
    line, binding = after_pace(memory_trusting(root))
    other = SessionBinding(bytes(32), binding.terminal) if wrong == "chip" else SessionBinding(binding.chip, bytes(32))
    with pytest.raises(AccessDenied, match="ta-refused"):
        prove(line.session, terminal_of(root), other)
    assert line.is_secure()
    line.ok(commands.select_application(EMRTD_AID))
    assert readable(line) == set()
    prove(line.session, terminal_of(root), binding)
    assert readable(line) == set(CONTENT)


def test_without_chip_authentication_there_are_no_rights(root: Holder) -> None:
    line = Line.to(memory_trusting(root))
    opened = open_access(line.session, AccessPassword.from_can(CAN), ENTROPY, allow_bac=False)
    assert opened.terminal_key == b""
    with pytest.raises(CardRefused) as caught:
        prove(line.session, terminal_of(root), SessionBinding(opened.chip_name, bytes(32)))
    assert caught.value.sw == 0x6982


def test_a_stranger_learns_of_no_chain(root: Holder) -> None:
    line, binding = after_pace(memory_trusting(root))
    with pytest.raises(BadInput, match="cvc-no-chain"):
        prove(line.session, terminal_of(cvca(ec_signer(), "XXCVCA00001")), binding)


def test_a_forged_verifier_is_refused(root: Holder) -> None:
    line, binding = after_pace(memory_trusting(root))
    forged = root.issue("UTDV00001", Role.DV_DOMESTIC, by=ec_signer(), with_domain=False)
    terminal = forged.issue("UTIS00001", Role.TERMINAL)
    with pytest.raises(CardRefused, match="ta-certificate-refused") as caught:
        prove(line.session, identity(forged, terminal), binding)
    assert caught.value.sw == 0x6A80
    assert readable(line) == set()


SELECT_ISSUER = CommandApdu(0x00, 0x22, 0x81, 0xB6, b"\x83\x0bUTCVCA00001")
SELECT_TERMINAL = CommandApdu(0x00, 0x22, 0x81, 0xA4, b"\x83\x0bUTCVCA00001")
VERIFY = CommandApdu(0x00, 0x2A, 0x00, 0xBE, b"\x7f\x4e\x00\x5f\x37\x00")


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (SELECT_ISSUER, 0x9000),
        (CommandApdu(0x00, 0x22, 0x81, 0xB6, b"\x83\x0bUTCVCA00009"), 0x6A88),
        (CommandApdu(0x00, 0x22, 0x81, 0xB6, b""), 0x6A80),
        (SELECT_TERMINAL, 0x6A88),
        (VERIFY, 0x6985),
        (CommandApdu(0x00, 0x2A, 0x00, 0xAE, b"x"), 0x6A86),
        (commands.get_challenge(), 0x6985),
        (commands.get_challenge(4), 0x6700),
        (commands.external_authenticate(bytes(64), 0), 0x6985),
        (CommandApdu(0x00, 0x82, 0x00, 0x01, bytes(64)), 0x6A86),
    ],
)
def test_status_words_on_a_card_that_offers_it(root: Holder, command: CommandApdu, status: int) -> None:
    line, _ = after_pace(memory_trusting(root))
    assert line.send(command).sw == status
    assert line.is_secure()


@pytest.mark.parametrize(
    ("command", "status"),
    [(SELECT_ISSUER, 0x6A86), (SELECT_TERMINAL, 0x6A86), (VERIFY, 0x6D00), (commands.get_challenge(), 0x6985)],
)
def test_status_words_on_a_card_that_does_not(command: CommandApdu, status: int) -> None:
    line, _ = after_pace(issued_memory())
    assert line.send(command).sw == status
    assert line.send(commands.read_binary_sfi(ElementaryFile.CVCA.sfi, 0, 36)).sw == 0x6A82


def test_reading_and_selecting_between_the_steps_does_no_harm(root: Holder) -> None:
    line, binding = after_pace(memory_trusting(root))
    session, sent = line.session, line.session.exchange

    def between(command: CommandApdu) -> object:
        if command.ins != commands.READ_BINARY:
            sent(commands.read_binary_sfi(1, 0, 4))
        return sent(command)

    session.exchange = between  # type: ignore[method-assign,assignment]
    prove(session, terminal_of(root), binding)
    assert readable(line) == set(CONTENT)


class TestPersonalization:
    DEK = Secret(bytes(16))

    def test_trust_is_taken_and_named_in_ef_cvca(self, root: Holder) -> None:
        memory = EmrtdMemory()
        second = root.issue("UTCVCA00002", Role.CVCA, effective=START + timedelta(days=1))
        grouping = layout.terminal_trust(START, root.certificate, second.certificate)
        personalizer.store(memory, (grouping,), self.DEK)
        personalizer.store(memory, (grouping,), self.DEK)  # sent again after an interruption
        assert memory.terminal_trust is not None
        assert memory.terminal_trust.current_date == START
        content = memory.files[ElementaryFile.CVCA].content
        assert content.hex() == ("420b" + b"UTCVCA00002".hex() + "420b" + b"UTCVCA00001".hex()).ljust(72, "0")
        assert EfCvca.parse(content).references == memory.terminal_trust.references

    def test_nobody_writes_ef_cvca(self) -> None:
        with pytest.raises(Refused):
            personalizer.store(EmrtdMemory(), (layout.create_file(ElementaryFile.CVCA, 36),), self.DEK)

    def test_what_is_no_trust_is_refused(self, root: Holder) -> None:
        verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
        good = layout.terminal_trust(START, root.certificate).data
        for data in (
            b"",
            good[:6],
            good[:-1],
            good[6:],
            layout.terminal_trust(START, verifier.certificate).data,
            layout.terminal_trust(START, root.certificate, root.certificate).data,
        ):
            memory = EmrtdMemory()
            with pytest.raises(Refused):
                personalizer.store(memory, (layout.Dgi(layout.TERMINAL_TRUST, data),), self.DEK)
            assert memory.terminal_trust is None


@pytest.mark.parametrize("data", ["", "00" * 36, "420b", "430b" + "41" * 11, "4203414141", "420b" + "41" * 11 + "01"])
def test_what_is_no_ef_cvca_is_refused(data: str) -> None:
    with pytest.raises(BadInput):
        EfCvca.parse(bytes.fromhex(data))


def test_ef_cvca_holds_at_most_two() -> None:
    names = tuple(KeyReference(f"UTCVCA0000{number}") for number in range(3))
    assert len(EfCvca(names[:2]).encode()) == 36
    for wrong in ((), names):
        with pytest.raises(BadInput, match="ef-cvca-malformed"):
            EfCvca(wrong)
