"""Trust bundles: what an authority gives its officers to believe, in one signed, numbered file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.work.office.act import act, by_two
from eid_toolkit.work.office.charters import charter_of, verifying_of
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.reporting import publish_reports

if TYPE_CHECKING:
    from datetime import datetime

    from eid_toolkit.standards.pki.certificate import Certificate
    from eid_toolkit.standards.pki.trust_bundle import TrustBundle

_DIRECTORY = "bundles"
_PATIENCE = 30.0
"""Seconds to wait for another process that exports."""


@dataclass(frozen=True, slots=True)
class ExportedBundle:
    """A bundle that was signed, with how many items of each section the home has."""

    content: TrustBundle
    data: bytes
    counts: Mapping[str, int]
    signer: Certificate
    csca: Certificate


def export_bundle(
    office: Office,
    state: str,
    output: Path,
    *,
    base: int | None = None,
    days: int | None = None,
    allow_bac: bool = True,
    given: Mapping[str, bytes | None],
) -> ExportedBundle:
    """Sign what this home believes for its officers, in ``output``.

    With a ``base``, only what has changed since that version. ``days`` is how old the bundle may get, ``given`` the
    tables of reported documents and stolen blanks (``status_list``, ``stolen_blanks``) where there are new ones.
    """
    from eid_toolkit.books.trust.bundles import BundleManifests, bundle_of
    from eid_toolkit.standards.pki.trust_bundle import BundlePolicy, build_trust_bundle

    with office.home.lock("bundles", _PATIENCE):  # a number is given once
        now, authorities = office.clock.now().replace(microsecond=0), office.authorities
        manifests = BundleManifests(office.home.root / _DIRECTORY)
        before = (base, manifests.members(base)) if base is not None else None
        lists = manifests.lists(given)
        reported = publish_reports(office)
        told = (*lists["status_list"], *((reported.encoded,) if reported.reports else ()))
        version, sections = manifests.last() + 1, {**_sections(office, now), **lists, "status_list": told}
        counts = {name: len(items) for name, items in sections.items()}
        floor = office.crypto_policy.policy.floor
        detail = {"version": version, "base": base, "max_age_days": days, "allow_bac": allow_bac, **counts}
        detail["crypto_policy"] = floor.version
        with act(office, by_two(Permission.MANAGE_KEYS), "trust-bundle.export", state, detail) as doing:
            policy = BundlePolicy(days, allow_bac, floor)
            content = bundle_of(office.home.config.authority, version, now, sections, policy, before)
            certificate, signer = authorities.bundle_signer(charter_of(office, state), now, office.entropy)
            others = (*authorities.cscas(state), *authorities.links(state))
            data = build_trust_bundle(content, signer, certificate, others, now)
            manifests.keep_lists(lists)
            manifests.write(version, now, sections)
            doing.deliver(output, data)
            doing.done("trust-bundle.exported", {"version": version, "base": base})
        return ExportedBundle(content, data, counts, certificate, authorities.csca(state))


def _sections(office: Office, now: datetime) -> dict[str, tuple[bytes, ...]]:
    """What the home believes, and the certificates of its terminals."""
    from eid_toolkit.standards.pki.crl import Crl
    from eid_toolkit.standards.pki.times import is_ahead

    trust, authorities = office.trust.material(), office.authorities
    newest: dict[tuple[str, bool], Crl] = {}
    for crl in sorted(trust.crls, key=lambda item: (item.this_update, item.number or 0)):
        if is_ahead(crl.this_update, now):  # taken by an earlier version; it would hide what comes after it
            continue
        newest[crl.issuer.text, crl.partial] = crl
    links = {link.der for state in authorities.states() for link in authorities.links(state)}
    verifying = verifying_of(office)
    chains = [
        certificate.encode()
        for state in authorities.states()
        for certificate in (
            *verifying.roots(state),
            *verifying.links(state),
            *verifying.verifiers(state),
            *verifying.terminals(state),
        )
    ]
    return {
        "anchors": tuple(anchor.der for anchor in trust.anchors),
        "links": tuple(sorted(links | {link.der for link in trust.links})),
        "crls": tuple(crl.der for crl in newest.values()),
        "deviation_lists": tuple(deviation_list.der for deviation_list in trust.deviation_lists),
        "terminal_certificates": tuple(dict.fromkeys(chains)),
    }
