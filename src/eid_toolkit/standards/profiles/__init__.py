"""Document types as data: what a kind of document holds and how its chip is protected."""

from __future__ import annotations

from eid_toolkit.standards.profiles.loading import list_profiles, load_profile
from eid_toolkit.standards.profiles.profile import DocumentProfile

__all__ = ["DocumentProfile", "list_profiles", "load_profile"]
