"""Invented persons with drawn portraits, for demonstrations and tests: nobody of flesh and blood."""

from __future__ import annotations

from eid_toolkit.work.specimens.persons import SpecimenPerson, persons

__all__ = ["SpecimenPerson", "persons"]
