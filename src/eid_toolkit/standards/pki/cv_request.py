"""Requests for CV certificates, plain and authenticated (TR-03110-3 C.2, ICAO Doc 9303-12 7)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.domain_parameters import EcDomain
from eid_toolkit.standards.pki.cv_certificate import BODY, CERTIFICATE, SIGNATURE, KeyReference, plain_signature
from eid_toolkit.standards.pki.cv_public_key import CvPublicKey, parse_public_key

AUTHENTICATED = 0x67
_PROFILE, _AUTHORITY, _HOLDER = 0x5F29, 0x42, 0x5F20
_PROFILE_1 = b"\x00"
MAX_SIZE = 1 << 14
"""The largest request in bytes that is read."""


@dataclass(frozen=True, slots=True)
class CvRequest:
    """A public key and the name that its holder wants, signed with the private key (the inner signature)."""

    encoded: bytes
    """``7F21`` as it was written."""
    public_key: CvPublicKey
    holder_reference: KeyReference
    authority_reference: KeyReference | None = None
    """Whose certificate is asked for, if the requester knows."""
    authenticated_by: KeyReference | None = None
    """The key of the outer signature, which vouches for a requester that is known already."""
    outer: bytes = b""
    """What the outer signature is over, and the signature: empty where there is none."""
    outer_signature: bytes = b""

    @classmethod
    def build(
        cls,
        public_key: CvPublicKey,
        signer: Signer,
        holder: KeyReference,
        authority: KeyReference | None = None,
    ) -> CvRequest:
        """A request for the key of ``signer``; domain parameters stand in it (TR-03110-3 C.2.1)."""
        parts = [tlv.encode(_PROFILE, _PROFILE_1)]
        if authority is not None:
            parts.append(tlv.encode(_AUTHORITY, authority.encode()))
        parts += [public_key.encode(), tlv.encode(_HOLDER, holder.encode())]
        body = tlv.encode(BODY, *parts)
        signature = tlv.encode(SIGNATURE, plain_signature(signer, body))
        return cls(tlv.encode(CERTIFICATE, body, signature), public_key, holder, authority)

    def authenticated(self, signer: Signer, by: KeyReference) -> CvRequest:
        """The request with an outer signature by a key that the authority knows: the last one of the same holder."""
        covered = self.encoded + tlv.encode(_AUTHORITY, by.encode())
        return CvRequest(
            self.encoded,
            self.public_key,
            self.holder_reference,
            self.authority_reference,
            by,
            covered,
            plain_signature(signer, covered),
        )

    def encode(self) -> bytes:
        """``7F21``, or the template ``67`` around it with the outer signature."""
        if self.authenticated_by is None:
            return self.encoded
        return tlv.encode(AUTHENTICATED, self.outer, tlv.encode(SIGNATURE, self.outer_signature))

    @classmethod
    def parse(cls, data: bytes, domain: EcDomain | None = None) -> CvRequest:
        """Reads a request and checks its inner signature; ``domain`` is for a key that does not say its curve.

        Raises :class:`BadInput` for anything else. The outer signature is for :meth:`is_authenticated`.
        """
        if len(data) > MAX_SIZE:
            raise BadInput("request-too-large", limit=MAX_SIZE)
        outer = tlv.parse(data)
        if outer.tag != AUTHENTICATED:
            return cls._parse_inner(data, domain)
        parts = tlv.parse_all(outer.value)
        if [part.tag for part in parts] != [CERTIFICATE, _AUTHORITY, SIGNATURE]:
            raise BadInput("request-malformed")
        inner = cls._parse_inner(parts[0].encode(), domain)
        return cls(
            inner.encoded,
            inner.public_key,
            inner.holder_reference,
            inner.authority_reference,
            KeyReference.parse(parts[1].value),
            parts[0].encode() + parts[1].encode(),
            parts[2].value,
        )

    @classmethod
    def _parse_inner(cls, data: bytes, domain: EcDomain | None) -> CvRequest:
        parts = tlv.parse(data, CERTIFICATE).children()
        if [part.tag for part in parts] != [BODY, SIGNATURE]:
            raise BadInput("request-malformed")
        objects = list(parts[0].children())
        if not objects or der.expect(objects.pop(0), _PROFILE) != _PROFILE_1:
            raise BadInput("request-malformed")
        authority = None
        if objects and objects[0].tag == _AUTHORITY:
            authority = KeyReference.parse(objects.pop(0).value)
        if len(objects) not in (2, 3):  # the third would be extensions, which nothing here asks for
            raise BadInput("request-malformed")
        key = parse_public_key(objects[0]).on(domain)
        holder = KeyReference.parse(der.expect(objects[1], _HOLDER))
        if not key.verify(parts[1].value, parts[0].encode()):
            raise BadInput("request-signature-wrong")
        return cls(data, key, holder, authority)

    def is_authenticated(self, key: CvPublicKey) -> bool:
        """Whether ``key`` made the outer signature; no without one."""
        return self.authenticated_by is not None and key.verify(self.outer_signature, self.outer)
