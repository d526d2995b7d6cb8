"""Signatures and their algorithm identifiers against `cryptography` and `ecdsa`."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache

import ecdsa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec as native
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from ecdsa.util import sigdecode_der, sigdecode_string, sigencode_der
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import AccessDenied, BadInput
from eid_toolkit.ground.ports import SignatureAlgorithm, SystemEntropy
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS, digest, digest_by_oid
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey, der_to_plain, plain_to_der
from eid_toolkit.standards.crypto.signatures import (
    algorithm_from_der,
    algorithm_to_der,
    algorithms_agree,
    lacks_null,
    verify,
)

CURVES = {
    "secp192r1": ecdsa.NIST192p, "brainpoolP192r1": ecdsa.BRAINPOOLP192r1, "secp224r1": ecdsa.NIST224p,
    "brainpoolP224r1": ecdsa.BRAINPOOLP224r1, "secp256r1": ecdsa.NIST256p, "brainpoolP256r1": ecdsa.BRAINPOOLP256r1,
    "brainpoolP320r1": ecdsa.BRAINPOOLP320r1, "secp384r1": ecdsa.NIST384p, "brainpoolP384r1": ecdsa.BRAINPOOLP384r1,
    "brainpoolP512r1": ecdsa.BRAINPOOLP512r1, "secp521r1": ecdsa.NIST521p,
}  # fmt: skip
DIGESTS = ["sha1", "sha224", "sha256", "sha384", "sha512"]
MESSAGE = b"to be signed"


def key_on(name: str) -> EcPrivateKey:
    return EcPrivateKey.generate(ec_domain_by_name(name), SystemEntropy())


@pytest.mark.parametrize("name", CURVES)
def test_what_we_sign_others_verify_and_the_other_way_round(name: str) -> None:
    key = key_on(name)
    theirs = ecdsa.SigningKey.from_string(key.scalar.reveal(), CURVES[name])
    for algorithm in ("sha224", "sha256", "sha512"):
        hashed = hashlib.new(algorithm, MESSAGE).digest()
        for signature, decode in (
            (key.sign(MESSAGE, algorithm), sigdecode_der),
            (key.sign_plain(MESSAGE, algorithm), sigdecode_string),
        ):
            assert theirs.verifying_key.verify_digest(signature, hashed, sigdecode=decode, allow_truncate=True)
        theirs_signed = theirs.sign_digest(hashed, sigencode=sigencode_der, allow_truncate=True)
        for explicit in (True, False):
            spki = key.public_key.spki(explicit=explicit)
            wanted = SignatureAlgorithm("ecdsa", algorithm)
            assert verify(spki, wanted, theirs_signed, MESSAGE)
            assert not verify(spki, wanted, theirs_signed, MESSAGE + b"!")
            assert not verify(key_on(name).public_key.spki(), wanted, theirs_signed, MESSAGE)


@pytest.mark.parametrize("name", ["brainpoolP256r1", "brainpoolP320r1"])
@given(signature=st.binary(max_size=80))
def test_bytes_that_are_no_signature_are_false_and_no_error(name: str, signature: bytes) -> None:
    assert not verify(_public(name), SignatureAlgorithm("ecdsa", "sha256"), signature, MESSAGE)


@cache
def _public(name: str) -> bytes:
    return key_on(name).public_key.spki()


@pytest.mark.parametrize("name", ["brainpoolP256r1", "brainpoolP320r1"])
def test_degenerate_signatures_are_false(name: str) -> None:
    n = ec_domain_by_name(name).n
    for r in (0, 1, n, n + 1, -1):
        for s in (0, 1, n):
            signature = der.sequence(der.integer(r), der.integer(s))
            assert not verify(_public(name), SignatureAlgorithm("ecdsa", "sha256"), signature, MESSAGE)


def encodings(r: int, s: int, n: int) -> dict[str, bytes]:
    """The same numbers as no DER writes them, and numbers that mean the same modulo the order (after Wycheproof)."""
    one, two = der.integer(r), der.integer(s)
    body, good = one + two, der.sequence(one, two)
    padded = b"\x02" + bytes((len(one) - 1,)) + b"\x00" + one[2:]
    negative = tlv.encode(der.INTEGER, r.to_bytes((r.bit_length() + 7) // 8, "big"))
    return {
        "length in a longer form": b"\x30\x82" + len(body).to_bytes(2, "big") + body,
        "length of a number in a longer form": der.sequence(b"\x02\x81" + one[1:], two),
        "indefinite length": b"\x30\x80" + body + b"\x00\x00",
        "zeros before a number": der.sequence(padded, two),
        "bytes behind": good + b"\x00",
        "an object behind": good + b"\x05\x00",
        "bytes behind the numbers": der.sequence(one, two, b"\x05\x00"),
        "a number three times": der.sequence(one, two, two),
        "one number": der.sequence(one),
        "numbers in a SET": tlv.encode(der.SET, body),
        "a number as octets": der.sequence(der.octet_string(one[2:]), two),
        "without the zero before a high bit": der.sequence(negative if negative != one else padded, two),
        "r behind the order": der.sequence(der.integer(r + n), two),
        "s behind the order": der.sequence(one, der.integer(s + n)),
        "s negated below zero": der.sequence(one, der.integer(s - n)),
        "an empty number": der.sequence(b"\x02\x00", two),
        "nothing": b"",
    }


@pytest.mark.parametrize("name", CURVES)
def test_a_signature_has_one_form_on_every_curve(name: str) -> None:
    key, n = key_on(name), ec_domain_by_name(name).n
    signature = key.sign(MESSAGE, "sha256")
    r, s = (der.read_integer(part) for part in tlv.parse(signature).children())
    wanted, spki = SignatureAlgorithm("ecdsa", "sha256"), key.public_key.spki()
    assert verify(spki, wanted, signature, MESSAGE)
    taken = {how for how, odd in encodings(r, s, n).items() if verify(spki, wanted, odd, MESSAGE)}
    assert taken == set()


def emsa(content: bytes, size: int) -> bytes:
    """EMSA-PKCS1-v1_5 around a DigestInfo (RFC 8017 9.2)."""
    return b"\x00\x01" + b"\xff" * (size - len(content) - 3) + b"\x00" + content


def raw_rsa(block: bytes) -> bytes:
    """RSASP1 by the test's key."""
    numbers = rsa_key().private_numbers()
    n = numbers.public_numbers.n
    return pow(int.from_bytes(block, "big"), numbers.d, n).to_bytes((n.bit_length() + 7) // 8, "big")


def digest_info(name: str, *parameters: bytes, value: bytes | None = None, oid: str | None = None) -> bytes:
    algorithm = der.sequence(der.object_identifier(oid or DIGEST_OIDS[name]), *parameters)
    return der.sequence(algorithm, der.octet_string(digest(name, MESSAGE) if value is None else value))


@pytest.mark.parametrize("name", DIGESTS)
def test_a_digest_info_without_null_is_the_signers_and_is_told(name: str) -> None:
    wanted, size = SignatureAlgorithm("rsa-pkcs1", name), 256
    usual, odd = (raw_rsa(emsa(content, size)) for content in (digest_info(name, der.null()), digest_info(name)))
    assert verify(rsa_spki(), wanted, usual, MESSAGE) and verify(rsa_spki(), wanted, odd, MESSAGE)
    assert not lacks_null(rsa_spki(), wanted, usual, MESSAGE)
    assert lacks_null(rsa_spki(), wanted, odd, MESSAGE)
    assert not verify(rsa_spki(), wanted, odd, b"another message")
    assert not lacks_null(rsa_spki(), SignatureAlgorithm("rsa-pss", name, 20), odd, MESSAGE)


BARE = digest_info("sha256")
BLOCKS = {
    "bytes behind the digest": emsa(BARE + bytes(8), 256),
    "padding cut short, the rest behind": b"\x00\x01" + b"\xff" * 8 + b"\x00" + BARE + b"\x55" * (245 - len(BARE)),
    "another byte in the padding": emsa(BARE, 256).replace(b"\xff\xff", b"\xff\xfe", 1),
    "a zero in the padding": emsa(BARE, 256).replace(b"\xff\xff", b"\xff\x00", 1),
    "block type 2": b"\x00\x02" + emsa(BARE, 256)[2:],
    "block type 0": b"\x00\x00" + emsa(BARE, 256)[2:],
    "no zero behind the padding": b"\x00\x01" + b"\xff" * (254 - len(BARE)) + BARE,
    "NULL with content": emsa(digest_info("sha256", tlv.encode(der.NULL, b"\x00")), 256),
    "other parameters": emsa(digest_info("sha256", der.octet_string(b"")), 256),
    "NULL twice": emsa(digest_info("sha256", der.null(), der.null()), 256),
    "another digest's identifier": emsa(digest_info("sha256", oid=DIGEST_OIDS["sha512"]), 256),
    "a digest cut short": emsa(digest_info("sha256", value=digest("sha256", MESSAGE)[:-1]), 256),
    "the digest alone": emsa(digest("sha256", MESSAGE), 256),
    "a length in a longer form": emsa(b"\x30\x81" + BARE[1:], 256),
    "an indefinite length": emsa(b"\x30\x80" + BARE[2:] + b"\x00\x00", 256),
}


@pytest.mark.parametrize("block", BLOCKS)
def test_nothing_else_of_the_padding_is_lenient(block: str) -> None:
    wanted = SignatureAlgorithm("rsa-pkcs1", "sha256")
    assert len(BLOCKS[block]) == 256
    signature = raw_rsa(BLOCKS[block])
    assert not verify(rsa_spki(), wanted, signature, MESSAGE)
    assert not lacks_null(rsa_spki(), wanted, signature, MESSAGE)


def test_a_signature_without_null_has_the_size_of_the_key_and_is_below_it() -> None:
    wanted, n = SignatureAlgorithm("rsa-pkcs1", "sha256"), rsa_key().public_key().public_numbers().n
    good = raw_rsa(emsa(BARE, 256))
    above = int.from_bytes(good, "big") + n
    odd = [b"\x00" + good, good[1:], good + b"\x00", b""]
    odd += [above.to_bytes(256, "big")] if above.bit_length() <= 2048 else []
    assert not any(verify(rsa_spki(), wanted, signature, MESSAGE) for signature in odd)


def test_a_cube_root_is_no_signature_without_null() -> None:
    """With the exponent 3 a number whose cube begins like a block is found without the private key."""
    n = rsa.generate_private_key(3, 2048).public_key().public_numbers().n
    start = b"\x00\x01" + b"\xff" * 8 + b"\x00" + BARE
    wanted = int.from_bytes(start + b"\x00" * (256 - len(start)), "big")
    low, high = 0, 1 << 2048
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**3 <= wanted else (low, middle)
    forged = high.to_bytes(256, "big")
    assert (high**3).to_bytes(256, "big").startswith(start)
    assert not verify(rsa_public(n, 3), SignatureAlgorithm("rsa-pkcs1", "sha256"), forged, MESSAGE)


def identifier(oid: str, *parameters: bytes) -> bytes:
    return der.sequence(der.object_identifier(oid), *parameters)


ECDSA_256, RSA_256, PSS = "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.10"
FULL_PSS = algorithm_to_der(SignatureAlgorithm("rsa-pss", "sha1", 20))


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (identifier(RSA_256, der.null()), identifier(RSA_256), True),
        (identifier(ECDSA_256), identifier(ECDSA_256, der.null()), True),
        (identifier("1.2.3.4"), identifier("1.2.3.4", der.null()), True),
        (identifier(PSS), FULL_PSS, True),  # the defaults of RFC 4055 3.1, written out
        (identifier(PSS), algorithm_to_der(SignatureAlgorithm("rsa-pss", "sha256", 32)), False),
        (identifier(RSA_256), identifier(ECDSA_256), False),
        (identifier(RSA_256), identifier("1.2.840.113549.1.1.5"), False),
        (identifier("1.2.3.4"), identifier("1.2.3.4", der.integer(1)), False),
        (identifier(RSA_256), b"\x30\x00", False),
        (identifier(RSA_256), b"", False),
    ],
)
def test_identifiers_agree_if_they_mean_the_same(one: bytes, other: bytes, agree: bool) -> None:
    assert algorithms_agree(one, other) is algorithms_agree(other, one) is agree
    assert algorithms_agree(one, one)


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def rsa_spki() -> bytes:
    return (
        rsa_key().public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


SCHEMES = {
    **{("rsa-pkcs1", name, None): padding.PKCS1v15() for name in DIGESTS},
    **{
        ("rsa-pss", name, salt): padding.PSS(padding.MGF1(getattr(hashes, name.upper())()), salt)
        for name in DIGESTS
        for salt in (0, 20, 32, 64)
    },
}


@pytest.mark.parametrize(("family", "name", "salt"), SCHEMES)
def test_rsa_signatures_verify_by_their_own_scheme_alone(family, name: str, salt: int | None) -> None:
    signature = rsa_key().sign(MESSAGE, SCHEMES[family, name, salt], getattr(hashes, name.upper())())
    fitting = {scheme for scheme in SCHEMES if verify(rsa_spki(), SignatureAlgorithm(*scheme), signature, MESSAGE)}
    assert fitting == {(family, name, salt)}
    assert not verify(rsa_spki(), SignatureAlgorithm(family, name, salt), signature, b"another message")


@pytest.mark.parametrize(("name", "mask"), [("sha256", "sha1"), ("sha1", "sha256"), ("sha512", "sha256")])
def test_the_digest_of_the_mask_may_be_another_than_that_of_the_message(name: str, mask: str) -> None:
    scheme = padding.PSS(padding.MGF1(getattr(hashes, mask.upper())()), 20)
    signature = rsa_key().sign(MESSAGE, scheme, getattr(hashes, name.upper())())
    mgf1 = der.sequence(der.object_identifier("1.2.840.113549.1.1.8"), digest_identifier(mask))
    parameters = [tlv.encode(0xA0, digest_identifier(name)), *([tlv.encode(0xA1, mgf1)] if mask != "sha1" else [])]
    identifier = der.sequence(der.object_identifier("1.2.840.113549.1.1.10"), der.sequence(*parameters))
    algorithm = algorithm_from_der(identifier)
    assert algorithm == SignatureAlgorithm("rsa-pss", name, 20, mask)
    assert verify(rsa_spki(), algorithm, signature, MESSAGE)
    assert not verify(rsa_spki(), SignatureAlgorithm("rsa-pss", name, 20), signature, MESSAGE)


def digest_identifier(name: str) -> bytes:
    return der.sequence(der.object_identifier(DIGEST_OIDS[name]), der.null())


@pytest.mark.parametrize("salt", [0, 20, 64, 512])
@pytest.mark.parametrize("bits", [512, 520, 1024])
def test_a_key_too_short_for_the_scheme_signed_nothing(bits: int, salt: int) -> None:
    key = rsa_public((1 << (bits - 1)) + 9, 65537)
    for algorithm in (SignatureAlgorithm("rsa-pss", "sha512", salt), SignatureAlgorithm("rsa-pkcs1", "sha512")):
        for length in (0, 1, bits // 8, bits):
            with suppress(BadInput):
                assert not verify(key, algorithm, bytes(length), MESSAGE)


def certificate(key, digest_name: str, scheme=None) -> bytes:
    """The signature algorithm of a certificate that `cryptography` made."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "UT")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(key, getattr(hashes, digest_name.upper())(), rsa_padding=scheme)
    )
    return tlv.parse(made.public_bytes(serialization.Encoding.DER)).children()[1].encode()


@pytest.mark.parametrize("name", DIGESTS[1:])
def test_algorithm_identifiers_are_those_that_others_write(name: str) -> None:
    curve_key = native.generate_private_key(native.SECP256R1())
    identifiers = {SignatureAlgorithm("ecdsa", name): certificate(curve_key, name)}
    identifiers[SignatureAlgorithm("rsa-pkcs1", name)] = certificate(rsa_key(), name, padding.PKCS1v15())
    pss = padding.PSS(padding.MGF1(getattr(hashes, name.upper())()), 32)
    identifiers[SignatureAlgorithm("rsa-pss", name, 32)] = certificate(rsa_key(), name, pss)
    for algorithm, encoded in identifiers.items():
        assert algorithm_to_der(algorithm) == encoded
        assert algorithm_from_der(encoded) == algorithm


def test_the_variants_that_are_met_are_read() -> None:
    ecdsa_null = der.sequence(der.object_identifier("1.2.840.10045.4.3.2"), der.null())
    assert algorithm_from_der(ecdsa_null) == SignatureAlgorithm("ecdsa", "sha256")
    pkcs1_bare = der.sequence(der.object_identifier("1.2.840.113549.1.1.11"))
    assert algorithm_from_der(pkcs1_bare) == SignatureAlgorithm("rsa-pkcs1", "sha256")
    pss = der.object_identifier("1.2.840.113549.1.1.10")
    for parameters in (b"", der.sequence()):  # RFC 4055 3.1: all defaults
        assert algorithm_from_der(der.sequence(pss, parameters)) == SignatureAlgorithm("rsa-pss", "sha1", 20)
    for oid, family in (("1.2.840.113549.1.1.1", "rsa-pkcs1"), ("1.2.840.10045.2.1", "ecdsa")):
        bare = der.sequence(der.object_identifier(oid), der.null())
        assert algorithm_from_der(bare, "sha384") == SignatureAlgorithm(family, "sha384")  # type: ignore[arg-type]
        with pytest.raises(BadInput, match="signature-algorithm-unknown"):
            algorithm_from_der(bare)


@given(st.binary(max_size=60))
def test_bytes_that_are_no_identifier_are_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        algorithm_from_der(data)


def test_a_key_that_does_not_fit_the_algorithm_is_named() -> None:
    with pytest.raises(BadInput, match="public-key-not-ec"):
        verify(rsa_spki(), SignatureAlgorithm("ecdsa", "sha256"), b"", MESSAGE)
    with pytest.raises(BadInput, match="public-key-not-rsa"):
        verify(_public("secp256r1"), SignatureAlgorithm("rsa-pkcs1", "sha256"), b"", MESSAGE)


@given(st.binary(max_size=120))
def test_bytes_that_are_no_key_are_refused(data: bytes) -> None:
    for family in ("ecdsa", "rsa-pkcs1"):
        with pytest.raises(BadInput):
            verify(data, SignatureAlgorithm(family, "sha256"), bytes(64), MESSAGE)  # type: ignore[arg-type]


def rsa_public(n: int, e: int) -> bytes:
    algorithm = der.sequence(der.object_identifier("1.2.840.113549.1.1.1"), der.null())
    return der.sequence(algorithm, der.bit_string(der.sequence(der.integer(n), der.integer(e))))


@pytest.mark.parametrize(
    ("n", "e"), [(0, 3), (-5, 3), (1 << 9000, 3), (15, 3), (1 << 2048, 1 << 70), (1 << 2047, 0), (1 << 2047, -3)]
)
def test_rsa_numbers_that_no_key_has_are_refused(n: int, e: int) -> None:
    with suppress(BadInput):
        assert not verify(rsa_public(n, e), SignatureAlgorithm("rsa-pkcs1", "sha256"), bytes(256), MESSAGE)


@given(st.integers(1, (1 << 256) - 1), st.integers(1, (1 << 256) - 1))
def test_plain_and_der_signatures_hold_the_same_numbers(r: int, s: int) -> None:
    plain = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert der_to_plain(plain_to_der(plain), 32) == plain
    assert sigdecode_der(plain_to_der(plain), 1 << 256) == (r, s)


@pytest.mark.parametrize("wrong", [b"", b"\x01", bytes(63)])
def test_plain_signatures_that_cannot_be_halved_are_refused(wrong: bytes) -> None:
    with pytest.raises(BadInput, match="signature-malformed"):
        plain_to_der(wrong)


def test_a_signature_too_long_for_its_form_is_refused() -> None:
    with pytest.raises(BadInput, match="signature-malformed"):
        der_to_plain(der.sequence(der.integer(1 << 256), der.integer(1)), 32)


def test_private_keys_are_stored_under_a_passphrase() -> None:
    key = key_on("brainpoolP256r1")
    stored = key.pkcs8(b"a long passphrase")
    assert key.scalar.reveal() not in stored
    assert EcPrivateKey.from_pkcs8(stored, b"a long passphrase").scalar.matches(key.scalar)
    for data, passphrase in ((stored, b"another"), (stored, None), (stored[:-1], b"a long passphrase"), (b"", b"x")):
        with pytest.raises((AccessDenied, BadInput)):
            EcPrivateKey.from_pkcs8(data, passphrase)


@pytest.mark.parametrize("name", DIGESTS)
def test_digests_are_those_of_hashlib(name: str) -> None:
    assert digest(name, MESSAGE) == hashlib.new(name, MESSAGE).digest()
    assert digest_by_oid(DIGEST_OIDS[name]) == name


def test_other_digests_are_refused() -> None:
    for name in ("md5", "", "SHA256"):
        with pytest.raises(BadInput, match="digest-unknown"):
            digest(name, MESSAGE)
    with pytest.raises(BadInput, match="digest-unknown"):
        digest_by_oid("1.2.840.113549.2.5")
