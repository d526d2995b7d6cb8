"""`eid trust` on the command line: lists with their counts and provenance, what differs, and the officer's bundle."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import SystemClock
from eid_toolkit.standards.codec import der
from eid_toolkit.standards.pki.deviation_list import Concerned, Deviation
from eid_toolkit.work.inspection.evidence_format import encode_evidence
from support.authorities import Authority
from support.documents import IssuedDocument, specimen_mrz
from support.odd_certificates import altered

Run = Callable[..., Result]
NOW = SystemClock().now()
FRANCE, GHANA = Authority("FRA", start=NOW - timedelta(days=30)), Authority("GHA", start=NOW - timedelta(days=30))


@pytest.fixture
def run(demo_home: Home, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command in a demo home as Anna."""
    monkeypatch.setenv("EID_HOME", str(demo_home.root))
    monkeypatch.setenv("EID_OPERATOR", "anna")

    def call(*arguments: object, code: int = 0, **extra: Any) -> Result:
        result = CliRunner().invoke(main, [str(each) for each in arguments], **extra)
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return call


def as_json(result: Result) -> Any:
    return json.loads(result.stdout)


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_a_list_is_taken_with_counts_and_provenance(run: Run, tmp_path: Path) -> None:
    listed = written(tmp_path, "fra.ml", FRANCE.master_list(FRANCE.csca, GHANA.csca, signing_time=NOW))
    refused = run("trust", "import", listed, code=9)
    assert "--accept-signer" in refused.stderr
    signer = as_json(run("pki", "master-list", "verify", listed, "--format", "json", code=4))["signer_fingerprint"]
    taken = run("trust", "import", listed, "--accept-signer", signer, "--format", "json")
    assert {(row["status"], row["country"]) for row in as_json(taken)} == {("taken", "FR"), ("taken", "GH")}
    assert "2 taken, 0 known, 0 unreadable, 0 refused" in taken.stderr

    shown = as_json(run("trust", "show", GHANA.csca.fingerprint, "--format", "json"))
    assert shown["list"]["basis"] == "signer-accepted"
    assert shown["findings"] == []
    assert "decided_by" in run("trust", "show", GHANA.csca.fingerprint).stdout
    (pack,) = as_json(run("trust", "list", "--lists", "--format", "json"))
    assert (pack["name"], pack["members"]) == ("fra.ml", {"anchor": 2})
    assert [row["country"] for row in as_json(run("trust", "list", "--country", "GHA", "--format", "json"))] == ["GH"]
    log = as_json(run("audit", "show", "--subject", pack["sha256"], "--format", "json"))
    assert [row["action"] for row in log] == ["trust.imported"]

    run("trust", "remove", pack["sha256"], "--yes")
    assert as_json(run("trust", "list", "--country", "GH", "--format", "json")) == []


def test_a_deviation_list_is_shown_with_what_it_says(run: Run, tmp_path: Path) -> None:
    deviation = Deviation(Concerned(document_type="ID"), "2.23.136.1.1.7.3.2", "wrong check digit", None)
    listed = written(tmp_path, "fra.dl", FRANCE.deviation_list(deviation))
    run("trust", "import", written(tmp_path, "fra.cer", FRANCE.csca.der), listed)
    (entry,) = as_json(run("trust", "list", "--kind", "deviation-list", "--format", "json"))
    shown = run("trust", "show", entry["fingerprint"]).stdout
    assert "mrz-wrong-check-digit" in shown
    assert "wrong check digit" in shown


def test_in_an_officers_home_an_acceptance_is_asked_for(run: Run, tmp_path: Path) -> None:
    listed = written(tmp_path, "bare.ml", der.sequence(der.integer(0), der.set_of([FRANCE.csca.der])))
    officer = tmp_path / "officer"
    refused = run("--home", officer, "trust", "import", listed, code=9)
    sha256 = refused.stderr.split("--accept-list ")[1].split(".")[0]
    accept = ("--home", officer, "trust", "import", listed, "--accept-list", sha256)
    run(*accept, code=130, input="n\n")
    run(*accept, input="y\n")
    again = run(*accept, "--format", "json")
    assert [row["status"] for row in as_json(again)] == ["known"]


