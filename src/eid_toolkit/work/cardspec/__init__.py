"""Cards described in a file or in code, and built in one call: for CI, demonstrations and tests. Specimens only."""

from __future__ import annotations

from eid_toolkit.work.cardspec.build import SpecimenCard, build
from eid_toolkit.work.cardspec.parsing import load_spec, parse_spec
from eid_toolkit.work.cardspec.shipped_specs import find_spec
from eid_toolkit.work.cardspec.spec import CardSpec

__all__ = ["CardSpec", "SpecimenCard", "build", "find_spec", "load_spec", "parse_spec"]
