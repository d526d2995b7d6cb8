"""What is signed, hashed, kept or documented as JSON stays the same to the byte; ``fixtures/written`` has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import pytest

from eid_toolkit.books.audit.log import AuditRow
from eid_toolkit.books.audit.statements import Checkpoint
from eid_toolkit.books.audit.walk import Restoring
from eid_toolkit.books.keys.compartment_files import CompartmentFile
from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.passphrase_keys import PassphraseKeys
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.workflow import BlankState, DocumentState
from eid_toolkit.books.register.agencies.agency_record import Agency
from eid_toolkit.books.register.agencies.notices import Notice, NoticeKind
from eid_toolkit.books.register.documents.document_rows import Document
from eid_toolkit.books.register.documents.document_status import StatusChange
from eid_toolkit.books.register.keeping.backup import Manifest
from eid_toolkit.books.register.keeping.erasure import Erased
from eid_toolkit.books.register.keeping.statistics import Statistics
from eid_toolkit.books.register.queues import Queue
from eid_toolkit.books.register.stock.stock import Movement
from eid_toolkit.books.register.stock.stock_movements import Blank
from eid_toolkit.books.register.stock.stock_receiving import Receipt
from eid_toolkit.books.register.stock.stock_shifts import Shift
from eid_toolkit.books.staff.old_records import OldRecord
from eid_toolkit.books.staff.records import OperatorRecord
from eid_toolkit.books.trust.bundles import BundleManifests, BundleStore
from eid_toolkit.books.trust.entry import Decision, ListOrigin
from eid_toolkit.books.trust.packs import Member, Pack, Role
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.plain_values import to_plain
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.pki.trust_bundle import TrustBundle
from eid_toolkit.work.inspection.evidence_format import decode_evidence, encode_evidence
from eid_toolkit.work.inspection.evidence_keys import EvidenceKeys
from eid_toolkit.work.inspection.evidence_seal import PREFIX, read_seal
from eid_toolkit.work.inspection.trusted_time import ToldTime
from eid_toolkit.work.personalization.journal import Job, JobState
from vectors import FIXTURES

WRITTEN = FIXTURES / "written"
_Read = TypeVar("_Read")
TIME = datetime(2026, 5, 4, 3, 2, 1, 123456, UTC)
LATER = datetime(2026, 5, 5, tzinfo=UTC)


def from_folder(name: str, data: bytes, read: Callable[[Path], _Read]) -> _Read:
    with TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(data)
        return read(Path(folder))


def compartment_again(data: bytes) -> bytes:
    """A compartment of the foundation that is kept beside it, which endorses it."""

    def again(folder: Path) -> bytes:
        foundation = from_folder("foundation.json", (WRITTEN / "foundation.json").read_bytes(), Foundation.read)
        file = CompartmentFile.read(folder, Compartment.CSCA, foundation)
        assert file is not None
        file.write(folder)
        return CompartmentFile.path(folder, Compartment.CSCA).read_bytes()

    return from_folder("csca.compartment", data, again)


def _indented(values: object) -> bytes:
    return json.dumps(values, indent=1).encode()


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "checkpoint": lambda data: _indented(Checkpoint.read(data).to_json()),
    "operator-3": lambda data: OperatorRecord.parse(data).encode(),
    "foundation": lambda data: from_folder("foundation.json", data, lambda folder: Foundation.read(folder).encode()),
    "compartment": compartment_again,
    "backup-manifest": lambda data: json.dumps(Manifest.from_json(json.loads(data)).to_json()).encode(),
    "trust-pack": lambda data: Pack.decode(data, ()).encode(),
    "trust-bundle": lambda data: TrustBundle.parse(data).encode(),
    "evidence": lambda data: encode_evidence(decode_evidence(data)),
    "evidence-least": lambda data: encode_evidence(decode_evidence(data)),
}
STATEMENTS: dict[str, tuple[str, Callable[[bytes], str | bytes]]] = {
    "checkpoint-statement": ("checkpoint", lambda data: canonical(Checkpoint.read(data).statement)),
    "operator-endorsed": ("operator", lambda data: OldRecord.parse(data).endorsed),
    "operator-1-endorsed": ("operator-1", lambda data: OldRecord.parse(data).endorsed),
    "trust-pack-statement": (
        "trust-pack",
        lambda data: Pack.decode(data, (Member.of(Role.CRL, b"x"),)).statement("clerk"),
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_file_is_written_again_as_it_was(name: str) -> None:
    data = (WRITTEN / f"{name}.json").read_bytes()
    assert FORMS[name](data) == data


@pytest.mark.parametrize("name", STATEMENTS)
def test_what_is_signed_of_a_file_stays_the_same(name: str) -> None:
    source, signed = STATEMENTS[name]
    text = signed((WRITTEN / f"{source}.json").read_bytes())
    assert (text.encode() if isinstance(text, str) else text) == (WRITTEN / f"{name}.json").read_bytes()


def test_evidence_is_signed_as_sorted_json_without_blanks() -> None:
    data = json.loads((WRITTEN / "evidence.json").read_bytes())
    seal = read_seal(json.dumps({**data, "signature": {"public_key": "AAE=", "value": "/w=="}}).encode())
    assert seal is not None
    assert (seal.public_key, seal.signature) == (b"\0\1", b"\xff")
    assert seal.message == PREFIX + json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def test_enrolled_readers_are_kept_as_before(tmp_path: Path) -> None:
    keys = EvidenceKeys(tmp_path)
    keys.enrol("ab" * 32, "Gate 1")
    written = (WRITTEN / "evidence-readers.json").read_bytes()
    assert (tmp_path / "evidence" / "enrolled.json").read_bytes() == written
    assert [(reader.fingerprint, reader.name) for reader in keys.enrolled()] == [("ab" * 32, "Gate 1")]


def test_a_key_store_of_before_opens(tmp_path: Path) -> None:
    (tmp_path / "key-store.json").write_bytes((WRITTEN / "key-store.json").read_bytes())
    assert PassphraseKeys.open(tmp_path, lambda: Secret(b"passphrase"), SystemEntropy()).names() == ()
    PassphraseKeys.create(tmp_path / "new", Secret(b"passphrase"), SystemEntropy())
    old, new = (json.loads((folder / "key-store.json").read_bytes()) for folder in (tmp_path, tmp_path / "new"))
    assert list(old["passphrase"]) == list(new["passphrase"])
    assert {**new["passphrase"], "salt": "", "check": "", "n": 0} == {
        **old["passphrase"],
        "salt": "",
        "check": "",
        "n": 0,
    }


def test_bundles_of_before_are_known(tmp_path: Path) -> None:
    (tmp_path / "bundle-authority.json").write_bytes((WRITTEN / "bundle-pin.json").read_bytes())
    store = BundleStore(cast(TrustStore, SimpleNamespace(directory=tmp_path)))
    pin = store.pin()
    assert pin is not None
    assert (pin.certificate, pin.accepted_at, pin.operator, pin.highest) == (b"\x30\x01", TIME, None, 5)
    manifests = BundleManifests(tmp_path)
    manifests.write(3, TIME, {"anchors": (b"1", b"2")})
    assert (tmp_path / "3.json").read_bytes() == (WRITTEN / "bundle-manifest.json").read_bytes()
    assert len(manifests.members(3)) == 2


SAMPLES: dict[str, Any] = {
    "audit row": AuditRow(1, TIME, "clerk", "person.added", "P1", '{"a":[1,null]}', "00", "11"),
    "restoring": Restoring(5, "time", "clerk", 3, 4, (2, "ab")),
    "agency": Agency("police", "Police", ("name",), ("border",), True, TIME, LATER),
    "notice": Notice("N1", NoticeKind.WANTED, "P1", None, "police", "clerk", TIME, "theft", None, None, None),
    "document": Document(
        "D1", "A1", "utopia-id", "ab", "ID", "UTO", "X1", "2026-05-04", None, "ds-1", "cd", "ef",
        DocumentState.PREPARED, None, False, TIME,
    ),
    "status change": StatusChange("document.lost", DocumentState.PREPARED, TIME, "clerk", None),
    "erased": Erased("P1", ("P2",), (), False),
    "statistics": Statistics("0030", "sqlite", 4096, {"person": {"all": 3}}, 12, "ef", 7, "file"),
    "queue": Queue("print", 2, TIME, "D1"),
    "queue of none": Queue("print", 0, None, None),
    "movement": Movement("stock.receive", None, "received", "s1", "H1", TIME, "clerk", None),
    "blank": Blank("S1", "aabb", BlankState.IN_STORE, "s1", "H1", None, "M1", TIME, 2),
    "receipt": Receipt("M1", "Vendor", "B1", "ab", None, 3, "s1"),
    "shift": Shift("H1", "s1", "open", TIME, "clerk", None, 4, None, None, None, None),
    "closed shift": Shift("H1", "s1", "closed", TIME, "clerk", "other", 4, LATER, "clerk", "other", 3),
    "told time": ToldTime("crl", "C=UT", TIME, None, "ab", "reset"),
    "decision": Decision("clerk", b"\0\xff"),
    "decision of nobody": Decision(None),
    "list": ListOrigin("master-list", "ab", None, "signer-chain"),
    "job": Job("J1", "D1", None, "reader", JobState.OPEN, "ab", "clerk", TIME, LATER, 2, 9, "issue:", None),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_what_programs_read_keeps_its_keys_and_their_order(name: str) -> None:
    expected = json.loads((WRITTEN / "outputs.json").read_bytes())
    sample = SAMPLES[name]
    values = sample.to_json() if hasattr(sample, "to_json") else to_plain(sample)
    assert json.dumps(values, indent=1) == json.dumps(expected[name], indent=1)
