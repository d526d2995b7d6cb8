"""Operators without a whole home around them: a folder with staff keys, and people who were enrolled there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.holding import KeyPair
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.books.staff.roles import EVERY_ROLE, Role
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.secret import Secret
from eid_toolkit.work.office.founding import Enrolment
from eid_toolkit.work.office.staffing import Staffing
from support.homes import ENTROPY, NOW, PASSPHRASE


class People:
    """Anna and Bert, or others, in a folder; their key store is open."""

    def __init__(self, folder: Path, names: Iterable[str] = ("anna", "bert"), *, demo: bool = False) -> None:
        self.home = Home.create(folder, HomeConfig("UTO", "Ministry of Utopia", demo, NOW))
        enrolled = [] if demo else [Enrolment(name, PASSPHRASE, EVERY_ROLE) for name in names]
        self._staffing = Staffing(self.home, enrolled, NOW, ENTROPY)

    @property
    def keys(self) -> KeyStore:
        return self._staffing.keys

    @property
    def foundation(self) -> Foundation:
        return self._staffing.foundation

    @property
    def operators(self) -> OperatorStore:
        """As another process opens them."""
        return OperatorStore(self.home.operators, self.foundation)

    def endorse(self, statement: bytes) -> bytes:
        return self.keys.staff.sign(statement)

    def add(self, name: str, passphrase: Secret = PASSPHRASE, roles: frozenset[Role] = EVERY_ROLE) -> Operator:
        self.operators.enrol(name, passphrase, roles, NOW, self.endorse, ENTROPY)
        return self.acting(name, passphrase)

    def acting(self, name: str, passphrase: Secret = PASSPHRASE) -> Operator:
        record = self.operators.require_active(name)
        return Operator(record.name, self.pair(name, passphrase), record.roles)

    def pair(self, name: str, passphrase: Secret = PASSPHRASE) -> KeyPair:
        return self.operators.unlock(self.operators.get(name), passphrase)

    def opened_by(self, *names: str) -> KeyStore:
        """The key store as it is for these people alone."""
        keys = KeyStore(self.home.keys, self.foundation, ENTROPY)
        for name in names:
            keys.admit(name, self.pair(name))
        return keys
