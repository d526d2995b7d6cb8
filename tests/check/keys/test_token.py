"""Keys in a PKCS #11 token (SoftHSM): made there, used there, never seen; and what is said when it is not well."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.pkcs11_uri import Pkcs11Uri
from eid_toolkit.books.keys.signers import RsaScheme
from eid_toolkit.books.keys.token import Token
from eid_toolkit.books.keys.token_keys import Access, write_access
from eid_toolkit.books.keys.token_module import translated
from eid_toolkit.ground.errors import AccessDenied, BadInput, EidError, IntegrityBroken, NotPermitted, ServiceAway
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.ports import Signer
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.kdf import counter_cmac, counter_cmac_by
from eid_toolkit.standards.crypto.signatures import verify
from eid_toolkit.standards.crypto.symmetric import aes_cmac
from eid_toolkit.work.office.founding import TokenPlace, found
from support.homes import CLOCK, ENTROPY, NOW
from support.people import People
from support.softhsm import PIN, SoftHsm
from support.waiting import beside


@pytest.fixture(scope="module")
def token(softhsm: SoftHsm) -> Token:
    return Token(Pkcs11Uri.parse(softhsm.token()), lambda: Secret(PIN.encode()))


def verifies(signer: Signer, message: bytes = b"message") -> bool:
    signature = signer.sign(message)
    return verify(signer.public_key, signer.algorithm, signature, message) and not verify(
        signer.public_key, signer.algorithm, signature, message + b"x"
    )


@pytest.mark.parametrize("curve", ["secp256r1", "secp384r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"])
def test_a_curve_key_is_made_in_the_token_and_signs(token: Token, curve: str) -> None:
    made = token.generate_ec(f"ec-{curve}", curve)
    assert verifies(made)
    found = token.signer(f"ec-{curve}", None, "rsa-pss")
    assert found.public_key == made.public_key
    assert verifies(found)
    assert verifies(token.ec_signer(f"ec-{curve}", "sha512"))  # a digest that is longer than the order is cut


@pytest.mark.parametrize("scheme", ["rsa-pss", "rsa-pkcs1"])
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_an_rsa_key_is_made_in_the_token_and_signs(token: Token, scheme: RsaScheme, digest: str) -> None:
    assert verifies(token.generate_rsa(f"rsa-{scheme}-{digest}", 2048, digest, scheme))
    assert verifies(token.signer(f"rsa-{scheme}-{digest}", digest, scheme))


def test_no_private_key_can_be_had_from_the_token(token: Token) -> None:
    import pkcs11

    token.generate_ec("stays", "secp256r1")
    token.generate_aes("stays-too", 16)
    with token._session() as session:
        for kind, attribute in (("PRIVATE_KEY", "VALUE"), ("SECRET_KEY", "VALUE")):
            label = "stays" if kind == "PRIVATE_KEY" else "stays-too"
            key = token._key(session, label, pkcs11.ObjectClass[kind])
            assert key[pkcs11.Attribute.SENSITIVE] is True
            assert key[pkcs11.Attribute.EXTRACTABLE] is False
            with pytest.raises((pkcs11.AttributeSensitive, pkcs11.AttributeTypeInvalid)):
                key[pkcs11.Attribute[attribute]]


def test_a_name_is_given_once_and_a_destroyed_key_is_gone(token: Token) -> None:
    signer = token.generate_ec("once", "secp256r1")
    with pytest.raises(NotPermitted, match="key-exists"):
        token.generate_ec("once", "secp256r1")
    token.destroy("once")
    assert "once" not in token.names()
    with pytest.raises(IntegrityBroken, match="key-missing"):
        signer.sign(b"x")
    with pytest.raises(IntegrityBroken, match="key-missing"):
        token.destroy("once")


def test_derivation_in_the_token_is_that_of_a_key_in_a_file(token: Token) -> None:
    import pkcs11

    value = bytes(range(16))
    with token._session() as session:
        template = {pkcs11.Attribute.SIGN: True, pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: "known"}
        keyed = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY, pkcs11.Attribute.VALUE: value, **template}
        session.create_object({**keyed, pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.AES})
    assert token.cmac("known", b"abc") == aes_cmac(value, b"abc")
    for length in (16, 24, 32):
        in_token = counter_cmac_by(lambda message: token.cmac("known", message), 0xE1, length, b"identity")
        assert in_token == counter_cmac(Secret(value), 0xE1, length, b"identity")


def test_several_threads_sign_at_once(token: Token) -> None:
    signer = token.generate_ec("threads", "secp256r1")
    failed: list[bool] = []

    def work() -> None:
        failed.extend(not verifies(signer, bytes((number,))) for number in range(50))

    with beside(*[work] * 4):
        pass
    assert len(failed) == 200
    assert not any(failed)


def test_a_wrong_pin_is_told_and_not_tried_again(softhsm: SoftHsm) -> None:
    asked = []

    def ask() -> Secret:
        asked.append(1)
        return Secret(b"wrong-pin")

    stranger = Token(Pkcs11Uri.parse(softhsm.token()), ask)
    with pytest.raises(AccessDenied, match="token-pin-wrong"):
        stranger.generate_ec("x", "secp256r1")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("uri", "error", "code"),
    [
        ("pkcs11:token=nobody?module-path={module}", ServiceAway, "token-missing"),
        ("pkcs11:token=nobody?module-path=/nowhere/lib.so", ServiceAway, "token-module-missing"),
    ],
)
def test_a_token_that_is_not_there_is_named(softhsm: SoftHsm, uri: str, error: type[EidError], code: str) -> None:
    away = Token(Pkcs11Uri.parse(uri.format(module=softhsm.module)), lambda: Secret(PIN.encode()))
    with pytest.raises(error, match=code):
        away.names()


def test_what_the_token_does_not_make_is_no_traceback(token: Token) -> None:
    with pytest.raises(BadInput, match="rsa-size-unsupported"):
        token.generate_rsa("tiny", 512, "sha256", "rsa-pss")


class TestUri:
    def test_the_parts_of_a_uri(self) -> None:
        text = "pkcs11:token=My%20token;serial=0001;manufacturer=SoftHSM%20project?module-path=/lib/m.so&x-note=a"
        assert Pkcs11Uri.parse(text) == Pkcs11Uri("/lib/m.so", "My token", "0001", "SoftHSM project")

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("http://x", "pkcs11-uri-malformed"),
            ("pkcs11:token=a", "pkcs11-uri-malformed"),
            ("pkcs11:?module-path=/m.so", "pkcs11-uri-malformed"),
            ("pkcs11:token=a;token=b?module-path=/m.so", "pkcs11-uri-malformed"),
            ("pkcs11:token=%zz?module-path=/m.so", "pkcs11-uri-malformed"),
            ("pkcs11:token=%ff?module-path=/m.so", "pkcs11-uri-malformed"),
            ("pkcs11:colour=red?module-path=/m.so", "pkcs11-uri-malformed"),
            ("pkcs11:token=a?module-path=/m.so&pin-value=1234", "pkcs11-uri-with-pin"),
            ("pkcs11:token=a?module-path=/m.so&pin-source=file:/x", "pkcs11-uri-with-pin"),
        ],
    )
    def test_what_is_no_uri_of_a_token_is_refused(self, text: str, code: str) -> None:
        with pytest.raises(BadInput, match=code):
            Pkcs11Uri.parse(text)

    @given(st.text(max_size=60))
    def test_anything_else_is_refused_or_read(self, text: str) -> None:
        try:
            Pkcs11Uri.parse("pkcs11:" + text)
        except BadInput as error:
            assert "1234" not in str(error) or "1234" in text


@pytest.mark.parametrize(
    ("raised", "error", "code"),
    [
        ("PinLocked", AccessDenied, "token-pin-locked"),
        ("PinExpired", AccessDenied, "token-pin-locked"),
        ("PinIncorrect", AccessDenied, "token-pin-wrong"),
        ("MechanismInvalid", NotPermitted, "token-mechanism-missing"),
        ("DomainParamsInvalid", NotPermitted, "token-key-unsupported"),
        ("DeviceRemoved", ServiceAway, "token-failed"),
        ("TokenNotPresent", ServiceAway, "token-failed"),
    ],
)
def test_what_a_token_says_becomes_an_error_of_ours(raised: str, error: type[EidError], code: str) -> None:
    from pkcs11 import exceptions

    with pytest.raises(error, match=code), translated("a token"):
        raise getattr(exceptions, raised)


def test_a_home_is_refused_by_a_token_without_cmac(
    softhsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What chips' keys follow from has to work before anything rests on it."""

    def missing(self: Token, name: str, message: bytes) -> bytes:
        raise NotPermitted("token-mechanism-missing", token="old")

    monkeypatch.setattr(Token, "cmac", missing)
    config = HomeConfig("UTO", "Ministry of Utopia", True, NOW)
    uri = softhsm.token()
    tokens = {Compartment.CARDS: TokenPlace(uri, Secret(PIN.encode()))}
    with pytest.raises(NotPermitted, match="token-mechanism-missing"):
        found(tmp_path / "home", config, (), (), CLOCK, ENTROPY, tokens=tokens)
    assert not (tmp_path / "home").exists()
    assert Token(Pkcs11Uri.parse(uri), lambda: Secret(PIN.encode())).names() == ()


