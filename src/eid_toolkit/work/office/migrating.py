"""The key store of a home from before it had compartments, migrated once by two security officers.

Whoever stops it at any moment leaves the old home or the new one: what is changed is put back by the next command,
unless the row is on record that says it was done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eid_toolkit.books.audit.keeper import LogKeeper
from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.audit.log_book import LogBook
from eid_toolkit.books.audit.made import in_detail
from eid_toolkit.books.audit.standing import told_in
from eid_toolkit.books.audit.taking_over import take_over, to_take_over
from eid_toolkit.books.authorities.authority_files import CSCA, CVCA, VERIFIER, AuthorityFiles, key_name
from eid_toolkit.books.authorities.verifying import VerifyingStore
from eid_toolkit.books.authorities.vouched import MIGRATED, made_before
from eid_toolkit.books.keys.compartments import Compartment, compartment_of
from eid_toolkit.books.keys.foundation import FILE as FOUNDATION_FILE
from eid_toolkit.books.keys.key_files import PRIVATE, SYMMETRIC, names_in
from eid_toolkit.books.keys.keys import DATA_KEY, LOOK_UP_KEY, KeyStore
from eid_toolkit.books.keys.opening import OLD_SPECIMEN_FILE
from eid_toolkit.books.keys.passphrase_keys import LOCK_FILE, PassphraseKeys
from eid_toolkit.books.keys.token_keys import adopt_token
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.ledger.register_address import RegisterAddress
from eid_toolkit.books.staff.old_records import OldRecord, old_records
from eid_toolkit.books.staff.operators import require_role
from eid_toolkit.books.staff.records import OperatorRecord
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken, KeyMissing, NotPermitted, UsageError
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.home.undo import recorded, take_away
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.work.office.act import recoverable, settle
from eid_toolkit.work.office.credentials import Credentials, Purpose
from eid_toolkit.work.office.founding import OWN_AUTHORITY, Enrolment
from eid_toolkit.work.office.staffing import FOUNDER, Staffing

DONE = "keys.migrated"
_SUBJECT = "key-store"
_LOOK_UP_KEY_SIZE = 32


@dataclass(frozen=True, slots=True)
class Migrated:
    """What came of it: the recovery share of each officer, and who has to be re-enrolled."""

    recovery_shares: dict[str, Secret]
    to_re_enrol: tuple[str, ...]


def migrate(
    root: Path,
    credentials: Credentials,
    passphrase: Callable[[], Secret],
    pin: Callable[[], Secret],
    clock: Clock,
    entropy: Entropy,
) -> Migrated:
    """Give the key store of the home compartments.

    ``passphrase`` is asked for the one of the old key store, ``pin`` for that of its token where it has one. Raises
    :class:`NotPermitted` where it was done before, or the two operators are no security officers.
    """
    home = Home.open(root)
    with _old_home(home, clock) as before:
        settle(before)
        if (home.keys / FOUNDATION_FILE).exists() or not (home.keys / LOCK_FILE).exists():
            raise NotPermitted("keys-migrated-before")
        names = () if home.config.demo else _named(home, credentials)
        old = PassphraseKeys.open(home.keys, _specimen(home) if home.config.demo else passphrase, entropy)
        records = old_records(home.operators, old.files.symmetric(DATA_KEY))
        officers = [_officer(home, records, name, credentials) for name in names]
        token_pin = pin() if home.config.key_store is not None else None
        return _carry_out(before, old, officers, records, token_pin, clock, entropy)


@dataclass(frozen=True)
class _OldHome(LogBook):
    """A home whose key store cannot be opened as it is."""

    home: Home
    database: Database
    clock: Clock

    @property
    def register(self) -> LogBook:
        return self

    @property
    def keys(self) -> _OldHome:
        return self

    def destroy(self, name: str) -> None:
        raise KeyMissing("key-missing", name=name)


@contextmanager
def _old_home(home: Home, clock: Clock) -> Iterator[_OldHome]:
    database = Database.open(RegisterAddress.of(home), new=False)
    try:
        yield _OldHome(home, database, clock)
    finally:
        database.close()


def _carry_out(
    before: _OldHome,
    old: PassphraseKeys,
    officers: list[Enrolment],
    records: tuple[OldRecord, ...],
    token_pin: Secret | None,
    clock: Clock,
    entropy: Entropy,
) -> Migrated:
    home, now = before.home, clock.now()
    acting = {officer.name for officer in officers}
    others = [_kept(record) for record in records if record.name not in acting]
    actor = officers[0].name if officers else FOUNDER
    with recoverable(before, "keys.migrate", _SUBJECT, actor, DONE) as undo:
        with recorded(undo):
            for record in records:
                take_away(home.operators / f"{record.name.casefold()}.json")
            staffing = Staffing(home, officers, now, entropy, others)
            _move_keys(home, old, staffing.keys, token_pin, entropy)
            _decide_on_own(home, staffing, clock)
            made = _made(home, staffing, clock)
            take_away(home.keys / LOCK_FILE)
            take_away(home.keys / OLD_SPECIMEN_FILE)
        undo.note({"outcome": DONE, "subject": _SUBJECT})
        rows = [(actor, "operator.migrated", record.name, staffing.standing(record)) for record in staffing.records]
        rows += [(actor, MIGRATED, state, detail) for state, detail in made]
        events = [AuditEvent(action, subject, detail, told_in(action, detail)) for _, action, subject, detail in rows]
        before.database.keeper = LogKeeper(staffing.foundation, clock, entropy)
        with before.database.write(exclusive=True) as connection:
            append(connection, now, actor, events)
            if to_take_over(connection).rows:
                take_over(connection, staffing.records, staffing.people, staffing.foundation, now)
            append(connection, now, staffing.people[0], [AuditEvent(DONE, _SUBJECT, {"officers": sorted(acting)})])
    left = tuple(record.name for record in others if record.disabled is None)
    return Migrated(staffing.recovery_shares, left)


def _move_keys(home: Home, old: PassphraseKeys, keys: KeyStore, token_pin: Secret | None, entropy: Entropy) -> None:
    """Every key into its compartment: it lies in the same file, under another sealing key."""
    made = {"staff", "staff-unwrapping"}
    for name in names_in(home.keys, PRIVATE, SYMMETRIC):
        if name not in made:
            old.files.reseal(name, keys.sealing_key(_place(name)))
    if LOOK_UP_KEY not in keys.names():
        keys.create_symmetric(LOOK_UP_KEY, Secret(entropy.take(_LOOK_UP_KEY_SIZE)))
    if home.config.key_store is not None and token_pin is not None:
        adopt_token(home.keys, home.config.key_store, token_pin, keys.sealing_key, entropy)


def _place(name: str) -> Compartment:
    try:
        return compartment_of(name)
    except KeyError:
        raise IntegrityBroken("key-store-damaged", file=name) from None


def _decide_on_own(home: Home, staffing: Staffing, clock: Clock) -> None:
    """The home's own CSCAs, whose keys are here, are believed on the officers' signatures from now on."""
    trust, files = TrustStore(home.trust), AuthorityFiles(home.pki)
    for state, number in _numbers(files, CSCA):
        certificate, name = files.certificate(state, CSCA, number), key_name(CSCA, state, number)
        if name not in staffing.keys.names() or staffing.keys.signer(name).public_key != certificate.spki:
            continue  # the CSCA of another home, or a file that somebody has put there: two people decide on it
        if certificate.fingerprint in {entry.fingerprint for entry in trust.entries()}:
            trust.remove(certificate.fingerprint)
        trust.add(certificate, OWN_AUTHORITY, clock.now(), *staffing.people)


def _made(home: Home, staffing: Staffing, clock: Clock) -> list[tuple[str, dict[str, object]]]:
    """What the officers vouch for of the authorization PKI, by state: what its keys are here for."""
    store, now = VerifyingStore(home.pki, staffing.keys), clock.now()
    places = [(state, kind, number) for kind in (CVCA, VERIFIER) for state, number in _numbers(store.files, kind)]
    made = made_before(store, places, now)
    states = sorted({each.subject for each in made})
    return [
        (state, in_detail(staffing.foundation, staffing.people, (each for each in made if each.subject == state)))
        for state in states
    ]


def _numbers(files: AuthorityFiles, kind: str) -> list[tuple[str, int]]:
    return [(state, number) for state in files.all_states() for number in files.generations(state, kind)]


def _named(home: Home, credentials: Credentials) -> tuple[str, ...]:
    """The two who act, as the old records have them; told before any passphrase."""
    names = (credentials.operator, credentials.second_operator)
    if names[0] is None:
        raise UsageError("operator-not-named")
    if names[1] is None:
        raise NotPermitted("second-person-missing", action="keys.migrate")
    if names[0].casefold() == names[1].casefold():
        raise NotPermitted("second-person-same", operator=names[0])
    return tuple(name for name in names if name is not None)


def _officer(home: Home, records: tuple[OldRecord, ...], name: str, credentials: Credentials) -> Enrolment:
    record = next((record for record in records if record.name.casefold() == name.casefold()), None)
    if record is None:
        raise BadInput("operator-unknown", name=name)
    if record.disabled is not None:
        raise NotPermitted("operator-disabled", name=record.name)
    require_role(record.name, record.held_roles, Permission.MANAGE_KEYS)
    wrong = AccessDenied("operator-passphrase-wrong", name=record.name)
    for passphrase in credentials.passphrases(record.name, Purpose("keys.migrate")):
        try:
            key = record.unlock(home.operators, passphrase)
            return Enrolment(record.name, passphrase, record.held_roles, key)
        except AccessDenied as error:
            wrong = error
    raise wrong


def _kept(record: OldRecord) -> OperatorRecord:
    """Somebody who keeps their name, roles and earlier decisions, and gets new keys when they are re-enrolled."""
    return OperatorRecord(
        record.name,
        1,
        record.public_key,
        b"",
        b"",
        record.held_roles,
        record.created,
        record.disabled,
        (),
        record.lock,
        b"",
        b"",
    )


def _specimen(home: Home) -> Callable[[], Secret]:
    def read() -> Secret:
        try:
            return Secret((home.keys / OLD_SPECIMEN_FILE).read_bytes())
        except FileNotFoundError:
            raise IntegrityBroken("key-store-damaged", file=OLD_SPECIMEN_FILE) from None

    return read
