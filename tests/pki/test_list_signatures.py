"""The ways in which states sign their master lists: by name or key, by which scheme, with which attributes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.asn1.oids import CSCA_MASTER_LIST
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.digests import digest
from eid_toolkit.standards.crypto.signatures import algorithm_to_der
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import ID_SIGNED_DATA, build_signed_data
from eid_toolkit.standards.pki.master_list import MasterList
from eid_toolkit.standards.pki.times import encode_time
from eid_toolkit.standards.pki.validation import Status, validate_list_signer
from support.authorities import NOW, Authority, new_key
from support.odd_rsa import OddRsa, key_with_exponent

UTOPIA = Authority()
CONTENT = der.sequence(der.integer(0), der.set_of([UTOPIA.csca.der]))
_SHA256 = der.object_identifier("2.16.840.1.101.3.4.2.1")


def signed(key: Signer, *, by_key_identifier: bool = True) -> bytes:
    signer = UTOPIA.list_signer(key)  # type: ignore[arg-type]
    return build_signed_data(
        CONTENT, CSCA_MASTER_LIST, key, signer.der, "sha256", NOW, by_key_identifier=by_key_identifier
    )


def by_hand(*, null: bool = False, protected: bool = False, in_pieces: bool = False, attributes: bool = True) -> bytes:
    """A list whose parts are put together here: NULL in the digest identifiers, more attributes, content in pieces."""
    key = new_key()
    signer: Certificate = UTOPIA.list_signer(key)
    identifier = der.sequence(_SHA256, der.null()) if null else der.sequence(_SHA256)
    algorithm = algorithm_to_der(key.algorithm)
    found = [
        attribute("1.2.840.113549.1.9.3", der.object_identifier(CSCA_MASTER_LIST)),
        attribute("1.2.840.113549.1.9.4", der.octet_string(digest("sha256", CONTENT))),
        attribute("1.2.840.113549.1.9.5", encode_time(NOW)),
    ]
    if protected:  # RFC 6211
        found.append(
            attribute("1.2.840.113549.1.9.52", der.sequence(identifier, tlv.encode(0xA1, tlv.parse(algorithm).value)))
        )
    covered = der.set_of(found)
    info = der.sequence(
        der.integer(1),
        der.sequence(signer.issuer.der, der.integer(signer.serial)),
        identifier,
        tlv.encode(0xA0, tlv.parse(covered).value) if attributes else b"",
        algorithm,
        der.octet_string(key.sign(covered if attributes else CONTENT)),
    )
    octets = der.octet_string(CONTENT)
    if in_pieces:
        octets = tlv.encode(0x24, der.octet_string(CONTENT[:100]), der.octet_string(CONTENT[100:]))
    data = der.sequence(
        der.integer(3),
        der.set_of([identifier]),
        der.sequence(der.object_identifier(CSCA_MASTER_LIST), tlv.encode(0xA0, octets)),
        tlv.encode(0xA0, signer.der),
        der.set_of([info]),
    )
    return der.sequence(der.object_identifier(ID_SIGNED_DATA), tlv.encode(0xA0, data))


def attribute(oid: str, value: bytes) -> bytes:
    return der.sequence(der.object_identifier(oid), der.set_of([value]))


def rsa(salt: int | None = None) -> OddRsa:
    return OddRsa(key_with_exponent(65537), "sha256", salt)


WAYS: dict[str, Callable[[], bytes]] = {
    "by key identifier": lambda: signed(new_key()),
    "by issuer and serial number": lambda: signed(new_key(), by_key_identifier=False),
    "RSA PKCS #1 v1.5": lambda: signed(rsa()),
    "RSA PSS": lambda: signed(rsa(32)),
    "RSA PSS with another salt": lambda: signed(rsa(20)),
    "digest identifiers with NULL": lambda: by_hand(null=True),
    "cmsAlgorithmProtection": lambda: by_hand(protected=True),
    "content in pieces": lambda: by_hand(in_pieces=True),
    "no signed attributes": lambda: by_hand(attributes=False),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_list_signed_in_this_way_is_verified(way: str) -> None:
    found = MasterList.parse(WAYS[way]())
    assert [certificate.der for certificate in found.certificates] == [UTOPIA.csca.der]
    result = validate_list_signer(found, UTOPIA.trust(), NOW)
    assert (result.status, result.reason) == (Status.PASSED, None)
