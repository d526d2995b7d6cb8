"""What is wrong in a home and around it, and what to do; nobody is asked for a passphrase."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.opening import is_authority
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.ports import Clock
from eid_toolkit.work.office import health_surroundings as surroundings
from eid_toolkit.work.office.findings import Finding, Grade
from eid_toolkit.work.office.key_keeping import KeyStanding, standing
from eid_toolkit.work.office.office import Office

_FEWEST_HOLDERS = 3
_OLD_LISTS = timedelta(days=90)
"""As old as a revocation list may get (9303-12 4.2.2)."""


def findings(root: Path, open_office: Callable[[], Office], clock: Clock) -> Iterator[Finding]:
    """All findings, area by area; what cannot be looked at is a finding itself."""
    yield from _attempt("readers", _readers, Grade.WARNING)
    yield from surroundings.terminal()
    yield from surroundings.disk(root)
    if is_authority(root):
        yield from _attempt("home", lambda: _office(open_office, clock))
    yield from _attempt("trust", lambda: _trust(root, clock.now()))
    yield from _attempt("officer", lambda: _officer(root))


def _attempt(area: str, look: Callable[[], Iterator[Finding]], grade: Grade = Grade.FAILED) -> Iterator[Finding]:
    try:
        yield from look()
    except EidError as error:
        yield Finding(area, grade, error.code, error.facts)


def _readers() -> Iterator[Finding]:
    from eid_toolkit.cards.transport.pcsc import list_readers

    readers = list_readers()
    grade = Grade.OK if readers else Grade.WARNING
    yield Finding("readers", grade, "doctor-readers", {"count": len(readers)})


def _office(open_office: Callable[[], Office], clock: Clock) -> Iterator[Finding]:
    office = open_office()
    try:
        nature = "demo" if office.home.config.demo else "office"
        yield Finding("home", Grade.OK, "doctor-home", {"nature": nature, "country": office.keys.foundation.country})
        yield from _register(office)
        yield from _keys(office, standing(office))
        yield from _attempt("operators", lambda: _operators(office))
        yield from _attempt("pki", lambda: _own_lists(office, clock.now()))
        yield from _attempt("pki", lambda: surroundings.certificates(office, clock.now()))
        yield from _attempt("pki", lambda: _own_files(office))
        yield from _attempt("agent", lambda: surroundings.agent(office), Grade.WARNING)
        yield from _attempt("backup", lambda: surroundings.backups(office, clock.now()))
        yield from surroundings.zone(office, clock.now())
    finally:
        office.register.close()


def _register(office: Office) -> Iterator[Finding]:
    from eid_toolkit.books.ledger.database import channel

    with office.register.database.read() as connection:
        reached = channel(connection)
    if reached in ("plain", "tls"):
        yield Finding("register", Grade.WARNING, "doctor-register-open", {"by": reached})
    else:
        yield Finding("register", Grade.OK, "doctor-register-reached", {"by": reached})


def _keys(office: Office, keys: KeyStanding) -> Iterator[Finding]:
    if office.home.config.demo:
        yield Finding("keys", Grade.OK, "doctor-keys-demo")
        return
    for compartment in keys.compartments:
        name = str(compartment.compartment)
        people = [holder for holder in compartment.holders if "#" not in holder]
        if compartment.by_two and len(people) < _FEWEST_HOLDERS:
            facts = {"compartment": name, "count": len(people)}
            yield Finding("keys", Grade.WARNING, "doctor-holders-few", facts)
        for person in compartment.waiting:
            yield Finding("keys", Grade.WARNING, "doctor-wrap-missing", {"name": person, "compartment": name})
        for exposure in compartment.exposures:
            facts = {"name": exposure.person, "compartment": name, "keys": ", ".join(exposure.keys)}
            yield Finding("keys", Grade.WARNING, "doctor-keys-exposed", facts)
    if {item.compartment for item in keys.compartments} < set(Compartment):
        yield Finding("keys", Grade.WARNING, "doctor-compartment-missing")
    if keys.unsealed:
        yield Finding("keys", Grade.WARNING, "doctor-keys-to-reseal", {"count": keys.unsealed})
    yield Finding("keys", Grade.OK, "doctor-keys", {"count": len(keys.compartments)})


def _operators(office: Office) -> Iterator[Finding]:
    if not office.home.config.demo:
        yield Finding("operators", Grade.OK, "doctor-operators", {"count": len(office.operators.active())})


def _own_lists(office: Office, now: datetime) -> Iterator[Finding]:
    authorities = office.authorities
    for state in authorities.states():
        if not authorities.has_crl(state):
            continue
        age = now - authorities.crl(state).this_update
        facts = {"state": state, "days": age.days}
        if age > _OLD_LISTS:
            yield Finding("pki", Grade.WARNING, "doctor-own-list-old", facts)
        else:
            yield Finding("pki", Grade.OK, "doctor-own-list", facts)


def _own_files(office: Office) -> Iterator[Finding]:
    """What lies in `pki/` is the authority's own; what would keep a bundle from being signed is told before."""
    from eid_toolkit.work.office.own_files import own_certificates, own_cv_certificates

    states = [state for state in office.authorities.states() if office.authorities.has_csca(state)]
    count = len(own_cv_certificates(office))
    if states:
        trust = office.trust.material()
        count += len(own_certificates(office, trust, *states))
    yield Finding("pki", Grade.OK, "doctor-own-files", {"count": count})


def _officer(root: Path) -> Iterator[Finding]:
    """What an officer's home lacks; an officer may do without terminal certificates, and without a bundle."""
    from eid_toolkit.work.office.officer_home import lacking

    for code in lacking(root):
        yield Finding("officer", _LACKING.get(code, Grade.WARNING), code)


_LACKING = {"officer-lacks-terminal": Grade.OK, "officer-lacks-evidence-key": Grade.OK}


def _trust(root: Path, now: datetime) -> Iterator[Finding]:
    from eid_toolkit.books.trust.store import open_trust
    from eid_toolkit.work.inspection.trusted_time import latest_told

    material = open_trust(root).material()
    old = [crl for crl in material.crls if crl.next_update is not None and crl.next_update < now]
    for crl in old:
        facts: dict[str, object] = {"issuer": crl.issuer.text, "until": f"{crl.next_update:%Y-%m-%d}"}
        yield Finding("trust", Grade.WARNING, "doctor-list-stale", facts)
    told = latest_told(material)
    if told is not None and told > now:
        yield Finding("clock", Grade.FAILED, "doctor-clock-behind", {"told": f"{told:%Y-%m-%d %H:%M}"})
    else:
        yield Finding("clock", Grade.OK, "doctor-clock", {"now": f"{now:%Y-%m-%d %H:%M}"})
    yield Finding("trust", Grade.OK, "doctor-trust", {"anchors": len(material.anchors), "lists": len(material.crls)})
