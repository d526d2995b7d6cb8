"""Trust bundles: what an authority gives its officers to believe, in one signed, numbered file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.work.office.act import act, by_two
from eid_toolkit.work.office.charters import charter_of
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.own_files import (
    EXPORTED,
    check_tables,
    own_certificates,
    own_cv_certificates,
    require_own_signer,
    tables_made,
)
from eid_toolkit.work.office.reporting import publish_reports

if TYPE_CHECKING:
    from datetime import datetime

    from eid_toolkit.standards.pki.certificate import Certificate
    from eid_toolkit.standards.pki.trust_bundle import TrustBundle
    from eid_toolkit.standards.pki.trust_material import TrustMaterial

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
    """Sign what this home believes for its officers, in ``output``: what is decided on, or proved, and nothing else.

    With a ``base``, only what has changed since that version. ``days`` is how old the bundle may get, ``given`` the
    tables of reported documents and stolen blanks (``status_list``, ``stolen_blanks``) where there are new ones. Raises
    :class:`IntegrityBroken` for a file of the home that is neither.
    """
    from eid_toolkit.books.audit.made import in_detail
    from eid_toolkit.books.authorities.authority_files import BUNDLE_SIGNER
    from eid_toolkit.books.trust.bundles import BundleManifests, bundle_of
    from eid_toolkit.standards.pki.trust_bundle import BundlePolicy, RegisterHead, build_trust_bundle

    with office.home.lock("bundles", _PATIENCE):  # a number is given once
        now, authorities = office.clock.now().replace(microsecond=0), office.authorities
        authorities.require_signing(state, BUNDLE_SIGNER)
        trust = office.trust.material()
        manifests = BundleManifests(office.home.root / _DIRECTORY)
        before = (base, manifests.members(base)) if base is not None else None
        lists = manifests.lists(given)
        check_tables(office, lists, given)
        reported = publish_reports(office)
        told = (*lists["status_list"], *((reported.encoded,) if reported.reports else ()))
        version, sections = manifests.last() + 1, {**_sections(office, trust, now), **lists, "status_list": told}
        own = own_certificates(office, trust, state)
        counts = {name: len(items) for name, items in sections.items()}
        floor = office.crypto_policy.policy.floor
        detail = {"version": version, "base": base, "max_age_days": days, "allow_bac": allow_bac, **counts}
        detail["crypto_policy"] = floor.version
        with act(office, by_two(Permission.MANAGE_KEYS), "trust-bundle.export", state, detail) as doing:
            policy = BundlePolicy(days, allow_bac, floor)
            register = RegisterHead(*office.register.audit_head())
            content = bundle_of(office.home.config.authority, version, now, sections, policy, before, register)
            certificate, signer = authorities.bundle_signer(charter_of(office, state), now, office.entropy)
            require_own_signer(state, certificate, signer.public_key, own)
            data = build_trust_bundle(content, signer, certificate, own, now)
            manifests.keep_lists(lists)
            manifests.write(version, now, sections)
            doing.deliver(output, data)
            made = in_detail(office.keys.foundation, doing.people, tables_made(state, lists, now))
            doing.done(EXPORTED, {"version": version, "base": base, **made})
        return ExportedBundle(content, data, counts, certificate, authorities.csca(state))


def _sections(office: Office, trust: TrustMaterial, now: datetime) -> dict[str, tuple[bytes, ...]]:
    """What the home believes, and the certificates of its terminals.

    An anchor or deviation list on which nobody decided is refused where it is read; links and revocation lists that no
    believed key signed help nobody, and stay here.
    """
    from eid_toolkit.standards.pki.crl import Crl
    from eid_toolkit.standards.pki.times import is_ahead

    newest: dict[tuple[str, bool], Crl] = {}
    for crl in sorted(trust.crls, key=lambda item: (item.this_update, item.number or 0)):
        if is_ahead(crl.this_update, now):  # taken by an earlier version; it would hide what comes after it
            continue
        if trust.key_of_list(crl) is not None:
            newest[crl.issuer.text, crl.partial] = crl
    anchors = {anchor.der: None for anchor in trust.anchors}
    own = own_certificates(office, trust)
    reached = replace(trust, links=(*trust.links, *own)).keys
    return {
        "anchors": tuple(anchors),
        "links": tuple(sorted({key.certificate.der for key in reached} - anchors.keys())),
        "crls": tuple(crl.der for crl in newest.values()),
        "deviation_lists": tuple(deviation_list.der for deviation_list in trust.deviation_lists),
        "terminal_certificates": tuple(dict.fromkeys(each.encode() for each in own_cv_certificates(office))),
    }
