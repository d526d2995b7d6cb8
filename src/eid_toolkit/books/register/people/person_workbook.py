"""Persons in a workbook for a spreadsheet (Office Open XML, ISO/IEC 29500): each cell is text, and stays as it is.

Out of CSV a spreadsheet makes numbers of identity numbers, so that their first zeros are lost, and dates of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from eid_toolkit.books.register.people.person_data import FIELDS
from eid_toolkit.books.register.people.person_record import Person
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.ground.home.atomic import FILE_MODE, sync_directory

MOST_PERSONS = (1 << 20) - 1
"""A sheet has 1,048,576 rows; the first one names the columns."""
_WIDTH = 18
_STEP = 1000


def write_workbook(people: Iterable[Person], target: Path, told: Callable[[int], None] = lambda count: None) -> int:
    """Write all ``people`` to ``target``, with mode 0600, and return how many; whole or not at all.

    How many there are already is ``told`` from time to time. Raises :class:`NotPermitted` for more than
    :data:`MOST_PERSONS`.
    """
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    count = 0
    with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:  # what it keeps aside, too
        path = Path(folder) / "part"
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
        with Workbook(path, {"constant_memory": True, "tmpdir": folder}) as workbook:
            as_text, head = workbook.add_format({"num_format": "@"}), workbook.add_format({"bold": True})
            sheet = workbook.add_worksheet("persons")
            sheet.set_column(0, len(FIELDS) - 1, _WIDTH, as_text)
            sheet.freeze_panes(1, 0)
            for column, name in enumerate(FIELDS):
                sheet.write_string(0, column, name, head)
            for person in people:
                count += 1
                if count > MOST_PERSONS:
                    raise NotPermitted("export-too-long-for-a-sheet", limit=MOST_PERSONS)
                for column, value in enumerate(person.data.row_values()[: len(FIELDS)]):
                    if value is not None:
                        sheet.write_string(count, column, value, as_text)
                if count % _STEP == 0:
                    told(count)
        with path.open("rb") as whole:
            os.fsync(whole.fileno())
        path.chmod(FILE_MODE)
        path.replace(target)
    sync_directory(target.parent)
    return count
