"""What a crypto policy refuses of a document profile: its chip's keys (9303-11 4.3 and 6.1, 6.2) and its digests."""

from __future__ import annotations

from collections.abc import Iterator

from eid_toolkit.standards.crypto.domain_parameters import domain_by_id
from eid_toolkit.standards.crypto_policy import Breach, CryptoPolicy, Use
from eid_toolkit.standards.profiles import DocumentProfile


def of_profile(policy: CryptoPolicy, profile: DocumentProfile) -> Iterator[Breach]:
    """What is wrong with the keys that a chip of this profile gets, and with the digest of its data groups."""
    chip, active = profile.chip_authentication, profile.active_authentication
    if chip is not None:
        yield from policy.of_curve(Use.CHIP_AUTHENTICATION, domain_by_id(chip.parameter_id).name)
    if active is not None:
        if active.parameter_id is not None:
            yield from policy.of_curve(Use.ACTIVE_AUTHENTICATION, domain_by_id(active.parameter_id).name)
        if active.rsa_bits is not None:
            yield from policy.of_rsa(Use.ACTIVE_AUTHENTICATION, active.rsa_bits)
        yield from policy.of_hash(Use.ACTIVE_AUTHENTICATION, active.digest)
    # They stand in EF.SOD, which the document signer answers for.
    yield from policy.of_hash(Use.DOCUMENT_SIGNER, profile.digest)
