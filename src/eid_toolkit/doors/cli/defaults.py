"""Where a value comes from that is not on the line: the environment, the user's own defaults, the home's, ours.

An option that has a default of the user's is a :class:`DefaultOption`; ``--operator`` and ``--lang`` are looked up when
the command runs (:meth:`App.with_defaults`), for they may be given before the home is known.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from eid_toolkit.ground.messages.catalogue import languages

META = "eid_toolkit"
"""Where the common options of a run are kept in its context."""
_FILES = "eid_toolkit.defaults"
_F = TypeVar("_F", bound=Callable[..., object])
_APPLICATION, _HOME_FILE = "eid-toolkit", "defaults.toml"
VARIABLES = {
    "reader": "EID_READER",
    "operator": "EID_OPERATOR",
    "profile": "EID_PROFILE",
    "station": "EID_STATION",
    "policy": "EID_POLICY",
    "language": "EID_LANG",
}
"""The variable of the environment for each name."""
BUILT_IN = {"station": "main", "policy": "officer", "language": "en"}
"""What holds where nobody has said anything."""
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The variables that say what language messages are in; the first that is set counts (POSIX, Base Definitions 8.2)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A value, and where it comes from."""

    value: str | None
    source: str
    """``environment``, ``user``, ``locale``, ``home``, ``built-in`` or ``none``."""
    place: str | None = None
    """The variable or the file."""


def own_file() -> Path:
    """The user's own defaults, in the folder that the platform has for configuration."""
    from platformdirs import user_config_path

    return user_config_path(_APPLICATION) / "config.toml"


def default_home() -> Path:
    """The home that is meant where none is named."""
    from platformdirs import user_data_path

    return user_data_path(_APPLICATION)


def home_of(ctx: click.Context) -> Path:
    """The home that the line or the environment names, else the default one."""
    named: Path | None = ctx.meta.get(META, {}).get("home_path")
    return named or default_home()


def given_on_line(name: str) -> object:
    """The value of a common option as the line or the environment gives it, None if they do not."""
    return click.get_current_context().meta.get(META, {}).get(name)


def origins(root: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Origin]:
    """Every name with its value and origin; raises :class:`BadInput` for files that cannot be used."""
    from eid_toolkit.ground.home.defaults import Defaults, of_home

    file = own_file()
    own, shared = Defaults.read(file), of_home(root)
    origin_of: dict[str, Origin] = {}
    for name, variable in VARIABLES.items():
        if environment.get(variable):
            origin_of[name] = Origin(environment[variable], "environment", variable)
        elif own.get(name) is not None:
            origin_of[name] = Origin(own.get(name), "user", str(file))
        elif name == "language" and (found := language_of_locale(environment)) is not None:
            origin_of[name] = found
        elif shared.get(name) is not None:
            origin_of[name] = Origin(shared.get(name), "home", str(root / _HOME_FILE))
        elif name in BUILT_IN:
            origin_of[name] = Origin(BUILT_IN[name], "built-in")
        else:
            origin_of[name] = Origin(None, "none")
    return origin_of


def language_of_locale(environment: Mapping[str, str] = os.environ) -> Origin | None:
    """The language that the locale asks for, if there are messages in it; ``C`` and ``POSIX`` ask for none."""
    variable = next((name for name in _LOCALE if environment.get(name)), None)
    if variable is None:
        return None
    language = re.split(r"[_.@]", environment[variable])[0].lower()
    return Origin(language, "locale", variable) if language in languages() else None


def kept_default(ctx: click.Context, name: str, root: Path) -> str | None:
    """What the user's own file says, else the home's; both are read once in a run.

    A language of the locale comes between them.
    """
    files = ctx.meta.get(_FILES)
    if files is None or files[0] != root:
        files = ctx.meta[_FILES] = (root, *_files(root))
    own, shared = files[1:]
    locale = language_of_locale() if name == "language" and name not in own else None
    value: str | None = locale.value if locale is not None else own.get(name, shared.get(name))
    return value


def _files(root: Path) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What both files say; most people have neither, and then nothing is loaded to read them."""
    if not own_file().exists() and not (root / _HOME_FILE).exists():
        return {}, {}
    from eid_toolkit.ground.home.defaults import Defaults, of_home

    return dict(Defaults.read(own_file())), dict(of_home(root))


class DefaultOption(click.Option):
    """An option whose value may come from its variable, or from a file of defaults; its help says so."""

    def __init__(self, param_decls: Any, *, setting: str, **attributes: Any) -> None:
        self._setting = setting
        super().__init__(param_decls, envvar=VARIABLES[setting], **attributes)

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, ParameterSource]:
        value, source = super().consume_value(ctx, opts)
        if source is ParameterSource.DEFAULT and not ctx.resilient_parsing:
            kept = kept_default(ctx, self._setting, home_of(ctx))
            if kept is not None:
                return (kept,) if self.multiple else kept, ParameterSource.DEFAULT_MAP
        return value, source

    def value_from_envvar(self, ctx: click.Context) -> Any:
        """The variable as one value: names of readers have spaces in them."""
        value = self.resolve_envvar_value(ctx)
        return (value,) if value is not None and self.multiple else value


def default_option(*names: str, setting: str, metavar: str | None = "NAME", **attributes: Any) -> Callable[[_F], _F]:
    """An option that may have its value from the environment or a file of defaults, by the name ``setting``."""
    fallback = {"default": BUILT_IN[setting], "show_default": True} if setting in BUILT_IN else {}
    return click.option(*names, cls=DefaultOption, setting=setting, metavar=metavar, **(fallback | attributes))
