"""`eid pki`: the authority's certificates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.cli.context import App, Group, format_option, pass_app
from eid_toolkit.cli.office import CLOCK, open_office
from eid_toolkit.cli.output import emit
from eid_toolkit.codec.display import harmless

if TYPE_CHECKING:
    from eid_toolkit.pki.certificate import Certificate
    from eid_toolkit.stores.authorities import AuthorityStore

_SOON = timedelta(days=30)


@click.group(cls=Group)
def pki() -> None:
    """The authority's certificates and revocation lists."""


@pki.command("show")
@format_option
@pass_app
def show(app: App, fmt: str) -> None:
    """Show the hierarchy with its dates, and what ends soon."""
    now = CLOCK.now()
    with open_office(app) as office:
        states = [_state(office.authorities, state, now) for state in office.authorities.states()]
        result = {"schema": "eid-pki/1", "specimen": office.home.config.demo, "states": states}
    emit(result, fmt, lambda: "\n".join(line for state in states for line in _lines(state)))


def _state(authorities: AuthorityStore, state: str, now: datetime) -> dict[str, Any]:
    crl = authorities.crl(state)
    signer = authorities.signer_certificate(state)
    csca = authorities.csca(state)
    ends = {"CSCA key": _usage_end(csca), "document signer key": _usage_end(signer), "CRL": crl.next_update}
    return {
        "state": state,
        "csca": _certificate(csca),
        "document_signer": {**_certificate(signer), "document_types": list(signer.extensions.document_types)},
        "crl": {
            "number": crl.number,
            "this_update": crl.this_update.isoformat(),
            "next_update": crl.next_update.isoformat() if crl.next_update else None,
            "revoked": len(crl.revoked),
        },
        "ends_soon": [name for name, end in ends.items() if end is not None and end - now < _SOON],
    }


def _certificate(certificate: Certificate) -> dict[str, Any]:
    end = _usage_end(certificate)
    return {
        "subject": certificate.subject.text,
        "serial": f"{certificate.serial:X}",
        "fingerprint": certificate.fingerprint,
        "key_used_until": end.isoformat() if end else None,
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
    }


def _usage_end(certificate: Certificate) -> datetime | None:
    usage = certificate.extensions.private_key_usage
    return usage.not_after if usage else None


def _lines(state: dict[str, Any]) -> list[str]:
    csca, signer, crl = state["csca"], state["document_signer"], state["crl"]
    return [
        f"{state['state']}  {harmless(csca['subject'])}",
        f"  key used until {csca['key_used_until'][:10]}, certificate valid until {csca['not_after'][:10]}",
        f"  document signer {harmless(signer['subject'])} for {', '.join(signer['document_types'])}",
        f"    key used until {signer['key_used_until'][:10]}, certificate valid until {signer['not_after'][:10]}",
        f"  CRL {crl['number']}, next by {crl['next_update'][:10]}, {crl['revoked']} revoked",
        *(f"  Ends within 30 days: {name}" for name in state["ends_soon"]),
    ]
