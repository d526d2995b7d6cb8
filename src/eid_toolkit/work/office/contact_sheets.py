"""Contact sheets: applications on one page with the faces as they will be on the chips, and decisions by number on it.

A sheet carries the identifier and the digest (:attr:`Application.digest`) of each application by its number, and the
audit log the SHA-256 of the whole file from before it is given out. A decision by a sheet asks for both: a file that
this home did not make, or that was altered by a byte, is refused; and an application that is not what the sheet shows
any more is not decided on. So a forged sheet decides nothing. What no file can prevent is that somebody looks at
another page, or paper, than the one they name: whoever decides is shown names and numbers again, and the sheet's mark.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from eid_toolkit.books.ledger.canonical import digest
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, EidError, NotPermitted
from eid_toolkit.ground.messages.catalogue import ENGLISH, Speaker
from eid_toolkit.ground.plain_values import read_json
from eid_toolkit.work.office.applying import LOOKED_UP, QUEUE_LIMIT
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.applications import Application, ApplicationState
    from eid_toolkit.books.register.documents.portrait_prints import Alike
    from eid_toolkit.ground.images.quality import Finding

SCHEMA = "eid-contact-sheet/1"
META = "eid-contact-sheet"
"""The name of the element that carries what a program reads."""
MADE = "application.sheet-made"
"""In the audit log, about the SHA-256 of the file."""
MAX_SHEET = 64 << 20
"""The largest file in bytes that is read: 500 portraits of 60 kB in Base64, and their text."""
_HEAD = 256 << 10
"""Within this many bytes of the file is all that a program reads: 100 for each of 500 applications, and the style."""
_MARK = 8


@dataclass(frozen=True, slots=True)
class OnSheet:
    """One application on a sheet."""

    number: int
    record: Application
    image: bytes | None
    """The portrait as a JPEG file; none where it cannot be opened."""
    findings: Sequence[Finding] = ()
    alike: Sequence[Alike] = ()
    trouble: EidError | None = None
    """Why there is no portrait."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a sheet carries of an application for a program: its identifier, and the digest of what was shown."""

    application: str
    digest: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a sheet carries for a program, in the order of its numbers."""

    schema: str
    made_by: str
    made_at: str
    applications: tuple[Shown, ...]

    @property
    def mark(self) -> str:
        """A short mark of what is shown, to compare paper and file by."""
        told = {"applications": [[each.application, each.digest] for each in self.applications]}
        return digest(told)[:_MARK].upper()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A finished sheet: the file, and what is on it."""

    page: bytes
    content: Content


def make_sheet(
    office: Office, chosen: Sequence[str] | None, state: ApplicationState | None, speaker: Speaker = ENGLISH
) -> Sheet:
    """A sheet of these applications, or of the oldest in a state; that they were looked at is on record.

    Raises :class:`BadInput` for none, or more than :data:`QUEUE_LIMIT`.
    """
    from eid_toolkit.work.office.contact_sheet_page import page_of

    operator, applications = office.look(Permission.READ_PERSONS), office.register.applications
    if chosen is None:
        records = list(applications.list(state, QUEUE_LIMIT))
    else:
        records = [applications.get(identifier) for identifier in dict.fromkeys(chosen)]
    if not records:
        raise BadInput("sheet-empty")
    if len(records) > QUEUE_LIMIT:
        raise BadInput("sheet-too-long", limit=QUEUE_LIMIT)
    shown = [_on_sheet(office, number, record) for number, record in enumerate(records, start=1)]
    at = office.clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
    told = tuple(Shown(record.id, record.digest) for record in records)
    content = Content(SCHEMA, operator.name, at, told)
    page = page_of(content, shown, office.home.config.authority, speaker).encode()
    name = sha256(page).hexdigest()
    seen = [(operator, LOOKED_UP, record.id, {"portrait": True, "sheet": name}) for record in records]
    office.register.record_all([*seen, (operator, MADE, name, {"shown": len(records)})])
    return Sheet(page, content)


def read_sheet(office: Office, page: bytes) -> Content:
    """What a sheet of this home carries.

    Raises :class:`BadInput` for what is no sheet, :class:`NotPermitted` for one that this home did not make, or that
    was altered.
    """
    if META.encode() not in page[:_HEAD]:
        raise BadInput("sheet-none")
    if not office.register.is_on_record(0, MADE, sha256(page).hexdigest()):
        raise NotPermitted("sheet-not-of-this-home")
    return _content(page[:_HEAD])  # of a page of this home, and no other


def chosen_on(content: Content, words: Sequence[str]) -> dict[int, Shown]:
    """The applications of numbers and ranges, such as ``1-12,14``; raises :class:`BadInput` for others."""
    count = len(content.applications)
    chosen: dict[int, Shown] = {}
    for part in ",".join(words).split(","):
        first, dash, last = part.strip().partition("-")
        ends = (first, last if dash else first)
        if not all(end.isascii() and end.isdecimal() and len(end) < _DIGITS for end in ends):
            raise BadInput("sheet-numbers", numbers=part, count=count)
        low, high = map(int, ends)
        if not 1 <= low <= high <= count:
            raise BadInput("sheet-numbers", numbers=part, count=count)
        for number in range(low, high + 1):
            chosen[number] = content.applications[number - 1]
    return chosen


_DIGITS = 6


def written(content: Content) -> str:
    """What the page carries for a program."""
    told = [[each.application, each.digest] for each in content.applications]
    head = {"schema": content.schema, "made_by": content.made_by, "made_at": content.made_at}
    return json.dumps({**head, "applications": told}, ensure_ascii=True)


def _on_sheet(office: Office, number: int, record: Application) -> OnSheet:
    from eid_toolkit.ground.images.portrait import look_at_portrait

    applications = office.register.applications
    try:
        image, measures, _ = look_at_portrait(applications.portrait(record).image)
    except EidError as error:
        return OnSheet(number, record, None, trouble=error)
    kept = applications.print_of(record)
    alike = applications.alike(kept, record.person.id) if kept is not None else ()
    return OnSheet(number, record, image, measures.findings, alike)


@dataclass(frozen=True, slots=True)
class _Written:
    """:class:`Content` as it is written."""

    schema: str
    made_by: str
    made_at: str
    applications: tuple[tuple[str, str], ...]


class _Finder(HTMLParser):
    """Finds what the page carries for a program."""

    def __init__(self) -> None:
        super().__init__()
        self.carried: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "meta" and values.get("name") == META:
            self.carried.append(values.get("content") or "")


def _content(page: bytes) -> Content:
    try:
        finder = _Finder()
        finder.feed(page.partition(b"</head>")[0].decode("utf-8"))
        (carried,) = finder.carried
        found = read_json(_Written, carried)
        if found.schema != SCHEMA:
            raise BadInput("sheet-schema", schema=found.schema, supported=SCHEMA)
        shown = tuple(Shown(identifier, told) for identifier, told in found.applications)
    except (ValueError, AssertionError, RecursionError):
        raise BadInput("sheet-none") from None
    return Content(found.schema, found.made_by, found.made_at, shown)
