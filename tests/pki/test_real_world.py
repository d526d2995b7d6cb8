"""What a trust store meets: every oddity of real CSCA certificates, accepted or refused on purpose, and told.

Each certificate is generated with just its oddity. One that is accepted is imported, a signer of it passes path
validation, and the linter names what is odd.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eid_toolkit.books.trust.sources import Sources, read_bytes
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.pki import extensions as ext
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.lint import lint_certificate
from eid_toolkit.standards.pki.names import COMMON_NAME, COUNTRY, ORGANIZATION, DistinguishedName
from eid_toolkit.standards.pki.validation import Status, validate_list_signer, validate_signer
from support.authorities import NOW, START, Authority
from support.odd_certificates import altered, certificate_bytes, extension
from support.odd_rsa import OddRsa, key_with_exponent, pss_defaults, pss_identifier, without_parameters
from support.trust_files import import_files

SHARED = Path(__file__).parents[3] / "shared" / "data" / "master-lists"
GENUINE = Authority()


@dataclass(frozen=True)
class Odd:
    """A CSCA certificate, and the key that it is for."""

    data: bytes
    key: Signer

    @classmethod
    def of(cls, key: Signer | None = None, **parts: object) -> Odd:
        """The genuine one with these parts instead; with a key of its own if one is given."""
        if key is None:
            return cls(certificate_bytes(GENUINE.csca, GENUINE.key, **parts), GENUINE.key)  # type: ignore[arg-type]
        return cls(certificate_bytes(GENUINE.csca, key, spki=key.public_key, **parts), key)  # type: ignore[arg-type]


def rsa(exponent: int = 65537, bits: int = 2048, digest: str = "sha256", salt: int | None = None) -> OddRsa:
    return OddRsa(key_with_exponent(exponent, bits), digest, salt)


def without(*oids: str) -> Callable[[], Odd]:
    return lambda: Odd.of(extensions=dict.fromkeys(oids))


def with_extension(oid: str, value: bytes, *, critical: bool = False, flag: bytes = b"\xff") -> Callable[[], Odd]:
    return lambda: Odd.of(extensions={oid: extension(oid, value, critical=critical, flag=flag)})


def constraints(*parts: bytes) -> bytes:
    return der.sequence(*parts)


def name(*, country: str = "UT", common: str = "CSCA", tag: int = der.UTF8_STRING) -> DistinguishedName:
    """The genuine CSCA's name, written otherwise."""
    steps = (
        (COUNTRY, der.PRINTABLE_STRING, country),
        (ORGANIZATION, tag, "Ministry"),
        (COMMON_NAME, tag, common),
    )
    encoded = (
        der.set_of([der.sequence(der.object_identifier(oid), tlv.encode(kind, text.encode()))])
        for oid, kind, text in steps
    )
    return DistinguishedName.read(tlv.parse(der.sequence(*encoded)))


def named(found: DistinguishedName) -> Odd:
    return Odd.of(issuer=found, subject=found)


def not_der() -> Odd:
    """The serial number's length in the long form, within what is signed."""
    plain = certificate_bytes(GENUINE.csca, GENUINE.key)
    tbs, algorithm, _ = tlv.parse(plain).children()
    version, serial, *rest = tbs.children()
    long = bytes((der.INTEGER, 0x81, len(serial.value))) + serial.value
    body = der.sequence(version.encode(), long, *(part.encode() for part in rest))
    return Odd(der.sequence(body, algorithm.encode(), der.bit_string(GENUINE.key.sign(body))), GENUINE.key)


def ecdsa_with_null() -> Odd:
    return Odd.of(algorithm=der.sequence(der.object_identifier("1.2.840.10045.4.3.3"), der.null()))


def generalized(time: datetime) -> bytes:
    return tlv.encode(0x18, time.strftime("%Y%m%d%H%M%SZ").encode())


def named_curve() -> Odd:
    return Odd.of(spki=GENUINE.key.key.public_key.spki(explicit=False))


CA = tlv.encode(der.BOOLEAN, b"\xff")
USAGE = b"\x01\x06"  # keyCertSign and cRLSign

