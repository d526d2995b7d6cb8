"""An office at work: opened, with what a stop has left settled, its inspections told, its log signed, and closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.opening import foundation_of
from eid_toolkit.ground.errors import EidError, IntegrityBroken
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.work.office.act import settle
from eid_toolkit.work.office.credentials import Credentials
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.reporting import tell_inspections

Trouble = Callable[[Literal["inspections-not-told", "log-inconsistent"], Exception], None]
"""Told what stood in the way of something that is done beside the work; it undoes nothing and ends nothing."""


@contextmanager
def office_at_work(
    root: Path, credentials: Credentials, clock: Clock, entropy: Entropy, trouble: Trouble = lambda what, why: None
) -> Iterator[Office]:
    """The office of the home in the folder ``root``, for the time of the block.

    Whatever the block does to documents, the home's inspections know of it afterwards, also if it fails; and the audit
    log is signed where it is time. Raises as :meth:`Office.open` and :func:`settle`.
    """
    office = Office.open(root, credentials, clock, entropy)
    try:
        settle(office)
        foundation_of(office.home)  # it is gone again where a migration of the key store was stopped
        try:
            yield office
        finally:
            _tell_inspections(office, trouble)
        _reseal(office)
        _sign_log(office, trouble)
    finally:
        office.register.close()


def _tell_inspections(office: Office, trouble: Trouble) -> None:
    try:
        tell_inspections(office)
    except (EidError, OSError) as error:
        trouble("inspections-not-told", error)


def _reseal(office: Office) -> None:
    """Go on with what was sealed by a key that somebody who has left could have copied."""
    name = office.credentials.operator
    if name is not None and office.keys.data_generation > 1 and office.keys.is_open(Compartment.REGISTER):
        with suppress(EidError):  # busy: the next command goes on
            office.register.reseal(office.operator())


def _sign_log(office: Office, trouble: Trouble) -> None:
    try:
        office.register.audit.settle()
    except IntegrityBroken as error:
        trouble("log-inconsistent", error)
    except (EidError, OSError):
        pass  # busy, or nothing can be written: the next command tries again
