"""The country signing CA and its revocation lists: what two people do with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.work.office.act import act, by_one, by_two
from eid_toolkit.work.office.charters import charter_of
from eid_toolkit.work.office.founding import OWN_AUTHORITY
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.own_files import own_certificates, require_own_signer

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.key_kinds import KeyKind
    from eid_toolkit.standards.pki.certificate import Certificate
    from eid_toolkit.standards.pki.crl import Crl
    from eid_toolkit.standards.pki.master_list import MasterList

BY_TWO = by_two(Permission.MANAGE_KEYS)
BY_ONE = by_one(Permission.MANAGE_KEYS)


def create_csca(office: Office, state: str, kind: KeyKind) -> Certificate:
    """The first CSCA of a state, with its first document signer and revocation list."""
    with act(office, BY_TWO, "csca.create", state, {"key": kind}) as doing:
        authorities = office.authorities
        authorities.create(charter_of(office, state), office.clock.now(), office.entropy, kind)
        _trust_own(office, state, doing.people)
        csca = authorities.csca(state)
        doing.done("csca.created", {"fingerprint": csca.fingerprint})
    return csca


def roll_csca(office: Office, state: str, kind: KeyKind, title: str | None) -> tuple[Certificate, Certificate]:
    """The CSCA's next key: its certificate, and the link certificate signed with the old key."""
    with act(office, BY_TWO, "csca.roll", state, {"key": kind, "name": title}) as doing:
        charter, now = charter_of(office, state), office.clock.now()
        new, link = office.authorities.roll_csca(charter, now, office.entropy, title, kind)
        _trust_own(office, state, doing.people)
        doing.done("csca.rolled", {"fingerprint": new.fingerprint, "link": link.fingerprint})
    return new, link


def serial_of_signer(office: Office, state: str, number: int) -> int:
    """The serial number of a document signer's certificate."""
    from eid_toolkit.books.authorities.authority_files import SIGNER

    return office.authorities.files.certificate(state, SIGNER, number).serial


def age_of_crl(office: Office, state: str) -> timedelta | None:
    """How long ago the newest revocation list was issued; None if there is none."""
    authorities = office.authorities
    return office.clock.now() - authorities.crl(state).this_update if authorities.has_crl(state) else None


def issue_crl(
    office: Office, state: str, output: Path | None, revoked: int | None = None, reason: str | None = None
) -> Crl:
    """The next revocation list, with the serial number ``revoked`` on it if there is one; also to ``output``."""
    now = office.clock.now()
    serials: Mapping[int, datetime] = {} if revoked is None else {revoked: now}
    detail: dict[str, object] = {"revoked": [f"{serial:X}" for serial in serials]}
    detail |= {"reason": reason} if reason is not None else {}
    with act(office, BY_TWO, "crl.issue", state, detail) as doing:
        issued = office.authorities.issue_crl(state, now, serials)
        office.trust.add(issued, OWN_AUTHORITY, now, *doing.people)
        if output is not None:
            doing.deliver(output, issued.der)
        doing.done("crl.issued", {"number": issued.number, **detail})
    return issued


def install_crl(office: Office, state: str, crl: Crl) -> None:
    """Keep the list that came from the home with the CSCA's key."""
    with act(office, BY_ONE, "crl.install", state, {"number": crl.number}) as doing:
        office.authorities.install_crl(state, crl)
        doing.done("crl.installed", {"number": crl.number})


def create_master_list(office: Office, state: str, output: Path) -> tuple[MasterList, bytes]:
    """A signed list of all CSCA certificates that are trusted here, own and link certificates included."""
    from eid_toolkit.books.authorities.authority_files import LIST_SIGNER
    from eid_toolkit.standards.pki.master_list import MasterList, build_master_list

    authorities, now = office.authorities, office.clock.now()
    authorities.require_signing(state, LIST_SIGNER)
    material = office.trust.material()
    own = own_certificates(office, material, state)
    listed = {item.der: item for item in (*material.anchors, *material.links, *own)}
    with act(office, BY_TWO, "master-list.create", state, {"certificates": len(listed)}) as doing:
        certificate, signer = authorities.list_signer(charter_of(office, state), now, office.entropy)
        require_own_signer(state, certificate, signer.public_key, own)
        csca = next(candidate for candidate in own if certificate.is_signed_by(candidate.spki))
        data = build_master_list(listed.values(), signer, certificate, csca, signer.algorithm.digest, now)
        doing.deliver(output, data)
        doing.done("master-list.created", {"certificates": len(listed)})
    return MasterList.parse(data), data


def _trust_own(office: Office, state: str, people: tuple[Operator, ...]) -> None:
    authorities, now = office.authorities, office.clock.now()
    signed: list[Certificate | Crl] = [authorities.csca(state), *authorities.links(state)[-1:], authorities.crl(state)]
    for item in signed:
        office.trust.add(item, OWN_AUTHORITY, now, *people)
