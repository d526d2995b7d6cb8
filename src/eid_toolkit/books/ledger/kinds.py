"""What has a state: the ten kinds of rows that nobody believes because they stand there, and the steps of each.

A step is an action of the audit log: from which states to which, and who may take it. The state tables of
:mod:`eid_toolkit.books.ledger.workflow` say which state follows on which; here stands under which name the log tells
of it, and by whose right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

from sqlalchemy import Column, Table

from eid_toolkit.books.ledger import schema
from eid_toolkit.books.ledger.canonical import digest
from eid_toolkit.books.ledger.schema.base import TOLD_BY, VERSION
from eid_toolkit.books.ledger.workflow import APPLICATION, BLANK, CARD, DOCUMENT, StateTable
from eid_toolkit.books.staff.roles import Permission

Values = Mapping[str, Any]
"""A row's values by the names of its columns."""
NONE = ""
"""The state of what is not there yet."""
TAKEN_OVER = "taken-over"
"""Stands behind kind and state in the action that takes a row over from a register of before."""
_P = Permission


@dataclass(frozen=True, slots=True)
class Step:
    """One action: from which states, to which (None: to the same), and by one of which rights."""

    sources: frozenset[str]
    target: str | None
    rights: frozenset[Permission]

    def leads(self, before: str, after: str) -> bool:
        """Whether the step leads from the one state to the other."""
        return before in self.sources and after == (before if self.target is None else self.target)


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of rows with a state."""

    name: str
    table: Table
    state: Callable[[Values], str]
    """The state by a row's values."""
    steps: Mapping[str, Step]
    """By the action's name behind that of the kind."""
    creator: str | None = None
    """The column that says who has made the row."""
    apart: frozenset[str] = frozenset()
    """The actions that somebody else takes than who has made it."""

    @cached_property
    def key(self) -> Column[str]:
        """The column that names the row."""
        (column,) = self.table.primary_key.columns
        return column

    @cached_property
    def covered(self) -> tuple[str, ...]:
        """The columns that the log vouches for, as they are hashed: all but those that point to it."""
        return tuple(sorted(name for name in self.table.columns.keys() if name not in (VERSION, TOLD_BY)))  # noqa: SIM118

    def content(self, values: Values) -> str:
        """SHA-256 in hex over the row's values."""
        return digest(
            {
                name: value if (value := values[name]) is None or type(value) is str else _plain(value)
                for name in self.covered
            }
        )