def test_bad_certificates_in_a_list_are_told(run: Run, tmp_path: Path) -> None:
    items = [FRANCE.csca.der, der.sequence(der.integer(1)), GHANA.signer().der]
    listed = written(tmp_path, "bare.ml", der.sequence(der.integer(0), der.set_of(items)))
    sha256 = run("trust", "import", listed, code=9).stderr.split("--accept-list ")[1].split(".")[0]
    taken = run("trust", "import", listed, "--accept-list", sha256)
    assert "1 taken, 0 known, 1 unreadable, 1 refused" in taken.stderr
    assert "is not a CA certificate" in taken.stdout


def test_a_file_is_compared_with_what_is_believed(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, "fra.cer", FRANCE.csca.der)
    rows = as_json(run("trust", "diff", file, "--format", "json"))
    assert [row["country"] for row in rows if row["change"] == "added"] == ["FR"]
    assert {row["country"] for row in rows if row["change"] == "beyond"} == {"SG", "UT", "VN"}
    run("trust", "import", file)
    assert all(row["change"] == "beyond" for row in as_json(run("trust", "diff", file, "--format", "json")))


def test_the_bundles_age_stands_in_every_verdict(run: Run, tmp_path: Path) -> None:
    crl = FRANCE.crl(this_update=NOW - timedelta(days=3))
    for name, data in (("fra.cer", FRANCE.csca.der), ("fra.crl", crl.der)):
        run("trust", "import", written(tmp_path, name, data))
    evidence = IssuedDocument(FRANCE, specimen_mrz(state="FRA")).evidence()
    saved = written(tmp_path, "card.evidence", encode_evidence(evidence))
    bundle, officer = tmp_path / "first.bundle", tmp_path / "officer"
    made = as_json(run("trust", "bundle", "export", "--output", bundle, "--max-age", 40, "--format", "json"))
    run("--home", officer, "trust", "bundle", "import", bundle, code=10)
    taken = run("--home", officer, "trust", "bundle", "import", bundle, "--accept", made["csca_fingerprint"])
    assert "version" in taken.stdout

    fresh = as_json(run("--home", officer, "judge", saved, "--format", "json"))
    assert (fresh["verdict"], fresh["trust"]["bundle_age_days"], fresh["trust"]["bundle_version"]) == ("passed", 0, 1)
    month = (NOW + timedelta(days=31, hours=1)).isoformat()
    later = run("--home", officer, "judge", saved, "--at", month)
    assert "Bundle 1: 31 d old." in " ".join(later.stdout.split())
    old = as_json(
        run(
            "--home",
            officer,
            "judge",
            saved,
            "--at",
            (NOW + timedelta(days=41)).isoformat(),
            "--format",
            "json",
            code=4,
        )
    )
    (age,) = [check for check in old["checks"] if check["id"] == "status.bundle-age"]
    assert (age["status"], age["reason"]) == ("undetermined", "bundle-old")

    run("trust", "bundle", "import", bundle, code=10)  # an authority decides itself
    shown = as_json(run("--home", officer, "trust", "bundle", "show", "--format", "json"))
    assert (shown["version"], shown["pinned"], shown["max_age_days"]) == (1, made["csca_fingerprint"], 40)


def test_a_clock_behind_the_bundle_is_told(run: Run, tmp_path: Path) -> None:
    from eid_toolkit.books.trust.store import open_trust
    from eid_toolkit.work.inspection.trusted_time import trusted_time

    bundle, officer = tmp_path / "first.bundle", tmp_path / "officer"
    made = as_json(run("trust", "bundle", "export", "--output", bundle, "--format", "json"))
    run("--home", officer, "trust", "bundle", "import", bundle, "--accept", made["csca_fingerprint"])
    material = open_trust(officer).material()
    assert material.bundle is not None
    assert trusted_time(officer / "trust", material) == material.bundle.issued_at