ACCEPTED: dict[str, tuple[Callable[[], Odd], str | None]] = {
    "explicit parameters": (Odd.of, None),
    "named curve": (named_curve, "lint-curve-named"),
    "PSS with a salt unlike the hash": (lambda: Odd.of(rsa(salt=20)), "lint-pss-salt"),
    "PSS without a salt": (lambda: Odd.of(rsa(salt=0)), "lint-pss-salt"),
    "PSS hash identifiers without parameters": (lambda: Odd.of(rsa(salt=32), algorithm=pss_identifier()), None),
    "PSS parameters left out": (
        lambda: Odd.of(rsa(digest="sha1", salt=20), algorithm=pss_defaults()),
        "lint-signature-sha1",
    ),
    "SHA-1": (lambda: Odd.of(rsa(digest="sha1")), "lint-signature-sha1"),
    "exponent 3": (lambda: Odd.of(rsa(3)), "lint-rsa-exponent"),
    "exponent 38129": (lambda: Odd.of(rsa(38129)), "lint-rsa-exponent"),
    "exponent 56611": (lambda: Odd.of(rsa(56611)), "lint-rsa-exponent"),
    "modulus of 6144 bits": (lambda: Odd.of(rsa(bits=6144)), None),
    "ECDSA identifier with NULL": (ecdsa_with_null, "lint-signature-parameters"),
    "RSA identifier without NULL": (
        lambda: Odd.of(rsa(), algorithm=without_parameters()),
        "lint-signature-parameters",
    ),
    "negative serial": (lambda: Odd.of(serial=b"\x80\x01"), "lint-number-negative"),
    "zero serial": (lambda: Odd.of(serial=b"\x00"), "lint-number-zero"),
    "not DER": (not_der, "lint-not-der"),
    "malformed subject key identifier": (
        with_extension(ext.SUBJECT_KEY_IDENTIFIER, der.null()),
        "lint-extension-malformed",
    ),
    "BasicConstraints absent": (without(ext.BASIC_CONSTRAINTS), "lint-extension-missing"),
    "BasicConstraints not critical": (
        with_extension(ext.BASIC_CONSTRAINTS, constraints(CA, der.integer(0))),
        "lint-extension-not-critical",
    ),
    "BasicConstraints with cA FALSE": (
        with_extension(ext.BASIC_CONSTRAINTS, constraints(), critical=True),
        "lint-path-length",
    ),
    "BasicConstraints badly encoded": (
        with_extension(ext.BASIC_CONSTRAINTS, CA, critical=True),
        "lint-extension-malformed",
    ),
    "pathLen not 0": (
        with_extension(ext.BASIC_CONSTRAINTS, constraints(CA, der.integer(3)), critical=True),
        "lint-path-length",
    ),
    "critical written as 1": (
        with_extension(ext.BASIC_CONSTRAINTS, constraints(CA, der.integer(0)), critical=True, flag=b"\x01"),
        None,
    ),
    "KeyUsage absent": (without(ext.KEY_USAGE), "lint-extension-missing"),
    "KeyUsage not critical": (
        with_extension(ext.KEY_USAGE, tlv.encode(der.BIT_STRING, USAGE)),
        "lint-extension-not-critical",
    ),
    "KeyUsage with extra bits": (
        with_extension(ext.KEY_USAGE, tlv.encode(der.BIT_STRING, b"\x01\xc6"), critical=True),
        "lint-key-usage",
    ),
    "no private key usage period": (without(ext.PRIVATE_KEY_USAGE_PERIOD), "lint-extension-missing"),
    "no authority key identifier": (without(ext.AUTHORITY_KEY_IDENTIFIER), None),
    "no key identifiers at all": (
        without(ext.AUTHORITY_KEY_IDENTIFIER, ext.SUBJECT_KEY_IDENTIFIER),
        "lint-extension-missing",
    ),
    "country in lower case": (lambda: named(name(country="ut")), "lint-country-lower-case"),
    "trailing blank in the name": (lambda: named(name(common="CSCA ")), "lint-name-blanks"),
    "name in other bytes": (lambda: named(name(common="CSCA", tag=der.PRINTABLE_STRING)), None),
    "GeneralizedTime before 2050": (
        lambda: Odd.of(not_before=generalized(START), not_after=generalized(datetime(2040, 1, 1, tzinfo=UTC))),
        "lint-time-kind",
    ),
}


