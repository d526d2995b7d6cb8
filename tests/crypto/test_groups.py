"""The standardized domain parameters against what others hold of them, and against arithmetic."""

from __future__ import annotations

import subprocess

import ecdsa
import gmpy2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec as native

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto import points
from eid_toolkit.standards.crypto.domain_parameters import (
    DhDomain,
    EcDomain,
    domain_by_id,
    ec_domain_by_name,
    ec_domain_by_oid,
    ec_domain_from_parameters,
    explicit_ec_parameters,
)
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey
from support.outside_vectors import wycheproof
from support.scripted import ScriptedEntropy

EC_IDS, DH_IDS = range(8, 19), range(3)
OTHERS = {
    8: ecdsa.NIST192p, 9: ecdsa.BRAINPOOLP192r1, 10: ecdsa.NIST224p, 11: ecdsa.BRAINPOOLP224r1, 12: ecdsa.NIST256p,
    13: ecdsa.BRAINPOOLP256r1, 14: ecdsa.BRAINPOOLP320r1, 15: ecdsa.NIST384p, 16: ecdsa.BRAINPOOLP384r1,
    17: ecdsa.BRAINPOOLP512r1, 18: ecdsa.NIST521p,
}  # fmt: skip
NATIVE = {
    8: native.SECP192R1, 10: native.SECP224R1, 12: native.SECP256R1, 13: native.BrainpoolP256R1, 15: native.SECP384R1,
    16: native.BrainpoolP384R1, 17: native.BrainpoolP512R1, 18: native.SECP521R1,
}  # fmt: skip
ENTROPY = SystemEntropy()


def curve(parameter_id: int) -> EcDomain:
    domain = domain_by_id(parameter_id)
    assert isinstance(domain, EcDomain)
    return domain


@pytest.mark.parametrize("parameter_id", EC_IDS)
def test_a_curve_is_that_of_openssl(parameter_id: int) -> None:
    """The numbers come out of the ``ecdsa`` package; OpenSSL has all eleven curves from another hand."""
    name = {8: "prime192v1", 12: "prime256v1"}.get(parameter_id, curve(parameter_id).name)
    command = ["openssl", "ecparam", "-name", name, "-param_enc", "explicit", "-outform", "DER"]
    written_out = tlv.parse(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout).children()
    ours = curve(parameter_id)
    field, coefficients = written_out[1].children(), written_out[2].children()
    assert der.read_integer(field[1]) == ours.p
    assert [int.from_bytes(part.value, "big") for part in coefficients[:2]] == [ours.a, ours.b]
    x, y = (number.to_bytes(ours.size, "big") for number in (ours.gx, ours.gy))
    assert written_out[3].value == b"\x04" + x + y
    assert [der.read_integer(part) for part in written_out[4:]] == [ours.n, 1]


def test_a_curve_has_the_name_and_identifier_of_the_ecdsa_package() -> None:
    for parameter_id, theirs in OTHERS.items():
        ours = curve(parameter_id)
        assert ours.oid == ".".join(map(str, theirs.oid))
        assert (ours.p, ours.n) == (theirs.curve.p(), theirs.order)


@pytest.mark.parametrize("parameter_id", EC_IDS)
def test_the_base_point_is_on_the_curve_and_of_prime_order(parameter_id: int) -> None:
    domain = curve(parameter_id)
    assert gmpy2.is_prime(domain.p)
    assert gmpy2.is_prime(domain.n)
    EcPublicKey(domain, domain.gx, domain.gy)
    with pytest.raises(BadInput, match="ec-point-at-infinity"):
        points.multiply_base(domain, domain.n)
    assert points.multiply_base(domain, domain.n - 1) == (domain.gx, domain.p - domain.gy)
    assert abs(domain.p + 1 - domain.n) <= 2 * gmpy2.isqrt(domain.p) + 1  # Hasse: the cofactor is 1
    assert (4 * domain.a**3 + 27 * domain.b**2) % domain.p


@pytest.mark.parametrize("parameter_id", DH_IDS)
def test_a_prime_group_of_rfc_5114_is_what_it_says(parameter_id: int) -> None:
    domain = domain_by_id(parameter_id)
    assert isinstance(domain, DhDomain)
    assert gmpy2.is_prime(domain.p)
    assert gmpy2.is_prime(domain.q)
    assert (domain.p - 1) % domain.q == 0
    assert 1 < domain.g < domain.p
    assert pow(domain.g, domain.q, domain.p) == 1
    assert (8 * domain.size, domain.q.bit_length()) == [(1024, 160), (2048, 224), (2048, 256)][parameter_id]


@pytest.mark.parametrize("parameter_id", NATIVE)
def test_keys_agree_with_those_of_cryptography(parameter_id: int) -> None:
    domain = curve(parameter_id)
    theirs = native.generate_private_key(NATIVE[parameter_id]())
    numbers = theirs.public_key().public_numbers()
    ours = EcPrivateKey.generate(domain, ENTROPY)
    x, y = points.multiply(domain, (numbers.x, numbers.y), int.from_bytes(ours.scalar.reveal(), "big"))
    shared = ours.ecdh_x(EcPublicKey(domain, numbers.x, numbers.y)).reveal()
    our_public = native.EllipticCurvePublicNumbers(
        ours.public_key.x, ours.public_key.y, NATIVE[parameter_id]()
    ).public_key()
    assert shared == x.to_bytes(domain.size, "big") == theirs.exchange(native.ECDH(), our_public)
    EcPublicKey(domain, x, y)
    spki = theirs.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert EcPublicKey.from_spki(spki).spki(explicit=False) == spki


