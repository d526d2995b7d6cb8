"""An authority's home, opened: its keys, register and authorities, and the operators who act in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.work.office.credentials import Credentials

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.authorities import AuthorityStore
    from eid_toolkit.books.keys.keys import KeyStore
    from eid_toolkit.books.register.register import Register
    from eid_toolkit.books.staff.operators import Operator, OperatorStore
    from eid_toolkit.books.staff.roles import Permission
    from eid_toolkit.books.trust.store import TrustStore
    from eid_toolkit.standards.profiles import DocumentProfile
    from eid_toolkit.work.personalization.prepare import Preparation
    from eid_toolkit.work.personalization.service import PersonalizationService

UNNAMED = "unnamed"
"""Who looks something up in a demo home without saying who it is."""


@dataclass(frozen=True)
class Office:
    """One run in a home; the key store asks for its passphrase when a key is used."""

    home: Home
    keys: KeyStore
    register: Register
    credentials: Credentials
    clock: Clock
    entropy: Entropy

    @classmethod
    def open(cls, root: Path, credentials: Credentials, clock: Clock, entropy: Entropy) -> Office:
        """The home in the folder ``root``; its :attr:`register` is to be closed."""
        from eid_toolkit.books.keys.opening import open_key_store
        from eid_toolkit.books.register.register import Register

        home = Home.open(root)
        keys = open_key_store(home, credentials.passphrase, entropy, credentials.pin)
        return cls(home, keys, Register.open(home, keys, clock, entropy), credentials, clock, entropy)

    @property
    def operators(self) -> OperatorStore:
        """The home's operators."""
        from eid_toolkit.books.staff.operators import OperatorStore

        return OperatorStore(self.home.operators, demo=self.home.config.demo, keys=self.keys)

    @property
    def authorities(self) -> AuthorityStore:
        """The home's own certificates and lists."""
        from eid_toolkit.books.authorities.authorities import SIGNATURE_LIMIT, AuthorityStore

        return AuthorityStore(self.home.pki, self.keys, self.home.config.signature_limit or SIGNATURE_LIMIT)

    @property
    def trust(self) -> TrustStore:
        """The home's trust store."""
        from eid_toolkit.books.trust.store import open_trust

        return open_trust(self.home.root)

    @property
    def preparation(self) -> Preparation:
        """What prepares documents."""
        from eid_toolkit.work.personalization.prepare import Preparation

        return Preparation(self.home, self.register, self.authorities, self.clock, self.entropy)

    @cached_property
    def personalization(self) -> PersonalizationService:
        """What writes cards."""
        from eid_toolkit.work.personalization.service import PersonalizationService

        return PersonalizationService(self.home, self.keys, self.register, self.trust, self.clock, self.entropy)

    def operator(self, permission: Permission | None = None) -> Operator:
        """The operator who acts; outside a demo home the operator's passphrase is asked for.

        Raises :class:`NotPermitted` if none of the operator's roles has the ``permission``.
        """
        self._hold_to_roles(self.credentials.operator)
        operator = self.operators.act_as(self.credentials.operator, self.credentials.operator_passphrase)
        if permission is not None:
            operator.require(permission)
        return operator

    def second_operator(self, first: Operator, permission: Permission | None = None) -> Operator | None:
        """The second operator, if one was named; raises :class:`NotPermitted` if that is the first one again."""
        name = self.credentials.second_operator
        if name is None:
            return None
        if first.is_same_person_as(name):
            raise NotPermitted("second-person-same", operator=first.name)
        self._hold_to_roles(name)
        second = self.operators.act_as(name, self.credentials.second_passphrase)
        if permission is not None:
            second.require(permission)
        return second

    def _hold_to_roles(self, name: str | None) -> None:
        """Have the roles be the key store's word, not the file's: by their voucher, else by opening the key store."""
        from eid_toolkit.books.audit.files import AuditFiles

        if self.home.config.demo or name is None:
            return
        record, key = self.operators.get(name), AuditFiles(self.home.audit).key()
        if key is None or not key.key.verify(record.voucher, record.endorsed, "sha256"):
            self.keys.unlock()

    def look(self, permission: Permission) -> Operator:
        """The operator who looks at what is not for everybody: like :meth:`operator`, but a demo home needs no name."""
        from eid_toolkit.books.staff.operators import Operator

        if self.home.config.demo and self.credentials.operator is None:
            return Operator(UNNAMED)
        return self.operator(permission)

    def profile(self, name: str) -> DocumentProfile:
        """A document profile of the package or of the home."""
        from eid_toolkit.standards.profiles import load_profile

        return load_profile(name, [self.home.profiles])
