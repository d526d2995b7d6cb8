"""A small state of things in which every command that does something can be given once.

A demo home with persons, applications, documents, stock, agencies, keys and trust, beside a home of another authority,
an officer's home, and the files that commands take in.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import DecisionNeeded
from eid_toolkit.ground.ports import SystemClock
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.check_values import check_value
from eid_toolkit.standards.pki.cv_certificate import KeyReference
from eid_toolkit.standards.pki.cv_request import CvRequest
from eid_toolkit.work.personalization.readback import ReadBack
from support.authorities import Authority
from support.crypto_policies import file_of, with_floor
from support.cv_chain import ec_signer
from support.homes import portrait_file
from support.manifests import SigningVendor, manifest, serial_of
from support.offices import ENVIRONMENT

_AGE = timedelta(days=11 * 366)
"""Of documents that are to expire."""
HOLDER = ("--birth", "1974-08-12", "--sex", "F", "--nationality", "UTO")
REASON = ("--reason", "a test")
COMPONENT = bytes.fromhex(ENVIRONMENT["EID_COMPONENT"])
COMPONENT_KCV = f"--component-kcv {check_value(Secret(COMPONENT)).hex()}"


@dataclass
class World:
    """A folder with the home in it; ``names`` are the identifiers that commands need."""

    folder: Path
    names: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def path(self, name: str) -> Path:
        return self.folder / name

    def copy(self, folder: Path) -> World:
        shutil.copytree(self.folder, folder)
        return World(folder, self.names)

    def call(self, *words: object, home: str = "home") -> Result:
        """A command by Anna, with Bert where it takes two."""
        people = ("--operator", "anna", "--second-operator", "bert", "--yes")
        arguments = ["--home", str(self.folder / home), *people, *map(str, words)]
        with pytest.MonkeyPatch.context() as patch:
            if words[:2] == ("document", "expire"):
                patch.setattr(SystemClock, "now", lambda _: datetime.now(UTC) + _AGE)
            return CliRunner().invoke(main, arguments, env=ENVIRONMENT)

    def done(self, *words: object, home: str = "home") -> Any:
        result = self.call(*words, "--format", "json", home=home)
        assert result.exit_code == 0, (words, result.output, result.exception)
        return json.loads(result.stdout)

    def quiet(self, *words: object, home: str = "home") -> None:
        result = self.call(*words, home=home)
        assert result.exit_code == 0, (words, result.output, result.exception)

    def as_bert(self, *words: object) -> None:
        self.quiet("--operator", "bert", *words)

    def filled(self, words: str) -> list[str]:
        """A command line with ``{name}`` for identifiers and ``@name`` for files."""
        filled = (word.format(**self.names) if "{" in word else word for word in words.split())
        return [str(self.folder / word[1:]) if word.startswith("@") else word for word in filled]


def build_world(folder: Path) -> World:
    world = World(folder)
    folder.mkdir()
    world.quiet("init", "--demo")
    _keys(world)
    _trust(world)
    _people(world)
    world.quiet("audit", "checkpoint")
    _stock(world)
    _card_keys(world)
    return world


def _keys(world: World) -> None:
    path = world.path
    world.quiet("init", "--demo", home="elsewhere")
    world.quiet("pki", "cvca", "create")
    world.quiet("pki", "dv", "create")
    world.quiet("pki", "dv", "request", "--output", path("dv.cvreq"))
    world.quiet("pki", "dv", "issue", path("dv.cvreq"), "--output", path("dv.cvcert"))
    path("terminal.cvreq").write_bytes(_terminal_request())
    world.quiet("pki", "dv", "request", "--output", path("new-dv.cvreq"))
    world.quiet("pki", "ds", "request", "--output", path("ds.p10"))
    world.quiet("pki", "ds", "issue", path("ds.p10"), "--output", path("ds.cer"))
    world.quiet("pki", "ds", "request", "--output", path("new-ds.p10"))
    shutil.copytree(world.home, path("signers"))
    world.quiet("pki", "crl", "issue", "--output", path("newer.crl"), home="signers")


def _terminal_request() -> bytes:
    """On the curve of the CVCA's key."""
    signer = ec_signer()
    return CvRequest.build(signer.certified(with_domain=True), signer, KeyReference("UTINSPECT00001")).encode()


def _trust(world: World) -> None:
    for state in ("FRA", "DEU"):
        world.path(f"{state}.cer").write_bytes(Authority(state).csca.der)
    (entry,) = world.done("trust", "import", world.path("DEU.cer"))
    world.names["anchor"] = entry["fingerprint"]
    world.quiet("trust", "time", "--reset")  # what was told so far is kept
    world.names["key"], world.names["known_key"] = "5d" * 32, "6e" * 32
    world.quiet("evidence", "enrol", world.names["known_key"], "--name", "Gate 4")


