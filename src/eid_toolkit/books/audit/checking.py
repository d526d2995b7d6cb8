"""Hashes and signatures of a log, looked at some pages ahead of a walk, in several processes.

The processes get the rows as plain values and do nothing but hash and verify; what follows from it is judged by the
one walk, row by row. So its finding is the same, and no process but one reads the database. What a process has found
is used for the very row, and for the very signature over the very hash, and for nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from eid_toolkit.books.audit.keeper import run_statement
from eid_toolkit.books.audit.rows import StoredRow
from eid_toolkit.books.audit.sessions import SessionRecord, Voucher, verifies
from eid_toolkit.books.audit.signed_walk import Checks, SignedRun
from eid_toolkit.books.audit.walk import Item
from eid_toolkit.ground.crew import Crew

PAGE = 1000
"""Items, most of them rows and signatures, that a process gets at a time."""
_WRONG, _RIGHT, _UNKNOWN = 0, 1, 2


class Page(NamedTuple):
    """What a process is to look at: plain values."""

    rows: list[tuple[Any, ...]]
    runs: list[tuple[str, int, int, int, str, bytes]]
    """The fields of each :class:`SignedRun`."""
    sessions: dict[str, tuple[bytes, bytes]]
    """Home and public key (SPKI in DER) of each session in which a run is signed, by its identifier."""


class Checked(NamedTuple):
    """What is found: for each row whether its hash is right, for each run of which hash it is a signature, or not."""

    rows: bytes
    runs: list[tuple[str, bool] | None]


class CheckedAhead(Checks):
    """Checks that were made before they are asked for; any other is made when it is."""

    def __init__(self, crew: Crew[Page, Checked]) -> None:
        self._crew = crew
        self._coming: deque[list[Item]] = deque()
        self._rows: dict[int, tuple[StoredRow, int]] = {}
        self._runs: dict[SignedRun, tuple[str, bool] | None] = {}

    def items(self, items: Iterable[Item]) -> Iterator[Item]:
        """The same items; while one is with the caller, its checks are at hand."""
        for _, checked in self._crew.map(self._pages(items), check_page):
            page = self._coming.popleft()
            rows = [item for item in page if isinstance(item, StoredRow)]
            runs = [item for item in page if isinstance(item, SignedRun)]
            self._rows = {row.position: (row, right) for row, right in zip(rows, checked.rows, strict=True)}
            self._runs = dict(zip(runs, checked.runs, strict=True))
            yield from page

    def is_consistent(self, row: StoredRow) -> bool:
        """As it was found in another process."""
        known, right = self._rows.get(row.position, (None, _UNKNOWN))
        return right == _RIGHT if known is row and right != _UNKNOWN else super().is_consistent(row)

    def is_signed(self, run: SignedRun, newest: str, record: SessionRecord) -> bool:
        """As it was found in another process, if it is about this hash."""
        known = self._runs.get(run)
        return known[1] if known is not None and known[0] == newest else super().is_signed(run, newest, record)

    def _pages(self, items: Iterable[Item]) -> Iterator[Page]:
        coming, sessions = iter(items), dict[str, Voucher]()
        while True:
            page = Page([], [], {})
            kept: list[Item] = []
            failure: Exception | None = None
            try:
                for item in islice(coming, PAGE):
                    kept.append(item)
                    if isinstance(item, StoredRow):
                        page.rows.append(tuple(item))
                    elif isinstance(item, SignedRun):
                        page.runs.append(
                            (item.chain, item.last, item.first, item.position, item.session, item.signature)
                        )
                        voucher = sessions.get(item.session)
                        if voucher is not None:
                            page.sessions[item.session] = (voucher.record.home, voucher.record.public_key)
                    elif isinstance(item, tuple):
                        sessions[item[0]] = item[1]
            except Exception as error:  # it comes behind what was read before
                failure = error
            if kept:
                self._coming.append(kept)
                yield page
            if failure is not None:
                raise failure
            if len(kept) < PAGE:
                return


def checking() -> Callable[[Page], Checked]:
    """What a process of the crew does."""
    return check_page


def check_page(page: Page) -> Checked:
    """Look at each row, and at each signature over a row in the same page."""
    rows = [StoredRow(*values) for values in page.rows]
    hashes = {row.position: row.hash for row in rows}
    return Checked(bytes(map(_check_row, rows)), [_check_run(page, values, hashes) for values in page.runs])


def _check_row(row: StoredRow) -> int:
    try:
        return _RIGHT if row.is_consistent() else _WRONG
    except Exception:  # the walk meets it, too, if it comes there
        return _UNKNOWN


def _check_run(
    page: Page, values: tuple[str, int, int, int, str, bytes], hashes: dict[int, str]
) -> tuple[str, bool] | None:
    chain, last, first, position, session, signature = values
    newest, by = hashes.get(position), page.sessions.get(session)
    if newest is None or by is None:
        return None
    try:
        home, key = by
        return newest, verifies(key, run_statement(home, session, chain, first, last, newest), signature)
    except Exception:
        return None
