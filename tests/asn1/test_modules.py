"""What is written and read by hand is what the declared ASN.1 modules say, byte for byte and field by field."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1 import security_infos as by_hand
from eid_toolkit.standards.asn1.declared import load
from eid_toolkit.standards.asn1.modules import (
    algorithms,
    cms,
    deviation_list,
    icao_extensions,
    lds_security_object,
    pkcs10,
    pkix,
    security_infos,
)
from eid_toolkit.standards.asn1.oids import DEVIATION_LIST, ID_PK_ECDH, LDS_SECURITY_OBJECT
from eid_toolkit.standards.codec import ber, der, tlv
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.rsa import RsaPublicKey
from eid_toolkit.standards.lds.security_object import LdsSecurityObject
from eid_toolkit.standards.pki import extensions
from eid_toolkit.standards.pki.cms import SignedData, build_signed_data
from eid_toolkit.standards.pki.deviation_list import Concerned, Deviation, DeviationList
from eid_toolkit.standards.pki.extensions import AlternativeNames, UsagePeriod
from eid_toolkit.standards.pki.names import DistinguishedName
from eid_toolkit.standards.pki.request import CertificateRequest
from support.authorities import NOW, START, Authority, new_key
from support.odd_sods import in_ber

AUTHORITY, NEIGHBOUR = Authority(), Authority("VNM")
KEY = new_key()
SIGNER = AUTHORITY.signer(KEY)
LIST_SIGNER = AUTHORITY.list_signer(new_key())
LINK = AUTHORITY.link(Authority())
CRL = AUTHORITY.crl(SIGNER, LIST_SIGNER)
CERTIFICATES = (AUTHORITY.csca, SIGNER, LIST_SIGNER, LINK, NEIGHBOUR.csca)

hashes = st.dictionaries(st.integers(1, 16), st.binary(max_size=64), max_size=16)
texts = st.text(st.characters(codec="ascii", categories=("Lu", "Nd")), max_size=12)


def again(kind: type[core.Asn1Value], data: bytes) -> bytes:
    """The object read by its declared type and every field of it written anew, in DER."""
    encoded: bytes = load(kind, data).dump(force=True)
    return encoded


def signed(**options: Any) -> bytes:
    return build_signed_data(b"content", "1.2.3", KEY, SIGNER.der, "sha256", **options)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        *((pkix.Certificate, certificate.der) for certificate in CERTIFICATES),
        *((pkix.CertificateList, crl.der) for crl in (CRL, NEIGHBOUR.crl())),
        *((pkix.SubjectPublicKeyInfo, new_key(curve).public_key) for curve in ("secp256r1", "brainpoolP512r1")),
        (cms.ContentInfo, signed()),
        (cms.ContentInfo, signed(signing_time=NOW)),
        (cms.ContentInfo, signed(others=(AUTHORITY.csca.der,), by_key_identifier=True)),
        (cms.ContentInfo, AUTHORITY.master_list(*CERTIFICATES)),
        (pkcs10.CertificationRequest, CertificateRequest.build(SIGNER.subject, KEY).der),
    ],
)
def test_what_is_written_is_as_the_modules_have_it(kind: type[core.Asn1Value], data: bytes) -> None:
    assert again(kind, data) == data


@given(hashes, st.sampled_from(sorted(DIGEST_OIDS)), st.sampled_from([(0, None), (1, "0108"), (1, None)]))
def test_the_security_object_is_that_of_its_module(
    groups: dict[int, bytes], digest: str, version: tuple[int, str | None]
) -> None:
    unicode_version = "040000" if version[1] else None
    built = LdsSecurityObject(digest, groups, version[0], version[1], unicode_version)
    data = built.encode()
    assert again(lds_security_object.LDSSecurityObject, data) == data
    read = load(lds_security_object.LDSSecurityObject, data)
    assert read["hashAlgorithm"]["algorithm"].native == DIGEST_OIDS[digest]
    listed = {each["dataGroupNumber"].native: each["dataGroupHashValue"].native for each in read["dataGroupHashValues"]}
    assert listed == LdsSecurityObject.parse(data).hashes == groups
    assert read["ldsVersionInfo"].native == (
        {"ldsVersion": version[1], "unicodeVersion": "040000"} if version[1] else None
    )


_numbers = st.none() | st.integers(-(2**33), 2**33)
_arcs = st.integers(1, 4)
_entries = st.one_of(
    st.builds(lambda a, b, n: by_hand.PaceInfo(f"0.4.0.127.0.7.2.2.4.{a}.{b}", 2, n), _arcs, _arcs, _numbers),
    st.builds(
        lambda a, b, n: by_hand.ChipAuthenticationInfo(f"0.4.0.127.0.7.2.2.3.{a}.{b}", 1, n), _arcs, _arcs, _numbers
    ),
    st.builds(lambda n: by_hand.ChipAuthenticationPublicKeyInfo(ID_PK_ECDH, KEY.public_key, n), _numbers),
    st.builds(
        lambda a, n: by_hand.PaceDomainParameterInfo(
            f"0.4.0.127.0.7.2.2.4.{a}", bytes.fromhex("300C060704007F0007010202010D"), n
        ),
        _arcs,
        _numbers,
    ),
    st.builds(by_hand.ActiveAuthenticationInfo, st.sampled_from(["0.4.0.127.0.7.1.1.4.1.3", "2.999.1"])),
    st.builds(
        by_hand.TerminalAuthenticationInfo,
        st.just(1),
        st.none() | st.builds(by_hand.FileId, st.integers(0, 0xFFFF), st.none() | st.integers(0, 255)),
    ),
    st.just(by_hand.UnknownSecurityInfo("2.999.7", bytes.fromhex("3008060388370702010A"))),
)
_FIELDS: dict[str, Callable[[Any], Any]] = {
    "version": lambda info: info.version,
    "parameterId": lambda info: info.parameter_id,
    "keyId": lambda info: info.key_id,
    "signatureAlgorithm": lambda info: info.signature_algorithm,
    "domainParameter": lambda info: info.parameters_der,
    "chipAuthenticationPublicKey": lambda info: info.spki,
    "efCVCA": lambda info: info.ef_cvca and _file_id(info.ef_cvca),
}


def _file_id(file: by_hand.FileId) -> dict[str, bytes | None]:
    return {"fid": file.fid.to_bytes(2, "big"), "sfid": None if file.sfi is None else bytes((file.sfi,))}


@given(st.lists(_entries, max_size=6, unique_by=lambda entry: entry.encode()))
def test_security_infos_are_those_of_their_module(entries: list[by_hand.SecurityInfo]) -> None:
    data = by_hand.SecurityInfos.of(*entries).encode()
    assert again(security_infos.SecurityInfos, data) == data
    read = load(security_infos.SecurityInfos, data)
    for theirs, ours in zip(read, by_hand.SecurityInfos.parse(data).entries, strict=True):
        assert theirs["protocol"].native == ours.protocol
        kind = security_infos.type_of(ours.protocol)
        assert kind.__name__.lower() == type(ours).__name__.removeprefix("Unknown").lower()
        assert again(kind, ours.encode()) == ours.encode()
        info = load(kind, theirs.dump())
        for name, *_ in kind._fields if kind is not security_infos.SecurityInfo else ():
            value = info[name]
            if name in ("domainParameter", "chipAuthenticationPublicKey"):
                assert value.dump() == _FIELDS[name](ours)
            elif name != "protocol":
                assert value.native == _FIELDS[name](ours)


@given(
    types=st.lists(texts.filter(bool), max_size=5, unique=True),
    usages=st.sets(st.sampled_from(extensions.KEY_USAGE_BITS[:8]), min_size=1),
    identifier=st.binary(max_size=40),
    state=st.none() | texts.filter(bool),
)
def test_extensions_are_those_of_their_modules(
    types: list[str], usages: set[str], identifier: bytes, state: str | None
) -> None:
    names = AlternativeNames(state, ("pki@utopia.example", "https://utopia.example"))
    written = (
        extensions.document_type_list(types),
        extensions.key_usage(*usages),
        extensions.subject_key_identifier(identifier),
        extensions.authority_key_identifier(identifier),
        extensions.private_key_usage_period(UsagePeriod(START, NOW)),
        extensions.private_key_usage_period(UsagePeriod(None, NOW)),
        extensions.alternative_names(extensions.ISSUER_ALTERNATIVE_NAME, names),
        extensions.basic_constraints_of_csca(),
        extensions.extended_key_usage("2.23.136.1.1.3"),
        extensions.crl_distribution_points(["https://one.example", "https://two.example"]),
        extensions.name_change(),
    )
    for data in written:
        assert again(pkix.Extension, data) == data
        item = load(pkix.Extension, data)
        kind = (pkix.EXTENSIONS | icao_extensions.EXTENSIONS)[item["extnID"].native]
        assert again(kind, item["extnValue"].native) == item["extnValue"].native


_concerned = st.builds(
    Concerned,
    document_type=st.none() | st.just("ID"),
    issued_from=st.just(date(2020, 2, 29)),
    issued_until=st.just(date(2021, 1, 31)),
    document_numbers=st.frozensets(texts.filter(bool), max_size=4),
) | st.sampled_from(
    [
        Concerned(issuer=SIGNER.issuer, serial=SIGNER.serial),
        Concerned(key_identifier=bytes(20)),
        Concerned(certificate_digest=bytes(32)),
        Concerned(),
    ]
)  # fmt: skip
_deviations = st.builds(
    Deviation,
    _concerned,
    st.just(f"{DEVIATION_LIST}.2.1"),
    st.none() | texts.filter(bool),
    st.none() | st.just(b"\x02\x01\x05"),
)


@given(st.lists(_deviations, max_size=4), st.integers(0, 2**16))
def test_a_deviation_list_is_that_of_its_module_and_is_read_in_any_encoding(
    deviations: list[Deviation], seed: int
) -> None:
    built = AUTHORITY.deviation_list(*deviations)
    content = SignedData.parse(built).content
    assert again(cms.ContentInfo, built) == built
    assert again(deviation_list.DeviationList, content) == content
    assert Counter(DeviationList.parse(built).deviations) == Counter(deviations)
    otherwise = build_signed_data(
        _in_ber(content, random.Random(seed)), DEVIATION_LIST, KEY, SIGNER.der, "sha256"
    )  # fmt: skip
    assert Counter(DeviationList.parse(otherwise).deviations) == Counter(deviations)


def _in_ber(data: bytes, chance: random.Random) -> bytes:
    item = tlv.parse(data)
    if not item.constructed:
        return data
    value = b"".join(_in_ber(part.encode(), chance) for part in item.children())
    return bytes((item.tag, 0x80)) + value + b"\x00\x00" if chance.random() < 0.5 else tlv.encode(item.tag, value)


@given(groups=hashes, seed=st.integers(0, 2**16), time=st.sampled_from([None, NOW]))
def test_signed_data_in_any_encoding_says_the_same_in_both_ways(groups: dict[int, bytes], seed: int, time: Any) -> None:
    content = LdsSecurityObject("sha256", groups).encode()
    built = build_signed_data(content, LDS_SECURITY_OBJECT, KEY, SIGNER.der, "sha256", time)
    written = tlv.parse_all(in_ber(tlv.encode(0x77, built), seed, everywhere=False))[0].value
    assert again(cms.ContentInfo, written) == built
    ours, theirs = SignedData.parse(written), load(cms.ContentInfo, written)["content"]
    assert ours.content_type == theirs["encapContentInfo"]["eContentType"].native
    assert ours.content == theirs["encapContentInfo"]["eContent"].native
    assert list(ours.certificates) == [each.dump() for each in theirs["certificates"]]
    (info,), (mine,) = theirs["signerInfos"], ours.signers
    named = info["sid"].chosen
    assert (mine.serial, DistinguishedName.read(tlv.parse(named["issuer"].dump()))) == (
        named["serialNumber"].native, mine.issuer
    )  # fmt: skip
    assert (mine.signature, mine.algorithm_der) == (
        info["signature"].native,
        again(pkix.AlgorithmIdentifier, info["signatureAlgorithm"].dump()),
    )
    attributes = {each["attrType"].native: each["attrValues"].native[0] for each in info["signedAttrs"]}
    assert attributes.pop("1.2.840.113549.1.9.3") == mine.content_type
    assert attributes.pop("1.2.840.113549.1.9.4") == mine.message_digest
    assert list(attributes.values()) == ([] if time is None else [mine.signing_time])


def test_the_library_is_given_definite_lengths_since_it_cannot_read_a_choice_of_indefinite_length() -> None:
    """If this fails, :func:`load` may do without the first step."""
    time = pkix.Time.load(b"\x17\x0d260301120000Z")
    assert time.name == "utcTime"
    name = bytes.fromhex("A480 3000 0000")  # directoryName of no attributes
    assert load(pkix.GeneralName, name).name == "directoryName"
    with pytest.raises(ValueError, match="Insufficient data"):
        pkix.GeneralName.load(name).chosen  # noqa: B018


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"\x30\x80" * 100 + b"\x00\x00" * 100, "ber-too-deep"), (bytes(ber.MAX_SIZE + 1), "tlv-value-too-large")],
)
def test_limits_come_before_the_library(data: bytes, code: str) -> None:
    with pytest.raises(BadInput, match=code):
        load(cms.ContentInfo, data)


def test_parameters_and_keys_are_those_of_their_modules() -> None:
    domain = ec_domain_by_name("brainpoolP256r1")
    curve_key = new_key("brainpoolP256r1").public_key
    for spki in (curve_key, RsaPublicKey((1 << 2047) + 1, 65537).spki()):
        info = load(pkix.SubjectPublicKeyInfo, spki)
        oid = info["algorithm"]["algorithm"].native
        for kinds, field in (
            (algorithms.PARAMETERS, info["algorithm"]["parameters"].dump()),
            (algorithms.PUBLIC_KEYS, info["subjectPublicKey"].native),
        ):
            if oid in kinds:
                assert again(kinds[oid], field) == field
    curve = load(algorithms.ECParameters, load(pkix.SubjectPublicKeyInfo, curve_key)["algorithm"]["parameters"].dump())
    assert curve.name == "specifiedCurve"
    assert curve.chosen["order"].native == domain.n
    assert der.integer(domain.p) == curve.chosen["fieldID"]["parameters"].dump()
