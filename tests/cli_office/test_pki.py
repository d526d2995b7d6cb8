"""`eid pki` as its operators use it: two people, an authority off line, roll-overs, terminals; openssl, cvc-print."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest
from PIL import Image

from eid_toolkit.cards.emulator.shelf import CardStore
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.crypto.signatures import algorithm_from_der
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from support.homes import WorkingOffice
from support.offices import ENVIRONMENT, CommandLine, new_application, new_office, prepared
from support.people import People


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_office(tmp_path_factory.mktemp("authority") / "home").root


@pytest.fixture
def authority(founded: Path, tmp_path: Path) -> CommandLine:
    """A home with a CSCA."""
    shutil.copytree(founded, tmp_path / "authority")
    return CommandLine(tmp_path / "authority")


@pytest.fixture(scope="module")
def founded_bureau(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_office(tmp_path_factory.mktemp("office") / "home", "--without-csca").root


@pytest.fixture
def office(founded_bureau: Path, tmp_path: Path) -> CommandLine:
    """A home that issues, and has no CSCA."""
    shutil.copytree(founded_bureau, tmp_path / "office")
    return CommandLine(tmp_path / "office")


def tool(folder: Path, *words: str) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestTwoPeople:
    @pytest.mark.parametrize(
        "words",
        [
            ("csca", "roll"),
            ("crl", "issue"),
            ("ds", "create"),
            ("cvca", "create"),
            ("master-list", "create", "--output", "list.ml"),
        ],
    )
    def test_one_is_not_enough(self, authority: CommandLine, words: tuple[str, ...]) -> None:
        before = sorted(path.name for path in authority.root.rglob("*") if path.suffix in (".cer", ".crl", ".p8"))
        assert "second" in authority.one("pki", *words, code=10).stderr
        after = sorted(path.name for path in authority.root.rglob("*") if path.suffix in (".cer", ".crl", ".p8"))
        assert after == before

    def test_the_same_one_twice_is_not_enough(self, authority: CommandLine) -> None:
        same = ("--operator", "anna", "--second-operator", "anna")
        authority.call(
            *same, "pki", "csca", "roll", code=10, EID_SECOND_PASSPHRASE=ENVIRONMENT["EID_OPERATOR_PASSPHRASE"]
        )

    def test_the_second_ones_passphrase_counts(self, authority: CommandLine) -> None:
        people = ("--operator", "anna", "--second-operator", "bert")
        authority.call(*people, "pki", "csca", "roll", code=7, EID_SECOND_PASSPHRASE="not that one")
        assert len(authority.shown()["cscas"]) == 1

    def test_what_lists_told_of_the_time_is_taken_back_by_two(self, authority: CommandLine) -> None:
        kept = authority.root / "trust" / "trusted-time"
        kept.write_text("2099-01-01T00:00:00+00:00")
        assert "second" in authority.one("--yes", "trust", "time", "--reset", code=10).stderr
        assert "2099" in authority.call("trust", "time").stdout
        people = ("--operator", "anna", "--second-operator", "bert", "--yes")
        told = json.loads(authority.call(*people, "trust", "time", "--reset", "--format", "json").stdout)
        assert [row["source"] for row in told if row["kind"] == "reset"] == ["anna, bert"]
        assert not [row for row in told if row["time"].startswith("2099")]
        rows = json.loads(authority.one("audit", "show", "--format", "json").stdout)
        decided = [row for row in rows if row["action"] == "trusted-time.reset.decided"]
        assert [row["operator"] for row in decided] == ["anna", "bert"]
        assert all(row["detail"]["signature"] for row in decided)

    def test_both_signatures_stand_in_the_log(self, authority: CommandLine) -> None:
        authority.two("pki", "crl", "issue")
        rows = json.loads(authority.one("audit", "show", "--format", "json").stdout)
        decided = [row for row in rows if row["action"] == "crl.issue.decided"]
        assert [row["operator"] for row in decided] == ["anna", "bert"]
        signatures = [row["detail"]["signature"] for row in decided]
        assert all(signatures) and len(set(signatures)) == 2


class TestRollOver:
    @pytest.mark.parametrize("kind", ["ec", "ec-nist", "rsa-pss"])
    def test_the_old_key_vouches_for_the_new_one(self, authority: CommandLine, tmp_path: Path, kind: str) -> None:
        made = authority.two("pki", "csca", "roll", "--key", kind, "--name", "CSCA Utopia New")
        assert "CSCA Utopia New" in made["csca"]["subject"]
        assert made["csca"]["findings"] == made["link"]["findings"] == []
        assert made["link"]["issuer"] != made["link"]["subject"] == made["csca"]["subject"]
        authority.call("pki", "csca", "export", "--output", tmp_path / "out")
        folder = tmp_path / "out"
        for name, by in (("csca-UTO-1", 1), ("csca-UTO-2", 2), ("csca-UTO-2-link", 1)):
            check_by_openssl(folder, f"{name}.cer", f"csca-UTO-{by}.cer")
        check_by_openssl(folder, "crl-UTO.crl", "csca-UTO-2.cer")
        findings = json.loads(authority.call("pki", "lint", *sorted(folder.glob("*.c*")), "--format", "json").stdout)
        assert [f for row in findings["items"] for f in row["findings"] if f["severity"] == "error"] == []

    def test_signers_before_and_after_are_told_with_their_keys(self, authority: CommandLine) -> None:
        authority.two("pki", "csca", "roll")
        authority.two("pki", "ds", "create")
        assert [signer["key"] for signer in authority.shown()["document_signers"]] == ["here", "here"]
        people = ("--operator", "anna", "--second-operator", "bert", "--yes")
        authority.call(*people, "pki", "ds", "destroy", "1")
        assert [signer["key"] for signer in authority.shown()["document_signers"]] == ["destroyed", "here"]
        assert not (authority.root / "keys" / "ds-uto-1.p8").exists()
        rows = json.loads(authority.one("audit", "show", "--format", "json").stdout)
        assert [row["detail"]["documents"] for row in rows if row["action"] == "ds.key-destroyed"] == [0]

    def test_a_revoked_signer_stays_on_every_later_list(self, authority: CommandLine) -> None:
        authority.two("pki", "crl", "revoke", "--ds", "1", "--reason", "key-compromise")
        authority.two("pki", "csca", "roll")
        last = authority.two("pki", "crl", "issue")
        assert (last["revoked"], last["number"], last["findings"]) == (1, 4, [])
        assert [row["revoked"] for row in authority.shown()["document_signers"]] == [True]
        rows = json.loads(authority.one("audit", "show", "--format", "json").stdout)
        issued = [row["detail"] for row in rows if row["action"] == "crl.issued"]
        assert [detail.get("reason") for detail in issued] == ["key-compromise", None]


class TestSignatures:
    """What a document signer has signed is held against the register, and it signs only so often."""

    def test_a_limit_ends_a_signer_and_the_next_goes_on(self, tmp_path: Path) -> None:
        office = new_office(tmp_path / "home", "--signature-limit", "1")
        prepared(office, tmp_path)
        application = new_application(office, tmp_path)
        assert "reached its limit" in office.one("document", "prepare", application, code=10).stderr
        office.two("pki", "ds", "create")
        office.one("document", "prepare", application)
        shown = office.shown()["document_signers"]
        assert [(row["signatures"], row["documents"], row["states"]) for row in shown] == [(1, 1, {"prepared": 1})] * 2

    def test_a_signature_without_a_document_is_told(self, authority: CommandLine, tmp_path: Path) -> None:
        prepared(authority, tmp_path)
        assert [row["unaccounted"] for row in authority.shown()["document_signers"]] == [0]
        with (authority.root / "pki/UTO/ds-1.count").open("ab") as stream:
            stream.write(b".")  # as when the key has signed past the register
        assert [row["unaccounted"] for row in authority.shown()["document_signers"]] == [1]
        assert "signatures without a document in the register" in authority.call("pki", "show").stdout

    def test_a_number_that_no_signer_has_is_told(self, authority: CommandLine) -> None:
        for words in (("ds", "destroy", "9"), ("crl", "revoke", "--ds", "9")):
            people = ("--operator", "anna", "--second-operator", "bert", "--yes")
            assert "number 9" in authority.call(*people, "pki", *words, code=9).stderr


class TestAuthorityOffLine:
    """The CSCA's home and the office's exchange files."""

    def test_a_signer_by_request_and_answer(self, authority: CommandLine, office: CommandLine, tmp_path: Path) -> None:
        request, answer, csca = tmp_path / "ds.p10", tmp_path / "ds.cer", authority.root / "pki/UTO/csca-1.cer"
        office.one("pki", "ds", "request", "--output", request)
        issued = authority.two("pki", "ds", "issue", request, "--output", answer)
        office.one("pki", "ds", "install", answer, code=9)  # whose CSCA? it is not here yet
        office.one("pki", "ds", "install", answer, "--csca", csca)
        shown = office.shown()
        assert (shown["csca_key"], shown["crl"]) == ("elsewhere", None)
        assert [signer["fingerprint"] for signer in shown["document_signers"]] == [issued["fingerprint"]]
        assert "is not in this home" in office.two("pki", "ds", "create", code=10)

        document = prepared(office, tmp_path)
        assert document["state"] == "prepared"
        office.one("pki", "crl", "install", authority.root / "pki/UTO/crl.crl")
        revoked = tmp_path / "revoked.crl"
        authority.two("pki", "crl", "revoke", "--serial", issued["serial"], "--output", revoked)
        office.one("pki", "crl", "install", revoked)
        assert office.shown()["crl"]["revoked"] == 1
        office.one("pki", "crl", "install", authority.root / "pki/UTO/crl-1.crl", code=10)  # older than what is here
        application = new_application(office, tmp_path)
        assert "revoked" in office.call("--operator", "anna", "document", "prepare", application, code=10).stderr

    def test_a_stranger_is_not_certified_and_a_strangers_answer_not_taken(
        self, authority: CommandLine, office: CommandLine, tmp_path: Path
    ) -> None:
        other = new_office(tmp_path / "other")
        request, answer = tmp_path / "ds.p10", tmp_path / "ds.cer"
        office.one("pki", "ds", "request", "--output", request)
        other.two("pki", "ds", "issue", request, "--output", answer)
        csca = authority.root / "pki/UTO/csca-1.cer"
        assert "CSCA" in office.one("pki", "ds", "install", answer, "--csca", csca, code=9).stderr
        office.one("pki", "ds", "request", "--state", "SGP", "--output", request)
        authority.two("pki", "ds", "issue", request, "--output", answer, code=9)
        request.write_bytes(b"\x30\x03\x02\x01\x00")
        authority.two("pki", "ds", "issue", request, "--output", answer, code=9)

    def test_a_bureau_has_no_key_for_lists(self, authority: CommandLine, office: CommandLine, tmp_path: Path) -> None:
        assert "not in this home" in office.two("pki", "crl", "issue", code=10)
        office.one("pki", "ds", "request", "--output", tmp_path / "ds.p10")
        authority.two("pki", "ds", "issue", tmp_path / "ds.p10", "--output", tmp_path / "ds.cer")
        office.one("pki", "ds", "install", tmp_path / "ds.cer", "--csca", authority.root / "pki/UTO/csca-1.cer")
        for words in (("crl", "issue"), ("csca", "roll"), ("ds", "create"), ("master-list", "create", "--output", "x")):
            assert "not in this home" in office.two("pki", *words, code=10)
        keys = {path.name for path in (office.root / "keys").iterdir()}
        assert {name for name in keys if name.partition("-")[0] in ("csca", "mls", "ds")} == {"ds-uto-1.p8"}

    def test_a_list_of_a_stranger_is_not_installed(self, authority: CommandLine, tmp_path: Path) -> None:
        other = new_office(tmp_path / "other")
        assert "by a CSCA" in authority.one("pki", "crl", "install", other.root / "pki/UTO/crl.crl", code=9).stderr


class TestMasterList:
    def test_made_verified_by_openssl_and_compared(self, authority: CommandLine, tmp_path: Path) -> None:
        first, second = tmp_path / "1.ml", tmp_path / "2.ml"
        authority.two("pki", "master-list", "create", "--output", first)
        tool(tmp_path, "openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", "1.ml", "-out", "content")
        assert authority.call("pki", "master-list", "verify", first).exit_code == 0
        authority.two("pki", "csca", "roll")
        authority.two("pki", "master-list", "create", "--output", second)
        rows = json.loads(authority.call("pki", "master-list", "diff", first, second, "--format", "json").stdout)
        assert [row["change"] for row in rows] == ["added", "added"]
        damaged = bytearray(second.read_bytes())
        damaged[-5] ^= 1
        second.write_bytes(damaged)
        authority.call("pki", "master-list", "verify", second, code=3)
        other = new_office(tmp_path / "other")
        other.call("pki", "master-list", "verify", first, code=4)


def test_openssl_verifies_what_document_list_and_bundle_signers_sign(authority: CommandLine, tmp_path: Path) -> None:
    document = prepared(authority, tmp_path)
    authority.two("pki", "master-list", "create", "--output", tmp_path / "list.ml")
    authority.two("trust", "bundle", "export", "--output", tmp_path / "first.bundle")
    passphrase = Secret(ENVIRONMENT["EID_OPERATOR_PASSPHRASE"].encode())
    office = WorkingOffice.at(Home.open(authority.root), lambda: passphrase)
    sod = office.register.documents.load_package(document["id"]).files[ElementaryFile.SOD]
    office.register.close()
    (tmp_path / "sod").write_bytes(tlv.parse(sod).value)
    for name, signer in (("sod", "ds-1"), ("list.ml", "mls-1"), ("first.bundle", "tbs-1")):
        words = ("openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", name, "-out", "content")
        tool(tmp_path, *words)
        damaged = bytearray((tmp_path / name).read_bytes())
        damaged[-5] ^= 1
        (tmp_path / name).write_bytes(damaged)
        assert subprocess.run(words, cwd=tmp_path, capture_output=True, check=False, timeout=60).returncode != 0
        for file in (f"{signer}.cer", "csca-1.cer"):
            shutil.copy(authority.root / "pki/UTO" / file, tmp_path)
        check_by_openssl(tmp_path, f"{signer}.cer", "csca-1.cer")


class TestVerifyingAuthority:
    @pytest.mark.parametrize("kind", ["ec", "rsa-pss"])
    def test_a_chain_that_cvc_print_reads(self, authority: CommandLine, tmp_path: Path, kind: str) -> None:
        authority.two("pki", "cvca", "create", "--key", kind)
        authority.two("pki", "cvca", "create", "--key", kind)
        authority.two("pki", "dv", "create", "--key", kind)
        files = sorted((authority.root / "pki/UTO").glob("*[a-z]-[0-9].cvcert"))[:4]
        assert [file.name for file in files] == ["cvca-1.cvcert", "cvca-2.cvcert", "cvca-link-2.cvcert", "dv-1.cvcert"]
        trusted = tmp_path / "trusted"
        trusted.mkdir()
        for number in (1, 2):
            shutil.copy(files[number - 1], trusted / f"UTCVCA0000{number}")  # as cvc-print looks for it
        for file in files:
            assert "certificate verified" in tool(tmp_path, "cvc-print", "--cvc", str(file), "--cvc-dir", str(trusted))
        damaged = bytearray(files[3].read_bytes())
        damaged[-1] ^= 1
        (tmp_path / "damaged").write_bytes(damaged)
        command = ["cvc-print", "--cvc", "damaged", "--cvc-dir", str(trusted)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert "certificate verified" not in done.stdout
        shown = authority.shown()
        assert [found["reference"] for found in shown["verifying"]] == ["UTCVCA00001", "UTCVCA00002", "UTCVCA00002"]
        assert [found["reference"] for found in shown["verifiers"]] == ["UTDV00001"]

    def test_a_verifier_by_request_and_its_next_one_authenticated(
        self, authority: CommandLine, office: CommandLine, tmp_path: Path
    ) -> None:
        request, answer = tmp_path / "dv.req", tmp_path / "dv.cvcert"
        authority.two("pki", "cvca", "create")
        for reference in ("UTDV00001", "UTDV00002"):
            office.one("pki", "dv", "request", "--output", request)
            made = authority.two("pki", "dv", "issue", request, "--rights", "dg3", "--output", answer)
            assert (made["reference"], made["rights"]) == (reference, "read DG3 (fingerprints)")
            if reference == "UTDV00001":  # cvc-print knows requests that no earlier key authenticates
                assert "request verified" in tool(tmp_path, "cvc-print", "--csr", str(request))
            office.one("pki", "dv", "install", answer)
        assert "no CSCA in this home" in office.call("pki", "show").stdout
        authority.two("pki", "dv", "issue", request, "--days", "4000", "--output", answer, code=9)

    def test_a_request_that_is_not_what_it_says_is_refused(
        self, authority: CommandLine, office: CommandLine, tmp_path: Path
    ) -> None:
        request, answer = tmp_path / "dv.req", tmp_path / "dv.cvcert"
        authority.two("pki", "cvca", "create")
        office.one("pki", "dv", "request", "--key", "ec-nist", "--output", request)  # on another curve
        assert "different type or curve" in authority.two("pki", "dv", "issue", request, "--output", answer, code=10)
        office.one("pki", "dv", "request", "--key", "rsa-pss", "--output", request)
        authority.two("pki", "dv", "issue", request, "--output", answer, code=10)
        office.one("pki", "dv", "request", "--output", request)
        authority.two("pki", "dv", "issue", request, "--output", answer)
        office.one("pki", "dv", "install", answer)
        office.one("pki", "dv", "request", "--output", request)
        data = bytearray(request.read_bytes())
        data[-1] ^= 1  # in the outer signature
        request.write_bytes(data)
        assert "sign" in authority.two("pki", "dv", "issue", request, "--output", answer, code=9)
        other = new_office(tmp_path / "other")
        other.two("pki", "cvca", "create")
        data[-1] ^= 1
        request.write_bytes(data)
        assert "UTDV00003" in other.two("pki", "dv", "issue", request, "--output", answer, code=10)
        authority.two("pki", "dv", "issue", request, "--output", answer)

    @pytest.mark.parametrize("rights", ["dg3", "both"])
    def test_an_officer_is_given_a_terminal_and_reads_what_it_may(
        self, authority: CommandLine, tmp_path: Path, rights: str
    ) -> None:
        officer = CommandLine(tmp_path / "officer")
        authority.two("pki", "cvca", "create")
        authority.two("pki", "dv", "create")
        can = card_with_fingerprints(authority, tmp_path)
        authority.one("pki", "terminal", "provision", "--officer", officer.root, "--rights", rights)
        assert not list((authority.root / "keys").glob("is-*"))  # the key is the officer's alone
        rows = json.loads(authority.one("audit", "show", "--format", "json").stdout)
        assert "terminal.provisioned" in [row["action"] for row in rows]

        own = authority.root / "pki/UTO"
        officer.call("trust", "import", own / "csca-1.cer", own / "crl.crl", "--yes")
        memory = CardStore(Home.open(authority.root)).load("card")
        CardStore(People(officer.root, demo=True).home).create("card", memory)
        words = ("verify", "--reader", "emulator:card", "--can", can, "--format", "json")
        verdict = json.loads(officer.call(*words, EID_PASSPHRASE=ENVIRONMENT["EID_TERMINAL_PASSPHRASE"]).stdout)
        assert (verdict["verdict"], verdict["data_groups"]["3"]) == ("passed", "read")
        assert (verdict["data_groups"]["4"] == "read") is (rights == "both")
        assert verdict["terminal_authentication"]["terminal"] == "UTIS00001"


def check_by_openssl(folder: Path, name: str, issuer: str) -> None:
    """The signature of a certificate or a revocation list, checked by openssl over the signed bytes."""
    tool(folder, "openssl", "x509", "-inform", "DER", "-in", issuer, "-noout", "-pubkey", "-out", "key")
    data = (folder / name).read_bytes()
    item = Crl.parse(data) if name.endswith(".crl") else Certificate.parse(data)
    (folder / "tbs").write_bytes(item.tbs)
    (folder / "sig").write_bytes(item.signature)
    algorithm = algorithm_from_der(item.signature_algorithm_der)
    words = ["openssl", "dgst", f"-{algorithm.digest}", "-verify", "key", "-signature", "sig"]
    if algorithm.family == "rsa-pss":
        words += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", f"rsa_pss_saltlen:{algorithm.salt_length}"]
    assert "Verified OK" in tool(folder, *words, "tbs")


def card_with_fingerprints(office: CommandLine, folder: Path) -> str:
    """The card "card", issued by a profile that holds fingerprints and irises back; its CAN."""
    profile = resources.files("eid_toolkit.standards.profiles").joinpath("shipped/utopia-id.toml").read_text("utf-8")
    profile = profile.replace("[1, 2, 11, 12, 14, 15]", "[1, 2, 3, 4, 14, 15]")
    profile = profile.replace("schema = 1", "schema = 1\nterminal_authentication = true", 1)
    (office.root / "profiles" / "utopia-eac.toml").write_text(profile, "utf-8")
    image = io.BytesIO()
    Image.linear_gradient("L").save(image, "JPEG")
    (folder / "scan.jpg").write_bytes(image.getvalue())
    scans = ("--fingerprint", f"right-index={folder / 'scan.jpg'}", "--iris", f"left={folder / 'scan.jpg'}")
    document = prepared(office, folder, "utopia-eac", *scans)
    office.one("emulator", "blank", "card")
    office.one("--yes", "card", "personalize", "--without-print-check", document["id"], "--reader", "emulator:card")
    can: str = json.loads(office.one("document", "export", document["id"], "--format", "json").stdout)["can"]
    return can
