"""The command `eid`: a table of commands, each imported when it is first used."""

from __future__ import annotations

import codecs
import errno
import importlib
import io
import os
import sys
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import click

from eid_toolkit import __version__
from eid_toolkit.doors.cli.click_words import speak
from eid_toolkit.doors.cli.context import App, Group
from eid_toolkit.doors.cli.defaults import VARIABLES, default_home, kept_default
from eid_toolkit.doors.cli.helping import help_in, spoken_param
from eid_toolkit.doors.cli.output import note, note_error, plain, tell
from eid_toolkit.doors.cli.presentation import Presentation, present
from eid_toolkit.ground.errors import EidError, OutputLost, ServiceAway, UsageError
from eid_toolkit.ground.messages.catalogue import ENGLISH, FALLBACK, Speaker, languages

INTERRUPTED = 130
_WORDS = "eid_toolkit.words"
"""In the context: the words of the line."""

COMMANDS = {
    "agency": "agency:agency",
    "application": "application:application",
    "audit": "audit:audit",
    "agent": "unlock:agent",
    "card": "card:card",
    "completion": "completion:completion",
    "config": "config:config",
    "conformance": "conformance:conformance",
    "crypto-policy": "crypto_policy:crypto_policy",
    "decode": "decode:decode",
    "demo": "demo:demo",
    "doctor": "doctor:doctor",
    "document": "document:document",
    "emulator": "emulator:emulator",
    "evidence": "evidence:evidence",
    "init": "init:init",
    "judge": "judge:judge",
    "officer": "officer:officer",
    "operator": "operator:operator",
    "keys": "keys:keys",
    "lock": "unlock:lock",
    "notice": "notice:notice",
    "person": "person:person",
    "pki": "pki:pki",
    "profile": "profile:profile",
    "portrait": "portrait:portrait",
    "read": "read:read",
    "reader": "reader:reader",
    "register": "register:register",
    "samples": "samples:samples",
    "status": "status:status",
    "stock": "stock:stock",
    "train": "train:train",
    "trust": "trust:trust",
    "unlock": "unlock:unlock",
    "verify": "verify:verify",
}
"""Command name to ``module:attribute``."""


