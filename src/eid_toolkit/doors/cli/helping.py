"""What commands and options are for, in the user's language: texts in ``messages/LANGUAGE/help``, by a command's path.

A file for each command of the first level has its texts and those of the commands below it; ``eid.toml`` has the first
sentence of each, and the options that several commands have. What a language lacks is told in English.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.defaults import VARIABLES
from eid_toolkit.ground.messages import catalogue
from eid_toolkit.ground.messages.catalogue import ENGLISH, FALLBACK, Speaker, words

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_META = "eid_toolkit.speaker"
_ROOT = "eid"
_KEPT = frozenset(VARIABLES.values())
_METAVAR = re.compile(r"[A-Z]+(?:-[A-Z]+)*")


def help_in(ctx: click.Context, speaker: Speaker) -> None:
    """Have the help of this run's commands told by ``speaker``."""
    ctx.meta[_META] = speaker


def speaker_of(ctx: click.Context) -> Speaker:
    """Who tells the help of this run."""
    speaker = ctx.meta.get(_META)
    return speaker if isinstance(speaker, Speaker) else ENGLISH


@dataclass(frozen=True, slots=True)
class Helps:
    """The helps of one language."""

    language: str

    def text(self, path: tuple[str, ...]) -> str:
        """What a command is for: one sentence, and paragraphs behind it where there is more to say."""
        rest = self._entry(path).get("text", "").strip("\n")
        return "\n\n".join(filter(None, (self._first(path), rest)))

    def summary(self, path: tuple[str, ...]) -> str:
        """The first sentence of that."""
        paragraph = " ".join((self._first(path) or self.text(path).partition("\n\n")[0]).split())
        return re.split(r"(?<=\.) ", paragraph, maxsplit=1)[0]

    def option(self, path: tuple[str, ...], name: str) -> str | None:
        """What an option of a command is for, by its first long name, without the hyphens."""
        own = self._entry(path).get("options", {}).get(name)
        told: str | None = own or self._file(_ROOT).get("options", {}).get(name)
        return told if told or self.language == FALLBACK else Helps(FALLBACK).option(path, name)

    def default(self, variable: str) -> str:
        """Where the value of an option comes from that is not given."""
        told: str = self._file(_ROOT).get("default") or Helps(FALLBACK)._file(_ROOT)["default"]
        return told.format(variable=variable)

    def _first(self, path: tuple[str, ...]) -> str:
        if len(path) != 1:
            return ""
        told: str = self._file(_ROOT).get("commands", {}).get(path[0], "")
        return told if told or self.language == FALLBACK else Helps(FALLBACK)._first(path)

    def _entry(self, path: tuple[str, ...]) -> Mapping[str, Any]:
        name = " ".join(path) or _ROOT
        entry: Mapping[str, Any] = self._file(path[0] if path else _ROOT).get(name, {})
        return entry if entry or self.language == FALLBACK else Helps(FALLBACK)._entry(path)

    def _file(self, name: str) -> Mapping[str, Any]:
        return _read(Path(catalogue.__file__).parent / self.language / "help" / f"{name}.toml")


@cache
def _read(path: Path) -> Mapping[str, Any]:
    import tomllib

    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}


def path_of(ctx: click.Context) -> tuple[str, ...]:
    """The words of a command behind ``eid``."""
    return tuple(_path(ctx))


def _path(ctx: click.Context) -> Iterator[str]:
    if ctx.parent is not None:
        yield from _path(ctx.parent)
        yield ctx.info_name or ""


def summaries(ctx: click.Context, names: Iterable[str]) -> list[tuple[str, str]]:
    """The commands of a group with what each is for, in a sentence."""
    helps, path = Helps(speaker_of(ctx).language), path_of(ctx)
    return [(name, helps.summary((*path, name))) for name in names]


def spoken(command: click.Command, ctx: click.Context) -> Any:
    """The command as its help shows it: with texts and names of values in the user's language."""
    shown: Any = copy.copy(command)
    shown.help = Helps(speaker_of(ctx).language).text(path_of(ctx))
    names = words(speaker_of(ctx).language, "metavars")
    shown.options_metavar = _named(command.options_metavar or "", names)
    if isinstance(command, click.Group):
        shown.subcommand_metavar = _named(command.subcommand_metavar, names)
    params = [spoken_param(param, ctx) for param in command.get_params(ctx)]
    shown.get_params = lambda ctx: params
    return shown


def spoken_param(param: click.Parameter, ctx: click.Context) -> click.Parameter:
    """A parameter as help and complaints show it."""
    shown: Any = copy.copy(param)
    if isinstance(param, click.Option):
        shown.help = option_help(param, ctx)
    if not isinstance(param, click.Option) or not (param.is_flag or param.count):
        if isinstance(param.type, click.Path) and param.metavar is None:  # else click tells its own word for it
            shown.type = copy.copy(param.type)
            shown.type.name = "file" if param.type.file_okay else "directory"
        shown.metavar = _named(shown.make_metavar(ctx), words(speaker_of(ctx).language, "metavars"))
    return shown  # type: ignore[no-any-return]


def _named(metavar: str, names: Mapping[str, str]) -> str:
    return _METAVAR.sub(lambda found: names.get(found[0], found[0]), metavar)


def option_help(option: click.Option, ctx: click.Context) -> str | None:
    """What an option is for, and where its value comes from if it may stand in a file of defaults."""
    helps = Helps(speaker_of(ctx).language)
    name = next((name for name in option.opts if name.startswith("--")), "")
    text = helps.option(path_of(ctx), name.removeprefix("--"))
    variable = option.envvar
    return f"{text} {helps.default(variable)}" if isinstance(variable, str) and variable in _KEPT else text


class Helped(click.Command):
    """A command whose help is looked up when it is shown."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        click.Command.format_usage(spoken(self, ctx), ctx, formatter)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        click.Command.format_help_text(spoken(self, ctx), ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        click.Command.format_options(spoken(self, ctx), ctx, formatter)


class HelpedGroup(Helped, click.Group):
    """A group of which nothing is imported to tell what its commands are for."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(words(speaker_of(ctx).language, "click").get("Commands", "Commands")):
            formatter.write_dl(summaries(ctx, self.list_commands(ctx)))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        from click.shell_completion import CompletionItem

        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        found = [CompletionItem(name, help=summary) for name, summary in summaries(ctx, names)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]