def _people(world: World) -> None:
    world.path("portrait.png").write_bytes(portrait_file())
    world.path("policy.toml").write_bytes(file_of(with_floor(least_rsa_bits=3072)))
    world.path("people.csv").write_text(
        "primary_identifier,secondary_identifier,date_of_birth,sex,nationality\nBerg,Ida,1980-01-01,F,UTO\n"
    )

    def person(name: str) -> str:
        surname = "Eriksson" if name.startswith("twin") else name.capitalize()
        added = world.done("person", "add", "--surname", surname, "--given-names", "Anna", *HOLDER)
        return world.names.setdefault(name, added["id"])

    def applied(name: str) -> str:
        portrait = world.path(f"{name}.png")
        portrait.write_bytes(portrait_file(len(world.names)))
        words = ("application", "create", "--person", person(name), "--profile", "utopia-id", "--portrait", portrait)
        return world.names.setdefault(f"{name}_application", world.done(*words)["id"])

    def approved(name: str) -> str:
        application = applied(name)
        world.as_bert("application", "approve", application)
        return application

    def prepared(name: str) -> str:
        (document,) = world.done("document", "prepare", approved(name))
        return world.names.setdefault(f"{name}_document", document["id"])

    def issued(name: str) -> str:
        document = prepared(name)
        world.quiet("emulator", "blank", name)
        world.quiet("card", "personalize", "--without-print-check", document, "--reader", f"emulator:{name}")
        return document

    for name in ("plain", "twina", "twinb"):
        person(name)
    world.path("list.csv").write_text(f"personal_number\n{world.names['plain']}\n")
    world.path("faces").mkdir()
    (world.path("faces") / f"{world.names['plain']}.png").write_bytes(portrait_file())
    applied("applicant")
    approved("waiting")
    prepared("made")
    for name in ("holder", "resting", "revoked"):
        issued(name)
    _stuck(world, prepared("stuck"))
    world.quiet("document", "suspend", world.names["resting_document"], *REASON)
    world.quiet("document", "revoke", world.names["revoked_document"], *REASON)
    world.quiet("agency", "add", "police", "--name", "Police", "--field", "id", "--purpose", "search", "--may-report")
    notice = world.done("notice", "add", "--kind", "wanted", "--person", world.names["twina"], "--agency", "police")
    world.names["notice"] = notice["id"]
    world.quiet("person", "duplicates", "--scan")
    world.quiet("person", "search", "eriksson", "--purpose", "a test")  # makes the key of look-ups


def _stuck(world: World, document: str) -> None:
    """A card that is written and not what was planned: its job waits for a decision."""

    def differs(*_: object) -> None:
        raise DecisionNeeded("read-back-differs", files="EF.DG2")

    world.quiet("emulator", "blank", "stuck")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ReadBack, "__call__", differs)
        assert (
            world.call("card", "personalize", "--without-print-check", document, "--reader", "emulator:stuck").exit_code
            == 8
        )
    (job,) = world.done("card", "jobs", "--state", "needs-decision")
    world.names["job"] = job["id"]


def _stock(world: World) -> None:
    vendor = SigningVendor("Other Ltd")
    world.path("vendor.der").write_bytes(vendor.der)
    for name, numbers in (("first", range(1, 9)), ("second", range(11, 14))):
        world.path(f"{name}.json").write_bytes(manifest(*numbers, batch=name))
    world.quiet("stock", "receive", world.path("first.json"))
    serials = [serial_of(number) for number in range(9)]
    world.quiet("stock", "issue", *serials[1:4], "--station", "counter")
    world.quiet("stock", "issue", serials[4], "--station", "open")
    world.quiet("stock", "open", "--station", "open", "--counted", 1)
    world.quiet("stock", "missing", serials[5], *REASON)
    for name, serial in zip(("s1", "s4", "s5", "s6", "s7"), (serials[i] for i in (1, 4, 5, 6, 7)), strict=True):
        world.names[name] = serial


def _card_keys(world: World) -> None:
    """A vendor whose key was asked for, one whose key is here, and one of whose key one component lacks.

    All keys are that of developer cards, which the home itself exports.
    """
    path = world.path
    for vendor in ("Asked", "Kept"):
        name = vendor.lower()
        request = ("stock", "key", "request", vendor, "--batch", 1, "--algorithm", "p-256")
        world.quiet(*request, "--output", path(f"{name}.pem"))
        world.quiet("stock", "key", "export", "--for", path(f"{name}.pem"), "--output", path(f"{name}.key"))
    world.quiet("stock", "key", "import", "Kept", "--batch", 1, "--wrapped", path("kept.key"), "--kcv", "504A77")
    first = bytes(a ^ b for a, b in zip(COMPONENT, DEVELOPER_CARD_KEY.reveal(), strict=True))
    words = ("--component", 1, "--component-kcv", check_value(Secret(first)).hex(), "--of", 2, "--kcv", "504A77")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENVIRONMENT, "EID_COMPONENT", first.hex())
        world.quiet("stock", "key", "import", "Begun", "--batch", 1, *words)
