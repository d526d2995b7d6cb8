"""Defects."""

from __future__ import annotations

from support.conformance import Defect

DEFECTS: dict[str, Defect] = {}
