"""CV certificates: the BSI's worked example, our own of every algorithm, and what is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.pki import cv_certificate
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, READ_DG4, Authorization, Role, TerminalType
from eid_toolkit.standards.pki.cv_certificate import CvCertificate, CvExtension, KeyReference
from eid_toolkit.standards.pki.cv_public_key import ALGORITHMS, CvEcKey
from support.cv_chain import CvRsaSigner, CvSigner, Holder, cvca, ec_signer
from vectors import load

BSI = load("bsi_eac_cv_certificates")
CVCA, DV, TERMINAL = (CvCertificate.parse(bytes.fromhex(BSI[name])) for name in ("cvca_cert", "dv_cert", "ta_cert"))
CURVES = {"sha1": "secp224r1", "sha224": "brainpoolP224r1", "sha256": "brainpoolP256r1", "sha384": "secp384r1"}


def signer_for(oid: str) -> CvSigner:
    algorithm = ALGORITHMS[oid]
    if algorithm.family == "ecdsa":
        return ec_signer(ec_domain_by_name(CURVES.get(algorithm.digest, "brainpoolP512r1")), algorithm.digest)
    return CvRsaSigner(algorithm)


def test_the_worked_examples_chain_verifies() -> None:
    key = CVCA.content.public_key
    assert isinstance(key, CvEcKey)
    assert key.domain == ec_domain_by_name("brainpoolP512r1")
    assert CVCA.is_signed_by(key)
    assert DV.is_signed_by(key)
    assert TERMINAL.is_signed_by(DV.content.public_key.on(key.domain))
    assert not TERMINAL.is_signed_by(key)
    assert not DV.is_signed_by(TERMINAL.content.public_key.on(key.domain))


def test_the_worked_example_says_what_is_printed() -> None:
    content = TERMINAL.content
    assert (content.authority_reference.text, content.holder_reference.text) == ("DETESTDVDE019", "DETESTATDE019")
    assert (content.effective, content.expires) == (date(2010, 9, 30), date(2010, 10, 30))
    authorization = content.authorization
    assert (authorization.terminal_type, authorization.role) == (TerminalType.AUTHENTICATION_TERMINAL, Role.TERMINAL)
    assert authorization.rights_in_words == ("CAN allowed", "read DG1")
    assert DV.content.authorization.role_in_words == "document verifier, domestic"
    assert CVCA.content.authorization.rights_in_words == ("read DG3 (fingerprints)", "read DG4 (irises)")


@pytest.mark.parametrize("name", ["cvca_cert", "dv_cert", "ta_cert"])
def test_what_was_read_builds_to_the_same_bytes(name: str) -> None:
    data = bytes.fromhex(BSI[name])
    certificate = CvCertificate.parse(data)
    assert certificate.content.encode() == certificate.body
    assert certificate.encode() == data
    assert CvCertificate.parse_parts(certificate.parts) == certificate


def test_the_terminal_of_the_worked_example_signs_for_its_key() -> None:
    """Version 2 of the protocol, whose message begins like that of version 1: chip, challenge, terminal's key."""
    key = TERMINAL.content.public_key.on(ec_domain_by_name("brainpoolP512r1"))
    chip, terminal = (bytes.fromhex(BSI[name])[1:33] for name in ("picc_pub_key", "ca_pcd_pub_key"))
    message = chip + bytes.fromhex(BSI["ta_nonce"]) + terminal
    signature = bytes.fromhex(BSI["ta_pcd_signature"])
    assert key.verify(signature, message)
    for position in range(0, len(signature), 9):
        assert not key.verify(signature[:position] + b"\x55" + signature[position + 1 :], message)
    assert not key.verify(signature[:-1], message)
    assert not key.verify(signature, message[:-1])


@pytest.mark.parametrize("oid", ALGORITHMS)
def test_every_algorithm_certifies(oid: str) -> None:
    root = cvca(signer_for(oid))
    verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
    again = CvCertificate.parse(verifier.certificate.encode())
    assert again == verifier.certificate
    assert again.content.public_key.oid == oid
    assert again.is_signed_by(root.certificate.content.public_key)


def test_a_link_is_told_from_a_root() -> None:
    root = cvca()
    assert not root.certificate.is_link
    assert root.issue("UTCVCA00002", Role.CVCA).certificate.is_link
    assert not root.issue("UTDV00001", Role.DV_FOREIGN).certificate.is_link


def test_a_key_without_parameters_needs_its_issuers() -> None:
    root = cvca()
    verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
    terminal = verifier.issue("UTIS00001", Role.TERMINAL)
    key = verifier.certificate.content.public_key
    with pytest.raises(BadInput, match="cvc-domain-parameters-missing"):
        terminal.certificate.is_signed_by(key)
    assert terminal.certificate.is_signed_by(key.on(ec_domain_by_name("brainpoolP256r1")))
    with pytest.raises(BadInput):
        terminal.certificate.is_signed_by(key.on(ec_domain_by_name("secp256r1")))


