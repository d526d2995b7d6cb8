"""`eid samples`: the sample persons, their drawn portraits and the card specs that come with the package, as files."""

from __future__ import annotations

import io
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.output import emit
from eid_toolkit.ground.errors import NotPermitted

SCHEMA = "eid-samples/1"


@click.command("samples", cls=Command)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@format_option
@pass_app
def samples(app: App, folder: Path, fmt: str) -> None:
    contents = {folder / name: data for name, data in _contents()}
    for path in contents:
        if os.path.lexists(path):
            raise NotPermitted("samples-file-exists", file=path)
    for path, data in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            stream.write(data)
    written = [str(path) for path in contents]
    emit({"schema": SCHEMA, "files": written}, fmt, lambda: "\n".join(written))


def _contents() -> Iterator[tuple[str, bytes]]:
    from eid_toolkit.books.register.people.person_data import FIELDS
    from eid_toolkit.books.register.people.person_files import write_csv
    from eid_toolkit.work.cardspec.shipped_specs import shipped_specs
    from eid_toolkit.work.specimens import persons

    people = persons()
    table = io.StringIO(newline="")
    write_csv((person.record for person in people), table, [f for f in FIELDS if any(f in p.record for p in people)])
    yield "people.csv", table.getvalue().encode("utf-8")
    for person in people:
        yield f"portraits/{_file_name(person.record['primary_identifier'])}.jpg", person.portrait()
    for entry in shipped_specs().values():
        yield f"card-specs/{entry.name}", entry.read_bytes()


def _file_name(surname: str) -> str:
    """The surname in small letters without diacritics."""
    return "".join(letter for letter in unicodedata.normalize("NFD", surname).lower() if "a" <= letter <= "z")
