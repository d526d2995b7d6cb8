"""Certificate extensions (RFC 5280 4.2, 9303-12 7.1.1): built by the profile, read with patience for real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.oids import DOCUMENT_TYPE_LIST, NAME_CHANGE
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.pki.names import LOCALITY, DistinguishedName
from eid_toolkit.standards.pki.times import encode_generalized_time, parse_time

SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
KEY_USAGE = "2.5.29.15"
PRIVATE_KEY_USAGE_PERIOD = "2.5.29.16"
SUBJECT_ALTERNATIVE_NAME = "2.5.29.17"
ISSUER_ALTERNATIVE_NAME = "2.5.29.18"
BASIC_CONSTRAINTS = "2.5.29.19"
CRL_NUMBER = "2.5.29.20"
CRL_DISTRIBUTION_POINTS = "2.5.29.31"
AUTHORITY_KEY_IDENTIFIER = "2.5.29.35"
CERTIFICATE_POLICIES = "2.5.29.32"
EXTENDED_KEY_USAGE = "2.5.29.37"
ANY_PURPOSE = "2.5.29.37.0"

KEY_USAGE_BITS = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)

_RFC822_NAME, _URI, _DIRECTORY_NAME = 0x81, 0x86, 0xA4  # GeneralName, RFC 5280 4.2.1.6


@dataclass(frozen=True, slots=True)
class UsagePeriod:
    """When a private key may sign; either end may be open."""

    not_before: datetime | None
    not_after: datetime | None

    def covers(self, time: datetime) -> bool:
        """Whether ``time`` lies within, both ends included."""
        return (self.not_before is None or self.not_before <= time) and (
            self.not_after is None or time <= self.not_after
        )


@dataclass(frozen=True, slots=True)
class AlternativeNames:
    """The state's code of the MRZ, and how to reach the authority."""

    state: str | None = None
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extensions:
    """What a certificate's extensions say; None or empty where one is absent."""

    subject_key_identifier: bytes | None = None
    authority_key_identifier: bytes | None = None
    key_usage: frozenset[str] | None = None
    private_key_usage: UsagePeriod | None = None
    subject_alternative_names: AlternativeNames = AlternativeNames()
    issuer_alternative_names: AlternativeNames = AlternativeNames()
    is_ca: bool = False
    path_length: int | None = None
    document_types: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    extended_key_usage: tuple[str, ...] = ()
    name_change: bool = False
    unknown_critical: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()
    """Identifiers of extensions that are known but do not parse: taken for absent, and a finding."""
    malformed_critical: tuple[str, ...] = ()
    """Those of them that are critical: what their certificate is for cannot be said."""


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    """One Extension; the default of ``critical`` is not encoded."""
    flag = tlv.encode(der.BOOLEAN, b"\xff") if critical else b""
    return der.sequence(der.object_identifier(oid), flag, der.octet_string(value))


def subject_key_identifier(identifier: bytes) -> bytes:
    """The certificate's own key identifier."""
    return extension(SUBJECT_KEY_IDENTIFIER, der.octet_string(identifier))


def authority_key_identifier(identifier: bytes) -> bytes:
    """The issuer's key identifier."""
    return extension(AUTHORITY_KEY_IDENTIFIER, der.sequence(tlv.encode(0x80, identifier)))


def key_usage(*names: str) -> bytes:
    """Key usage, critical, of names in :data:`KEY_USAGE_BITS`."""
    positions = [KEY_USAGE_BITS.index(name) for name in names]
    bits = sum(0x80 >> position for position in positions)  # the profile's bits are all in the first byte
    unused = 7 - max(positions)
    return extension(KEY_USAGE, tlv.encode(der.BIT_STRING, bytes((unused, bits))), critical=True)


def name_change() -> bytes:
    """In a link certificate: the CSCA has another name than before (9303-12 7.1.1.5)."""
    return extension(NAME_CHANGE, der.null())


def extended_key_usage(purpose: str) -> bytes:
    """Extended key usage, critical: the key signs for this purpose only."""
    purposes = der.sequence(der.object_identifier(purpose))
    return extension(EXTENDED_KEY_USAGE, purposes, critical=True)