def test_extensions_are_kept() -> None:
    root = cvca()
    extension = CvExtension("0.4.0.127.0.7.3.1.3.1", tlv.encode(0x80, b"hash") + tlv.encode(0x81, b"more"))
    content = replace(root.certificate.content, extensions=(extension, extension))
    certificate = CvCertificate.parse(cv_certificate.issue(content, root.signer).encode())
    assert certificate.content.extensions == (extension, extension)


@pytest.fixture(scope="module")
def chain() -> tuple[Holder, Holder]:
    root = cvca()
    return root, root.issue("UTDV00001", Role.DV_DOMESTIC)


def test_every_changed_byte_is_found(chain: tuple[Holder, Holder]) -> None:
    root, verifier = chain
    data = verifier.certificate.encode()
    for position in range(len(data)):
        for bit in (0x01, 0x80):
            changed = bytearray(data)
            changed[position] ^= bit
            try:
                assert not CvCertificate.parse(bytes(changed)).is_signed_by(root.certificate.content.public_key)
            except BadInput:
                continue


def test_a_part_of_a_certificate_is_none(chain: tuple[Holder, Holder]) -> None:
    data = chain[1].certificate.encode()
    for cut in range(len(data)):
        with pytest.raises(BadInput):
            CvCertificate.parse(data[:cut])
    with pytest.raises(BadInput):
        CvCertificate.parse(data + b"\x00")


def test_objects_missing_repeated_or_out_of_order_are_refused(chain: tuple[Holder, Holder]) -> None:
    objects = [item.encode() for item in tlv.parse(chain[0].certificate.body).children()]
    signature = tlv.encode(0x5F37, bytes(64))
    for at in range(len(objects)):
        for changed in (
            objects[:at] + objects[at + 1 :],
            [*objects[: at + 1], *objects[at:]],
            objects[:at] + objects[at : at + 2][::-1] + objects[at + 2 :],
        ):
            if changed != objects:
                with pytest.raises(BadInput):
                    CvCertificate.parse_parts(tlv.encode(0x7F4E, *changed) + signature)


def test_domain_parameters_of_ones_own_are_refused() -> None:
    body = cvca().certificate.body
    domain = ec_domain_by_name("brainpoolP256r1")
    for number in (domain.p, domain.a, domain.b, domain.gx, domain.n):
        value = number.to_bytes(32, "big")
        assert body.count(value) == 1
        with pytest.raises(BadInput, match="domain-parameters-unknown"):
            CvCertificate.parse_parts(
                body.replace(value, value[:-1] + bytes((value[-1] ^ 2,))) + tlv.encode(0x5F37, bytes(64))
            )


@pytest.mark.parametrize("text", ["", "UT00001", "UTCVCA000000000001", "UTĀBC00001"])
def test_a_reference_of_another_form_cannot_be_built(text: str) -> None:
    with pytest.raises(BadInput, match="cvc-reference-malformed"):
        KeyReference(text)


@pytest.mark.parametrize("data", ["", "0206010301", "02060103010000", "02060a010203", "020600000101", "020301030201"])
def test_what_is_no_date_is_refused(data: str) -> None:
    with pytest.raises(BadInput, match="cvc-date-malformed"):
        cv_certificate.parse_date(bytes.fromhex(data))


def test_dates_read_back() -> None:
    for day in (date(2000, 1, 1), date(2024, 2, 29), date(2099, 12, 31)):
        assert cv_certificate.parse_date(cv_certificate.encode_date(day)) == day
    with pytest.raises(BadInput):
        cv_certificate.encode_date(date(2100, 1, 1))


def test_rights_are_cut_to_those_of_the_issuer() -> None:
    inspection = TerminalType.INSPECTION_SYSTEM
    holder = Authorization(inspection, Role.TERMINAL, READ_DG3 | READ_DG4)
    limited = holder.limited_by(Authorization(inspection, Role.DV_FOREIGN, READ_DG4))
    assert limited == Authorization(inspection, Role.TERMINAL, READ_DG4)
    assert (limited.allows(READ_DG3), limited.allows(READ_DG4)) == (False, True)
    with pytest.raises(BadInput, match="cvc-rights-out-of-range"):
        Authorization(inspection, Role.TERMINAL, 1 << 6)


def test_who_may_issue_for_whom() -> None:
    allowed = {(issuer, holder) for issuer in Role for holder in Role if issuer.may_issue(holder)}
    verifiers = {Role.DV_DOMESTIC, Role.DV_FOREIGN}
    expected = {(Role.CVCA, Role.CVCA)} | {(Role.CVCA, holder) for holder in verifiers}
    assert allowed == expected | {(issuer, Role.TERMINAL) for issuer in verifiers}


def test_bits_without_a_meaning_are_named_by_number() -> None:
    reserved = Authorization(TerminalType.INSPECTION_SYSTEM, Role.TERMINAL, 0b100001)
    assert reserved.rights_in_words == ("read DG3 (fingerprints)", "reserved bit 5")
    words = Authorization(TerminalType.AUTHENTICATION_TERMINAL, Role.TERMINAL, (1 << 38) - 1).rights_in_words
    assert words[0] == "age verification"
    assert words[8:30] == tuple(f"read DG{number}" for number in range(1, 23))
    assert words[30:] == ("PSA", "reserved bit 31", *(f"write DG{number}" for number in range(22, 16, -1)))
