"""An authority's home, opened: its keys, register and authorities, and the operators who act in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.ground.errors import NotPermitted, UsageError
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.work.office.credentials import Credentials, Purpose

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.authorities import AuthorityStore
    from eid_toolkit.books.authorities.home_policy import HomePolicy, PolicyInForce
    from eid_toolkit.books.keys.keys import KeyStore
    from eid_toolkit.books.register.register import Register
    from eid_toolkit.books.staff.operators import Operator, OperatorStore
    from eid_toolkit.books.staff.roles import Permission
    from eid_toolkit.books.trust.store import TrustStore
    from eid_toolkit.standards.profiles import DocumentProfile
    from eid_toolkit.work.office.acting import Acting
    from eid_toolkit.work.personalization.prepare import Preparation
    from eid_toolkit.work.personalization.service import PersonalizationService

UNNAMED = "unnamed"
"""Who looks something up in a demo home without saying who it is."""


@dataclass(frozen=True)
class Office:
    """One run in a home; whoever acts is asked for their passphrase when something needs it."""

    home: Home
    acting: Acting
    register: Register
    credentials: Credentials
    clock: Clock
    entropy: Entropy

    @classmethod
    def open(cls, root: Path, credentials: Credentials, clock: Clock, entropy: Entropy) -> Office:
        """The home in the folder ``root``; its :attr:`register` is to be closed."""
        from eid_toolkit.books.register.register import Register
        from eid_toolkit.work.office.acting import Acting

        home = Home.open(root)
        acting = Acting.at(home, credentials, entropy)
        register = Register.open(home, acting.keys, acting.operators, clock, entropy)
        return cls(home, acting, register, credentials, clock, entropy)

    @property
    def keys(self) -> KeyStore:
        """The home's keys."""
        return self.acting.keys

    @property
    def operators(self) -> OperatorStore:
        """The home's operators."""
        return self.acting.operators

    @property
    def authorities(self) -> AuthorityStore:
        """The home's own certificates and lists."""
        from eid_toolkit.books.authorities.authorities import AuthorityStore

        limit = self.home.config.signature_limit
        return AuthorityStore(self.home.pki, self.keys, limit, lambda: self.crypto_policy.policy)

    @property
    def home_policy(self) -> HomePolicy:
        """The file of the home's crypto policy, held to the audit log."""
        from eid_toolkit.books.audit.standing import LoggedStanding
        from eid_toolkit.books.authorities.home_policy import SUBJECT, HomePolicy

        standing = LoggedStanding(self.register.database)
        newest = partial(standing.of_crypto_policy, SUBJECT)
        return HomePolicy(self.home.root, self.keys.foundation, self.operators, newest)

    @cached_property
    def crypto_policy(self) -> PolicyInForce:
        """The crypto policy that holds; raises :class:`IntegrityBroken` unless it is what the log knows."""
        return self.home_policy.load()

    @property
    def trust(self) -> TrustStore:
        """The home's trust store."""
        from eid_toolkit.books.trust.store import open_trust

        return open_trust(self.home.root, self.operators, lambda: self.crypto_policy.policy.floor)

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

    def operator(self, permission: Permission | None = None, purpose: Purpose | None = None) -> Operator:
        """The operator who acts; raises :class:`NotPermitted` if none of the operator's roles has the permission."""
        return self.acting.first(() if permission is None else (permission,), purpose)

    def second_operator(
        self, first: Operator, permission: Permission | None = None, purpose: Purpose | None = None
    ) -> Operator | None:
        """The second operator, if one was named; raises :class:`NotPermitted` if that is the first one again."""
        return self.acting.second(first, permission, purpose)

    def look(self, permission: Permission) -> Operator:
        """The operator who looks at what is not for everybody: like :meth:`operator`, but a demo home needs no name."""
        from eid_toolkit.books.staff.operators import Operator

        if self.home.config.demo and self.credentials.operator is None:
            return Operator(UNNAMED)
        return self.operator(permission)

    def may_look(self, permission: Permission) -> bool:
        """Whether :meth:`look` would let the operator, before anybody is asked for a passphrase."""
        if self.home.config.demo and self.credentials.operator is None:
            return True
        try:
            self.acting.may(permission)
        except (NotPermitted, UsageError):
            return False
        return True

    def profile(self, name: str) -> DocumentProfile:
        """A document profile of the package or of the home."""
        from eid_toolkit.standards.profiles import load_profile

        return load_profile(name, [self.home.profiles])
