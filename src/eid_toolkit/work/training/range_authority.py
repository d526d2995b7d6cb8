"""The authority of the range: it signs the bundles that trainees' terminals take, and is believed nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from eid_toolkit.books.trust.bundles import bundle_of
from eid_toolkit.ground.ports import Entropy, Signer
from eid_toolkit.standards.pki.certificate import SPECIMEN_MARK, Certificate
from eid_toolkit.standards.pki.issuing import Lifetime, Publication, build_purpose_signer, distinguished_name
from eid_toolkit.standards.pki.trust_bundle import BUNDLE_SIGNING_KEY, BundlePolicy, build_trust_bundle
from eid_toolkit.work.cardspec.authority import SpecimenAuthority, new_key

_BACK, _AHEAD = timedelta(days=3 * 365), timedelta(days=10 * 365)
"""A terminal's lists may be old, and its clock behind."""
_STATE = "UTO"
"""Code of the MRZ."""
_CURVE = "brainpoolP256r1"


@dataclass(frozen=True, slots=True)
class RangeAuthority:
    """One authority of the specimen state, whose officers the trainees are."""

    csca: Certificate
    certificate: Certificate
    signer: Signer

    @classmethod
    def create(cls, now: datetime, entropy: Entropy) -> RangeAuthority:
        """A new one."""
        start = now - _BACK
        state = SpecimenAuthority.create(_STATE, "I", start, entropy)
        key = new_key(_CURVE, "sha256", entropy)
        certificate = build_purpose_signer(
            state.csca,
            state.csca_key,
            distinguished_name(state.country, f"{SPECIMEN_MARK} Range", f"{SPECIMEN_MARK} Range Bundle Signer"),
            key.public_key,
            Lifetime(start, now + _AHEAD, now + _AHEAD),
            Publication(_STATE),
            entropy,
            BUNDLE_SIGNING_KEY,
        )
        return cls(state.csca, certificate, key)

    @property
    def name(self) -> str:
        """As its bundles give it."""
        return f"{SPECIMEN_MARK} Range"

    @property
    def country(self) -> str:
        """Two letters: the state of which all CSCAs are known to its terminals."""
        return self.certificate.country or ""

    def bundle(
        self,
        version: int,
        issued_at: datetime,
        sections: Mapping[str, tuple[bytes, ...]],
        max_age_days: int,
        *,
        allow_bac: bool,
    ) -> bytes:
        """A signed trust bundle."""
        content = bundle_of(self.name, version, issued_at, sections, BundlePolicy(max_age_days, allow_bac))
        return build_trust_bundle(content, self.signer, self.certificate, (self.csca,), issued_at)
