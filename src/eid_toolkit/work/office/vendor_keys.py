"""The transport keys of vendors: requested, imported by components or wrapped, listed, destroyed.

A key in components comes in as many commands, each by another person; what they have typed lies sealed in the key store
until the last one comes. What the vendor says of the key (its terms) is told with the first component.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.register.stock.vendor_keys import (
    Batch,
    DestroyedKey,
    KeptComponent,
    KeyRequest,
    Terms,
    UnfinishedImport,
    VendorKey,
    VendorKeys,
    whole_key,
)
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.check_values import has_check_value
from eid_toolkit.standards.crypto.key_components import FEWEST, MOST, require_unlike
from eid_toolkit.work.office.act import act, by, by_one, by_two
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.vendor_key_rows import row_of

if TYPE_CHECKING:
    from eid_toolkit.books.keys.transport_pairs import PairKind
    from eid_toolkit.books.staff.operators import Operator
    from eid_toolkit.work.office.act import Act

BY_ONE = by_one(Permission.MANAGE_KEYS)
BY_TWO = by_two(Permission.MANAGE_KEYS, second=Permission.WITNESS_STOCK)


@dataclass(frozen=True, slots=True)
class Custodian:
    """Who is about to type which component of which key, and who witnesses it, if somebody does."""

    operator: Operator
    witness: Operator | None
    unfinished: UnfinishedImport
    number: int
    is_first: bool

    @property
    def people(self) -> tuple[Operator, ...]:
        """Who signs."""
        return (self.operator,) if self.witness is None else (self.operator, self.witness)


def request_key(office: Office, batch: Batch, kind: PairKind, output: Path) -> KeyRequest:
    """A key pair for one batch: its public half, for which the vendor is to wrap the key, goes to ``output`` as PEM."""
    from eid_toolkit.books.keys.transport_pairs import generate_pair
    from eid_toolkit.standards.pki.certificate import encode_pem

    people = BY_ONE(office, "stock.key-request", batch.subject)
    records = _opened(office)
    _require_none(records, batch)
    with act(office, by(people), "stock.key-request", batch.subject, {"algorithm": kind}) as doing:
        _require_none(records, batch)
        pair = generate_pair(kind, office.entropy)
        request = KeyRequest(batch, kind, pair.private, pair.public, office.clock.now(), doing.actor.name)
        records.keep(request)
        doing.deliver(output, encode_pem("PUBLIC KEY", pair.public))
        doing.done("stock.key-requested", {"algorithm": kind, "fingerprint": request.fingerprint})
    return request


def import_wrapped(office: Office, batch: Batch, terms: Terms, wrapped: bytes) -> VendorKey:
    """The key that a vendor has wrapped for the public half of the batch's request, whose private half goes then.

    Raises :class:`SealBroken` for what was not wrapped for it, :class:`BadInput` for a key that is not the one meant.
    """
    from eid_toolkit.standards.crypto.key_transport import unwrap_by

    people = BY_TWO(office, "stock.key-import", batch.subject)
    records = _opened(office)
    batch = records.known_as(batch)

    def opened() -> Secret:
        _require_no_key(records, batch)
        request = records.request_of(batch)
        if request is None:
            raise NotPermitted("vendor-key-not-requested", vendor=batch.vendor, batch=batch.batch)
        key = unwrap_by(request.private, wrapped)
        terms.require(key, specimen=office.home.config.demo)
        return key

    opened()  # what is refused here needs no act
    with act(office, by(people), "stock.key-import", batch.subject, _told(terms)) as doing:
        names = tuple(person.name for person in people)
        record = VendorKey(batch, terms, opened(), "wrapped", office.clock.now(), names)
        records.keep(record)
        doing.destroy_key(records.name_of_request(batch))
        doing.done("stock.key-imported", _outcome(record))
    return record


def custodian(office: Office, batch: Batch, number: int, components: int | None, terms: Terms | None) -> Custodian:
    """Who types component ``number``: asked before it is typed; who begins tells how many there are, and the terms.

    Raises :class:`NotPermitted` for somebody who has typed another one, or a component that is there.
    """
    records = _opened(office)
    known = records.import_of(batch)
    first = Permission.MANAGE_KEYS if known is None else Permission.WITNESS_STOCK
    (operator,) = by_one(first)(office, "stock.key-component", batch.subject)
    witness = office.second_operator(operator, Permission.WITNESS_STOCK)
    if known is None:
        _require_none(records, batch)
        if components is None or terms is None:
            raise BadInput("vendor-key-terms-missing")
        if not FEWEST <= components <= MOST:
            raise BadInput("key-components-count", fewest=FEWEST, most=MOST)
        unfinished = UnfinishedImport(batch, terms, components, office.clock.now(), operator.name)
    else:
        unfinished = known
        _require_same(known, components, terms)
    _require_turn(office, records, unfinished, number, operator)
    return Custodian(operator, witness, unfinished, number, known is None)


def check_component(office: Office, who: Custodian, component: Secret, told: bytes) -> None:
    """Raises :class:`BadInput` for a component without the check value ``told``, or one that fits no other."""
    if not has_check_value(component, told, who.unfinished.terms.method):
        raise BadInput("card-key-component-wrong", told=told.hex().upper())
    parts = VendorKeys(office.keys).components_of(who.unfinished.of)
    require_unlike(component, [part.component for part in parts if part.number != who.number])


def keep_component(office: Office, who: Custodian, component: Secret, told: bytes) -> None:
    """Keep a component that was checked; the last one makes the key.

    Raises :class:`BadInput` if that is not the one that the vendor means: then nothing of it is left here.
    """
    check_component(office, who, component, told)
    records, unfinished, refusal = VendorKeys(office.keys), who.unfinished, None
    batch, part = unfinished.of, KeptComponent(who.number, component, who.operator.name, office.clock.now())
    detail = {"component": who.number, "of": unfinished.components, "component_check_value": _shown(told)}
    detail |= _told(unfinished.terms)
    with act(office, by(who.people), "stock.key-component", batch.subject, detail) as doing:
        # Somebody else may have typed one, or given the import up, while this one was typed.
        if who.is_first:
            _require_none(records, batch)
        elif records.import_of(batch) is None:
            raise NotPermitted("vendor-key-unknown", vendor=batch.vendor, batch=batch.batch)
        _require_turn(office, records, unfinished, who.number, who.operator)
        parts = sorted((*records.components_of(batch), part), key=lambda each: each.number)
        if len(parts) < unfinished.components:
            if who.is_first:
                records.keep(unfinished)
            records.keep_component(batch, part)
            doing.done("stock.key-component-kept", detail)
        else:
            refusal = _finish(office, doing, records, unfinished, parts)
    if refusal is not None:
        raise refusal


def _finish(
    office: Office, doing: Act, records: VendorKeys, unfinished: UnfinishedImport, parts: Sequence[KeptComponent]
) -> BadInput | None:
    """Make the key of its components; whether it is the vendor's or not, they go. Returns why it is not."""
    batch, terms, names = unfinished.of, unfinished.terms, tuple(part.operator for part in parts)
    for name in records.names_of_import(batch):
        doing.destroy_key(name)
    try:
        key = whole_key(parts)
        terms.require(key, specimen=office.home.config.demo)
    except BadInput as error:
        doing.done("stock.key-refused", {**_told(terms), "operators": list(names), "reason": error.code})
        return error
    record = VendorKey(batch, terms, key, "components", office.clock.now(), names)
    records.keep(record)
    doing.done("stock.key-imported", _outcome(record))
    return None


