"""Who opens a compartment: made, shared and renewed by the staff, whose key endorses each state of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations

from eid_toolkit.books.keys.compartment_files import STAFF, CompartmentFile, Wrap, added, recipient_mark, wrap_context
from eid_toolkit.books.keys.compartments import Compartment, compartment_of
from eid_toolkit.books.keys.deposits import DEPOSIT, deposit_key, is_deposited, open_deposit
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.holding import HeldKeys
from eid_toolkit.books.keys.key_files import PRIVATE, SYMMETRIC, KeyFiles, names_in
from eid_toolkit.books.keys.keys import KeyStore, data_key_name
from eid_toolkit.books.keys.sealing_key import SIZE, SealingKey
from eid_toolkit.books.keys.token_keys import TokenKeys, read_access, write_access
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.ground.home.undo import take_away
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.crypto.key_wrapping import wrap

_DATA_KEY_SIZE = 32


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody for whom a compartment's key is wrapped, or the paper with the recovery share of ``person``."""

    name: str
    wrapping_key: bytes
    """SubjectPublicKeyInfo in DER."""
    person: str

    @classmethod
    def staff(cls, foundation: Foundation) -> Recipient:
        """The staff compartment."""
        return cls(STAFF, foundation.staff_wrapping, STAFF)


class Custody:
    """What the staff does with compartments. All of it is done within an act, and put back with it."""

    def __init__(self, keys: KeyStore, staff: HeldKeys, now: datetime, entropy: Entropy) -> None:
        self._keys = keys
        self._staff = staff
        self._now = now
        self._entropy = entropy

    def create(self, compartment: Compartment, recipients: Sequence[Recipient]) -> None:
        """A compartment of its first generation."""
        self._write(compartment, 1, SealingKey(Secret(self._entropy.take(SIZE))), recipients)

    def share(self, compartment: Compartment, recipients: Sequence[Recipient]) -> None:
        """Have these open it from now on, and nobody else; its key stays as it is, so none may be taken from it."""
        file = self._keys.file(compartment)
        key = self._keys.sealing_key(compartment)
        self._keep(replace(file, wraps=self._wraps(compartment, file.generation, key, recipients)))

    def renew(self, compartment: Compartment, recipients: Sequence[Recipient]) -> int:
        """A new key for these, under which all keys of the compartment lie from now on; its generation.

        The register's compartment gets a new data key: what is sealed from now on is out of reach of the old one.
        """
        file, old = self._keys.file(compartment), self._keys.sealing_key(compartment)
        new = SealingKey(Secret(self._entropy.take(SIZE)))
        directory = self._keys.directory
        before, after = KeyFiles(directory, old, self._entropy), KeyFiles(directory, new, self._entropy)
        for name in names_in(directory, PRIVATE, SYMMETRIC):
            if compartment_of(name) is compartment:
                before.reseal(name, new)
        for name in names_in(directory, DEPOSIT):
            if compartment_of(name) is compartment and is_deposited(directory, name, compartment):
                after.add_plain(name, open_deposit(directory, name, old, file))
                take_away(directory / f"{name}{DEPOSIT}")
        if TokenKeys.is_used(directory, compartment):
            access = read_access(directory, compartment, old)
            write_access(directory, compartment, new, access.renewed(self._entropy), self._entropy)
        self._write(compartment, file.generation + 1, new, recipients)
        if compartment is Compartment.REGISTER:
            newest = max(self._keys.data_generations(), default=0)
            self._keys.create_symmetric(data_key_name(newest + 1), Secret(self._entropy.take(_DATA_KEY_SIZE)))
        return file.generation + 1

    def _write(
        self, compartment: Compartment, generation: int, key: SealingKey, recipients: Sequence[Recipient]
    ) -> None:
        by_two = compartment.by_two and not self._keys.foundation.demo
        wraps = self._wraps(compartment, generation, key, recipients)
        public = deposit_key(key).public_key.spki(explicit=False)
        file = CompartmentFile(compartment, generation, self._now, key.check, by_two, public, b"", wraps)
        self._keep(replace(file, endorsement=self._staff.sign(file.statement(self._keys.foundation))))
        self._keys.opened(compartment, key)

    def _keep(self, file: CompartmentFile) -> None:
        file.write(self._keys.directory)

    def _wraps(
        self, compartment: Compartment, generation: int, key: SealingKey, recipients: Sequence[Recipient]
    ) -> tuple[Wrap, ...]:
        foundation = self._keys.foundation

        def wrapped(secret: Secret, to: Recipient, beside: str | None = None) -> Wrap:
            context = wrap_context(foundation, compartment, generation, to.name, beside)
            made = wrap(secret, EcPublicKey.from_spki(to.wrapping_key), context, self._entropy)
            return Wrap(to.name, recipient_mark(to.wrapping_key), made.ephemeral, made.wrapped, beside)

        if not compartment.by_two or foundation.demo:
            staff = [Recipient.staff(foundation)] if compartment.for_staff else []
            return tuple(wrapped(key.secret, to) for to in (*recipients, *staff))
        wraps = []
        for one, other in pairs_of(recipients):
            share = Secret(self._entropy.take(SIZE))
            wraps += [wrapped(share, one, other.name), wrapped(added(key.secret, share), other, one.name)]
        if not wraps:
            raise NotPermitted("holders-too-few", compartment=str(compartment))
        return tuple(wraps)


def pairs_of(recipients: Iterable[Recipient]) -> list[tuple[Recipient, Recipient]]:
    """Who opens together: two people, never one with their own recovery share."""
    return [(one, other) for one, other in combinations(recipients, 2) if one.person != other.person]