def private_key_usage_period(period: UsagePeriod) -> bytes:
    """When the private key may sign, as GeneralizedTime."""
    ends = ((0x80, period.not_before), (0x81, period.not_after))
    parts = [encode_generalized_time(time, tag) for tag, time in ends if time is not None]
    return extension(PRIVATE_KEY_USAGE_PERIOD, der.sequence(*parts))


def alternative_names(oid: str, names: AlternativeNames) -> bytes:
    """Alternative names of issuer or subject by 9303-12 7.1.1.2: contacts, and the state's code as L."""
    parts = [
        tlv.encode(_URI if "://" in contact else _RFC822_NAME, contact.encode("ascii")) for contact in names.contacts
    ]
    if names.state is not None:
        parts.append(tlv.encode(_DIRECTORY_NAME, DistinguishedName.build((LOCALITY, names.state)).der))
    return extension(oid, der.sequence(*parts))


def basic_constraints_of_csca() -> bytes:
    """CA with no CA below it."""
    return extension(BASIC_CONSTRAINTS, der.sequence(tlv.encode(der.BOOLEAN, b"\xff"), der.integer(0)), critical=True)


def document_type_list(types: Iterable[str]) -> bytes:
    """The document codes that a document signer may sign (9303-12 7.1.1.6)."""
    codes = (tlv.encode(der.PRINTABLE_STRING, code.encode("ascii")) for code in types)
    return extension(DOCUMENT_TYPE_LIST, der.sequence(der.integer(0), der.set_of(codes)))


def crl_distribution_points(urls: Iterable[str]) -> bytes:
    """Where the revocation list is found; one point for each address."""
    points = (der.sequence(tlv.encode(0xA0, tlv.encode(0xA0, tlv.encode(_URI, url.encode("ascii"))))) for url in urls)
    return extension(CRL_DISTRIBUTION_POINTS, der.sequence(*points))


def split_extensions(item: Tlv) -> dict[str, tuple[bool, bytes]]:
    """Criticality and value of each extension by its identifier; one that stands twice is an error."""
    extensions: dict[str, tuple[bool, bytes]] = {}
    for entry in der.read_sequence(item):
        oid, *flag, value = der.read_sequence(entry)
        name = der.read_object_identifier(oid)
        if name in extensions or len(flag) > 1:
            raise BadInput("certificate-extension-malformed", oid=name)
        critical = bool(flag) and der.expect(flag[0], der.BOOLEAN) not in (b"\x00", b"")
        extensions[name] = (critical, der.expect(value, der.OCTET_STRING))
    return extensions


def read_extensions(extensions: Mapping[str, tuple[bool, bytes]]) -> Extensions:
    """What the extensions say; one that does not parse is listed as malformed instead of raising."""
    fields: dict[str, Any] = {}
    malformed = []
    for oid, (_, value) in extensions.items():
        if oid not in _READERS:
            continue
        try:
            fields |= _READERS[oid](tlv.parse(value))
        except (BadInput, ValueError, IndexError):
            malformed.append(oid)
    critical = frozenset(oid for oid, (flag, _) in extensions.items() if flag)
    return replace(
        Extensions(),
        unknown_critical=tuple(oid for oid in extensions if oid in critical and oid not in _READERS),
        malformed=tuple(malformed),
        malformed_critical=tuple(oid for oid in malformed if oid in critical),
        **fields,
    )


def _read_authority_key_identifier(item: Tlv) -> dict[str, Any]:
    return {"authority_key_identifier": tlv.as_mapping(der.read_sequence(item)).get(0x80)}


def _read_key_usage(item: Tlv) -> dict[str, Any]:
    unused, *octets = der.expect(item, der.BIT_STRING)
    if unused > 7:
        raise BadInput("certificate-extension-malformed", oid=KEY_USAGE)
    bits = "".join(f"{octet:08b}" for octet in octets)
    bits = bits[: len(bits) - unused]  # whatever stands in the others: X.690 11.2.1
    return {"key_usage": frozenset(name for name, bit in zip(KEY_USAGE_BITS, bits, strict=False) if bit == "1")}


