"""What the groups of `eid pki` share: the state meant, the kind of key, and certificates as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from eid_toolkit.doors.cli.output import details
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.work.decoding.findings import findings_on

if TYPE_CHECKING:
    from eid_toolkit.standards.pki.certificate import Certificate
    from eid_toolkit.standards.pki.crl import Crl

_F = TypeVar("_F", bound=Callable[..., object])


def state_option(function: _F) -> _F:
    """``--state CODE``; the home's own state if it is not given."""
    return click.option("--state", metavar="CODE")(function)


def key_option(function: _F) -> _F:
    """``--key KIND``."""
    return click.option(
        "--key", "kind", type=click.Choice(["ec", "ec-nist", "rsa-pss"]), default="ec", show_default=True
    )(function)


def certificate_data(certificate: Certificate) -> dict[str, Any]:
    """An X.509 certificate with stable keys."""
    end = usage_end(certificate)
    return {
        "subject": certificate.subject.text,
        "issuer": certificate.issuer.text,
        "serial": f"{certificate.serial:X}",
        "fingerprint": certificate.fingerprint,
        "key_used_until": end.isoformat() if end else None,
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
    }


def made_data(certificate: Certificate) -> dict[str, Any]:
    """A certificate that was made or came in, with what is to be said of it by its profile."""
    return {**certificate_data(certificate), "findings": findings_on(certificate)}


def made_details(data: Mapping[str, Any]) -> str:
    """:func:`made_data` for a person: a line for each finding."""
    plain = [(name, value) for name, value in data.items() if name != "findings"]
    tell = presentation().speaker.shown
    findings = [
        (str(tell("severity", finding["severity"])), f"{finding['section']}: {tell('detail', finding['detail'])}")
        for finding in data["findings"]
    ]
    return details([*plain, *findings])


def crl_data(crl: Crl) -> dict[str, Any]:
    """A revocation list with stable keys."""
    return {
        "number": crl.number,
        "this_update": crl.this_update.isoformat(),
        "next_update": crl.next_update.isoformat() if crl.next_update else None,
        "revoked": len(crl.revoked),
    }


def usage_end(certificate: Certificate) -> datetime | None:
    """When the private key is to sign no more."""
    usage = certificate.extensions.private_key_usage
    return usage.not_after if usage else None
