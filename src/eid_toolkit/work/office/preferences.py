"""Defaults that somebody sets: each value is one that the commands would take."""

from __future__ import annotations

from pathlib import Path

from eid_toolkit.ground.errors import BadInput, UsageError
from eid_toolkit.ground.home.defaults import HOME_FILE, PERSONAL, Defaults, of_home
from eid_toolkit.ground.messages.catalogue import languages


def check_default(name: str, value: str, root: Path) -> None:
    """Raises :class:`BadInput` or :class:`UsageError` for a value that no command in the home at ``root`` takes.

    A reader need not be there now, and an operator need not be enrolled yet.
    """
    if name == "operator":
        from eid_toolkit.books.staff.operators import OPERATOR_NAME

        if not OPERATOR_NAME.fullmatch(value):
            raise BadInput("operator-name-malformed", name=value)
    elif name == "profile":
        from eid_toolkit.standards.profiles import list_profiles

        if value not in list_profiles([root / "profiles"]):
            raise BadInput("profile-unknown", profile=value)
    elif name == "station":
        from eid_toolkit.books.register.stock.stock_movements import clean_station

        clean_station(value)
    elif name == "policy":
        from eid_toolkit.work.inspection.policy import policy_by_name

        policy_by_name(value)
    elif name == "language" and value not in languages():
        raise UsageError("language-unknown", language=value, known=", ".join(languages()))


def set_own(file: Path, name: str, value: str | None, root: Path) -> Defaults:
    """Change somebody's own file; without a value the name is taken out of it. Raises as :func:`check_default`."""
    return _set(Defaults.read(file), file, name, value, root)


def set_for_home(root: Path, name: str, value: str | None) -> Defaults:
    """Change what holds for all in the home; raises as :func:`check_default`, and :class:`UsageError` for who acts."""
    if name in PERSONAL:
        raise UsageError("default-for-home-personal", name=name)
    if not root.is_dir():
        raise BadInput("home-missing", home=root)
    return _set(of_home(root), root / HOME_FILE, name, value, root)


def _set(before: Defaults, file: Path, name: str, value: str | None, root: Path) -> Defaults:
    after = before.changed(name, value)
    if value is not None:
        check_default(name, value, root)
    if after != before:
        after.write(file)
    return after