def destroy_key(office: Office, batch: Batch, reason: str) -> DestroyedKey | None:
    """Destroy what there is of a batch's key: the key, which is returned as what is kept of it, or what was begun."""
    from eid_toolkit.books.ledger.reasons import clean_reason

    records, unused = VendorKeys(office.keys), office.register.stock.unused_of(batch)
    batch = records.known_as(batch)
    people = BY_TWO(office, "stock.key-destroy", batch.subject)
    _opened(office)
    require_known(office, batch)
    detail = {"reason": clean_reason(reason), "unused_blanks": unused}
    gone = None
    with act(office, by(people), "stock.key-destroy", batch.subject, detail) as doing:
        require_known(office, batch)
        key = records.find(batch)
        if key is not None:
            gone = _destroyed(office, key, tuple(person.name for person in people))
            records.keep_destroyed(gone)
        for name in records.names_of(batch):
            doing.destroy_key(name)
        doing.done("stock.key-destroyed", {**detail, **({} if key is None else _outcome(key))})
    return gone


def require_known(office: Office, batch: Batch) -> None:
    """Raises :class:`NotPermitted` if there is nothing of that batch that could be destroyed."""
    if not VendorKeys(office.keys).names_of(batch):
        raise NotPermitted("vendor-key-unknown", vendor=batch.vendor, batch=batch.batch)


