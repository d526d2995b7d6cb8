"""What every command shares: the common options, the `App` they make, and the building blocks of commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from eid_toolkit.doors.cli.defaults import BUILT_IN, META, VARIABLES, default_home, kept_default
from eid_toolkit.doors.cli.helping import Helped, HelpedGroup
from eid_toolkit.doors.cli.output import confirm, note, note_error, prompt, sentence, tell, to_json
from eid_toolkit.doors.cli.presentation import Presentation, present
from eid_toolkit.ground.errors import AgentUntrusted, EidError, SeveralFit, UsageError
from eid_toolkit.ground.messages.catalogue import ENGLISH, Speaker, languages
from eid_toolkit.ground.secret import Secret

if TYPE_CHECKING:
    from eid_toolkit.books.keys.foundation import Foundation
    from eid_toolkit.books.keys.holding import HeldKeys
    from eid_toolkit.books.staff.records import OperatorRecord
    from eid_toolkit.work.office.credentials import Purpose
    from eid_toolkit.work.office.finding import Choice

_TRIES = 3
_F = TypeVar("_F", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class App:
    """The values of the common options for one run."""

    home_path: Path
    home_named: bool = False
    """Whether the home was named, by --home or EID_HOME, and is not the default one."""
    operator: str | None = None
    second_operator: str | None = None
    yes: bool = False
    debug: bool = False
    trace: Path | None = None
    trace_secrets: bool = False
    verbose: bool = False
    """Whether text output has all details, hashes too."""
    utc: bool = False
    """Whether text output has times in UTC."""
    language: str = BUILT_IN["language"]
    errors_as_json: bool = False
    passphrase_fd: int | None = None
    pin_fd: int | None = None
    recovery: tuple[str, ...] = ()
    """Those for whom a recovery share stands."""
    new_passphrase_fd: int | None = None
    operator_passphrase_fd: int | None = None
    second_passphrase_fd: int | None = None

    @classmethod
    def of(cls, ctx: click.Context) -> App:
        """The app of a running command."""
        settings: dict[str, Any] = dict(ctx.meta.get(META, {}))
        settings["home_named"] = "home_path" in settings
        if not settings["home_named"]:
            settings["home_path"] = default_home()
        return cls(**settings)

    @classmethod
    def with_defaults(cls, ctx: click.Context) -> App:
        """The app of a running command, with the operator and the language that the files of defaults name.

        Raises :class:`BadInput` for files that cannot be used.
        """
        app, given = cls.of(ctx), ctx.meta.get(META, {})
        kept = {name: kept_default(ctx, name, app.home_path) for name in ("operator", "language") if name not in given}
        app = replace(app, **{name: value for name, value in kept.items() if value is not None})  # type: ignore[arg-type]
        if app.language not in languages():
            raise UsageError("language-unknown", language=app.language, known=", ".join(languages()))
        return app

    @property
    def speaker(self) -> Speaker:
        """Who tells what happened: in the user's language, and in JSON always in English."""
        return ENGLISH if self.errors_as_json else Speaker(self.language)

    def presentation(self) -> Presentation:
        """How text output is shown: times by the clock of the home's office, where it has one."""
        return Presentation(self.verbose, _utc if self.utc else cache(partial(_zone, self.home_path)), self.speaker)

    def confirm(self, code: str, **facts: object) -> None:
        """Ask a question of the message catalogue before what cannot be undone; a no ends the command."""
        if not self.yes:
            confirm(code, **facts)

    def tell(self, error: EidError, subject: str | None = None) -> None:
        """Say on stderr what went wrong, and with which of several; as JSON where results are JSON."""
        message = self.speaker.of(error)
        if self.errors_as_json:
            facts = {
                name: value if isinstance(value, (str, int)) else str(value) for name, value in error.facts.items()
            }
            if subject is not None:
                facts["subject"] = subject
            told = {"code": error.code, "message": message.text, "hint": message.hint, "facts": facts}
            note(to_json({"error": told}))
            return
        note_error(message if subject is None else replace(message, text=f"{subject}: {message.text}"), self.speaker)

    def tell_all(self, failures: Sequence[tuple[str, EidError]]) -> None:
        """Say what went wrong with each of several things; if there is any, the command ends with the first's code."""
        for subject, error in failures:
            self.tell(error, subject)
        if failures:
            raise click.exceptions.Exit(failures[0][1].exit_code)

    def choose(self, reference: str, choices: Sequence[Choice]) -> str:
        """Have one of several chosen that fit what was typed; raises :class:`BadInput` where nobody can be asked."""
        if not sys.stdin.isatty():
            told = "; ".join(f"{choice.identifier} ({choice.told})" for choice in choices)
            raise SeveralFit("reference-not-unique", reference=reference, choices=told)
        for number, choice in enumerate(choices, start=1):
            told, comma, state = choice.told.rpartition(", ")
            note(f"{number:>3}  {choice.identifier}  {told}{comma}{self.speaker.value(state)}")
        while True:
            answer = prompt(sentence("ask-which", reference=reference, count=len(choices))).strip()
            if answer.isdecimal() and 1 <= int(answer) <= len(choices):
                return choices[int(answer) - 1].identifier

    def passphrase(self, *, new: bool = False) -> Secret:
        """That of an officer's terminal keys, from ``--passphrase-fd``, else ``EID_PASSPHRASE``, else asked."""
        given = _given(self.passphrase_fd, "EID_PASSPHRASE")
        return _asked(sentence("ask-terminal-passphrase"), twice=new) if given is None else given

    def old_passphrase(self) -> Secret:
        """That of a key store of before, given as :meth:`passphrase` is."""
        given = _given(self.passphrase_fd, "EID_PASSPHRASE")
        return _asked(sentence("ask-old-passphrase")) if given is None else given

    def pin(self) -> Secret:
        """The PIN of the token that holds the terminal keys, from ``--pin-fd``, else ``EID_PIN``, else asked."""
        given = _given(self.pin_fd, "EID_PIN")
        return _asked(sentence("ask-pin")) if given is None else given

    def token_pin(self, compartment: str) -> Secret:
        """The PIN of a compartment's token, from ``EID_PIN_…``, else as :meth:`pin`."""
        own = f"EID_PIN_{compartment.upper().replace('-', '_')}"
        given = _given(None, own) if own in os.environ else _given(self.pin_fd, "EID_PIN")
        return _asked(sentence("ask-token-pin", compartment=compartment)) if given is None else given

    def passphrases(self, name: str, purpose: Purpose) -> Iterator[Secret]:
        """An operator's passphrase: from a descriptor or the environment once, or typed three times at the most."""
        given = self._given_for(name)
        if given is not None:
            yield given
            return
        what_for = sentence(f"purpose-{purpose.action.replace('.', '-')}", subject=purpose.subject)
        for left in reversed(range(_TRIES)):
            yield _asked(sentence("ask-passphrase", name=name, purpose=what_for))
            tell("passphrase-wrong-tries", name=name, left=left)

    def own_passphrase(self, name: str) -> Secret:
        """The passphrase that somebody has from now on who acts already when the home is made."""
        given = self._given_for(name)
        return _asked(sentence("ask-new-passphrase", name=name), twice=True) if given is None else given

    def new_passphrase(self, name: str) -> Secret:
        """A new one, from ``--new-passphrase-fd``, else ``EID_NEW_PASSPHRASE``, else asked for twice."""
        given = _given(self.new_passphrase_fd, "EID_NEW_PASSPHRASE")
        return _asked(sentence("ask-new-passphrase", name=name), twice=True) if given is None else given

    def recovery_share(self, name: str) -> Secret | None:
        """The recovery share that is to stand for an operator, from ``EID_RECOVERY_SHARE`` or asked."""
        from eid_toolkit.books.staff.recovery import from_paper

        if name.casefold() not in {other.casefold() for other in self.recovery}:
            return None
        given = _given(None, "EID_RECOVERY_SHARE")
        share = _asked(sentence("ask-recovery-share", name=name)) if given is None else given
        return from_paper(share.reveal().decode("utf-8", "replace"))

    def held_keys(self, record: OperatorRecord, foundation: Foundation) -> HeldKeys | None:
        """Those that an agent holds, unless the passphrase is given; a socket of somebody else's is told, not used."""
        from eid_toolkit.books.keys.agent.client import find_agent
        from eid_toolkit.books.keys.agent.place import KeyHolder

        if self._given_for(record.name) is not None:
            return None
        holder = KeyHolder(self.home_path, foundation.digest.hex(), record.name.casefold())  # of this very home
        try:
            return find_agent(holder, record.public_key, record.wrapping_key)
        except AgentUntrusted as error:
            note(self.speaker.of(error).text)
            return None

    def _given_for(self, name: str) -> Secret | None:
        """A passphrase from the descriptor or the variable for the first operator, or for the second."""
        if self.second_operator is not None and name.casefold() == self.second_operator.casefold():
            return _given(self.second_passphrase_fd, "EID_SECOND_PASSPHRASE")
        return _given(self.operator_passphrase_fd, "EID_OPERATOR_PASSPHRASE")

    def component(self, descriptor: int | None, question: str) -> Secret:
        """A component of a key: from ``descriptor``, else ``EID_COMPONENT``, else asked, never shown."""
        given = _given(descriptor, "EID_COMPONENT")
        return _asked(question) if given is None else given


