"""Domain parameters that a card writes out: taken where they are a standardized group's, refused where they are not."""

from __future__ import annotations

import pytest

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import StoredFile
from eid_toolkit.cards.terminal.access import AccessResult, open_access
from eid_toolkit.ground.errors import BadInput, EidError
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.asn1.oids import ID_PACE, ID_PK_ECDH, ChipAuthenticationProtocol, PaceProtocol
from eid_toolkit.standards.asn1.security_infos import (
    ChipAuthenticationInfo,
    ChipAuthenticationPublicKeyInfo,
    PaceDomainParameterInfo,
    PaceInfo,
    SecurityInfos,
)
from eid_toolkit.standards.codec import der
from eid_toolkit.standards.crypto.algorithm_parameters import STANDARDIZED, domain_from_algorithm
from eid_toolkit.standards.crypto.dh import PKCS3, X942
from eid_toolkit.standards.crypto.domain_parameters import DhDomain, EcDomain, domain_by_id, explicit_ec_parameters
from eid_toolkit.standards.crypto.ec import EC_PUBLIC_KEY
from eid_toolkit.standards.crypto.standard_groups import DH, EC
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.protocols import chip_authentication
from eid_toolkit.standards.protocols.pace import PaceParameters
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import AccessRule
from support.authorities import new_key
from support.card_states import Line, issued_memory
from support.emulated import CAN

ECDH_GM, DH_GM = f"{ID_PACE}.2", f"{ID_PACE}.1"
LOCAL = 32
"""The first number that is not the standard's own."""


def ec_parameters(domain: EcDomain, *, named: bool = False) -> bytes:
    parameters = der.object_identifier(domain.oid) if named else explicit_ec_parameters(domain)
    return der.sequence(der.object_identifier(EC_PUBLIC_KEY), parameters)


def dh_parameters(domain: DhDomain, oid: str = PKCS3) -> bytes:
    numbers = (domain.p, domain.g) if oid == PKCS3 else (domain.p, domain.g, domain.q)
    return der.sequence(der.object_identifier(oid), der.sequence(*map(der.integer, numbers)))


def by_number(number: int) -> bytes:
    return der.sequence(der.object_identifier(STANDARDIZED), der.integer(number))


def curve(parameter_id: int) -> EcDomain:
    domain = domain_by_id(parameter_id)
    assert isinstance(domain, EcDomain)
    return domain


def gm(number: int | None, agreement: str = "ecdh") -> PaceInfo:
    return PaceInfo(PaceProtocol.of(agreement, "gm", "aes-128").oid, 2, number)  # type: ignore[arg-type]


@pytest.mark.parametrize("parameter_id", EC)
def test_every_standardized_curve_is_known_written_out_named_and_by_number(parameter_id: int) -> None:
    domain = curve(parameter_id)
    for algorithm in (ec_parameters(domain), ec_parameters(domain, named=True), by_number(parameter_id)):
        assert domain_from_algorithm(algorithm) == domain
        beside = PaceDomainParameterInfo(ECDH_GM, algorithm, LOCAL)
        found = PaceParameters.of(gm(LOCAL), [beside])
        assert (found.domain, found.reference) == (domain, LOCAL)


@pytest.mark.parametrize("parameter_id", DH)
@pytest.mark.parametrize("oid", [PKCS3, X942])
def test_every_standardized_dh_group_is_known_written_out(parameter_id: int, oid: str) -> None:
    domain = domain_by_id(parameter_id)
    assert isinstance(domain, DhDomain)
    beside = PaceDomainParameterInfo(DH_GM, dh_parameters(domain, oid), LOCAL)
    assert PaceParameters.of(gm(LOCAL, "dh"), [beside]).domain == domain


def test_a_single_group_needs_no_number() -> None:
    beside = PaceDomainParameterInfo(ECDH_GM, ec_parameters(curve(13)))
    assert PaceParameters.of(gm(None), [beside]).reference is None


