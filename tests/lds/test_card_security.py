"""EF.CardSecurity: the key of Chip Authentication Mapping as in worked example I.1 of ICAO Doc 9303-11, and as read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.asn1 import oids
from eid_toolkit.standards.asn1.security_infos import ChipAuthenticationPublicKeyInfo, SecurityInfos
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.domain_parameters import domain_by_id, ec_domain_by_name
from eid_toolkit.standards.crypto.ec import STANDARDIZED, EcPrivateKey, EcPublicKey
from eid_toolkit.standards.lds.card_security import CardSecurity, build_card_security
from support.authorities import Authority, new_key

VECTOR = json.loads((Path(__file__).parents[2] / "fixtures/vectors/icao_I1_pace_cam_ecdh.json").read_text("utf-8"))
EXAMPLE = bytes.fromhex(VECTOR["ca_public_key_info"])
PUBLIC = EcPublicKey.from_point(ec_domain_by_name("brainpoolP256r1"), b"\x04" + bytes.fromhex(VECTOR["pk_ic"]))


def written(key: EcPublicKey, key_id: int | None) -> SecurityInfos:
    info = ChipAuthenticationPublicKeyInfo(oids.ID_PK_ECDH, key.spki(explicit=True), key_id)
    authority, signer = Authority(), new_key()
    certificate = authority.signer(signer, authority.start, document_types=("ID",))
    data = build_card_security(SecurityInfos.of(info), "sha256", signer, certificate.der)
    assert CardSecurity.parse(data).is_signed()
    return CardSecurity.parse(data).security_infos


def test_the_key_is_written_as_in_the_worked_example() -> None:
    assert [info.encode() for info in written(PUBLIC, 13).entries] == [EXAMPLE]


@pytest.mark.parametrize("group", range(8, 19))
def test_a_key_is_read_with_its_group_numbered_written_out_or_named(group: int) -> None:
    key = EcPrivateKey.generate(domain_by_id(group), SystemEntropy()).public_key  # type: ignore[arg-type]
    forms = {key.numbered_spki, key.spki(explicit=True), key.spki(explicit=False)}
    assert len(forms) == 3
    assert {EcPublicKey.from_spki(form) for form in forms} == {key}


@pytest.mark.parametrize("number", [2, 7, 19, 1 << 40])
def test_a_number_that_is_no_curves_is_refused(number: int) -> None:
    algorithm = der.sequence(der.object_identifier(STANDARDIZED), der.integer(number))
    spki = tlv.encode(der.SEQUENCE, algorithm, der.bit_string(PUBLIC.point))
    with pytest.raises(BadInput):
        EcPublicKey.from_spki(spki)
