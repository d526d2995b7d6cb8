"""Policies as data: which checks a verdict requires, and whether a card may be opened by BAC."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from eid_toolkit.ground.errors import UsageError
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS
from eid_toolkit.standards.crypto_policy.floor import StrengthFloor
from eid_toolkit.standards.pki.trust_material import BundleFacts


@dataclass(frozen=True, slots=True)
class Floor:
    """What is too weak to vouch for a document: digests by name, and keys of fewer bits than these."""

    weak_digests: frozenset[str] = frozenset({"sha1"})
    rsa_bits: int = 2048
    ec_bits: int = 224
    version: int = 0
    """Of the crypto policy that it comes from; 0 is the shipped one."""

    @property
    def digests(self) -> frozenset[str]:
        """Those that are not too weak."""
        return frozenset(DIGEST_OIDS) - self.weak_digests

    def raised(self, other: StrengthFloor | None) -> Floor:
        """The stricter of both, limit by limit: a bundle and a home's own policy can only demand more."""
        if other is None:
            return self
        weak = self.weak_digests | (frozenset(DIGEST_OIDS) - other.hashes)
        bits = max(self.rsa_bits, other.least_rsa_bits), max(self.ec_bits, other.least_ec_bits)
        if (weak, *bits) == (self.weak_digests, self.rsa_bits, self.ec_bits):
            return self
        return Floor(weak, *bits, other.version)


@dataclass(frozen=True, slots=True)
class Policy:
    """A verdict passes if every check in ``required`` passed, one at least in ``chip``, and none failed at all."""

    name: str
    required: frozenset[str]
    chip: frozenset[str]
    allow_bac: bool
    """Whether a card without PACE may be opened by Basic Access Control (9303-11 4.2: PACE comes first)."""
    max_bundle_age: timedelta | None = None
    """How old the bundle that the trust came in may be; None for any age."""
    floor: Floor = Floor()
    """Below it is a finding; the verdict is undetermined where ``pa.strength`` is required."""

    def tightened(self, bundle: BundleFacts | None, own: StrengthFloor | None = None) -> Policy:
        """The policy as the maker of the bundle, and the home's ``own`` crypto policy, want it: they can only demand
        more."""
        floor = self.floor.raised(own)
        if bundle is None:
            return replace(self, floor=floor)
        ages = [age for age in (self.max_bundle_age, bundle.max_age) if age is not None]
        allow_bac, max_bundle_age = self.allow_bac and bundle.allow_bac, min(ages, default=None)
        return replace(self, allow_bac=allow_bac, max_bundle_age=max_bundle_age, floor=floor.raised(bundle.floor))


_DOCUMENT = frozenset(
    {
        "pa.sod-signature",
        "pa.dsc-chain",
        "pa.data-group-hashes",
        "document.access",
        "document.reading",
        "document.card-access",
        "document.consistency",
    }
)
_STATUS = frozenset(
    {
        "status.revocation",
        "document.expiry",
        "status.clock",
        "status.bundle-age",
        "status.reported",
        "document.deviations",
    }
)
_MONTH_AND_A_HALF = timedelta(days=45)
"""A month off line is usable and shows; by then a new bundle should have come."""
_ANY_CHIP = frozenset({"chip.ca", "chip.aa", "chip.cam"})

_POLICIES = {
    policy.name: policy
    for policy in (
        Policy("demo", _DOCUMENT | _STATUS, _ANY_CHIP, allow_bac=True, max_bundle_age=_MONTH_AND_A_HALF),
        # The issuer knows its own cards: they do PACE and Chip Authentication.
        Policy(
            "issuer-readback", _DOCUMENT | _STATUS | {"chip.ca", "pa.strength"}, frozenset({"chip.ca"}), allow_bac=False
        ),
        Policy("officer", _DOCUMENT | _STATUS, _ANY_CHIP, allow_bac=True, max_bundle_age=_MONTH_AND_A_HALF),
    )
}
POLICY_NAMES = tuple(_POLICIES)


def policy_by_name(name: str) -> Policy:
    """A built-in policy; raises :class:`UsageError` if there is none of that name."""
    try:
        return _POLICIES[name]
    except KeyError:
        raise UsageError("policy-unknown", name=name, policies=", ".join(POLICY_NAMES)) from None
