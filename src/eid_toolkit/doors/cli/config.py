"""`eid config`: which reader, operator, profile, station, policy and language are meant unless the line says so."""

from __future__ import annotations

import click

from eid_toolkit.doors.cli.context import App, Group, format_option
from eid_toolkit.doors.cli.defaults import VARIABLES, Origin, given_on_line, origins, own_file
from eid_toolkit.doors.cli.output import emit_rows, tell
from eid_toolkit.doors.cli.presentation import present
from eid_toolkit.ground.errors import EidError

_name_argument = click.argument("name", type=click.Choice(tuple(VARIABLES)))
_for_home_option = click.option("--for-home", is_flag=True)
_SOURCES = {
    "option": "the line",
    "environment": "the environment",
    "user": "your own defaults",
    "locale": "the locale",
    "home": "the home's defaults",
    "built-in": "built in",
    "none": "nobody",
}


@click.group(cls=Group)
def config() -> None:
    pass


@config.command("show")
@format_option
def show(fmt: str) -> None:
    app = _app()
    found = origins(app.home_path)
    for name in ("operator", "language"):
        given = given_on_line(name)
        if given is not None and given != found[name].value:
            found[name] = Origin(str(given), "option")
    rows = [
        {"name": name, "value": origin.value, "from": origin.source, "place": origin.place}
        for name, origin in found.items()
    ]
    shown = {"schema": "eid-config/1", "file": str(own_file()), "defaults": rows}
    emit_rows(
        rows,
        ("name", "value", "from", "place"),
        fmt,
        lambda name, row: _SOURCES[row[name]] if name == "from" else row[name],
        within=shown,
    )


@config.command("set")
@_name_argument
@click.argument("value")
@_for_home_option
def set_(name: str, value: str, for_home: bool) -> None:
    _change(name, value, for_home=for_home)


@config.command("unset")
@_name_argument
@_for_home_option
def unset(name: str, for_home: bool) -> None:
    _change(name, None, for_home=for_home)


def _change(name: str, value: str | None, *, for_home: bool) -> None:
    from eid_toolkit.work.office.preferences import set_for_home, set_own

    root = _app().home_path
    if for_home:
        set_for_home(root, name, value)
    else:
        set_own(own_file(), name, value, root)
    now = origins(root)[name]
    if now.value != value:  # what was set before it, or stands behind it
        if now.value is None:
            tell("default-none")
        else:
            tell("default-counts", value=now.value, what=_SOURCES[now.source], file=now.place or "-")


def _app() -> App:
    """Without the defaults, if something is wrong with them: that must not keep anybody from correcting them."""
    ctx = click.get_current_context()
    try:
        app = App.with_defaults(ctx)
    except EidError:
        app = App.of(ctx)
    present(app.presentation())
    return app
