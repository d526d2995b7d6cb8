"""Certificates and revocation lists as a country signing CA makes them: the profiles of 9303-12 7.1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha1

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Entropy, Signer
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.signatures import algorithm_to_der
from eid_toolkit.standards.pki import extensions as ext
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.extensions import AlternativeNames, UsagePeriod
from eid_toolkit.standards.pki.names import COMMON_NAME, COUNTRY, ORGANIZATION, DistinguishedName
from eid_toolkit.standards.pki.times import encode_time

CSCA_USAGE = timedelta(days=4 * 365)
"""How long a CSCA key signs: three to five years (9303-12 table 1)."""
SIGNER_USAGE = timedelta(days=90)
"""How long a document signer key signs: up to three months (9303-12 table 1)."""
CRL_LIFETIME = timedelta(days=90)
"""How long a revocation list stands at most (9303-12 table 3)."""
CRL_INTERVAL = timedelta(hours=48)
"""How long it takes at least from one revocation list to the next, where nothing was revoked (9303-12 table 3)."""

_VERSION_3 = tlv.encode(0xA0, der.integer(2))
_CRL_VERSION_2 = der.integer(1)
_SERIAL_SIZE = 16  # of at most 20 bytes; random, so that no register of used numbers is needed


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A certificate's validity, and the part of it in which its private key signs."""

    not_before: datetime
    usage_end: datetime
    not_after: datetime

    @classmethod
    def of_csca(
        cls,
        start: datetime,
        document_validity: timedelta,
        usage: timedelta = CSCA_USAGE,
        signer_usage: timedelta = SIGNER_USAGE,
    ) -> Lifetime:
        """Long enough for the last document of the last signer that the key certifies."""
        usage_end = start + usage
        return cls(start, usage_end, usage_end + signer_usage + document_validity)

    @classmethod
    def of_signer(cls, start: datetime, document_validity: timedelta, usage: timedelta = SIGNER_USAGE) -> Lifetime:
        """Long enough for the last document that the key signs."""
        usage_end = start + usage
        return cls(start, usage_end, usage_end + document_validity)


@dataclass(frozen=True, slots=True)
class Publication:
    """What stands in every certificate of an authority: state (code of the MRZ), contacts, where its CRL is found."""

    state: str
    contacts: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for address in (*self.contacts, *self.crl_urls):
            if not address.isascii() or not address.isprintable() or " " in address:
                raise BadInput("publication-address-malformed", address=address)
        if not self.crl_urls:
            # 9303-12 7.1.1.4: a certificate names at least one; the public key directory has one for each state.
            hosts = ("pkddownload1", "pkddownload2")
            urls = tuple(f"https://{host}.icao.int/CRLs/{self.state}.crl" for host in hosts)
            object.__setattr__(self, "crl_urls", urls)

    @property
    def names(self) -> AlternativeNames:
        """The alternative names of issuer and subject."""
        return AlternativeNames(self.state, self.contacts)


def distinguished_name(country: str, organization: str, common_name: str) -> DistinguishedName:
    """The name of an authority's CSCA or signer; ``country`` has two letters."""
    return DistinguishedName.build((COUNTRY, country), (ORGANIZATION, organization), (COMMON_NAME, common_name))


def new_serial(entropy: Entropy) -> int:
    """A random positive serial number."""
    return int.from_bytes(entropy.take(_SERIAL_SIZE), "big") >> 1 | 1 << 8 * _SERIAL_SIZE - 2


def key_identifier(spki: bytes) -> bytes:
    """SHA-1 over the public key's bits, as RFC 5280 4.2.1.2 (1) names a key; no security rests on it."""
    _, bits = tlv.parse(spki, der.SEQUENCE).children()
    return sha1(der.read_bit_string(bits), usedforsecurity=False).digest()


def build_csca(
    key: Signer, name: DistinguishedName, lifetime: Lifetime, publication: Publication, entropy: Entropy
) -> Certificate:
    """A self-signed country signing CA certificate."""
    identifier = key_identifier(key.public_key)
    body = [
        ext.authority_key_identifier(identifier),
        ext.subject_key_identifier(identifier),
        ext.key_usage("keyCertSign", "cRLSign"),
        ext.basic_constraints_of_csca(),
    ]
    return _certificate(key, name, name, key.public_key, lifetime, publication, body, entropy)


