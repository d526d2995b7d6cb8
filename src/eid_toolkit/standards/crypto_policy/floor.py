"""The floor of strength for inspections: what vouches for a document is no weaker (NIST SP 800-57 part 1, 5.6)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.standards.crypto_policy.limits import EcBits, Hashes, RsaBits


@dataclass(frozen=True, slots=True)
class StrengthFloor:
    """The floor, with the version of the crypto policy that it comes from; 0 is the shipped one."""

    version: int
    least_rsa_bits: RsaBits
    """Of an RSA key."""
    least_ec_bits: EcBits
    """Of the order of a curve's base point."""
    hashes: Hashes
    """The digests that may be used, by name."""

    def __post_init__(self) -> None:
        if not 0 <= self.version < 1 << 31:
            raise ValueError(self.version)

    def is_weaker_than(self, other: StrengthFloor) -> bool:
        """Whether it lets anything pass that the other does not."""
        return (
            self.least_rsa_bits < other.least_rsa_bits
            or self.least_ec_bits < other.least_ec_bits
            or not self.hashes <= other.hashes
        )
