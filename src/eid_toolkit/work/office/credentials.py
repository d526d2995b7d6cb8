"""Who acts in an office, and where their secrets come from: a prompt, a file descriptor, a test."""

from __future__ import annotations

from typing import Protocol

from eid_toolkit.ground.secret import Secret


class Credentials(Protocol):
    """The operators of one run, and what opens their keys and the home's; a secret is asked for when it is needed."""

    @property
    def operator(self) -> str | None:
        """The name of who acts."""

    @property
    def second_operator(self) -> str | None:
        """The name of the other one, where two have to decide."""

    def passphrase(self) -> Secret:
        """The key store's."""

    def pin(self) -> Secret:
        """That of the token which holds the home's keys."""

    def operator_passphrase(self) -> Secret:
        """That of who acts."""

    def second_passphrase(self) -> Secret:
        """The other one's."""
