"""A trust store of 900 anchors: how long a list of them takes to come in, and what a document costs then."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from statistics import median

from cryptography.x509 import load_der_x509_certificate

from benchmarks import clocks, floors
from benchmarks.measures import POLICY, Measure
from benchmarks.office import CLOCK, ENTROPY, BusyOffice, Personalized, Tap, powered
from eid_toolkit.books.keys.signers import EcSigner
from eid_toolkit.books.trust.packs import Basis, Member, Pack, Role
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.standards.asn1.oids import CSCA_MASTER_LIST_SIGNING_KEY
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.lds.sod import Sod, build_sod
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import verify_signed_data
from eid_toolkit.standards.pki.countries import two_letters
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.issuing import (
    Lifetime,
    Publication,
    build_crl,
    build_csca,
    build_document_signer,
    build_purpose_signer,
    distinguished_name,
)
from eid_toolkit.standards.pki.master_list import build_master_list
from eid_toolkit.standards.pki.validation import Status, TrustMaterial, check_revocation, validate_signer
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.evidence_format import encode_evidence
from support.trust_files import import_files

ANCHORS = 900
EDITIONS = 30
_RUNS = 5
_STATES = ("UTO", "VNM", "SGP", "FRA", "DEU", "NLD", "GHA", "JPN", "BRA", "CAN", "AUS", "KEN")
_VALIDITY = timedelta(days=3653)


class Lists:
    """Nine hundred CSCA certificates of twelve states, a master list of them by the first, and a document of it."""

    def __init__(self) -> None:
        now = CLOCK.now() - timedelta(days=1)
        self.cscas, self.key = [], _key("brainpoolP384r1")
        another = _key("brainpoolP384r1")  # one for all the others: making a key takes longer than using it
        for number in range(ANCHORS):
            state = _STATES[number % len(_STATES)]
            key = another if number else self.key
            name = distinguished_name(two_letters(state) or state, "Ministry", f"CSCA {number // len(_STATES)}")
            self.cscas.append(build_csca(key, name, Lifetime.of_csca(now, _VALIDITY), Publication(state), ENTROPY))
        first, signer = self.cscas[0], _key("brainpoolP256r1")
        publication, lifetime = Publication(_STATES[0]), Lifetime.of_signer(now, _VALIDITY)
        name = distinguished_name("UT", "Ministry", "Signer")
        common = (first, self.key, name, signer.public_key, lifetime, publication)
        list_signer = build_purpose_signer(*common, ENTROPY, CSCA_MASTER_LIST_SIGNING_KEY)
        self.master_list = build_master_list(self.cscas, signer, list_signer, first, "sha256", CLOCK.now())
        self._sign = (signer, list_signer, first, "sha256")
        self.crl = Crl.parse(build_crl(first, self.key, 1, CLOCK.now(), {}))
        self.data_groups = {1: bytes(95), 2: bytes(16_000), 14: bytes(400)}
        document_signer = build_document_signer(*common, ("I",), ENTROPY)
        self.sod = build_sod(self.data_groups, "sha256", signer, document_signer.der)

    def edition(self, number: int) -> Pack:
        """A list with one certificate less than the others, as it is kept when it was imported."""
        listed = [found for place, found in enumerate(self.cscas) if place != number + 1]
        now = CLOCK.now() + timedelta(seconds=number)
        data = build_master_list(listed, *self._sign, now)
        members = (*(Member.of(Role.ANCHOR, found.der, found) for found in listed), Member.of(Role.SOURCE, data))
        signer = self._sign[1].subject.text
        return Pack("master-list", f"{number}.ml", sha256(data).hexdigest(), Basis.CHAIN, now, members, signer)


def measure_trust(seconds: float, office: BusyOffice, personalized: Personalized) -> list[Measure]:
    """Import, loading, and passive authentication with all of them believed; then with thirty editions."""
    lists = Lists()
    with tempfile.TemporaryDirectory(prefix="eid-benchmarks-") as name:
        folder = Path(name)
        imported = _import(lists, folder)
        store = TrustStore(folder / "0")
        signer = Certificate.parse(Sod.parse(lists.sod).signer_certificate)
        trust = store.material()
        state = [anchor.der for anchor in trust.anchors_of(signer.country)]
        loaded = Measure(
            f"{ANCHORS} anchors loaded",
            _mean(lambda: validate_signer(signer, TrustStore(folder / "0").material(), CLOCK.now()), seconds),
            _mean(lambda: _load_floor(state), seconds),
        )
        grown = _grown(lists, folder / "officer", office, personalized)
    trust = TrustMaterial(trust.anchors, (lists.crl,), trust.links)
    judged = Measure(
        "passive authentication",
        _mean(lambda: _authenticate(lists, trust), seconds),
        _mean(lambda: _floor(lists), seconds),
    )
    return [imported, loaded, judged, grown]


def _load_floor(state: list[bytes]) -> None:
    """The certificates of the signer's state hashed and read, and the signature of one checked."""
    for data in state:
        sha256(data).digest()
        load_der_x509_certificate(data)
    floors.verify(floors.P384, 1)


