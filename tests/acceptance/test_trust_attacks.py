"""Somebody who can write a real home's files has it believe, or sign, what its operators did not decide on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import SystemClock
from eid_toolkit.ground.secret import Secret
from support.attacks import WORDS, Attack, attacked_office
from support.authorities import Authority
from support.meddling import meddling
from support.offices import CommandLine, new_office
from support.trust_files import import_files

NOW = SystemClock().now()
FRANCE, OTHER_UTOPIA = (Authority(state, start=NOW - timedelta(days=30)) for state in ("FRA", "UTO"))
FINGERPRINT = FRANCE.csca.fingerprint


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a CVCA, a document verifier, a second CSCA key, and a bundle given out that has a table."""
    folder = tmp_path_factory.mktemp("believing")
    office = attacked_office(folder / "home")
    for words in (("csca", "roll"), ("cvca", "create"), ("cvca", "create"), ("dv", "create")):
        office.two("pki", *words)
    table = folder / "reports.csv"
    table.write_text("issuing_state,document_number,status,since\nUTO,L898902C3,lost,2026-01-01\n")
    office.two("trust", "bundle", "export", "--output", folder / "first.bundle", "--status-list", table)
    return office.root


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another home for the same state."""
    office = new_office(tmp_path_factory.mktemp("strangers") / "home")
    for words in (("csca", "roll"), ("cvca", "create"), ("cvca", "create"), ("dv", "create")):
        office.two("pki", *words)
    return office.root


@pytest.fixture
def attack(template: Path, tmp_path: Path) -> Attack:
    shutil.copytree(template, tmp_path / "home")
    return Attack(CommandLine(tmp_path / "home"))


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def exports_nothing(attack: Attack, says: str = "") -> None:
    """Neither a bundle nor a master list is signed."""
    for words in (("trust", "bundle", "export"), ("pki", "master-list", "create")):
        output = attack.root.parent / "signed"
        attack.fails("anna+bert", *words, "--output", output, code=12, says=says)
        assert not output.exists()


def exported(attack: Attack) -> dict[str, object]:
    """What a bundle has, as an officer takes it: the counts, and what the officer believes then."""
    output, officer = attack.root.parent / "signed.bundle", CommandLine(attack.root.parent / "officer")
    made = json.loads(
        attack.by("anna+bert", "trust", "bundle", "export", "--output", output, "--format", "json").stdout
    )
    officer.call("trust", "bundle", "import", output, "--accept", made["csca_fingerprint"])
    return {**made, "believed": Attack(officer).believed()}


def test_nothing_but_what_is_decided_or_proved_is_in_an_honest_bundle(attack: Attack) -> None:
    counts = exported(attack)
    sections = ("anchors", "links", "crls", "deviation_lists", "terminal_certificates", "status_list")
    assert [counts[name] for name in sections] == [2, 1, 1, 0, 4, 1]


# The home made to look like another kind of home for the moment.


def as_demo(attack: Attack, demo: Path) -> None:
    attack.edit("eid.toml", "demo = false", "demo = true")
    for path in (demo / "keys").iterdir():
        if path.suffix != ".p8":
            shutil.copy(path, attack.root / "keys")


def as_officers(attack: Attack, demo: Path) -> None:
    (attack.root / "eid.toml").unlink()
    shutil.rmtree(attack.root / "keys")


@pytest.mark.parametrize("disguise", [as_demo, as_officers])
def test_what_is_imported_while_a_home_looks_like_another_is_not_believed(
    attack: Attack, demo_home_template: Path, tmp_path: Path, disguise: Callable[[Attack, Path], None]
) -> None:
    csca = written(tmp_path, "fra.cer", FRANCE.csca.der)
    before = attack.copied("eid.toml", "keys/*")
    attack.fails("carl", "trust", "import", csca, code=10)
    disguise(attack, demo_home_template)
    attack.by("carl", "trust", "import", csca)
    shutil.rmtree(attack.root / "keys", ignore_errors=True)
    attack.put_back(before)
    exports_nothing(attack, FINGERPRINT)
    assert FINGERPRINT in attack.believed()  # it is listed, so that it can be removed
    attack.by("anna+bert", "trust", "remove", FINGERPRINT)
    assert FINGERPRINT not in exported(attack)["believed"]  # type: ignore[operator]


def test_a_home_without_its_configuration_is_still_an_authoritys(attack: Attack, tmp_path: Path) -> None:
    csca = written(tmp_path, "fra.cer", FRANCE.csca.der)
    (attack.root / "eid.toml").unlink()
    for people, words in (("carl", ("trust", "import", csca)), ("carl", ("trust", "list"))):
        attack.fails(people, *words, code=9)
    attack.fails("carl", "trust", "bundle", "import", csca, "--accept", FINGERPRINT, code=10)


@pytest.mark.parametrize(("line", "new"), [("demo = false", "demo = true"), ('country = "UTO"', 'country = "FRA"')])
def test_a_line_of_the_configuration_changes_neither_nature_nor_state(attack: Attack, line: str, new: str) -> None:
    attack.edit("eid.toml", line, new)
    for words in (("pki", "csca", "roll"), ("trust", "bundle", "export", "--output", attack.root.parent / "b")):
        attack.fails("anna+bert", *words, code=12, says="eid.toml")
    attack.fails("carl", "trust", "list", code=12, says="eid.toml")


# Files and rows laid into the home.


@pytest.mark.parametrize("name", ["UTO/csca-3.cer", "UTO/csca-1.cer", "FRA/csca-1.cer", "UTO/link-3.cer"])
def test_a_certificate_laid_into_pki_is_named_and_nothing_is_signed(attack: Attack, strangers: Path, name: str) -> None:
    theirs = strangers / "pki/UTO" / ("link-2.cer" if "link" in name else "csca-1.cer")
    (attack.root / "pki" / name).parent.mkdir(exist_ok=True)
    shutil.copy(theirs, attack.root / "pki" / name)
    output = attack.root.parent / "signed"
    attack.fails("anna+bert", "trust", "bundle", "export", "--output", output, code=12, says=name)
    if name.startswith("UTO"):
        attack.fails("anna+bert", "pki", "master-list", "create", "--output", output, code=12, says=name)
    assert not output.exists()


@pytest.mark.parametrize("name", ["cvca-3", "cvca-1", "cvca-link-3", "dv-2", "is-1"])
def test_a_terminals_certificate_laid_into_pki_is_named_and_nothing_is_signed(
    attack: Attack, strangers: Path, name: str
) -> None:
    kind = name.rpartition("-")[0]
    theirs = {"cvca": "cvca-1", "cvca-link": "cvca-link-2"}.get(kind, "dv-1")
    shutil.copy(strangers / f"pki/UTO/{theirs}.cvcert", attack.root / f"pki/UTO/{name}.cvcert")
    output = attack.root.parent / "signed"
    attack.fails("anna+bert", "trust", "bundle", "export", "--output", output, code=12, says=f"{name}.cvcert")
    assert not output.exists()


def test_the_certificate_of_another_bundle_signer_signs_nothing(attack: Attack, strangers: Path) -> None:
    other = CommandLine(strangers)
    other.two("trust", "bundle", "export", "--output", strangers.parent / "b")
    shutil.copy(strangers / "pki/UTO/tbs-1.cer", attack.root / "pki/UTO")
    output = attack.root.parent / "signed"
    attack.fails("anna+bert", "trust", "bundle", "export", "--output", output, code=12, says="Trust Bundle Signer")
    shutil.copy(strangers / "pki/UTO/tbs-1.cer", attack.root / "pki/UTO/tbs-2.cer")
    attack.fails("anna+bert", "trust", "bundle", "export", "--output", output, code=12)


@pytest.mark.parametrize(("name", "kind"), [("csca-3.cer", "csca"), ("link-3.cer", "csca"), ("cvca-3.cvcert", "cvca")])
def test_what_was_laid_into_pki_is_not_handed_out(attack: Attack, strangers: Path, name: str, kind: str) -> None:
    theirs = {"link-3.cer": "link-2.cer"}.get(name, name.replace("3", "1"))
    shutil.copy(strangers / "pki/UTO" / theirs, attack.root / "pki/UTO" / name)
    output = attack.root.parent / "handed-out"
    attack.fails("anna", "pki", kind, "export", "--output", output, code=12, says=name)
    assert not output.exists()


@pytest.mark.parametrize("name", ["csca-3.cer", "dv-2.cvcert"])
def test_what_was_laid_into_pki_is_told_by_the_doctor(attack: Attack, strangers: Path, name: str) -> None:
    def told(code: int) -> str:
        shown = json.loads(attack.office.call("doctor", "--format", "json", code=code).stdout)
        return " ".join(finding["text"] for finding in shown["findings"] if finding["area"] == "pki")

    assert "on record as the authority's own: 7." in told(0)
    shutil.copy(strangers / "pki/UTO" / name.replace("3", "1").replace("2", "1"), attack.root / "pki/UTO" / name)
    assert name in told(1)


@pytest.mark.parametrize("change", ["exchanged", "gone", "new"])
def test_a_table_of_reports_that_nobody_gave_out_is_not_signed(attack: Attack, change: str) -> None:
    kept = attack.root / "bundles/status_list.json"
    if change == "gone":
        kept.unlink()
    elif change == "new":
        shutil.copy(kept, kept.with_name("stolen_blanks.json"))
        kept = kept.with_name("stolen_blanks.json")
        kept.write_bytes(b'{"schema": "eid-stolen-blanks/1", "ranges": []}')
    else:
        kept.write_text(kept.read_text().replace("L898902C3", "L898902C4"))
    output = attack.root.parent / "signed"
    attack.fails("anna+bert", "trust", "bundle", "export", "--output", output, code=12, says=kept.stem)
    assert not output.exists()


def test_a_list_of_revoked_signers_that_no_believed_key_signed_stays_here(attack: Attack) -> None:
    laid = TrustStore(attack.root / "trust")
    later = OTHER_UTOPIA.crl(OTHER_UTOPIA.signer(), number=99, this_update=NOW - timedelta(minutes=5))
    laid.add(later, "smuggled in", NOW)
    laid.add(OTHER_UTOPIA.link(FRANCE), "smuggled in", NOW)
    counts = exported(attack)
    assert (counts["crls"], counts["links"]) == (1, 1)
    assert later.fingerprint not in counts["believed"]  # type: ignore[operator]


def test_a_list_of_deviations_that_nobody_decided_on_is_named(attack: Attack, tmp_path: Path) -> None:
    laid = TrustStore(tmp_path / "mine")
    import_files(
        laid, [("u.cer", OTHER_UTOPIA.csca.der), ("u.dl", OTHER_UTOPIA.deviation_list(signing_time=NOW))], NOW, None
    )
    (pack,) = laid.packs.all()
    TrustStore(attack.root / "trust").packs.write(pack)
    output = attack.root.parent / "signed"
    attack.fails("anna+bert", "trust", "bundle", "export", "--output", output, code=12, says=pack.sha256)
    assert not output.exists()


def test_a_bundle_of_strangers_laid_into_the_trust_store_says_nothing(attack: Attack, tmp_path: Path) -> None:
    other, officer = Attack(new_and_own(tmp_path)), CommandLine(tmp_path / "their-officer")
    bundle = tmp_path / "theirs.bundle"
    made = json.loads(other.by("anna+bert", "trust", "bundle", "export", "--output", bundle, "--format", "json").stdout)
    officer.call("trust", "bundle", "import", bundle, "--accept", made["csca_fingerprint"])
    (pack,) = TrustStore(officer.root / "trust").packs.all()
    TrustStore(attack.root / "trust").packs.write(pack)
    exports_nothing(attack, pack.sha256)


def new_and_own(folder: Path) -> CommandLine:
    return new_office(folder / "theirs")


# The log.


def test_a_row_of_the_log_that_is_edited_or_cut_off_is_found(attack: Attack) -> None:
    before = attack.copied("operators/olga.*", "keys/*.compartment")
    attack.by("anna+bert", "operator", "disable", "olga")
    attack.by("anna", "audit", "checkpoint")
    ((position,),) = attack.rows("register.sqlite", "SELECT position FROM audit WHERE action = 'operator.disabled'")
    assert isinstance(position, int)
    whole = (attack.root / "register.sqlite").read_bytes()
    attack.rows("register.sqlite", "UPDATE audit SET subject = 'nobody' WHERE position = ?", position)
    attack.fails("anna", "audit", "verify", code=12)
    (attack.root / "register.sqlite").write_bytes(whole)

    with meddling(Home.open(attack.root)) as database:
        database.forget(position, database.log()[-1].position)
    attack.put_back(before)  # by this log, nobody was disabled
    attack.fails("anna", "audit", "verify", code=12)


# People who may sign, and not for this.


def test_the_signatures_of_two_clerks_are_no_decision_of_security_officers(attack: Attack) -> None:
    """They write what they have signed into the trust store themselves."""
    attack.by("anna+bert", "operator", "add", "dora", "--role", "clerk", EID_NEW_PASSPHRASE=WORDS["carl"])
    store = OperatorStore(attack.root / "operators", Foundation.read(attack.root / "keys"))
    records = [store.get(name) for name in ("carl", "dora")]
    clerks = [Operator(each.name, store.unlock(each, Secret(WORDS["carl"].encode())), each.roles) for each in records]
    TrustStore(attack.root / "trust").add(FRANCE.csca, "signed by clerks", NOW, *clerks)
    exports_nothing(attack, FINGERPRINT)


def test_what_an_officer_decided_stays_decided_when_the_role_is_gone(attack: Attack, tmp_path: Path) -> None:
    attack.by("anna+olga", "trust", "import", written(tmp_path, "fra.cer", FRANCE.csca.der))
    attack.by("anna+bert", "operator", "roles", "olga", "--role", "clerk")
    assert FINGERPRINT in exported(attack)["believed"]  # type: ignore[operator]
