"""What a chip's protocols rule out between them, so that no card is written that nobody can open or believe."""

from __future__ import annotations

from collections.abc import Sequence

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.oids import PaceProtocol
from eid_toolkit.standards.asn1.security_infos import PaceInfo
from eid_toolkit.standards.crypto.domain_parameters import EcDomain, domain_by_id
from eid_toolkit.standards.profiles.chip_protocols import ActiveAuthenticationProfile, PaceChoice
from eid_toolkit.standards.protocols.pace import PaceParameters

PACE_VERSION = 2


def pace_info(choice: PaceChoice) -> PaceInfo:
    """The entry of EF.CardAccess; raises :class:`BadInput` where the standard has no such protocol (9303-11 9.2.3)."""
    return PaceInfo(PaceProtocol.of("ecdh", choice.mapping, choice.cipher).oid, PACE_VERSION, choice.parameter_id)


def check_pace(profile: str, choices: Sequence[PaceChoice]) -> None:
    """Raises :class:`BadInput` for a way to run PACE that no terminal can take, or one that stands twice."""
    for at, choice in enumerate(choices):
        facts = {"profile": profile, "mapping": choice.mapping, "cipher": choice.cipher, "group": choice.parameter_id}
        try:
            PaceParameters.of(pace_info(choice))
        except BadInput:
            raise BadInput("profile-pace-impossible", **facts) from None
        if choice in choices[:at]:
            raise BadInput("profile-pace-twice", **facts)


def check_signing(profile: str, active: ActiveAuthenticationProfile | None) -> None:
    """Raises :class:`BadInput` for an ECDSA digest of more bits than the order of the curve (9303-11 6.1.2.3)."""
    if active is None or active.parameter_id is None:
        return
    domain = domain_by_id(active.parameter_id)
    bits = domain.n.bit_length() if isinstance(domain, EcDomain) else 0
    if int(active.digest.removeprefix("sha")) > bits:
        raise BadInput(
            "profile-digest-too-long", profile=profile, digest=active.digest, group=active.parameter_id, bits=bits
        )