def _plain(value: object) -> object:
    """A value as it is hashed: the same whether it is about to be stored, or was read."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, (bytes, memoryview)):
        return {"sha256": sha256(value).hexdigest()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):  # is nowhere written
        raise ValueError("a number that is not whole")
    return int(value)  # type: ignore[call-overload]


def _column(name: str) -> Callable[[Values], str]:
    return lambda values: str(values[name])


def _ended_by(name: str, running: str, ended: str) -> Callable[[Values], str]:
    return lambda values: running if values[name] is None else ended


def _new(target: str, *rights: Permission) -> Step:
    return Step(frozenset({NONE}), target, frozenset(rights))


def _of(table: StateTable[Any], action: str, *rights: Permission) -> Step:
    sources, target = table.actions[action]
    return Step(frozenset(map(str, sources)), str(target), frozenset(rights))


def _unchanged(states: Any, *rights: Permission) -> Step:
    return Step(frozenset(map(str, states)), None, frozenset(rights))


_STAFFED = (_P.KEEP_STOCK, _P.PERSONALIZE)
_ERASING = (_P.ERASE_PERSONS, _P.BACK_UP)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "application",
            schema.application,
            _column("state"),
            {
                "created": _new(APPLICATION.initial, _P.APPLY),
                "approved": _of(APPLICATION, "approve", _P.DECIDE_APPLICATIONS),
                "rejected": _of(APPLICATION, "reject", _P.DECIDE_APPLICATIONS),
                "withdrawn": _of(APPLICATION, "withdraw", _P.APPLY, _P.BACK_UP),
                "prepared": _unchanged(["approved"], _P.PREPARE_DOCUMENTS),
                "completed": _of(APPLICATION, "complete", _P.PERSONALIZE),
                "erased": _unchanged(type(APPLICATION.initial), *_ERASING),
            },
            creator="creator",
            apart=frozenset({"application.approved"}),
        ),
        Kind(
            "document",
            schema.document,
            _column("state"),
            {
                "prepared": _new(DOCUMENT.initial, _P.PREPARE_DOCUMENTS),
                "bound": _of(DOCUMENT, "bind", _P.PERSONALIZE),
                "issued": _of(DOCUMENT, "issue", _P.PERSONALIZE),
                "spoiled": _of(DOCUMENT, "spoil", _P.SPOIL, _P.BACK_UP),
                "lost": _of(DOCUMENT, "report-lost", _P.REPORT_DOCUMENTS),
                "stolen": _of(DOCUMENT, "report-stolen", _P.REPORT_DOCUMENTS),
                "suspended": _of(DOCUMENT, "suspend", _P.REVOKE_DOCUMENTS),
                "resumed": _of(DOCUMENT, "resume", _P.REVOKE_DOCUMENTS),
                "revoked": _of(DOCUMENT, "revoke", _P.REVOKE_DOCUMENTS),
                "expired": _of(DOCUMENT, "expire", _P.REVOKE_DOCUMENTS),
                "reissued": _of(DOCUMENT, "reissue", _P.PERSONALIZE),
                "destroyed": _of(DOCUMENT, "destroy", _P.REVOKE_DOCUMENTS),
                "erased": _unchanged(type(DOCUMENT.initial), *_ERASING),
            },
        ),
        Kind(
            "blank",
            schema.blank,
            _column("state"),
            {
                "receive": _new(BLANK.initial, _P.KEEP_STOCK),
                "hand-out": _of(BLANK, "hand-out", _P.KEEP_STOCK),
                "hand-back": _of(BLANK, "hand-back", _P.KEEP_STOCK),
                "use": _of(BLANK, "use", _P.PERSONALIZE),
                "spoil": _of(BLANK, "spoil", _P.SPOIL, _P.BACK_UP),
                "miss": _of(BLANK, "miss", *_STAFFED),
                "find": _of(BLANK, "find", _P.KEEP_STOCK),
                "destroy": _of(BLANK, "destroy", _P.KEEP_STOCK),
                "erased": _unchanged(type(BLANK.initial), *_ERASING),
            },
        ),
        Kind(
            "card",
            schema.card,
            _column("state"),
            {
                "writing": _new(CARD.initial, _P.PERSONALIZE),
                "finished": _of(CARD, "finish", _P.PERSONALIZE),
                "spoiled": _of(CARD, "spoil", _P.SPOIL, _P.BACK_UP),
                "returned": _of(CARD, "return", _P.REVOKE_DOCUMENTS),
                "destroyed": _of(CARD, "destroy", _P.REVOKE_DOCUMENTS, _P.KEEP_STOCK),
            },
        ),
        Kind(
            "shift",
            schema.shift,
            _column("state"),
            {
                "opened": _new("open", *_STAFFED),
                "closed": Step(frozenset({"open"}), "closed", frozenset(_STAFFED)),
            },
            creator="opened_by",
        ),
        Kind(
            "manifest",
            schema.manifest,
            lambda _: "received",
            {"received": _new("received", _P.KEEP_STOCK)},
            creator="operator",
        ),
        Kind(
            "vendor",
            schema.vendor,
            lambda _: "known",
            {"added": _new("known", _P.KEEP_STOCK), "replaced": _unchanged(["known"], _P.KEEP_STOCK)},
        ),
        Kind(
            "station",
            schema.station,
            _ended_by("paused_at", "running", "paused"),
            {
                "paused": Step(frozenset({NONE, "running", "paused"}), "paused", frozenset({_P.PERSONALIZE})),
                "resumed": Step(frozenset({NONE, "running", "paused"}), "running", frozenset({_P.PERSONALIZE})),
            },
        ),
        Kind(
            "agency",
            schema.agency,
            _ended_by("disabled_at", "active", "disabled"),
            {
                "added": _new("active", _P.MANAGE_AGENCIES),
                "changed": _unchanged(["active"], _P.MANAGE_AGENCIES),
                "disabled": Step(frozenset({"active"}), "disabled", frozenset({_P.MANAGE_AGENCIES})),
            },
        ),
        Kind(
            "notice",
            schema.notice,
            _ended_by("withdrawn_at", "open", "withdrawn"),
            {
                "added": _new("open", _P.REPORT_NOTICES),
                "withdrawn": Step(frozenset({"open"}), "withdrawn", frozenset({_P.REPORT_NOTICES})),
                "erased": _unchanged(["open", "withdrawn"], *_ERASING),
            },
            creator="operator",
        ),
    )
}

APPLICATIONS, DOCUMENTS, BLANKS, CARDS = (KINDS[name] for name in ("application", "document", "blank", "card"))
SHIFTS, MANIFESTS, VENDORS, STATIONS = (KINDS[name] for name in ("shift", "manifest", "vendor", "station"))
AGENCIES, NOTICES = KINDS["agency"], KINDS["notice"]

OPERATOR = "operator"
"""The kind of the log's rows that tell of an operator's record, which the staff key endorses."""
ACTIVE, DISABLED = "active", "disabled"
"""The states of an operator."""
