"""Answers to a shell that completes a command line: quick, without a word on stderr, and never an error.

Which values a parameter takes is known by its name or by what its help calls it, in the tables below, so that a command
says nothing of completion itself.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr
from functools import partial
from pathlib import Path

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    ShellComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

from eid_toolkit.doors.cli.defaults import home_of
from eid_toolkit.doors.cli.helping import option_help
from eid_toolkit.doors.cli.output import answer_shell, say
from eid_toolkit.work.office import candidates

VARIABLE = "_EID_COMPLETE"
"""Of the environment: what the shell wants, as ``bash_complete`` or ``bash_source``."""
PROGRAM = "eid"
_LIMIT = 5.0
"""Seconds after which there is no answer, whatever it is waited for."""
_SPECIAL = frozenset(" \t\"'\\$`!&;|<>()[]{}*?#~^")
"""What bash has to be told to take as it is."""

Candidates = Callable[[Path, str], Iterable[str]]

_BY_NAME: dict[str, Candidates] = {
    "profile": candidates.profiles,
    "policy": candidates.policies,
    "policy_name": candidates.policies,
    "language": candidates.languages,
    "reader": candidates.readers,
    "readers": candidates.readers,
    "station": candidates.stations,
    "quirks": candidates.quirks,
    "operator": candidates.operators,
    "second_operator": candidates.operators,
    "recovery": candidates.operators,
    "person_id": candidates.identifiers("P"),
    "subject": candidates.identifiers("PAD"),
}
"""By the name of the parameter in the source."""
_BY_METAVAR: dict[str, Candidates] = {
    "PERSON": candidates.identifiers("P"),
    "FIRST": candidates.identifiers("P"),
    "SECOND": candidates.identifiers("P"),
    "APPLICATION": candidates.identifiers("A"),
    "DOCUMENT": candidates.identifiers("D"),
    "JOB": candidates.identifiers("J"),
    "NOTICE": candidates.identifiers("N"),
}
"""By what the help calls the value."""
_BY_COMMAND: dict[tuple[str, str], Candidates] = {
    ("operator", "disable"): candidates.operators,
    ("operator", "roles"): candidates.operators,
    ("operator", "re-enrol"): candidates.operators,
    ("emulator", "attach"): candidates.emulated_cards,
    ("emulator", "manifest"): candidates.emulated_cards,
    ("emulator", "show"): candidates.emulated_cards,
}
"""By the command whose argument it is, where its name says too little."""


def answer(cli: click.Command, instruction: str) -> int:
    """Do what the shell wants, and return the exit code; what goes wrong is no answer."""
    shell, _, wanted = instruction.partition("_")
    kind = get_completion_class(shell)
    if kind is None or wanted not in ("source", "complete"):
        return 1
    completion = kind(cli, {}, PROGRAM, VARIABLE)
    if wanted == "source":
        say(completion.source())
        return 0
    watch = threading.Timer(_LIMIT, os._exit, (0,))
    watch.daemon = True
    watch.start()
    try:
        with redirect_stderr(io.StringIO()):
            text = completion.complete()
    except Exception:  # a shell has no place for a message, and the line is not finished yet
        return 0
    finally:
        watch.cancel()
    answer_shell(text)
    return 0


def script(shell: str, cli: click.Command) -> str:
    """What a shell is to load."""
    kind = get_completion_class(shell)
    assert kind is not None
    return kind(cli, {}, PROGRAM, VARIABLE).source()


def completed(ctx: click.Context, parameters: list[click.Parameter]) -> None:
    """Give the parameters of a command what completes their values."""
    for parameter in parameters:
        known = _candidates_of(ctx, parameter)
        if known is not None:
            # Of this object alone: click asks each parameter for what completes it.
            vars(parameter)["shell_complete"] = partial(_items, known)
        if isinstance(parameter, click.Option):
            parameter.help = option_help(parameter, ctx)
            parameter.hidden = False  # common options are taken behind a command, too


def _items(known: Candidates, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
    return [CompletionItem(name) for name in known(home_of(ctx), incomplete)]


def _candidates_of(ctx: click.Context, parameter: click.Parameter) -> Candidates | None:
    name = parameter.name or ""
    parent = ctx.parent.info_name if ctx.parent is not None else None
    if (parent, ctx.info_name) == ("config", "set") and name == "value":
        return _BY_NAME.get(str(ctx.params.get("name")))
    if isinstance(parameter, click.Argument) and (parent, ctx.info_name) in _BY_COMMAND:
        return _BY_COMMAND[str(parent), str(ctx.info_name)]
    called = (parameter.metavar or "").strip("[].")
    return _BY_NAME.get(name) or _BY_METAVAR.get(called)


@add_completion_class
class Bash(BashComplete):
    """Bash, with values that have spaces or colons in them.

    To bash a colon is a word of its own, and what comes back replaces only what stands behind it.
    """

    source_template = """\
%(complete_func)s() {
    local IFS=$'\\n' response completion type value

    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD %(complete_var)s=bash_complete "$1" 2>/dev/null)

    while IFS=',' read -r type value; do
        if [[ $type == 'dir' ]]; then
            COMPREPLY=()
            compopt -o dirnames
        elif [[ $type == 'file' ]]; then
            COMPREPLY=()
            compopt -o default
        elif [[ $type == 'plain' ]]; then
            COMPREPLY+=("$value")
            [[ $value == *: ]] && compopt -o nospace
        fi
    done <<< "$response"

    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def source(self) -> str:
        return ShellComplete.source(self)  # without asking which bash is installed

    def get_completion_args(self) -> tuple[list[str], str]:
        """The whole words before the cursor, and the one that is being typed."""
        words = split_arg_string(os.environ["COMP_WORDS"])
        position = int(os.environ["COMP_CWORD"])
        typed = words[position] if position < len(words) else ""
        joined: list[str] = []
        for word in [*words[1:position], typed]:
            behind_colon = bool(joined) and joined[-1].endswith(":")
            if joined and (word.startswith(":") or behind_colon) and (word or position < len(words)):
                joined[-1] += word
            else:
                joined.append(word)
        *args, incomplete = joined
        self._before_colon = incomplete.rpartition(":")[0] + ":" if ":" in incomplete else ""
        return args, incomplete

    def format_completion(self, item: CompletionItem[str]) -> str:
        value = item.value.removeprefix(self._before_colon) if item.type == "plain" else item.value
        quoted = "".join(f"\\\\{character}" if character in _SPECIAL else character for character in value)
        return f"{item.type},{quoted}"

    _before_colon = ""