def _given(descriptor: int | None, variable: str) -> Secret | None:
    """A secret that was given by a file descriptor or in the environment; None if a person has to type it."""
    if descriptor is not None:
        try:
            with os.fdopen(os.dup(descriptor), "rb", buffering=0) as stream:  # the next line is for who reads next
                return Secret(stream.readline().rstrip(b"\r\n"))
        except OSError:
            raise UsageError("passphrase-descriptor", descriptor=descriptor) from None
    if variable in os.environ:
        return Secret(os.fsencode(os.environ[variable]))
    return None


def _asked(question: str, *, twice: bool = False) -> Secret:
    from eid_toolkit.doors.cli import pinentry

    program = None if twice else pinentry.program(os.environ)
    if program is not None:
        typed = pinentry.ask(program, question)
        if typed is None:
            raise click.Abort
        return typed
    return Secret(prompt(question, hidden=True, twice=twice).encode())


def _utc() -> tzinfo:
    return UTC


def _zone(root: Path) -> tzinfo | None:
    from eid_toolkit.work.office.wall_clock import zone_at

    return zone_at(root)


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """Keep a common option's value, wherever on the line it stood; the one nearest to the command wins."""
    if value is not None:
        ctx.meta.setdefault(META, {})[param.name] = value


def _common_options(*, root: bool) -> list[click.Parameter]:
    """The common options: shown and read from the environment at the root, silently accepted behind a command."""

    def option(*names: str, env: str | None = None, **attributes: Any) -> click.Option:
        return click.Option(
            names, expose_value=False, callback=_remember, hidden=not root, envvar=env if root else None, **attributes
        )

    directory = click.Path(file_okay=False, path_type=Path)
    file = click.Path(dir_okay=False, path_type=Path)
    return [
        option(
            *("--home", "home_path"),
            env="EID_HOME",
            type=directory,
            is_eager=True,  # whatever has a default in a file of the home is looked up after it
        ),
        option("--operator", env=VARIABLES["operator"], metavar="NAME"),
        option("--second-operator", env="EID_SECOND_OPERATOR", metavar="NAME"),
        option("--yes", "-y", is_flag=True, default=None),
        option(*("--lang", "language"), env=VARIABLES["language"], type=click.Choice(languages())),
        option("--utc", is_flag=True, default=None),
        option("--verbose", is_flag=True, default=None),
        option("--trace", type=file),
        option("--trace-secrets", is_flag=True, default=None),
        option("--passphrase-fd", type=int, metavar="N"),
        option("--pin-fd", type=int, metavar="N"),
        option("--operator-passphrase-fd", type=int, metavar="N"),
        option("--second-passphrase-fd", type=int, metavar="N"),
        option("--debug", is_flag=True, default=None),
    ]


