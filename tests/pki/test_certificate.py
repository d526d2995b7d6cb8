"""Certificates of others: read as they come, refused without a traceback."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.pki.certificate import Certificate, read_pem_or_der
from eid_toolkit.standards.pki.cms import SignedData
from eid_toolkit.standards.pki.countries import same_state, two_letters
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.extensions import SUBJECT_ALTERNATIVE_NAME, read_extensions
from eid_toolkit.standards.pki.names import LOCALITY, STATE_OR_PROVINCE, DistinguishedName
from support.authorities import Authority

SHARED = Path(__file__).parents[3] / "shared" / "data"
MASTER_LIST = SHARED / "master-lists" / "NL_ML_2025-07-29.ml"
NETHERLANDS = SHARED / "master-lists" / "NL_ROOT_CA.cer"
MADE = Authority()


@pytest.mark.skipif(not NETHERLANDS.exists(), reason="shared data absent")
def test_a_real_csca_is_read_and_its_signature_checked() -> None:
    ((_, data),) = read_pem_or_der(NETHERLANDS.read_bytes())
    csca = Certificate.parse(data)
    assert csca.country == "NL" and csca.extensions.is_ca
    assert csca.self_signed
    assert not csca.specimen and MADE.csca.specimen


@pytest.mark.skipif(not MASTER_LIST.exists(), reason="shared data absent")
def test_every_certificate_of_a_real_master_list_is_read_and_its_signature_checked() -> None:
    content = SignedData.parse(MASTER_LIST.read_bytes()).content
    _, certificates = tlv.parse(content, der.SEQUENCE).children()
    anchors = [Certificate.parse(item.encode()) for item in certificates.children()]
    assert len(anchors) == 394
    assert all(anchor.self_signed for anchor in anchors)
    assert all(anchor.state is None or same_state(anchor.state, anchor.country or "") for anchor in anchors)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes) -> None:
    for kind in (Certificate, Crl):
        with pytest.raises(BadInput):
            kind.parse(data)


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_certificate_is_refused_or_its_signature_is(data: st.DataObject) -> None:
    whole = MADE.csca.der
    position = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:position] + bytes((whole[position] ^ data.draw(st.integers(1, 255)),)) + whole[position + 1 :]
    try:
        certificate = Certificate.parse(damaged)
    except BadInput:
        return
    assert not certificate.is_signed_by(MADE.csca.spki) or certificate.tbs == MADE.csca.tbs


@given(st.integers(0, len(MADE.csca.der) - 1))
@settings(max_examples=60)
def test_a_truncated_certificate_is_refused(length: int) -> None:
    with pytest.raises(BadInput):
        Certificate.parse(MADE.csca.der[:length])


def test_a_malformed_extension_is_a_finding() -> None:
    identifier = MADE.csca.extensions.subject_key_identifier
    assert identifier is not None
    bad = MADE.csca.der.replace(b"\x04\x14" + identifier, b"\x05\x14" + identifier, 1)
    assert Certificate.parse(bad).extensions.malformed == ("2.5.29.14",)


def test_the_state_is_that_of_the_mrz_whatever_part_of_it_signs() -> None:
    """Hong Kong's certificates have L=CHN, ST=HKG (9303-12 7.1.1.2), its documents CHN."""
    name = DistinguishedName.build((LOCALITY, "CHN"), (STATE_OR_PROVINCE, "HKG")).der
    value = der.sequence(tlv.encode(0xA4, name))
    assert read_extensions({SUBJECT_ALTERNATIVE_NAME: (False, value)}).subject_alternative_names.state == "CHN"


def test_pem_and_der_give_the_same() -> None:
    body = base64.encodebytes(MADE.csca.der)
    pem = b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"
    assert read_pem_or_der(pem * 2) == (("CERTIFICATE", MADE.csca.der),) * 2
    assert read_pem_or_der(MADE.csca.der) == (("", MADE.csca.der),)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("UTO", "UT"),
        ("D", "de"),
        ("D<<", "DEU"),
        ("EUE", "EU"),
        ("UNO", "un"),
        ("XOM", "XO"),
        ("VNM", "vn "),
        ("RKS", "XK"),
    ],
)
def test_codes_of_one_state_are_the_same_in_any_form(first: str, second: str) -> None:
    assert same_state(first, second) and same_state(second, first)


def test_codes_of_two_states_differ() -> None:
    assert not same_state("UTO", "VNM")
    assert not same_state("AUT", "AU")
    assert two_letters("UTO") == "UT" and two_letters("QQQ") is None
