"""`eid completion`: what makes a shell complete commands, options and their values."""

from __future__ import annotations

import click

from eid_toolkit.doors.cli.context import Command
from eid_toolkit.doors.cli.output import say


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script with which bash, zsh or fish completes commands, options and their values.

    \b
    bash:  eid completion bash > ~/.local/share/bash-completion/completions/eid
           (without the package bash-completion: put `eval "$(eid completion bash)"` into ~/.bashrc)
    zsh:   eid completion zsh > ~/.zfunc/_eid
           (with `fpath=(~/.zfunc $fpath)` before `autoload -U compinit && compinit` in ~/.zshrc)
    fish:  eid completion fish > ~/.config/fish/completions/eid.fish

    Completed are profiles, policies, readers, stations, operators, states, and from three characters on identifiers
    (P-…, A-…, D-…). Nothing is changed or asked for, and no name of a person is shown.
    """
    from eid_toolkit.doors.cli.completing import script

    say(script(shell, click.get_current_context().find_root().command))
