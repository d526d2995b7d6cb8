"""Each combination of protocols in a profile or a card spec is refused, or gives a card that the suite passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import combinations as combine
from itertools import product
from typing import Any, NoReturn

import pytest

from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.cards.terminal.file_reader import ReadStatus
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.errors import BadInput, CardAbsent, NoCardError
from eid_toolkit.ground.images.portrait import make_portrait
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.crypto.domain_parameters import domain_by_id
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.profiles import DocumentProfile, load_profile
from eid_toolkit.standards.profiles.chip_protocols import (
    AccessProfile,
    ActiveAuthenticationProfile,
    ChipAuthenticationProfile,
    PaceChoice,
)
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.work.cardspec import CardSpec, build
from eid_toolkit.work.cardspec.authority import SpecimenAuthority
from eid_toolkit.work.cardspec.profile_of import profile_of
from eid_toolkit.work.cardspec.randomness import SeededEntropy
from eid_toolkit.work.cardspec.spec import AccessSpec, ChipSpec
from eid_toolkit.work.conformance.case import Case
from eid_toolkit.work.conformance.facts import Facts, gather
from eid_toolkit.work.conformance.runner import Status, run_cases
from eid_toolkit.work.conformance.suite import all_cases
from eid_toolkit.work.personalization.records import ChipKeys, Issue, build_records
from support.homes import UTOPIAN, portrait_file
from support.rsa_keys import rsa_key
from support.spec_cards import NOW

ENTROPY = SystemEntropy()
CODES = ("profile-pace-impossible", "profile-digest-too-long", "profile-contradiction")
GROUPS = range(8, 19)
CIPHERS = ("3des", "aes-128", "aes-192", "aes-256")
DIGESTS = ("sha256", "sha384", "sha512")
BITS = {8: 192, 9: 192, 10: 224, 11: 224, 12: 256, 13: 256, 14: 320, 15: 384, 16: 384, 17: 512, 18: 521}
WAYS = [PaceChoice(*parts) for parts in product(("gm", "im", "cam"), CIPHERS, GROUPS)]  # type: ignore[arg-type]
CHIPS = [None, *(ChipAuthenticationProfile(group, cipher) for group, cipher in product(GROUPS, CIPHERS))]  # type: ignore[arg-type]
SIGNINGS = [
    None,
    *(ActiveAuthenticationProfile(digest, group) for digest, group in product(DIGESTS, GROUPS)),  # type: ignore[arg-type]
    *(ActiveAuthenticationProfile(digest, rsa_bits=bits) for digest in DIGESTS for bits in range(1024, 3073, 256)),  # type: ignore[arg-type]
]
GOOD_SIGNINGS = [
    each for each in SIGNINGS if each is None or each.rsa_bits or int(each.digest[3:]) <= BITS[each.parameter_id or 0]
]
BASE = load_profile("utopia-id")


def profile_with(
    pace: tuple[PaceChoice, ...],
    bac: bool,
    chip: ChipAuthenticationProfile | None,
    signing: ActiveAuthenticationProfile | None,
) -> DocumentProfile:
    groups = {1, 2, 11, 12} | ({14} if pace or chip else set()) | ({15, 14} if signing else set())
    return replace(
        BASE,
        access=AccessProfile(pace, bac),
        chip_authentication=chip,
        active_authentication=signing,
        data_groups=tuple(sorted(groups)),
    )


def is_possible(
    way: PaceChoice, chip: ChipAuthenticationProfile | None, signing: ActiveAuthenticationProfile | None
) -> bool:
    """What 9303-11 says: 4.4 and 9.2.3, table 12, 9.2.1 and 6.1.2.3."""
    if way.mapping == "im" and way.parameter_id == 10:
        return False
    if way.mapping == "cam" and (way.cipher == "3des" or chip is None or chip.parameter_id != way.parameter_id):
        return False
    on_curve = signing is not None and signing.parameter_id is not None
    return not on_curve or int(signing.digest[3:]) <= BITS[signing.parameter_id]  # type: ignore[union-attr,index]


def pace_of(way: PaceChoice) -> tuple[PaceChoice, ...]:
    """The way, with a plain mapping beside Chip Authentication Mapping (9303-11 4.4)."""
    return (way, replace(way, mapping="gm")) if way.mapping == "cam" else (way,)


class Silent:
    """A chip that was read already: to send it anything is another kind of case."""

    reader, atr = "files", b""

    def reset(self) -> None:
        pass

    def process(self, command: bytes) -> NoReturn:
        raise CardAbsent("no-card", reader=self.reader)


@cache
def static_cases() -> tuple[Case, ...]:
    """The cases that look at files alone, and apply to a chip that has all that there is."""
    way, chip = PaceChoice("cam", "aes-128", 13), ChipAuthenticationProfile(13, "aes-128")
    everything = facts_of(profile_with(pace_of(way), True, chip, ActiveAuthenticationProfile("sha256", 13)))
    found = []
    for case in all_cases():
        with suppress(NoCardError):
            found += [each.case for each in run_cases([case], SILENT, everything, ENTROPY) if each.seconds]
    return tuple(found)


SILENT: Transport = Silent()  # type: ignore[assignment]


@cache
def authority() -> SpecimenAuthority:
    return SpecimenAuthority.create("UTO", "ID", NOW, ENTROPY)


@cache
def ec_key(group: int) -> EcPrivateKey:
    return EcPrivateKey.generate(domain_by_id(group), ENTROPY)  # type: ignore[arg-type]


@cache
def holder() -> tuple[PersonData, Any]:
    return PersonData.from_text(UTOPIAN), make_portrait(portrait_file(), BASE.portrait)


def facts_of(profile: DocumentProfile) -> Facts:
    """A chip with the files that this profile gives."""
    chip, signing = profile.chip_authentication, profile.active_authentication
    signs = None
    if signing is not None:
        signs = ec_key(signing.parameter_id) if signing.parameter_id is not None else rsa_key(signing.rsa_bits or 0)
    keys = ChipKeys(ec_key(chip.parameter_id) if chip else None, signs)
    day = PartialDate.of(NOW.date())
    issue = Issue("X12345678", day, PartialDate.of(date(2036, 11, 19)), "Utopia", NOW)
    records = build_records(*holder(), profile, issue, keys, authority().signer, authority().signer_certificate)
    files = records.files
    if not profile.access.pace:
        files = {file: content for file, content in files.items() if file.label != "EF.CardAccess"}
    return Facts(
        {PasswordKind.CAN: AccessPassword.from_can("123456")},
        records.mrz,
        (),
        None,
        files,
        dict.fromkeys(files, ReadStatus.READ),
    )


def failures(profile: DocumentProfile) -> dict[str, str | None]:
    results = run_cases(static_cases(), SILENT, facts_of(profile), ENTROPY)
    return {result.case.number: result.detail for result in results if result.status is Status.FAILED}


def spec_with(
    pace: tuple[PaceChoice, ...],
    bac: bool,
    chip: ChipAuthenticationProfile | None,
    signing: ActiveAuthenticationProfile | None,
) -> CardSpec:
    without = [] if chip else ["chip-authentication"]
    without += [] if signing else ["active-authentication"]
    protocols = ("pace", "bac") if bac else ("pace",)
    return CardSpec(
        access=AccessSpec(protocols=protocols, pace=pace),  # type: ignore[arg-type]
        chip=ChipSpec(chip_authentication=chip, active_authentication=signing, without=tuple(without)),  # type: ignore[arg-type]
        seed="combinations",
        at=NOW,
    )


def combinations() -> Iterator[tuple[PaceChoice, Any, Any]]:
    """Every way to run PACE with a chip key in every group; ciphers and keys that sign, which have nothing to do with
    it, are gone through beside them, and each stands once more beside one that is good."""
    for at, (way, group) in enumerate(product(WAYS, (None, *GROUPS))):
        chip = None if group is None else ChipAuthenticationProfile(group, CIPHERS[at % len(CIPHERS)])
        yield way, chip, GOOD_SIGNINGS[at % len(GOOD_SIGNINGS)]
    yield from ((WAYS[1], chip, None) for chip in CHIPS)
    yield from ((WAYS[1], CHIPS[1], signing) for signing in SIGNINGS)


def test_every_combination_in_a_profile_is_refused_or_gives_files_that_the_suite_passes() -> None:
    wrong: dict[object, object] = {}
    accepted = 0
    for at, (way, chip, signing) in enumerate(combinations()):
        try:
            profile = profile_with(pace_of(way), at % 2 == 1, chip, signing)
        except BadInput as refusal:
            if is_possible(way, chip, signing):
                wrong[way, chip, signing] = refusal
            continue
        accepted += 1
        if not is_possible(way, chip, signing):
            wrong[way, chip, signing] = "accepted"
        elif found := failures(profile):
            wrong[way, chip, signing] = found
    assert not wrong
    assert accepted > 900
    assert {"LDS-04", "LDS-08", "LDS-39", "LDS-40", "AA-10"} <= {case.number for case in static_cases()}


def test_a_card_spec_is_refused_for_what_a_profile_is_refused_for() -> None:
    for way, chip, signing in combinations():
        try:
            profile_of(spec_with(pace_of(way), False, chip, signing))
        except BadInput as refusal:
            assert not is_possible(way, chip, signing), refusal
            assert refusal.code in CODES
        else:
            assert is_possible(way, chip, signing), (way, chip, signing)


GROUP_SIZES = (8, 10, 13)
"""A small group, the one that does not go with the integrated mapping, and the usual one."""
FACTORS: dict[str, tuple[Any, ...]] = {
    "mapping": ("gm", "im", "cam"),
    "cipher": CIPHERS,
    "group": GROUP_SIZES,
    "bac": (False, True),
    "chip": (None, *product(GROUP_SIZES, ("3des", "aes-192"))),
    "signing": (None, ("sha256", 13, None), ("sha512", 17, None), ("sha512", None, 1024), ("sha384", None, 2048)),
}


def pairwise() -> list[dict[str, Any]]:
    """Possible combinations in which every pair of values stands that can stand together."""
    everything = [dict(zip(FACTORS, values, strict=True)) for values in product(*FACTORS.values())]
    possible = [each for each in everything if is_possible(*parts_of(each))]
    pairs = {id(each): set(combine(each.items(), 2)) for each in possible}
    left, chosen = set().union(*pairs.values()), []
    while left:
        best = max(possible, key=lambda each: len(pairs[id(each)] & left))
        chosen.append(best)
        left -= pairs[id(best)]
    return chosen


def parts_of(each: dict[str, Any]) -> tuple[PaceChoice, Any, Any]:
    chip, signing = each["chip"], each["signing"]
    return (
        PaceChoice(each["mapping"], each["cipher"], each["group"]),
        chip and ChipAuthenticationProfile(*chip),
        signing and ActiveAuthenticationProfile(*signing),
    )


@pytest.mark.parametrize("each", pairwise(), ids=lambda each: " ".join(map(str, each.values())))
def test_a_card_of_a_possible_combination_is_opened_and_passes_the_whole_suite(each: dict[str, Any]) -> None:
    way, chip, signing = parts_of(each)
    card = build(spec_with(pace_of(way), each["bac"], chip, signing))
    assert card.mrz is not None and card.can is not None
    passwords = [AccessPassword.from_mrz_information(card.mrz.information), AccessPassword.from_can(card.can)]
    transport = InProcessTransport(card.card, "emulator:test")
    entropy = SeededEntropy("terminal")
    results = run_cases(all_cases(), transport, gather(transport, passwords, (), entropy), entropy)
    assert {result.case.number: result.detail for result in results if result.status is Status.FAILED} == {}
