"""The register as a whole: backed up, with the file there and on record, or neither; and restored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.work.office.act import recoverable
from eid_toolkit.work.office.credentials import Credentials
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.register.keeping.backup import Manifest
    from eid_toolkit.books.register.keeping.backup_restore import Restorer


def back_up(office: Office, path: Path) -> Manifest:
    """The state of this moment in ``path``; that it is begun, and that it is done, are on record."""
    from eid_toolkit.books.register.keeping import backup

    operator = office.operator(Permission.BACK_UP)
    where = (office.register.database, office.keys, office.home.config)
    with recoverable(office, "register.backup", backup.SUBJECT, operator.name, backup.BEGUN) as undo:
        if not path.exists():  # else it is refused
            undo.keep(path, None)
        undo.note({"outcome": backup.DONE, "subject": backup.SUBJECT})
        return backup.back_up(*where, path, operator, office.clock, office.entropy)


def restorer_of(root: Path, credentials: Credentials, clock: Clock, entropy: Entropy) -> Restorer:
    """What restores the register of the home at ``root``, which need not be one that can be opened."""
    from eid_toolkit.books.keys.opening import open_key_store
    from eid_toolkit.books.ledger.register_address import RegisterAddress
    from eid_toolkit.books.register.keeping.backup_restore import Restorer
    from eid_toolkit.books.staff.operators import OperatorStore

    home = Home.open(root)
    RegisterAddress.of(home)  # a wrong one is told before anybody is asked for a passphrase
    keys = open_key_store(home, credentials.passphrase, entropy, credentials.pin)
    operators = OperatorStore(home.operators, demo=home.config.demo, keys=keys)
    keys.unlock()  # first: then the operator's roles are checked against its word
    return Restorer(home, keys, operators.act_as(credentials.operator, credentials.operator_passphrase), clock)
