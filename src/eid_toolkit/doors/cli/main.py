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
from typing import TYPE_CHECKING, Any, NoReturn

import click

from eid_toolkit import __version__
from eid_toolkit.doors.cli.context import App, Group
from eid_toolkit.doors.cli.output import note, note_error, plain
from eid_toolkit.ground.errors import EidError, OutputLost, ServiceAway, UsageError
from eid_toolkit.ground.messages.catalogue import ENGLISH

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

INTERRUPTED = 130
_WORDS = "eid_toolkit.words"
"""In the context: the words of the line."""

COMMANDS: dict[str, tuple[str, str]] = {
    "agency": (
        "agency:agency",
        "Manage the agencies that look persons up, and what each of them may see.",
    ),
    "application": ("application:application", "Manage applications for documents."),
    "audit": ("audit:audit", "Show, export and verify the tamper-evident audit log."),
    "agent": ("unlock:agent", "Show whether your keys are unlocked, and for how long."),
    "card": ("card:card", "Write documents to cards."),
    "completion": (
        "completion:completion",
        "Print the script with which bash, zsh or fish completes commands, options and their values.",
    ),
    "config": (
        "config:config",
        "Show and set your defaults: reader, operator, profile, station, policy, language.",
    ),
    "conformance": (
        "conformance:conformance",
        "Test a chip for conformance to the standards, case by case.",
    ),
    "crypto-policy": (
        "crypto_policy:crypto_policy",
        "Show, set and check the crypto policy of the home: curves, digests, key sizes, times and limits.",
    ),
    "decode": (
        "decode:decode",
        "Show the content of a FILE from a card or from the country signing PKI.",
    ),
    "demo": (
        "demo:demo",
        "Issue three cards to fictitious persons, verify them, and detect six forgeries.",
    ),
    "doctor": (
        "doctor:doctor",
        "Check readers, disk, keys, register, certificates, back-ups, clock and trust lists, and say what to do.",
    ),
    "document": ("document:document", "Manage documents, from preparation to destruction."),
    "emulator": ("emulator:emulator", "Create, show and attach emulated cards."),
    "evidence": (
        "evidence:evidence",
        "Manage the keys that sign saved evidence, and whose evidence is trusted.",
    ),
    "init": ("init:init", "Create the home of an authority, with CSCA, document signer and first CRL."),
    "judge": ("judge:judge", "Judge saved evidence again, with the current trust lists."),
    "officer": (
        "officer:officer",
        "Create an officer's home from a trust bundle, and keep it up to date.",
    ),
    "operator": ("operator:operator", "Manage operators, each with their own keys and roles."),
    "keys": ("keys:keys", "Show who opens which keys, and wrap them anew."),
    "lock": (
        "unlock:lock",
        "Forget your unlocked keys: from now on your commands ask for the passphrase again.",
    ),
    "notice": ("notice:notice", "Record and list police notices: lost, stolen, wanted."),
    "person": ("person:person", "Manage the population register."),
    "pki": ("pki:pki", "Manage the authority's certificates and revocation lists."),
    "profile": ("profile:profile", "Show and check document types, and make new ones."),
    "portrait": ("portrait:portrait", "Check pictures before they become portraits."),
    "read": ("read:read", "Read every readable file of a card, without verifying it."),
    "reader": ("reader:reader", "List readers and the cards in them."),
    "register": ("register:register", "Back up, restore and verify the register, and show its statistics."),
    "samples": ("samples:samples", "Write sample persons, portraits and card specs to DIR."),
    "status": (
        "status:status",
        "Show what waits for you, what ends soon, and how old lists, bundles and back-ups are.",
    ),
    "stock": ("stock:stock", "Manage the stock of blanks, counted by two people."),
    "trust": (
        "trust:trust",
        "Manage the CSCA certificates and revocation lists that inspections trust.",
    ),
    "unlock": (
        "unlock:unlock",
        "Unlock your keys for a time, so that your commands in this home do not ask for the passphrase.",
    ),
    "verify": ("verify:verify", "Read and verify a card."),
}
"""Command name to ``module:attribute`` and the first sentence of its help (a test holds both together)."""


class RootGroup(Group):
    """Loads commands by name and turns errors into a sentence, a hint and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(f"{__package__}.{module}"), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is no command")
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=told) for name, (_, told) in sorted(COMMANDS.items())]
        return [
            *(item for item in names if item.value.startswith(incomplete)),
            *click.Command.shell_complete(self, ctx, incomplete),
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_text) for name, (_, help_text) in sorted(COMMANDS.items())])

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

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_WORDS] = tuple(args)
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
            note("Interrupted.")
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


def _wants_json(ctx: click.Context) -> bool:
    """Whether results, and so errors, are to be JSON, also where the line was not read to its end."""
    words: tuple[str, ...] = ctx.meta[_WORDS]
    forms = [after for word, after in pairwise((*words, "")) if word == "--format"]
    forms += [word.partition("=")[2] for word in words if word.startswith("--format=")]
    return bool({"json", "jsonl"}.intersection(forms))


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
    """Issue, emulate and inspect electronic identity cards (ICAO Doc 9303).

    These options may be given before or after the command.
    """


if __name__ == "__main__":
    sys.exit(main())