HOSTILE = {
    "nothing": b"",
    "text": b"not a certificate",
    "one tag": b"\x30",
    "deep": b"\x30\x80" * 5000,
    "large": bytes((16 << 20) + 1),
    "PEM of nothing": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "LDIF of nothing": b"version: 1\ndn: cn=a\ncn: a\n",
    "LDIF of rubbish": b"version: 1\ndn: cn=a\nuserCertificate;binary:: AAAA\n",
    "a list cut off": FRANCE.master_list(FRANCE.csca)[:-10],
    "a list of rubbish": der.sequence(der.integer(0), der.set_of([b"\x30\x00", b"\x05\x00"])),
    "a list of another version": der.sequence(der.integer(7), der.set_of([FRANCE.csca.der])),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    "command", [("trust", "import"), ("trust", "diff"), ("trust", "bundle", "import"), ("decode",)]
)
def test_a_hostile_file_ends_in_a_sentence(run: Run, tmp_path: Path, name: str, command: tuple[str, ...]) -> None:
    file = written(tmp_path, "file", HOSTILE[name])
    result = CliRunner().invoke(main, ["--home", str(tmp_path / "officer"), *command, str(file)])
    assert result.exit_code in (0, 9), (result.output, result.exception)
    assert result.exit_code == 9 or command in (("trust", "diff"), ("decode",))
    assert "Traceback" not in result.output
    assert as_json(run("--home", tmp_path / "officer", "trust", "list", "--format", "json")) == []


def test_officers_are_told_of_stolen_documents_and_blanks(run: Run, tmp_path: Path) -> None:
    crl = FRANCE.crl(this_update=NOW - timedelta(days=3))
    for name, data in (("fra.cer", FRANCE.csca.der), ("fra.crl", crl.der)):
        run("trust", "import", written(tmp_path, name, data))
    evidence = IssuedDocument(FRANCE, specimen_mrz(state="FRA")).evidence()
    saved = written(tmp_path, "card.evidence", encode_evidence(evidence))
    officer, header = tmp_path / "officer", b"issuing_state,document_number,status,since\n"
    accept: tuple[str, ...] = ()
    for row, code, verdict, reason in (
        (b"", 0, "passed", None),
        (b"FRA,X0000001,stolen,2026-11-01\n", 3, "failed", "document-stolen"),
        (None, 3, "failed", "document-stolen"),  # what was told once stands in every later bundle
        (b"FRA,X0000001,suspended,2026-11-01\n", 4, "undetermined", "document-suspended"),
        (b"UTO,X0000001,stolen,2026-11-01\n", 0, "passed", None),
    ):
        words = ("--status-list", written(tmp_path, "reports.csv", header + row)) if row is not None else ()
        bundle = tmp_path / "next.bundle"
        made = as_json(run("trust", "bundle", "export", "--output", bundle, *words, "--format", "json"))
        accept = accept or ("--accept", made["csca_fingerprint"])
        run("--home", officer, "trust", "bundle", "import", bundle, *accept)
        shown = as_json(run("--home", officer, "judge", saved, "--format", "json", code=code))
        (found,) = [check for check in shown["checks"] if check["id"] == "status.reported"]
        assert (shown["verdict"], found["reason"]) == (verdict, reason)
    blanks = written(tmp_path, "blanks.csv", b"issuing_state,first,last,since\nFRA,X0000001,X0000009,2026-11-01\n")
    last, words = tmp_path / "last.bundle", ("--stolen-blanks", blanks)
    run("trust", "bundle", "export", "--output", last, *words, "--delta-from", 5)
    run("--home", officer, "trust", "bundle", "import", last)
    assert "stolen blank" in run("--home", officer, "judge", saved, code=3).stdout
    blanks.write_bytes(b"issuing_state,first,last,since\nFRA,X9,X1,2026-11-01\n")
    assert "Line 2" in run("trust", "bundle", "export", "--output", tmp_path / "no", *words, code=9).stderr


def test_what_departs_from_its_profile_is_told_when_it_is_imported(run: Run, tmp_path: Path) -> None:
    odd = altered(FRANCE.csca, FRANCE.key, serial=b"\x00")
    taken = run("trust", "import", written(tmp_path, "odd.cer", odd.der), "--format", "json")
    (row,) = as_json(taken)
    assert row["status"] == "taken"
    assert [finding["severity"] for finding in row["findings"]] == ["error"]
    assert all(finding["section"] and finding["detail"] for finding in row["findings"])
    assert "Deviating from their profile: 1" in taken.stderr
    fine = run("trust", "import", written(tmp_path, "fra.cer", FRANCE.csca.der), "--format", "json")
    assert as_json(fine)[0]["findings"] == [] and "Deviating" not in fine.stderr