@pytest.mark.parametrize("parameter_id", [9, 11, 14])
def test_keys_agree_on_the_curves_that_cryptography_lacks(parameter_id: int) -> None:
    domain = curve(parameter_id)
    one, two = (EcPrivateKey.generate(domain, ENTROPY) for _ in range(2))
    assert one.ecdh_x(two.public_key).matches(two.ecdh_x(one.public_key))
    theirs = ecdsa.SigningKey.from_string(one.scalar.reveal(), OTHERS[parameter_id]).verifying_key
    assert theirs.to_string("uncompressed") == one.public_key.point


def test_the_mapping_adds_two_products() -> None:
    for parameter_id in EC_IDS:
        domain = curve(parameter_id)
        doubled = points.multiply_base(domain, 2)
        assert points.multiply_base_add(domain, 3, doubled) == points.multiply_base(domain, 5)
        with pytest.raises(BadInput, match="ec-point-at-infinity"):
            points.multiply_base_add(domain, domain.n - 2, doubled)


def test_ecdh_of_wycheproof_on_brainpool_p256() -> None:
    domain = ec_domain_by_name("brainpoolP256r1")
    count = 0
    for _, case in wycheproof("ecdh_brainpoolP256r1_test"):
        count += 1
        scalar = int(case["private"], 16) % domain.n
        key = EcPrivateKey(domain, Secret(scalar.to_bytes(domain.scalar_size, "big")))
        try:
            shared = key.ecdh_x(EcPublicKey.from_spki(bytes.fromhex(case["public"]))).reveal().hex()
        except BadInput:
            assert case["result"] != "valid", (case["tcId"], case["comment"])
        else:
            # Without the cofactor, explicit parameters are found in certificates, and mean the same curve.
            assert case["result"] != "invalid" or "NoCofactor" in case["flags"], (case["tcId"], case["comment"])
            assert shared == case["shared"], case["tcId"]
    assert count


@pytest.mark.parametrize("parameter_id", EC_IDS)
def test_explicit_parameters_are_known_again(parameter_id: int) -> None:
    domain = curve(parameter_id)
    assert ec_domain_from_parameters(explicit_ec_parameters(domain)) is not None
    assert ec_domain_from_parameters(explicit_ec_parameters(domain)) == domain
    assert ec_domain_by_name(domain.name) == ec_domain_by_oid(domain.oid) == domain


def test_parameters_of_ones_own_making_are_refused() -> None:
    """A curve with another base point lets anybody forge (CVE-2020-0601)."""
    domain = ec_domain_by_name("brainpoolP256r1")
    parts = [item.encode() for item in tlv.parse(explicit_ec_parameters(domain)).children()]
    x, y = points.multiply_base(domain, 7)
    own_point = der.octet_string(b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big"))
    for position, wrong in [(3, own_point), (4, der.integer(domain.n + 2)), (5, der.integer(2))]:
        changed = [*parts[:position], wrong, *parts[position + 1 :]]
        with pytest.raises(BadInput):
            ec_domain_from_parameters(der.sequence(*changed))


@pytest.mark.parametrize("parameter_id", EC_IDS)
def test_points_off_the_curve_are_refused(parameter_id: int) -> None:
    domain = curve(parameter_id)
    size = domain.size
    good = b"\x04" + domain.gx.to_bytes(size, "big") + domain.gy.to_bytes(size, "big")
    assert EcPublicKey.from_point(domain, good).point == good
    for bad in (
        b"", b"\x00", good[:-1], good + b"\0", b"\x02" + good[1 : 1 + size], b"\x06" + good[1:],
        good[:-1] + bytes((good[-1] ^ 1,)), b"\x04" + bytes(2 * size), b"\x04" + b"\xff" * 2 * size,
    ):  # fmt: skip
        with pytest.raises(BadInput):
            EcPublicKey.from_point(domain, bad)


def test_scalars_out_of_range_are_refused_and_drawn_again() -> None:
    domain = ec_domain_by_name("secp521r1")
    for value in (0, domain.n, domain.n + 1):
        with pytest.raises(BadInput, match="private-key-out-of-range"):
            EcPrivateKey(domain, Secret(value.to_bytes(domain.scalar_size, "big")))
    good = b"\xff" + bytes(64) + b"\x05"
    drawn = EcPrivateKey.generate(domain, ScriptedEntropy([b"\xff" * 66, bytes(66), good]))
    assert int.from_bytes(drawn.scalar.reveal(), "big") == (1 << 520) + 5


def test_groups_that_do_not_exist_are_refused() -> None:
    for parameter_id in (-1, 3, 7, 19, 31):
        with pytest.raises(BadInput, match="domain-parameters-unknown"):
            domain_by_id(parameter_id)
