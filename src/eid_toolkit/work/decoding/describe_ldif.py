"""A directory in LDIF as plain data, for `eid decode`: what it holds, line by line; nothing is judged."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import IO, Any

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.deviation_list import DeviationList
from eid_toolkit.standards.pki.ldif import Kind, LdifValue, directory_lines, read_ldif
from eid_toolkit.standards.pki.master_list import MasterList

Plain = dict[str, Any]


def describe_ldif(stream: IO[bytes]) -> Plain:
    """Each certificate and list with its line (from 1), and what could not be read."""
    listed: list[Plain] = []
    unreadable: list[Plain] = []
    for value in read_ldif(directory_lines(stream)):
        try:
            listed.append({"line": value.line, "kind": value.kind.value, **_described(value)})
        except BadInput as error:
            unreadable.append({"line": value.line, "kind": value.kind.value, "reason": error.code})
    kinds = Counter(entry["kind"] for entry in listed)
    return {"values": len(listed) + len(unreadable), **dict(sorted(kinds.items())), "listed": listed} | (
        {"unreadable": unreadable} if unreadable else {}
    )


def _described(value: LdifValue) -> Plain:
    fingerprint = sha256(value.data).hexdigest()
    match value.kind:
        case Kind.CERTIFICATE:
            certificate = Certificate.parse(value.data)
            who = {"country": certificate.country, "subject": certificate.subject.text}
        case Kind.CRL:
            crl = Crl.parse(value.data)
            who = {"country": crl.country, "issuer": crl.issuer.text, "this_update": crl.this_update.isoformat()}
        case Kind.MASTER_LIST:
            master_list = MasterList.parse(value.data)
            signer = master_list.signer
            who = {"country": signer.country if signer else None, "signer": signer.subject.text if signer else None}
            return {**who, "certificates": len(master_list.certificates), "sha256": fingerprint}
        case _:
            deviations = DeviationList.parse(value.data)
            return {"country": deviations.country, "deviations": len(deviations.deviations), "sha256": fingerprint}
    return {**who, "sha256": fingerprint}
