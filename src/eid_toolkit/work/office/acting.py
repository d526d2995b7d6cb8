"""Who acts in a home: each held to their record, asked for their passphrase once, and admitted to the key store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.holding import KeyPair
from eid_toolkit.books.staff.operators import RECOVERY, Operator, OperatorStore
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.books.staff.two_people import require_any
from eid_toolkit.ground.errors import AccessDenied, NotPermitted, UsageError
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.work.office.credentials import Credentials, Purpose

if TYPE_CHECKING:
    from eid_toolkit.books.keys.holding import HeldKeys
    from eid_toolkit.books.keys.keys import KeyStore
    from eid_toolkit.books.staff.records import OperatorRecord


class Acting:
    """The people of one run in one home."""

    def __init__(self, home: Home, credentials: Credentials, keys: KeyStore) -> None:
        self._credentials = credentials
        self.keys = keys
        keys.ask_by(self._open)
        self.operators = OperatorStore(home.operators, self.keys.foundation)
        self._demo = home.config.demo
        self._held: dict[bytes, HeldKeys] = {}

    @classmethod
    def at(cls, home: Home, credentials: Credentials, entropy: Entropy) -> Acting:
        """Those who act in a home; nobody is asked for anything yet."""
        from eid_toolkit.books.keys.opening import open_key_store

        return cls(home, credentials, open_key_store(home, entropy))

    def first(
        self, permissions: Sequence[Permission] = (), purpose: Purpose | None = None, *, by_passphrase: bool = False
    ) -> Operator:
        """The operator who acts; outside a demo home the operator's passphrase is asked for, once.

        ``by_passphrase`` says that no agent will do. Raises :class:`NotPermitted` if none of the operator's roles has
        any of the ``permissions``.
        """
        name = self._credentials.operator
        if name is None:
            raise UsageError("operator-not-named")
        return self._act(name, permissions, purpose, by_agent=not by_passphrase)

    def second(
        self, first: Operator, permission: Permission | None = None, purpose: Purpose | None = None
    ) -> Operator | None:
        """The second operator, if one was named; raises :class:`NotPermitted` if that is the first one again."""
        name = self._credentials.second_operator
        if name is None:
            return None
        if first.is_same_person_as(name):
            raise NotPermitted("second-person-same", operator=first.name)
        return self._act(name, () if permission is None else (permission,), purpose, by_agent=False)

    def both(
        self,
        action: str,
        subject: str,
        first: Sequence[Permission],
        second: Permission | None = None,
        *,
        recovery: bool = False,
    ) -> tuple[Operator, ...]:
        """Two operators, each with a role for it; one in a demo home. Nobody is asked before both may.

        With ``recovery``, a recovery share may stand for either.
        """
        name, other = self._credentials.operator, self._credentials.second_operator
        self.may_both(action, first, second)
        purpose, on_keys = Purpose(action, subject), Permission.MANAGE_KEYS in first
        actor = self._by_recovery(name) if recovery else None
        actor = actor or self.first(first, purpose, by_passphrase=on_keys)
        partner = (self._by_recovery(other) if recovery else None) or self.second(actor, second, purpose)
        return (actor,) if partner is None else (actor, partner)

    def may(self, permission: Permission) -> None:
        """Raises as :meth:`first` does, for what is known before anybody is asked for a passphrase."""
        name = self._credentials.operator
        if name is None:
            raise UsageError("operator-not-named")
        self._unasked(name, (permission,))

    def may_both(self, action: str, first: Sequence[Permission], second: Permission | None = None) -> None:
        """Raises as :meth:`both` does, for what is known before anybody is asked for a passphrase."""
        name, other = self._credentials.operator, self._credentials.second_operator
        if name is None:
            raise UsageError("operator-not-named")
        if self._demo:
            return
        actor = self._unasked(name, first)
        if other is None:
            raise NotPermitted("second-person-missing", action=action)
        if actor.is_same_person_as(other):
            raise NotPermitted("second-person-same", operator=actor.name)
        self._unasked(other, () if second is None else (second,))

    def _open(self, compartment: Compartment) -> None:
        """Have those act who open a compartment."""
        purpose, by_two = Purpose("open", str(compartment)), self.keys.file(compartment).by_two
        actor = self.first((), purpose, by_passphrase=by_two)
        if by_two or self._credentials.second_operator is not None:
            self.second(actor, None, purpose)

    def _unasked(self, name: str, permissions: Sequence[Permission] = ()) -> Operator:
        """An operator by the record alone; raises as :meth:`first` does, before anything is asked."""
        if self._demo:
            return self._of_demo(name, permissions)
        record = self.operators.require_active(name)
        operator = Operator(record.name, None, record.roles)
        if permissions:
            require_any(operator, permissions)
        return operator

    def _of_demo(self, name: str, permissions: Sequence[Permission]) -> Operator:
        self.operators.check_name(name)
        operator = Operator(name)
        if permissions:
            require_any(operator, permissions)
        return operator

    def _act(
        self, name: str, permissions: Sequence[Permission], purpose: Purpose | None, *, by_agent: bool
    ) -> Operator:
        operator = self._unasked(name, permissions)
        if self._demo:
            return operator
        record = self.operators.get(name)
        keys = self._held.get(record.public_key)
        if keys is None or not (by_agent or isinstance(keys, KeyPair)):
            wanted = purpose or Purpose(str(permissions[0]) if permissions else "act")
            keys = self._keys_of(record, wanted, by_agent=by_agent)
            self._held[record.public_key] = keys
        self.keys.admit(record.name, keys)
        return Operator(record.name, keys, record.roles)

    def _keys_of(self, record: OperatorRecord, purpose: Purpose, *, by_agent: bool) -> HeldKeys:
        held = self._credentials.held_keys(record, self.keys.foundation) if by_agent else None
        if held is not None:
            return held
        wrong = AccessDenied("operator-passphrase-wrong", name=record.name)
        for passphrase in self._credentials.passphrases(record.name, purpose):
            try:
                return self.operators.unlock(record, passphrase)
            except AccessDenied as error:
                wrong = error
        raise wrong

    def _by_recovery(self, name: str | None) -> Operator | None:
        """An operator for whom a recovery share stands: it opens what two open together, and signs nothing."""
        from eid_toolkit.books.staff.recovery import recovery_key

        share = None if name is None or self._demo else self._credentials.recovery_share(name)
        if share is None:
            return None
        record, key = self.operators.get(name or ""), recovery_key(share)
        pair = KeyPair(key, key)
        if pair.wrapping_key != record.recovery_key:
            raise AccessDenied("recovery-share-wrong", name=record.name)
        self.keys.admit(f"{record.name}{RECOVERY}", pair)
        return Operator(record.name, None, record.roles, pair)