def test_what_a_newer_edition_no_longer_has_is_told_and_removed_on_request(run: Run, tmp_path: Path) -> None:
    first = FRANCE.master_list(FRANCE.csca, GHANA.csca, signing_time=NOW - timedelta(days=2))
    second = FRANCE.master_list(FRANCE.csca, signing_time=NOW - timedelta(days=1))
    older = written(tmp_path, "older.ml", first)
    newer = written(tmp_path, "newer.ml", second)
    run("trust", "import", written(tmp_path, "fra.cer", FRANCE.csca.der), older)
    told = run("trust", "import", newer, "--format", "json")
    (row,) = (row for row in as_json(told) if row["status"] == "dropped")
    assert (row["country"], row["fingerprint"], row["dropped_by"]) == ("GH", GHANA.csca.fingerprint, "newer.ml")
    assert "1 dropped" in told.stderr and "--remove-dropped" in told.stderr
    assert len(as_json(run("trust", "list", "--country", "GH", "--format", "json"))) == 1
    shown = as_json(run("trust", "show", GHANA.csca.fingerprint, "--format", "json"))
    assert [each["name"] for each in shown["lists"]] == ["older.ml"]

    run("trust", "import", newer, "--remove-dropped", code=130, input="n\n")
    removed = run("trust", "import", newer, "--remove-dropped", "--yes")
    assert "1 removed" in removed.stderr and "removed" in removed.stdout
    assert as_json(run("trust", "list", "--country", "GH", "--format", "json")) == []
    log = as_json(run("audit", "show", "--subject", GHANA.csca.fingerprint, "--format", "json"))
    assert [each["action"] for each in log] == ["trust.removed"]


def test_an_older_edition_drops_nothing_and_what_came_otherwise_is_not_dropped(run: Run, tmp_path: Path) -> None:
    full = written(tmp_path, "full.ml", FRANCE.master_list(FRANCE.csca, GHANA.csca, signing_time=NOW))
    old = written(tmp_path, "old.ml", FRANCE.master_list(FRANCE.csca, signing_time=NOW - timedelta(days=9)))
    singly = [written(tmp_path, f"{each.state}.cer", each.csca.der) for each in (FRANCE, GHANA)]
    run("trust", "import", singly[0])
    run("trust", "import", full)
    assert "dropped" not in run("trust", "import", old).stderr
    run("trust", "remove", GHANA.csca.fingerprint, "--yes")
    run("trust", "import", singly[1])
    new = written(tmp_path, "new.ml", FRANCE.master_list(FRANCE.csca, signing_time=NOW + timedelta(minutes=1)))
    assert "dropped" not in run("trust", "import", new).stderr


def test_a_list_from_the_future_is_refused_with_the_date_and_the_clock(run: Run, tmp_path: Path) -> None:
    run("trust", "import", written(tmp_path, "fra.cer", FRANCE.csca.der))
    far = FRANCE.crl(this_update=NOW + timedelta(days=26000))
    refused = run("trust", "import", written(tmp_path, "fra.crl", far.der), code=9)
    assert f"{far.this_update:%Y-%m-%d}" in refused.stderr and "clock" in refused.stderr


def test_the_trusted_time_is_shown_by_source_and_taken_back_on_record(
    run: Run, demo_home: Home, tmp_path: Path
) -> None:
    kept = demo_home.trust / "trusted-time"
    kept.write_text((NOW + timedelta(days=26000)).isoformat())
    shown = as_json(run("trust", "time", "--format", "json"))
    assert {row["kind"] for row in shown} == {"crl", "earlier"}
    assert all(row["source"] and row["ignored"] is None for row in shown)
    run("trust", "time", "--reset", code=130, input="n\n")
    reset = as_json(run("trust", "time", "--reset", "--yes", "--format", "json"))
    assert [row["source"] for row in reset if row["kind"] == "reset"] == ["anna"]
    assert "earlier" not in {row["kind"] for row in reset}
    log = as_json(run("audit", "show", "--subject", "trust-store", "--format", "json"))
    assert [row["action"] for row in log] == ["trusted-time.reset.decided", "trusted-time.reset"]
    assert run("--home", tmp_path / "officer", "trust", "time", "--reset", "--yes", code=10).stderr.count("bundle") == 1
