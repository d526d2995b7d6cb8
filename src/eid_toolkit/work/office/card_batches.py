"""Batches of cards: a station that writes one card after another, in one or several readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.work.office.feeders import Kind, feeders_of
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.readers import OpenReader

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.documents import Documents
    from eid_toolkit.work.personalization.batch import Batch, Bell, Feeder, StationDesk, Summary
    from eid_toolkit.work.personalization.readback import ReadBack
    from eid_toolkit.work.personalization.service import PersonalizationService
    from eid_toolkit.work.personalization.work import WorkQueue

MakeDesk = Callable[[str, "ReadBack", Callable[[], None]], "StationDesk"]
"""The desk of a reader, by its name, with the issuer's own inspection, and what stops the batch."""


def turn_station(office: Office, station: str, *, paused: bool) -> None:
    """Have a station begin no new card, or let it go on."""
    from eid_toolkit.books.register.stock.stations import Stations

    operator, stations = office.operator(Permission.PERSONALIZE), Stations(office.register.database, office.clock)
    (stations.pause if paused else stations.resume)(station, operator)


@dataclass(frozen=True, slots=True)
class CardBatch:
    """What a station is to do, with everything in its place; nothing is done yet."""

    batch: Batch
    work: WorkQueue
    documents: Documents
    feeders: list[Feeder]

    @property
    def summary(self) -> Summary:
        """What was done so far."""
        return self.batch.summary

    def run(self) -> None:
        """Write cards until there is nothing to do, or :meth:`stop`."""
        self.batch.run(self.feeders)

    def stop(self) -> None:
        """Finish the cards in work and begin no other."""
        self.batch.stop()


def card_batch(
    office: Office,
    documents: tuple[str, ...],
    readers: tuple[str, ...],
    station: str,
    open_reader: OpenReader,
    bell: Bell,
    desk: MakeDesk,
    *,
    by_print: bool,
    limit: int | None,
    patience: float,
) -> CardBatch:
    """A batch of the documents named, or of all that wait, out of these readers.

    ``by_print`` has the desk say by what is printed which document a blank is for; else they come in their order.
    ``limit`` is the greatest number of cards, ``patience`` the seconds that a register or a reader may be away.
    """
    from eid_toolkit.books.register.stock.stations import Stations
    from eid_toolkit.work.personalization.batch import Batch
    from eid_toolkit.work.personalization.printed import PrintedDocuments
    from eid_toolkit.work.personalization.work import WorkQueue

    operator = office.operator(Permission.PERSONALIZE)
    if not readers:
        raise UsageError("batch-without-reader")
    office.keys.unlock(Compartment.REGISTER, Compartment.CARDS)  # before the threads
    register, service = office.register, office.personalization
    for document in documents:
        register.documents.get(document)
    stations = Stations(register.database, office.clock)
    work = WorkQueue(register.database, service.leases, documents, station)
    feeders = feeders_of(
        office.home, readers, open_reader, lambda chip: _kind_of(service, work, register.documents, chip)
    )
    batch = Batch(
        service,
        register.documents,
        work,
        operator,
        bell,
        lambda reader: desk(reader, service.read_back(), batch.stop),
        station,
        lambda: stations.pause_of(station) is not None,
        limit,
        patience,
        register.audit.settle,
        PrintedDocuments(register.documents, work) if by_print else None,
    )
    return CardBatch(batch, work, register.documents, feeders)


def _kind_of(service: PersonalizationService, work: WorkQueue, documents: Documents, chip: str) -> Kind:
    """Whether a card is a blank, or is to be gone on with."""
    from eid_toolkit.books.register.documents.documents import DocumentState

    known = documents.with_chip(chip)
    if known is None:
        return Kind.BLANK
    goes_on = known.state is DocumentState.BOUND and work.is_wanted(known.id)
    if service.is_left_open(known) or (goes_on and service.journal.unresolved(known.id) is None):
        return Kind.HALF_WAY
    return Kind.DONE
