"""The document type of a card spec: a profile with what the spec changes in it."""

from __future__ import annotations

from dataclasses import replace

from eid_toolkit.standards.profiles import DocumentProfile, load_profile
from eid_toolkit.work.cardspec.spec import CardSpec


def profile_of(spec: CardSpec) -> DocumentProfile:
    """The changed profile, which is checked anew.

    Raises :class:`BadInput` for a profile that is unknown, or changes with which it contradicts itself or a standard.
    """
    profile, access, chip = load_profile(spec.profile), spec.access, spec.chip
    pace = profile.access.pace if access.pace is None else access.pace
    bac = profile.access.bac
    if access.protocols is not None:
        pace, bac = pace if "pace" in access.protocols else (), "bac" in access.protocols
    ca = chip.chip_authentication or profile.chip_authentication
    aa = chip.active_authentication or profile.active_authentication
    groups = set(profile.data_groups)
    if "chip-authentication" in chip.without:
        ca = None
    if "active-authentication" in chip.without:
        aa = None
    groups = (groups | {15}) if aa is not None else (groups - {15})
    if pace or ca is not None:
        groups.add(14)
    if chip.terminal_authentication:
        groups |= {3, 4}
    return replace(
        profile,
        access=replace(profile.access, pace=pace, bac=bac),
        chip_authentication=ca,
        active_authentication=aa,
        terminal_authentication=chip.terminal_authentication,
        data_groups=tuple(sorted(groups)),
    )
