"""Files parsed and built, and a record set signed with the caller's key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from eid_toolkit import Trust, emulate, errors, files, judge, parse_file, read, sign_records
from eid_toolkit.books.keys.foreign import signer_of
from support.authorities import Authority

START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(start=START)


@pytest.fixture(scope="module")
def dumped() -> dict[str, bytes]:
    with emulate("utopia-id") as card:
        return read(card, card.can).files


@pytest.fixture(scope="module")
def groups(dumped: dict[str, bytes]) -> dict[int, bytes]:
    return {number: dumped[f"EF.DG{number}"] for number in (1, 2)}


class ModuleKey:
    """A key that does not leave its module, as a program may write it."""

    def __init__(self, algorithm: object, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
        self.algorithm, self._key = algorithm, key

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message: bytes) -> bytes:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(message, ec.ECDSA(hashes.SHA256()))


def document_layer(signed: dict[str, bytes], authority: Authority) -> str:
    verdict = judge(signed, Trust.of([authority.csca.der], [authority.crl(this_update=START).der]))
    return verdict.layers["document"]


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP521R1(), ec.BrainpoolP384R1()])
def test_an_ef_sod_signed_with_an_ec_key_is_genuine(
    curve: ec.EllipticCurve, groups: dict[int, bytes], authority: Authority
) -> None:
    key = ec.generate_private_key(curve)
    signed = sign_records(groups, key, authority.signer(signer_of(key), start=START).der)
    assert list(signed) == ["EF.COM", "EF.SOD", "EF.DG1", "EF.DG2"]
    assert document_layer(signed, authority) == "passed"


def test_an_ef_sod_signed_with_an_rsa_key_is_genuine(groups: dict[int, bytes], authority: Authority) -> None:
    key = rsa.generate_private_key(65537, 2048)
    signed = sign_records(groups, key, authority.signer(signer_of(key), start=START).der, digest="sha512")
    sod = parse_file(signed["EF.SOD"])
    assert isinstance(sod, files.Sod)
    assert (sod.digest, sod.lds_version) == ("sha512", "0108")
    assert document_layer(signed, authority) == "passed"


@pytest.mark.parametrize("family", ["ecdsa", "rsa-pkcs1"])
def test_an_ef_sod_signed_by_a_module_is_genuine(family: str, groups: dict[int, bytes], authority: Authority) -> None:
    key = ec.generate_private_key(ec.SECP256R1()) if family == "ecdsa" else rsa.generate_private_key(65537, 2048)
    module = ModuleKey(SimpleNamespace(family=family, digest="sha256", salt_length=None), key)
    certificate = x509.load_der_x509_certificate(authority.signer(module, start=START).der)
    assert document_layer(sign_records(groups, module, certificate), authority) == "passed"


def test_what_an_issuer_did_weakly_is_a_finding_with_a_sentence(groups: dict[int, bytes], authority: Authority) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    signed = sign_records(groups, key, authority.signer(signer_of(key), start=START).der, digest="sha1")
    verdict = judge(signed, Trust.of([authority.csca.der]))
    found = {each.reason: verdict.explain(each) for check in verdict.checks for each in check.findings}
    found |= {check.reason: verdict.explain(check) for check in verdict.checks if check.reason}
    assert "hashed with sha1" in found["weak-digest-of-data-groups"]


def test_a_key_of_another_certificate_signs_nothing(groups: dict[int, bytes], authority: Authority) -> None:
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    with pytest.raises(errors.BadInput, match="sod-key-of-another-certificate"):
        sign_records(groups, key, authority.signer(signer_of(other), start=START).der)


def test_what_cannot_sign_is_told(groups: dict[int, bytes], authority: Authority) -> None:
    with pytest.raises(TypeError, match="sign"):
        sign_records(groups, b"key", authority.csca.der)


@pytest.mark.parametrize("wrong", [b"", b"\x61", b"\x75\x00", b"no file"])
def test_what_is_no_data_group_of_that_number_is_not_signed(wrong: bytes, authority: Authority) -> None:
    with pytest.raises(errors.BadInput):
        sign_records({1: wrong}, ec.generate_private_key(ec.SECP256R1()), authority.csca.der)


def test_built_data_groups_are_signed(groups: dict[int, bytes], authority: Authority) -> None:
    mrz = files.Mrz.compose(
        files.MrzFormat.TD3,
        document_code="P",
        issuing_state="UTO",
        document_number="L898902C3",
        primary_identifier="Eriksson",
        secondary_identifier="Anna Maria",
        nationality="UTO",
        date_of_birth=files.PartialDate.parse("1974-08-12"),
        sex="F",
        date_of_expiry=files.PartialDate.parse("2034-04-15"),
    )
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.signer(signer_of(key), start=START, document_types=("P",)).der
    built = {1: files.Dg1(mrz), 2: groups[2], 11: files.Dg11.of(primary_identifier="Eriksson")}
    signed = sign_records(built, key, certificate, signing_time=START)
    assert list(signed) == ["EF.COM", "EF.SOD", "EF.DG1", "EF.DG2", "EF.DG11"]
    com = parse_file(signed["EF.COM"])
    assert isinstance(com, files.Com)
    assert com.data_groups == (1, 2, 11)


@pytest.mark.parametrize("name", ["EF.DG1", "DG1", "dg1", "EF_DG1.bin", None])
def test_a_file_is_parsed_by_its_name_or_by_its_tags(name: str | None, dumped: dict[str, bytes]) -> None:
    parsed = parse_file(dumped["EF.DG1"], name)
    assert isinstance(parsed, files.Dg1)
    assert parsed.mrz.primary_identifier == "ERIKSSON"


def test_every_file_of_a_card_is_told_by_its_tags(dumped: dict[str, bytes]) -> None:
    kinds = {name: type(parse_file(content)).__name__ for name, content in dumped.items()}
    assert kinds["EF.CardAccess"] == "CardAccess"
    assert kinds == {name: type(parse_file(content, name)).__name__ for name, content in dumped.items()}


def test_a_file_that_is_not_known_is_refused(dumped: dict[str, bytes]) -> None:
    with pytest.raises(errors.BadInput, match="file-name-unknown"):
        parse_file(dumped["EF.DG1"], "EF.DG17")
    with pytest.raises(errors.BadInput, match="decode-unknown"):
        parse_file(b"\x04\x00")
    with pytest.raises(errors.BadInput):
        parse_file(dumped["EF.DG1"], "EF.DG2")
