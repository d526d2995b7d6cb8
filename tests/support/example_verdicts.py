"""One verdict of each kind that an officer meets: passed, failed, undetermined, reported, odd but genuine."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

from eid_toolkit import emulate, judge, read
from eid_toolkit.api.trust import Trust
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki.document_status import DocumentStatus, Report, StatusList
from eid_toolkit.work.inspection.verdict import Verdict
from support.hierarchies import Hierarchy
from support.odd_sods import over

KINDS = ("passed", "failed", "undetermined", "reported", "odd")
_SINCE = date(2026, 11, 3)


@cache
def example(kind: str) -> Verdict:
    """The verdict, with a portrait."""
    if kind == "odd":
        return _odd()
    spec = {"failed": "clone", "undetermined": "utopia-id"}.get(kind, "vietnam")
    with emulate(spec) as card:
        trust = card.trust
        if kind == "undetermined":  # of a state whose CSCA is not known here
            trust = replace(trust, _material=replace(trust._material, anchors=()))
        reading = read(card, card.can)
        if kind == "reported":
            trust = _reporting(trust, *_named(judge(reading, trust)._inner))
        return judge(reading, trust)._inner


def _named(verdict: Verdict) -> tuple[str, str]:
    assert verdict.holder is not None
    return verdict.holder.issuing_state, verdict.holder.document_number


def _reporting(trust: Trust, state: str, number: str) -> Trust:
    stolen = StatusList.of([Report(state, number, DocumentStatus.STOLEN, _SINCE)])
    return replace(trust, _material=replace(trust._material, status_lists=(stolen,)))


def _odd() -> Verdict:
    """Its hashes are weaker than they should be, as some states still write them."""
    hierarchy = Hierarchy()
    portrait = example("passed").evidence.content(ElementaryFile.DG2)
    assert portrait is not None
    hierarchy.document.data_groups[2] = portrait
    hierarchy.sod = lambda document: over(document.data_groups, document.signer_key, document.signer, hashes="sha1")
    return hierarchy.judge()
