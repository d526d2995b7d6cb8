"""What is read of an emulated card, and what is said of it: genuine, forged, pulled, by PACE and by BAC."""

from __future__ import annotations

import pytest

from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.errors import AccessDenied, CardRemoved
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.asn1.security_infos import SecurityInfos
from eid_toolkit.standards.codec import der
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.mrz import Mrz, MrzFormat, mrz_information
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.work.inspection.capture import capture, read_small_files
from eid_toolkit.work.inspection.evidence import ChipProof, Evidence, FileState
from eid_toolkit.work.inspection.evidence_format import encode_evidence
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.verdict import Decision, Verdict, judge
from support.authorities import NOW, Authority, new_key
from support.documents import EXPIRY, GM_3DES, IssuedDocument, specimen_mrz
from support.emulated import BAC_ONLY, CAN, Tampered, card_memory, emulated_card
from support.scripted import FixedClock

OFFICER = policy_by_name("officer")
BY_CAN = AccessPassword.from_can(CAN)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def document(authority: Authority) -> IssuedDocument:
    issued = IssuedDocument(authority, specimen_mrz())
    issued.data_groups[2] = bytes.fromhex("75829C40") + bytes(0x9C40)  # as long as a portrait, beyond offset 7FFF
    return issued


@pytest.fixture(scope="module")
def trust(authority: Authority) -> TrustMaterial:
    return authority.trust(authority.crl())


def read(card: Card | CardMemory, password: AccessPassword = BY_CAN) -> Evidence:
    ready = emulated_card(card) if isinstance(card, CardMemory) else card
    return capture(InProcessTransport(ready, "emulator:test"), password, OFFICER, SystemEntropy(), FixedClock(NOW))


def failed_reasons(verdict: Verdict) -> dict[str, str | None]:
    return {result.id: result.reason for result in verdict.checks if result.id in verdict.failed_checks()}


def test_a_genuine_card_passes(document: IssuedDocument, trust: TrustMaterial) -> None:
    evidence = read(card_memory(document))
    verdict = judge(evidence, trust, OFFICER, NOW)
    assert verdict.decision is Decision.PASSED
    assert {file: found.content for file, found in evidence.files.items()} == document.files
    assert (evidence.access.protocol, evidence.access.password, evidence.access.parameter_id) == ("pace", "can", 13)
    assert evidence.apdus > 0


def test_the_mrz_that_opened_the_card_is_held_against_dg1(document: IssuedDocument) -> None:
    evidence = read(card_memory(document), AccessPassword.from_mrz_information(document.mrz.information))
    assert (evidence.access.password, evidence.access.mrz_matches) == ("mrz", True)


@pytest.mark.parametrize(("shown", "matches"), [("D23145890", True), ("D23145891", False)])
def test_a_chip_that_goes_by_nine_places_of_a_long_number_is_not_opened_by_another_mrz(
    authority: Authority, shown: str, matches: bool
) -> None:
    """9303-11 D.2 wants the complete number; an issuer who cuts it off has issued a genuine card all the same."""
    long = Mrz.compose(
        MrzFormat.TD1,
        document_code="ID",
        issuing_state="UTO",
        document_number="D23145890734",
        primary_identifier="Specimen",
        secondary_identifier="Erika",
        nationality="UTO",
        date_of_birth=PartialDate(1990, 1, 31),
        sex="F",
        date_of_expiry=EXPIRY,
    )
    document = IssuedDocument(authority, long)
    opened_by = AccessPassword.from_mrz_information(mrz_information(shown, PartialDate(1990, 1, 31), EXPIRY))
    memory = card_memory(document)
    memory.part(EmrtdMemory).passwords[PasswordKind.MRZ] = opened_by
    assert read(memory, opened_by).access.mrz_matches is matches


def test_a_wrong_password_gives_no_evidence(document: IssuedDocument) -> None:
    with pytest.raises(AccessDenied):
        read(card_memory(document), AccessPassword.from_can("654321"))


def test_a_copy_without_the_chip_keys_is_read_to_its_end_and_found_out(
    document: IssuedDocument, trust: TrustMaterial
) -> None:
    evidence = read(card_memory(document, chip_key=new_key(), aa_key=new_key()))
    assert evidence.chip_authentication.outcome is ChipProof.WRONG
    assert evidence.interrupted is None
    assert failed_reasons(judge(evidence, trust, OFFICER, NOW)) == {
        "chip.ca": "ca-proof-wrong",
        "chip.aa": "aa-signature-wrong",
    }


def test_stripped_chip_keys_are_found_out(document: IssuedDocument, trust: TrustMaterial) -> None:
    evidence = read(card_memory(document, leave_out=[Ef.DG14, Ef.DG15]))
    assert failed_reasons(judge(evidence, trust, OFFICER, NOW)) == {
        "pa.data-group-hashes": "data-group-missing",
        "chip.ca": "chip-key-missing",
        "chip.aa": "chip-key-missing",
    }


