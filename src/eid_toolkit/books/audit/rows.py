"""A row of the audit log as its stored text, and the hash that ties it to the row before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple, TypeGuard

from eid_toolkit.books.ledger.canonical import digest
from eid_toolkit.ground.plain_values import parse_json

GENESIS = "0" * 64
"""What stands for the hash of the row before the first."""


TOLD = ("kind", "version", "state")
"""The columns of rows that put a state there; others have nothing in them."""
PLACE = ("chain", "number")
"""The columns of rows since there are several chains."""
OFFICE = "office"
"""The chain in which operators, keys and policies change; each operator has one of their own name besides."""


@lru_cache(maxsize=2048)  # a row is asked for its steps, its content and its papers
def read_detail(text: str) -> Mapping[str, object]:
    """What the detail of a row tells, to be read only: nothing where it is no object; raises :class:`ValueError`."""
    detail = parse_json(text)
    return detail if isinstance(detail, dict) else {}


class StoredRow(NamedTuple):
    """A row whose values nobody has judged yet: what is no text stands as it was found."""

    position: int
    time: str
    """ISO 8601 with microseconds and +00:00, as it is hashed."""
    operator: str
    action: str
    subject: str
    detail: str
    """Canonical JSON."""
    previous: str
    hash: str
    kind: str | None = None
    """Of what it puts a state there, if it does."""
    version: int | None = None
    """Of the subject, by it; 1 where it is new."""
    state: str | None = None
    chain: str | None = None
    """None in a row from before there were several: it is one of the office's."""
    number: int | None = None
    """In its chain; None there, where it is the position."""

    @property
    def content(self) -> str:
        """The hash of what it tells, for whoever sees the chain without it."""
        values = {name: value for name, value in self._asdict().items() if value is not None}
        return content_hash(values)

    @property
    def place(self) -> tuple[str, int]:
        """Chain, and number in it; what is no such value stands for none that there is."""
        if self.chain is None:
            return OFFICE, self.position
        return as_text(self.chain), self.number if isinstance(self.number, int) else 0

    @property
    def is_shaped(self) -> bool:
        """Whether its columns have values such as this software writes."""
        for text in self[1:8]:
            if not (type(text) is str and text.isascii()) and not is_text(text):
                return False
        for optional in (self.kind, self.state, self.chain):
            if optional is not None and not is_text(optional):
                return False
        return (self.version is None or type(self.version) is int) and (self.number is None or type(self.number) is int)

    def is_consistent(self) -> bool:
        """Whether the row's own hash is that of its other columns."""
        if not self.is_shaped:
            return False
        return self.hash == row_hash(*self[:7], self[8:11], self[11:])


def is_text(value: object) -> TypeGuard[str]:
    """Whether a stored value is text that can be written as UTF-8."""
    if not isinstance(value, str):
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def as_text(value: object) -> str:
    """A stored value as text that can be written as UTF-8, whatever it is."""
    return value if is_text(value) else ascii(value)


def some_bytes(value: object) -> bytes:
    """The value, if it is bytes; raises :class:`ValueError` for anything else that a database may hold."""
    if isinstance(value, (bytes, memoryview)):
        return bytes(value)
    raise ValueError("no bytes")


def whole_number(value: object) -> int:
    """The value, if it is one; raises :class:`ValueError` for anything else that a database may hold."""
    if isinstance(value, int):
        return value
    raise ValueError("no whole number")


Told = tuple["str | None", "int | None", "str | None"]
"""Kind, version and state that a row puts there; three times None where it tells of something else."""
NOTHING: Told = (None, None, None)


def row_hash(
    position: int,
    time: str,
    operator: str,
    action: str,
    subject: str,
    detail: str,
    previous: str,
    told: Told = NOTHING,
    place: tuple[str | None, int | None] = (None, None),
) -> str:
    """SHA-256 in hex over a row without its hash; what it does not tell has no place in it.

    In a row since there are several chains it is over the canonical JSON of :func:`content_hash` and the hash before:
    so a chain can be shown without what the rows between tell. In one from before it is over all at once.
    """
    values: dict[str, object] = {
        "position": position,
        "time": time,
        "operator": operator,
        "action": action,
        "subject": subject,
        "detail": detail,
        "previous": previous,
    }
    if place == (None, None):
        return digest(values)
    del values["previous"]
    values["chain"], values["number"] = place
    if told != NOTHING:
        values["kind"], values["version"], values["state"] = told
    return link(digest(values), previous)


def content_hash(values: Mapping[str, object]) -> str:
    """SHA-256 in hex over the canonical JSON of what a row tells, without the row before."""
    return digest({name: value for name, value in values.items() if name not in ("previous", "hash")})


def link(content: str, previous: str) -> str:
    """The hash of a row by its content's and that of the row before in its chain: both in hex."""
    return sha256(f'{{"content":"{content}","previous":"{previous}"}}'.encode()).hexdigest()


def time_text(time: datetime) -> str:
    """A time in UTC as it is hashed and signed."""
    return time.isoformat(timespec="microseconds")
