"""How old the trust of a home is, and what of it ends: bundle, lists, and the certificates of an officer's terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.standards.pki.countries import two_letters
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.office.outlook_items import Age, Ending

if TYPE_CHECKING:
    from eid_toolkit.standards.pki.crl import Crl
    from eid_toolkit.standards.pki.trust_material import TrustMaterial

_PACKS = {
    "master-list": "status-trusted-master-list",
    "deviation-list": "status-deviation-list",
    "directory": "status-directory",
}


def of_store(root: Path) -> tuple[list[Ending], list[Age]]:
    """What the trust store of the home at ``root`` tells; of each kind of list the newest."""
    from eid_toolkit.books.trust.store import open_trust

    store = open_trust(root)
    material = store.material()
    ages: list[Age] = []
    bundle = material.bundle
    if bundle is not None:
        ages.append(Age("status-bundle", f"{bundle.version}", bundle.issued_at))
    newest = {pack.kind: pack for pack in store.packs.heads()}  # the oldest first, so that the newest stays
    ages += [Age(code, newest[kind].name, newest[kind].imported_at) for kind, code in _PACKS.items() if kind in newest]
    ages += _lists(material)
    own = frozenset() if bundle is not None else _codes(material.complete_states)  # the office issues these itself
    return list(_endings(material, own)), ages


def _endings(material: TrustMaterial, own: frozenset[str]) -> Iterator[Ending]:
    bundle = material.bundle
    longest = policy_by_name("officer").tightened(bundle).max_bundle_age
    if bundle is not None and longest is not None:
        yield Ending("status-bundle-ends", f"{bundle.version}", bundle.issued_at + longest)
    for crl in _newest(material):
        if crl.next_update is not None and crl.country not in own:
            yield Ending("status-trusted-crl", crl.country or "?", crl.next_update)


def _lists(material: TrustMaterial) -> Iterator[Age]:
    """The oldest of the revocation lists that count."""
    newest = _newest(material)
    if newest:
        yield Age("status-trusted-lists", "", min(crl.this_update for crl in newest), len(newest))
    elif material.anchors:
        yield Age("status-trusted-lists-missing", "", None, 0)


def _codes(states: frozenset[str]) -> frozenset[str]:
    """States as their certificates name them: two letters."""
    return frozenset(two_letters(state) or state for state in states)


def _newest(material: TrustMaterial) -> tuple[Crl, ...]:
    """The newest revocation list of each issuer."""
    newest: dict[str, Crl] = {}
    for crl in sorted(material.crls, key=lambda each: each.this_update):
        newest[crl.issuer.text] = crl
    return tuple(newest.values())


def terminals(root: Path) -> Iterator[Ending]:
    """The newest certificate of each holder whose keys are in an officer's home; the keys stay locked."""
    from eid_toolkit.books.authorities.terminals import certificates_at

    newest: dict[str, datetime] = {}
    for certificate in certificates_at(root):
        content = certificate.content
        name, end = content.holder_reference.text, datetime.combine(content.expires, time.max, UTC)
        newest[name] = max(end, newest.get(name, end))
    yield from (Ending("status-terminal", name, end) for name, end in newest.items())