def test_a_compartment_has_its_keys_in_its_token_and_tells_no_pin(softhsm: SoftHsm, tmp_path: Path) -> None:
    keys, uri = People(tmp_path / "home").keys, softhsm.token()
    signing = keys.sealing_key(Compartment.DOCUMENT_SIGNING)
    write_access(keys.directory, Compartment.DOCUMENT_SIGNING, signing, Access(uri, PIN), ENTROPY)
    made = keys.generate_ec("ds-uto-1", "secp256r1")
    assert verifies(made)
    keys.generate_ec("csca-uto-1", "secp256r1")
    assert Token(Pkcs11Uri.parse(uri), lambda: Secret(PIN.encode())).names() == ("ds-uto-1",)
    assert sorted(path.name for path in keys.directory.glob("*uto-1*")) == ["csca-uto-1.p8", "ds-uto-1.token"]
    assert not any(PIN.encode() in path.read_bytes() for path in keys.directory.iterdir())
    with pytest.raises(NotPermitted, match="token-takes-no-key"):
        keys.add_ec("ds-uto-2", EcPrivateKey.generate(ec_domain_by_name("secp256r1"), ENTROPY))


def test_a_compartment_whose_access_was_changed_or_moved_is_told(softhsm: SoftHsm, tmp_path: Path) -> None:
    keys, uri = People(tmp_path / "home").keys, softhsm.token()
    signing = keys.sealing_key(Compartment.DOCUMENT_SIGNING)
    write_access(keys.directory, Compartment.DOCUMENT_SIGNING, signing, Access(uri, PIN), ENTROPY)
    access = keys.directory / "document-signing.access"
    (keys.directory / "csca.access").write_bytes(access.read_bytes())
    access.write_bytes(bytes((access.read_bytes()[0] ^ 1,)) + access.read_bytes()[1:])
    for name in ("ds-uto-1", "csca-uto-1"):
        with pytest.raises(IntegrityBroken):
            keys.generate_ec(name, "secp256r1")
    assert not list(keys.directory.glob("*uto-1*"))
