"""Many rows into a table at once, in the way that is quickest on each database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table, bindparam, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite


def insert_rows(
    connection: Connection, into: Table, rows: Sequence[Mapping[str, object]], *, only_new: bool = False
) -> None:
    """Insert rows, which all have the same columns; ``only_new`` leaves those out whose keys are there already."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        plain = sqlite.insert(into).on_conflict_do_nothing() if only_new else insert(into)
        connection.execute(plain, list(map(dict, rows)))
        return
    # A server takes whole columns, as arrays, in a third of the time in which it takes row by row.
    names = list(rows[0])
    columns = [bindparam(name, [row[name] for row in rows], postgresql.ARRAY(into.c[name].type)) for name in names]
    source = func.unnest(*columns).table_valued(*names).render_derived()
    query = postgresql.insert(into).from_select(names, select(*(source.c[name] for name in names)))
    connection.execute(query.on_conflict_do_nothing() if only_new else query)