def _grown(lists: Lists, home: Path, office: BusyOffice, personalized: Personalized) -> Measure:
    """``eid judge`` as a process in an officer's home: its time on the processor with thirty editions of the list, and
    as the floor that with one."""
    store = TrustStore(home / "trust")
    for anchor in office.material.anchors:
        store.add(anchor, "office.cer", CLOCK.now())
    for crl in office.material.crls:
        store.add(crl, "office.crl", CLOCK.now())
    evidence = home / "card.evidence"
    with powered(Tap(personalized.tap)) as (_, transport):
        password = AccessPassword.from_can(personalized.package.can.reveal().decode())
        evidence.write_bytes(encode_evidence(capture(transport, password, POLICY, ENTROPY, CLOCK)))
    times = []
    for editions in (range(1), range(1, EDITIONS)):
        store.packs.write(*map(lists.edition, editions))
        times.append(median(_judge(home, evidence) for _ in range(_RUNS)))
    one, all_of_them = times
    return Measure(f"eid judge, {EDITIONS} editions", all_of_them, one)


def _judge(home: Path, evidence: Path) -> float:
    """Seconds on the processor."""
    program = "from eid_toolkit.doors.cli.main import main; main()"
    began = clocks.children()
    command = (sys.executable, "-c", program, "--home", str(home), "judge", str(evidence))
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return (clocks.children() - began).cpu


def _import(lists: Lists, folder: Path) -> Measure:
    def once(number: int) -> float:
        began = time.perf_counter()
        files = [("first.cer", lists.cscas[0].der), ("list.ml", lists.master_list)]
        import_files(TrustStore(folder / str(number)), files, CLOCK.now())
        return time.perf_counter() - began

    def least() -> float:
        """Every certificate's own signature, and the list written and synced."""
        began = time.perf_counter()
        floors.verify(floors.P384, ANCHORS)
        with (folder / "floor").open("wb") as file:
            file.write(lists.master_list)
            file.flush()
            os.fsync(file.fileno())
        return time.perf_counter() - began

    return Measure(
        f"{ANCHORS} certificates imported", min(once(number) for number in range(3)), min(least() for _ in range(3))
    )


def _authenticate(lists: Lists, trust: TrustMaterial) -> None:
    """Signature, signer, revocation and hashes of one document."""
    sod = Sod.parse(lists.sod)
    signer = Certificate.parse(sod.signer_certificate)
    good = verify_signed_data(sod.signed_data, signer.der)
    chain, revocation = validate_signer(signer, trust, CLOCK.now()), check_revocation(signer, trust, CLOCK.now())
    hashes = all(sod.covers(number, content) for number, content in lists.data_groups.items())
    if not (good and hashes and chain.status is Status.PASSED and revocation.status is Status.PASSED):
        raise RuntimeError("the benchmark's document must be genuine")


def _floor(lists: Lists) -> None:
    floors.verify(floors.P256, 1)
    floors.verify(floors.P384, 1)
    floors.digest(lists.data_groups.values())


def _key(curve: str) -> EcSigner:
    return EcSigner(EcPrivateKey.generate(ec_domain_by_name(curve), ENTROPY))


def _mean(work: Callable[[], object], seconds: float) -> float:
    work()
    count, began = 0, time.perf_counter()
    while True:
        work()
        count += 1
        if (elapsed := time.perf_counter() - began) >= seconds:
            return elapsed / count
