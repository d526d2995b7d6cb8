"""Agencies as rows of the register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, select

from eid_toolkit.books.audit.states import hold_one
from eid_toolkit.books.ledger.kinds import AGENCIES
from eid_toolkit.books.ledger.schema import agency
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.ground.plain_values import read_json, to_plain

_TEXTS = partial(read_json, tuple[str, ...])


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency and its rights."""

    code: str
    name: str
    fields: tuple[str, ...]
    purposes: tuple[str, ...]
    may_report: bool
    """Whether it reports notices, as the police does."""
    created_at: datetime
    disabled_at: datetime | None = None

    to_json = to_plain


def find_agency(connection: Connection, code: str) -> Agency | None:
    """The agency, disabled or not, or None."""
    if not code.isprintable():  # a server takes not every character
        return None
    row = connection.execute(select(agency).where(agency.c.code == code)).first()
    return None if row is None else agency_of(row)


def load_agency(connection: Connection, code: str) -> Agency:
    """The agency, disabled or not; raises :class:`BadInput` if there is none of that code."""
    record = find_agency(connection, code)
    if record is None:
        raise BadInput("agency-unknown", agency=code)
    return record


def active_agency(connection: Connection, code: str) -> Agency:
    """The agency; raises :class:`NotPermitted` if it was disabled."""
    record = load_agency(connection, code)
    hold_one(connection, AGENCIES, record.code)
    if record.disabled_at is not None:
        raise NotPermitted("agency-disabled", agency=code)
    return record


def agency_of(row: Row[Any]) -> Agency:
    """The agency in a row."""
    return Agency(
        row.code,
        row.name,
        stored(_TEXTS, row.fields, "the fields of an agency"),
        stored(_TEXTS, row.purposes, "the purposes of an agency"),
        bool(row.may_report),
        row.created_at,
        row.disabled_at,
    )
