"""Crypto policies for tests: the shipped one with some limits changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eid_toolkit.standards.crypto_policy import CryptoPolicy, Use, shipped_policy
from eid_toolkit.standards.crypto_policy.reading import toml_of


def changed(use: Use, **limits: Any) -> CryptoPolicy:
    """The shipped policy with other limits for one use."""
    policy = shipped_policy()
    return replace(policy, uses={**policy.uses, use: replace(policy.uses[use], **limits)})


def with_floor(**limits: Any) -> CryptoPolicy:
    """The shipped policy with another floor for inspections."""
    policy = shipped_policy()
    return replace(policy, inspection=replace(policy.inspection, **limits))


def file_of(policy: CryptoPolicy) -> bytes:
    """The file that somebody would write of it."""
    return toml_of(policy)
