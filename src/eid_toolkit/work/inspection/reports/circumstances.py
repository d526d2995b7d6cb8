"""What stands around a verdict: how the card was opened, whose word was taken, whose evidence it is, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from eid_toolkit.work.inspection.evidence import FROM_FILES, Evidence
from eid_toolkit.work.inspection.reports.report import explain_terminal
from eid_toolkit.work.inspection.reports.wording import Words
from eid_toolkit.work.inspection.verdict import Verdict
from eid_toolkit.work.inspection.witness import Standing, Witness

_JUST_NOW = timedelta(minutes=5)
_WITNESSES = {
    Standing.ENROLLED: "witness-enrolled",
    Standing.STRANGER: "witness-stranger",
    Standing.CHANGED: "witness-changed",
    Standing.UNSIGNED: "witness-unsigned",
}


def circumstances(verdict: Verdict, words: Words) -> list[str]:
    """All of it, in sentences."""
    trust, evidence = verdict.trust, verdict.evidence
    terminal = explain_terminal(evidence.terminal_authentication, words.explain)
    unknown = words.in_short("fact-unknown")
    signed = {"signer": trust.signer or unknown, "csca": trust.csca or unknown}
    return [
        _opened(evidence, words),
        *([terminal] if terminal else []),
        words.explain("signed-by", signed),
        *([words.explain("trust-links", {"count": trust.links})] if trust.links else []),
        *witness_lines(verdict.witness, words),
        when(verdict, words),
    ]


def ages(verdict: Verdict, words: Words) -> Iterator[str]:
    """How old the bundle and the revocation list are that the verdict rests on."""
    if verdict.trust.bundle_version is not None:
        facts = {"version": verdict.trust.bundle_version, "days": verdict.trust.bundle_age_days}
        yield words.explain("look-bundle", facts)
    if verdict.trust.list_age_days is not None:
        yield words.explain("look-list", {"days": verdict.trust.list_age_days})


def _opened(evidence: Evidence, words: Words) -> str:
    access = evidence.access
    facts = {"apdus": evidence.apdus, "bytes": evidence.bytes_read, "elapsed": f"{evidence.elapsed_ms:.0f}"}
    if access.protocol == FROM_FILES:
        return words.explain("opened-from-files", facts)
    protocol = " ".join(filter(None, (access.protocol.upper(), access.mapping and access.mapping.upper())))
    if not access.password:
        return words.explain("opened-by", {**facts, "protocol": protocol})
    with_what = {"protocol": protocol, "password": access.password.upper(), "cipher": access.cipher}
    return words.explain("opened-with", {**facts, **with_what})


def witness_lines(witness: Witness, words: Words) -> list[str]:
    """Who answers for the evidence; nothing where this home read the card."""
    code = _WITNESSES.get(witness.standing)
    if code is None:
        return []
    return [words.explain(code, {"name": witness.name or "?", "fingerprint": witness.fingerprint or "?"})]


def when(verdict: Verdict, words: Words) -> str:
    """When it was judged, and when the card was read if that was not just now, as its reader says."""
    read, judged = verdict.evidence.started, verdict.judged_at
    saved = verdict.evidence.access.protocol != FROM_FILES and abs(judged - read) > _JUST_NOW
    told = [words.explain("card-read-at", {"time": words.time(read)})] if saved else []
    facts = {"time": words.time(judged), "policy": verdict.policy}
    return " ".join([*told, words.explain("judged-at", facts)])
