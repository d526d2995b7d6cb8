"""What a crypto policy says, and what it refuses: keys, digests and times by use (ICAO Doc 9303-12 4, SP 800-57 5.6).

A home has one policy with a version number; without one of its own, the one that is shipped. It is pure data: who
decided on it, and whether it is the newest, is for the home's books to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import StrEnum

from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.ground.plain_values import Misfit
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.crypto.rsa import RsaPublicKey
from eid_toolkit.standards.crypto_policy.floor import StrengthFloor
from eid_toolkit.standards.crypto_policy.limits import Curves, Days, EcBits, Hashes, RsaBits, Signatures, Sources

SHIPPED = 0
"""The version of the policy that comes with the software; those of a home count from 1."""


class Use(StrEnum):
    """What a key is for."""

    CSCA = "csca"
    DOCUMENT_SIGNER = "document-signer"
    LIST_SIGNER = "master-list-signer"
    BUNDLE_SIGNER = "trust-bundle-signer"
    CVCA = "cvca"
    VERIFIER = "document-verifier"
    TERMINAL = "terminal"
    AUDIT = "audit-log"
    CHIP_AUTHENTICATION = "chip-authentication"
    ACTIVE_AUTHENTICATION = "active-authentication"


_SIGNS = ("curves", "hashes", "least_rsa_bits")
_X509 = (*_SIGNS, "longest_usage_days", "longest_validity_days")
LIMITS: Mapping[Use, tuple[str, ...]] = {
    **dict.fromkeys((Use.CSCA, Use.LIST_SIGNER, Use.BUNDLE_SIGNER), _X509),
    Use.DOCUMENT_SIGNER: (*_X509, "signature_limit"),
    **dict.fromkeys((Use.CVCA, Use.VERIFIER, Use.TERMINAL), (*_SIGNS, "longest_validity_days")),
    Use.AUDIT: ("curves", "hashes"),
    Use.CHIP_AUTHENTICATION: ("curves",),
    Use.ACTIVE_AUTHENTICATION: _SIGNS,
}
"""What is limited for each use; a policy that names anything else for it would promise what nothing obeys."""
_OPTIONAL = frozenset({"least_rsa_bits"})
"""Left out, there are no keys of RSA for that use."""


@dataclass(frozen=True, slots=True)
class UseRules:
    """The limits for one use of a key."""

    curves: Curves
    """The curves that an EC key may be on."""
    hashes: Hashes | None = None
    """The digests that the key may sign with."""
    least_rsa_bits: RsaBits | None = None
    """The shortest modulus of an RSA key; without it, no RSA key is made or used."""
    longest_usage_days: Days | None = None
    """How long the private key may sign."""
    longest_validity_days: Days | None = None
    """How long the certificate may be valid."""
    signature_limit: Signatures | None = None
    """How often the key may sign."""
    sources: Sources = field(default_factory=dict)
    """Where the limits come from, by their names."""


@dataclass(frozen=True, slots=True)
class InspectionRules:
    """What an inspection accepts of the documents of all states."""

    hashes: Hashes
    """The digests that may vouch for a document."""
    least_rsa_bits: RsaBits
    """The shortest modulus of an RSA key."""
    least_ec_bits: EcBits
    """The shortest order of a curve's base point."""
    sources: Sources = field(default_factory=dict)
    """Where the limits come from, by their names."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One value that a policy does not allow: for what use, which value, and by which rule."""

    use: str
    value: str
    rule: str
    """The limit's name and what it is: ``least_rsa_bits = 3072``."""