def _read_usage_period(item: Tlv) -> dict[str, Any]:
    ends = tlv.as_mapping(der.read_sequence(item))
    first, last = (parse_time(ends[tag], generalized=True) if tag in ends else None for tag in (0x80, 0x81))
    return {"private_key_usage": UsagePeriod(first, last)}


def _read_alternative_names(field: str) -> Callable[[Tlv], dict[str, Any]]:
    def read(item: Tlv) -> dict[str, Any]:
        state: str | None = None
        contacts = []
        for name in der.read_sequence(item):
            if name.tag == _DIRECTORY_NAME:
                directory = DistinguishedName.read(tlv.parse(name.value))
                # ST may name a part of the state (Hong Kong of CHN); the MRZ has what L says: 9303-12 7.1.1.2.
                state = directory.value(LOCALITY) or state
            elif name.tag & 0xE0 == 0x80:
                contacts.append(name.value.decode("ascii", "replace"))
        return {field: AlternativeNames(state.strip().upper() if state else None, tuple(contacts))}

    return read


def _read_basic_constraints(item: Tlv) -> dict[str, Any]:
    is_ca, length = False, None
    for part in der.read_sequence(item):
        if part.tag == der.BOOLEAN:
            if len(part.value) != 1:
                raise BadInput("certificate-extension-malformed", oid=BASIC_CONSTRAINTS)
            is_ca = part.value != b"\x00"
        else:
            length = der.read_integer(part)
    return {"is_ca": is_ca, "path_length": length}


def _read_document_types(item: Tlv) -> dict[str, Any]:
    """The codes in the SET behind the version; states also leave out the version, or the SET, or both."""
    parts = list(der.read_sequence(item))
    if parts and parts[0].tag == der.INTEGER:
        parts.pop(0)
    if len(parts) == 1 and parts[0].tag in (der.SET, der.SEQUENCE):
        parts = list(parts[0].children())
    if not parts or any(code.tag not in (der.PRINTABLE_STRING, der.UTF8_STRING) for code in parts):
        raise BadInput("certificate-extension-malformed", oid=DOCUMENT_TYPE_LIST)
    return {"document_types": tuple(code.value.decode("ascii").strip().upper() for code in parts)}


def _read_crl_distribution_points(item: Tlv) -> dict[str, Any]:
    urls = []
    for point in der.read_sequence(item):
        name = tlv.as_mapping(der.read_sequence(point)).get(0xA0, b"")
        full_name = tlv.as_mapping(tlv.parse_all(name)).get(0xA0, b"")
        urls += [
            general_name.value.decode("ascii", "replace")
            for general_name in tlv.parse_all(full_name)
            if general_name.tag == _URI
        ]
    return {"crl_urls": tuple(urls)}


def _read_extended_key_usage(item: Tlv) -> dict[str, Any]:
    return {"extended_key_usage": tuple(der.read_object_identifier(part) for part in der.read_sequence(item))}


_READERS: dict[str, Callable[[Tlv], dict[str, Any]]] = {
    SUBJECT_KEY_IDENTIFIER: lambda item: {"subject_key_identifier": der.expect(item, der.OCTET_STRING)},
    AUTHORITY_KEY_IDENTIFIER: _read_authority_key_identifier,
    KEY_USAGE: _read_key_usage,
    PRIVATE_KEY_USAGE_PERIOD: _read_usage_period,
    SUBJECT_ALTERNATIVE_NAME: _read_alternative_names("subject_alternative_names"),
    ISSUER_ALTERNATIVE_NAME: _read_alternative_names("issuer_alternative_names"),
    BASIC_CONSTRAINTS: _read_basic_constraints,
    CRL_DISTRIBUTION_POINTS: _read_crl_distribution_points,
    EXTENDED_KEY_USAGE: _read_extended_key_usage,
    DOCUMENT_TYPE_LIST: _read_document_types,
    NAME_CHANGE: lambda item: {"name_change": item.tag == der.NULL},
    # Any policy is taken (RFC 5280 6.1.1): so it is understood, critical or not.
    CERTIFICATE_POLICIES: lambda item: {},
}