class OddCardAccess(EmulatedCard):
    """A card that is as it should be, and has one entry in EF.CardAccess that is none."""

    def process(self, raw: bytes, /) -> bytes:
        answer, genuine = super().process(raw), self.memory.part(EmrtdMemory).files[Ef.CARD_ACCESS].content
        (good,) = CardAccess.parse(genuine).security_infos.entries
        odd = der.sequence(der.object_identifier(GM_3DES.protocol), der.octet_string(b"no version"))
        return der.set_of([good.encode(), odd]) + answer[-2:] if answer[:-2] == genuine else answer


def test_one_odd_entry_of_card_access_does_not_cost_pace(document: IssuedDocument) -> None:
    evidence = read(OddCardAccess(card_memory(document), SystemEntropy(), lambda _: None))
    assert evidence.access.protocol == "pace"
    assert b"no version" in (evidence.content(Ef.CARD_ACCESS) or b"")


def test_a_weakened_card_access_is_found_out(document: IssuedDocument, trust: TrustMaterial) -> None:
    memory = card_memory(document)
    memory.part(EmrtdMemory).files[Ef.CARD_ACCESS].content = SecurityInfos.of(GM_3DES).encode()
    evidence = read(memory)
    assert evidence.access.cipher == "3des"
    assert failed_reasons(judge(evidence, trust, OFFICER, NOW)) == {"document.card-access": "card-access-altered"}


def test_a_card_without_pace_is_opened_by_bac_where_the_policy_allows(
    document: IssuedDocument, trust: TrustMaterial
) -> None:
    memory = card_memory(document, protocols=BAC_ONLY, leave_out=[Ef.CARD_ACCESS])
    by_mrz = AccessPassword.from_mrz_information(document.mrz.information)
    evidence = read(memory, by_mrz)
    verdict = judge(evidence, trust, OFFICER, NOW)
    assert (evidence.access.protocol, evidence.access.cipher) == ("bac", "3des")
    # The signed DG14 says that this chip has PACE: somebody hid it.
    assert (verdict.downgraded, failed_reasons(verdict)) == (True, {"document.card-access": "card-access-stripped"})
    with pytest.raises(AccessDenied):
        capture(
            InProcessTransport(emulated_card(memory), "emulator:test"),
            by_mrz,
            policy_by_name("issuer-readback"),
            SystemEntropy(),
            FixedClock(NOW),
        )


def test_a_card_pulled_at_any_moment_after_access_gives_evidence(
    document: IssuedDocument, trust: TrustMaterial
) -> None:
    whole = read(card_memory(document)).apdus

    def pull(command: bytes) -> bytes:
        raise CardRemoved("card-removed", reader="emulator:test")

    decisions = []
    for at in range(12, whole):
        evidence = read(Tampered(emulated_card(card_memory(document)), at, pull))
        assert evidence.interrupted == "card-removed"
        decisions.append(judge(evidence, trust, OFFICER, NOW).decision)
    assert set(decisions) == {Decision.UNDETERMINED}


def test_a_response_that_was_tampered_with_never_passes(document: IssuedDocument, trust: TrustMaterial) -> None:
    whole = read(card_memory(document)).apdus
    for at in range(12, whole, 3):
        card = emulated_card(card_memory(document))

        def flip(command: bytes, card: Card = card) -> bytes:
            answer = card.process(command)
            return bytes([answer[0] ^ 1]) + answer[1:]

        evidence = read(Tampered(card, at, flip))
        assert judge(evidence, trust, OFFICER, NOW).decision is not Decision.PASSED


def test_evidence_holds_neither_the_password_nor_keys(document: IssuedDocument) -> None:
    raw = encode_evidence(read(card_memory(document)))
    assert CAN.encode() not in raw
    assert document.chip_key.key.scalar.reveal().hex().encode() not in raw


def test_files_that_anybody_may_read_are_read_whole(document: IssuedDocument) -> None:
    memory = card_memory(document)
    small = read_small_files(InProcessTransport(emulated_card(memory), "emulator:test"))
    assert small[Ef.ATR_INFO] == memory.part(EmrtdMemory).files[Ef.ATR_INFO].content


def test_a_file_beyond_terminal_authentication_is_named_so(authority: Authority) -> None:
    issued = IssuedDocument(authority, specimen_mrz())
    issued.data_groups[3] = bytes.fromhex("63020100")
    evidence = read(card_memory(issued))
    assert evidence.state(Ef.DG3) is FileState.NEEDS_TERMINAL_AUTHENTICATION
