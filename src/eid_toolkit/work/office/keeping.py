"""The register as a whole: backed up, with the file there and on record, or neither; and restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.books.audit import taken_over
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.work.office.act import recoverable
from eid_toolkit.work.office.acting import Acting
from eid_toolkit.work.office.credentials import Credentials
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.audit.state_walk import Counted, Finding
    from eid_toolkit.books.audit.taking_over import TakenOver
    from eid_toolkit.books.audit.verifying import Manner
    from eid_toolkit.books.register.keeping.backup import Manifest
    from eid_toolkit.books.register.keeping.backup_restore import Restorer
    from eid_toolkit.books.register.keeping.moving import Mover


def back_up(office: Office, path: Path) -> Manifest:
    """The state of this moment in ``path``; that it is begun, and that it is done, are on record."""
    from eid_toolkit.books.register.keeping import backup

    operator = office.operator(Permission.BACK_UP)
    where = (office.register.database, office.keys.foundation, office.home.config)
    with recoverable(office, "register.backup", backup.SUBJECT, operator.name, backup.BEGUN) as undo:
        if not path.exists():  # else it is refused
            undo.keep(path, None)
        undo.note({"outcome": backup.DONE, "subject": backup.SUBJECT})
        return backup.back_up(*where, path, operator, office.clock, office.entropy)


def restorer_of(root: Path, credentials: Credentials, clock: Clock, entropy: Entropy) -> Restorer:
    """What restores the register of the home at ``root``, which need not be one that can be opened.

    Two security officers open the back-up together.
    """
    from eid_toolkit.books.ledger.register_address import RegisterAddress
    from eid_toolkit.books.register.keeping.backup_restore import Restorer

    home = Home.open(root)
    RegisterAddress.of(home)  # a wrong one is told before anybody is asked for a passphrase
    acting = Acting.at(home, credentials, entropy)
    people = acting.both("register.restore", "register", (Permission.BACK_UP,), Permission.BACK_UP)
    return Restorer(home, acting.keys, people, clock)


def mover_of(
    root: Path, credentials: Credentials, clock: Clock, entropy: Entropy, url: str, *, unverified: bool
) -> Mover:
    """What moves the register of the home at ``root`` to ``url``; two security officers do it together."""
    from eid_toolkit.books.ledger.register_address import RegisterAddress
    from eid_toolkit.books.register.keeping.moving import Mover, moved_config
    from eid_toolkit.ground.home.config import UNVERIFIED

    home = Home.open(root)
    config = moved_config(home.config, url, unverified=UNVERIFIED if unverified else None)
    RegisterAddress.configured(config)  # a wrong one is told before anybody is asked for a passphrase
    acting = Acting.at(home, credentials, entropy)
    people = acting.both("register.move", "register", (Permission.BACK_UP,), Permission.BACK_UP)
    return Mover(home, config, acting.keys, people, clock, entropy)


def to_take_over(office: Office) -> TakenOver:
    """What nobody has vouched for yet, by kind."""
    from eid_toolkit.books.audit import taking_over

    with office.register.database.read() as connection:
        return taking_over.to_take_over(connection)


def take_over(office: Office) -> TakenOver:
    """Two security officers vouch for what is in a register of before; raises as :func:`taking_over.take_over`."""
    from eid_toolkit.books.audit import taking_over

    people = office.acting.both(taken_over.ACTION, taken_over.SUBJECT, (taken_over.RIGHT,), taken_over.RIGHT)
    records = office.operators.list()
    with office.register.database.write(exclusive=True) as connection:
        return taking_over.take_over(connection, records, people, office.keys.foundation, office.clock.now())


@contextmanager
def verified(office: Office, manner: Manner) -> Iterator[Iterator[Finding | Counted]]:
    """Every row with a state, held to the log: what differs, and how many rows of each kind there are."""
    from eid_toolkit.books.audit.state_crew import walking_states
    from eid_toolkit.books.ledger.register_address import RegisterAddress

    office.look(Permission.READ_AUDIT)
    address = RegisterAddress.of(office.home)
    with walking_states(office.register.database, address, office.keys.foundation, manner) as walked:
        yield walked
