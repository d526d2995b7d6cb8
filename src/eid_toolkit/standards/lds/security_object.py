"""LDSSecurityObject: the hashes of the data groups, which EF.SOD signs (ICAO Doc 9303-10 4.6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import ber, der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS, digest_by_oid

LDS_VERSION = "0108"
UNICODE_VERSION = "040000"
_DATA_GROUPS = range(1, 17)
_VERSIONS = (0, 1)


@dataclass(frozen=True, slots=True)
class LdsSecurityObject:
    """The digest's name and each data group's hash by its number; versions only in version 1."""

    digest: str
    hashes: Mapping[int, bytes]
    version: int = 1
    lds_version: str | None = LDS_VERSION
    unicode_version: str | None = UNICODE_VERSION
    unknown: tuple[int, ...] = ()
    """Numbers that are no data group's, with hashes that are of nothing on a chip."""

    @classmethod
    def parse(cls, data: bytes, *, patient: bool = False) -> LdsSecurityObject:
        """The object in BER; raises :class:`BadInput` for an unknown version or digest, or a number that repeats.

        A ``patient`` reader puts up with what takes nothing away from the hashes: numbers of no data group, the same
        hash twice, and versions that are written oddly or stand where there should be none.
        """
        return ber.in_any_form(lambda definite: cls._parse(definite, patient), data)

    @classmethod
    def _parse(cls, data: bytes, patient: bool) -> LdsSecurityObject:
        try:
            version, algorithm, hashes, *versions = tlv.parse(data, der.SEQUENCE).children()
            number = der.read_integer(version)
            if number not in _VERSIONS or (len(versions) > number and not (patient and len(versions) == 1)):
                raise BadInput("sod-unknown-version", version=number)
            digest = digest_by_oid(der.read_object_identifier(der.read_sequence(algorithm)[0]))
            texts = _read_versions(versions[0], patient) if versions and number else (None, None)
            known, unknown = _read_hashes(hashes, patient)
            return cls(digest, known, number, *texts, unknown)
        except (ValueError, IndexError):  # a structure with fewer or more parts than it has
            raise BadInput("lds-security-object-malformed") from None

    def encode(self) -> bytes:
        """The object in DER; the digest identifier stands without parameters."""
        hashes = (
            der.sequence(der.integer(number), der.octet_string(value)) for number, value in sorted(self.hashes.items())
        )
        versions: tuple[bytes, ...] = ()
        if self.lds_version is not None and self.unicode_version is not None:
            texts = (self.lds_version, self.unicode_version)
            versions = (der.sequence(*(tlv.encode(der.PRINTABLE_STRING, text.encode("ascii")) for text in texts)),)
        return der.sequence(
            der.integer(self.version),
            der.sequence(der.object_identifier(DIGEST_OIDS[self.digest])),
            der.sequence(*hashes),
            *versions,
        )


def _read_hashes(item: Tlv, patient: bool) -> tuple[dict[int, bytes], tuple[int, ...]]:
    hashes: dict[int, bytes] = {}
    unknown = []
    for pair in der.read_sequence(item):
        number_item, value = der.read_sequence(pair)
        number, hashed = der.read_integer(number_item), der.expect(value, der.OCTET_STRING)
        if patient and number not in _DATA_GROUPS:
            unknown.append(number)
            continue
        if number not in _DATA_GROUPS or (number in hashes and not (patient and hashes[number] == hashed)):
            raise BadInput("lds-security-object-malformed")
        hashes[number] = hashed
    return hashes, tuple(unknown)


def _read_versions(item: Tlv, patient: bool) -> tuple[str | None, str | None]:
    try:
        lds_version, unicode_version = (der.expect(part, der.PRINTABLE_STRING) for part in der.read_sequence(item))
        return lds_version.decode("ascii"), unicode_version.decode("ascii")
    except (BadInput, ValueError):
        if patient:
            return None, None
        raise
