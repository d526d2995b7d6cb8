"""Cards with PACE by Chip Authentication Mapping: issued by a profile of the home, opened, judged, and cloned."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.books.trust.store import open_trust
from eid_toolkit.cards.emulator import forgeries
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.images.portrait import make_portrait
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.card_security import CardSecurity
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.standards.profiles import load_profile
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.evidence_format import decode_evidence, encode_evidence
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.verdict import Verdict, judge
from eid_toolkit.work.personalization.journal import JobState
from support.homes import CLOCK, ENTROPY, UTOPIAN, WorkingOffice, portrait_file

CAM = '[[access.pace]]\nmapping = "cam"\ncipher = "aes-128"\nparameter_id = {}\n\n'


def add_profile(office: WorkingOffice, parameter_id: int = 13) -> None:
    shipped = files("eid_toolkit.standards.profiles.shipped").joinpath("utopia-id.toml").read_text("utf-8")
    text = shipped.replace("[[access.pace]]", CAM.format(parameter_id) + "[[access.pace]]", 1)
    Path(office.home.profiles / "utopia-cam.toml").write_text(text, "utf-8")


@pytest.fixture
def issued(office: WorkingOffice) -> tuple[WorkingOffice, Document, str]:
    """A card of the profile, with its CAN."""
    add_profile(office)
    return issue(office, "utopia-cam")


def issue(office: WorkingOffice, name: str) -> tuple[WorkingOffice, Document, str]:
    profile = load_profile(name, [office.home.profiles])
    portrait = make_portrait(portrait_file(), profile.portrait)
    application = office.register.applications.create(office.person(UTOPIAN), profile, portrait, office.clerk)
    document = office.prepare(office.register.applications.approve(application.id, office.approver))
    can = office.register.documents.load_package(document.id).can.reveal().decode()
    assert office.personalize(document, office.blank()).state is JobState.DONE
    return office, document, can


@pytest.mark.parametrize("bits", [1024, 2048, 3072])
def test_a_profile_can_have_the_chip_sign_with_rsa(office: WorkingOffice, bits: int) -> None:
    shipped = files("eid_toolkit.standards.profiles.shipped").joinpath("utopia-id.toml").read_text("utf-8")
    head, _, tail = shipped.partition("[active_authentication]\n")
    rsa = f"[active_authentication]\nrsa_bits = {bits}\n{tail.partition(chr(10))[2]}"
    Path(office.home.profiles / "utopia-rsa.toml").write_text(head + rsa, "utf-8")
    office, document, can = issue(office, "utopia-rsa")
    package = office.register.documents.load_package(document.id)
    assert package.active_authentication_key is None  # destroyed once the card was read back
    verdict = inspected(office, "blank", can)
    assert (verdict.decision, reasons(verdict)) == ("passed", {})
    assert "chip.aa" in {result.id for result in verdict.checks}


def inspected(office: WorkingOffice, card: str, can: str, trust: TrustMaterial | None = None) -> Verdict:
    policy = policy_by_name("officer")
    with office.reader(card) as transport:
        evidence = capture(transport, AccessPassword.from_can(can), policy, ENTROPY, CLOCK)
    again = decode_evidence(encode_evidence(evidence))
    assert again == evidence
    return judge(again, trust or open_trust(office.home.root).material(), policy, CLOCK.now())


def reasons(verdict: Verdict) -> dict[str, str | None]:
    return {result.id: result.outcome.reason for result in verdict.checks if result.status != "passed"}


def test_the_mapping_is_chosen_and_proves_the_chip(issued: tuple[WorkingOffice, Document, str]) -> None:
    office, _, can = issued
    verdict = inspected(office, "blank", can)
    assert (verdict.decision, verdict.evidence.access.mapping, reasons(verdict)) == ("passed", "cam", {})
    assert "chip.cam" in {result.id for result in verdict.checks}


def test_card_security_is_what_the_card_holds_and_is_read_after_pace_only(
    issued: tuple[WorkingOffice, Document, str],
) -> None:
    office, _, _ = issued
    content = office.cards.load("blank").part(EmrtdMemory).files[ElementaryFile.CARD_SECURITY].content
    parsed = CardSecurity.parse(content)
    assert parsed.is_signed()
    assert parsed.encode() == content
    with office.reader("blank") as transport:
        assert transport.process(bytes.fromhex("00B09D0000")) == b"\x69\x82"


def altered(memory: CardMemory, content: bytes) -> CardMemory:
    return forgeries.with_file(memory, ElementaryFile.CARD_SECURITY, content)


def test_a_clone_fails_by_its_mapping_too(issued: tuple[WorkingOffice, Document, str]) -> None:
    office, _, can = issued
    office.cards.create("clone", forgeries.clone_without_chip_keys(office.cards.load("blank"), ENTROPY))
    assert inspected(office, "clone", can).failed_checks() == {"chip.ca", "chip.aa", "chip.cam"}


def test_a_changed_card_security_is_found(issued: tuple[WorkingOffice, Document, str]) -> None:
    office, _, can = issued
    memory = office.cards.load("blank")
    content = memory.part(EmrtdMemory).files[ElementaryFile.CARD_SECURITY].content
    infos = CardSecurity.parse(content).security_infos.encode()
    changed = content.replace(infos, infos[:-1] + bytes((infos[-1] ^ 1,)))
    for name, forged, reason in (
        ("changed", changed, "card-security-signature-wrong"),
        ("garbage", b"\x30\x03\x02\x01\x05", "card-security-malformed"),
    ):
        office.cards.create(name, altered(memory, forged))
        assert reasons(inspected(office, name, can))["chip.cam"] == reason


def test_without_card_security_the_mapping_proves_nothing(issued: tuple[WorkingOffice, Document, str]) -> None:
    office, _, can = issued
    memory = forgeries.copied(office.cards.load("blank"))
    del memory.part(EmrtdMemory).files[ElementaryFile.CARD_SECURITY]
    office.cards.create("stripped", memory)
    assert reasons(inspected(office, "stripped", can))["chip.cam"] == "card-security-missing"


def test_the_signer_of_card_security_must_be_trusted(issued: tuple[WorkingOffice, Document, str]) -> None:
    office, _, can = issued
    verdict = inspected(office, "blank", can, TrustMaterial())
    assert reasons(verdict)["chip.cam"] == "card-security-signer-untrusted"
    assert json.dumps(reasons(verdict))


def test_a_profile_whose_mapping_is_in_another_group_than_the_chips_key_is_refused(office: WorkingOffice) -> None:
    add_profile(office, parameter_id=12)
    with pytest.raises(BadInput, match="profile-contradiction"):
        load_profile("utopia-cam", [office.home.profiles])