def build_link(
    old: Certificate,
    old_key: Signer,
    new: Certificate,
    publication: Publication,
    entropy: Entropy,
) -> Certificate:
    """The certificate by which a CSCA's old key vouches for its new one (9303-12 7.1.1, 4.2).

    It is good for as long as both are; a changed name is said by its extension (9303-12 7.1.1.5).
    """
    usage = new.extensions.private_key_usage
    usage_end = new.not_after if usage is None or usage.not_after is None else usage.not_after
    lifetime = Lifetime(new.not_before, usage_end, min(old.not_after, new.not_after))
    body = [
        ext.authority_key_identifier(_identifier_of(old)),
        ext.subject_key_identifier(_identifier_of(new)),
        ext.key_usage("keyCertSign", "cRLSign"),
        ext.basic_constraints_of_csca(),
    ]
    if not old.subject.matches(new.subject):
        body.append(ext.name_change())
    return _certificate(old_key, old.subject, new.subject, new.spki, lifetime, publication, body, entropy)


def build_purpose_signer(
    csca: Certificate,
    csca_key: Signer,
    name: DistinguishedName,
    public_key: bytes,
    lifetime: Lifetime,
    publication: Publication,
    entropy: Entropy,
    purpose: str,
) -> Certificate:
    """A certificate whose key signs for one purpose, an extended key usage, and nothing else."""
    body = [
        ext.authority_key_identifier(_identifier_of(csca)),
        ext.subject_key_identifier(key_identifier(public_key)),
        ext.key_usage("digitalSignature"),
        ext.extended_key_usage(purpose),
    ]
    return _certificate(csca_key, csca.subject, name, public_key, lifetime, publication, body, entropy)


def build_document_signer(
    csca: Certificate,
    csca_key: Signer,
    name: DistinguishedName,
    public_key: bytes,
    lifetime: Lifetime,
    publication: Publication,
    document_types: tuple[str, ...],
    entropy: Entropy,
) -> Certificate:
    """A document signer certificate for ``public_key``, allowed to sign ``document_types`` (codes of the MRZ)."""
    body = [
        ext.authority_key_identifier(_identifier_of(csca)),
        ext.subject_key_identifier(key_identifier(public_key)),
        ext.key_usage("digitalSignature"),
        ext.document_type_list(document_types),
    ]
    return _certificate(csca_key, csca.subject, name, public_key, lifetime, publication, body, entropy)


def build_crl(
    csca: Certificate, key: Signer, number: int, this_update: datetime, revoked: Mapping[int, datetime]
) -> bytes:
    """The state's revocation list in DER: ``revoked`` has times by serial number; no reasons (9303-12 table 10)."""
    entries = [der.sequence(der.integer(serial), encode_time(time)) for serial, time in sorted(revoked.items())]
    extensions = der.sequence(
        ext.authority_key_identifier(_identifier_of(csca)), ext.extension(ext.CRL_NUMBER, der.integer(number))
    )
    algorithm = algorithm_to_der(key.algorithm)
    tbs = der.sequence(
        _CRL_VERSION_2,
        algorithm,
        csca.subject.der,
        encode_time(this_update),
        encode_time(this_update + CRL_LIFETIME),
        der.sequence(*entries) if entries else b"",
        tlv.encode(0xA0, extensions),
    )
    return _signed(tbs, algorithm, key)


def _certificate(
    key: Signer,
    issuer: DistinguishedName,
    subject: DistinguishedName,
    public_key: bytes,
    lifetime: Lifetime,
    publication: Publication,
    extensions: list[bytes],
    entropy: Entropy,
) -> Certificate:
    common = [
        ext.private_key_usage_period(UsagePeriod(lifetime.not_before, lifetime.usage_end)),
        ext.alternative_names(ext.SUBJECT_ALTERNATIVE_NAME, publication.names),
        ext.alternative_names(ext.ISSUER_ALTERNATIVE_NAME, publication.names),
        ext.crl_distribution_points(publication.crl_urls),
    ]
    algorithm = algorithm_to_der(key.algorithm)
    tbs = der.sequence(
        _VERSION_3,
        der.integer(new_serial(entropy)),
        algorithm,
        issuer.der,
        der.sequence(encode_time(lifetime.not_before), encode_time(lifetime.not_after)),
        subject.der,
        public_key,
        tlv.encode(0xA3, der.sequence(*extensions, *common)),
    )
    return Certificate.parse(_signed(tbs, algorithm, key))


def _signed(tbs: bytes, algorithm: bytes, key: Signer) -> bytes:
    return der.sequence(tbs, algorithm, der.bit_string(key.sign(tbs)))


def _identifier_of(csca: Certificate) -> bytes:
    identifier = csca.extensions.subject_key_identifier
    if identifier is None:
        raise BadInput("csca-without-key-identifier", subject=csca.subject.text)
    return identifier
