"""One thing that is believed, with its origin: where it came from, when, and who decided so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from eid_toolkit.ground.plain_values import REQUIRED, Hex, to_plain
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.deviation_list import DeviationList
from eid_toolkit.standards.pki.trust_material import may_certify

SCHEMA = "eid-trust/1"

Item = Certificate | Crl | DeviationList


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, and the signature over what was decided on; none in a demo home and in an officer's."""

    operator: str | None
    signature: Annotated[Hex | None, REQUIRED] = None


@dataclass(frozen=True, slots=True)
class KeptOrigin:
    """What is kept beside a single item."""

    source: str
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class ListOrigin:
    """The list that an item came in, and why the list was believed."""

    kind: str
    sha256: str
    signer: str | None
    """The subject of who signed the list."""
    basis: str

    to_json = to_plain


@dataclass(frozen=True, slots=True)
class TrustEntry:
    """One anchor, link or list, and how it came here."""

    item: Item
    kind: str
    """``anchor``, ``link``, ``crl`` or ``deviation-list``."""
    source: str
    imported_at: datetime
    decisions: tuple[Decision, ...] = ()
    listed_in: ListOrigin | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the item, in hex."""
        return self.item.fingerprint

    @property
    def operator(self) -> str | None:
        """Who decided first."""
        return self.decisions[0].operator if self.decisions else None

    @property
    def name(self) -> str:
        """Whose it is, for a person."""
        if isinstance(self.item, Certificate):
            return self.item.subject.text
        if isinstance(self.item, Crl):
            return self.item.issuer.text
        return self.item.signer.subject.text if self.item.signer is not None else "?"

    def statement(self, operator: str | None) -> bytes:
        """What the operator decided: to believe this item, from this source."""
        decided = {
            "schema": SCHEMA,
            "fingerprint": self.item.fingerprint,
            "source": self.source,
            "imported_at": self.imported_at.isoformat(),
            "operator": operator,
        }
        return json.dumps(decided, sort_keys=True).encode()

    def origin(self) -> dict[str, object]:
        """What is kept beside the item."""
        return {"schema": SCHEMA, **to_plain(KeptOrigin(self.source, self.decisions))}

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        first = self.decisions[0] if self.decisions else Decision(None)
        origin: dict[str, object] = {
            "kind": self.kind,
            "fingerprint": self.item.fingerprint,
            "country": self.item.country,
            "source": self.source,
            "imported_at": self.imported_at.isoformat(),
            **to_plain(first),
            "decisions": [to_plain(decision) for decision in self.decisions],
            "list": to_plain(self.listed_in) if self.listed_in else None,
        }
        return origin | _described(self.item)


def kind_of_certificate(certificate: Certificate) -> str | None:
    """``anchor`` if it is self-signed, ``link`` if another CSCA key made it, None if it is no CA's.

    Real CSCA certificates leave out much, but none is made for signing documents.
    """
    usage = certificate.extensions.key_usage
    if usage is not None and "keyCertSign" not in usage:
        return None
    if certificate.self_signed:
        return "anchor"
    return "link" if may_certify(certificate) and not claims_own_key(certificate) else None


def claims_own_key(certificate: Certificate) -> bool:
    """Whether it says that its own key made its signature; whether that is so, ``self_signed`` tells."""
    extensions = certificate.extensions
    named = extensions.authority_key_identifier
    same_key = named is not None and named == extensions.subject_key_identifier
    return same_key and certificate.subject.matches(certificate.issuer)


def _described(item: Item) -> dict[str, object]:
    if isinstance(item, Certificate):
        return {
            "subject": item.subject.text,
            "not_before": item.not_before.isoformat(),
            "not_after": item.not_after.isoformat(),
            "specimen": item.specimen,
        }
    if isinstance(item, Crl):
        return {
            "issuer": item.issuer.text,
            "number": item.number,
            "this_update": item.this_update.isoformat(),
            "next_update": item.next_update.isoformat() if item.next_update else None,
            "revoked": len(item.revoked),
        }
    return {
        "issuer": item.signer.subject.text if item.signer is not None else None,
        "signing_time": item.signing_time.isoformat() if item.signing_time else None,
        "deviations": len(item.deviations),
    }
