"""The people of a new home: its staff keys, its first operators, and the compartments that they open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.custody import Custody, Recipient
from eid_toolkit.books.keys.foundation import HOME_SIZE, Foundation
from eid_toolkit.books.keys.holding import KeyPair
from eid_toolkit.books.keys.keys import STAFF_KEY, STAFF_UNWRAPPING_KEY, KeyStore
from eid_toolkit.books.keys.opening import DEMO_OPERATOR, create_demo_operator
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.books.staff.recovery import new_share, recovery_key
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.key_wrapping import CURVE
from eid_toolkit.work.office.appointing import standing_of
from eid_toolkit.work.office.custody_of import recipients_for

FOUNDER = "founder"
"""Who acts in the audit log before there is any operator."""

if TYPE_CHECKING:
    from eid_toolkit.books.staff.records import OperatorRecord
    from eid_toolkit.work.office.founding import Enrolment


class Staffing:
    """The key store of a home that is being founded, open, with its people."""

    def __init__(
        self,
        home: Home,
        officers: Sequence[Enrolment],
        now: datetime,
        entropy: Entropy,
        others: Sequence[OperatorRecord] = (),
    ) -> None:
        """``others`` are operators of a home of before, who have no keys that open anything yet."""
        domain = ec_domain_by_name(CURVE)
        staff = KeyPair(EcPrivateKey.generate(domain, entropy), EcPrivateKey.generate(domain, entropy))
        config = home.config
        self.home = home
        self.foundation = Foundation(
            entropy.take(HOME_SIZE), config.demo, config.country, now, staff.public_key, staff.wrapping_key
        )
        self.foundation.write(home.keys)
        self.keys = KeyStore(home.keys, self.foundation, entropy)
        self.operators = OperatorStore(home.operators, self.foundation)
        self.records: list[OperatorRecord] = []
        self.people: list[Operator] = []
        self.recovery_shares: dict[str, Secret] = {}
        if config.demo:
            self.people.append(Operator(FOUNDER))
        for officer in officers:
            self._enrol(officer, staff, now, entropy)
        for record in others:
            self.records.append(self.operators.keep(record, staff.sign))
        custody = Custody(self.keys, staff, now, entropy)
        for compartment in Compartment:
            custody.create(compartment, self._recipients(compartment, entropy))
        self.keys.add_ec(STAFF_KEY, staff.signing)
        self.keys.add_ec(STAFF_UNWRAPPING_KEY, staff.unwrapping)

    def standing(self, record: OperatorRecord) -> dict[str, object]:
        """What the log keeps of a record."""
        return standing_of(record, self.foundation)

    def _enrol(self, officer: Enrolment, staff: KeyPair, now: datetime, entropy: Entropy) -> None:
        share = new_share(entropy) if Role.SECURITY_OFFICER in officer.roles else None
        public = recovery_key(share).public_key.spki() if share is not None else b""
        name, signing = officer.name, officer.signing
        record = self.operators.enrol(
            name, officer.passphrase, officer.roles, now, staff.sign, entropy, public, signing
        )
        pair = self.operators.unlock(record, officer.passphrase)
        self.records.append(record)
        self.people.append(Operator(record.name, pair, record.roles))
        if share is not None:
            self.recovery_shares[record.name] = share

    def _recipients(self, compartment: Compartment, entropy: Entropy) -> tuple[Recipient, ...]:
        if not self.foundation.demo:
            return recipients_for(compartment, self.records)
        if not hasattr(self, "_specimen"):
            self._specimen = create_demo_operator(self.home.keys, entropy)
        return (Recipient(DEMO_OPERATOR, self._specimen.wrapping_key, DEMO_OPERATOR),)