def _completed(ctx: click.Context, params: list[click.Parameter]) -> list[click.Parameter]:
    """The parameters with what completes their values, where a shell asks for that."""
    if ctx.resilient_parsing:
        from eid_toolkit.doors.cli.completing import completed

        completed(ctx, params)
    return params


class Command(Helped):
    """A command that accepts the common options too."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        own = super().get_params(ctx)
        own_names = {name for param in own for name in param.opts}
        common = (param for param in _common_options(root=False) if not own_names.intersection(param.opts))
        return _completed(ctx, [*own, *common])


class Group(HelpedGroup):
    """A group of such commands; the root group shows the common options."""

    command_class = Command
    group_class = type

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return _completed(ctx, _common_options(root=ctx.parent is None) + super().get_params(ctx))


def pass_app(function: _F) -> _F:
    """Give the command the :class:`App` as its first argument."""

    def with_app(*args: object, **kwargs: object) -> object:
        app = App.with_defaults(click.get_current_context())
        present(app.presentation())
        return function(app, *args, **kwargs)

    with_app.__name__ = function.__name__
    with_app.__dict__.update(function.__dict__)  # options that decorators below this one have left
    return with_app  # type: ignore[return-value]


def _format(ctx: click.Context, _: click.Parameter, value: str) -> str:
    """Errors come in the form of the results."""
    ctx.meta.setdefault(META, {})["errors_as_json"] = value != "text"
    return value


def _format_option(*forms: str) -> Callable[[_F], _F]:
    return click.option("--format", "fmt", type=click.Choice(forms), default="text", is_eager=True, callback=_format)


format_option = _format_option("text", "json")
list_format_option = _format_option("text", "json", "jsonl")
