"""What lies in a home's files and goes into what it signs: decided on or proved first, each by itself.

Whoever can write into the home can lay a certificate into `pki/`, or a table beside the bundles. A CSCA certificate is
the home's own if it is believed on two operators' signatures, a link certificate if a believed key signed it. Tables
and the authorization PKI are held to signed rows of the audit log.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.work.office.charters import verifying_of
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from datetime import datetime

    from eid_toolkit.books.audit.made import Made
    from eid_toolkit.books.trust.bundles import Sections
    from eid_toolkit.standards.pki.certificate import Certificate
    from eid_toolkit.standards.pki.cv_certificate import CvCertificate
    from eid_toolkit.standards.pki.trust_material import TrustMaterial

EXPORTED = "trust-bundle.exported"
_ON_RECORD = ("authority.created", "csca.created", "csca.rolled")


def own_certificates(office: Office, trust: TrustMaterial, *states: str) -> tuple[Certificate, ...]:
    """The CSCA and link certificates of these states, or of all in the home, without those that are believed no more.

    Raises :class:`IntegrityBroken` for a file that is neither decided on nor proved, and not on record either.
    """
    from eid_toolkit.books.authorities.authority_files import CSCA, LINK

    files = office.authorities.files
    places = [
        (state, kind, number)
        for state in states or files.states()
        for kind in (CSCA, LINK)
        for number in files.generations(state, kind)
    ]
    certificates = [(place, files.certificate(*place)) for place in places]
    links = tuple(certificate for (_, kind, _), certificate in certificates if kind == LINK)
    believed = {anchor.der for anchor in trust.anchors}
    reached = {key.certificate.der for key in replace(trust, links=(*trust.links, *links)).keys}
    own = []
    for (state, kind, number), certificate in certificates:
        if certificate.der in (believed if kind == CSCA else reached):
            own.append(certificate)
        elif not _is_on_record(office, state, certificate.fingerprint):
            raise IntegrityBroken("own-certificate-not-proved", file=f"{state}/{kind}-{number}.cer")
    return tuple(own)


def own_cv_certificates(office: Office) -> tuple[CvCertificate, ...]:
    """Those of the authorization PKI, of all states; raises likewise."""
    from eid_toolkit.books.authorities.vouched import own_chains

    store, made = verifying_of(office), office.register.made
    return tuple(each for state in store.files.all_states() for each in own_chains(store, made, state))


def require_own(office: Office, state: str) -> None:
    """Raises likewise, for what a home hands out unsigned; a bureau's CSCA is another home's, and not looked at."""
    from eid_toolkit.books.authorities.vouched import own_chains

    if office.authorities.has_csca(state):
        own_certificates(office, office.trust.material(), state)
    own_chains(verifying_of(office), office.register.made, state)


def require_own_signer(state: str, certificate: Certificate, key: bytes, own: tuple[Certificate, ...]) -> None:
    """Raises :class:`IntegrityBroken` unless the certificate is for the ``key`` that signs, and by an own CSCA."""
    if certificate.spki != key or not any(certificate.is_signed_by(each.spki) for each in own):
        raise IntegrityBroken("own-signer-not-proved", state=state, subject=certificate.subject.text)


def check_tables(office: Office, tables: Sections, given: Mapping[str, bytes | None]) -> None:
    """Raises :class:`IntegrityBroken` for a table of the last bundle that two people did not give out with it."""
    on_record = {made.kind: made.sha256 for made in office.register.made.newest(EXPORTED)}
    for name, data in given.items():
        if data is None and on_record.get(name) != next(map(_sha256, tables[name]), None):
            raise IntegrityBroken("bundle-table-not-on-record", table=name)


def tables_made(state: str, tables: Sections, now: datetime) -> list[Made]:
    """What those sign who give tables out with a bundle."""
    from eid_toolkit.books.audit.made import Made

    return [Made(name, state, _sha256(data), now) for name, items in tables.items() for data in items]


def _is_on_record(office: Office, state: str, fingerprint: str) -> bool:
    """Whether the log says that it was made here; that leaves it out, and makes nobody believe it."""
    from eid_toolkit.books.audit.log import Filter

    rows = (row for action in _ON_RECORD for row in office.register.audit_rows(Filter(state, action)))
    return any(fingerprint in json.loads(row.detail).values() for row in rows)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