class RootGroup(Group):
    """Loads commands by name and turns errors into a sentence, a hint and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(f"{__package__}.{module}"), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is no command")
        return command

    def main(self, *args: Any, **kwargs: Any) -> Any:
        _open_closed_streams()
        if instruction := os.environ.get("_EID_COMPLETE"):
            from eid_toolkit.doors.cli.completing import answer

            sys.exit(answer(self, instruction))
        self._usage_error: click.ClickException | None = None
        try:
            return super().main(*args, **kwargs)
        except OSError as error:  # help, version or a complaint that cannot be written
            if not kwargs.get("standalone_mode", True):
                raise
            away = _away(error)
            with suppress(OSError):
                note_error(ENGLISH.of(away), ENGLISH)  # nothing is known of the command yet
            _give_up_output()
            sys.exit(_exit_code_of_untold(self._usage_error or error.__context__) or away.exit_code)
        finally:
            speak(ENGLISH)  # click may serve others in this process

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_WORDS] = tuple(args)
        speaker = ENGLISH if _wants_json(ctx) else Speaker(_language(ctx))
        help_in(ctx, speaker)
        speak(speaker)
        present(Presentation(speaker=speaker))  # for what is wrong with the line
        try:
            return super().parse_args(ctx, args)
        except click.ClickException as error:
            self._misused(ctx, error)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except EidError as error:
            _complain(ctx, error)
            if isinstance(error, OutputLost):
                _give_up_output()
            ctx.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            tell("run-interrupted")
            ctx.exit(INTERRUPTED)
        except click.ClickException as error:
            self._misused(ctx, error)
        except click.exceptions.Exit:
            raise
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # the reader of our output went away: click ends quietly
            away = _away(error)
            _complain(ctx, away)
            _give_up_output()
            ctx.exit(away.exit_code)
        except UnicodeEncodeError:  # bytes of an argument that Python could only take as lone surrogates
            wrong = UsageError("argument-not-utf8")
            _complain(ctx, wrong)
            ctx.exit(wrong.exit_code)
        except Exception as error:
            _complain(ctx, EidError("internal-error", kind=type(error).__name__))
            ctx.exit(EidError.exit_code)

    def _misused(self, ctx: click.Context, error: click.ClickException) -> NoReturn:
        if isinstance(error, click.BadParameter) and error.param_hint is None and error.param and error.ctx:
            error.param_hint = spoken_param(error.param, error.ctx).get_error_hint(error.ctx)
        if _wants_json(ctx):
            command = (getattr(error, "ctx", None) or ctx).command_path
            _complain(ctx, UsageError("usage-error", message=error.format_message(), command=command))
            ctx.exit(error.exit_code)
        error.message = plain(error.message)  # type: ignore[misc]  # which may repeat an argument
        self._usage_error = error  # which click tells only later
        raise error


def _open_closed_streams() -> None:
    """Put the null device where a standard stream was closed: no other file may get its descriptor.

    Results that are written there are lost, and that is told. What a terminal cannot show comes as an escape: nothing
    that was done is refused for that.
    """
    for name, mode in (("stdin", "r"), ("stdout", "r"), ("stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDONLY if mode == "r" else os.O_WRONLY)
            setattr(sys, name, os.fdopen(null, "r" if name == "stdin" else "w", encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
            stream.reconfigure(errors="backslashreplace")


def _give_up_output() -> None:
    """Forget what cannot be written: else the interpreter tries again at its end, and exits with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _away(error: OSError) -> ServiceAway:
    return ServiceAway("file-away", file=error.filename or "a file", reason=error.strerror or str(error))


def _exit_code_of_untold(error: BaseException | None) -> int | None:
    """The exit code of what was to be told when telling it failed."""
    while error is not None and not isinstance(error, click.ClickException | EidError):
        error = error.__context__
    return None if error is None else error.exit_code


def _language(ctx: click.Context) -> str:
    """The language of help and complaints, for which the line need not have been read to its end."""
    words: tuple[str, ...] = ctx.meta[_WORDS]
    for given in (_given(words, "--lang"), os.environ.get(VARIABLES["language"])):
        if given in languages():
            return str(given)
    home, kept = _given(words, "--home") or os.environ.get("EID_HOME"), None
    with suppress(EidError, OSError):  # of which the command complains
        kept = kept_default(ctx, "language", Path(home) if home else default_home())
    return kept if kept in languages() else FALLBACK


def _given(words: tuple[str, ...], option: str) -> str | None:
    """The value of an option that stands anywhere on the line: the last one, as click takes it."""
    found = None
    for word, after in pairwise((*words, "")):
        if word == option:
            found = after
        elif word.startswith(f"{option}="):
            found = word.partition("=")[2]
    return found


def _wants_json(ctx: click.Context) -> bool:
    """Whether results, and so errors, are to be JSON, also where the line was not read to its end."""
    words: tuple[str, ...] = ctx.meta[_WORDS]
    return _given(words, "--format") in ("json", "jsonl")


def _complain(ctx: click.Context, error: EidError) -> None:
    """Print what went wrong on stderr, with the traceback first where it was asked for."""
    try:
        app = App.with_defaults(ctx)
    except (EidError, OSError):  # the file of defaults may be what is complained of
        app = App.of(ctx)
    if app.debug:
        import traceback

        note(traceback.format_exc().rstrip())
    (replace(app, errors_as_json=True) if _wants_json(ctx) else app).tell(error)


@click.group(cls=RootGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="eid")
def main() -> None:
    pass


if __name__ == "__main__":
    sys.exit(main())
