"""EF.SOD as states write it otherwise: in BER, in another order, under another content type, with weaker digests."""

from __future__ import annotations

import random
from collections.abc import Callable

from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.asn1.oids import LDS_SECURITY_OBJECT
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.digests import digest as hashed
from eid_toolkit.standards.lds.security_object import LdsSecurityObject
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import build_signed_data
from eid_toolkit.standards.pki.names import DistinguishedName

_SOD = 0x77
_STRINGS = frozenset({der.OCTET_STRING})


def of_content(content: bytes, content_type: str, signer: Signer, certificate: Certificate, digest: str) -> bytes:
    """EF.SOD over any content of any type."""
    return tlv.encode(_SOD, build_signed_data(content, content_type, signer, certificate.der, digest))


def over(groups: dict[int, bytes], signer: Signer, certificate: Certificate, **parts: str) -> bytes:
    """EF.SOD over data groups; ``parts``: ``content_type``, ``hashes`` and ``digest`` (names of digests)."""
    used = parts.get("hashes", "sha256")
    content = LdsSecurityObject(used, {number: hashed(used, data) for number, data in groups.items()}).encode()
    content_type = parts.get("content_type", LDS_SECURITY_OBJECT)
    return of_content(content, content_type, signer, certificate, parts.get("digest", "sha256"))


def with_name_of_signer(sod: bytes, rename: Callable[[DistinguishedName], DistinguishedName]) -> bytes:
    """The same with another name in SignerIdentifier, which no signature covers."""

    def renamed(signed_data: list[tlv.Tlv]) -> list[bytes]:
        *rest, infos = signed_data
        (info,) = infos.children()
        version, who, *parts = info.children()
        issuer, serial = who.children()
        name = rename(DistinguishedName.read(issuer)).der
        again = der.sequence(version.encode(), der.sequence(name, serial.encode()), *(part.encode() for part in parts))
        return [*(each.encode() for each in rest), der.set_of([again])]

    return _rebuilt(sod, renamed)


def with_reordered_name(sod: bytes) -> bytes:
    """The attributes of the signer's issuer from the last to the first, as a state writes them."""
    return with_name_of_signer(sod, lambda name: DistinguishedName.build(*reversed(name.attributes)))


def _rebuilt(sod: bytes, change: Callable[[list[tlv.Tlv]], list[bytes]]) -> bytes:
    oid, wrapped = tlv.parse(tlv.parse(sod, _SOD).value).children()
    parts = change(list(tlv.parse(wrapped.value).children()))
    return tlv.encode(_SOD, der.sequence(oid.encode(), tlv.encode(0xA0, der.sequence(*parts))))


def in_ber(sod: bytes, seed: int = 0, *, everywhere: bool = True) -> bytes:
    """EF.SOD with indefinite lengths and octet strings in pieces; certificates stay as they are.

    ``everywhere`` writes each object so; else chance by ``seed`` decides for each.
    """
    chance = random.Random(seed)
    content = _in_ber(tlv.parse(sod, _SOD).value, chance, everywhere, frozenset(_certificates(sod)))
    return tlv.encode(_SOD, content)


def _certificates(sod: bytes) -> list[bytes]:
    _, wrapped = tlv.parse(tlv.parse(sod, _SOD).value).children()
    parts = tlv.parse(wrapped.value).children()
    return [each.encode() for part in parts if part.tag == 0xA0 for each in tlv.parse_all(part.value)]


def _in_ber(data: bytes, chance: random.Random, everywhere: bool, kept: frozenset[bytes]) -> bytes:
    item = tlv.parse(data)
    if data in kept:
        return data
    otherwise = everywhere or chance.random() < 0.5
    if item.tag in _STRINGS and otherwise:
        middle = chance.randrange(len(item.value) + 1)
        pieces = [der.octet_string(item.value[:middle]), der.octet_string(item.value[middle:])]
        return b"\x24\x80" + b"".join(pieces) + b"\x00\x00"
    if not item.constructed:
        return data
    value = b"".join(_in_ber(each.encode(), chance, everywhere, kept) for each in item.children())
    tag = bytes((item.tag,))
    if otherwise:
        return tag + b"\x80" + value + b"\x00\x00"
    length = len(value).to_bytes(4, "big") if chance.random() < 0.3 else None  # longer than it must be
    return tlv.encode(item.tag, value) if length is None else tag + b"\x84" + length + value
