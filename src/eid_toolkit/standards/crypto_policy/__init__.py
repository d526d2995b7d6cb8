"""The crypto policy: which keys, digests and times are strong enough for which use."""

from __future__ import annotations

from eid_toolkit.standards.crypto_policy.policy import Breach, CryptoPolicy, Use
from eid_toolkit.standards.crypto_policy.reading import read_policy, shipped_policy

__all__ = ["Breach", "CryptoPolicy", "Use", "read_policy", "shipped_policy"]
