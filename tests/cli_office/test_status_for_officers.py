"""What the office reports of a document, and what an officer's verdict says with the list that was signed for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from eid_toolkit.doors.cli.main import main
from support.homes import portrait_file


class Authority:
    """A demo home with one issued card, and the officer who was shown it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home, self.officer = folder, folder / "authority", folder / "officer"
        self.eid("init", "--demo", "--country", "UTO")
        (folder / "face.png").write_bytes(portrait_file())
        holder = ("--surname", "Eriksson", "--given-names", "Anna", "--birth", "1974-08-12", "--sex", "F")
        self.person = self.eid("person", "add", *holder, "--nationality", "UTO")["id"]
        wanted = ("--person", self.person, "--profile", "utopia-id", "--portrait", folder / "face.png")
        self.document = self.issue(wanted)
        self.shown = folder / "shown.evidence"
        shown = self.eid("document", "export", self.document["id"])
        self.eid("verify", "--reader", "emulator:c-1", "--can", shown["can"], "--evidence", self.shown)

    def issue(self, wanted: tuple[object, ...], card: str = "c-1") -> Any:
        return self.finish(self.eid("application", "create", *wanted)["id"], card)

    def finish(self, application: str, card: str) -> Any:
        self.eid("application", "approve", application, operator="bert")
        (document,) = self.eid("document", "prepare", application)
        self.eid("emulator", "blank", card)
        assert (
            self.eid("card", "batch", "--without-print-check", "--reader", f"emulator:{card}")["counts"]["issued"] == 1
        )
        return document

    def eid(self, *words: object, home: Path | None = None, code: int = 0, operator: str = "anna") -> Any:
        arguments = ["--home", str(home or self.home), "--operator", operator, "--yes", *map(str, words)]
        done = CliRunner().invoke(main, [*arguments, "--format", "json"])
        assert done.exit_code == code, (done.output, done.exception)
        return json.loads(done.stdout)

    def tell_officers(self) -> None:
        bundle = self.folder / "bundle"
        made = self.eid("trust", "bundle", "export", "--state", "UTO", "--output", bundle)
        self.eid("trust", "bundle", "import", bundle, "--accept", made["csca_fingerprint"], home=self.officer)

    def verdict(self, code: int) -> Any:
        return self.eid("judge", self.shown, home=self.officer, code=code)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def reported(verdict: Any) -> tuple[str, str | None]:
    (found,) = (check for check in verdict["checks"] if check["id"] == "status.reported")
    return found["status"], found["reason"]


@pytest.mark.parametrize(
    ("action", "code", "reason"),
    [
        ("report-lost", 3, "document-lost"),
        ("report-stolen", 3, "document-stolen"),
        ("revoke", 3, "document-revoked"),
        ("suspend", 4, "document-suspended"),
    ],
)
def test_after_a_report_the_verdict_says_so_with_the_new_list(
    authority: Authority, action: str, code: int, reason: str
) -> None:
    authority.tell_officers()
    authority.verdict(0)
    assert authority.eid("document", action, authority.document["id"])["state"] != "issued"
    authority.verdict(0)  # officers are not told yet
    authority.tell_officers()
    assert reported(authority.verdict(code))[1] == reason


def test_what_is_resumed_is_good_again_and_what_is_replaced_is_not(authority: Authority) -> None:
    number = authority.document["id"]
    authority.eid("document", "suspend", number)
    authority.tell_officers()
    authority.verdict(4)
    authority.eid("document", "resume", number)
    authority.tell_officers()
    authority.verdict(0)
    new = authority.finish(authority.eid("document", "reissue", number)["id"], "c-2")
    authority.tell_officers()
    assert reported(authority.verdict(3)) == ("failed", "document-revoked")
    can = authority.eid("document", "export", new["id"])["can"]
    assert authority.eid("verify", "--reader", "emulator:c-2", "--can", can)["verdict"] == "passed"


def test_of_two_cards_with_one_number_the_successor_is_not_meant(authority: Authority) -> None:
    values = ("--surname", "Nguyễn", "--given-names", "Văn An", "--birth", "1990-01-31", "--sex", "M")
    person = authority.eid("person", "add", *values, "--nationality", "VNM", "--personal-number", "099000000017")["id"]
    face = authority.folder / "another.png"
    face.write_bytes(portrait_file(1))
    wanted = ("--person", person, "--profile", "vn-cccd", "--portrait", face)
    old = authority.issue(wanted, "v-1")
    authority.eid("document", "report-stolen", old["id"])
    new = authority.finish(authority.eid("document", "reissue", old["id"])["id"], "v-2")
    assert new["document_number"] == old["document_number"]
    for document, card, code, verdict in ((old, "v-1", 3, "failed"), (new, "v-2", 0, "passed")):
        can = authority.eid("document", "export", document["id"])["can"]
        judged = authority.eid("verify", "--reader", f"emulator:{card}", "--can", can, code=code)
        assert judged["verdict"] == verdict, judged["checks"]