@pytest.mark.parametrize("quirk", ACCEPTED)
def test_an_oddity_is_accepted_and_told(quirk: str, tmp_path: Path) -> None:
    make, code = ACCEPTED[quirk]
    odd = make()
    store = TrustStore(tmp_path / "trust")
    import_files(store, [("odd.cer", odd.data)], NOW, None)
    (anchor,) = store.material().anchors
    signer = altered(GENUINE.signer(), odd.key, issuer=GENUINE.csca.subject)
    if anchor.extensions.subject_key_identifier is None:
        signer = altered(signer, odd.key, extensions={ext.AUTHORITY_KEY_IDENTIFIER: None})
    result = validate_signer(signer, store.material(), NOW)
    assert (result.status, result.reason) == (Status.PASSED, None)
    codes = {finding.code for finding in lint_certificate(anchor)}
    assert code is None or code in codes


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "another's signature": (lambda: Odd.of().data[:-4] + bytes(4), "trust-self-signature"),
    "a signature by an unknown scheme": (
        lambda: Odd.of(algorithm=der.sequence(der.object_identifier("1.3.6.1.4.1.2.267.7.4.4"))).data,
        "trust-self-signature",
    ),
    "made for signing documents": (
        lambda: Odd.of(extensions={ext.KEY_USAGE: ext.key_usage("digitalSignature")}).data,
        "trust-not-a-csca",
    ),
    "no country": (
        lambda: named(DistinguishedName.build((COMMON_NAME, "CSCA"))).data,
        "trust-csca-without-country",
    ),
    "a modulus of 16384 bits": (lambda: bomb((1 << 16383) + 1, 65537), "trust-not-a-csca"),
    "an exponent of 2048 bits": (lambda: bomb((1 << 2047) + 1, (1 << 2046) + 1), "trust-not-a-csca"),
    "nested ten thousand deep": (lambda: nested(10_000), "trust-file-unknown"),
    "sixteen megabytes": (lambda: bytes(17 << 20), "trust-file-too-large"),
    "a certificate of a megabyte": (
        lambda: Odd.of(extensions={"1.2.3": extension("1.2.3", der.octet_string(bytes(1 << 20)))}).data,
        "certificate-too-large",
    ),
    "nothing": (lambda: b"", "trust-file-unknown"),
    "text": (lambda: b"not a certificate", "trust-file-unknown"),
}


def bomb(modulus: int, exponent: int) -> bytes:
    """A CSCA certificate whose key would take ages to use; another key signed it, without keyCertSign being said."""
    numbers = der.sequence(der.integer(modulus), der.integer(exponent))
    algorithm = der.sequence(der.object_identifier("1.2.840.113549.1.1.1"), der.null())
    spki = der.sequence(algorithm, der.bit_string(numbers))
    gone = dict.fromkeys((ext.BASIC_CONSTRAINTS, ext.KEY_USAGE))
    return certificate_bytes(GENUINE.csca, rsa(), spki=spki, extensions=gone)


def nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = tlv.encode(der.SEQUENCE, data)
    return data


@pytest.mark.parametrize("quirk", REFUSED)
def test_what_is_no_csca_is_refused_with_a_reason(quirk: str, tmp_path: Path) -> None:
    make, code = REFUSED[quirk]
    store = TrustStore(tmp_path / "trust")
    with pytest.raises(BadInput) as caught:
        import_files(store, [("odd.cer", make())], NOW, None)
    assert caught.value.code == code
    assert not store.material().anchors


def test_link_and_root_may_share_a_key_identifier(tmp_path: Path) -> None:
    """And a name: the root, once it is believed too, is the shorter way."""
    new = Authority(start=START + timedelta(days=1))
    link = GENUINE.link(new)
    assert link.extensions.subject_key_identifier == new.csca.extensions.subject_key_identifier
    store = TrustStore(tmp_path / "trust")
    import_files(store, [("old.cer", GENUINE.csca.der), ("link.cer", link.der)], NOW, None)
    signer = new.signer()
    assert validate_signer(signer, store.material(), NOW).path == (GENUINE.csca, link)
    import_files(store, [("new.cer", new.csca.der)], NOW, None)
    assert validate_signer(signer, store.material(), NOW).path == (new.csca,)


def test_a_key_of_too_many_parts_is_told_and_not_stumbled_over() -> None:
    spki = tlv.parse(GENUINE.csca.spki)
    odd = Odd.of(spki=der.sequence(*(part.encode() for part in spki.children()), der.null()))
    codes = {finding.code for finding in lint_certificate(Certificate.parse(odd.data))}
    assert "lint-public-key" in codes


@pytest.mark.skipif(not SHARED.exists(), reason="the published list is not in this checkout")
def test_a_published_list_is_imported_and_its_signer_verified(tmp_path: Path) -> None:
    sources = Sources()
    for file in ("NL_ROOT_CA.cer", "NL_ML_2025-07-29.ml"):
        read_bytes(sources, file, (SHARED / file).read_bytes())
    ((_, root),) = sources.certificates
    store = TrustStore(tmp_path / "trust")
    now = datetime(2025, 9, 1, tzinfo=UTC)
    store.add(root, "NL_ROOT_CA.cer", now)
    (found,) = sources.lists
    assert validate_list_signer(found.found, store.material(), now).status is Status.PASSED
    plan = store.plan(sources, now)
    plan.check()
    store.carry_out(plan)
    anchors = store.material().anchors
    assert len(anchors) == len({certificate.der for certificate in found.found.certificates}) >= 390
    assert [refused.reason for refused in plan.refused] == []
    for anchor in anchors:
        lint_certificate(anchor)
    assert Certificate.parse(root.der).country == "NL"