def keys_of_vendors(office: Office) -> list[dict[str, object]]:
    """Every key, request and unfinished import, and what is kept of destroyed keys; never key material."""
    office.look(Permission.WITNESS_STOCK)
    records = VendorKeys(office.keys)
    rows = [row_of(record, records) for record in records.all()]
    return sorted(
        rows, key=lambda row: (str(row["vendor"]).casefold(), str(row["batch"]).casefold(), str(row["since"]))
    )


def standing_of(office: Office, batch: Batch) -> dict[str, object]:
    """What is told of the key of a batch, or of its import that is not finished."""
    records = VendorKeys(office.keys)
    record = records.find(batch) or records.import_of(batch)
    if record is None:
        raise NotPermitted("vendor-key-unknown", vendor=batch.vendor, batch=batch.batch)
    return row_of(record, records)


def _opened(office: Office) -> VendorKeys:
    """The records, with the key store open: nobody is asked for anything any more once the act has begun."""
    office.keys.unlock(Compartment.CARDS)
    return VendorKeys(office.keys)


def _destroyed(office: Office, key: VendorKey, people: tuple[str, ...]) -> DestroyedKey:
    size, now = len(key.key), office.clock.now()
    return DestroyedKey(key.of, key.terms, size, key.way, key.imported_at, key.operators, now, people)


def _require_none(records: VendorKeys, batch: Batch) -> None:
    """Raises :class:`NotPermitted` if anything of the batch's key is here."""
    named = {"vendor": batch.vendor, "batch": batch.batch}
    _require_no_key(records, batch)
    if records.request_of(batch) is not None:
        raise NotPermitted("vendor-key-requested", **named)
    if records.import_of(batch) is not None:
        raise NotPermitted("vendor-key-import-open", **named)


def _require_no_key(records: VendorKeys, batch: Batch) -> None:
    if records.find(batch) is not None:
        raise NotPermitted("vendor-key-exists", vendor=batch.vendor, batch=batch.batch)


def _require_turn(
    office: Office, records: VendorKeys, unfinished: UnfinishedImport, number: int, operator: Operator
) -> None:
    """Raises unless the component is one that lacks, and the operator has typed no other."""
    if not 1 <= number <= unfinished.components:
        raise BadInput("vendor-key-component-number", number=number, components=unfinished.components)
    for part in records.components_of(unfinished.of):
        if part.number == number:
            raise NotPermitted("vendor-key-component-there", number=number, operator=part.operator)
        if operator.is_same_person_as(part.operator) and not office.home.config.demo:
            raise NotPermitted("vendor-key-component-same-person", operator=operator.name)


def _require_same(known: UnfinishedImport, components: int | None, terms: Terms | None) -> None:
    if components not in (None, known.components):
        raise BadInput("vendor-key-terms-differ", what="number of components")
    if terms is not None and replace(terms, check_value=b"") != replace(known.terms, check_value=b""):
        raise BadInput("vendor-key-terms-differ", what="method or diversification")
    if terms is not None and terms.check_value != known.terms.check_value:
        raise BadInput("vendor-key-terms-differ", what="check value")


def _told(terms: Terms) -> dict[str, object]:
    return {
        "check_value": _shown(terms.check_value),
        "method": str(terms.method),
        "diversification": str(terms.diversification),
    }


def _outcome(record: VendorKey) -> Mapping[str, object]:
    known = {"bits": 8 * len(record.key), "way": record.way, "operators": list(record.operators)}
    return {**_told(record.terms), **known}


def _shown(check_value: bytes) -> str:
    return check_value.hex().upper()
