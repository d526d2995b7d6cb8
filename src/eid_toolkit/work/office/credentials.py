"""Who acts in an office, and where their secrets come from: a prompt, an agent, a file descriptor, a test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from eid_toolkit.ground.secret import Secret

if TYPE_CHECKING:
    from eid_toolkit.books.keys.foundation import Foundation
    from eid_toolkit.books.keys.holding import HeldKeys
    from eid_toolkit.books.staff.records import OperatorRecord


@dataclass(frozen=True, slots=True)
class Purpose:
    """What somebody is asked for: an action or a permission by its name, and what it is done to."""

    action: str
    subject: str = ""


class Credentials(Protocol):
    """The operators of one run, and what opens their keys; a secret is asked for when it is needed."""

    @property
    def operator(self) -> str | None:
        """The name of who acts."""

    @property
    def second_operator(self) -> str | None:
        """The name of the other one, where two have to decide."""

    def held_keys(self, record: OperatorRecord, foundation: Foundation) -> HeldKeys | None:
        """The keys of an operator that were unlocked before; never asked for the second one's part."""

    def passphrases(self, name: str, purpose: Purpose) -> Iterable[Secret]:
        """What is given as the passphrase of an operator, until one is right: several where a person types it."""

    def new_passphrase(self, name: str) -> Secret:
        """The passphrase that an operator wants to have from now on."""

    def recovery_share(self, name: str) -> Secret | None:
        """The recovery share that stands for an operator's passphrase; None where the operator acts."""
