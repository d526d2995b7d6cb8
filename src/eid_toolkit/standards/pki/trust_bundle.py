"""Trust bundles: what an authority gives its officers to believe, signed and numbered, in full or as a delta.

A bundle is CMS SignedData over JSON. Its signer's certificate is for nothing else, and is believed because its CSCA or
it itself was pinned once, never because some state's CSCA made it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import REQUIRED, Base64, UtcTime, from_plain, parse_json, to_plain
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.crypto_policy.floor import StrengthFloor
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import SignedData, build_signed_data, verify_signed_data

SCHEMA = "eid-trust-bundle/1"
TRUST_BUNDLE = "2.25.256784277564343464396613615708596102225"
"""The content type: an identifier out of a UUID (X.667), which belongs to nobody else."""
BUNDLE_SIGNING_KEY = "2.25.203284939108332323564912397058339592075"
"""The extended key usage of the signer's certificate, likewise."""
MAX_SIZE = 16 << 20
"""The largest bundle in bytes that is read."""
SECTIONS = (
    "anchors",
    "links",
    "crls",
    "deviation_lists",
    "terminal_certificates",
    "status_list",
    "stolen_blanks",
)
"""What a bundle holds: the last two are JSON, one list each or none, the others DER."""
_MAX_MEMBERS = 20_000
MAX_AGE_DAYS = 3650
"""The most days that a bundle's maker can let it become old."""
_HASH = 64


@dataclass(frozen=True, slots=True)
class BundlePolicy:
    """What a bundle's maker demands of inspections, beyond the policy that they are made under."""

    max_age_days: Annotated[int | None, REQUIRED] = None
    """How old the bundle may become."""
    allow_bac: Annotated[bool, REQUIRED] = True
    """Whether cards may be opened by Basic Access Control."""
    floor: StrengthFloor | None = None
    """The floor of strength of its crypto policy; bundles of before have none."""

    def to_plain(self) -> dict[str, Any]:
        """As it stands in a bundle."""
        return to_plain(self, without=("floor",) if self.floor is None else ())


@dataclass(frozen=True, slots=True)
class RegisterHead:
    """How far the authority's register had come: the position of its log's newest row, and the hash over its chains."""

    position: int
    head: str


@dataclass(frozen=True, slots=True)
class TrustBundle:
    """One bundle's content; a delta (``base`` is the version before it) names what goes away by SHA-256."""

    authority: str
    version: int
    issued_at: UtcTime
    sections: Mapping[str, tuple[Base64, ...]]
    result_sha256: str
    """Over what is believed when it has been taken (:func:`digest_of`): a delta on another base is found out."""
    base: Annotated[int | None, REQUIRED] = None
    removed: Annotated[frozenset[str], REQUIRED] = frozenset()
    policy: Annotated[BundlePolicy, REQUIRED] = BundlePolicy()
    register: RegisterHead | None = None
    """Bundles of before have none."""

    def encode(self) -> bytes:
        """The JSON that is signed."""
        content: dict[str, Any] = {
            "schema": SCHEMA,
            "authority": self.authority,
            "version": self.version,
            "issued_at": self.issued_at.astimezone(UTC).isoformat(timespec="seconds"),
            "base": self.base,
            "policy": self.policy.to_plain(),
            **{name: [base64.b64encode(item).decode() for item in self.sections.get(name, ())] for name in SECTIONS},
            "removed": sorted(self.removed),
            "result_sha256": self.result_sha256,
            **({} if self.register is None else {"register": to_plain(self.register)}),
        }
        return json.dumps(content, indent=1).encode()

    @classmethod
    def parse(cls, content: bytes) -> TrustBundle:
        """Reads the JSON; raises :class:`BadInput` for another schema or anything out of place."""
        try:
            data = parse_json(content)
            if not isinstance(data, dict) or data.get("schema") != SCHEMA:
                raise BadInput("bundle-schema", schema=data.get("schema") if isinstance(data, dict) else None)
            bundle = from_plain(cls, {**data, "sections": {name: data[name] for name in SECTIONS}})
            bundle._check()
        except (ValueError, KeyError):
            raise BadInput("bundle-malformed") from None
        if sum(map(len, bundle.sections.values())) > _MAX_MEMBERS:
            raise BadInput("bundle-too-long", limit=_MAX_MEMBERS)
        return bundle

    def _check(self) -> None:
        days = self.policy.max_age_days
        if not _is_count(self.version) or not (self.base is None or 0 < self.base < self.version):
            raise ValueError(self.version)
        if not (days is None or (_is_count(days) and days <= MAX_AGE_DAYS)):
            raise ValueError(days)
        if self.register is not None and (not _is_count(self.register.position) or len(self.register.head) != _HASH):
            raise ValueError(self.register.position)


@dataclass(frozen=True, slots=True)
class SignedBundle:
    """A bundle with its signature, which holds; whether its maker is believed is another question."""

    bundle: TrustBundle
    signer: Certificate
    others: tuple[Certificate, ...]
    """CSCA certificates and links that came along, to find the way from the one that is pinned."""
    sha256: str

    @classmethod
    def parse(cls, data: bytes) -> SignedBundle:
        """A bundle in CMS whose signature holds and whose signer's certificate is for bundles.

        Raises :class:`BadInput` for anything else: another file, a cut or changed one, another purpose.
        """
        if len(data) > MAX_SIZE:
            raise BadInput("bundle-too-large", limit=MAX_SIZE)
        try:
            signed = SignedData.parse(data)
        except BadInput:
            raise BadInput("bundle-malformed") from None
        if signed.content_type != TRUST_BUNDLE:
            raise BadInput("bundle-wrong-content", oid=signed.content_type)
        signer = signed.signer_certificate
        if signer is None or not verify_signed_data(signed, signer.der):
            raise BadInput("bundle-signature-wrong")
        if BUNDLE_SIGNING_KEY not in signer.extensions.extended_key_usage:
            raise BadInput("bundle-signer-purpose", subject=signer.subject.text)
        others = []
        for item in signed.certificates:
            try:
                others.append(Certificate.parse(item))
            except BadInput:
                continue  # it only helps to find a way
        return cls(TrustBundle.parse(signed.content), signer, tuple(others), sha256(data).hexdigest())


def build_trust_bundle(
    bundle: TrustBundle, signer: Signer, certificate: Certificate, others: tuple[Certificate, ...], time: datetime
) -> bytes:
    """A signed bundle in DER; ``others`` are the CSCA's certificates and links."""
    return build_signed_data(
        bundle.encode(),
        TRUST_BUNDLE,
        signer,
        certificate.der,
        signer.algorithm.digest,
        time,
        others=tuple(other.der for other in others),
    )


def digest_of(sections: Mapping[str, tuple[bytes, ...]]) -> str:
    """SHA-256 in hex over all members by section and their own SHA-256, whatever their order."""
    lines = sorted(f"{name} {sha256(item).hexdigest()}" for name in SECTIONS for item in sections.get(name, ()))
    return sha256("\n".join(lines).encode()).hexdigest()


def _is_count(value: int) -> bool:
    return 0 < value < 1 << 40