@dataclass(frozen=True, slots=True)
class CryptoPolicy:
    """One version of a policy; all uses have their rules, and no rule is without effect."""

    uses: Mapping[Use, UseRules]
    inspection: InspectionRules
    version: int = SHIPPED

    def __post_init__(self) -> None:
        for use in Use:
            place = f"uses.{use}"
            if (rules := self.uses.get(use)) is None:
                raise Misfit("missing", place)
            for name in limit_names(UseRules):
                value, limits = getattr(rules, name), LIMITS[use]
                if value is not None and name not in limits:
                    raise Misfit("unknown", f"{place}.{name}")
                if value is None and name in limits and name not in _OPTIONAL:
                    raise Misfit("missing", f"{place}.{name}")
            _check_sources(rules.sources, LIMITS[use], place)
        _check_sources(self.inspection.sources, limit_names(InspectionRules), "inspection")

    @property
    def floor(self) -> StrengthFloor:
        """The floor of strength for inspections, with this policy's version."""
        rules = self.inspection
        return StrengthFloor(self.version, rules.least_rsa_bits, rules.least_ec_bits, rules.hashes)

    @property
    def signature_limit(self) -> int:
        """How often a document signer may sign."""
        limit = self.uses[Use.DOCUMENT_SIGNER].signature_limit
        assert limit is not None  # by LIMITS
        return limit

    # What it refuses.

    def of_curve(self, use: Use, name: str) -> Iterator[Breach]:
        """What is wrong with a key on that curve."""
        if name not in self.uses[use].curves:
            yield _breach(use, name, "curves", self.uses[use].curves)

    def of_rsa(self, use: Use, bits: int) -> Iterator[Breach]:
        """What is wrong with an RSA key of that many bits."""
        least = self.uses[use].least_rsa_bits
        if least is None or bits < least:
            yield _breach(use, f"RSA-{bits}", "least_rsa_bits", "no RSA" if least is None else least)

    def of_key(self, use: Use, spki: bytes) -> Iterator[Breach]:
        """What is wrong with a public key (SubjectPublicKeyInfo in DER); one that cannot be read is, too."""
        try:
            yield from self.of_rsa(use, RsaPublicKey.from_spki(spki).n.bit_length())
            return
        except BadInput:
            pass
        try:
            name = EcPublicKey.from_spki(spki).domain.name
        except BadInput:
            name = "a key of an unknown kind"
        yield from self.of_curve(use, name)

    def of_hash(self, use: Use, name: str) -> Iterator[Breach]:
        """What is wrong with signing with that digest."""
        allowed = self.uses[use].hashes
        if allowed is not None and name not in allowed:
            yield _breach(use, name, "hashes", allowed)

    def of_times(self, use: Use, usage: timedelta | None, validity: timedelta) -> Iterator[Breach]:
        """What is wrong with using a private key, and with a certificate being valid, for so long."""
        rules = self.uses[use]
        for name, value in (("longest_usage_days", usage or validity), ("longest_validity_days", validity)):
            most = getattr(rules, name)
            if most is not None and value > timedelta(days=most):
                yield _breach(use, f"{-(-value // timedelta(days=1))} days", name, most)

    def of_signature_limit(self, limit: int) -> Iterator[Breach]:
        """What is wrong with a document signer that signs so often."""
        if limit > self.signature_limit:
            yield _breach(Use.DOCUMENT_SIGNER, f"{limit} signatures", "signature_limit", self.signature_limit)

    def require(self, breaches: Iterable[Breach]) -> None:
        """Raises :class:`NotPermitted` for the first of the breaches, if there is one."""
        for breach in breaches:
            raise NotPermitted(
                "crypto-policy-refused", use=breach.use, value=breach.value, rule=breach.rule, version=self.version
            )


def limit_names(kind: type[UseRules] | type[InspectionRules]) -> tuple[str, ...]:
    """The names of what is limited."""
    return tuple(each.name for each in fields(kind) if each.name != "sources")


def _breach(use: Use, value: str, name: str, limit: object) -> Breach:
    shown = ", ".join(sorted(limit)) if isinstance(limit, frozenset) else str(limit)
    return Breach(str(use), value, f"{name} = {shown}")


def _check_sources(sources: Mapping[str, str], names: Iterable[str], place: str) -> None:
    for name in sources:
        if name not in names:
            raise Misfit("unknown", f"{place}.sources.{name}")
