"""What commands of the issuing office share: the opened home with its keys, register and authorities."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eid_toolkit.doors.cli.context import App
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import SystemClock, SystemEntropy

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.authorities import AuthorityStore
    from eid_toolkit.books.keys.keys import KeyStore
    from eid_toolkit.books.register.register import Register
    from eid_toolkit.books.staff.operators import Operator, OperatorStore
    from eid_toolkit.books.staff.roles import Permission
    from eid_toolkit.books.trust.store import TrustStore
    from eid_toolkit.standards.profiles import DocumentProfile
    from eid_toolkit.work.personalization.prepare import Preparation

UNNAMED = "unnamed"
"""Who looks something up in a demo home without saying who it is."""
CLOCK = SystemClock()
ENTROPY = SystemEntropy()


@dataclass(frozen=True, slots=True)
class Office:
    """An authority's home, opened; the key store asks for its passphrase when a key is used."""

    app: App
    home: Home
    keys: KeyStore
    register: Register

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

        return Preparation(self.home, self.register, self.authorities, CLOCK, ENTROPY)

    def act(self, permission: Permission | None = None) -> Operator:
        """The operator who acts; outside a demo home the operator's passphrase is asked for.

        Raises :class:`NotPermitted` if none of the operator's roles has the ``permission``.
        """
        self._hold_to_roles(self.app.operator)
        operator = self.operators.act_as(self.app.operator, self.app.operator_passphrase)
        if permission is not None:
            operator.require(permission)
        return operator

    def act_second(self, first: Operator, permission: Permission | None = None) -> Operator | None:
        """The second operator, if one was named; raises :class:`NotPermitted` if that is the first one again."""
        name = self.app.second_operator
        if name is None:
            return None
        if first.is_same_person_as(name):
            raise NotPermitted("second-person-same", operator=first.name)
        self._hold_to_roles(name)
        second = self.operators.act_as(name, self.app.second_passphrase)
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
        """The operator who looks at what is not for everybody: like :meth:`act`, but a demo home needs no name."""
        from eid_toolkit.books.staff.operators import Operator

        if self.home.config.demo and self.app.operator is None:
            return Operator(UNNAMED)
        return self.act(permission)

    def profile(self, name: str) -> DocumentProfile:
        """A document profile of the package or of the home."""
        from eid_toolkit.standards.profiles import load_profile

        return load_profile(name, [self.home.profiles])


@contextmanager
def open_office(app: App) -> Iterator[Office]:
    """Open the home of ``--home`` for the time of a command."""
    from eid_toolkit.books.keys.opening import open_key_store
    from eid_toolkit.books.register.register import Register

    home = Home.open(app.home_path)
    keys = open_key_store(home, app.passphrase, ENTROPY, app.pin)
    register = Register.open(home, keys, CLOCK, ENTROPY)
    try:
        yield Office(app, home, keys, register)
        _settle_audit(register)
    finally:
        register.close()


def _settle_audit(register: Register) -> None:
    """Have the audit log signed where it is time; what stands in the way is told, and ends no command."""
    from eid_toolkit.doors.cli.output import note
    from eid_toolkit.ground.errors import EidError, IntegrityBroken

    try:
        register.audit.settle()
    except IntegrityBroken:
        note("The audit log is inconsistent. Find out where: eid audit verify.")
    except (EidError, OSError):
        pass  # busy, or nothing can be written: the next command tries again
