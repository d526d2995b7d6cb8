"""Forged cards fail for exactly the reasons that their table names, before whoever believes the genuine authority."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eid_toolkit.cards.emulator import forgeries
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.ground.errors import BadInput, EidError
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki.countries import same_state
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.standards.profiles.chip_protocols import ActiveAuthenticationProfile
from eid_toolkit.work.cardspec import CardSpec, build
from eid_toolkit.work.cardspec.forging import FORGERIES
from eid_toolkit.work.cardspec.spec import AccessSpec, ChipSpec, FaultSpec
from eid_toolkit.work.inspection.verdict import Decision, judge
from support.spec_cards import NOW, OFFICER, SEEDED, inspect, read

JUDGED = [name for name, forgery in FORGERIES.items() if forgery.refused is None]
PROFILES = ["utopia-id", "vn-cccd", "sgp-id", "td2", "passport"]


def forged(name: str, **fields: object):
    return build(replace(SEEDED, forgery=name, **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", JUDGED)
def test_a_forgery_fails_for_exactly_its_reasons(name: str) -> None:
    verdict = inspect(forged(name)).verdict
    reasons = {check.id: check.reason for check in verdict.checks if check.id in verdict.failed_checks()}
    assert (verdict.decision, reasons) == (Decision.FAILED, dict(FORGERIES[name].failed))
    assert verdict.evidence.interrupted is None


def test_every_other_forgery_does_not_even_open() -> None:
    for name in FORGERIES.keys() - set(JUDGED):
        with pytest.raises(EidError) as caught:
            read(forged(name))
        assert caught.value.code == FORGERIES[name].refused


@pytest.mark.parametrize("profile", PROFILES)
def test_the_genuine_card_of_the_same_seed_passes(profile: str) -> None:
    assert inspect(build(replace(SEEDED, profile=profile))).verdict.decision is Decision.PASSED


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", JUDGED)
def test_on_every_document_type_a_forgery_is_found_out(name: str, profile: str) -> None:
    verdict = inspect(forged(name, profile=profile)).verdict
    assert verdict.decision is Decision.FAILED
    assert verdict.failed_checks() >= FORGERIES[name].failed_checks - {"document.consistency"}


def test_a_foreign_signer_is_refused_whether_its_own_authority_is_believed_or_not() -> None:
    card = forged("foreign-signer")
    assert [same_state(anchor.country, "UTO") for anchor in card.trust.anchors] == [True, False]
    own = TrustMaterial(card.trust.anchors[:1], card.trust.crls[:1])
    chains = [
        next(check for check in judge(read(card), trust, OFFICER, NOW).checks if check.id == "pa.dsc-chain")
        for trust in (card.trust, own)
    ]
    assert [(check.status, check.reason) for check in chains] == [
        ("failed", "signer-country"),
        ("failed", "signer-country"),
    ]


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_the_same_for_the_same_seed(name: str) -> None:
    first, second = forged(name), forged(name)
    commands = ("00A4000C023F00", "00B09C0000", "00B0810000")
    for card in (first, second):
        card.card.reset()
    assert [first.card.process(bytes.fromhex(text)) for text in commands] == [
        second.card.process(bytes.fromhex(text)) for text in commands
    ]
    stored = (
        {file: found.content for file, found in card.memory.part(EmrtdMemory).files.items()} for card in (first, second)
    )
    assert next(stored) == next(stored)


@pytest.mark.parametrize("name", FORGERIES)
def test_quirks_and_faults_do_not_hide_a_forgery(name: str) -> None:
    slow = FaultSpec("slow", at=1, seconds=1.0, repeat=True)
    card = forged(name, quirks=("vietnam", "wrong-le", "get-response"), faults=(slow,))
    try:
        assert inspect(card).verdict.failed_checks() == FORGERIES[name].failed_checks
    except EidError as error:
        assert error.code == FORGERIES[name].refused


@pytest.mark.parametrize("name", FORGERIES)
def test_a_card_by_bac_with_rsa_and_fingerprints_is_forged_or_refused_by_name(name: str) -> None:
    access = AccessSpec(protocols=("bac",))
    chip = ChipSpec(
        terminal_authentication=True, active_authentication=ActiveAuthenticationProfile("sha256", rsa_bits=1024)
    )
    try:
        card = forged(name, access=access, chip=chip)
    except BadInput as error:
        assert (error.code, error.facts) == ("forgery-not-possible", {"lacks": "EF.CardAccess"})
        assert name in ("card-access", "downgraded")
        return
    assert card.memory.part(EmrtdMemory).files.keys() >= {ElementaryFile.DG3, ElementaryFile.CVCA}


def test_a_card_that_lacks_what_is_to_be_changed_cannot_be_forged_so() -> None:
    with pytest.raises(BadInput, match="forgery-not-possible"):
        forged("own-key", chip=ChipSpec(without=("active-authentication",)))


def test_an_unknown_forgery_is_named_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match="clone") as caught:
        build(CardSpec(forgery="mars"))
    assert caught.value.code == "forgery-unknown"


def test_a_forger_leaves_the_genuine_card_alone() -> None:
    genuine = build(SEEDED).memory
    before = {file: found.content for file, found in genuine.part(EmrtdMemory).files.items()}
    for change in (forgeries.with_downgraded_pace, forgeries.without_chip_authentication_files):
        change(genuine)
    assert {file: found.content for file, found in genuine.part(EmrtdMemory).files.items()} == before
