"""A card in one call: from a spec file, a shipped spec, a mapping or a spec, with some of its fields changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from eid_toolkit.work.cardspec.build import SpecimenCard, build
from eid_toolkit.work.cardspec.parsing import spec_of
from eid_toolkit.work.cardspec.shipped_specs import find_spec
from eid_toolkit.work.cardspec.spec import CardSpec

SpecLike = CardSpec | Mapping[str, Any] | str | os.PathLike[str] | None


def make(spec: SpecLike, fields: Mapping[str, Any], folder: Path = Path()) -> SpecimenCard:
    """The card of ``spec``, with ``fields`` in the place of its own; paths are relative to ``folder``.

    Raises :class:`BadInput` for a spec that is none, or asks for what cannot be.
    """
    if isinstance(spec, str | os.PathLike):
        card_spec, folder = find_spec(os.fspath(spec), folder)
    else:
        card_spec = spec if isinstance(spec, CardSpec) else spec_of(spec or {})
    changed = spec_of(fields)
    return build(replace(card_spec, **{name: getattr(changed, name) for name in fields}), folder=folder)