@pytest.mark.parametrize(
    ("info", "beside"),
    [
        (gm(None), []),
        (gm(LOCAL), []),
        (gm(LOCAL), [PaceDomainParameterInfo(ECDH_GM, ec_parameters(curve(13)), LOCAL + 1)]),
        (gm(LOCAL), [PaceDomainParameterInfo(DH_GM, ec_parameters(curve(13)), LOCAL)]),  # of another mapping
        (gm(LOCAL), [PaceDomainParameterInfo(ECDH_GM, dh_parameters(domain_by_id(0)), LOCAL)]),  # type: ignore[arg-type]
        (gm(12), [PaceDomainParameterInfo(ECDH_GM, ec_parameters(curve(13)), 12)]),  # a standard number for another
        (gm(LOCAL), [PaceDomainParameterInfo(ECDH_GM, ec_parameters(curve(n)), LOCAL) for n in (12, 13)]),
        (gm(-1), [PaceDomainParameterInfo(ECDH_GM, ec_parameters(curve(13)), -1)]),
        (gm(1 << 16), [PaceDomainParameterInfo(ECDH_GM, ec_parameters(curve(13)), 1 << 16)]),
    ],
)
def test_what_says_no_group_or_two_is_not_used(info: PaceInfo, beside: list[PaceDomainParameterInfo]) -> None:
    with pytest.raises(BadInput):
        PaceParameters.of(info, beside)


def test_a_group_of_the_cards_own_making_is_refused() -> None:
    genuine = curve(13)
    good = explicit_ec_parameters(genuine)
    for number in (genuine.p, genuine.a, genuine.b, genuine.gx, genuine.gy, genuine.n):
        changed = good.replace(number.to_bytes(32, "big"), (number ^ 2).to_bytes(32, "big"))
        assert changed != good
        with pytest.raises(BadInput, match="domain-parameters-unknown"):
            domain_from_algorithm(der.sequence(der.object_identifier(EC_PUBLIC_KEY), changed))
    group = domain_by_id(0)
    assert isinstance(group, DhDomain)
    weak = der.sequence(der.object_identifier(PKCS3), der.sequence(der.integer(group.p), der.integer(group.p - 1)))
    for algorithm in (weak, by_number(3), der.sequence(der.object_identifier("1.2.3"), der.null()), der.sequence()):
        with pytest.raises(BadInput):
            domain_from_algorithm(algorithm)


def open_with(*infos: PaceInfo | PaceDomainParameterInfo) -> AccessResult:
    memory = issued_memory()
    content = CardAccess(SecurityInfos.of(*infos)).encode()
    memory.part(EmrtdMemory).files[ElementaryFile.CARD_ACCESS] = StoredFile(AccessRule.ALWAYS, content)
    return open_access(Line.to(memory).session, AccessPassword.from_can(CAN), SystemEntropy(), allow_bac=False)


@pytest.mark.parametrize("number", [None, LOCAL, 300])
def test_a_card_with_its_group_written_out_is_opened(number: int | None) -> None:
    opened = open_with(gm(number), PaceDomainParameterInfo(ECDH_GM, ec_parameters(curve(14)), number))
    assert opened.parameters is not None
    assert opened.parameters.domain.parameter_id == 14


def test_of_two_written_out_the_stronger_is_chosen_and_named() -> None:
    beside = [PaceDomainParameterInfo(ECDH_GM, ec_parameters(curve(n)), LOCAL + n) for n in (9, 16)]
    opened = open_with(gm(LOCAL + 9), gm(LOCAL + 16), *beside)
    assert opened.parameters is not None
    assert (opened.parameters.domain.parameter_id, opened.parameters.reference) == (16, LOCAL + 16)


def test_a_card_that_made_its_group_up_is_not_opened_by_it() -> None:
    changed = bytearray(ec_parameters(curve(13)))
    changed[-1] ^= 1  # the cofactor
    with pytest.raises(EidError, match="pace-not-possible"):
        open_with(gm(LOCAL), PaceDomainParameterInfo(ECDH_GM, bytes(changed), LOCAL))


@pytest.mark.parametrize("key_id", [-1, 1 << 16, 1 << 4000])
def test_a_chip_key_that_cannot_be_named_is_passed_over(key_id: int) -> None:
    infos = SecurityInfos.of(
        ChipAuthenticationInfo(ChipAuthenticationProtocol.of("ecdh", "aes-128").oid, key_id=key_id),
        ChipAuthenticationPublicKeyInfo(ID_PK_ECDH, new_key().public_key, key_id),
    )
    assert chip_authentication.choices(SecurityInfos.parse(infos.encode())) == ()
