"""Is the cryptography that vouches for the document strong enough for the policy (ICAO Doc 9303-12 4.1.6)?

The floor is that of the shipped crypto policy, and higher where the home's own or its bundle's is. For digests the
shipped one is the standard's: SHA-224 and longer (4.1.6.4). The standard recommends lengths of keys to issuers, and
tells inspections nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.crypto.rsa import RsaPublicKey
from eid_toolkit.standards.crypto.signatures import algorithm_from_der
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.work.inspection.case import Case
from eid_toolkit.work.inspection.policy import Floor
from eid_toolkit.work.inspection.result import PASSED, Finding, Outcome, finding, undetermined

CHECK = "pa.strength"


def strength(case: Case) -> Outcome:
    """Nothing in the security object, and no key that vouches for it, is weaker than the policy's floor.

    What is weaker is a finding; undetermined where the policy requires the check.
    """
    if case.document.sod is None:
        return undetermined("sod-not-usable")
    weak = tuple(_weaknesses(case, case.document.sod, case.policy.floor))
    if weak and CHECK in case.policy.required:
        return undetermined(weak[0].reason, **weak[0].facts).noting(*weak[1:])
    return PASSED.noting(*weak)


def _weaknesses(case: Case, sod: Sod, floor: Floor) -> Iterator[Finding]:
    digests = {"weak-digest-of-data-groups": {sod.digest}, "weak-digest-of-signature": set[str]()}
    for info in sod.signed_data.signers:
        own = set() if info.signed_attributes is None else {info.digest}
        digests["weak-digest-of-signature"] |= own | _digest(info.algorithm_der, info.digest)
    keys = {}
    if (signer := case.document.signer) is not None:
        digests["weak-digest-of-certificate"] = _digest(signer.signature_algorithm_der)
        keys["weak-key-of-signer"] = signer.spki
    if case.chain is not None and case.chain.csca is not None:
        keys["weak-key-of-csca"] = case.chain.csca.spki
    for reason, used in digests.items():
        for digest in sorted(used & floor.weak_digests):
            rule = f"hashes = {', '.join(sorted(floor.digests))}"
            yield finding(reason, digest=digest, rule=rule, version=floor.version)
    for reason, spki in keys.items():
        if (weak := _weak_key(spki, floor)) is not None:
            key, rule = weak
            yield finding(reason, key=key, rule=rule, version=floor.version)


def _digest(scheme: bytes, hint: str | None = None) -> set[str]:
    """The digest of a signature's scheme; none of one that is not known, of which other checks speak."""
    try:
        return {algorithm_from_der(scheme, hint).digest}
    except BadInput:
        return set()


def _weak_key(spki: bytes, floor: Floor) -> tuple[str, str] | None:
    """The kind and length of a key that is weaker than the floor, and the rule that says so."""
    try:
        bits = RsaPublicKey.from_spki(spki).n.bit_length()
    except BadInput:
        pass
    else:
        return (f"RSA-{bits}", f"least_rsa_bits = {floor.rsa_bits}") if bits < floor.rsa_bits else None
    try:
        domain = EcPublicKey.from_spki(spki).domain
    except BadInput:
        return None
    too_short = domain.n.bit_length() < floor.ec_bits
    return (domain.name, f"least_ec_bits = {floor.ec_bits}") if too_short else None
